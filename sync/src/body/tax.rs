//! The tax table of a receipt: classes, taxes and rates once a receipt, and each tax's amount.
//!
//! Amounts of tax are written as they were charged; a class's net and gross are plain sums of
//! them and of its lines, so they are left out, checked before writing, and formed again when
//! read. Shared by [`super::sale`] and [`super::returns`].

use super::BodyError;
use super::parts::{Amounts, Numbered, agrees, list, numbered, owned, text};
use commerce::tax::{Rate, Tax, TaxClass, TaxRounding, TaxTable, TaxedClass};
use commerce::{Currency, Money, MoneyError};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The most taxes in one class: a handful is many.
const MAX_TAXES: usize = 20;
/// The most classes on one receipt: one a line.
const MAX_CLASSES: usize = commerce::cart::MAX_LINES;

numbered!(TaxRounding, "a rounding of taxes", { Line = 1, Receipt = 2 });

/// `[rounding, rows]`
#[derive(Encode, Decode)]
pub(super) struct TaxTableWire<'a> {
    #[n(0)]
    rounding: u8,
    #[b(1)]
    rows: Vec<RowWire<'a>>,
}

/// `[id, name, taxes, amounts]`
#[derive(Encode, Decode)]
struct RowWire<'a> {
    #[b(0)]
    id: &'a str,
    #[b(1)]
    name: &'a str,
    #[b(2)]
    taxes: Vec<TaxWire<'a>>,
    #[n(3)]
    amounts: Vec<i64>,
}

/// `[id, name, rate in millionths, inclusive]`
#[derive(Encode, Decode)]
struct TaxWire<'a> {
    #[b(0)]
    id: &'a str,
    #[b(1)]
    name: &'a str,
    #[n(2)]
    rate: i64,
    #[n(3)]
    inclusive: bool,
}

impl<'a> TaxTableWire<'a> {
    /// The table of a receipt with these lines, each its class and what it was charged.
    pub(super) fn of<'l>(
        amounts: Amounts,
        table: &'a TaxTable,
        lines: impl IntoIterator<Item = (&'l str, Money)>,
    ) -> Result<Self, BodyError> {
        let mut entered = Entered::sum(amounts.0, lines)?;
        let rows = list("the tax table", MAX_CLASSES, &table.classes, |row| {
            let (net, gross) = sums(row, entered.take(&row.class.id))?;
            agrees("the net of a tax class", row.net, net)?;
            agrees("the gross of a tax class", row.gross, gross)?;
            RowWire::of(amounts, row)
        })?;
        entered.assert_all_taken()?;
        Ok(Self { rounding: table.rounding.number(), rows })
    }

    /// Reads the table back with the lines of its receipt.
    pub(super) fn read<'l>(
        self,
        amounts: Amounts,
        lines: impl IntoIterator<Item = (&'l str, Money)>,
    ) -> Result<TaxTable, BodyError> {
        let rounding = TaxRounding::read(self.rounding)?;
        let mut entered = Entered::sum(amounts.0, lines)?;
        let classes = list("the tax table", MAX_CLASSES, self.rows, |row| {
            let mut row = row.read(amounts)?;
            (row.net, row.gross) = sums(&row, entered.take(&row.class.id))?;
            Ok(row)
        })?;
        entered.assert_all_taken()?;
        Ok(TaxTable { classes, rounding })
    }
}

impl<'a> RowWire<'a> {
    fn of(amounts: Amounts, row: &'a TaxedClass) -> Result<Self, BodyError> {
        Ok(Self {
            id: text("a tax class's id", &row.class.id)?,
            name: text("a tax class's name", &row.class.name)?,
            taxes: list("the taxes of a class", MAX_TAXES, &row.class.taxes, TaxWire::of)?,
            amounts: list("the amounts of a tax class", MAX_TAXES, &row.amounts, |&amount| {
                amounts.minor("an amount of tax", amount)
            })?,
        })
    }

    /// All but the sums.
    fn read(self, amounts: Amounts) -> Result<TaxedClass, BodyError> {
        let zero = Money::zero(amounts.0);
        Ok(TaxedClass {
            class: TaxClass {
                id: owned("a tax class's id", self.id)?,
                name: owned("a tax class's name", self.name)?,
                taxes: list("the taxes of a class", MAX_TAXES, self.taxes, TaxWire::read)?,
            },
            net: zero,
            amounts: list("the amounts of a tax class", MAX_TAXES, self.amounts, |minor| {
                amounts.money(minor)
            })?,
            gross: zero,
        })
    }
}

impl<'a> TaxWire<'a> {
    fn of(tax: &'a Tax) -> Result<Self, BodyError> {
        Ok(Self {
            id: text("a tax's id", &tax.id)?,
            name: text("a tax's name", &tax.name)?,
            rate: tax.rate.millionths(),
            inclusive: tax.inclusive,
        })
    }

    fn read(self) -> Result<Tax, BodyError> {
        Ok(Tax {
            id: owned("a tax's id", self.id)?,
            name: owned("a tax's name", self.name)?,
            rate: Rate::from_millionths(self.rate)?,
            inclusive: self.inclusive,
        })
    }
}

/// What the lines of each class were charged: net and inclusive taxes.
struct Entered<'l> {
    currency: Currency,
    classes: BTreeMap<&'l str, Money>,
}

impl<'l> Entered<'l> {
    fn sum(
        currency: Currency,
        lines: impl IntoIterator<Item = (&'l str, Money)>,
    ) -> Result<Self, MoneyError> {
        let mut classes = BTreeMap::new();
        for (class, charged) in lines {
            let sum = classes.entry(class).or_insert(Money::zero(currency));
            *sum = sum.plus(charged)?;
        }
        Ok(Self { currency, classes })
    }

    /// The sum of one class. A returned receipt's table may have classes without lines.
    fn take(&mut self, class: &str) -> Money {
        self.classes.remove(class).unwrap_or(Money::zero(self.currency))
    }

    fn assert_all_taken(&self) -> Result<(), BodyError> {
        match self.classes.first_key_value() {
            None => Ok(()),
            Some((class, _)) => Err(BodyError::UntabledClass((*class).to_owned())),
        }
    }
}

/// Net and gross of a row whose lines were charged `entered`.
fn sums(row: &TaxedClass, entered: Money) -> Result<(Money, Money), BodyError> {
    let (taxes, amounts) = (row.class.taxes.len(), row.amounts.len());
    if taxes != amounts {
        let class = row.class.id.clone();
        return Err(BodyError::TaxAmounts { class, taxes, amounts });
    }
    let (mut net, mut gross) = (entered, entered);
    for (tax, &amount) in row.class.taxes.iter().zip(&row.amounts) {
        if tax.inclusive {
            net = net.minus(amount)?;
        } else {
            gross = gross.plus(amount)?;
        }
    }
    Ok((net, gross))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strategy;
    use proptest::prelude::*;

    fn lines(currency: Currency, minors: &[(&'static str, i64)]) -> Vec<(&'static str, Money)> {
        let money = |minor| Money::new(minor, currency).unwrap();
        minors.iter().map(|&(class, minor)| (class, money(minor))).collect()
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let eur = Currency::parse("EUR").unwrap();
        let rules = strategy::tax_rules(TaxRounding::Receipt);
        let lines = lines(eur, &[("A", 1_190), ("Q", 500)]);
        let table = rules.table(eur, lines.clone()).unwrap();
        let of = |table: &TaxTable, lines: &[(&'static str, Money)]| {
            TaxTableWire::of(Amounts(eur), table, lines.iter().copied()).err()
        };
        assert_eq!(of(&table, &lines), None);
        assert!(matches!(
            of(&table, &lines[..1]),
            Some(BodyError::Differs { what: "the net of a tax class", .. })
        ));
        let mut less = table.clone();
        less.classes.truncate(1);
        assert_eq!(of(&less, &lines), Some(BodyError::UntabledClass("Q".into())));
        let mut less = table;
        less.classes[0].amounts.clear();
        let class = "A".to_owned();
        assert_eq!(of(&less, &lines), Some(BodyError::TaxAmounts { class, taxes: 1, amounts: 0 }));
    }

    proptest! {
        #[test]
        fn round_trip(
            currency in strategy::currency(),
            rounding in strategy::tax_rounding(),
            minors in prop::collection::vec((strategy::tax_class(), 0_i64..100_000), 0..12),
        ) {
            let lines = lines(currency, &minors);
            let table = strategy::tax_rules(rounding).table(currency, lines.clone()).unwrap();
            let amounts = Amounts(currency);
            let bytes = minicbor::to_vec(TaxTableWire::of(amounts, &table, lines.clone()).unwrap()).unwrap();
            let read: TaxTableWire<'_> = minicbor::decode(&bytes).unwrap();
            prop_assert_eq!(read.read(amounts, lines).unwrap(), table);
        }
    }
}
