//! The log's tables as the exchange reads them.

use super::{LogError, Stored, Stream, base, find_stream, hash_at, head, papers, read};
use crate::batch::Batch;
use crate::clock::Hlc;
use crate::log::{Entry, Hash, MAX_BODY_BYTES, ReplicaId, Seal, SealingKey, StreamId, StreamKind};
use crate::session::Books;
use crate::trust::is_passed_on;
use crate::wire::{Checkpoint, Held, MAX_RUN_ENTRIES, MAX_TIPS, Tip};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Entries read at a time.
const PORTION: usize = 256;

/// What an entry costs in a run beside its body: its share of the columns.
const ENTRY_BYTES: usize = 16;

/// A database's log, for reading. `key` is this machine's: entries of its streams, of this
/// incarnation or an earlier one, that have no seal yet are sealed as they are sent.
#[derive(Debug)]
pub struct LogBooks<'a> {
    connection: &'a Connection,
    key: Option<&'a SealingKey>,
}

impl<'a> LogBooks<'a> {
    /// The books of a database.
    #[must_use]
    pub const fn new(connection: &'a Connection, key: Option<&'a SealingKey>) -> Self {
        Self { connection, key }
    }

    /// What is held of every stream.
    ///
    /// # Errors
    /// When SQLite fails or a row is damaged.
    pub fn held(&self) -> Result<Vec<Held>, LogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT replica.id, kind, first_seq, head_seq, head_hash, base_hash, base_seal
             FROM stream JOIN replica ON replica.local = stream.replica ORDER BY stream.local",
        )?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(held_in(row)?);
        }
        Ok(all)
    }

    /// A run with its own seal, where the key is here.
    fn seal_of(
        &self,
        stream: &Stream,
        entries: &[Entry],
        stored: &[Option<Seal>],
        hash: &Hash,
    ) -> Option<Seal> {
        let last = entries.last()?;
        stored
            .last()
            .copied()
            .flatten()
            .or_else(|| self.key_of(stream).map(|key| key.seal(stream.id, last.seq, hash)))
    }

    /// The key that seals a stream, where it is here.
    fn key_of(&self, stream: &Stream) -> Option<&'a SealingKey> {
        self.key.filter(|key| key.public() == stream.key())
    }
}

/// What is held of the stream in a row: one statement for all, since it is asked after each write.
fn held_in(row: &Row<'_>) -> Result<Held, LogError> {
    let kind = StreamKind::from_number(row.get(1)?)
        .map_err(|error| LogError::damaged("stream", error.to_string()))?;
    let stream = StreamId { replica: ReplicaId(row.get(0)?), kind };
    let damaged = || LogError::damaged("stream", format!("the {stream}"));
    let number = |column| u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged());
    let (first, head) = (number(2)?, number(3)?);
    let base = match (row.get::<_, Option<[u8; 32]>>(5)?, row.get::<_, Option<[u8; 64]>>(6)?) {
        (Some(hash), Some(seal)) if first > 1 => {
            Some(Checkpoint { hash: Hash(hash), seal: Seal(seal) })
        }
        _ if first > 1 => return Err(damaged()),
        _ => None,
    };
    Ok(Held { stream, first, head, hash: Hash(row.get(4)?), base })
}

/// What is held of a stream.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn held(conn: &Connection, stream: &Stream) -> Result<Held, LogError> {
    let (begin, end) = (base(conn, stream)?, head(conn, stream)?);
    Ok(Held {
        stream: stream.id,
        first: begin.seq + 1,
        head: end.seq,
        hash: end.hash,
        base: begin.seal.map(|seal| Checkpoint { hash: begin.hash, seal }),
    })
}

impl Books for LogBooks<'_> {
    type Error = LogError;

    fn run(
        &mut self,
        id: StreamId,
        from: u64,
        to: u64,
        budget: usize,
    ) -> Result<Option<Batch>, LogError> {
        let Some(stream) = find_stream(self.connection, id.replica, id.kind)? else {
            return Ok(None);
        };
        // What was pruned is not to be had, and no damage.
        if from <= base(self.connection, &stream)?.seq {
            return Ok(None);
        }
        let mut cut = Cut::new(budget, self.key_of(&stream).is_some());
        let mut next = from;
        'portions: while next <= to {
            let limit = usize::try_from(to - next + 1).unwrap_or(PORTION).min(PORTION);
            let portion = read(self.connection, &stream, next, limit)?;
            if portion.is_empty() {
                break;
            }
            for stored in portion {
                next = stored.entry.seq + 1;
                if !cut.add(stored) {
                    break 'portions;
                }
            }
        }
        let Some((entries, seals, hash)) = cut.finish() else { return Ok(None) };
        let seal = self.seal_of(&stream, &entries, &seals, &hash);
        Ok(seal.map(|seal| Batch { stream: id, entries, seal }))
    }

    fn tips(&mut self) -> Result<Vec<Tip>, LogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT replica.id, stream.kind, tip.seq, tip.hash FROM orphan AS tip
               JOIN stream ON stream.local = tip.stream
               JOIN replica ON replica.local = stream.replica
             WHERE tip.seal IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM orphan AS next WHERE next.prev = tip.hash)
             ORDER BY tip.local DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([i64::try_from(MAX_TIPS).unwrap_or(i64::MAX)])?;
        let mut tips = Vec::new();
        while let Some(row) = rows.next()? {
            let kind = StreamKind::from_number(row.get(1)?)
                .map_err(|error| LogError::damaged("stream", error.to_string()))?;
            let stream = StreamId { replica: ReplicaId(row.get(0)?), kind };
            let seq = row.get::<_, i64>(2)?.cast_unsigned();
            let tip = Tip { stream, seq, hash: Hash(row.get(3)?) };
            if joins(self.connection, &tip, 1)? {
                tips.push(tip);
            }
        }
        Ok(tips)
    }

    fn has_tip(&mut self, tip: &Tip, from: u64) -> Result<bool, LogError> {
        joins(self.connection, tip, from)
    }

    fn branch(&mut self, tip: &Tip, from: u64, budget: usize) -> Result<Option<Batch>, LogError> {
        let Tip { stream: id, seq, hash } = *tip;
        let Some(stream) = find_stream(self.connection, id.replica, id.kind)? else {
            return Ok(None);
        };
        let mut before = self.connection.prepare_cached(
            "SELECT prev FROM orphan WHERE stream = ?1 AND seq = ?2 AND hash = ?3",
        )?;
        // From its end back to where it parts, or to `from`.
        let (mut chain, mut at, mut seq) = (Vec::new(), hash, seq);
        while seq >= from.max(1) {
            let key = params![stream.local, seq.cast_signed(), &at.0[..]];
            let found = before.query_row(key, |row| row.get::<_, [u8; 32]>(0)).optional()?;
            let Some(prev) = found else { break };
            chain.push(at);
            (at, seq) = (Hash(prev), seq - 1);
        }
        let mut entry = self.connection.prepare_cached(
            "SELECT seq, clock, prev, hash, seal, body FROM orphan WHERE hash = ?1",
        )?;
        let mut cut = Cut::new(budget, self.key_of(&stream).is_some());
        for hash in chain.into_iter().rev() {
            if !cut.add(entry.query_row([&hash.0[..]], orphan_of)?) {
                break;
            }
        }
        let Some((entries, seals, hash)) = cut.finish() else { return Ok(None) };
        let seal = self.seal_of(&stream, &entries, &seals, &hash);
        Ok(seal.map(|seal| Batch { stream: id, entries, seal }))
    }

    fn hash_at(&mut self, stream: StreamId, seq: u64) -> Result<Option<Hash>, LogError> {
        if let Some(found) = find_stream(self.connection, stream.replica, stream.kind)? {
            let begin = base(self.connection, &found)?;
            if begin.seq == seq {
                return Ok(Some(begin.hash));
            }
        }
        hash_at(self.connection, stream.replica, stream.kind, seq)
    }

    fn papers(&mut self) -> Result<Vec<Vec<u8>>, LogError> {
        Ok(papers(self.connection)?.into_iter().filter(|paper| is_passed_on(paper)).collect())
    }
}

/// Whether an entry is here, in the stream or in a branch of it that is here from where it parts, or
/// from `from` on: one with a gap is not whole, and what is missing of it is asked for still.
fn joins(conn: &Connection, tip: &Tip, from: u64) -> Result<bool, LogError> {
    let Tip { stream: id, mut seq, mut hash } = *tip;
    let Some(stream) = find_stream(conn, id.replica, id.kind)? else { return Ok(false) };
    let mut before = conn
        .prepare_cached("SELECT prev FROM orphan WHERE stream = ?1 AND seq = ?2 AND hash = ?3")?;
    while seq > 0 {
        let key = params![stream.local, seq.cast_signed(), &hash.0[..]];
        let Some(prev) = before.query_row(key, |row| row.get(0).map(Hash)).optional()? else {
            break;
        };
        (seq, hash) = (seq - 1, prev);
    }
    if seq < from && seq < tip.seq {
        return Ok(true);
    }
    let begin = base(conn, &stream)?;
    if seq <= begin.seq {
        return Ok(seq < begin.seq || seq == 0 || begin.hash == hash);
    }
    Ok(hash_at(conn, id.replica, id.kind, seq)? == Some(hash))
}

fn orphan_of(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let clock = row.get::<_, i64>(1)?.cast_unsigned();
    let entry = Entry {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        clock: Hlc::from_number(clock).ok_or(rusqlite::Error::InvalidQuery)?,
        prev: Hash(row.get(2)?),
        body: row.get(5)?,
    };
    let seal = row.get::<_, Option<[u8; 64]>>(4)?.map(Seal);
    Ok(Stored { entry, hash: Hash(row.get(3)?), seal })
}

/// Entries for one run: as many as fit, ending at one that is sealed or can be.
struct Cut {
    budget: usize,
    can_seal: bool,
    bytes: usize,
    entries: Vec<Entry>,
    seals: Vec<Option<Seal>>,
    hashes: Vec<Hash>,
    /// How many entries make a run that ends well.
    good: usize,
}

impl Cut {
    fn new(budget: usize, can_seal: bool) -> Self {
        let (entries, seals, hashes) = (Vec::new(), Vec::new(), Vec::new());
        Self { budget, can_seal, bytes: 0, entries, seals, hashes, good: 0 }
    }

    /// Adds an entry; false when the run is long enough without it.
    fn add(&mut self, stored: Stored) -> bool {
        let cost = stored.entry.body.len() + ENTRY_BYTES;
        let full = self.bytes + cost > self.budget || self.entries.len() >= MAX_RUN_ENTRIES;
        // Past the budget only until a first seal is found: who relays can't seal for the writer.
        let never = self.bytes + cost > self.budget + MAX_BODY_BYTES;
        if !self.entries.is_empty() && (full && self.good > 0 || never) {
            return false;
        }
        self.bytes += cost;
        self.entries.push(stored.entry);
        self.seals.push(stored.seal);
        self.hashes.push(stored.hash);
        if stored.seal.is_some() || self.can_seal {
            self.good = self.entries.len();
        }
        true
    }

    fn finish(mut self) -> Option<(Vec<Entry>, Vec<Option<Seal>>, Hash)> {
        self.entries.truncate(self.good);
        self.seals.truncate(self.good);
        let hash = self.hashes.get(self.good.checked_sub(1)?).copied()?;
        Some((self.entries, self.seals, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::log::StreamKind;

    fn run(db: &Connection, own: bool, from: u64, to: u64, budget: usize) -> Option<(u64, u64)> {
        let (key, replica) = (testing::key(), testing::replica());
        let mut books = LogBooks::new(db, own.then_some(&key));
        let id = StreamId { replica, kind: StreamKind::Journal };
        let run = books.run(id, from, to, budget).unwrap()?;
        run.verify(&testing::key().public()).unwrap();
        Some((run.entries.first().unwrap().seq, run.entries.last().unwrap().seq))
    }

    fn six() -> Connection {
        let (mut db, journal) = testing::with_journal();
        testing::append_all(&mut db, &journal, &[[0; 100].as_slice(); 6]);
        db
    }

    #[test]
    fn a_branch_with_a_gap_is_not_whole() {
        let db = six();
        let stream = find_stream(&db, testing::replica(), StreamKind::Journal).unwrap().unwrap();
        let parts = hash_at(&db, testing::replica(), StreamKind::Journal, 4).unwrap().unwrap();
        let keep = |seq: u64, prev: Hash, hash: Hash| {
            db.execute(
                "INSERT INTO orphan (stream, seq, clock, prev, hash, seal, body)
                 VALUES (?1, ?2, 1, ?3, ?4, zeroblob(64), x'00')",
                params![stream.local, seq.cast_signed(), &prev.0[..], &hash.0[..]],
            )
            .unwrap();
        };
        let (five, end) = (Hash([5; 32]), Tip { stream: stream.id, seq: 6, hash: Hash([6; 32]) });
        let known = || {
            let mut books = LogBooks::new(&db, None);
            (books.has_tip(&end, 1).unwrap(), books.tips().unwrap().len())
        };
        keep(6, five, end.hash);
        assert_eq!(known(), (false, 0), "where it parts is missing");
        let from = |seq| LogBooks::new(&db, None).has_tip(&end, seq).unwrap();
        assert_eq!([5, 6].map(from), [false, true], "its keeper may have pruned that");
        keep(5, parts, five);
        assert_eq!(known(), (true, 1));
    }

    #[test]
    fn what_was_pruned_is_not_to_be_had_and_no_damage() {
        let mut db = six();
        let stream = find_stream(&db, testing::replica(), StreamKind::Journal).unwrap().unwrap();
        let tx = db.transaction().unwrap();
        crate::store::prune(&tx, &stream, 3, testing::checkpoint(&tx, &stream, 3)).unwrap();
        tx.commit().unwrap();
        assert_eq!(run(&db, true, 1, 6, 10_000), None);
        assert_eq!(run(&db, true, 3, 6, 10_000), None);
        assert_eq!(run(&db, true, 4, 6, 10_000), Some((4, 6)));
    }

    #[test]
    fn cuts_by_budget_and_by_what_was_asked() {
        let db = six();
        for (from, to, budget, expected) in [
            (1, 6, 10_000, Some((1, 6))),
            (3, 4, 10_000, Some((3, 4))),
            (1, 6, 240, Some((1, 2))),
            (5, 99, 10_000, Some((5, 6))),
            (2, 6, 1, Some((2, 2))),
            (7, 9, 10_000, None),
        ] {
            assert_eq!(run(&db, false, from, to, budget), expected, "{from}..{to} of {budget}");
        }
    }

    #[test]
    fn a_relay_ends_at_a_seal_and_the_writer_seals_itself() {
        let db = six();
        db.execute("UPDATE entry SET seal = NULL WHERE position & 1023 NOT IN (4)", []).unwrap();
        assert_eq!(run(&db, false, 1, 6, 10_000), Some((1, 4)));
        assert_eq!(run(&db, false, 1, 6, 240), Some((1, 4)), "beyond the budget to the first seal");
        assert_eq!(run(&db, false, 5, 6, 10_000), None, "nobody vouches for these yet");
        assert_eq!(run(&db, true, 1, 6, 10_000), Some((1, 6)));
        assert_eq!(run(&db, true, 1, 6, 240), Some((1, 2)));
    }

    /// A till that was put back goes on as another incarnation, and what the one before wrote last may
    /// have no seal yet.
    #[test]
    fn the_end_of_an_earlier_incarnation_goes_out_sealed() {
        let mut db = six();
        db.execute("UPDATE entry SET seal = NULL", []).unwrap();
        let tx = db.transaction().unwrap();
        let (later, key) = (ReplicaId([9; 16]), testing::key());
        super::super::declare_replica(&tx, later, &key.public(), testing::OPENED).unwrap();
        super::super::open_stream(&tx, later, StreamKind::Journal).unwrap();
        tx.commit().unwrap();
        assert_eq!(run(&db, true, 1, 6, 10_000), Some((1, 6)));
    }

    #[test]
    fn says_what_is_held() {
        let mut db = six();
        let tx = db.transaction().unwrap();
        let journal = super::super::streams(&tx).unwrap()[0];
        let seal = testing::checkpoint(&tx, &journal, 2);
        super::super::prune(&tx, &journal, 2, seal).unwrap();
        tx.commit().unwrap();
        let mut books = LogBooks::new(&db, None);
        let held = books.held().unwrap().swap_remove(0);
        assert_eq!((held.first, held.head), (3, 6));
        assert_eq!(books.hash_at(held.stream, 6).unwrap(), Some(held.hash));
        assert!(books.hash_at(held.stream, 2).unwrap().is_some(), "the checkpoint's");
        assert_eq!(books.hash_at(held.stream, 1).unwrap(), None);
        assert_eq!(books.hash_at(held.stream, 7).unwrap(), None);
    }
}
