//! The bodies of a shift's opening and of its close, the Z.

use super::parts::{Amounts, MAX_TEXT_BYTES, length, list, owned, text, value};
use super::stamp::{StampWire, day, days};
use super::{Body, BodyError};
use commerce::Currency;
use commerce::fact::{Counted, ShiftClosed, ShiftOpened};
use commerce::shift::{ShiftTotal, TotalKind};
use minicbor::{Decode, Encode};

/// The most totals of a shift: each kind by each reason, tender or tax of a store.
const MAX_TOTALS: usize = 2_000;
/// The most tenders counted.
const MAX_COUNTED: usize = 100;
/// The longest key of a total: a class and a tax with a stroke between.
const MAX_KEY_BYTES: usize = 2 * MAX_TEXT_BYTES + 1;

#[derive(Encode, Decode)]
pub(super) struct OpenedWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    business_day: i32,
    #[b(2)]
    currency: &'a str,
    #[n(3)]
    float: i64,
}

impl Body for ShiftOpened {
    type Wire<'a> = OpenedWire<'a>;

    fn to_wire(&self) -> Result<OpenedWire<'_>, BodyError> {
        Ok(OpenedWire {
            stamp: StampWire::of(&self.stamp)?,
            business_day: days(self.business_day)?,
            currency: self.float.currency().code(),
            float: self.float.minor(),
        })
    }

    fn from_wire(wire: OpenedWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            stamp: wire.stamp.read()?,
            business_day: day(wire.business_day)?,
            float: Amounts::parse(wire.currency)?.money(wire.float)?,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct ClosedWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    business_day: i32,
    #[n(2)]
    z: u32,
    #[b(3)]
    totals: Vec<TotalWire<'a>>,
    #[b(4)]
    counted: Vec<CountedWire<'a>>,
    /// The currency of what was counted; left out where nothing was.
    #[b(5)]
    currency: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct TotalWire<'a> {
    #[n(0)]
    kind: u8,
    #[b(1)]
    key: &'a str,
    #[n(2)]
    count: i64,
    #[n(3)]
    amount: i64,
}

#[derive(Encode, Decode)]
struct CountedWire<'a> {
    #[b(0)]
    tender: &'a str,
    #[n(1)]
    expected: i64,
    #[n(2)]
    counted: i64,
}

impl Body for ShiftClosed {
    type Wire<'a> = ClosedWire<'a>;

    fn to_wire(&self) -> Result<ClosedWire<'_>, BodyError> {
        let currency = self.counted.first().map(|counted| counted.expected.currency());
        Ok(ClosedWire {
            stamp: StampWire::of(&self.stamp)?,
            business_day: days(self.business_day)?,
            z: self.z,
            totals: list("the totals of a shift", MAX_TOTALS, &self.totals, TotalWire::of)?,
            counted: list("the counted tenders", MAX_COUNTED, &self.counted, |counted| {
                CountedWire::of(Amounts(counted_in(currency)?), counted)
            })?,
            currency: currency.map(Currency::code),
        })
    }

    fn from_wire(wire: ClosedWire<'_>) -> Result<Self, BodyError> {
        let currency = wire.currency.map(Currency::parse).transpose()?;
        Ok(Self {
            stamp: wire.stamp.read()?,
            business_day: day(wire.business_day)?,
            z: wire.z,
            totals: list("the totals of a shift", MAX_TOTALS, wire.totals, TotalWire::read)?,
            counted: list("the counted tenders", MAX_COUNTED, wire.counted, |counted| {
                counted.read(Amounts(counted_in(currency)?))
            })?,
        })
    }
}

fn counted_in(currency: Option<Currency>) -> Result<Currency, BodyError> {
    currency.ok_or_else(|| value("the currency of what was counted", &"it is missing"))
}

impl<'a> TotalWire<'a> {
    fn of(total: &'a ShiftTotal) -> Result<Self, BodyError> {
        length("the key of a total", total.key.len(), MAX_KEY_BYTES)?;
        let (kind, key) = (total.kind.number(), total.key.as_str());
        Ok(Self { kind, key, count: total.count, amount: total.amount })
    }

    fn read(self) -> Result<ShiftTotal, BodyError> {
        length("the key of a total", self.key.len(), MAX_KEY_BYTES)?;
        let (what, number) = ("a kind of total", self.kind);
        let kind = TotalKind::from_number(number);
        let kind = kind.ok_or(BodyError::UnknownNumber { what, number })?;
        let (key, count, amount) = (self.key.to_owned(), self.count, self.amount);
        Ok(ShiftTotal { kind, key, count, amount })
    }
}

impl<'a> CountedWire<'a> {
    fn of(amounts: Amounts, counted: &'a Counted) -> Result<Self, BodyError> {
        Ok(Self {
            tender: text("a counted tender", &counted.tender)?,
            expected: amounts.minor("what should be there", counted.expected)?,
            counted: amounts.minor("what was counted", counted.counted)?,
        })
    }

    fn read(self, amounts: Amounts) -> Result<Counted, BodyError> {
        Ok(Counted {
            tender: owned("a counted tender", self.tender)?,
            expected: amounts.money(self.expected)?,
            counted: amounts.money(self.counted)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::body::strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(fact in strategy::shift()) {
            strategy::assert_round_trip(&fact)?;
        }
    }
}
