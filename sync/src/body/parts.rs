//! What the bodies of all facts share: bounded texts and lists, numbered choices, amounts in the
//! one currency of a fact, staff and barcodes.
//!
//! Instants, days, stamps and receipt numbers are [`super::stamp`]'s. Facts themselves have their
//! own modules, which call this one.

use super::BodyError;
use commerce::code::Gtin;
use commerce::staff::StaffId;
use commerce::{Currency, Money};

/// The longest text in bytes: names, numbers and reasons. Imports refuse longer ones.
pub const MAX_TEXT_BYTES: usize = 200;

/// Checks a text against its bound.
pub(crate) fn text<'a>(what: &'static str, text: &'a str) -> Result<&'a str, BodyError> {
    length(what, text.len(), MAX_TEXT_BYTES)?;
    Ok(text)
}

/// Reads a text.
pub(crate) fn owned(what: &'static str, read: &str) -> Result<String, BodyError> {
    text(what, read).map(str::to_owned)
}

/// Checks a text that may be missing.
pub(crate) fn maybe_text<'a>(
    what: &'static str,
    maybe: Option<&'a str>,
) -> Result<Option<&'a str>, BodyError> {
    maybe.map(|present| text(what, present)).transpose()
}

/// Reads a text that may be missing.
pub(crate) fn maybe_owned(
    what: &'static str,
    maybe: Option<&str>,
) -> Result<Option<String>, BodyError> {
    Ok(maybe_text(what, maybe)?.map(str::to_owned))
}

/// Checks a length against its bound.
pub(crate) const fn length(
    what: &'static str,
    length: usize,
    most: usize,
) -> Result<(), BodyError> {
    if length > most {
        return Err(BodyError::TooLong { what, length, most });
    }
    Ok(())
}

/// Converts each item of a list of at most `most`.
pub(crate) fn list<T, U>(
    what: &'static str,
    most: usize,
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    convert: impl FnMut(T) -> Result<U, BodyError>,
) -> Result<Vec<U>, BodyError> {
    let items = items.into_iter();
    length(what, items.len(), most)?;
    items.map(convert).collect()
}

/// A choice that stands in bodies as a number. Numbers are never changed or given again.
pub(crate) trait Numbered: Copy + Sized {
    /// What it is, for errors.
    const WHAT: &'static str;
    /// Its number.
    fn number(self) -> u8;
    /// The choice with this number.
    fn with_number(number: u8) -> Option<Self>;
    /// The choice with this number, or the error that names it.
    fn read(number: u8) -> Result<Self, BodyError> {
        let what = Self::WHAT;
        Self::with_number(number).ok_or(BodyError::UnknownNumber { what, number })
    }
}

/// Gives each variant its number once, for both directions.
macro_rules! numbered {
    ($type:ty, $what:literal, { $($variant:ident = $number:literal),+ $(,)? }) => {
        impl $crate::body::parts::Numbered for $type {
            const WHAT: &'static str = $what;
            fn number(self) -> u8 {
                match self { $(Self::$variant => $number),+ }
            }
            fn with_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use numbered;

/// The one currency of a fact, and amounts in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts(pub(crate) Currency);

impl Amounts {
    /// The currency named by its code.
    pub(crate) fn parse(code: &str) -> Result<Self, BodyError> {
        Ok(Self(Currency::parse(code)?))
    }

    /// An amount's minor units.
    pub(crate) fn minor(self, what: &'static str, amount: Money) -> Result<i64, BodyError> {
        self.same(what, amount.currency())?;
        Ok(amount.minor())
    }

    /// An amount of these minor units.
    pub(crate) fn money(self, minor: i64) -> Result<Money, BodyError> {
        Ok(Money::new(minor, self.0)?)
    }

    /// Refuses another currency.
    pub(crate) fn same(self, what: &'static str, found: Currency) -> Result<(), BodyError> {
        let expected = self.0;
        if found == expected {
            return Ok(());
        }
        Err(BodyError::Currency { what, expected, found })
    }
}

/// Refuses an amount that is not what it is made of.
pub(crate) fn agrees(what: &'static str, stated: Money, derived: Money) -> Result<(), BodyError> {
    if stated == derived {
        return Ok(());
    }
    let (stated, derived) = (stated.minor(), derived.minor());
    Err(BodyError::Differs { what, stated, derived })
}

/// The number after `number`, which itself is `least` or more: lines rise, and none stands twice.
pub(crate) fn after(number: u32, least: u32) -> Result<u32, BodyError> {
    let next = number.checked_add(1).filter(|_| number >= least);
    next.ok_or_else(|| value("the number of a line", &format!("{number} is not {least} or more")))
}

/// Reads a staff number.
pub(crate) fn staff(digits: &str) -> Result<StaffId, BodyError> {
    StaffId::parse(digits).map_err(|error| value("a staff number", &error))
}

/// Reads a staff number that may be missing.
pub(crate) fn maybe_staff(digits: Option<&str>) -> Result<Option<StaffId>, BodyError> {
    digits.map(staff).transpose()
}

/// Reads a barcode that may be missing.
pub(crate) fn maybe_gtin(number: Option<u64>) -> Result<Option<Gtin>, BodyError> {
    number
        .map(|number| Gtin::from_u64(number).map_err(|error| value("a barcode", &error)))
        .transpose()
}

/// A value that its type refused.
pub(crate) fn value(what: &'static str, why: &impl ToString) -> BodyError {
    let why = why.to_string();
    BodyError::Value { what, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_name_their_subject() {
        let longest = "ß".repeat(MAX_TEXT_BYTES / 2);
        assert_eq!(text("a name", &longest), Ok(longest.as_str()));
        let (length, most) = (MAX_TEXT_BYTES + 1, MAX_TEXT_BYTES);
        assert_eq!(
            owned("a name", &format!("{longest}.")),
            Err(BodyError::TooLong { what: "a name", length, most })
        );
        let (length, most) = (3, 2);
        assert_eq!(
            list("lines", 2, [1, 2, 3], Ok),
            Err(BodyError::TooLong { what: "lines", length, most })
        );
    }
}
