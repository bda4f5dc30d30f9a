//! A card terminal that speaks ZVT's real bytes, keeps a ledger, and fails to order.
//!
//! [`core`] is the terminal without sockets or clock, so that thousands of schedules run in
//! virtual time; [`tcp`] puts it on a socket for tests and for `till emulate terminal`. It has
//! its own code for the terminal's side of the protocol and shares only envelope and digits
//! with the driver, so that an error of one side meets the other.

mod clock;
pub mod core;
pub mod fault;
pub mod ledger;
mod orders;
mod script;
pub mod tcp;
mod wire;

pub use self::core::{Core, EmulatorConfig, Output};
pub use self::fault::{AskFault, Break, Fault, Junk, Moment};
pub use self::ledger::{Booked, Booking, Ledger};
pub use self::tcp::Emulator;
