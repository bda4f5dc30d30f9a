//! The folder that is replayed: its files, and what `days.csv` says each day must show.
//!
//! Called by the replay; the other two files are read by `goods` and `basket`.

use super::error::ReplayError;
use super::zed::DayTotals;
use crate::import::Faults;
use crate::import::table::{Columns, Refused, Row, Table, must};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files that are read here.
pub(super) const BASKETS: &str = "baskets.csv";
const DAYS: &str = "days.csv";

/// Days of a folder: held in memory with what each must show. Ten years and some.
const MAX_DAYS: usize = 4_000;
const DAY_COLUMNS: Columns = &[
    must("day"),
    must("baskets"),
    must("lines"),
    must("regular_cents"),
    must("loyalty_discount_cents"),
    must("coupon_match_cents"),
    must("net_sales_cents"),
    must("manufacturer_coupon_cents"),
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
        let file = folder.file(DAYS);
        let mut table = Table::open_some(&file, DAY_COLUMNS).map_err(ReplayError::file)?;
        let mut faults = Faults::default();
        while let Some(row) = table.next().map_err(ReplayError::file)? {
            faults.extend(row.read(|row| folder.state(row)).err().into_iter().flatten());
        }
        ReplayError::assert_none(&file, &mut faults)?;
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

    fn state(&mut self, row: &mut Row) -> Result<(), Refused> {
        let day = row.value("day", |text| {
            text.parse::<Date>().map_err(|_| format!("`{text}` is not a day such as 2017-01-31"))
        });
        let baskets = row.number("baskets");
        let lines = row.number("lines");
        let regular = row.number("regular_cents");
        let loyalty_discount = row.number("loyalty_discount_cents");
        let coupon_match = row.number("coupon_match_cents");
        let net_sales = row.number("net_sales_cents");
        let manufacturer_coupon = row.number("manufacturer_coupon_cents");
        let day = day?;
        let totals = DayTotals {
            baskets: baskets?,
            lines: lines?,
            regular: regular?,
            loyalty_discount: loyalty_discount?,
            coupon_match: coupon_match?,
            net_sales: net_sales?,
            manufacturer_coupon: manufacturer_coupon?,
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
