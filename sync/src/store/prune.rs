//! Pruning: a stream's oldest entries go, and a sealed checkpoint stands in their place.
//!
//! Whether entries may go (who has acknowledged them, how old they are) is the caller's decision.

use super::{LogError, Stream, base, head, read_one, row_of};
use crate::log::Seal;
use rusqlite::{Connection, named_params};

/// Takes away the entries up to `last`, in the caller's transaction; returns how many. The entry
/// itself must be sealed, or `seal` must be one over it: it becomes the checkpoint that the stream
/// begins behind.
///
/// # Errors
/// When there is no such entry, it has no seal, or SQLite fails.
pub fn prune(
    tx: &Connection,
    stream: &Stream,
    last: u64,
    seal: Option<Seal>,
) -> Result<u64, LogError> {
    if tx.is_autocommit() {
        return Err(LogError::NoTransaction);
    }
    let begin = base(tx, stream)?;
    if last <= begin.seq {
        return Ok(0);
    }
    let missing =
        |what: &str| LogError::damaged("entry", format!("{what} {last} of the {}", stream.id));
    let stored = read_one(tx, stream, last)?.ok_or_else(|| missing("entry"))?;
    let seal = seal.or(stored.seal).ok_or_else(|| missing("the seal of entry"))?;
    let sealed = stream.key.verify(stream.id, last, &stored.hash, &seal);
    sealed.map_err(|_| missing("the seal of entry"))?;
    debug_assert!(last <= head(tx, stream)?.seq, "read_one finds only what stands below the head");
    let gone = tx
        .prepare_cached("DELETE FROM entry WHERE position BETWEEN :first AND :last")?
        .execute(named_params! {
            ":first": row_of(stream.local, 0),
            ":last": row_of(stream.local, last),
        })?;
    tx.prepare_cached(
        "UPDATE stream SET first_seq = :first, base_hash = :hash, base_seal = :seal
         WHERE local = :local",
    )?
    .execute(named_params! {
        ":first": (last + 1).cast_signed(),
        ":hash": &stored.hash.0[..],
        ":seal": &seal.0[..],
        ":local": stream.local,
    })?;
    Ok(gone as u64)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::store::{Fault, read, verify};
    use rusqlite::Connection;

    fn pruned(last: u64) -> (Connection, Stream) {
        let (mut db, journal) = testing::with_journal();
        testing::append_all(&mut db, &journal, &[b"a", b"b", b"c", b"d"]);
        let tx = db.transaction().unwrap();
        assert_eq!(prune(&tx, &journal, last, None).unwrap(), last);
        assert_eq!(prune(&tx, &journal, last, None).unwrap(), 0, "twice is harmless");
        tx.commit().unwrap();
        (db, journal)
    }

    #[test]
    fn what_is_left_reads_verifies_and_goes_on() {
        for last in 1..=4 {
            let (mut db, journal) = pruned(last);
            let left = read(&db, &journal, last + 1, 10).unwrap();
            assert_eq!(left.len() as u64, 4 - last);
            testing::append_all(&mut db, &journal, &[b"e"]);
            let verified = verify(&db, &journal, None, &mut |_, _| {}).unwrap();
            assert_eq!(verified.entries, 5, "the head's sequence");
            assert!(read_one(&db, &journal, last).unwrap().is_none());
        }
    }

    #[test]
    fn an_entry_without_seal_is_no_checkpoint() {
        let (mut db, journal) = testing::with_journal();
        testing::append_all(&mut db, &journal, &[b"a", b"b"]);
        db.execute("UPDATE entry SET seal = NULL WHERE position % 2 = 1", []).unwrap();
        let tx = db.transaction().unwrap();
        let hash = read(&tx, &journal, 1, 1).unwrap()[0].hash;
        assert!(prune(&tx, &journal, 1, None).is_err());
        assert!(prune(&tx, &journal, 3, None).is_err(), "no such entry");
        assert!(prune(&tx, &journal, 1, Some(Seal([7; 64]))).is_err());
        let seal = testing::key().seal(journal.id(), 1, &hash);
        assert_eq!(prune(&tx, &journal, 1, Some(seal)).unwrap(), 1);
    }

    #[test]
    fn outside_a_transaction_nothing_goes() {
        let (db, journal) = pruned(1);
        assert!(matches!(prune(&db, &journal, 2, None), Err(LogError::NoTransaction)));
    }

    /// Whoever cuts entries off without the key can't seal what they cut at.
    #[test]
    fn a_forged_checkpoint_is_a_fault() {
        let (db, journal) = pruned(2);
        db.execute("UPDATE stream SET base_seal = zeroblob(64)", []).unwrap();
        let fault = verify(&db, &journal, None, &mut |_, _| {}).unwrap_err();
        assert!(matches!(fault, Fault::Checkpoint { seq: 2, .. }), "{fault}");
    }
}
