//! The rules of the trade: what one till knows alone.
//!
//! Pure functions and values: no I/O, no clock, no serialisation. Time, identifiers and
//! randomness are passed in. The agent performs what is decided here; `sync` gives facts their
//! durable form.
//!
//! | module | holds |
//! | --- | --- |
//! | [`money`] | whole minor units with their ISO 4217 currency |
//! | [`quantity`] | units of sale and quantities in thousandths |
//! | [`unit_price`] | a price for one unit, or for N of them, and its extension |
//! | [`code`] | GTINs, UPC-E, symbology identifiers, in-store codes, short codes |
//! | [`price`] | the price of an instant from effective-dated rows by layer |

pub mod code;
pub mod money;
pub mod price;
pub mod quantity;
pub mod rounding;
pub mod unit_price;

pub use money::{Currency, Money, MoneyError};
pub use quantity::{Quantity, QuantityError, Unit};
pub use unit_price::{UnitPrice, UnitPriceError};
