//! Looking into `till.db` without writing: one read transaction, so that all answers are of one
//! moment, whether a till is running or not.
//!
//! Called by `crate::upkeep` (verify, export, backup, doctor). What facts mean is left to it.

use super::error::{Result, TillStoreError};
use super::{Job, MIGRATIONS, Payment, Pin, SoldTwice, fold, jobs, payments, pins, read};
use crate::store::open::{OpenOptions, StoreError, classify, open};
use commerce::Currency;
use commerce::sale::ReceiptNumber;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::{Path, PathBuf};
use sync::clock::Hlc;
use sync::log::{Hash, ReplicaId, StreamKind, entry_hash};
use sync::store::{Fault, Mark, Stored, Stream, Verified};

/// Entries read at a time, to bound memory.
const BATCH: usize = 256;

/// An open look into `till.db`.
pub struct Inspection {
    connection: Connection,
    file: PathBuf,
}

/// One incarnation's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalStream {
    /// The stream.
    pub stream: Stream,
    /// Its receipt series, where it is a journal that opened one.
    pub series: Option<u32>,
    /// The last sequence.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: Hash,
    /// The last entry's clock.
    pub clock: Hlc,
}

/// Whose till it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The store's id.
    pub store: String,
    /// The till's number.
    pub till: u16,
    /// The last receipt series.
    pub series: u32,
}

impl Inspection {
    /// Looks into the till's own file.
    ///
    /// # Errors
    /// As [`open`]; the file is never made or migrated.
    pub fn open(file: &Path) -> Result<Self> {
        let connection = open(&OpenOptions::new(file).read_only(), MIGRATIONS)?;
        Self::begin(connection, file)
    }

    /// Looks into a copy made by a backup, which has no write-ahead log and may have an older
    /// schema.
    ///
    /// # Errors
    /// When it cannot be opened, or a newer Till wrote it.
    pub fn of_copy(file: &Path) -> Result<Self> {
        let named = |error| TillStoreError::File(classify(file, error));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(named)?;
        let found: u32 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(named)?;
        let ours = MIGRATIONS.last().map_or(0, |last| last.version);
        if found > ours {
            let file = file.to_owned();
            return Err(StoreError::NewerVersion { file, found, ours }.into());
        }
        Self::begin(connection, file)
    }

    fn begin(connection: Connection, file: &Path) -> Result<Self> {
        let looking = Self { connection, file: file.to_owned() };
        // The first statement fixes the moment; all later ones see the same.
        looking
            .connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")
            .map_err(|error| looking.named(error))?;
        Ok(looking)
    }

    fn named(&self, error: impl Into<TillStoreError>) -> TillStoreError {
        error.into().at(&self.file)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The papers kept, issuers before those they sign for; none in a file that knew no papers yet.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn papers(&self) -> Result<Vec<Vec<u8>>> {
        let knows = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'paper'";
        let found: u32 = self
            .connection
            .query_row(knows, [], |row| row.get(0))
            .map_err(|error| self.named(error))?;
        if found == 0 {
            return Ok(Vec::new());
        }
        sync::store::papers(&self.connection).map_err(|error| self.named(error))
    }

    /// This till's journals, in the order they were made.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn streams(&self) -> Result<Vec<JournalStream>> {
        let streams = sync::store::streams(&self.connection).map_err(|e| self.named(e))?;
        let journals = streams.into_iter().filter(|stream| stream.id().kind == StreamKind::Journal);
        journals.map(|stream| self.stream(stream)).collect()
    }

    /// The workspace streams here, this till's and its siblings'.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn workspaces(&self) -> Result<Vec<Stream>> {
        let mut streams = sync::store::streams(&self.connection).map_err(|e| self.named(e))?;
        streams.extend(sync::store::peer_streams(&self.connection).map_err(|e| self.named(e))?);
        streams.retain(|stream| stream.id().kind == StreamKind::Workspace);
        Ok(streams)
    }

    /// Carts that more than one till sold.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn sold_twice(&self) -> Result<Vec<SoldTwice>> {
        read::sold_twice(&self.connection).map_err(|error| self.named(error))
    }

    fn stream(&self, stream: Stream) -> Result<JournalStream> {
        let head = sync::store::head(&self.connection, &stream).map_err(|e| self.named(e))?;
        let series = self
            .connection
            .prepare_cached("SELECT series FROM series WHERE replica = ?1")
            .and_then(|mut sql| {
                sql.query_row(params![stream.id().replica.0], |row| row.get(0)).optional()
            })
            .map_err(|error| self.named(error))?;
        let series = series.filter(|_| stream.id().kind == StreamKind::Journal);
        Ok(JournalStream { stream, series, seq: head.seq, hash: head.hash, clock: head.clock })
    }

    /// Verifies a whole stream, and that it contains `seen`.
    ///
    /// # Errors
    /// The first fault.
    pub fn verify(
        &self,
        stream: &Stream,
        seen: Option<Mark>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> std::result::Result<Verified, Fault> {
        sync::store::verify(&self.connection, stream, seen, progress)
    }

    /// The last entry of a stream that was written here; what comes after it a peer gave back, once the
    /// database had been put back.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn written_here(&self, stream: &Stream) -> std::result::Result<u64, TillStoreError> {
        super::peers::written_here(&self.connection, stream)
    }

    /// Verifies the last `at_most` entries of a stream only: that each follows from the one
    /// before, that its seal is good, and that the head row is the last.
    ///
    /// # Errors
    /// The first fault.
    pub fn verify_tail(&self, of: &JournalStream, at_most: u64) -> std::result::Result<u64, Fault> {
        let stream = of.stream.id();
        let first = of.seq.saturating_sub(at_most) + 1;
        let (mut next, mut last) = (first, None);
        loop {
            let found = sync::store::read(&self.connection, &of.stream, next, BATCH)
                .map_err(|source| Fault::Unreadable { stream, after: next - 1, source })?;
            let Some(end) = found.last() else { break };
            (next, last) = (end.entry.seq + 1, Some((end.hash, end.entry.clock)));
            for stored in &found {
                check_entry(&of.stream, stored)?;
            }
        }
        if next <= of.seq {
            return Err(Fault::HeadLong { stream, head: of.seq, last: next - 1 });
        }
        if last.is_some_and(|(hash, clock)| hash != of.hash || clock != of.clock) {
            return Err(Fault::HeadRow { stream, seq: of.seq });
        }
        Ok(next - first)
    }

    /// The hash at a replica's sequence; `None` when it is not here.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn hash_at(&self, replica: ReplicaId, seq: u64) -> Result<Option<Hash>> {
        sync::store::hash_at(&self.connection, replica, StreamKind::Journal, seq)
            .map_err(|error| self.named(error))
    }

    /// Gives every entry of a stream from `first` on, in order, in the memory of one portion.
    ///
    /// # Errors
    /// When an entry cannot be read, or what `each` returns.
    pub fn for_each<E: From<TillStoreError>>(
        &self,
        stream: &Stream,
        first: u64,
        each: &mut dyn FnMut(Stored) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut next = first.max(1);
        loop {
            let portion = sync::store::read(&self.connection, stream, next, BATCH)
                .map_err(|error| self.named(error))?;
            let Some(last) = portion.last() else { return Ok(()) };
            next = last.entry.seq + 1;
            portion.into_iter().try_for_each(&mut *each)?;
        }
    }

    /// Whose till it is; none before the first start.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn owner(&self) -> Result<Option<Owner>> {
        self.connection
            .query_row(
                "SELECT store, till, series FROM series ORDER BY series DESC LIMIT 1",
                [],
                |row| Ok(Owner { store: row.get(0)?, till: row.get(1)?, series: row.get(2)? }),
            )
            .optional()
            .map_err(|error| self.named(error))
    }

    /// The last receipt of the last series that printed any.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn last_receipt(&self) -> Result<Option<ReceiptNumber>> {
        self.connection
            .query_row(
                "SELECT series.store, series.till, receipt.series, receipt.number
                 FROM receipt JOIN series ON series.series = receipt.series
                 ORDER BY receipt.series DESC, receipt.number DESC LIMIT 1",
                [],
                |row| {
                    Ok(ReceiptNumber {
                        store: row.get(0)?,
                        till: row.get(1)?,
                        series: row.get(2)?,
                        number: row.get(3)?,
                    })
                },
            )
            .optional()
            .map_err(|error| self.named(error))
    }

    /// The shifts that count for a trading day (`2026-11-22`), in order.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn shifts_of(&self, day: jiff::civil::Date) -> Result<Vec<u32>> {
        self.connection
            .prepare_cached("SELECT shift FROM shift WHERE business_day = ?1 ORDER BY shift")
            .and_then(|mut sql| sql.query_map([day.to_string()], |row| row.get(0))?.collect())
            .map_err(|error| self.named(error))
    }

    /// The highest receipt series that was ever given here.
    ///
    /// # Errors
    /// When the counter cannot be read.
    pub fn last_series(&self) -> Result<u32> {
        let series = fold::counter(&self.connection, "series").map_err(|e| self.named(e))?;
        u32::try_from(series).map_err(|_| TillStoreError::damaged("counter", "series"))
    }

    /// Payments that still need someone.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn unsettled_payments(&self, currency: Currency) -> Result<Vec<Payment>> {
        payments::unsettled(&self.connection, currency).map_err(|error| self.named(error))
    }

    /// The spool, in order; at most `limit`.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn jobs(&self, limit: u32) -> Result<Vec<Job>> {
        jobs::jobs(&self.connection, limit).map_err(|error| self.named(error))
    }

    /// A person's PIN, where one was set.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn pin(&self, staff: &str) -> Result<Option<Pin>> {
        pins::pin(&self.connection, staff).map_err(|error| self.named(error))
    }

    /// Whether SQLite's quick check finds every page in order; the first thing it finds else.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn quick_check(&self) -> Result<Option<String>> {
        crate::store::backup::quick_check(&self.connection).map_err(|error| self.named(error))
    }
}

fn check_entry(stream: &Stream, stored: &Stored) -> std::result::Result<(), Fault> {
    let (id, seq) = (stream.id(), stored.entry.seq);
    if entry_hash(id, &stored.entry) != stored.hash {
        return Err(Fault::Content { stream: id, seq });
    }
    match stored.seal {
        Some(seal) if stream.key().verify(id, seq, &stored.hash, &seal).is_err() => {
            Err(Fault::Seal { stream: id, seq })
        }
        _ => Ok(()),
    }
}
