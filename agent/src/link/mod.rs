//! The till among its peers: the shop's other tills, and the hub.
//!
//! | module | holds |
//! | --- | --- |
//! | [`task`] | the thread, which runs with links or without |
//! | `traffic` | frames to and fro, the clock and the log around them |
//! | `wires` | the links themselves, each started, mended and told of by itself |
//! | [`door`] | who may connect directly |
//! | `files` | the till's two files as all of it uses them |
//! | [`claims`] | carts asked for between tills |
//! | [`fetch`] | a snapshot of the catalogue fetched from whoever keeps one |
//! | [`status`] | who is up since when, and what each lacks, for people |
//! | [`host`] | the exchange with everything that it asks of the till, without I/O |
//! | [`books`] | the log as the exchange reads it, over the till's two files |
//!
//! A sale never waits for any of it: the till loop commits, and this follows.

pub mod books;
pub mod claims;
pub mod door;
pub mod fetch;
mod files;
pub mod host;
pub mod status;
pub mod task;
#[cfg(test)]
mod tests;
mod traffic;
mod wires;

pub use files::FilesError;
pub use wires::Shop;
