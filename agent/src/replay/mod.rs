//! `till replay FOLDER`: a shop's past rung through the till's own path, day by day, on an
//! injected clock and a scratch store; each day's Z is held against what the folder says.
//!
//! | module | holds |
//! | --- | --- |
//! | `folder`, `basket` | the files, as tables of `import`: what each day must show, a day of baskets |
//! | `goods` | the items, the day's price rows, the unit price that a line was sold at |
//! | `shop` | the scratch store: two files, settings, a till |
//! | `cashier`, `paying` | rings baskets and shifts, as commands to [`Till::handle`](crate::till::Till::handle) |
//! | `zed` | reads a Z's columns from the closing fact and names what differs |
//! | `dice` | seeded numbers |
//! | [`report`] | what a person or a machine sees, and the files' documentation |
//!
//! Nothing here writes a total or a fact: that is the till's. Called by the command line and by
//! tests.

mod basket;
mod cashier;
mod dice;
mod error;
mod folder;
mod goods;
mod paying;
pub mod report;
mod shop;
#[cfg(test)]
mod tests;
mod zed;

pub use error::ReplayError;
pub use zed::{DayReport, DayTotals, Difference};

use basket::{DayBaskets, DayReader};
use cashier::Cashier;
use folder::{BASKETS, Folder};
use goods::Goods;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use shop::Scratch;
use std::iter::Peekable;
use std::path::PathBuf;

/// What is replayed, and how.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// The folder with `catalog.csv`, `baskets.csv` and `days.csv`.
    pub folder: PathBuf,
    /// Where the scratch store is made and left, for a look at its journal; missing or empty.
    /// `None`: a temporary folder, in memory where the system has one, gone afterwards.
    pub keep: Option<PathBuf>,
    /// The clock on the shop's wall, by which the files' times are read.
    pub time_zone: TimeZone,
    /// Decides which notes customers hand over, and the scratch till's identity: one seed and one
    /// folder make one journal, byte for byte.
    pub seed: u64,
}

impl ReplayOptions {
    /// A replay of `folder` in UTC, in a temporary folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), keep: None, time_zone: TimeZone::UTC, seed: 0 }
    }
}

/// How far a replay is.
#[derive(Debug)]
pub enum ReplayEvent<'a> {
    /// The files were read once and hold together; ringing begins.
    Checked {
        /// Days in all.
        days: u64,
        /// Baskets in all.
        baskets: u64,
    },
    /// A basket was paid.
    Basket {
        /// Baskets so far.
        done: u64,
        /// Baskets in all.
        total: u64,
    },
    /// A day was closed and compared.
    Day(&'a DayReport),
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplaySummary {
    /// The days, in order.
    pub days: Vec<DayReport>,
    /// Baskets rung.
    pub baskets: u64,
    /// Lines rung.
    pub lines: u64,
    /// Price rows imported.
    pub price_rows: u64,
    /// Lines whose price was overridden.
    pub overrides: u64,
    /// Commands the till carried out.
    pub commands: u64,
}

impl ReplaySummary {
    /// Whether every day agrees, and there was one.
    #[must_use]
    pub fn agrees(&self) -> bool {
        !self.days.is_empty() && self.days.iter().all(|day| day.differences.is_empty())
    }
}

/// Replays a folder and compares each day. A difference is no error: it stands in the summary.
///
/// The files are read twice, so that nothing is rung when a row is wrong; of `baskets.csv` one
/// day is held in memory.
///
/// # Errors
/// [`ReplayError`]: a file that cannot be used, a store that cannot be written, or a line that
/// the till refuses.
pub fn run(
    options: &ReplayOptions,
    progress: &mut dyn FnMut(ReplayEvent<'_>),
) -> Result<ReplaySummary, ReplayError> {
    let folder = Folder::open(&options.folder)?;
    let scratch = Scratch::make(options.keep.as_deref())?;
    scratch.set_up(options, &folder, instant(folder.first(), &options.time_zone))?;
    let known = scratch.goods()?;
    let checked = check(&folder, &known)?;
    progress(ReplayEvent::Checked { days: checked.days, baskets: checked.baskets });
    let till = scratch.till(options, checked.first)?;
    let mut replay = Replay {
        folder: &folder,
        zone: &options.time_zone,
        shelf: scratch.goods()?,
        cashier: Cashier::new(till, options, folder.file(BASKETS))?,
        total: checked.baskets,
        summary: ReplaySummary::default(),
        progress,
    };
    replay.days(&known)?;
    Ok(replay.summary)
}

/// The first instant of a day, on the shop's wall.
fn instant(day: Date, zone: &TimeZone) -> Timestamp {
    commerce::price::instant_of(day.to_datetime(Time::midnight()), zone)
}

/// What the first reading found.
struct Checked {
    first: Date,
    days: u64,
    baskets: u64,
}

/// Reads every row of `baskets.csv` once; all that is wrong is named at once.
fn check(folder: &Folder, known: &Goods) -> Result<Checked, ReplayError> {
    let mut days = Days::open(folder, known)?;
    let mut checked = Checked { first: folder.first(), days: 0, baskets: 0 };
    while let Some((day, rung)) = days.next()? {
        checked.first = checked.first.min(day);
        checked.days += 1;
        checked.baskets += rung.baskets.len() as u64;
    }
    days.baskets.assert_sound()?;
    Ok(checked)
}

/// The days that either file has, in order, each with its baskets.
struct Days<'f> {
    stated: Peekable<Box<dyn Iterator<Item = Date> + 'f>>,
    baskets: DayReader<'f>,
}

impl<'f> Days<'f> {
    fn open(folder: &'f Folder, known: &'f Goods) -> Result<Self, ReplayError> {
        let stated: Box<dyn Iterator<Item = Date>> = Box::new(folder.days());
        Ok(Self {
            stated: stated.peekable(),
            baskets: DayReader::open(&folder.file(BASKETS), known)?,
        })
    }

    fn next(&mut self) -> Result<Option<(Date, DayBaskets)>, ReplayError> {
        let rung = self.baskets.next_date()?;
        let Some(day) = self.stated.peek().copied().into_iter().chain(rung).min() else {
            return Ok(None);
        };
        self.stated.next_if_eq(&day);
        Ok(Some((day, self.baskets.day(day)?)))
    }
}

/// A replay under way.
struct Replay<'r> {
    folder: &'r Folder,
    zone: &'r TimeZone,
    shelf: Goods,
    cashier: Cashier,
    total: u64,
    summary: ReplaySummary,
    progress: &'r mut dyn FnMut(ReplayEvent<'_>),
}

impl Replay<'_> {
    fn days(&mut self, known: &Goods) -> Result<(), ReplayError> {
        let mut days = Days::open(self.folder, known)?;
        while let Some((day, baskets)) = days.next()? {
            // Only if the file was changed since it was checked.
            days.baskets.assert_sound()?;
            let report = self.day(day, &baskets)?;
            (self.progress)(ReplayEvent::Day(&report));
            self.summary.days.push(report);
        }
        days.baskets.assert_sound()
    }

    fn day(&mut self, day: Date, rung: &DayBaskets) -> Result<DayReport, ReplayError> {
        let starts = instant(day, self.zone);
        let file = self.folder.file(BASKETS);
        self.summary.price_rows += self.shelf.import_prices(starts, rung, &file)?;
        self.cashier.open(day)?;
        for basket in &rung.baskets {
            let sold = self.cashier.ring(basket)?;
            self.summary.baskets += 1;
            self.summary.lines += sold.lines;
            self.summary.overrides += sold.overrides;
            (self.progress)(ReplayEvent::Basket { done: self.summary.baskets, total: self.total });
        }
        let closed = self.cashier.close(day, rung)?;
        self.summary.commands = self.cashier.commands();
        Ok(zed::compare(day, self.folder.stated(day), &closed))
    }
}
