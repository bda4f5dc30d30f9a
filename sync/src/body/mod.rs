//! The durable form of a fact: what stands in the body of a journal's entry.
//!
//! One way in, [`encode`], and one way out, [`decode`]; hashing, sealing and storing the bytes is
//! left to [`crate::log`] and [`crate::store`]. The agent encodes a fact before it commits it,
//! and decodes when it rebuilds state, verifies or exports.
//!
//! # For a reader in ten years
//!
//! A body is one item of CBOR (RFC 8949): `[kind, fields]`, where `fields` is an array whose
//! positions are the field numbers below. Everything is in its shortest form: integers, text,
//! arrays, true, false, null; no floats, tags or indefinite lengths. A field marked `?` is null
//! when it has no value, or left out at the end of its array; what it then is stands in round
//! brackets behind it, where it is more than nothing. `…` is an array of what stands before it.
//!
//! Newer versions add fields at the end, and an older one passes over them; a change that an
//! older version could not read safely is a new kind. Numbers are never changed or given again.
//!
//! | kind | fact | fields, from 0 |
//! | --- | --- | --- |
//! | 1 | series opened | at, store, till, series, reason (1 first, 2 restored, 3 copied, 4 forked), last *receipt* known of the series before? |
//! | 2 | shift opened | *stamp*, day, currency, float |
//! | 3 | cash moved | *stamp*, direction (1 in, 2 out), currency, amount, reason, approved by? |
//! | 4 | drawer opened without a sale | *stamp*, reason |
//! | 5 | sale | *receipt*, *stamp*, day, cart, currency, *line*…, *taxes*, *tendered*…, total, change?, *voided*…?, customer (16 bytes)? |
//! | 6 | return | *receipt*, of *receipt*, kind (1 refund, 2 post-void), *stamp*, day, reason, currency, *returned*…, *taxes*, *payout*…, total, approved by? |
//! | 7 | payment intended | *stamp*, intent, kind (1 authorise, 2 refund, 3 reverse), currency, amount, cart, terminal's number of the payment to reverse?, approved by? |
//! | 8 | payment ended | *stamp*, intent, said by hand, outcome (1 approved, 2 declined, 3 not sent), approved [currency, amount, *card*]?, declined [code, text]?, why not sent?, approved by? |
//! | 9 | stock counted | at, by, place, [SKU, thousandths]…, round? (0) |
//! | 10 | cart cancelled | *stamp*, cart, lines, currency, amount, reason? |
//! | 11 | shift closed, the Z | *stamp*, day, z, [total's kind, key, count, amount]…, [tender, expected, counted]…, currency of the counted? |
//! | 12 | payment put right outside the till | *stamp*, intent, note, approved by? |
//!
//! | part | fields, from 0 |
//! | --- | --- |
//! | *stamp* | at, shift, by |
//! | *receipt* | store, till, series, number |
//! | *line* | SKU, name, GTIN?, tax class, *price*, *quantity*? (one piece), extension? (price × quantity, where exact), number? (the line before's and one), *discount*…?, *override*? |
//! | *discount* | reason, amount, share of a basket's, by, approved by? |
//! | *override* | listed *price*, reason, by, approved by? |
//! | *voided* | SKU, amount, by, reason? |
//! | *returned* | line of the sale, SKU, name, GTIN?, tax class, *quantity*, net |
//! | *taxes* | rounded for each (1 line, 2 receipt), [class, name, [tax, name, rate in millionths, inclusive]…, [amount of each]]… |
//! | *tender* | id, name, kind (1 cash, 2 card, 3 voucher, 4 coupon), opens the drawer, gives change, limit? |
//! | *tendered* | *tender*, amount, reference?, intent?, *card*? |
//! | *payout* | position of the sale's tender, *tender*, amount, intent?, *card*?, approved by? |
//! | *card* | receipt number, trace, terminal, masked number, card's name, authorisation |
//! | *price* | minor units for one unit; or [amount, decimals, units it is for] |
//! | *quantity* | pieces; or [thousandths, unit (1 each, 2 kg, 3 lb, 4 l, 5 gal, 6 m)] |
//!
//! `at` is in milliseconds and a day in days since 1970-01-01 (UTC and store-local); amounts are
//! minor units of the fact's currency, an ISO 4217 code; a GTIN is the number of its digits;
//! staff are their digits as text. Kinds of totals are numbered in [`commerce::shift::TotalKind`].
//!
//! Left out, because sums of what is written give them: a line's net (extension less discounts),
//! a tax class's net (its lines less its inclusive taxes) and gross (net and all its taxes).
//! Nothing that was ever rounded is left out.

mod cash;
mod error;
mod line;
pub(crate) mod parts;
mod payment;
pub(crate) mod price;
mod returns;
mod sale;
mod series;
mod shift;
pub(crate) mod stamp;
mod stock;
mod tax;
pub(crate) mod tender;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod size;
#[cfg(test)]
pub(crate) mod strategy;

pub use error::BodyError;
pub use parts::MAX_TEXT_BYTES;
pub use stock::MAX_COUNTED_ITEMS;

use crate::cbor::scan;
use crate::log::MAX_BODY_BYTES;
use crate::version::{self, Kind};
use commerce::fact::Fact;
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;
use minicbor::{Decode, Encode};

const SERIES_OPENED: u64 = 1;
const SHIFT_OPENED: u64 = 2;
const CASH_MOVED: u64 = 3;
const DRAWER_OPENED: u64 = 4;
const SOLD: u64 = 5;
const RETURNED: u64 = 6;
const PAYMENT_INTENDED: u64 = 7;
const PAYMENT_ENDED: u64 = 8;
const STOCK_COUNTED: u64 = 9;
const CART_CANCELLED: u64 = 10;
const SHIFT_CLOSED: u64 = 11;
const PAYMENT_PUT_RIGHT: u64 = 12;

/// Room for a sale of some five lines, so that the usual body is written without growing.
const USUAL_BYTES: usize = 512;

/// The body of a fact, at most [`MAX_BODY_BYTES`] long. Equal facts have equal bodies.
///
/// # Errors
/// When a text or list is beyond its bound, an instant is finer than a millisecond, amounts are
/// of several currencies, or the fact does not add up; the error names which.
pub fn encode(fact: &Fact) -> Result<Vec<u8>, BodyError> {
    let body = match fact {
        Fact::SeriesOpened(fact) => write(SERIES_OPENED, fact),
        Fact::ShiftOpened(fact) => write(SHIFT_OPENED, fact),
        Fact::CashMoved(fact) => write(CASH_MOVED, fact),
        Fact::DrawerOpened(fact) => write(DRAWER_OPENED, fact),
        Fact::Sold(fact) => write(SOLD, fact),
        Fact::Returned(fact) => write(RETURNED, fact),
        Fact::PaymentIntended(fact) => write(PAYMENT_INTENDED, fact),
        Fact::PaymentEnded(fact) => write(PAYMENT_ENDED, fact),
        Fact::StockCounted(fact) => write(STOCK_COUNTED, fact),
        Fact::CartCancelled(fact) => write(CART_CANCELLED, fact),
        Fact::ShiftClosed(fact) => write(SHIFT_CLOSED, fact),
        Fact::PaymentPutRight(fact) => write(PAYMENT_PUT_RIGHT, fact),
    }?;
    if body.len() > MAX_BODY_BYTES {
        return Err(BodyError::TooLarge(body.len()));
    }
    Ok(body)
}

/// The fact of a body.
///
/// # Errors
/// [`BodyError::UnknownKind`] and [`BodyError::UnknownNumber`] for what a newer version wrote:
/// the caller keeps the bytes. Any other error means that no version of Till wrote this.
pub fn decode(body: &[u8]) -> Result<Fact, BodyError> {
    scan::check(body, MAX_BODY_BYTES)?;
    let mut decoder = Decoder::new(body);
    if decoder.array()?.is_none_or(|fields| fields < 2) {
        return Err(BodyError::Fields("the kind or the fields are missing".to_owned()));
    }
    match decoder.u64()? {
        kind if !version::knows(Kind::Fact(kind)) => Err(BodyError::UnknownKind(kind)),
        SERIES_OPENED => read(&mut decoder).map(Fact::SeriesOpened),
        SHIFT_OPENED => read(&mut decoder).map(Fact::ShiftOpened),
        CASH_MOVED => read(&mut decoder).map(Fact::CashMoved),
        DRAWER_OPENED => read(&mut decoder).map(Fact::DrawerOpened),
        SOLD => read(&mut decoder).map(Fact::Sold),
        RETURNED => read(&mut decoder).map(Fact::Returned),
        PAYMENT_INTENDED => read(&mut decoder).map(Fact::PaymentIntended),
        PAYMENT_ENDED => read(&mut decoder).map(Fact::PaymentEnded),
        STOCK_COUNTED => read(&mut decoder).map(Fact::StockCounted),
        CART_CANCELLED => read(&mut decoder).map(Fact::CartCancelled),
        SHIFT_CLOSED => read(&mut decoder).map(Fact::ShiftClosed),
        PAYMENT_PUT_RIGHT => read(&mut decoder).map(Fact::PaymentPutRight),
        kind => Err(BodyError::UnknownKind(kind)),
    }
}

/// A fact and its fields as they are written: the two change apart from each other.
trait Body: Sized {
    /// The fields, borrowed from the fact or from the bytes.
    type Wire<'a>: Encode<()> + Decode<'a, ()>
    where
        Self: 'a;
    /// Checks the fact and lays out its fields.
    fn to_wire(&self) -> Result<Self::Wire<'_>, BodyError>;
    /// Forms the fact again and checks it.
    fn from_wire(wire: Self::Wire<'_>) -> Result<Self, BodyError>;
}

fn write<B: Body>(kind: u64, fact: &B) -> Result<Vec<u8>, BodyError> {
    let wire = fact.to_wire()?;
    let mut encoder = Encoder::new(Vec::with_capacity(USUAL_BYTES));
    encoder
        .array(2)
        .and_then(|encoder| encoder.u64(kind))
        .and_then(|encoder| encoder.encode(&wire))
        .map_err(|error| BodyError::Fields(error.to_string()))?;
    Ok(encoder.into_writer())
}

fn read<'b, B: Body + 'b>(decoder: &mut Decoder<'b>) -> Result<B, BodyError> {
    B::from_wire(decoder.decode()?)
}
