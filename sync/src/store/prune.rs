//! Pruning: a stream's oldest entries go, and a sealed checkpoint stands in their place.
//!
//! Whether entries may go (who has acknowledged them, how old they are) is the caller's decision.

use super::{LogError, Stream, base, declare_peer, hash_at, head, open_stream, read_one, row_of};
use crate::log::{MAX_SEQ, ReplicaId, Seal, StreamId, StreamKind};
use crate::trust::{Standing, Trust};
use crate::wire::Checkpoint;
use rusqlite::{Connection, named_params};

/// Takes away the entries up to `last`, in the caller's transaction; returns how many. `seal` is its
/// writer's over the checkpoint that the stream begins behind then
/// ([`SealingKey::checkpoint`](crate::log::SealingKey::checkpoint)).
///
/// # Errors
/// When there is no such entry, the seal is none over it as a checkpoint, or SQLite fails.
pub fn prune(tx: &Connection, stream: &Stream, last: u64, seal: Seal) -> Result<u64, LogError> {
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
    let sealed = stream.key.verify_checkpoint(stream.id, last, &stored.hash, &seal);
    sealed.map_err(|_| missing("the checkpoint over entry"))?;
    debug_assert!(last <= head(tx, stream)?.seq, "read_one finds only what stands below the head");
    let gone = delete(tx, stream, last)?;
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
    Ok(gone)
}

/// What became of a checkpoint that a peer states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The stream begins behind it now, and what was here before it is gone. State that the stream
    /// came to is to be folded anew, from its next entry on.
    Anew(Stream),
    /// Entries up to it went; all that comes after them stands. What only they came to, and was not
    /// stated anew behind it, its writer has forgotten.
    Pruned(Stream),
    /// Nothing to do, or not to be believed.
    Left,
}

/// Lets a stream begin behind a checkpoint that its writer sealed, in the caller's transaction: a
/// peer's, or an earlier one of this machine, but never one that it writes as `writing`. Only streams
/// that their writers compact: of a journal every entry is wanted.
///
/// # Errors
/// When SQLite fails.
pub fn begin_behind(
    tx: &Connection,
    trust: &Trust,
    writing: Option<ReplicaId>,
    id: StreamId,
    seq: u64,
    checkpoint: &Checkpoint,
) -> Result<Begun, LogError> {
    let compacted = matches!(id.kind, StreamKind::Workspace | StreamKind::Customers);
    let Some((key, opened)) = trust.key_of(id.replica) else { return Ok(Begun::Left) };
    let theirs = matches!(
        trust.standing(id),
        Standing::Enrolled(_) | Standing::Pending | Standing::Revoked { .. }
    );
    let sealed = key.verify_checkpoint(id, seq, &checkpoint.hash, &checkpoint.seal).is_ok();
    if !compacted || !theirs || !sealed || writing == Some(id.replica) {
        return Ok(Begun::Left);
    }
    declare_peer(tx, id.replica, &key, opened)?;
    let stream = open_stream(tx, id.replica, id.kind)?;
    if seq <= head(tx, &stream)?.seq {
        if hash_at(tx, id.replica, id.kind, seq)? != Some(checkpoint.hash) {
            return Ok(Begun::Left);
        }
        let gone = prune(tx, &stream, seq, checkpoint.seal)?;
        return Ok(if gone > 0 { Begun::Pruned(stream) } else { Begun::Left });
    }
    delete(tx, &stream, MAX_SEQ)?;
    // A checkpoint does not say its clock, and what goes may be a branch with a later one.
    tx.prepare_cached(
        "UPDATE stream SET first_seq = :first, base_hash = :hash, base_seal = :seal,
            head_seq = :seq, head_hash = :hash, head_clock = 0, folded_seq = :seq
         WHERE local = :local",
    )?
    .execute(named_params! {
        ":first": (seq + 1).cast_signed(),
        ":seq": seq.cast_signed(),
        ":hash": &checkpoint.hash.0[..],
        ":seal": &checkpoint.seal.0[..],
        ":local": stream.local,
    })?;
    Ok(Begun::Anew(stream))
}

/// Deletes entries. What was said of customers is overwritten on the disk as well, for whoever was
/// erased must not be left in unused pages.
fn delete(tx: &Connection, stream: &Stream, last: u64) -> Result<u64, LogError> {
    let personal = stream.id.kind == StreamKind::Customers;
    let overwrite = |on: bool| tx.pragma_update(None, "secure_delete", on);
    if personal {
        overwrite(true)?;
    }
    let gone = tx
        .prepare_cached("DELETE FROM entry WHERE position BETWEEN :first AND :last")?
        .execute(named_params! {
            ":first": row_of(stream.local, 0),
            ":last": row_of(stream.local, last),
        })?;
    if personal {
        overwrite(false)?;
    }
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
        let seal = testing::checkpoint(&tx, &journal, last);
        assert_eq!(prune(&tx, &journal, last, seal).unwrap(), last);
        assert_eq!(prune(&tx, &journal, last, seal).unwrap(), 0, "twice is harmless");
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
    fn only_a_checkpoint_over_the_entry_itself_prunes() {
        let (mut db, journal) = testing::with_journal();
        testing::append_all(&mut db, &journal, &[b"a", b"b"]);
        let tx = db.transaction().unwrap();
        let [first, second] = [1, 2].map(|seq| testing::checkpoint(&tx, &journal, seq));
        let run = read(&tx, &journal, 1, 1).unwrap()[0].seal.unwrap();
        for (what, last, seal) in [
            ("the seal of the run that ends there", 1, run),
            ("a checkpoint elsewhere", 1, second),
            ("no seal at all", 1, Seal([7; 64])),
            ("no such entry", 3, first),
        ] {
            assert!(prune(&tx, &journal, last, seal).is_err(), "{what}");
        }
        assert_eq!(prune(&tx, &journal, 1, first).unwrap(), 1);
    }

    #[test]
    fn outside_a_transaction_nothing_goes() {
        let (db, journal) = pruned(1);
        assert!(matches!(prune(&db, &journal, 2, Seal([7; 64])), Err(LogError::NoTransaction)));
    }

    /// Whoever cuts entries off without the key can't seal what they cut at.
    #[test]
    fn a_forged_checkpoint_is_a_fault() {
        let (db, journal) = pruned(2);
        db.execute("UPDATE stream SET base_seal = zeroblob(64)", []).unwrap();
        let fault = verify(&db, &journal, None, &mut |_, _| {}).unwrap_err();
        assert!(matches!(fault, Fault::Checkpoint { seq: 2, .. }), "{fault}");
    }

    /// What this machine pruned when a run's seal was a checkpoint is no damage.
    #[test]
    fn a_checkpoint_of_before_they_had_a_form_of_their_own_verifies() {
        let (db, journal) = pruned(2);
        let hash = base(&db, &journal).unwrap().hash;
        let seal = testing::key().seal(journal.id(), 2, &hash);
        db.execute("UPDATE stream SET base_seal = ?1", [seal.0]).unwrap();
        assert_eq!(verify(&db, &journal, None, &mut |_, _| {}).unwrap().entries, 4);
    }

    #[test]
    fn only_a_sealed_checkpoint_of_a_compacted_stream_is_begun_behind() {
        use crate::log::{Hash, ReplicaId};
        use crate::trust::{Statement, issue};
        let [writer, me] = [9, 7].map(|life| ReplicaId::of(&testing::key().public(), [life; 6]));
        let mut trust = Trust::new(None);
        for replica in [writer, me] {
            let opened = testing::OPENED;
            let paper = issue(&Statement::Incarnation { replica, opened }, &testing::key());
            trust.admit(&paper.unwrap()).unwrap();
        }
        let begin = |kind, replica, seal: Option<Seal>| {
            let mut db = testing::database();
            let id = StreamId { replica, kind };
            let hash = Hash([5; 32]);
            let seal = seal.unwrap_or_else(|| testing::key().checkpoint(id, 40, &hash));
            let tx = db.transaction().unwrap();
            begin_behind(&tx, &trust, Some(me), id, 40, &Checkpoint { hash, seal }).unwrap()
        };
        let (space, journal) = (StreamKind::Workspace, StreamKind::Journal);
        assert!(matches!(begin(space, writer, None), Begun::Anew(_)));
        assert_eq!(begin(journal, writer, None), Begun::Left, "of a journal all is wanted");
        assert_eq!(begin(space, ReplicaId([8; 16]), None), Begun::Left, "nobody's");
        assert_eq!(begin(space, writer, Some(Seal([1; 64]))), Begun::Left, "not sealed");
        let run =
            testing::key().seal(StreamId { replica: writer, kind: space }, 40, &Hash([5; 32]));
        assert_eq!(begin(space, writer, Some(run)), Begun::Left, "a run's seal");
        assert_eq!(begin(space, me, None), Begun::Left, "what it writes itself");
    }
}
