//! Quantities: thousandths of a unit of sale.

use std::fmt;
use std::num::NonZeroU32;

/// What an item is sold by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Pieces; whole numbers only.
    Each,
    /// Kilograms.
    Kilogram,
    /// Pounds.
    Pound,
    /// Litres.
    Litre,
    /// US gallons.
    Gallon,
    /// Metres.
    Metre,
}

impl Unit {
    /// Every unit, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Each, Self::Kilogram, Self::Pound, Self::Litre, Self::Gallon, Self::Metre];

    /// The code used in files and on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Kilogram => "kg",
            Self::Pound => "lb",
            Self::Litre => "l",
            Self::Gallon => "gal",
            Self::Metre => "m",
        }
    }

    /// Reads a unit's code.
    ///
    /// # Errors
    /// [`QuantityError::UnknownUnit`] names what it read.
    pub fn parse(code: &str) -> Result<Self, QuantityError> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.code() == code)
            .ok_or_else(|| QuantityError::UnknownUnit(code.to_owned()))
    }

    /// The most one line may hold, in thousandths: beyond it a mistyped barcode is likelier than
    /// a purchase (9,999 pieces, 1,000 of anything measured).
    #[must_use]
    pub const fn limit_thousandths(self) -> i64 {
        match self {
            Self::Each => 9_999_000,
            _ => 1_000_000,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What can go wrong with a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The unit's code is not in the list.
    #[error("`{0}` is not a unit of sale (each, kg, lb, l, gal, m)")]
    UnknownUnit(String),
    /// The text is not a decimal with at most three places.
    #[error("`{0}` is not a quantity (a number with at most three decimals)")]
    NotANumber(String),
    /// Zero or less.
    #[error("a quantity must be more than zero")]
    NotPositive,
    /// A fraction of something sold by the piece.
    #[error("{0} is not a whole number of pieces")]
    NotWhole(String),
    /// More than one line may hold.
    #[error("{quantity} {unit} is more than one line may hold ({limit} {unit})")]
    TooMuch {
        /// The quantity asked for.
        quantity: String,
        /// The most allowed.
        limit: String,
        /// The unit of both.
        unit: Unit,
    },
    /// Another unit than the goods are sold by.
    #[error("it is sold by {0}: give the quantity in {0}")]
    OtherUnit(Unit),
    /// Less of what a discount by amount was given on.
    #[error(
        "a discount by amount was given on this: add the right quantity as a new line, then void the old one"
    )]
    Discounted,
}

/// A positive quantity with its unit, within the unit's limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    thousandths: i64,
    unit: Unit,
}

impl Quantity {
    /// A quantity of `thousandths` of `unit`.
    ///
    /// # Errors
    /// When it is not positive, not whole for [`Unit::Each`], or over the unit's limit.
    pub fn new(thousandths: i64, unit: Unit) -> Result<Self, QuantityError> {
        if thousandths <= 0 {
            return Err(QuantityError::NotPositive);
        }
        if thousandths > unit.limit_thousandths() {
            return Err(QuantityError::TooMuch {
                quantity: thousandths_text(thousandths),
                limit: thousandths_text(unit.limit_thousandths()),
                unit,
            });
        }
        if unit == Unit::Each && thousandths % 1000 != 0 {
            return Err(QuantityError::NotWhole(thousandths_text(thousandths)));
        }
        Ok(Self { thousandths, unit })
    }

    /// One whole unit.
    #[must_use]
    pub const fn one(unit: Unit) -> Self {
        Self { thousandths: 1000, unit }
    }

    /// Reads a decimal such as `3` or `0.482`.
    ///
    /// # Errors
    /// As [`Quantity::new`], or when it is not a decimal with at most three places.
    pub fn parse(text: &str, unit: Unit) -> Result<Self, QuantityError> {
        Self::new(parse_thousandths(text)?, unit)
    }

    /// The quantity in thousandths of its unit.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.thousandths
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// The number of pieces, when sold by the piece.
    #[must_use]
    pub fn pieces(self) -> Option<NonZeroU32> {
        (self.unit == Unit::Each)
            .then(|| u32::try_from(self.thousandths / 1000).ok())
            .flatten()
            .and_then(NonZeroU32::new)
    }

    /// The number without its unit: `3`, `0.482`.
    #[must_use]
    pub fn amount_text(self) -> String {
        thousandths_text(self.thousandths)
    }
}

/// Reads a decimal with at most three places into thousandths; the sign is kept.
///
/// # Errors
/// [`QuantityError::NotANumber`] for anything else.
pub fn parse_thousandths(text: &str) -> Result<i64, QuantityError> {
    let refused = || QuantityError::NotANumber(text.to_owned());
    let decimal =
        rust_decimal::Decimal::from_str_exact(text.trim()).map_err(|_| refused())?.normalize();
    if decimal.scale() > 3 {
        return Err(refused());
    }
    i64::try_from(decimal.mantissa() * 10_i128.pow(3 - decimal.scale())).map_err(|_| refused())
}

/// Thousandths as a decimal without trailing zeros: `3`, `-0.482`.
#[must_use]
pub fn thousandths_text(thousandths: i64) -> String {
    rust_decimal::Decimal::new(thousandths, 3).normalize().to_string()
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `0.482 kg`
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_refuses() {
        let each = Unit::Each;
        assert_eq!(Quantity::parse("3", each).unwrap().thousandths(), 3000);
        assert_eq!(Quantity::parse("8.701", Unit::Gallon).unwrap().to_string(), "8.701 gal");
        for (text, unit, expected) in [
            ("0", each, QuantityError::NotPositive),
            ("-1", each, QuantityError::NotPositive),
            ("1.5", each, QuantityError::NotWhole("1.5".into())),
            ("1.2345", Unit::Kilogram, QuantityError::NotANumber("1.2345".into())),
            ("one", each, QuantityError::NotANumber("one".into())),
            (
                "4006381333931",
                each,
                QuantityError::TooMuch {
                    quantity: "4006381333931".into(),
                    limit: "9999".into(),
                    unit: each,
                },
            ),
        ] {
            assert_eq!(Quantity::parse(text, unit), Err(expected), "{text}");
        }
    }
}
