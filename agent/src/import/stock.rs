//! Counted stock: validated whole, then streamed to the caller, who makes journal entries of it.
//!
//! Counts live in the journal, not in the catalogue, so "all or nothing" takes two passes: the
//! first finds every bad row and hands nothing over; the second streams. The caller commits when
//! [`CheckedStock::import`] returns `Ok` and undoes what it took otherwise.

use super::ImportReport;
use super::error::{Faults, ImportError};
use super::source::{Format, Input, Progress};
use super::table::{Columns, Refused, Row, Table, may, must};
use crate::store::catalogue::{Item, ItemId, View};
use commerce::Unit;
use commerce::quantity::parse_thousandths;
use std::collections::BTreeMap;
use std::path::Path;

const STOCK: Columns = &[must("sku"), must("quantity"), may("place")];

/// Counts handed over at once: one bulk entry of the journal.
pub const BATCH_ROWS: usize = 1_000;

/// Places of one shop. Each costs a bit an item while a file is checked.
const MAX_PLACES: usize = 64;

/// The most of one item, in thousandths: more than a thousand million is a slip of the keyboard.
const MAX_THOUSANDTHS: i64 = 1_000_000_000_000;

/// What was counted of one item at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockCount {
    /// The item.
    pub sku: String,
    /// What it is counted in.
    pub unit: Unit,
    /// How much, in thousandths of the unit; never negative.
    pub thousandths: i64,
    /// Where in the shop.
    pub place: String,
}

/// What takes the counts: up to [`BATCH_ROWS`] at a time.
pub type StockSink<'s> =
    dyn FnMut(Vec<StockCount>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + 's;

/// A stock file in which every row was found good.
pub struct CheckedStock<'i, 'v> {
    input: Input<'i>,
    view: View<'v>,
    rows: u64,
}

/// Checks a whole stock file against the catalogue, before anything is locked for writing.
///
/// # Errors
/// [`ImportError`] with the bad rows.
pub fn check_stock<'i, 'v>(
    input: Input<'i>,
    view: View<'v>,
) -> Result<CheckedStock<'i, 'v>, ImportError> {
    let Input { path, format, progress } = input;
    // Two passes count as one: the first half of the bar checks, the second hands over.
    let rows = pass(path, format, view, &mut |p| progress(half(p, 0)), &mut |_| Ok(()))?;
    Ok(CheckedStock { input: Input { path, format, progress }, view, rows })
}

impl CheckedStock<'_, '_> {
    /// Hands the counts to `sink`.
    ///
    /// # Errors
    /// [`ImportError`], also when the file has changed since it was checked; then the caller
    /// undoes what it took.
    pub fn import(self, sink: &mut StockSink<'_>) -> Result<ImportReport, ImportError> {
        let Input { path, format, progress } = self.input;
        pass(path, format, self.view, &mut |p| progress(half(p, p.total)), sink)?;
        Ok(ImportReport { rows: self.rows, pins: Vec::new() })
    }
}

const fn half(progress: Progress, done: u64) -> Progress {
    Progress { bytes: progress.bytes + done, total: progress.total * 2, rows: progress.rows }
}

fn pass(
    path: &Path,
    format: Option<Format>,
    view: View<'_>,
    progress: &mut dyn FnMut(Progress),
    sink: &mut StockSink<'_>,
) -> Result<u64, ImportError> {
    let mut table = Table::open(Input { path, format, progress }, STOCK)?;
    let (mut faults, mut seen) = (Faults::default(), Seen::default());
    let mut batch = Vec::new();
    while let Some(row) = table.next()? {
        let item = view.item_by_sku(row.get("sku"))?;
        match row.read(|row| count(row, item.as_ref(), &mut seen)) {
            Ok(count) => batch.push(count),
            Err(bad) => faults.extend(bad),
        }
        if batch.len() == BATCH_ROWS {
            sink(std::mem::take(&mut batch)).map_err(ImportError::Sink)?;
        }
    }
    faults.into_result(path)?;
    if table.rows() == 0 {
        return Err(ImportError::Empty { file: path.to_owned() });
    }
    if !batch.is_empty() {
        sink(batch).map_err(ImportError::Sink)?;
    }
    Ok(table.rows())
}

/// `item` is the one that the row names, if there is one.
fn count(row: &mut Row, item: Option<&Item>, seen: &mut Seen) -> Result<StockCount, Refused> {
    let item = match (row.text("sku", 24), item) {
        (Ok(_), Some(item)) => Ok(item),
        (Ok(sku), None) => {
            Err(row.refuse("sku", format!("no item `{sku}`: import the catalogue first")))
        }
        (Err(refused), _) => Err(refused),
    };
    let thousandths = row.value("quantity", |text| quantity(text, item.ok()));
    let place = row.optional_text("place", 24);
    let (item, thousandths, mut place) = (item?, thousandths?, place?);
    if place.is_empty() {
        "shop".clone_into(&mut place);
    }
    seen.mark(&place, item.id).map_err(|reason| row.refuse("place", reason))?;
    Ok(StockCount { sku: item.sku.clone(), unit: item.unit, thousandths, place })
}

fn quantity(text: &str, item: Option<&Item>) -> Result<i64, String> {
    let thousandths = parse_thousandths(text).map_err(|error| error.to_string())?;
    if !(0..=MAX_THOUSANDTHS).contains(&thousandths) {
        return Err(format!("`{text}` is below zero or more than a shop can hold"));
    }
    match item {
        Some(item) if item.unit == Unit::Each && thousandths % 1_000 != 0 => {
            Err(format!("`{}` is counted in whole pieces", item.sku))
        }
        _ => Ok(thousandths),
    }
}

/// Which item was counted where, a bit each: 125 KB a place and million items.
#[derive(Debug, Default)]
struct Seen(BTreeMap<String, Vec<u64>>);

impl Seen {
    fn mark(&mut self, place: &str, item: ItemId) -> Result<(), String> {
        if !self.0.contains_key(place) && self.0.len() == MAX_PLACES {
            return Err(format!("is one more than {MAX_PLACES} places"));
        }
        let bits = self.0.entry(place.to_owned()).or_default();
        let (word, bit) = (item.index() / 64, item.index() % 64);
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        match bits.get_mut(word) {
            Some(word) if *word & (1 << bit) == 0 => {
                *word |= 1 << bit;
                Ok(())
            }
            _ => Err("this item was already counted there in this file".to_owned()),
        }
    }
}
