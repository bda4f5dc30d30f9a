//! What is kept beside streams: entries of other branches, sealed by the same key, as far as there is
//! room for them.
//!
//! How a run lies to what is here is decided by [`super::ingest`], which calls this.

use super::{Disbelief, LogError, Stream, read};
use crate::log::{Entry, Hash, Seal, StreamKind, entry_hash};
use rusqlite::{Connection, OptionalExtension, named_params, params};

/// The most bytes that are kept of branches of one key, in all its lives: a clone that sells for a
/// season. Who has its key and seals branches without end does not fill the disk.
const MAX_BYTES: usize = 64 << 20;

/// The most of branches of customers streams: whoever is spoken of in one is folded again from all
/// entries whenever they are spoken of, so there must not be many.
const MAX_OF_CUSTOMERS: usize = 2 << 20;

/// What an entry takes beside its body: a row and its place in three indexes.
pub(crate) const ROW_BYTES: usize = 256;

/// Keeps the entries of another branch; gives those that were not kept before.
///
/// # Errors
/// [`Disbelief::TooMuchBeside`] when too much is kept of their writer already; then nothing was written.
pub(super) fn keep_orphans(
    tx: &Connection,
    stream: &Stream,
    rest: &[Entry],
    seal: &Seal,
) -> Result<Vec<Entry>, Disbelief> {
    if !has_room(tx, stream, rest)? {
        return Err(Disbelief::TooMuchBeside { stream: stream.id });
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO orphan (stream, seq, clock, prev, hash, seal, body)
         VALUES (:stream, :seq, :clock, :prev, :hash, :seal, :body) ON CONFLICT (hash) DO NOTHING",
    )?;
    let mut new = Vec::new();
    for (index, entry) in rest.iter().enumerate() {
        let is_last = index + 1 == rest.len();
        let kept = insert.execute(named_params! {
            ":stream": stream.local,
            ":seq": entry.seq.cast_signed(),
            ":clock": entry.clock.to_sql(),
            ":prev": &entry.prev.0[..],
            ":hash": &entry_hash(stream.id, entry).0[..],
            ":seal": is_last.then_some(&seal.0[..]),
            ":body": entry.body,
        })?;
        if kept == 1 {
            new.push(entry.clone());
        }
    }
    Ok(new)
}

/// Whether the entries of a branch can be kept beside the other branches of its key's streams, or
/// are there already.
fn has_room(tx: &Connection, stream: &Stream, rest: &[Entry]) -> Result<bool, LogError> {
    let (only, most) = match stream.id.kind {
        kind @ StreamKind::Customers => (Some(kind.number()), MAX_OF_CUSTOMERS),
        _ => (None, MAX_BYTES),
    };
    let kept: i64 = tx
        .prepare_cached(
            "SELECT coalesce(sum(length(body) + ?2), 0) FROM orphan WHERE stream IN
               (SELECT local FROM stream WHERE (?3 IS NULL OR kind = ?3) AND replica IN
                 (SELECT local FROM replica WHERE public_key = ?1))",
        )?
        .query_row(params![&stream.key.0[..], ROW_BYTES.cast_signed(), only], |row| row.get(0))?;
    let kept = usize::try_from(kept).unwrap_or(usize::MAX);
    let bytes: usize = rest.iter().map(|entry| entry.body.len() + ROW_BYTES).sum();
    if kept.saturating_add(bytes) <= most {
        return Ok(true);
    }
    let mut known = tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM orphan WHERE hash = ?1)")?;
    for entry in rest {
        let hash = entry_hash(stream.id, entry);
        if !known.query_row([&hash.0[..]], |row| row.get::<_, bool>(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where the branch parts that an entry goes on, when it goes on one that is kept already.
pub(super) fn branch_at(
    tx: &Connection,
    stream: &Stream,
    entry: &Entry,
) -> Result<Option<u64>, LogError> {
    let mut before = tx.prepare_cached(
        "SELECT seq, prev FROM orphan WHERE stream = ?1 AND seq = ?2 AND hash = ?3",
    )?;
    let (mut at, mut prev) = (None, entry.prev);
    let mut seq = entry.seq;
    // A branch is kept from where it parts on, or from where it was seen first.
    while seq > 1 {
        seq -= 1;
        let key = params![stream.local, seq.cast_signed(), &prev.0[..]];
        let found = before.query_row(key, |row| row.get::<_, [u8; 32]>(1)).optional()?;
        let Some(found) = found else { break };
        (at, prev) = (Some(seq), Hash(found));
    }
    // It joins what is here, or where it parts is not known yet.
    let joins = read::hash_of(tx, stream, seq)?.is_none_or(|here| here == prev);
    Ok(at.filter(|_| joins))
}
