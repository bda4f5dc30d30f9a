//! Prices and quantities, each one integer in the common case: whole minor units for one unit,
//! and whole pieces.
//!
//! Shared by [`super::sale`] and [`super::returns`]; amounts of money are [`super::parts`]'.

use super::BodyError;
use super::parts::{Amounts, Numbered, numbered, value};
use commerce::{Quantity, Unit, UnitPrice};
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};
use std::num::NonZeroU32;

numbered!(Unit, "a unit of sale", {
    Each = 1, Kilogram = 2, Pound = 3, Litre = 4, Gallon = 5, Metre = 6,
});

const THOUSAND: i64 = 1_000;

/// A price: minor units for one unit, or `[amount, decimals, per]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceWire {
    Minor(i64),
    Full { amount: i64, scale: u32, per: u32 },
}

impl PriceWire {
    pub(crate) fn of(amounts: Amounts, price: UnitPrice) -> Result<Self, BodyError> {
        amounts.same("a price", price.currency())?;
        let (amount, scale, per) = (price.amount(), price.scale(), price.per().get());
        Ok(if per == 1 && scale == amounts.0.exponent() {
            Self::Minor(amount)
        } else {
            Self::Full { amount, scale, per }
        })
    }

    pub(crate) fn read(self, amounts: Amounts) -> Result<UnitPrice, BodyError> {
        let (amount, scale, per) = match self {
            Self::Minor(amount) => (amount, amounts.0.exponent(), 1),
            Self::Full { amount, scale, per } => (amount, scale, per),
        };
        let per = NonZeroU32::new(per).ok_or_else(|| value("a price", &"it is for no units"))?;
        Ok(UnitPrice::new(amount, scale, per, amounts.0)?)
    }
}

impl<C> Encode<C> for PriceWire {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match *self {
            Self::Minor(amount) => e.i64(amount)?,
            Self::Full { amount, scale, per } => e.array(3)?.i64(amount)?.u32(scale)?.u32(per)?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for PriceWire {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        if d.datatype()? != Type::Array {
            return d.i64().map(Self::Minor);
        }
        let fields = array(d, 3)?;
        let (amount, scale, per) = (d.i64()?, d.u32()?, d.u32()?);
        skip(d, fields - 3)?;
        Ok(Self::Full { amount, scale, per })
    }
}

/// A quantity: whole pieces, or `[thousandths, unit]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuantityWire {
    Pieces(i64),
    Measured { thousandths: i64, unit: u8 },
}

impl QuantityWire {
    pub(crate) fn of(quantity: Quantity) -> Self {
        let (thousandths, unit) = (quantity.thousandths(), quantity.unit());
        match quantity.pieces() {
            Some(pieces) => Self::Pieces(i64::from(pieces.get())),
            None => Self::Measured { thousandths, unit: unit.number() },
        }
    }

    /// None for one piece, which is left out.
    pub(crate) fn unless_one(quantity: Quantity) -> Option<Self> {
        Some(Self::of(quantity)).filter(|wire| *wire != Self::Pieces(1))
    }

    pub(crate) fn read(self) -> Result<Quantity, BodyError> {
        let (thousandths, unit) = match self {
            Self::Pieces(pieces) => (pieces.saturating_mul(THOUSAND), Unit::Each),
            Self::Measured { thousandths, unit } => (thousandths, Unit::read(unit)?),
        };
        Ok(Quantity::new(thousandths, unit)?)
    }
}

impl<C> Encode<C> for QuantityWire {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match *self {
            Self::Pieces(pieces) => e.i64(pieces)?,
            Self::Measured { thousandths, unit } => e.array(2)?.i64(thousandths)?.u8(unit)?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for QuantityWire {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        if d.datatype()? != Type::Array {
            return d.i64().map(Self::Pieces);
        }
        let fields = array(d, 2)?;
        let (thousandths, unit) = (d.i64()?, d.u8()?);
        skip(d, fields - 2)?;
        Ok(Self::Measured { thousandths, unit })
    }
}

/// What `quantity` costs at `price` in minor units, where that needs no rounding.
///
/// Such an amount is left out of a line: a reader needs no rule but multiplication to find it,
/// whereas every rounded amount stands in the body as it was charged.
pub(crate) fn exact(price: UnitPrice, quantity: Quantity) -> Option<i64> {
    let numerator = i128::from(price.amount())
        .checked_mul(i128::from(quantity.thousandths()))?
        .checked_mul(i128::from(price.currency().minor_per_major()))?;
    let denominator = 10_i128
        .pow(price.scale())
        .checked_mul(i128::from(THOUSAND) * i128::from(price.per().get()))?;
    let whole = numerator % denominator == 0;
    whole.then(|| i64::try_from(numerator / denominator).ok()).flatten()
}

fn array(d: &mut Decoder<'_>, least: u64) -> Result<u64, Error> {
    let fields = d.array()?.unwrap_or(0);
    if fields < least {
        return Err(Error::message("a price or quantity has too few fields").at(d.position()));
    }
    Ok(fields)
}

/// Passes the fields that a newer version added.
fn skip(d: &mut Decoder<'_>, fields: u64) -> Result<(), Error> {
    (0..fields).try_for_each(|_| d.skip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strategy;
    use commerce::Currency;
    use proptest::prelude::*;

    #[test]
    fn only_exact_products_are_left_out() {
        let usd = Currency::parse("USD").unwrap();
        for (price, quantity, unit, expected) in [
            ("0.99", "1", Unit::Each, Some(99)),
            ("0.99", "12", Unit::Each, Some(1_188)),
            ("2.50", "0.500", Unit::Kilogram, Some(125)),
            ("2.299", "8.701", Unit::Gallon, None),
            ("3/1.00", "3", Unit::Each, Some(100)),
            ("3/1.00", "2", Unit::Each, None),
            ("0.0049", "1", Unit::Each, None),
        ] {
            let price = UnitPrice::parse(price, usd).unwrap();
            let quantity = Quantity::parse(quantity, unit).unwrap();
            assert_eq!(exact(price, quantity), expected, "{price} × {quantity}");
        }
    }

    #[test]
    fn the_common_case_is_one_integer_and_new_fields_are_skipped() {
        let (minor, pieces) = (PriceWire::Minor(99), QuantityWire::Pieces(3));
        assert_eq!(minicbor::to_vec(minor).unwrap(), [0x18, 99]);
        assert_eq!(minicbor::to_vec(pieces).unwrap(), [3]);
        // [[1, 2, 3, "new"], [4, 2, null]] as two items of one array each
        let newer = [0x82, 0x84, 1, 2, 3, 0x61, b'n', 0x83, 4, 2, 0xf6];
        let read: (PriceWire, QuantityWire) = minicbor::decode(&newer).unwrap();
        assert_eq!(read.0, PriceWire::Full { amount: 1, scale: 2, per: 3 });
        assert_eq!(read.1, QuantityWire::Measured { thousandths: 4, unit: 2 });
    }

    proptest! {
        #[test]
        fn round_trip(currency in strategy::currency(), (quantity, raw) in (strategy::quantity(), strategy::raw_price())) {
            let amounts = Amounts(currency);
            let price = raw.in_currency(currency);
            let bytes = minicbor::to_vec((PriceWire::of(amounts, price).unwrap(), QuantityWire::of(quantity))).unwrap();
            let read: (PriceWire, QuantityWire) = minicbor::decode(&bytes).unwrap();
            prop_assert_eq!(read.0.read(amounts).unwrap(), price);
            prop_assert_eq!(read.1.read().unwrap(), quantity);
        }
    }
}
