//! Card terminals over ZVT (the public ECR interface specification, PA00P015 13.x) on TCP 20007.
//!
//! Card data stays in the terminal: the till sees an amount, a result, a masked number and a
//! slip. Intents are the agent's to write down; this module carries them out, says how they
//! ended, and asks when nobody knows.
//!
//! | module | holds |
//! | --- | --- |
//! | [`intent`] | what the till wants, and how it ended |
//! | [`command`] | what the agent asks, and what is reported |
//! | [`driver`] | the device: registration, one order at a time, asking about unknown ones |
//! | [`exchange`] | one order's conversation |
//! | [`judge`] | what a conversation means for money |
//! | [`protocol`], [`status`], [`codes`] | the messages, and their codes in words |
//! | [`apdu`], [`bmp`], [`bcd`], [`text`], [`dump`] | envelope, fields, digits, texts and masking, logs |
//! | [`emulator`] | a terminal with a ledger and faults to order |

pub mod apdu;
pub mod bcd;
pub mod bmp;
pub mod codes;
pub mod command;
pub mod driver;
pub mod dump;
pub mod emulator;
pub mod exchange;
pub mod intent;
pub mod judge;
pub mod protocol;
pub mod status;
#[cfg(test)]
mod tests;
pub mod text;

/// The port that ZVT terminals listen on.
pub const PORT: u16 = 20007;
