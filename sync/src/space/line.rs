//! A line of a cart as operations carry it.
//!
//! Part of [`super::wire`]; also the bytes in which the agent's store keeps an offered line, which
//! nothing queries.

use crate::body::BodyError;
use crate::body::parts::{
    Amounts, maybe_gtin, maybe_owned, maybe_staff, maybe_text, owned, staff, text,
};
use crate::body::price::{PriceWire, QuantityWire};
use crate::cbor::scan;
use crate::log::MAX_BODY_BYTES;
use commerce::cart::{Item, Line, LineVoid, PriceOverride};
use commerce::code::Gtin;
use commerce::{Currency, Money, Quantity, Unit};
use minicbor::{Decode, Encode};

/// What is sold, and how much of it.
#[derive(Encode, Decode)]
pub(super) struct LineWire<'a> {
    #[b(0)]
    sku: &'a str,
    #[b(1)]
    name: &'a str,
    #[n(2)]
    gtin: Option<u64>,
    #[b(3)]
    tax_class: &'a str,
    #[n(4)]
    price: PriceWire,
    /// Left out for one piece.
    #[n(5)]
    quantity: Option<QuantityWire>,
    #[n(6)]
    label_amount: Option<i64>,
}

impl<'a> LineWire<'a> {
    pub(super) fn of(amounts: Amounts, line: &'a Line) -> Result<Self, BodyError> {
        let label = line.label_amount;
        Ok(Self {
            sku: text("a line's SKU", &line.item.sku)?,
            name: text("a line's name", &line.item.name)?,
            gtin: line.item.gtin.map(Gtin::as_u64),
            tax_class: text("a line's tax class", &line.item.tax_class)?,
            price: PriceWire::of(amounts, line.price)?,
            quantity: QuantityWire::unless_one(line.quantity),
            label_amount: label
                .map(|label| amounts.minor("a label's amount", label))
                .transpose()?,
        })
    }

    pub(super) fn read(self, amounts: Amounts, number: u32) -> Result<Line, BodyError> {
        let one = Quantity::one(Unit::Each);
        let label: Option<Money> =
            self.label_amount.map(|minor| amounts.money(minor)).transpose()?;
        Ok(Line {
            number,
            item: Item {
                sku: owned("a line's SKU", self.sku)?,
                gtin: maybe_gtin(self.gtin)?,
                name: owned("a line's name", self.name)?,
                tax_class: owned("a line's tax class", self.tax_class)?,
            },
            quantity: self.quantity.map_or(Ok(one), QuantityWire::read)?,
            price: self.price.read(amounts)?,
            label_amount: label,
            price_override: None,
            discounts: Vec::new(),
            void: None,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct OverrideWire<'a> {
    #[n(0)]
    price: PriceWire,
    #[b(1)]
    reason: &'a str,
    #[b(2)]
    by: &'a str,
    #[b(3)]
    approved_by: Option<&'a str>,
}

impl<'a> OverrideWire<'a> {
    pub(super) fn of(amounts: Amounts, change: &'a PriceOverride) -> Result<Self, BodyError> {
        Ok(Self {
            price: PriceWire::of(amounts, change.price)?,
            reason: text("an override's reason", &change.reason)?,
            by: change.by.as_str(),
            approved_by: change.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    pub(super) fn read(self, amounts: Amounts) -> Result<PriceOverride, BodyError> {
        Ok(PriceOverride {
            price: self.price.read(amounts)?,
            reason: owned("an override's reason", self.reason)?,
            by: staff(self.by)?,
            approved_by: maybe_staff(self.approved_by)?,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct VoidWire<'a> {
    #[b(0)]
    by: &'a str,
    #[b(1)]
    reason: Option<&'a str>,
}

impl<'a> VoidWire<'a> {
    pub(super) fn of(void: &'a LineVoid) -> Result<Self, BodyError> {
        let reason = maybe_text("a void's reason", void.reason.as_deref())?;
        Ok(Self { by: void.by.as_str(), reason })
    }

    pub(super) fn read(self) -> Result<LineVoid, BodyError> {
        let reason = maybe_owned("a void's reason", self.reason)?;
        Ok(LineVoid { by: staff(self.by)?, reason })
    }
}

/// An offered line's bytes, for a column that nothing queries.
///
/// # Errors
/// When a text is beyond its bound.
pub fn encode_line(line: &Line) -> Result<Vec<u8>, BodyError> {
    let wire = LineWire::of(Amounts(line.price.currency()), line)?;
    minicbor::to_vec(wire).map_err(|error| BodyError::Fields(error.to_string()))
}

/// The line of [`encode_line`]'s bytes, with number 0.
///
/// # Errors
/// When the bytes are not of one.
pub fn decode_line(bytes: &[u8], currency: Currency) -> Result<Line, BodyError> {
    scan::check(bytes, MAX_BODY_BYTES)?;
    let wire: LineWire<'_> = minicbor::decode(bytes)?;
    wire.read(Amounts(currency), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(line in strategy::line()) {
            let currency = line.price.currency();
            let offered = Line { number: 0, price_override: None, void: None, ..line };
            let bytes = encode_line(&offered).unwrap();
            prop_assert_eq!(decode_line(&bytes, currency).unwrap(), offered);
        }
    }
}
