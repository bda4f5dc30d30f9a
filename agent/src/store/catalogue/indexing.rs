//! The search index written: beside an import, and behind a snapshot, which brings none, nor the index
//! from items to their codes.
//!
//! After a snapshot the till sells at once, and the index follows some thousand items at a time: an
//! [`Indexer`] has a connection of its own, and no lock that a sale waits for. Names that an import
//! writes meanwhile are left to it. Called by the loads, by the runtime's own thread and by the
//! command line.

use super::MIGRATIONS;
use super::lookup::View;
use super::records::ItemId;
use super::search::index::{rank, words};
use crate::store::open::{OpenOptions, Place, StoreError, classify, open};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use std::collections::HashSet;

/// Items indexed in one transaction: some ten milliseconds, and few enough segments of the index.
const STEP_ITEMS: u32 = 8_192;

/// Words remembered as already in the vocabulary, some 4 MB; then the memory starts afresh.
const WORDS_REMEMBERED: usize = 65_536;

/// How far an index is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// Items whose names can be found.
    pub indexed: u64,
    /// Items there are.
    pub items: u64,
}

impl View<'_> {
    /// How far the search index is behind the items; `None` when every name can be found.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn behind(&self) -> Result<Option<Behind>, StoreError> {
        let Some(next) = next(self.connection).map_err(|e| classify(self.file, e))? else {
            return Ok(None);
        };
        let indexed = u64::from(next.0.saturating_sub(1));
        Ok(Some(Behind { indexed, items: self.item_count()?.max(indexed) }))
    }
}

/// Brings an index up, a step at a time.
#[derive(Debug)]
pub struct Indexer {
    connection: Connection,
    options: OpenOptions,
    place: Option<Place>,
    known_words: HashSet<String>,
}

impl Indexer {
    /// An indexer of a catalogue.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(options: &OpenOptions) -> Result<Self, StoreError> {
        let place = Place::of(&options.path);
        let connection = open(options, MIGRATIONS)?;
        let place = place.or_else(|| Place::of(&options.path));
        Ok(Self { connection, options: options.clone(), place, known_words: HashSet::new() })
    }

    /// Indexes some more items, of whatever file has the name now; false when there is nothing
    /// left to do.
    ///
    /// # Errors
    /// When the file cannot be written; then nothing of this step was.
    pub fn step(&mut self) -> Result<bool, StoreError> {
        if Place::has_left(self.place, &self.options.path) {
            *self = Self::open(&self.options)?;
        }
        // Looked at without a lock: mostly there is nothing to do.
        let file = &self.options.path;
        if next(&self.connection).map_err(|e| classify(file, e))?.is_none() {
            self.known_words = HashSet::new();
            return Ok(false);
        }
        let done = step(&mut self.connection, &mut self.known_words);
        if done.is_err() {
            // What was to be written is undone, so the words of it may be unknown.
            self.known_words.clear();
        }
        done.map_err(|e| classify(file, e))
    }
}

/// The first item whose name is not indexed; `None` when all are.
pub(super) fn next(connection: &Connection) -> rusqlite::Result<Option<ItemId>> {
    connection
        .prepare_cached("SELECT next FROM indexing")?
        .query_row([], |row| row.get(0).map(ItemId))
        .optional()
}

fn step(connection: &mut Connection, known: &mut HashSet<String>) -> rusqlite::Result<bool> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(ItemId(first)) = next(&tx)? else { return Ok(false) };
    sync::store::catalogue::complete(&tx)?;
    let mut rows = Vec::new();
    let mut last = None;
    {
        let mut statement =
            tx.prepare_cached("SELECT id, name FROM item WHERE id >= ?1 ORDER BY id LIMIT ?2")?;
        let mut found = statement.query((first, STEP_ITEMS))?;
        while let Some(row) = found.next()? {
            let (id, name) = (ItemId(row.get(0)?), row.get_ref(1)?.as_str()?);
            let words = words(name);
            rows.push((rank(&words, id), words));
            last = Some(id);
        }
    }
    write(&tx, rows, known)?;
    match last.and_then(|ItemId(last)| last.checked_add(1)) {
        Some(next) => tx.execute("UPDATE indexing SET next = ?1", [next])?,
        None => tx.execute("DELETE FROM indexing", [])?,
    };
    tx.commit()?;
    Ok(last.is_some())
}

/// Writes names into the index, each as its rank and its words.
pub(super) fn write(
    tx: &Transaction<'_>,
    mut rows: Vec<(i64, Vec<String>)>,
    known: &mut HashSet<String>,
) -> rusqlite::Result<()> {
    // Out of order, FTS5 would write out its buffer at every step back.
    rows.sort_unstable_by_key(|(rank, _)| *rank);
    for (rank, words) in rows {
        tx.prepare_cached("INSERT INTO search(rowid, words) VALUES(?1, ?2)")?
            .execute((rank, words.join(" ")))?;
        for word in words {
            write_word(tx, word, known)?;
        }
    }
    Ok(())
}

fn write_word(
    tx: &Transaction<'_>,
    word: String,
    known: &mut HashSet<String>,
) -> rusqlite::Result<()> {
    if known.contains(&word) {
        return Ok(());
    }
    tx.prepare_cached("INSERT INTO word(text) VALUES(?1) ON CONFLICT DO NOTHING")?
        .execute([&word])?;
    if known.len() >= WORDS_REMEMBERED {
        known.clear();
    }
    known.insert(word);
    Ok(())
}
