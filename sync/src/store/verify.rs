//! Verifying a stored stream: every hash, every seal, every sequence, the head, and a head seen
//! elsewhere.
//!
//! Walks the rows once in the memory of one entry. Called by `till journal verify`, `till doctor`
//! and after a restore; on a running till inside a read transaction, so that head and entries are
//! of one moment.

mod fault;

pub use fault::Fault;

use super::read::{Columns, RANGE};
use super::{Base, Head, LogError, Stream, base, find_stream, head, row_of};
use crate::clock::Hlc;
use crate::log::{Hash, MAX_SEQ, StreamKind, hash_parts};
use rusqlite::{Connection, named_params};

/// Progress is told once for so many entries: a few times a second, at 60 µs a seal.
pub const PROGRESS_EVERY: u64 = 1_000;

/// An entry that was seen elsewhere: in a witness, on a receipt, at the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its sequence; 0 is the beginning of the stream.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// A stream in which everything holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The head's sequence; how many entries there are, where nothing was pruned.
    pub entries: u64,
    /// How many of them carry a seal of their own; a later one vouches for the others.
    pub sealed: u64,
    /// The last entry's hash.
    pub hash: Hash,
}

/// Verifies a whole stream, and that it contains `seen` when that is given.
///
/// `progress` hears entries done and entries in all, every [`PROGRESS_EVERY`] and at the end.
///
/// # Errors
/// The first [`Fault`] in the order of the entries; then those of the head row, then of `seen`.
pub fn verify(
    conn: &Connection,
    stream: &Stream,
    seen: Option<Mark>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, Fault> {
    let unreadable =
        |after: u64, source: LogError| Fault::Unreadable { stream: stream.id, after, source };
    let declared =
        find_stream(conn, stream.id.replica, stream.id.kind).map_err(|e| unreadable(0, e))?;
    if declared != Some(*stream) {
        return Err(Fault::Declaration(stream.id));
    }
    let begin = base(conn, stream).map_err(|e| unreadable(0, e))?;
    if let Some(seal) = begin.seal {
        let (id, seq, hash) = (stream.id, begin.seq, &begin.hash);
        // What was pruned before checkpoints had a form of their own stands behind a run's seal.
        let sealed = stream
            .key
            .verify_checkpoint(id, seq, hash, &seal)
            .or_else(|_| stream.key.verify(id, seq, hash, &seal));
        sealed.map_err(|_| Fault::Checkpoint { stream: stream.id, seq: begin.seq })?;
    }
    let end = head(conn, stream).map_err(|e| unreadable(0, e))?;
    let mut statement = conn.prepare_cached(RANGE).map_err(|e| unreadable(0, e.into()))?;
    // From 0, where no entry may be; what was pruned must be gone as well.
    let range = named_params! {
        ":first": row_of(stream.local, 0),
        ":last": row_of(stream.local, MAX_SEQ),
    };
    let mut rows = statement.query(range).map_err(|e| unreadable(0, e.into()))?;
    let mut walk = Walk::new(stream, begin, seen);
    while let Some(row) = rows.next().map_err(|e| unreadable(walk.seq, e.into()))? {
        let columns =
            Columns::of(row).map_err(|what| Fault::Malformed { stream: stream.id, what })?;
        walk.step(&columns)?;
        if walk.seq.is_multiple_of(PROGRESS_EVERY) {
            progress(walk.seq, end.seq.max(walk.seq));
        }
    }
    progress(walk.seq, end.seq.max(walk.seq));
    walk.finish(end)
}

/// What is known of the entries so far.
struct Walk<'a> {
    stream: &'a Stream,
    seen: Option<Mark>,
    seq: u64,
    hash: Hash,
    /// `None` before the first: the clock a replica was opened at is bookkeeping, not evidence.
    clock: Option<Hlc>,
    sealed: u64,
    last_is_sealed: bool,
    /// The hash here at the sequence seen elsewhere.
    hash_at_seen: Option<Hash>,
}

impl<'a> Walk<'a> {
    fn new(stream: &'a Stream, begin: Base, seen: Option<Mark>) -> Self {
        // What was seen before the beginning can't be compared any more: the checkpoint that the
        // stream was pruned at vouches for it.
        let hash_at_seen = seen
            .filter(|mark| mark.seq <= begin.seq)
            .map(|mark| if mark.seq == begin.seq { begin.hash } else { mark.hash });
        Self {
            stream,
            seen,
            seq: begin.seq,
            hash: begin.hash,
            clock: None,
            sealed: 0,
            last_is_sealed: true,
            hash_at_seen,
        }
    }

    fn step(&mut self, found: &Columns<'_>) -> Result<(), Fault> {
        let stream = self.stream.id;
        let seq = self.seq + 1;
        if found.seq != seq {
            return Err(Fault::Gap { stream, expected: seq, found: found.seq });
        }
        let hash = hash_parts(stream, seq, found.clock, &self.hash, found.body);
        let seals = |hash: &Hash| {
            found.seal.is_some_and(|seal| self.stream.key.verify(stream, seq, hash, &seal).is_ok())
        };
        if hash != found.hash {
            return Err(if seals(&found.hash) {
                Fault::Content { stream, seq }
            } else if seals(&hash) {
                Fault::Hash { stream, seq }
            } else {
                Fault::Previous { stream, seq }
            });
        }
        if found.seal.is_some() && !seals(&hash) {
            return Err(Fault::Seal { stream, seq });
        }
        if let Some(before) = self.clock.filter(|&before| found.clock <= before) {
            return Err(Fault::Clock { stream, seq, clock: found.clock, before });
        }
        self.seq = seq;
        self.hash = hash;
        self.clock = Some(found.clock);
        self.last_is_sealed = found.seal.is_some();
        self.sealed += u64::from(self.last_is_sealed);
        if self.seen.is_some_and(|mark| mark.seq == seq) {
            self.hash_at_seen = Some(hash);
        }
        Ok(())
    }

    fn finish(self, head: Head) -> Result<Verified, Fault> {
        let stream = self.stream.id;
        // Of the other kinds whoever sends the entries seals the last of them.
        if !self.last_is_sealed && stream.kind == StreamKind::Journal {
            return Err(Fault::Unsealed { stream, seq: self.seq });
        }
        if head.seq < self.seq {
            return Err(Fault::HeadShort { stream, head: head.seq, last: self.seq });
        }
        if head.seq > self.seq {
            return Err(Fault::HeadLong { stream, head: head.seq, last: self.seq });
        }
        if head.hash != self.hash || self.clock.is_some_and(|clock| clock != head.clock) {
            return Err(Fault::HeadRow { stream, seq: self.seq });
        }
        match (self.seen, self.hash_at_seen) {
            (Some(mark), None) => Err(Fault::Shorter { stream, seen: mark.seq, last: self.seq }),
            (Some(mark), Some(here)) if here != mark.hash => {
                Err(Fault::Forked { stream, seq: mark.seq, here, seen: mark.hash })
            }
            _ => Ok(Verified { entries: self.seq, sealed: self.sealed, hash: self.hash }),
        }
    }
}

#[cfg(test)]
mod tests;
