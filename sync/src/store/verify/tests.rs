//! What `verify` finds: a table of precise faults, and two laws about any change and any cut.

use super::super::testing::{self, OPENED};
use super::*;
use crate::log::{Entry, SealingKey, Seed, entry_hash};
use crate::store::{Appended, append};
use proptest::prelude::*;

/// Three entries, and the database open to any damage.
fn three() -> (Connection, Stream, Vec<Appended>) {
    let (mut db, journal) = testing::with_journal();
    let appended = testing::append_all(&mut db, &journal, &[b"one", b"two", b"three"]);
    db.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
    (db, journal, appended)
}

fn run(db: &Connection, stream: &Stream, seen: Option<Mark>) -> Result<Verified, Fault> {
    verify(db, stream, seen, &mut |_, _| {})
}

/// Damages a journal of three entries with `sql` and expects a fault that says `expected`.
fn check(sql: &str, expected: &str) {
    let (db, journal, _) = three();
    db.execute_batch(sql).unwrap();
    let fault = run(&db, &journal, None).expect_err(sql).to_string();
    assert!(fault.contains(expected), "{sql}\n  gave: {fault}\n  expected: {expected}");
}

#[test]
fn a_good_journal_verifies() {
    let (db, journal, appended) = three();
    let verified = Verified { entries: 3, sealed: 3, hash: appended[2].hash };
    assert_eq!(run(&db, &journal, None).unwrap(), verified);
    let (db, journal) = testing::with_journal();
    assert_eq!(
        run(&db, &journal, None).unwrap(),
        Verified { entries: 0, sealed: 0, hash: journal.genesis() }
    );
}

#[test]
fn names_the_first_fault() {
    const TWO: &str = "WHERE position = (1 << 40 | 2)";
    let on_two = |set: &str| format!("UPDATE entry SET {set} {TWO}");
    check(&format!("DELETE FROM entry {TWO}"), "has entry 3 where entry 2 should be");
    check(
        "DELETE FROM entry WHERE position = (1 << 40 | 1)",
        "has entry 2 where entry 1 should be",
    );
    check(
        "INSERT INTO entry SELECT 1 << 40, clock, hash, seal, body FROM entry LIMIT 1",
        "has entry 0 where entry 1",
    );
    check(
        &on_two("body = x'74576f'"),
        "entry 2 of the journal of 7265706c6963612d6f662d7465737473 is not what was sealed",
    );
    check(
        &on_two("clock = clock + 1"),
        "entry 2 of the journal of 7265706c6963612d6f662d7465737473 is not what",
    );
    check(&on_two("hash = zeroblob(32)"), "the stored hash of entry 2");
    check(&on_two("seal = zeroblob(64)"), "the seal of entry 2");
    check(
        &on_two("hash = zeroblob(32), seal = NULL"),
        "entry 2 of the journal of 7265706c6963612d6f662d7465737473 does not follow",
    );
    check(&on_two("hash = x''"), "the hash of entry 2 in the journal");
    check(&on_two("seal = x''"), "the seal of entry 2 in the journal");
    check(&on_two("clock = -1"), "the clock of entry 2 in the journal");
    check(&on_two("body = zeroblob(2000000)"), "the body of entry 2 in the journal");
    check(
        "UPDATE entry SET seal = NULL",
        "the last entry of the journal of 7265706c6963612d6f662d7465737473, 3, carries no seal",
    );
    check(
        "DELETE FROM entry WHERE position > (1 << 40 | 1)",
        "ends at entry 1, but its head row says 3",
    );
    check("UPDATE stream SET head_seq = 2", "holds entry 3, but its head row ends at 2");
    check("UPDATE stream SET head_hash = zeroblob(32)", "does not fit its last entry, 3");
    check("UPDATE stream SET head_clock = head_clock + 1", "does not fit its last entry, 3");
    check("UPDATE stream SET head_hash = x''", "cannot be read");
    check("UPDATE replica SET public_key = zeroblob(32)", "another key or not at all");
    check("UPDATE replica SET id = zeroblob(16)", "another key or not at all");
    check("UPDATE stream SET kind = 2", "another key or not at all");
    check("DELETE FROM stream", "another key or not at all");
    check("DROP TABLE entry", "cannot be read after entry 0");
}

/// A later seal vouches for an entry without one, as entries from a peer have it.
#[test]
fn an_entry_in_the_middle_needs_no_seal() {
    let (db, journal, _) = three();
    db.execute("UPDATE entry SET seal = NULL WHERE position < (1 << 40 | 3)", []).unwrap();
    assert_eq!(run(&db, &journal, None).unwrap().sealed, 1);
    db.execute("UPDATE entry SET body = x'00' WHERE position = (1 << 40 | 1)", []).unwrap();
    assert!(matches!(run(&db, &journal, None), Err(Fault::Previous { seq: 1, .. })));
}

/// What only the key's holder could write: a chain that is sealed but whose clock went back.
#[test]
fn a_sealed_clock_that_goes_back_is_a_fault() {
    let (db, journal, appended) = three();
    let entry =
        Entry { seq: 3, clock: appended[1].clock, prev: appended[1].hash, body: Vec::new() };
    let hash = entry_hash(journal.id(), &entry);
    let seal = testing::key().seal(journal.id(), 3, &hash);
    db.execute(
        "UPDATE entry SET clock = ?1, hash = ?2, seal = ?3, body = x'' WHERE position = (1 << 40 | 3)",
        (entry.clock.to_sql(), hash.0, seal.0),
    )
    .unwrap();
    assert!(matches!(run(&db, &journal, None), Err(Fault::Clock { seq: 3, .. })));
}

/// A forger rewrites an entry, its hash and all that follows, with a key of their own.
#[test]
fn a_chain_sealed_with_another_key_is_a_fault() {
    let forger = SealingKey::from_seed(&Seed::new([1; 32])).unwrap();
    let (db, journal, appended) = three();
    let entry = Entry {
        seq: 3,
        clock: appended[2].clock,
        prev: appended[1].hash,
        body: b"forged".to_vec(),
    };
    let hash = entry_hash(journal.id(), &entry);
    let seal = forger.seal(journal.id(), 3, &hash);
    db.execute(
        "UPDATE entry SET hash = ?1, seal = ?2, body = ?3 WHERE position = (1 << 40 | 3)",
        (hash.0, seal.0, &entry.body),
    )
    .unwrap();
    db.execute("UPDATE stream SET head_hash = ?1", [hash.0]).unwrap();
    assert!(matches!(run(&db, &journal, None), Err(Fault::Seal { seq: 3, .. })));
}

#[test]
fn compares_with_what_was_seen_elsewhere() {
    let (db, journal, appended) = three();
    let mark = |seq, hash| Some(Mark { seq, hash });
    for good in [mark(0, journal.genesis()), mark(2, appended[1].hash), mark(3, appended[2].hash)] {
        assert!(run(&db, &journal, good).is_ok(), "{good:?}");
    }
    let shorter = run(&db, &journal, mark(4, appended[2].hash));
    assert!(matches!(shorter, Err(Fault::Shorter { seen: 4, last: 3, .. })), "{shorter:?}");
    for (seq, hash) in [(0, appended[0].hash), (2, appended[0].hash)] {
        let forked = run(&db, &journal, mark(seq, hash));
        assert!(matches!(forked, Err(Fault::Forked { seq: s, .. }) if s == seq), "{forked:?}");
    }
}

#[test]
fn tells_progress() {
    let (mut db, journal) = testing::with_journal();
    testing::append_all(&mut db, &journal, &[&b"x"[..]; 1_002]);
    let mut told = Vec::new();
    verify(&db, &journal, None, &mut |done, total| told.push((done, total))).unwrap();
    assert_eq!(told, [(1_000, 1_002), (1_002, 1_002)]);
}

/// The tables' columns whose every byte the chain protects.
const PROTECTED: [(&str, &str); 11] = [
    ("entry", "position"),
    ("stream", "head_seq"),
    ("stream", "kind"),
    ("entry", "body"),
    ("entry", "hash"),
    ("entry", "seal"),
    ("entry", "clock"),
    ("replica", "public_key"),
    ("replica", "id"),
    ("stream", "head_hash"),
    ("stream", "head_clock"),
];

/// Changes one byte of a stored value: `at` picks row and byte, `mask` the bits. Says whether it could.
fn change_byte(db: &Connection, table: &str, column: &str, at: usize, mask: u8) -> bool {
    let rows: Vec<i64> = db
        .prepare(&format!("SELECT rowid FROM {table} ORDER BY rowid"))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let row = rows[at % rows.len()];
    let at = at / rows.len();
    let place = format!("FROM {table} WHERE rowid = {row}");
    let update = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = {row}");
    if ["position", "clock", "head_seq", "head_clock", "kind"].contains(&column) {
        let number: i64 =
            db.query_row(&format!("SELECT {column} {place}"), [], |row| row.get(0)).unwrap();
        // A position may meet another's, which SQLite refuses: then nothing has changed.
        db.execute(&update, [number ^ i64::from(mask) << (at % 8 * 8)]).is_ok()
    } else {
        let mut bytes: Vec<u8> =
            db.query_row(&format!("SELECT {column} {place}"), [], |row| row.get(0)).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= mask;
        db.execute(&update, [bytes]).is_ok()
    }
}

proptest! {
    /// Both with the stream as opened before the change, and found again after it.
    #[test]
    fn any_changed_byte_is_noticed(target in prop::sample::select(&PROTECTED), at in 0_usize..10_000, mask in 1_u8..) {
        let (db, journal, _) = three();
        prop_assume!(change_byte(&db, target.0, target.1, at, mask));
        prop_assert!(run(&db, &journal, None).is_err(), "{:?}", target);
        if let Some(again) = crate::store::streams(&db).ok().and_then(|found| found.first().copied()) {
            prop_assert!(run(&db, &again, None).is_err(), "{:?} opened again", target);
        }
    }

    /// Cut at any place, with the head row made to fit: only what was seen elsewhere tells.
    #[test]
    fn any_cut_is_noticed(len in 1_usize..20, kept in 0_usize..20, seen in 1_usize..20) {
        let (kept, seen) = (kept % len, seen % len + 1);
        let (mut db, journal) = testing::with_journal();
        let appended = testing::append_all(&mut db, &journal, &vec![&b"body"[..]; len]);
        let cut = "DELETE FROM entry WHERE position > (1 << 40 | ?1)";
        db.execute(cut, [i64::try_from(kept).unwrap()]).unwrap();
        let long = matches!(run(&db, &journal, None), Err(Fault::HeadLong { .. }));
        prop_assert!(long);

        let (hash, clock) = kept.checked_sub(1).map_or((journal.genesis(), OPENED), |last| (appended[last].hash, appended[last].clock));
        db.execute(
            "UPDATE stream SET head_seq = ?1, head_hash = ?2, head_clock = ?3",
            (i64::try_from(kept).unwrap(), hash.0, clock.to_sql()),
        ).unwrap();
        prop_assert!(run(&db, &journal, None).is_ok());
        let mark = Mark { seq: appended[seen - 1].seq, hash: appended[seen - 1].hash };
        let result = run(&db, &journal, Some(mark));
        prop_assert_eq!(seen <= kept, result.is_ok(), "{:?}", result);
        if seen > kept {
            let shorter = matches!(result, Err(Fault::Shorter { .. }));
            prop_assert!(shorter);
        }

        // Written on after the cut, it is longer again but another history.
        let mut clock = crate::clock::Clock::new(0, Some(appended[len - 1].clock)).unwrap();
        let tx = db.transaction().unwrap();
        for _ in kept..len {
            append(&tx, &journal, clock.tick(0), b"other", &testing::key()).unwrap();
        }
        tx.commit().unwrap();
        let result = run(&db, &journal, Some(mark));
        let forked = matches!(result, Err(Fault::Forked { .. }));
        prop_assert_eq!(seen > kept, forked);
    }
}
