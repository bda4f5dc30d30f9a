//! Taxes: several percent taxes on a class of goods, inclusive or exclusive, and a table that sums.
//!
//! A line belongs to a tax class; a class names its taxes. Amounts are rounded half away from
//! zero, either for each line or once for the receipt ([`TaxRounding`]). The table sums by
//! construction: for each class net + taxes = gross, and the gross amounts sum to the total.

use crate::money::{Currency, Money, MoneyError};
use crate::rounding::div_half_away;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;

/// One whole in the units of [`Rate`].
const WHOLE: i64 = 1_000_000;

/// A rate in millionths: 19 % is 190,000. Between 0 and 1,000 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole: 100 %.
    pub const WHOLE: Self = Self(WHOLE);

    /// A rate of `millionths`.
    ///
    /// # Errors
    /// Below zero or above 1,000 %.
    pub fn from_millionths(millionths: i64) -> Result<Self, TaxError> {
        if (0..=10 * WHOLE).contains(&millionths) {
            Ok(Self(millionths))
        } else {
            Err(TaxError::BadRate(percent_text(millionths)))
        }
    }

    /// Reads a percentage with at most four decimals: `8.875`.
    ///
    /// # Errors
    /// When the text is no such number.
    pub fn parse_percent(text: &str) -> Result<Self, TaxError> {
        let refused = || TaxError::BadRate(text.to_owned());
        let decimal = Decimal::from_str_exact(text.trim()).map_err(|_| refused())?.normalize();
        if decimal.scale() > 4 {
            return Err(refused());
        }
        let millionths = decimal.mantissa() * 10_i128.pow(4 - decimal.scale());
        Self::from_millionths(i64::try_from(millionths).map_err(|_| refused())?)
            .map_err(|_| refused())
    }

    /// The rate in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// This share of `amount`, rounded half away from zero.
    ///
    /// # Errors
    /// When the result is out of range.
    pub fn of(self, amount: Money) -> Result<Money, MoneyError> {
        amount.times_ratio(self.0, WHOLE)
    }

    /// Whether `part` is at most this share of `base`, rounded as a discount of that share is:
    /// who may give 10 % may give 4 cents on 35.
    #[must_use]
    pub fn covers(self, part: Money, base: Money) -> bool {
        self.of(base).is_ok_and(|share| part.minor() <= share.minor())
    }
}

/// `19 %`
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", percent_text(self.0))
    }
}

fn percent_text(millionths: i64) -> String {
    Decimal::new(millionths, 4).normalize().to_string()
}

/// One tax of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Identifies the tax in files, reports and exports.
    pub id: String,
    /// As printed on the receipt.
    pub name: String,
    /// Its rate.
    pub rate: Rate,
    /// Whether prices already contain it.
    pub inclusive: bool,
}

/// A class of goods taxed alike. A class may have no tax at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxClass {
    /// The letter (or short code) printed beside each line.
    pub id: String,
    /// In words.
    pub name: String,
    /// Its taxes, in the order of the receipt.
    pub taxes: Vec<Tax>,
}

/// Where amounts of tax are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxRounding {
    /// For each line, then summed.
    Line,
    /// Once for each class of the receipt.
    Receipt,
}

/// The classes of a store and its rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRules {
    /// Classes by id.
    pub classes: BTreeMap<String, TaxClass>,
    /// Where amounts are rounded.
    pub rounding: TaxRounding,
}

/// What can go wrong with taxes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxError {
    /// Not a percentage between 0 and 1,000 with at most four decimals.
    #[error("`{0}` is not a percentage (0 to 1000, at most four decimals)")]
    BadRate(String),
    /// A line names a class the store does not have.
    #[error("tax class `{0}` does not exist in this store: import taxes, or correct the item")]
    UnknownClass(String),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// One class of a receipt's tax table: `net + Σ amounts = gross`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxedClass {
    /// The class with its taxes as they were at that moment.
    pub class: TaxClass,
    /// The sum without any tax.
    pub net: Money,
    /// The amount of each tax of the class, in its order.
    pub amounts: Vec<Money>,
    /// The sum with all taxes.
    pub gross: Money,
}

/// The tax table of a receipt, one row a class, in order of class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxTable {
    /// The classes.
    pub classes: Vec<TaxedClass>,
    /// The rounding it was made with.
    pub rounding: TaxRounding,
}

impl TaxTable {
    /// What the customer pays: the sum of the gross amounts.
    ///
    /// # Errors
    /// When the sum is out of range.
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        Money::sum(currency, self.classes.iter().map(|class| class.gross))
    }

    /// The rules this table was made with, as far as it used them: what a return is computed by.
    #[must_use]
    pub fn rules(&self) -> TaxRules {
        let classes =
            self.classes.iter().map(|row| (row.class.id.clone(), row.class.clone())).collect();
        TaxRules { classes, rounding: self.rounding }
    }

    /// `self - other`, class by class: both must come from the same rules.
    ///
    /// # Errors
    /// When an amount is out of range.
    pub fn minus(&self, other: &Self) -> Result<Self, MoneyError> {
        let mut classes = self.classes.clone();
        for row in &mut classes {
            let Some(taken) = other.classes.iter().find(|taken| taken.class.id == row.class.id)
            else {
                continue;
            };
            row.net = row.net.minus(taken.net)?;
            row.gross = row.gross.minus(taken.gross)?;
            for (amount, taken) in row.amounts.iter_mut().zip(&taken.amounts) {
                *amount = amount.minus(*taken)?;
            }
        }
        Ok(Self { classes, rounding: self.rounding })
    }
}

impl TaxRules {
    /// The class named `id`.
    ///
    /// # Errors
    /// [`TaxError::UnknownClass`].
    pub fn class(&self, id: &str) -> Result<&TaxClass, TaxError> {
        self.classes.get(id).ok_or_else(|| TaxError::UnknownClass(id.to_owned()))
    }

    /// The tax table of `lines`, each an amount as priced with its class.
    ///
    /// # Errors
    /// An unknown class, or an amount out of range.
    pub fn table<'a>(
        &self,
        currency: Currency,
        lines: impl IntoIterator<Item = (&'a str, Money)>,
    ) -> Result<TaxTable, TaxError> {
        let mut by_class: BTreeMap<&str, Vec<Money>> = BTreeMap::new();
        for (class, amount) in lines {
            by_class.entry(class).or_default().push(amount);
        }
        let mut classes = Vec::with_capacity(by_class.len());
        for (id, amounts) in by_class {
            let class = self.class(id)?;
            let parts = match self.rounding {
                TaxRounding::Line => amounts,
                TaxRounding::Receipt => vec![Money::sum(currency, amounts)?],
            };
            classes.push(taxed(class, currency, &parts)?);
        }
        Ok(TaxTable { classes, rounding: self.rounding })
    }
}

/// Taxes each of `parts` on its own and sums them.
fn taxed(class: &TaxClass, currency: Currency, parts: &[Money]) -> Result<TaxedClass, TaxError> {
    let zero = Money::zero(currency);
    let included: i64 = class.taxes.iter().filter(|tax| tax.inclusive).map(|tax| tax.rate.0).sum();
    let mut row = TaxedClass {
        class: class.clone(),
        net: zero,
        amounts: vec![zero; class.taxes.len()],
        gross: zero,
    };
    for &part in parts {
        let (mut net, mut gross) = (part, part);
        for (tax, sum) in class.taxes.iter().zip(&mut row.amounts) {
            let numerator = i128::from(part.minor()) * i128::from(tax.rate.0);
            let minor = div_half_away(numerator, i128::from(WHOLE + included))
                .ok_or(MoneyError::OutOfRange)?;
            let amount = Money::new(minor, currency)?;
            if tax.inclusive {
                net = net.minus(amount)?;
            } else {
                gross = gross.plus(amount)?;
            }
            *sum = sum.plus(amount)?;
        }
        row.net = row.net.plus(net)?;
        row.gross = row.gross.plus(gross)?;
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn class(id: &str, taxes: &[(&str, &str, bool)]) -> (String, TaxClass) {
        let taxes = taxes
            .iter()
            .map(|&(id, rate, inclusive)| Tax {
                id: id.into(),
                name: id.into(),
                rate: Rate::parse_percent(rate).unwrap(),
                inclusive,
            })
            .collect();
        (id.to_owned(), TaxClass { id: id.into(), name: id.into(), taxes })
    }

    fn rules(rounding: TaxRounding) -> TaxRules {
        let classes = BTreeMap::from([
            class("A", &[("vat", "19", true)]),
            class("B", &[("vat", "7", true)]),
            class("C", &[]),
            class("N", &[("state", "4", false), ("city", "4.5", false), ("mctd", "0.375", false)]),
            class("Q", &[("gst", "5", true), ("qst", "9.975", true), ("levy", "1", false)]),
        ]);
        TaxRules { classes, rounding }
    }

    fn row(rounding: TaxRounding, class: &str, lines: &[i64]) -> (i64, Vec<i64>, i64) {
        let lines: Vec<_> =
            lines.iter().map(|&minor| (class, Money::new(minor, eur()).unwrap())).collect();
        let table = rules(rounding).table(eur(), lines).unwrap();
        let row = &table.classes[0];
        (
            row.net.minor(),
            row.amounts.iter().map(|amount| amount.minor()).collect(),
            row.gross.minor(),
        )
    }

    #[test]
    fn tables_of_figures() {
        use TaxRounding::{Line, Receipt};
        assert_eq!(row(Receipt, "A", &[1190]), (1000, vec![190], 1190));
        assert_eq!(row(Receipt, "B", &[99, 99, 99]), (278, vec![19], 297));
        assert_eq!(row(Line, "B", &[99, 99, 99]), (279, vec![18], 297));
        assert_eq!(row(Receipt, "C", &[500]), (500, vec![], 500));
        assert_eq!(row(Receipt, "N", &[1000]), (1000, vec![40, 45, 4], 1089));
        assert_eq!(row(Receipt, "Q", &[11498]), (10000, vec![500, 998, 100], 11598));
        assert_eq!(row(Receipt, "A", &[-1190]), (-1000, vec![-190], -1190));
    }

    #[test]
    fn unknown_class_and_bad_rates_are_named() {
        let line = [("Z", Money::zero(eur()))];
        assert_eq!(
            rules(TaxRounding::Line).table(eur(), line),
            Err(TaxError::UnknownClass("Z".into()))
        );
        for text in ["", "-1", "19,5", "1.23456", "1001", "x"] {
            assert_eq!(Rate::parse_percent(text), Err(TaxError::BadRate(text.into())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_table_sums(
            lines in prop::collection::vec((prop::sample::select(vec!["A", "B", "C", "N", "Q"]), -50_000_i64..500_000), 0..30),
            by_line in any::<bool>(),
        ) {
            let rounding = if by_line { TaxRounding::Line } else { TaxRounding::Receipt };
            let table = rules(rounding)
                .table(eur(), lines.iter().map(|&(class, minor)| (class, Money::new(minor, eur()).unwrap())))
                .unwrap();
            let mut entered = 0;
            for row in &table.classes {
                let taxes: i64 = row.amounts.iter().map(|amount| amount.minor()).sum();
                prop_assert_eq!(row.net.minor() + taxes, row.gross.minor());
                let exclusive: i64 = row.class.taxes.iter().zip(&row.amounts)
                    .filter(|(tax, _)| !tax.inclusive).map(|(_, amount)| amount.minor()).sum();
                entered += row.gross.minor() - exclusive;
            }
            prop_assert_eq!(entered, lines.iter().map(|line| line.1).sum::<i64>());
            prop_assert_eq!(table.rules().table(eur(), lines.iter().map(|&(class, minor)| (class, Money::new(minor, eur()).unwrap()))).unwrap(), table);
        }
    }
}
