//! Receipt printers that speak ESC/POS, and the drawer behind them.
//!
//! A [`document`] is laid out once for a [`profile`] and rendered as ESC/POS, text or picture;
//! [`driver`] prints it, [`emulator`] stands in for the device.

pub mod codepage;
pub mod document;
pub mod driver;
pub mod emulator;
pub mod escpos;
pub mod layout;
pub mod paper;
pub mod profile;
#[cfg(test)]
mod render_tests;
pub mod status;
pub mod svg;
pub mod text;
