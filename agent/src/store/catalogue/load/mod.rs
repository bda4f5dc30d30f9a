//! Changing the catalogue: one transaction a file, rows in chunks, all or nothing.
//!
//! The import parses and validates what stands in a row; what only the whole catalogue can tell
//! (a key that occurs twice, a barcode of another item, an unknown SKU) is found here and comes
//! back as [`BadRow`]s. When there are any, the caller drops the [`Load`] and nothing has changed.

mod items;
mod prices;

pub(super) use prices::KEPT_MS;
pub use prices::NewPrice;

use super::indexing;
use super::records::ItemId;
use crate::store::open::{StoreError, classify};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Transaction, TransactionBehavior};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Rows handed over at once. They are written sorted by key, so that each page of an index is
/// touched once a chunk; 16,384 rows are some 4 MB.
pub const CHUNK_ROWS: usize = 16_384;

/// The page cache while a file is loaded, in KiB; given back afterwards.
const LOAD_CACHE_KIB: i64 = 16 * 1024;

/// What is wrong with one row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line in which the row begins.
    pub line: u64,
    /// The column; empty when it is the row as a whole.
    pub column: &'static str,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// A change under way; dropping it undoes everything.
#[derive(Debug)]
pub struct Load<'c> {
    transaction: Transaction<'c>,
    file: PathBuf,
    now: Timestamp,
    /// This import's number, which its price rows carry.
    batch: i64,
    /// For each item id the line that gave it; 0 is none. 4 MB a million items.
    lines: Vec<u32>,
    /// Whether there were price rows before.
    had_prices: bool,
    /// The first item whose name is not in the search index, where that is behind: names from there
    /// on are left to whoever brings it up.
    unindexed: Option<ItemId>,
    /// Barcodes taken over from items whose own row has not come yet.
    moved: u64,
    /// Words known to be in the vocabulary.
    known_words: HashSet<String>,
    /// Last, so that it is dropped after the transaction.
    cache: WideCache<'c>,
}

/// A larger page cache for as long as a load lives, whichever way it ends.
#[derive(Debug)]
struct WideCache<'c> {
    connection: &'c Connection,
    before_kib: i64,
}

impl<'c> WideCache<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let before_kib = connection.query_row("PRAGMA cache_size", [], |row| row.get(0))?;
        connection.pragma_update(None, "cache_size", -LOAD_CACHE_KIB)?;
        Ok(Self { connection, before_kib })
    }
}

impl Drop for WideCache<'_> {
    fn drop(&mut self) {
        // Can't fail on an open connection; a cache that stays large would only cost memory.
        let _ = self.connection.pragma_update(None, "cache_size", self.before_kib);
    }
}

impl<'c> Load<'c> {
    pub(super) fn begin(
        connection: &'c Connection,
        file: &Path,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let begin = || {
            let cache = WideCache::new(connection)?;
            let transaction =
                Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            transaction.execute("INSERT INTO batch(made) VALUES(?1)", [now.as_millisecond()])?;
            let batch = transaction.last_insert_rowid();
            let had_prices =
                transaction
                    .query_row("SELECT EXISTS(SELECT 1 FROM price)", [], |row| row.get(0))?;
            let unindexed = indexing::next(&transaction)?;
            if unindexed.is_some() {
                sync::store::catalogue::complete(&transaction)?;
            }
            Ok((transaction, cache, batch, had_prices, unindexed))
        };
        let (transaction, cache, batch, had_prices, unindexed) =
            begin().map_err(|e| classify(file, e))?;
        Ok(Self {
            transaction,
            file: file.to_owned(),
            now,
            batch,
            lines: Vec::new(),
            had_prices,
            unindexed,
            moved: 0,
            known_words: HashSet::new(),
            cache,
        })
    }

    /// Makes the change. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk is full or fails; then nothing has changed.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, file, cache, .. } = self;
        let done = transaction
            .execute_batch("DROP TABLE IF EXISTS temp.moved")
            .and_then(|()| transaction.commit());
        drop(cache);
        done.map_err(|e| classify(&file, e))
    }

    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        self.sql(|load| load.run(sql, params)).map(drop)
    }

    fn sql<T>(&self, act: impl FnOnce(&Self) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        act(self).map_err(|e| classify(&self.file, e))
    }

    /// Runs a cached statement; the number of rows it changed.
    fn run(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.transaction.prepare_cached(sql)?.execute(params)
    }

    fn find_item(&self, sku: &str) -> rusqlite::Result<Option<ItemId>> {
        self.transaction
            .prepare_cached("SELECT id FROM item WHERE sku = ?1")?
            .query_row([sku], |row| row.get(0).map(ItemId))
            .optional()
    }

    fn sku_of(&self, id: ItemId) -> rusqlite::Result<String> {
        self.transaction
            .prepare_cached("SELECT sku FROM item WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
    }

    /// The line that gave an item in this load; 0 when none has.
    fn line_of(&self, id: ItemId) -> u32 {
        usize::try_from(id.0).ok().and_then(|at| self.lines.get(at)).copied().unwrap_or(0)
    }

    fn remember_line(&mut self, id: ItemId, line: u64) {
        let Ok(at) = usize::try_from(id.0) else {
            return;
        };
        if self.lines.len() <= at {
            self.lines.resize(at + 1, 0);
        }
        if let Some(slot) = self.lines.get_mut(at) {
            // Only named in a message; a file of over four thousand million lines loses that.
            *slot = u32::try_from(line).unwrap_or(u32::MAX);
        }
    }
}
