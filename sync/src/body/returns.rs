//! The body of a refund or post-void.
//!
//! As with a sale, amounts that moved are written, and the sums of the tax table formed again
//! when read; then [`Return::check`] holds.

use super::parts::{Amounts, Numbered, list, maybe_gtin, maybe_staff, numbered, owned, text};
use super::price::QuantityWire;
use super::stamp::{ReceiptWire, StampWire, day, days};
use super::tax::TaxTableWire;
use super::tender::{CardWire, TenderTypeWire};
use super::{Body, BodyError};
use commerce::Money;
use commerce::cart::{MAX_LINES, MAX_TENDERS};
use commerce::returns::{Payout, Return, ReturnKind, ReturnedLine};
use minicbor::{Decode, Encode};

numbered!(ReturnKind, "a kind of return", { Refund = 1, PostVoid = 2 });

#[derive(Encode, Decode)]
pub(super) struct ReturnWire<'a> {
    #[b(0)]
    receipt: ReceiptWire<'a>,
    #[b(1)]
    of: ReceiptWire<'a>,
    #[n(2)]
    kind: u8,
    #[b(3)]
    stamp: StampWire<'a>,
    #[n(4)]
    business_day: i32,
    #[b(5)]
    reason: &'a str,
    #[b(6)]
    currency: &'a str,
    #[b(7)]
    lines: Vec<LineWire<'a>>,
    #[b(8)]
    taxes: TaxTableWire<'a>,
    #[b(9)]
    payouts: Vec<PayoutWire<'a>>,
    #[n(10)]
    total: i64,
    #[b(11)]
    approved_by: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct LineWire<'a> {
    #[n(0)]
    line: u32,
    #[b(1)]
    sku: &'a str,
    #[b(2)]
    name: &'a str,
    #[n(3)]
    gtin: Option<u64>,
    #[b(4)]
    tax_class: &'a str,
    #[n(5)]
    quantity: QuantityWire,
    #[n(6)]
    net: i64,
}

#[derive(Encode, Decode)]
struct PayoutWire<'a> {
    #[n(0)]
    against: u32,
    #[b(1)]
    tender: TenderTypeWire<'a>,
    #[n(2)]
    amount: i64,
    #[n(3)]
    intent: Option<u64>,
    #[b(4)]
    card: Option<CardWire<'a>>,
    #[b(5)]
    approved_by: Option<&'a str>,
}

impl Body for Return {
    type Wire<'a> = ReturnWire<'a>;

    fn to_wire(&self) -> Result<ReturnWire<'_>, BodyError> {
        self.check()?;
        let amounts = Amounts(self.currency);
        Ok(ReturnWire {
            receipt: ReceiptWire::of(&self.receipt)?,
            of: ReceiptWire::of(&self.of)?,
            kind: self.kind.number(),
            stamp: StampWire::of(&self.stamp)?,
            business_day: days(self.business_day)?,
            reason: text("a return's reason", &self.reason)?,
            currency: self.currency.code(),
            lines: list("the lines of a return", MAX_LINES, &self.lines, |line| {
                LineWire::of(amounts, line)
            })?,
            taxes: TaxTableWire::of(amounts, &self.taxes, charged(&self.lines))?,
            payouts: list("the payouts of a return", MAX_TENDERS, &self.payouts, |payout| {
                PayoutWire::of(amounts, payout)
            })?,
            total: amounts.minor("a return's total", self.total)?,
            approved_by: self.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    fn from_wire(wire: ReturnWire<'_>) -> Result<Self, BodyError> {
        let amounts = Amounts::parse(wire.currency)?;
        let lines =
            list("the lines of a return", MAX_LINES, wire.lines, |line| line.read(amounts))?;
        let returned = Self {
            receipt: wire.receipt.read()?,
            of: wire.of.read()?,
            kind: ReturnKind::read(wire.kind)?,
            stamp: wire.stamp.read()?,
            business_day: day(wire.business_day)?,
            approved_by: maybe_staff(wire.approved_by)?,
            reason: owned("a return's reason", wire.reason)?,
            currency: amounts.0,
            taxes: wire.taxes.read(amounts, charged(&lines))?,
            lines,
            payouts: list("the payouts of a return", MAX_TENDERS, wire.payouts, |payout| {
                payout.read(amounts)
            })?,
            total: amounts.money(wire.total)?,
        };
        returned.check()?;
        Ok(returned)
    }
}

fn charged(lines: &[ReturnedLine]) -> impl Iterator<Item = (&str, Money)> {
    lines.iter().map(|line| (line.tax_class.as_str(), line.net))
}

impl<'a> LineWire<'a> {
    fn of(amounts: Amounts, line: &'a ReturnedLine) -> Result<Self, BodyError> {
        Ok(Self {
            line: line.line,
            sku: text("a line's SKU", &line.sku)?,
            name: text("a line's name", &line.name)?,
            gtin: line.gtin.map(commerce::code::Gtin::as_u64),
            tax_class: text("a line's tax class", &line.tax_class)?,
            quantity: QuantityWire::of(line.quantity),
            net: amounts.minor("a line's net", line.net)?,
        })
    }

    fn read(self, amounts: Amounts) -> Result<ReturnedLine, BodyError> {
        Ok(ReturnedLine {
            line: self.line,
            sku: owned("a line's SKU", self.sku)?,
            gtin: maybe_gtin(self.gtin)?,
            name: owned("a line's name", self.name)?,
            quantity: self.quantity.read()?,
            net: amounts.money(self.net)?,
            tax_class: owned("a line's tax class", self.tax_class)?,
        })
    }
}

impl<'a> PayoutWire<'a> {
    fn of(amounts: Amounts, payout: &'a Payout) -> Result<Self, BodyError> {
        Ok(Self {
            against: payout.against,
            tender: TenderTypeWire::of(&payout.tender)?,
            amount: amounts.minor("a payout", payout.amount)?,
            intent: payout.intent,
            card: payout.card.as_ref().map(CardWire::of).transpose()?,
            approved_by: payout.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    fn read(self, amounts: Amounts) -> Result<Payout, BodyError> {
        Ok(Payout {
            against: self.against,
            tender: self.tender.read()?,
            amount: amounts.money(self.amount)?,
            intent: self.intent,
            card: self.card.map(CardWire::read).transpose()?,
            approved_by: maybe_staff(self.approved_by)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{encode, golden, strategy};
    use commerce::fact::Fact;
    use proptest::prelude::*;

    #[test]
    fn refuses_a_return_that_does_not_add_up() {
        let refused = |returned| encode(&Fact::Returned(returned)).unwrap_err().to_string();
        let good = golden::refund();
        assert!(encode(&Fact::Returned(good.clone())).is_ok());
        let cent = Money::new(1, good.currency).unwrap();
        let mut short = good.clone();
        short.payouts[0].amount = short.payouts[0].amount.minus(cent).unwrap();
        assert!(refused(short).contains("payouts"));
        let mut twice = good.clone();
        twice.lines[1].line = 1;
        assert!(refused(twice).contains("line 1"));
        let mut untaxed = good;
        untaxed.taxes.classes.clear();
        assert!(refused(untaxed).contains("taxes"));
    }

    proptest! {
        #[test]
        fn round_trip(returned in strategy::returned()) {
            strategy::assert_round_trip(&Fact::Returned(returned))?;
        }
    }
}
