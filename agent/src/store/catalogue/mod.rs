//! `catalogue.db`: items, barcodes, prices and their search, and the store's small sets.
//!
//! Everything that reads goes through a [`View`], on the connection of a [`Catalogue`] or on one of
//! the [`Readers`](super::open::Readers). Changes come as a whole file through [`Load`], in one
//! transaction, or from the hub through [`Downstream`], over a connection of its own. What a price
//! row means is left to `commerce::price`, which pushes count to `sync::store::prices`; the journal,
//! carts and stock are in `till.db`.

pub mod downstream;
mod indexing;
mod load;
mod lookup;
mod records;
pub mod search;
mod sets;
pub mod snapshot;
#[cfg(test)]
mod tests;

pub use downstream::Downstream;
pub use indexing::{Behind, Indexer};
pub use load::{BadRow, CHUNK_ROWS, Load, NewPrice};
pub use lookup::{View, in_store_key};
pub use records::{
    Item, ItemId, NewItem, Reason, ReasonKind, Staff, Store, parse_rounding, rounding_name,
};

pub use sync::store::prices::Standing;

use super::open::{Migration, OpenOptions, Place, StoreError, classify, open};
use jiff::Timestamp;
use rusqlite::Connection;
use std::path::Path;
use sync::store::catalogue::CATALOGUE_SCHEMA;
use sync::store::prices::PricesError;

/// The schema of `catalogue.db`, step by step, as hubs have it too.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: CATALOGUE_SCHEMA[0] },
    Migration { version: 2, sql: CATALOGUE_SCHEMA[1] },
    Migration { version: 3, sql: CATALOGUE_SCHEMA[2] },
    Migration { version: 4, sql: CATALOGUE_SCHEMA[3] },
    Migration { version: 5, sql: CATALOGUE_SCHEMA[4] },
    Migration { version: 6, sql: CATALOGUE_SCHEMA[5] },
    Migration { version: 7, sql: CATALOGUE_SCHEMA[6] },
];

/// The catalogue's file, a connection that imports write and the till reads through, and which
/// pushes count there.
#[derive(Debug)]
pub struct Catalogue {
    connection: Connection,
    options: OpenOptions,
    place: Option<Place>,
    seen: Seen,
}

/// Which settings a catalogue holds: those of an import and of the hub's, in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    place: Option<Place>,
    /// The number of the last import.
    import: i64,
    /// How often the hub's settings changed.
    hubs: i64,
}

/// What was known of the file when it was looked at last.
#[derive(Debug)]
struct Seen {
    /// SQLite's counter of changes by other connections.
    version: i64,
    /// The number of the last import.
    imports: i64,
    /// How often the hub's settings changed.
    hubs: i64,
    standing: Standing,
}

impl Seen {
    fn look(connection: &Connection, file: &Path) -> Result<Self, StoreError> {
        // The counter first: what changes after it is noticed the next time.
        let version = data_version(connection, file)?;
        let count = |sql| {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .map_err(|error| classify(file, error))
        };
        let imports = count("SELECT coalesce(max(id), 0) FROM batch")?;
        let hubs = count("SELECT coalesce(max(change), 0) FROM setting")?;
        Ok(Self { version, imports, hubs, standing: standing(connection, file)? })
    }
}

/// Which pushes count in a catalogue, for a [`View`] on a connection to it.
///
/// # Errors
/// When the file cannot be read.
pub fn standing(connection: &Connection, file: &Path) -> Result<Standing, StoreError> {
    Standing::load(connection).map_err(|error| prices_error(file, error))
}

/// Names the file in what the tables of prices refuse.
fn prices_error(file: &Path, error: PricesError) -> StoreError {
    match error {
        PricesError::Database(error) => classify(file, error),
        other => StoreError::Corrupt { file: file.to_owned(), detail: other.to_string() },
    }
}

fn data_version(connection: &Connection, file: &Path) -> Result<i64, StoreError> {
    connection
        .prepare_cached("PRAGMA data_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(|error| classify(file, error))
}

impl Catalogue {
    /// Opens the file, creating it when it is missing.
    ///
    /// # Errors
    /// As [`open`](super::open::open()).
    pub fn open(options: &OpenOptions) -> Result<Self, StoreError> {
        let place = Place::of(&options.path);
        let connection = open(options, MIGRATIONS)?;
        let place = place.or_else(|| Place::of(&options.path));
        let seen = Seen::look(&connection, &options.path)?;
        Ok(Self { connection, options: options.clone(), place, seen })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.options.path
    }

    /// Takes note of what others changed since it was looked at last: pushes that came or count,
    /// imports, a snapshot that took the file's place. What it costs while nothing changed is a
    /// counter and a look at the folder.
    ///
    /// # Errors
    /// When the file cannot be read; then what was known before stands.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        if Place::has_left(self.place, self.file()) {
            *self = Self::open(&self.options)?;
        } else if data_version(&self.connection, self.file())? != self.seen.version {
            self.seen = Seen::look(&self.connection, self.file())?;
        }
        Ok(())
    }

    /// Which settings there are, as of the last [`Catalogue::refresh`]: those that were loaded of
    /// another edition are not the ones of now.
    #[must_use]
    pub const fn edition(&self) -> Edition {
        Edition { place: self.place, import: self.seen.imports, hubs: self.seen.hubs }
    }

    /// Everything that can be asked of it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.connection, self.file(), &self.seen.standing)
    }

    /// Writes the log back into the file and empties it: after a large import the log is as long
    /// as all that was written. Readers that are in the way only put it off.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write_back(&self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| classify(self.file(), e))
    }

    /// Begins a change: nothing is seen by anyone until [`Load::commit`], and dropping it undoes
    /// it. `now` is the instant of the import.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process is changing the file, or replaced it just now.
    pub fn load(&mut self, now: Timestamp) -> Result<Load<'_>, StoreError> {
        self.refresh()?;
        let load = Load::begin(&self.connection, self.file(), now)?;
        // Nobody replaces it while it is being written to; what was replaced before is written to
        // in vain.
        if Place::has_left(self.place, self.file()) {
            return Err(StoreError::Busy { file: self.file().to_owned() });
        }
        Ok(load)
    }
}
