//! Barcode scanners that send text: serial, USB serial and network.
//!
//! A `tcp://` scanner (or a concentrator in front of it) is called; with `listen://` the scanner
//! calls us, as most network scanners do. What a code means is `commerce::code`'s to say.

pub mod decoder;
pub mod driver;
pub mod emulator;

pub use decoder::{Decoded, ScanDecoder};
pub use driver::{ScanEvent, ScannerMachine};
