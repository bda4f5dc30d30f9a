//! `till import`: reading files of master data into the catalogue, all or nothing.
//!
//! `docs/formats.md` describes the files. Reading bytes into rows is [`table`]'s work, turning a
//! row into a record that of a module a kind; what only the whole catalogue can tell is found by
//! `store::catalogue`. PINs and stock counts belong to the other file, so they are handed to the
//! caller: the command line and the API.

mod error;
mod field;
mod goods;
mod sets;
mod source;
mod stock;
pub(crate) mod table;
#[cfg(test)]
mod tests;

pub(crate) use error::Faults;
pub use error::{BadRow, BadRows, ImportError, MAX_NAMED_ROWS};
pub use sets::Pin;
pub use source::{Format, Input, Progress};
pub use stock::{CheckedStock, StockCount, check_stock};

use crate::store::catalogue::{Catalogue, Load};
use commerce::staff::StaffId;
use jiff::Timestamp;
use table::Table;

/// The most rows of a set that is replaced whole (a shop has dozens): they are held in memory.
pub const MAX_SET_ROWS: usize = 10_000;

/// What a file may hold, but for stock, which goes through [`check_stock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The store itself.
    Store,
    /// Tax classes and their taxes.
    Taxes,
    /// Ways to pay.
    Tenders,
    /// Reasons that staff can give.
    Reasons,
    /// People.
    Staff,
    /// Items.
    Catalogue,
    /// Prices.
    Prices,
}

impl Kind {
    /// Every kind, in the order in which a new store imports them.
    pub const ALL: [Self; 7] = [
        Self::Store,
        Self::Taxes,
        Self::Tenders,
        Self::Reasons,
        Self::Staff,
        Self::Catalogue,
        Self::Prices,
    ];

    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Taxes => "taxes",
            Self::Tenders => "tenders",
            Self::Reasons => "reasons",
            Self::Staff => "staff",
            Self::Catalogue => "catalogue",
            Self::Prices => "prices",
        }
    }

    const fn columns(self) -> table::Columns {
        match self {
            Self::Store => sets::STORE,
            Self::Taxes => sets::TAXES,
            Self::Tenders => sets::TENDERS,
            Self::Reasons => sets::REASONS,
            Self::Staff => sets::STAFF,
            Self::Catalogue => goods::CATALOGUE,
            Self::Prices => goods::PRICES,
        }
    }
}

/// What was taken over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows of the file.
    pub rows: u64,
    /// PINs that a staff file gave, for the caller to turn into verifiers.
    pub pins: Vec<(StaffId, Pin)>,
}

/// Imports one file in one transaction. `now` is when prices without a start begin.
///
/// # Errors
/// [`ImportError`]; then the catalogue is as it was.
pub fn import(
    kind: Kind,
    input: Input<'_>,
    catalogue: &mut Catalogue,
    now: Timestamp,
) -> Result<ImportReport, ImportError> {
    let mut table = Table::open(input, kind.columns())?;
    let settings = goods::Settings::read(kind, catalogue)?;
    let mut load = catalogue.load(now)?;
    let mut faults = Faults::default();
    let mut pins = Vec::new();
    match kind {
        Kind::Store => sets::store(&mut table, &mut load, &mut faults)?,
        Kind::Taxes => sets::taxes(&mut table, &mut load, &mut faults)?,
        Kind::Tenders => sets::tenders(&mut table, &mut load, settings.currency, &mut faults)?,
        Kind::Reasons => sets::reasons(&mut table, &mut load, &mut faults)?,
        Kind::Staff => pins = sets::staff(&mut table, &mut load, settings.currency, &mut faults)?,
        Kind::Catalogue => goods::catalogue(&mut table, &mut load, &settings, &mut faults)?,
        Kind::Prices => goods::prices(&mut table, &mut load, &settings, now, &mut faults)?,
    }
    finish(&table, load, faults)?;
    catalogue.write_back()?;
    Ok(ImportReport { rows: table.rows(), pins })
}

fn finish(table: &Table<'_>, load: Load<'_>, faults: Faults) -> Result<(), ImportError> {
    faults.into_result(table.file())?;
    if table.rows() == 0 {
        return Err(ImportError::Empty { file: table.file().to_owned() });
    }
    Ok(load.commit()?)
}
