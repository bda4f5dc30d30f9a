//! What only a crate that sees all others can test, and the tools for it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`vfs`] | a SQLite VFS that counts, records, cuts the power and breaks disks |
//! | [`books`] | a till's journal read whole, with every law it must keep |
//! | [`broker`] | a real mosquitto with mutual TLS, and a line to it that can be cut |
//! | [`hub`] | a small hub over any link |
//! | [`process`] | the real `till` process with emulated devices, and a client of its API |
//! | `architecture` | who may import whom, and what only one place may name |
//! | `shop` | a till of the demo store, driven in a straight line |
//! | `power_cut` | a day's trade under every power cut |
//! | `tills` | real tills that sell, enrolled |
//! | `floor` | two of them of one shop, linked directly |
//! | `uplink` | two of them with no line but the one to a hub, over a real broker |
//! | `crash` | the real process killed at random moments |
//! | `disk` | a till on a full, failing or read-only disk |
//! | `links` | what every kind of link must do, over each of them |
//! | `sim` | shops of real tills and a hub in virtual time, one seed one history |
//! | `schedules` | the terminal's ledger against the journal under random faults |
//!
//! One test binary: each further one would link everything again.

pub mod books;
pub mod broker;
pub mod hub;
pub mod process;
pub mod vfs;

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod floor;
#[cfg(test)]
mod links;
#[cfg(test)]
mod power_cut;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod tills;
#[cfg(test)]
mod uplink;
