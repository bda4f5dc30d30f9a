//! The folder over real files.

use super::*;
use sync::log::StreamKind;
use sync::store::{BootId, MachineId};

#[test]
fn a_bare_name_stands_in_the_working_folder() {
    for (path, folder) in [("a", "."), ("./a", "."), ("b/a", "b"), ("/a", "/"), ("/b/a", "/b")] {
        assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path}");
    }
}

#[test]
fn a_till_that_sold_before_never_begins_anew_by_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = Home::at(folder.path()).expect("a folder");
    let machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
    let open = || {
        let lock = home.lock()?;
        home.till_store(Some(&lock), machine, "HH01", 1, wall_clock()).map(|store| store.series())
    };
    assert_eq!(open().expect("a first start"), 1);
    assert_eq!(open().expect("a second start"), 1);
    // One copy put back twice by hand: each time another series.
    let copy = fs::read(home.till_db()).expect("the file");
    let restore = || {
        let mut witness = home.witness().expect("readable").expect("a witness");
        witness.head.seq += 1_000;
        replace_file(&home.file("till.witness"), &witness.encode()).expect("written");
        fs::write(home.till_db(), &copy).expect("put back");
        for name in ["till.db-wal", "till.db-shm"] {
            fs::remove_file(home.file(name)).ok();
        }
    };
    for expected in [2, 3] {
        restore();
        assert_eq!(open().expect("a start of what was put back"), expected);
    }
    for name in ["till.db-wal", "till.db-shm"] {
        fs::remove_file(home.file(name)).ok();
    }
    fs::write(home.till_db(), b"").expect("an emptied file");
    assert!(matches!(open(), Err(HomeError::Missing(_))));
    fs::remove_file(home.till_db()).expect("no file");
    assert!(matches!(open(), Err(HomeError::Missing(_))));
}

/// Its journal is from a time when ids were not bound to keys.
#[test]
fn a_till_whose_id_is_not_of_its_key_begins_another_series_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = Home::at(folder.path()).expect("a folder");
    let machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
    let (replica, reason) = (ReplicaId([7; 16]), SeriesReason::First);
    let new = NewSeries { replica, reason, store: "HH01".into(), till: 1, above: 0 };
    let key = home.sealing_key().expect("a key");
    let opened = Opened::open(&OpenOptions::new(home.till_db())).expect("a file");
    let before = opened.begin(key, BUILD_MS, wall_clock(), Some(new)).expect("a series");
    let head = before.head().expect("a head");
    home.write_witness(machine, head, before.series()).expect("a witness");
    drop(before);
    assert!(matches!(
        home.till_store(None, machine, "HH01", 1, wall_clock()),
        Err(HomeError::NotStarted)
    ));
    for _ in 0..2 {
        let lock = home.lock().expect("nobody else");
        let store = home.till_store(Some(&lock), machine, "HH01", 1, wall_clock());
        let store = store.expect("a start");
        let now = store.head().expect("a head").replica;
        assert!(now.is_of(&home.sealing_key().expect("a key").public()));
        assert_eq!(store.series(), 2, "the first start's, and the second goes on with it");
        let kept = sync::store::hash_at(store.connection(), replica, StreamKind::Journal, head.seq);
        assert_eq!(kept.expect("readable"), Some(head.hash), "what it wrote before is there");
    }
}

#[test]
fn a_till_with_another_number_gives_receipts_in_a_series_of_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = Home::at(folder.path()).expect("a folder");
    let machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
    let start = |store: &str, number| {
        let lock = home.lock().expect("nobody else");
        let started = home.till_store(Some(&lock), machine, store, number, wall_clock());
        let started = started.expect("a start");
        (started.series(), started.replica())
    };
    let first = start("HH01", 1);
    assert_eq!(start("HH01", 1), first);
    let renumbered = start("HH01", 2);
    assert_eq!(renumbered.0, 2);
    assert_ne!(renumbered.1, first.1);
    assert_eq!(start("HH01", 2), renumbered);
    assert_eq!(start("HH02", 2).0, 3, "of another store");
    let beside = home.till_store(None, machine, "HH01", 2, wall_clock());
    assert!(matches!(beside, Err(HomeError::NotStarted)));
}
