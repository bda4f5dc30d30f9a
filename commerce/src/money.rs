//! Money: whole minor units with their ISO 4217 currency.

use crate::rounding::div_half_away;
use std::fmt;
use std::str::FromStr;

/// The largest amount, either way, in minor units. Sums of thousands of such amounts still fit
/// an `i64`, so folds never overflow on amounts that were accepted one by one.
pub const MAX_MINOR: i64 = 999_999_999_999;

/// What can go wrong with an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not an ISO 4217 code with 0, 2 or 3 decimals.
    #[error("`{0}` is not a currency Till can sell in (an ISO 4217 code such as EUR, JPY or KWD)")]
    UnknownCurrency(String),
    /// Two currencies met in one sum.
    #[error("{0} and {1} cannot be added: they are different currencies")]
    Mismatch(Currency, Currency),
    /// The result is beyond [`MAX_MINOR`].
    #[error("the amount is out of range (at most {MAX_MINOR} minor units)")]
    OutOfRange,
    /// The text is not a decimal number.
    #[error("`{0}` is not an amount (digits with a point, such as 12.50)")]
    NotANumber(String),
    /// More decimals than the currency has.
    #[error("`{text}` has more decimals than {currency} ({exponent})")]
    TooPrecise {
        /// The text as given.
        text: String,
        /// The currency it was read in.
        currency: Currency,
        /// How many decimals that currency has.
        exponent: u32,
    },
}

/// An ISO 4217 currency with 0, 2 or 3 decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Reads a three-letter ISO 4217 code.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for anything else, and for units without a fixed number
    /// of decimals (gold, special drawing rights).
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| matches!(currency.exponent(), Some(0 | 2 | 3)))
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of the currency: 0 (JPY), 2 (EUR) or 3 (KWD).
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }

    /// Minor units in one major unit: 1, 100 or 1000.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::parse(code)
    }
}

/// An amount of money. Never a float; arithmetic is checked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] beyond [`MAX_MINOR`] either way.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (-MAX_MINOR..=MAX_MINOR).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::OutOfRange)
        }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a decimal in major units with a point: `12.5` in EUR is 1,250 minor units.
    ///
    /// # Errors
    /// Refuses more decimals than the currency has; nothing is ever rounded here.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimal = rust_decimal::Decimal::from_str_exact(text.trim())
            .map_err(|_| MoneyError::NotANumber(text.to_owned()))?
            .normalize();
        let exponent = currency.exponent();
        if decimal.scale() > exponent {
            return Err(MoneyError::TooPrecise { text: text.to_owned(), currency, exponent });
        }
        let minor = decimal.mantissa() * 10_i128.pow(exponent - decimal.scale());
        Self::new(i64::try_from(minor).map_err(|_| MoneyError::OutOfRange)?, currency)
    }

    /// Whole minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The same amount with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { minor: -self.minor, currency: self.currency }
    }

    /// `self + other`.
    ///
    /// # Errors
    /// When the currencies differ or the sum is out of range.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mismatch(self.currency, other.currency));
        }
        Self::new(self.minor + other.minor, self.currency)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// When the currencies differ or the difference is out of range.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated())
    }

    /// The sum of `amounts`, nothing for none.
    ///
    /// # Errors
    /// When a currency differs from `currency` or the sum is out of range.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// `self × numerator / denominator`, rounded half away from zero once.
    ///
    /// # Errors
    /// When the result is out of range or the denominator is not positive.
    pub fn times_ratio(self, numerator: i64, denominator: i64) -> Result<Self, MoneyError> {
        let product = i128::from(self.minor) * i128::from(numerator);
        let minor =
            div_half_away(product, i128::from(denominator)).ok_or(MoneyError::OutOfRange)?;
        Self::new(minor, self.currency)
    }

    /// The amount in major units without the currency: `-0.05`, `12.50`, `1200`.
    #[must_use]
    pub fn amount_text(self) -> String {
        rust_decimal::Decimal::new(self.minor, self.currency.exponent()).to_string()
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `12.50 EUR`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str, code: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::parse(code).unwrap())
    }

    #[test]
    fn reads_and_shows_by_the_currency() {
        for (text, code, minor, shown) in [
            ("12.5", "EUR", 1_250, "12.50 EUR"),
            ("-0.05", "USD", -5, "-0.05 USD"),
            ("1200", "JPY", 1_200, "1200 JPY"),
            ("1.250", "KWD", 1_250, "1.250 KWD"),
            ("3.100", "EUR", 310, "3.10 EUR"),
        ] {
            let amount = money(text, code).unwrap();
            assert_eq!(amount.minor(), minor, "{text} {code}");
            assert_eq!(amount.to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_not_exact() {
        assert!(matches!(money("1.005", "EUR"), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(money("1.5", "JPY"), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(money("1,50", "EUR"), Err(MoneyError::NotANumber(_))));
        assert!(matches!(money("", "EUR"), Err(MoneyError::NotANumber(_))));
        assert!(matches!(money("99999999999999", "EUR"), Err(MoneyError::OutOfRange)));
        assert!(matches!(Currency::parse("XAU"), Err(MoneyError::UnknownCurrency(_))));
        assert!(matches!(Currency::parse("eur"), Err(MoneyError::UnknownCurrency(_))));
    }

    proptest! {
        #[test]
        fn text_round_trips(minor in -MAX_MINOR..=MAX_MINOR, code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
            let amount = Money::new(minor, Currency::parse(code).unwrap()).unwrap();
            prop_assert_eq!(money(&amount.amount_text(), code).unwrap(), amount);
        }

        #[test]
        fn minus_undoes_plus(a in -MAX_MINOR / 2..MAX_MINOR / 2, b in -MAX_MINOR / 2..MAX_MINOR / 2) {
            let eur = Currency::parse("EUR").unwrap();
            let (a, b) = (Money::new(a, eur).unwrap(), Money::new(b, eur).unwrap());
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
        }
    }
}
