//! The shim's own duties on real databases: counting, faults, names, folders, determinism.

use crate::vfs::{DiskError, Fault, FaultOn, Shim};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::io::ErrorKind;
use std::path::Path;

fn open(shim: &Shim, path: &Path) -> Connection {
    let flags = OpenFlags::default();
    let connection = Connection::open_with_flags_and_vfs(path, flags, shim.name()).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
        )
        .unwrap();
    connection
}

fn add(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO note (text) VALUES ('milk')", ())
}

#[test]
fn counts_pages_and_syncs_of_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register("count").unwrap();
    let connection = open(&shim, &folder.path().join("shop.db"));
    add(&connection).unwrap();
    let before = shim.counters();
    add(&connection).unwrap();
    let act = shim.counters().since(&before);
    let log = act.file("shop.db-wal");
    // One changed page: one frame of 24 + 4096 bytes, one sync, and nothing in the database.
    assert_eq!((log.pages_written, log.bytes_written, log.syncs), (1, 4120, 1));
    assert_eq!(act.total(), log);

    let before = shim.counters();
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
    let checkpoint = shim.counters().since(&before);
    assert_eq!(checkpoint.file("shop.db").syncs, 1);
    assert_eq!(checkpoint.file("shop.db").pages_written, 2);
    assert!(checkpoint.file("shop.db-wal").pages_read >= 2);
}

#[test]
fn pages_are_read_and_counted_even_when_memory_mapping_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register("mapped").unwrap();
    let path = folder.path().join("shop.db");
    add(&open(&shim, &path)).unwrap();
    let connection = open(&shim, &path);
    connection.pragma_update(None, "mmap_size", 1 << 20).unwrap();
    let before = shim.counters();
    connection.query_row("SELECT text FROM note", (), |_| Ok(())).unwrap();
    assert!(shim.counters().since(&before).file("shop.db").pages_read > 0);
}

#[test]
fn a_name_is_taken_once_and_free_after_the_drop() {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register("taken").unwrap();
    assert_eq!(Shim::register("taken").unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(Shim::register("a\0b").unwrap_err().kind(), ErrorKind::InvalidInput);
    let connection = open(&shim, &folder.path().join("shop.db"));
    drop(shim);
    add(&connection).unwrap();
    Shim::register("taken").unwrap();
}

/// Adds ten notes under `fault` and checks how many fail, and how; then heals the disk, and
/// checks that the notes which were accepted, and no others, are there.
#[track_caller]
fn check_fault(name: &str, fault: Fault, failed: usize, code: ErrorCode) {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register(name).unwrap();
    let path = folder.path().join("shop.db");
    let connection = open(&shim, &path);
    shim.inject(fault);
    let results: Vec<_> = (0..10).map(|_| add(&connection)).collect();
    let refused: Vec<_> =
        results.iter().filter_map(|r| r.as_ref().err()?.sqlite_error_code()).collect();
    assert_eq!(refused, vec![code; failed]);
    assert_eq!(shim.faults_fired(), failed as u64);
    shim.heal();
    add(&connection).unwrap();
    drop(connection);
    let count: i64 =
        open(&shim, &path).query_row("SELECT count(*) FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!(count, 11 - i64::try_from(failed).unwrap());
}

#[test]
fn faults_reach_the_caller_and_pass() {
    let fault =
        |on, nth, lasting, error| Fault { on, nth, lasting, error, file_suffix: "-wal".to_owned() };
    let full = fault(FaultOn::Write, 3, true, DiskError::Full);
    check_fault("full", full, 9, ErrorCode::DiskFull);
    let write = fault(FaultOn::Write, 1, false, DiskError::Io);
    check_fault("write", write, 1, ErrorCode::SystemIoFailure);
    let sync = fault(FaultOn::Sync, 2, false, DiskError::Io);
    check_fault("sync", sync, 1, ErrorCode::SystemIoFailure);
    let elsewhere = Fault {
        file_suffix: "other.db".to_owned(),
        ..fault(FaultOn::Write, 1, true, DiskError::Full)
    };
    check_fault("elsewhere", elsewhere, 0, ErrorCode::DiskFull);
}

#[test]
fn records_only_below_the_root_and_only_while_asked() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let shim = Shim::register("root").unwrap();
    let shop = open(&shim, &inside.join("shop.db"));
    let recording = shim.record(&inside).unwrap();
    assert!(recording.is_empty());
    add(&open(&shim, &folder.path().join("outside.db"))).unwrap();
    assert!(recording.is_empty());
    add(&shop).unwrap();
    // Frame header, page, sync.
    assert_eq!(recording.len(), 3);
    recording.mark(7);
    recording.mark(8);
    add(&shop).unwrap();
    assert_eq!(recording.positions(), [0, 1, 2, 5, 6, 7, 8]);
    assert_eq!(recording.marks_before(3), [0_u64; 0]);
    assert_eq!(recording.marks_before(5), [7, 8]);
    assert!(recording.describe(3).contains("syncing shop.db-wal"));
    shim.stop_recording();
    add(&shop).unwrap();
    assert_eq!(recording.len(), 8);
    assert_eq!(recording.image(9, 0).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_first_sync_of_a_journal_keeps_the_databases_name() {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register("names").unwrap();
    let recording = shim.record(folder.path()).unwrap();
    let path = folder.path().join("shop.db");
    let connection =
        Connection::open_with_flags_and_vfs(path, OpenFlags::default(), shim.name()).unwrap();
    connection.execute_batch("CREATE TABLE note (text TEXT NOT NULL) STRICT;").unwrap();
    let after = |what: &str| {
        (0..=recording.len()).find(|at| recording.describe(*at).ends_with(what)).unwrap()
    };
    let kept = |at: usize| {
        let image = |seed| recording.image(at, seed).unwrap();
        (0..20).filter(|seed| image(*seed).contains_key(Path::new("shop.db"))).count()
    };
    assert!(kept(after("creating shop.db")) < 20);
    let journal_synced = after("syncing shop.db-journal");
    assert!(journal_synced < after("syncing shop.db"));
    assert_eq!(kept(journal_synced), 20);
}

#[test]
fn two_threads_record_in_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register("threads").unwrap();
    let path = folder.path().join("shop.db");
    drop(open(&shim, &path));
    let recording = shim.record(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (shim, path, recording) = (&shim, &path, recording.clone());
            scope.spawn(move || {
                let connection = open(shim, path);
                connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
                for note in 0..20 {
                    add(&connection).unwrap();
                    recording.mark(thread * 20 + note);
                }
            });
        }
    });
    let at = recording.len();
    let told = recording.marks_before(at).len();
    let left = folder.path().join("left");
    recording.cut(at, 0, &left).unwrap();
    assert_eq!(recording.cut(at, 0, &left).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    let survivor = Connection::open(left.join("shop.db")).unwrap();
    let count: i64 = survivor.query_row("SELECT count(*) FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!((told, count), (40, 40));
}

#[test]
fn the_same_work_and_seed_leave_the_same_files() {
    let images = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let shim = Shim::register(name).unwrap();
        let recording = shim.record(folder.path()).unwrap();
        let connection = Connection::open_with_flags_and_vfs(
            folder.path().join("shop.db"),
            OpenFlags::default(),
            shim.name(),
        )
        .unwrap();
        // SQLite salts its logs and journals with random numbers, so equal work makes equal
        // writes only without either.
        connection
            .execute_batch(
                "PRAGMA journal_mode = OFF; CREATE TABLE note (text TEXT NOT NULL) STRICT;
                 INSERT INTO note (text) VALUES ('milk');",
            )
            .unwrap();
        let images: Vec<_> = recording
            .positions()
            .iter()
            .flat_map(|at| (0..10).map(|seed| recording.image(*at, seed).unwrap()))
            .collect();
        images
    };
    assert_eq!(images("same-1"), images("same-2"));
}
