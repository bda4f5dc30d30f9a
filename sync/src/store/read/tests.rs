//! Ranges, portions, and rows that are damaged.

use super::super::testing;
use super::*;
use crate::log::entry_hash;

#[test]
fn reads_ranges() {
    let (mut db, journal) = testing::with_journal();
    let appended = testing::append_all(&mut db, &journal, &[b"1", b"2", b"3", b"4"]);
    let seqs = |from, limit| -> Vec<u64> {
        read(&db, &journal, from, limit).unwrap().iter().map(|stored| stored.entry.seq).collect()
    };
    assert_eq!(seqs(0, 2), [1, 2]);
    assert_eq!(seqs(3, 100), [3, 4]);
    assert_eq!(seqs(5, 100), []);
    assert_eq!(seqs(u64::MAX, 100), []);
    assert_eq!(seqs(1, 0), []);
    for (stored, appended) in read(&db, &journal, 1, 9).unwrap().iter().zip(&appended) {
        assert_eq!(stored.hash, appended.hash);
        assert_eq!(entry_hash(journal.id(), &stored.entry), appended.hash);
    }
    assert_eq!(read_one(&db, &journal, 3).unwrap().unwrap().entry.prev, appended[1].hash);
    assert_eq!(read_one(&db, &journal, 0).unwrap(), None);
    assert_eq!(read_one(&db, &journal, 9).unwrap(), None);
    assert_eq!(read_one(&db, &journal, MAX_SEQ + 3).unwrap(), None);
}

#[test]
fn a_portion_is_bounded_in_bytes() {
    let (mut db, journal) = testing::with_journal();
    let long = vec![7; MAX_BODY_BYTES];
    testing::append_all(&mut db, &journal, &[&long[..]; 10]);
    assert_eq!(read(&db, &journal, 1, 100).unwrap().len(), 8);
    assert_eq!(read(&db, &journal, 9, 100).unwrap().len(), 2);
}

#[test]
fn streams_do_not_run_into_each_other() {
    let (mut db, journal) = testing::with_journal();
    let workspace =
        crate::store::open_stream(&db, testing::replica(), StreamKind::Workspace).unwrap();
    testing::append_all(&mut db, &journal, &[b"journal"]);
    testing::append_all(&mut db, &workspace, &[b"workspace"]);
    for (stream, body) in [(&journal, &b"journal"[..]), (&workspace, b"workspace")] {
        let found = read(&db, stream, 1, 100).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entry.body, body);
    }
}

#[test]
fn finds_hashes_by_name() {
    let (mut db, journal) = testing::with_journal();
    let hash = testing::append_all(&mut db, &journal, &[b"x"])[0].hash;
    let at = |replica, kind, seq| hash_at(&db, replica, kind, seq).unwrap();
    assert_eq!(at(testing::replica(), StreamKind::Journal, 1), Some(hash));
    assert_eq!(at(testing::replica(), StreamKind::Journal, 0), Some(journal.genesis()));
    assert_eq!(at(testing::replica(), StreamKind::Journal, 2), None);
    assert_eq!(at(testing::replica(), StreamKind::Workspace, 0), None);
    assert_eq!(at(ReplicaId([0; 16]), StreamKind::Journal, 1), None);
}

#[test]
fn ranges_and_hashes_are_searched() {
    testing::check_plan(RANGE, "SEARCH entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    testing::check_plan(HASH, "SEARCH entry USING INTEGER PRIMARY KEY (rowid=?)");
}

#[test]
fn names_what_is_damaged() {
    for (sql, expected) in [
        ("DELETE FROM entry WHERE position = 1 << 40 | 2", "entry 2 in the journal"),
        ("UPDATE entry SET hash = x'00' WHERE position = 1 << 40 | 3", "the hash of entry 3"),
        ("UPDATE entry SET seal = x'00' WHERE position = 1 << 40 | 3", "the seal of entry 3"),
        ("UPDATE entry SET clock = -1 WHERE position = 1 << 40 | 3", "the clock of entry 3"),
        (
            "UPDATE entry SET body = zeroblob(1048577) WHERE position = 1 << 40 | 3",
            "the body of entry 3",
        ),
    ] {
        let (mut db, journal) = testing::with_journal();
        testing::append_all(&mut db, &journal, &[b"1", b"2", b"3"]);
        db.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        db.execute(sql, []).unwrap();
        let error = read(&db, &journal, 1, 100).unwrap_err().to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}
