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

#[cfg(test)]
mod tests;

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

    /// `self - other`, class by class: both must come from the same rules. A class that only
    /// `other` has is taken off nothing.
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
        for taken in &other.classes {
            if !self.classes.iter().any(|row| row.class.id == taken.class.id) {
                classes.push(TaxedClass {
                    class: taken.class.clone(),
                    net: taken.net.negated(),
                    amounts: taken.amounts.iter().map(|amount| amount.negated()).collect(),
                    gross: taken.gross.negated(),
                });
            }
        }
        classes.sort_by(|a, b| a.class.id.cmp(&b.class.id));
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
