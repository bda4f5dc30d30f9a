//! Bytes to events.

pub mod printer;
pub mod scanner;
pub mod task;
pub mod terminal;
pub mod transport;
