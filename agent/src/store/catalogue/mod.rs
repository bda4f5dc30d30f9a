//! `catalogue.db`: items, barcodes, prices and their search, and the store's small sets.
//!
//! One [`Catalogue`] holds the writing connection; everything that reads goes through a
//! [`View`], on that connection or on one of the [`Readers`](super::open::Readers). Changes come
//! as a whole file through [`Load`], in one transaction. What a price row means is left to
//! `commerce::price`; the journal, carts and stock are in `till.db`.

mod load;
mod lookup;
mod records;
pub mod search;
mod sets;
#[cfg(test)]
mod tests;

pub use load::{BadRow, CHUNK_ROWS, Load, NewPrice};
pub use lookup::{View, in_store_key};
pub use records::{
    Item, ItemId, NewItem, Reason, ReasonKind, Staff, Store, parse_rounding, rounding_name,
};

use super::open::{Migration, OpenOptions, StoreError, classify, open};
use jiff::Timestamp;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// The schema of `catalogue.db`, step by step.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: include_str!("schema/v1.sql") }];

/// The catalogue's file and its writing connection.
#[derive(Debug)]
pub struct Catalogue {
    connection: Connection,
    file: PathBuf,
}

impl Catalogue {
    /// Opens the file, creating it when it is missing.
    ///
    /// # Errors
    /// As [`open`](super::open::open()).
    pub fn open(options: &OpenOptions) -> Result<Self, StoreError> {
        Ok(Self { connection: open(options, MIGRATIONS)?, file: options.path.clone() })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Changes whenever another connection has changed the file; SQLite's own counter.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|error| classify(&self.file, error))
    }

    /// Everything that can be asked of it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.connection, &self.file)
    }

    /// Writes the log back into the file and empties it: after a large import the log is as long
    /// as all that was written. Readers that are in the way only put it off.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write_back(&self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| classify(&self.file, e))
    }

    /// Begins a change: nothing is seen by anyone until [`Load::commit`], and dropping it undoes
    /// it. `now` is the instant of the import.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process is changing the file.
    pub fn load(&mut self, now: Timestamp) -> Result<Load<'_>, StoreError> {
        Load::begin(&self.connection, &self.file, now)
    }
}
