//! The rules of the trade: what one till knows alone.
//!
//! Pure functions and values: no I/O, no clock, no serialisation. Time, identifiers and
//! randomness are passed in. The agent performs what is decided here; `sync` gives facts their
//! durable form.
//!
//! | module | holds |
//! | --- | --- |
//! | [`money`], [`rounding`] | whole minor units with their ISO 4217 currency, rounded one way |
//! | [`quantity`] | units of sale and quantities in thousandths |
//! | [`unit_price`] | a price for one unit, or for N of them, and its extension |
//! | [`code`] | GTINs, UPC-E, symbology identifiers, in-store codes, short codes |
//! | [`price`] | the price of an instant from effective-dated rows by layer |
//! | [`tax`] | several percent taxes on a class, and the table that sums |
//! | [`staff`] | roles, limits, and the approval of another person |
//! | [`discount`], [`cart`], [`tender`] | a basket, what is taken off it, and how it is paid |
//! | [`customer`] | whose cart or sale it is, by a random name |
//! | [`sale`], [`returns`] | what a settled cart becomes, and what can come back of it |
//! | [`shift`] | what X and Z are read from |
//! | [`fact`] | everything the till must never forget |

pub mod cart;
pub mod code;
pub mod customer;
pub mod discount;
pub mod fact;
pub mod money;
pub mod price;
pub mod quantity;
pub mod returns;
pub mod rounding;
pub mod sale;
pub mod shift;
pub mod staff;
pub mod tax;
pub mod tender;
pub mod unit_price;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod testing;

pub use money::{Currency, Money, MoneyError};
pub use quantity::{Quantity, QuantityError, Unit};
pub use unit_price::{UnitPrice, UnitPriceError};
