//! When, by whom, on which receipt: instants, days, stamps and receipt numbers, which nearly every
//! body opens with.

use super::BodyError;
use super::parts::{owned, staff, text, value};
use commerce::sale::{ReceiptNumber, Stamp};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use minicbor::{Decode, Encode};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// A receipt's number.
#[derive(Encode, Decode)]
pub(crate) struct ReceiptWire<'a> {
    #[b(0)]
    store: &'a str,
    #[n(1)]
    till: u16,
    #[n(2)]
    series: u32,
    #[n(3)]
    number: u32,
}

impl<'a> ReceiptWire<'a> {
    pub(crate) fn of(receipt: &'a ReceiptNumber) -> Result<Self, BodyError> {
        Ok(Self {
            store: text("the store's id", &receipt.store)?,
            till: receipt.till,
            series: receipt.series,
            number: receipt.number,
        })
    }

    pub(crate) fn read(self) -> Result<ReceiptNumber, BodyError> {
        Ok(ReceiptNumber {
            store: owned("the store's id", self.store)?,
            till: self.till,
            series: self.series,
            number: self.number,
        })
    }
}

/// When, in which shift, by whom.
#[derive(Encode, Decode)]
pub(crate) struct StampWire<'a> {
    #[n(0)]
    at: i64,
    #[n(1)]
    shift: u32,
    #[b(2)]
    by: &'a str,
}

impl<'a> StampWire<'a> {
    pub(crate) fn of(stamp: &'a Stamp) -> Result<Self, BodyError> {
        let (at, shift, by) = (millis(stamp.at)?, stamp.shift, stamp.by.as_str());
        Ok(Self { at, shift, by })
    }

    pub(crate) fn read(self) -> Result<Stamp, BodyError> {
        let (at, shift, by) = (instant(self.at)?, self.shift, staff(self.by)?);
        Ok(Stamp { at, shift, by })
    }
}

/// An instant in milliseconds since 1970.
pub(crate) fn millis(at: Timestamp) -> Result<i64, BodyError> {
    let millis = at.as_millisecond();
    if instant(millis)? == at { Ok(millis) } else { Err(BodyError::SubMillisecond(at)) }
}

/// The instant of these milliseconds since 1970.
pub(crate) fn instant(millis: i64) -> Result<Timestamp, BodyError> {
    Timestamp::from_millisecond(millis).map_err(|error| value("an instant", &error))
}

/// A day in days since 1970-01-01.
pub(crate) fn days(day: Date) -> Result<i32, BodyError> {
    let span = day - EPOCH;
    Ok(span.get_days())
}

/// The day of these days since 1970-01-01.
pub(crate) fn day(days: i32) -> Result<Date, BodyError> {
    Span::new()
        .try_days(days)
        .and_then(|span| EPOCH.checked_add(span))
        .map_err(|error| value("a business day", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_kept_to_the_millisecond_or_refused() {
        for text in ["2026-11-22T13:20:19.123Z", "1969-12-31T23:59:59.999Z", "9999-12-30T00:00:00Z"]
        {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(instant(millis(at).unwrap()), Ok(at));
        }
        for text in ["2026-11-22T13:20:19.1234Z", "1969-12-31T23:59:59.999999999Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(millis(at), Err(BodyError::SubMillisecond(at)));
        }
        assert!(matches!(instant(i64::MAX), Err(BodyError::Value { what: "an instant", .. })));
    }

    #[test]
    fn days_count_from_1970() {
        for (text, expected) in [("1970-01-01", 0), ("1969-12-31", -1), ("2026-11-22", 20_779)] {
            let date: Date = text.parse().unwrap();
            assert_eq!(days(date), Ok(expected), "{text}");
            assert_eq!(day(expected), Ok(date));
        }
        for absurd in [i32::MIN, i32::MAX, 4_000_000] {
            assert!(day(absurd).is_err(), "{absurd}");
        }
    }
}
