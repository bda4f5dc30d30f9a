//! The folder over real files.

use super::*;
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
