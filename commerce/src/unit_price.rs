//! Unit prices: a decimal for one unit, or for N of them, and the extension to a line.

use crate::money::{Currency, Money, MoneyError};
use crate::quantity::Quantity;
use crate::rounding::div_half_away;
use rust_decimal::Decimal;
use std::fmt;
use std::num::NonZeroU32;

/// The most decimals a unit price may have, counted in major units: fuel sells at 2.299.
pub const MAX_SCALE: u32 = 4;

/// What can go wrong with a unit price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitPriceError {
    /// The text is not a decimal.
    #[error(
        "`{0}` is not a price (digits with a point, such as 2.299, or 3/1.00 for three at 1.00)"
    )]
    NotANumber(String),
    /// More than four decimals.
    #[error("`{0}` has more than four decimals")]
    TooPrecise(String),
    /// Below zero.
    #[error("a price cannot be negative")]
    Negative,
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The price of `per` units: `per` is 1 for nearly everything, 3 for "3 for 1.00".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitPrice {
    /// The price in units of 10^-scale major units.
    amount: i64,
    scale: u32,
    per: NonZeroU32,
    currency: Currency,
}

impl UnitPrice {
    /// A price of `amount × 10^-scale` major units for `per` units.
    ///
    /// # Errors
    /// When it is negative, has more than four decimals, or is out of range.
    pub fn new(
        amount: i64,
        scale: u32,
        per: NonZeroU32,
        currency: Currency,
    ) -> Result<Self, UnitPriceError> {
        if amount < 0 {
            return Err(UnitPriceError::Negative);
        }
        if scale > MAX_SCALE {
            return Err(UnitPriceError::TooPrecise(
                Decimal::new(amount, scale.min(28)).to_string(),
            ));
        }
        if amount > crate::money::MAX_MINOR {
            return Err(MoneyError::OutOfRange.into());
        }
        Ok(Self { amount, scale, per, currency })
    }

    /// A price of whole minor units for one unit.
    ///
    /// # Errors
    /// When it is negative.
    pub fn from_money(price: Money) -> Result<Self, UnitPriceError> {
        Self::new(price.minor(), price.currency().exponent(), NonZeroU32::MIN, price.currency())
    }

    /// Reads `2.299`, or `3/1.00` for three at 1.00.
    ///
    /// # Errors
    /// Says what is wrong with the text; nothing is rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, UnitPriceError> {
        let refused = || UnitPriceError::NotANumber(text.to_owned());
        let (per, amount) = match text.split_once('/') {
            Some((per, amount)) => (per.trim().parse().map_err(|_| refused())?, amount),
            None => (NonZeroU32::MIN, text),
        };
        let decimal = Decimal::from_str_exact(amount.trim()).map_err(|_| refused())?.normalize();
        if decimal.scale() > MAX_SCALE {
            return Err(UnitPriceError::TooPrecise(text.to_owned()));
        }
        // At least the currency's own decimals, so that 2.50 reads back as 2.50.
        let scale = decimal.scale().max(currency.exponent());
        let amount = decimal.mantissa() * 10_i128.pow(scale - decimal.scale());
        Self::new(i64::try_from(amount).map_err(|_| MoneyError::OutOfRange)?, scale, per, currency)
    }

    /// The price in units of 10^-[`scale`](Self::scale) major units, for [`per`](Self::per) units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// Decimals of [`amount`](Self::amount), 0 to 4.
    #[must_use]
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// How many units the amount is for.
    #[must_use]
    pub const fn per(self) -> NonZeroU32 {
        self.per
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Both prices in one unit so small that both are whole numbers of it.
    pub(crate) fn exactly_with(self, other: Self) -> (i128, i128) {
        // At most 10^12 × 10^4 × 2^32: far within an i128.
        let whole = |price: Self, per: NonZeroU32| {
            i128::from(price.amount) * 10_i128.pow(MAX_SCALE - price.scale) * i128::from(per.get())
        };
        (whole(self, other.per), whole(other, self.per))
    }

    /// The price of `quantity`, rounded once, half away from zero.
    ///
    /// Of N for a price, each of the first units takes the rounded share and the last the rest:
    /// at 3 for 1.00, two cost 0.66 and three cost 1.00. A measured quantity takes its exact
    /// proportion.
    ///
    /// # Errors
    /// When the result is out of range.
    pub fn extend(self, quantity: Quantity) -> Result<Money, UnitPriceError> {
        match quantity.pieces() {
            Some(pieces) if self.per.get() > 1 => self.extend_pieces(pieces),
            _ => self.round(
                i128::from(self.amount) * i128::from(quantity.thousandths()),
                1000 * i128::from(self.per.get()),
            ),
        }
    }

    fn extend_pieces(self, pieces: NonZeroU32) -> Result<Money, UnitPriceError> {
        let per = i64::from(self.per.get());
        let (groups, rest) = (i64::from(pieces.get()) / per, i64::from(pieces.get()) % per);
        let group = self.round(i128::from(self.amount), 1)?;
        let share = self.round(i128::from(self.amount), i128::from(per))?;
        Ok(group.times_ratio(groups, 1)?.plus(share.times_ratio(rest, 1)?)?)
    }

    /// `numerator / denominator` in units of the amount, as money.
    fn round(self, numerator: i128, denominator: i128) -> Result<Money, UnitPriceError> {
        let minor_per_major = i128::from(self.currency.minor_per_major());
        let minor = numerator
            .checked_mul(minor_per_major)
            .and_then(|scaled| div_half_away(scaled, denominator * 10_i128.pow(self.scale)))
            .ok_or(MoneyError::OutOfRange)?;
        Ok(Money::new(minor, self.currency)?)
    }

    /// The price without its currency: `2.299`, `3/1.00`.
    #[must_use]
    pub fn amount_text(self) -> String {
        let amount = Decimal::new(self.amount, self.scale);
        if self.per == NonZeroU32::MIN {
            amount.to_string()
        } else {
            format!("{}/{amount}", self.per)
        }
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `2.299 USD`, `3/1.00 USD`
impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use proptest::prelude::*;

    fn price(text: &str, code: &str) -> UnitPrice {
        UnitPrice::parse(text, Currency::parse(code).unwrap()).unwrap()
    }

    #[test]
    fn extends_once_half_away() {
        for (text, code, quantity, unit, minor) in [
            ("2.299", "USD", "8.701", Unit::Gallon, 2_000),
            ("0.005", "EUR", "1", Unit::Each, 1),
            ("0.0049", "EUR", "1", Unit::Each, 0),
            ("3.99", "EUR", "0.482", Unit::Kilogram, 192),
            ("3/1.00", "USD", "1", Unit::Each, 33),
            ("3/1.00", "USD", "2", Unit::Each, 66),
            ("3/1.00", "USD", "3", Unit::Each, 100),
            ("3/1.00", "USD", "7", Unit::Each, 233),
            ("2/12.27", "USD", "2", Unit::Each, 1_227),
            ("150", "JPY", "3", Unit::Each, 450),
            ("0.1255", "KWD", "10", Unit::Each, 1_255),
        ] {
            let quantity = Quantity::parse(quantity, unit).unwrap();
            assert_eq!(
                price(text, code).extend(quantity).unwrap().minor(),
                minor,
                "{text} × {quantity}"
            );
        }
    }

    #[test]
    fn refuses_bad_text() {
        let usd = Currency::parse("USD").unwrap();
        for text in ["", "x", "1,00", "0/1.00", "-3/1.00", "1.23456", "-1", "3/"] {
            assert!(UnitPrice::parse(text, usd).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(amount in 0_i64..10_000_000, scale in 2_u32..=4, per in 1_u32..12) {
            let usd = Currency::parse("USD").unwrap();
            let price = UnitPrice::new(amount, scale, NonZeroU32::new(per).unwrap(), usd).unwrap();
            let read = UnitPrice::parse(&price.amount_text(), usd).unwrap();
            prop_assert_eq!(read.amount_text().parse::<Decimal>().ok(), price.amount_text().parse::<Decimal>().ok());
            prop_assert_eq!(read.per(), price.per());
        }

        #[test]
        fn more_never_costs_less(amount in 0_i64..100_000, per in 1_u32..12, pieces in 1_i64..500) {
            let usd = Currency::parse("USD").unwrap();
            let price = UnitPrice::new(amount, 2, NonZeroU32::new(per).unwrap(), usd).unwrap();
            let of = |pieces: i64| price.extend(Quantity::new(pieces * 1000, Unit::Each).unwrap()).unwrap().minor();
            // One unit's rounded share can exceed what the last unit of a group has left.
            prop_assert!(of(pieces + 1) + i64::from(per) >= of(pieces));
            prop_assert_eq!(of(pieces * i64::from(per)), amount * pieces);
        }
    }
}
