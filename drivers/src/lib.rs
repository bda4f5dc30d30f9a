//! Bytes to events: scanners, receipt printers with their drawer, and card terminals.
//!
//! A device's protocol is a [`machine::Machine`] with no I/O and no clock; [`transport`] opens
//! its bytes, [`task`] drives one machine over one transport and reports [`health`]. The crate
//! knows neither SQL nor sync: it reports outcomes, and the agent's store keeps what must last.
//! Beside each driver stands an emulator that speaks the device's real bytes.

pub mod backoff;
pub mod endpoint;
pub mod health;
pub mod machine;
pub mod printer;
pub mod scanner;
pub mod task;
pub mod terminal;
pub mod transport;
