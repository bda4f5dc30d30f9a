//! Reading entries back, in bounded portions.
//!
//! Checks shape and continuity only; hashes and seals are [`super::verify`]'s. Called by exports,
//! rebuilds, receipts and, later, by sync when a peer asks for a range.

use super::{LogError, Stream, base, find_stream, row_of, seq_of};
use crate::clock::Hlc;
use crate::log::{Entry, Hash, MAX_BODY_BYTES, MAX_SEQ, Position, ReplicaId, Seal, StreamKind};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// The most entries that one [`read`] gives.
pub const MAX_READ_ENTRIES: usize = 1_000;

/// A [`read`] ends after the entry whose body reaches this sum, in bytes, so that portions of the
/// longest bodies stay small too.
pub const MAX_READ_BYTES: usize = 8 << 20;

/// The entries of a range, as [`Columns::of`] reads them. A value of a wrong length comes back empty, so that a
/// damaged row never costs more memory than a good one.
pub(super) const RANGE: &str = "SELECT position, clock,
        CASE WHEN length(hash) = 32 THEN hash END,
        CASE WHEN length(seal) = 64 THEN seal WHEN seal IS NOT NULL THEN 0 END,
        CASE WHEN length(body) <= 1048576 THEN body END
    FROM entry WHERE position BETWEEN :first AND :last ORDER BY position";
const _: () = assert!(MAX_BODY_BYTES == 1_048_576, "the bound in RANGE and schema.sql");

const HASH: &str = "SELECT hash FROM entry WHERE position = :position";

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The entry; its `prev` is the stored hash of the one before.
    pub entry: Entry,
    /// Its stored hash.
    pub hash: Hash,
    /// Its seal, unless a later one vouches for it.
    pub seal: Option<Seal>,
}

/// Entries from `from_seq` on, at most `limit` of them and at most a portion
/// ([`MAX_READ_ENTRIES`], [`MAX_READ_BYTES`]); none when there are no more.
///
/// # Errors
/// When SQLite fails, a row is damaged, or a sequence is missing.
pub fn read(
    conn: &Connection,
    stream: &Stream,
    from_seq: u64,
    limit: usize,
) -> Result<Vec<Stored>, LogError> {
    let from_seq = from_seq.max(1);
    if from_seq > MAX_SEQ {
        return Ok(Vec::new());
    }
    let limit = limit.min(MAX_READ_ENTRIES);
    let mut statement = conn.prepare_cached(RANGE)?;
    let mut rows = statement.query(named_params! {
        ":first": row_of(stream.local, from_seq),
        ":last": row_of(stream.local, MAX_SEQ),
    })?;
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut prev = None;
    while found.len() < limit && bytes < MAX_READ_BYTES {
        let Some(row) = rows.next()? else { break };
        let before = match prev {
            Some(hash) => hash,
            None => hash_before(conn, stream, from_seq)?,
        };
        let stored = Columns::of(row)
            .map(|columns| columns.stored(before))
            .map_err(|what| LogError::damaged("entry", format!("{what} of the {}", stream.id)))?;
        if stored.entry.seq != from_seq + found.len() as u64 {
            let missing = Position { stream: stream.id, seq: from_seq + found.len() as u64 };
            return Err(LogError::damaged(
                "entry",
                format!("{missing} is missing, so the sequence"),
            ));
        }
        bytes += stored.entry.body.len();
        prev = Some(stored.hash);
        found.push(stored);
    }
    Ok(found)
}

/// The entry at `seq`, if there is one.
///
/// # Errors
/// As [`read`].
pub fn read_one(conn: &Connection, stream: &Stream, seq: u64) -> Result<Option<Stored>, LogError> {
    if seq == 0 || hash_of(conn, stream, seq)?.is_none() {
        return Ok(None);
    }
    Ok(read(conn, stream, seq, 1)?.pop())
}

/// The stored hash at `seq` of any stream in this database, the genesis hash at 0; `None` when the
/// stream or the entry is not here. For [`super::judge`] and for a receipt's hash.
///
/// # Errors
/// When SQLite fails or the row is damaged.
pub fn hash_at(
    conn: &Connection,
    replica: ReplicaId,
    kind: StreamKind,
    seq: u64,
) -> Result<Option<Hash>, LogError> {
    match find_stream(conn, replica, kind)? {
        None => Ok(None),
        Some(stream) if seq == 0 => Ok(Some(stream.genesis())),
        Some(stream) => hash_of(conn, &stream, seq),
    }
}

/// The hash that the entry at `seq` builds on.
fn hash_before(conn: &Connection, stream: &Stream, seq: u64) -> Result<Hash, LogError> {
    let before = seq.saturating_sub(1);
    if before == 0 {
        return Ok(stream.genesis());
    }
    if let Some(hash) = hash_of(conn, stream, before)? {
        return Ok(hash);
    }
    let base = base(conn, stream)?;
    if base.seq == before {
        return Ok(base.hash);
    }
    let position = Position { stream: stream.id, seq: before };
    Err(LogError::damaged("entry", format!("{position} is missing, so the sequence")))
}

pub(super) fn hash_of(
    conn: &Connection,
    stream: &Stream,
    seq: u64,
) -> Result<Option<Hash>, LogError> {
    if seq > MAX_SEQ {
        return Ok(None);
    }
    let position = Position { stream: stream.id, seq };
    conn.prepare_cached(HASH)?
        .query_row(named_params! { ":position": row_of(stream.local, seq) }, |row| {
            Ok(row.get::<_, [u8; 32]>(0).ok())
        })
        .optional()?
        .map(|hash| {
            hash.map(Hash)
                .ok_or_else(|| LogError::damaged("entry", format!("the hash of {position}")))
        })
        .transpose()
}

/// One row of `entry`, its body still in SQLite's memory.
pub(super) struct Columns<'row> {
    pub seq: u64,
    pub clock: Hlc,
    pub hash: Hash,
    pub seal: Option<Seal>,
    pub body: &'row [u8],
}

impl<'row> Columns<'row> {
    /// Reads a row of [`RANGE`], or says what of which entry is damaged.
    pub fn of(row: &'row Row<'_>) -> Result<Self, String> {
        let seq = match row.get_ref(0) {
            Ok(ValueRef::Integer(position)) => seq_of(position),
            _ => return Err("a position".to_owned()),
        };
        let damaged = |what: &str| format!("the {what} of entry {seq}");
        let blob = |index: usize, what: &str| match row.get_ref(index) {
            Ok(ValueRef::Blob(bytes)) => Ok(Some(bytes)),
            Ok(ValueRef::Null) => Ok(None),
            _ => Err(damaged(what)),
        };
        let clock = row.get(1).ok().and_then(Hlc::from_sql).ok_or_else(|| damaged("clock"))?;
        let hash = blob(2, "hash")?.and_then(|bytes| bytes.try_into().ok()).map(Hash);
        let seal = match blob(3, "seal")? {
            None => None,
            Some(bytes) => Some(Seal(bytes.try_into().map_err(|_| damaged("seal"))?)),
        };
        Ok(Self {
            seq,
            clock,
            hash: hash.ok_or_else(|| damaged("hash"))?,
            seal,
            body: blob(4, "body")?.ok_or_else(|| damaged("body"))?,
        })
    }

    fn stored(self, prev: Hash) -> Stored {
        let entry = Entry { seq: self.seq, clock: self.clock, prev, body: self.body.to_vec() };
        Stored { entry, hash: self.hash, seal: self.seal }
    }
}

#[cfg(test)]
mod tests;
