//! The sale's body.
//!
//! What was charged is written: extensions that were rounded, discounts, taxes, tenders, change
//! and total. What follows from those by plain sums or an exact product is left out, checked
//! before writing, and formed again when read; then [`Sale::check`] must hold.

use super::line::LineWire;
use super::parts::{Amounts, list, maybe_owned, maybe_text, owned, staff, text};
use super::stamp::{ReceiptWire, StampWire, day, days};
use super::tax::TaxTableWire;
use super::tender::TenderedWire;
use super::{Body, BodyError};
use commerce::Money;
use commerce::cart::{CartId, MAX_LINES, MAX_TENDERS};
use commerce::customer::CustomerId;
use commerce::sale::{Sale, SoldLine, VoidedLine};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

#[derive(Encode, Decode)]
pub(super) struct SaleWire<'a> {
    #[b(0)]
    receipt: ReceiptWire<'a>,
    #[b(1)]
    stamp: StampWire<'a>,
    #[n(2)]
    business_day: i32,
    #[n(3)]
    cart: u64,
    #[b(4)]
    currency: &'a str,
    #[b(5)]
    lines: Vec<LineWire<'a>>,
    #[b(6)]
    taxes: TaxTableWire<'a>,
    #[b(7)]
    tenders: Vec<TenderedWire<'a>>,
    #[n(8)]
    total: i64,
    #[n(9)]
    change: Option<i64>,
    #[b(10)]
    voided: Option<Vec<VoidedWire<'a>>>,
    #[n(11)]
    customer: Option<ByteArray<16>>,
}

#[derive(Encode, Decode)]
struct VoidedWire<'a> {
    #[b(0)]
    sku: &'a str,
    #[n(1)]
    amount: i64,
    #[b(2)]
    by: &'a str,
    #[b(3)]
    reason: Option<&'a str>,
}

impl Body for Sale {
    type Wire<'a> = SaleWire<'a>;

    fn to_wire(&self) -> Result<SaleWire<'_>, BodyError> {
        self.check()?;
        let amounts = Amounts(self.currency);
        let mut next = 1;
        let lines = list("the lines of a sale", MAX_LINES, &self.lines, |line| {
            LineWire::of(amounts, line, &mut next)
        })?;
        let voided = list("the voided lines of a sale", MAX_LINES, &self.voided, |line| {
            VoidedWire::of(amounts, line)
        })?;
        Ok(SaleWire {
            receipt: ReceiptWire::of(&self.receipt)?,
            stamp: StampWire::of(&self.stamp)?,
            business_day: days(self.business_day)?,
            cart: self.cart.0,
            currency: self.currency.code(),
            lines,
            taxes: TaxTableWire::of(amounts, &self.taxes, charged(&self.lines))?,
            tenders: list("the tenders of a sale", MAX_TENDERS, &self.tenders, |tendered| {
                TenderedWire::of(amounts, tendered)
            })?,
            total: amounts.minor("a sale's total", self.total)?,
            change: Some(amounts.minor("the change", self.change)?).filter(|&change| change != 0),
            voided: Some(voided).filter(|voided| !voided.is_empty()),
            customer: self.customer.map(|customer| customer.0.into()),
        })
    }

    fn from_wire(wire: SaleWire<'_>) -> Result<Self, BodyError> {
        let amounts = Amounts::parse(wire.currency)?;
        let mut next = 1;
        let lines = list("the lines of a sale", MAX_LINES, wire.lines, |line| {
            line.read(amounts, &mut next)
        })?;
        let voided = wire.voided.unwrap_or_default();
        let sale = Self {
            receipt: wire.receipt.read()?,
            stamp: wire.stamp.read()?,
            business_day: day(wire.business_day)?,
            cart: CartId(wire.cart),
            currency: amounts.0,
            taxes: wire.taxes.read(amounts, charged(&lines))?,
            lines,
            voided: list("the voided lines of a sale", MAX_LINES, voided, |line| {
                line.read(amounts)
            })?,
            tenders: list("the tenders of a sale", MAX_TENDERS, wire.tenders, |tendered| {
                tendered.read(amounts)
            })?,
            change: amounts.money(wire.change.unwrap_or(0))?,
            total: amounts.money(wire.total)?,
            customer: wire.customer.map(|customer| CustomerId(customer.into())),
        };
        sale.check()?;
        Ok(sale)
    }
}

fn charged(lines: &[SoldLine]) -> impl Iterator<Item = (&str, Money)> {
    lines.iter().map(|line| (line.tax_class.as_str(), line.net))
}

impl<'a> VoidedWire<'a> {
    fn of(amounts: Amounts, line: &'a VoidedLine) -> Result<Self, BodyError> {
        Ok(Self {
            sku: text("a voided line's SKU", &line.sku)?,
            amount: amounts.minor("a voided line's amount", line.amount)?,
            by: line.by.as_str(),
            reason: maybe_text("a void's reason", line.reason.as_deref())?,
        })
    }

    fn read(self, amounts: Amounts) -> Result<VoidedLine, BodyError> {
        Ok(VoidedLine {
            sku: owned("a voided line's SKU", self.sku)?,
            amount: amounts.money(self.amount)?,
            by: staff(self.by)?,
            reason: maybe_owned("a void's reason", self.reason)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{MAX_TEXT_BYTES, decode, encode, golden, strategy};
    use commerce::fact::Fact;
    use commerce::sale::SaleError;
    use proptest::prelude::*;

    /// `fault` must be refused when written; the same fault in the bytes is [`crate::body`]'s test.
    #[track_caller]
    fn refused(fault: impl FnOnce(&mut Sale), expected: fn(&BodyError) -> bool) {
        let mut sale = golden::cash_sale();
        fault(&mut sale);
        let error = encode(&Fact::Sold(sale)).unwrap_err();
        assert!(expected(&error), "{error}");
    }

    #[test]
    fn refuses_a_sale_that_does_not_add_up() {
        let cent = Money::new(1, golden::cash_sale().currency).unwrap();
        let yen = Money::new(1, commerce::Currency::parse("JPY").unwrap()).unwrap();
        let more = |amount: &mut Money| *amount = amount.plus(cent).unwrap();
        refused(
            |sale| more(&mut sale.total),
            |error| matches!(error, BodyError::Sale(SaleError::Paid { .. })),
        );
        refused(
            |sale| sale.lines[0].net = cent,
            |error| matches!(error, BodyError::Differs { what: "a line's net", .. }),
        );
        refused(
            |sale| sale.lines[0].tax_class = "X".into(),
            |error| matches!(error, BodyError::Differs { what: "the net of a tax class", .. }),
        );
        refused(
            |sale| (sale.lines[0].extended, sale.lines[0].net) = (yen, yen),
            |error| matches!(error, BodyError::Currency { what: "a line's extension", .. }),
        );
        refused(
            |sale| sale.lines[0].name = "x".repeat(201),
            |error| matches!(error, BodyError::TooLong { what: "a line's name", .. }),
        );
        refused(
            |sale| sale.lines[1].number = 1,
            |error| matches!(error, BodyError::Value { what: "the number of a line", .. }),
        );
    }

    /// A total that is one off in the bytes is named when they are read.
    #[test]
    fn never_trusts_what_it_derives() {
        let sale = golden::cash_sale();
        let mut bytes = encode(&Fact::Sold(sale.clone())).unwrap();
        let total = minicbor::to_vec(sale.total.minor()).unwrap();
        let change = minicbor::to_vec(sale.change.minor()).unwrap();
        let end = bytes.len() - change.len();
        assert_eq!(bytes[end - total.len()..], [total, change].concat());
        bytes[end - 1] ^= 1;
        assert!(matches!(decode(&bytes), Err(BodyError::Sale(SaleError::Paid { .. }))));
    }

    /// The fullest cart with the longest texts is still far below the bound of a body.
    #[test]
    fn the_longest_sale_fits() {
        let mut sale = golden::cash_sale();
        let mut line = sale.lines[0].clone();
        line.sku = "s".repeat(MAX_TEXT_BYTES);
        line.name = "n".repeat(MAX_TEXT_BYTES);
        let rules = strategy::tax_rules(sale.taxes.rounding);
        sale.lines = (1..=999).map(|number| SoldLine { number, ..line.clone() }).collect();
        sale.taxes = rules.table(sale.currency, charged(&sale.lines)).unwrap();
        sale.total = sale.taxes.total(sale.currency).unwrap();
        sale.tenders[0].amount = sale.total.plus(sale.change).unwrap();
        strategy::assert_round_trip(&Fact::Sold(sale.clone())).unwrap();
        sale.lines.push(line);
        let (what, length) = ("the lines of a sale", 1_000);
        let refused = encode(&Fact::Sold(sale));
        assert_eq!(refused, Err(BodyError::TooLong { what, length, most: MAX_LINES }));
    }

    proptest! {
        #[test]
        fn round_trip(sale in strategy::sale()) {
            strategy::assert_round_trip(&Fact::Sold(sale))?;
        }
    }
}
