//! Appending: one entry, its hash, its seal, and the head that moves with it.
//!
//! Called by the one writer inside the transaction of the act; folding the entry into state is
//! the caller's part of the same transaction.

use super::{LogError, Stream, head, row_of};
use crate::clock::Hlc;
use crate::log::{Hash, MAX_BODY_BYTES, MAX_SEQ, Position, SealingKey, hash_parts};
use rusqlite::{Connection, named_params};

/// Where an entry went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its sequence.
    pub seq: u64,
    /// Its hash, which the receipt shows.
    pub hash: Hash,
    /// Its clock.
    pub clock: Hlc,
}

/// Appends a sealed entry: one read and two writes of a row, one signature.
///
/// # Errors
/// Refuses without writing: outside a transaction, a key that is not the stream's, a clock that is
/// not after the head's, a body that is too long, a full stream. After [`LogError::Database`] the
/// caller rolls back.
pub fn append(
    tx: &Connection,
    stream: &Stream,
    clock: Hlc,
    body: &[u8],
    key: &SealingKey,
) -> Result<Appended, LogError> {
    assert_key(stream, key)?;
    write(tx, stream, clock, body, Some(key))
}

/// Appends an entry that a later seal vouches for, which [`super::LogBooks`] makes when entries are
/// sent.
///
/// # Errors
/// As [`append`], but for the key.
pub fn append_unsealed(
    tx: &Connection,
    stream: &Stream,
    clock: Hlc,
    body: &[u8],
) -> Result<Appended, LogError> {
    write(tx, stream, clock, body, None)
}

fn assert_key(stream: &Stream, key: &SealingKey) -> Result<(), LogError> {
    if key.public() == stream.key {
        return Ok(());
    }
    let (replica, stored, given) = (stream.id.replica, stream.key, key.public());
    Err(LogError::OtherKey { replica, stored, given })
}

fn write(
    tx: &Connection,
    stream: &Stream,
    clock: Hlc,
    body: &[u8],
    key: Option<&SealingKey>,
) -> Result<Appended, LogError> {
    if tx.is_autocommit() {
        return Err(LogError::NoTransaction);
    }
    let before = head(tx, stream)?;
    if before.seq >= MAX_SEQ {
        return Err(LogError::Full(stream.id));
    }
    let seq = before.seq + 1;
    let position = Position { stream: stream.id, seq };
    if body.len() > MAX_BODY_BYTES {
        return Err(LogError::BodyTooLong { position, bytes: body.len() });
    }
    if clock <= before.clock {
        return Err(LogError::ClockNotAfter { position, clock, head: before.clock });
    }
    let hash = hash_parts(stream.id, seq, clock, &before.hash, body);
    let seal = key.map(|key| key.seal(stream.id, seq, &hash));

    tx.prepare_cached(
        "INSERT INTO entry (position, clock, hash, seal, body)
         VALUES (:position, :clock, :hash, :seal, :body)",
    )?
    .execute(named_params! {
        ":position": row_of(stream.local, seq),
        ":clock": clock.to_sql(),
        ":hash": &hash.0[..],
        ":seal": seal.as_ref().map(|seal| &seal.0[..]),
        ":body": body,
    })?;
    tx.prepare_cached(
        "UPDATE stream SET head_seq = :seq, head_hash = :hash, head_clock = :clock,
            folded_seq = :seq
         WHERE local = :local",
    )?
    .execute(named_params! {
        ":seq": seq.cast_signed(),
        ":hash": &hash.0[..],
        ":clock": clock.to_sql(),
        ":local": stream.local,
    })?;
    Ok(Appended { seq, hash, clock })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, OPENED};
    use super::*;
    use crate::log::{Entry, Seed, StreamKind, entry_hash};
    use crate::session::Books;
    use crate::store::{Head, LogBooks, open_stream, read, read_one, verify};

    #[test]
    fn chains_and_moves_the_head() {
        let (mut db, journal) = testing::with_journal();
        let first = testing::append_all(&mut db, &journal, &[b"float"])[0];
        let second = testing::append_all(&mut db, &journal, &[b""])[0];
        assert_eq!((first.seq, second.seq), (1, 2));
        let entry =
            Entry { seq: 1, clock: first.clock, prev: journal.genesis(), body: b"float".to_vec() };
        assert_eq!(first.hash, entry_hash(journal.id(), &entry));
        let entry = Entry { seq: 2, clock: second.clock, prev: first.hash, body: Vec::new() };
        assert_eq!(second.hash, entry_hash(journal.id(), &entry));
        assert_eq!(
            head(&db, &journal).unwrap(),
            Head { seq: 2, hash: second.hash, clock: second.clock }
        );
        let stored = read_one(&db, &journal, 2).unwrap().unwrap();
        assert_eq!(stored.entry, entry);
        let seal = stored.seal.unwrap();
        assert_eq!(journal.key().verify(journal.id(), 2, &second.hash, &seal), Ok(()));
    }

    /// What goes out is sealed as it goes: its last entry vouches for all before it.
    #[test]
    fn entries_without_a_seal_are_whole_and_go_out_sealed() {
        let (mut db, journal) = testing::with_journal();
        let tx = db.transaction().unwrap();
        let carts = open_stream(&tx, testing::replica(), StreamKind::Workspace).unwrap();
        for stream in [&journal, &carts] {
            for (n, body) in (1..).zip([b"a", b"b", b"c"]) {
                append_unsealed(&tx, stream, Hlc::from_ms(OPENED.ms() + n), body).unwrap();
            }
        }
        tx.commit().unwrap();
        assert!(read(&db, &carts, 1, 10).unwrap().iter().all(|stored| stored.seal.is_none()));
        assert_eq!(verify(&db, &carts, None, &mut |_, _| {}).unwrap().sealed, 0);
        assert!(verify(&db, &journal, None, &mut |_, _| {}).is_err(), "a journal is sealed itself");
        let key = testing::key();
        let sent = |key| LogBooks::new(&db, key).run(carts.id(), 1, 3, 1_000).unwrap();
        let run = sent(Some(&key)).unwrap();
        assert_eq!(run.entries.len(), 3);
        run.verify(&key.public()).unwrap();
        let stranger = SealingKey::from_seed(&Seed::new([1; 32])).unwrap();
        assert_eq!(sent(Some(&stranger)), None, "nobody else seals them");
    }

    #[test]
    fn a_rollback_takes_entry_and_head_back() {
        let (mut db, journal) = testing::with_journal();
        let before = head(&db, &journal).unwrap();
        let tx = db.transaction().unwrap();
        append(&tx, &journal, Hlc::from_ms(OPENED.ms() + 1), b"x", &testing::key()).unwrap();
        tx.rollback().unwrap();
        assert_eq!(head(&db, &journal).unwrap(), before);
        assert_eq!(read(&db, &journal, 1, 10).unwrap(), []);
    }

    #[test]
    fn refuses_and_writes_nothing() {
        let (mut db, journal) = testing::with_journal();
        let later = Hlc::from_ms(OPENED.ms() + 1);
        let error = append(&db, &journal, later, b"x", &testing::key()).unwrap_err();
        assert!(matches!(error, LogError::NoTransaction), "{error}");

        let stranger = SealingKey::from_seed(&Seed::new([1; 32])).unwrap();
        let tx = db.transaction().unwrap();
        let error = append(&tx, &journal, later, b"x", &stranger).unwrap_err();
        assert!(matches!(error, LogError::OtherKey { .. }), "{error}");
        let error = append(&tx, &journal, OPENED, b"x", &testing::key()).unwrap_err();
        assert!(matches!(error, LogError::ClockNotAfter { .. }), "{error}");
        let body = vec![0; MAX_BODY_BYTES + 1];
        let error = append(&tx, &journal, later, &body, &testing::key()).unwrap_err();
        assert!(matches!(error, LogError::BodyTooLong { .. }), "{error}");
        assert_eq!(
            tx.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0)),
            Ok(0)
        );

        append(&tx, &journal, later, &body[1..], &testing::key()).unwrap();
        tx.execute("UPDATE stream SET head_seq = ?1", [MAX_SEQ.cast_signed()]).unwrap();
        let error = append(&tx, &journal, Hlc::MAX, b"x", &testing::key()).unwrap_err();
        assert!(matches!(error, LogError::Full(_)), "{error}");
    }
}
