//! Dates as GS1 codes write them: two digits each of year, month and day.

use jiff::civil::Date;

/// A date without its century; the day may be left open.
///
/// Which century is meant depends on the day it is read, so the till resolves it with the store's
/// date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortDate {
    year: i16,
    month: i8,
    /// 0 for the last day of the month.
    day: i8,
}

impl ShortDate {
    /// Reads `YYMMDD`; day 00 is the last of the month. `None` when there is no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 6 || !super::is_digits(text) {
            return None;
        }
        let year = text.get(..2)?.parse().ok()?;
        let (month, day) = (text.get(2..4)?.parse().ok()?, text.get(4..)?.parse().ok()?);
        // 2000 is a leap year as every fourth year of a century of interest, so it can stand for
        // any century here.
        Date::new(2000 + year, month, if day == 0 { 1 } else { day }).ok()?;
        Some(Self { year, month, day })
    }

    /// The date meant on the day `today`: from 49 years back to 50 years ahead.
    #[must_use]
    pub fn resolve(self, today: Date) -> Date {
        let century = today.year() - today.year().rem_euclid(100);
        let year = century
            + match self.year - today.year().rem_euclid(100) {
                51.. => self.year - 100,
                ..=-50 => self.year + 100,
                _ => self.year,
            };
        // Out of the calendar only when `today` is; a date that never comes is the harmless one.
        let Ok(first) = Date::new(year, self.month, 1) else {
            return Date::MAX;
        };
        let last = first.last_of_month();
        // The 29th of February of a year such as 2100 falls back to the last day.
        if self.day == 0 { last } else { Date::new(year, self.month, self.day).unwrap_or(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_century_is_the_nearest() {
        for (text, today, expected) in [
            ("260131", date(2026, 3, 1), date(2026, 1, 31)),
            ("260200", date(2026, 3, 1), date(2026, 2, 28)),
            ("280200", date(2026, 3, 1), date(2028, 2, 29)),
            ("760601", date(2026, 3, 1), date(2076, 6, 1)),
            ("770601", date(2026, 3, 1), date(1977, 6, 1)),
            ("000101", date(2051, 3, 1), date(2100, 1, 1)),
            ("020101", date(2051, 3, 1), date(2002, 1, 1)),
            ("990101", date(2000, 3, 1), date(1999, 1, 1)),
            ("000229", date(2099, 3, 1), date(2100, 2, 28)),
            ("500101", date(2099, 3, 1), date(2050, 1, 1)),
            ("490101", date(2099, 3, 1), date(2149, 1, 1)),
        ] {
            let short = ShortDate::parse(text).unwrap();
            assert_eq!(short.resolve(today), expected, "{text} on {today}");
        }
        assert_eq!(ShortDate::parse("000101").unwrap().resolve(date(9999, 1, 1)), Date::MAX);
    }

    #[test]
    fn refuses_days_that_never_are() {
        for text in ["261301", "260001", "260132", "260230", "250229", "26013", "2601311", "26013x"]
        {
            assert_eq!(ShortDate::parse(text), None, "{text}");
        }
        assert!(ShortDate::parse("240229").is_some());
    }
}
