//! Every way a file can be wrong has its own variant; a good one has the settings promised.

use super::*;
use std::fs;

const STEPS: &[Migration] = &[
    Migration { version: 1, sql: "CREATE TABLE a(x INTEGER PRIMARY KEY) STRICT;" },
    Migration {
        version: 2,
        sql: "CREATE TABLE b(y TEXT NOT NULL) STRICT; INSERT INTO a VALUES(7);",
    },
];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn options(&self) -> OpenOptions {
        OpenOptions::new(self.0.path().join("some.db"))
    }
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn sets_what_it_promises() {
    let folder = Folder::new();
    let connection = open(&folder.options(), STEPS).unwrap();
    for (pragma, expected) in [
        ("synchronous", 2),
        ("mmap_size", 0),
        ("trusted_schema", 0),
        ("foreign_keys", 1),
        ("cache_size", -i64::from(CACHE_KIB)),
        ("wal_autocheckpoint", 1_000),
        ("busy_timeout", 5_000),
        ("query_only", 0),
        ("user_version", 2),
    ] {
        assert_eq!(number(&connection, &format!("PRAGMA {pragma}")), expected, "{pragma}");
    }
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let off = OpenOptions { synchronous: Synchronous::Off, ..folder.options() };
    assert_eq!(number(&open(&off, STEPS).unwrap(), "PRAGMA synchronous"), 0);
}

#[test]
fn migrates_from_any_version_and_only_once() {
    let folder = Folder::new();
    open(&folder.options(), &STEPS[..1]).unwrap();
    for _ in 0..2 {
        let connection = open(&folder.options(), STEPS).unwrap();
        assert_eq!(number(&connection, "SELECT count(*) FROM a"), 1);
        assert_eq!(number(&connection, "SELECT count(*) FROM b"), 0);
    }
}

#[test]
fn a_failing_step_leaves_no_trace_and_is_named() {
    let folder = Folder::new();
    let broken = Migration { version: 2, sql: "CREATE TABLE b(y TEXT) STRICT; CREATE TABLE a(x);" };
    let error = open(&folder.options(), &[STEPS[0], broken]).unwrap_err();
    assert!(matches!(error, StoreError::Migration { version: 2, .. }), "{error}");
    let connection = open(&folder.options(), &STEPS[..1]).unwrap();
    assert_eq!(number(&connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
}

#[test]
fn refuses_other_versions_by_name() {
    let folder = Folder::new();
    let error = open(&folder.options().read_only(), STEPS).unwrap_err();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error}");

    open(&folder.options(), &STEPS[..1]).unwrap();
    let error = open(&folder.options().read_only(), STEPS).unwrap_err();
    assert!(matches!(error, StoreError::OlderVersion { found: 1, ours: 2, .. }), "{error}");

    open(&folder.options(), STEPS).unwrap();
    let error = open(&folder.options(), &STEPS[..1]).unwrap_err();
    assert!(matches!(error, StoreError::NewerVersion { found: 2, ours: 1, .. }), "{error}");
    assert!(error.to_string().contains("some.db"), "{error}");
}

#[test]
fn finds_damage_at_the_door_and_leaves_the_bytes() {
    let folder = Folder::new();
    let path = folder.options().path;
    let connection = open(&folder.options(), STEPS).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let good = fs::read(&path).unwrap();
    type Spoil = fn(&mut Vec<u8>);
    let damage: [(&str, Spoil); 4] = [
        ("no database", |bytes| bytes[..16].fill(b'x')),
        ("cut short", |bytes| bytes.truncate(bytes.len() - 4_096)),
        ("schema page", |bytes| bytes[100..120].fill(0xff)),
        ("schema text", |bytes| {
            let at = bytes.windows(12).rposition(|text| text == b"CREATE TABLE").unwrap();
            bytes[at..at + 12].fill(b'?');
        }),
    ];
    for (name, spoil) in damage {
        let mut bytes = good.clone();
        spoil(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let error = open(&folder.options(), STEPS).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{name}: {error}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}: the evidence was changed");
    }
}

#[test]
fn integrity_finds_a_spoilt_data_page() {
    let folder = Folder::new();
    let path = folder.options().path;
    let connection = open(&folder.options(), STEPS).unwrap();
    check_integrity(&connection, &path).unwrap();
    let root = number(&connection, "SELECT rootpage FROM sqlite_schema WHERE name = 'a'");
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let mut bytes = fs::read(&path).unwrap();
    let at = usize::try_from(root - 1).unwrap() * 4_096;
    bytes[at..at + 64].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let connection = open(&folder.options(), STEPS).unwrap();
    let error = check_integrity(&connection, &path).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[test]
fn names_what_cannot_be_opened_or_written() {
    let folder = Folder::new();
    open(&folder.options(), STEPS).unwrap();
    let missing = OpenOptions::new(folder.0.path().join("no/such/some.db"));
    assert!(matches!(open(&missing, STEPS), Err(StoreError::CannotOpen { .. })));
    // What a read-only mount does, without needing one.
    let mount = OpenOptions::new(format!("file:{}?mode=ro", folder.options().path.display()));
    assert!(matches!(open(&mount, STEPS), Err(StoreError::ReadOnly { .. })));
}

#[test]
fn a_full_disk_is_named_and_loses_nothing() {
    let folder = Folder::new();
    let file = folder.options().path;
    let connection = open(&folder.options(), STEPS).unwrap();
    let pages = number(&connection, "PRAGMA page_count");
    connection.pragma_update(None, "max_page_count", pages).unwrap();
    let error = connection.execute("INSERT INTO b VALUES(hex(zeroblob(99999)))", []).unwrap_err();
    assert!(matches!(classify(&file, error), StoreError::Full { .. }));
    assert_eq!(number(&connection, "SELECT count(*) FROM b"), 0);
}

#[test]
fn a_held_lock_is_busy() {
    let folder = Folder::new();
    let holder = open(&folder.options(), STEPS).unwrap();
    let other = open(&folder.options(), STEPS).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = other.execute("INSERT INTO b VALUES('')", []).unwrap_err();
    assert!(matches!(classify(&folder.options().path, error), StoreError::Busy { .. }));
}

#[test]
fn readers_read_beside_the_writer_and_cannot_write() {
    let folder = Folder::new();
    let writer = open(&folder.options(), STEPS).unwrap();
    let readers = Readers::open(&folder.options(), STEPS, 2).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO b VALUES('new')").unwrap();
    let (one, two) = (readers.get().unwrap(), readers.get().unwrap());
    assert_eq!(number(&one, "SELECT count(*) FROM b"), 0);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(number(&two, "SELECT count(*) FROM b"), 1);
    let error = one.execute("DELETE FROM b", []).unwrap_err();
    assert!(matches!(classify(readers.file(), error), StoreError::ReadOnly { .. }));
    // A third caller waits until one comes back.
    std::thread::scope(|scope| {
        let third = scope.spawn(|| number(&readers.get().unwrap(), "SELECT count(*) FROM b"));
        drop(one);
        assert_eq!(third.join().unwrap(), 1);
    });
}
