//! The folder that is replayed: its files, and what `days.csv` says each day must show.
//!
//! Called by the replay; the other two files are read by `goods` and `basket`.

use super::error::{Faults, ReplayError};
use super::rows::{Row, Rows};
use super::zed::DayTotals;
use crate::import::BadRow;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files that are read here.
pub(super) const BASKETS: &str = "baskets.csv";
const DAYS: &str = "days.csv";

/// Days of a folder: held in memory with what each must show. Ten years and some.
const MAX_DAYS: usize = 4_000;
const DAY_COLUMNS: [&str; 8] = [
    "day",
    "baskets",
    "lines",
    "regular_cents",
    "loyalty_discount_cents",
    "coupon_match_cents",
    "net_sales_cents",
    "manufacturer_coupon_cents",
];
/// A folder with the three files.
pub(super) struct Folder {
    path: PathBuf,
    stated: BTreeMap<Date, DayTotals>,
}

impl Folder {
    /// Reads `days.csv`.
    pub(super) fn open(path: &Path) -> Result<Self, ReplayError> {
        let mut folder = Self { path: path.to_owned(), stated: BTreeMap::new() };
        let mut rows = Rows::open(&folder.file(DAYS), &DAY_COLUMNS)?;
        let mut faults = Faults::new(rows.file());
        while let Some(row) = rows.next()? {
            match row.and_then(|row| folder.state(&row)) {
                Ok(()) => {}
                Err(bad) => faults.push(bad),
            }
        }
        faults.assert_none()?;
        match folder.stated.len() {
            0 => Err(folder.bad_days("holds no days, so there is nothing to compare with")),
            many if many > MAX_DAYS => {
                Err(folder.bad_days(&format!("holds more than {MAX_DAYS} days: replay fewer")))
            }
            _ => Ok(folder),
        }
    }

    fn bad_days(&self, reason: &str) -> ReplayError {
        ReplayError::BadFile { file: self.file(DAYS), line: 2, reason: reason.to_owned() }
    }

    fn state(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        let day = row.value("day", |text| {
            text.parse::<Date>().map_err(|_| format!("`{text}` is not a day such as 2017-01-31"))
        })?;
        let totals = DayTotals {
            baskets: row.number("baskets")?,
            lines: row.number("lines")?,
            regular: row.number("regular_cents")?,
            loyalty_discount: row.number("loyalty_discount_cents")?,
            coupon_match: row.number("coupon_match_cents")?,
            net_sales: row.number("net_sales_cents")?,
            manufacturer_coupon: row.number("manufacturer_coupon_cents")?,
        };
        // One more than fits is kept, so that the excess shows.
        if self.stated.len() <= MAX_DAYS && self.stated.insert(day, totals).is_some() {
            return Err(row.refuse("day", format!("{day} stands there twice")));
        }
        Ok(())
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What `days.csv` says of a day, if anything.
    pub(super) fn stated(&self, day: Date) -> Option<&DayTotals> {
        self.stated.get(&day)
    }

    /// The days of `days.csv`, in order.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> {
        self.stated.keys().copied()
    }

    /// The first of them.
    pub(super) fn first(&self) -> Date {
        self.days().next().unwrap_or_default()
    }
}
