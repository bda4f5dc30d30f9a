//! Backups of a selling till, and what restoring one does.

use super::*;
use crate::home::HomeError;
use crate::upkeep::anew::begin_anew;
use crate::upkeep::backup::{BackupOptions, BackupReport, backup};
use crate::upkeep::rebuild::rebuild;
use crate::upkeep::restore::{RESTORED, RestoreOptions, RestoreReport, restore};
use crate::upkeep::verify::{VerifyOptions, WitnessSays, verify};
use std::fs;

impl Shop {
    pub(super) fn back_up(&self) -> BackupReport {
        let options = BackupOptions { now: self.now, keep_free: 0 };
        backup(&self.home, &self.folder.path().join("backups"), options, &mut quiet).unwrap()
    }

    pub(super) fn restore(&mut self, from: &Path) -> Result<RestoreReport, UpkeepError> {
        self.now += jiff::SignedDuration::from_secs(1);
        let lock = self.home.lock().unwrap();
        let options = RestoreOptions { machine: MACHINE, now: self.now, keep_free: 0 };
        restore(&self.home, &lock, from, options, &mut quiet)
    }
}

#[test]
fn a_till_sells_on_while_it_is_backed_up() {
    let mut shop = Shop::open();
    let first = shop.sell();
    shop.stop();
    // Copied in more than one step.
    shop.tamper("CREATE TABLE padding (x BLOB); INSERT INTO padding VALUES (zeroblob(3000000))");
    shop.start().unwrap();
    let (home, into) = (shop.home.clone(), shop.folder.path().join("backups"));
    let options = BackupOptions { now: shop.now, keep_free: 0 };
    let mut sold = Vec::new();
    // A sale between any two steps of the copy.
    let report = backup(&home, &into, options, &mut |progress| {
        if progress.what == "till.db" {
            sold.push(shop.sell());
            assert!(sold.len() < 20, "the copy begins anew with each sale");
        }
    })
    .unwrap();
    assert!(sold.len() > 2, "{sold:?}");
    let Manifest { series, last_receipt, files, journals, .. } = &report.manifest;
    assert_eq!((*series, last_receipt.as_deref()), (1, Some(&*first.to_string())));
    assert_eq!(journals[0].seq, 3, "the moment the copy began");
    let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
    assert_eq!(names, ["till.db", "catalogue.db"]);
    let name = report.folder.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("till-HH01-1-20261122T"), "{name}");
    let mut inside: Vec<_> =
        fs::read_dir(&report.folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    inside.sort();
    assert_eq!(inside, ["catalogue.db", "manifest.json", "till.db"], "and no secret");
    assert_eq!(Manifest::read(&report.folder).unwrap(), report.manifest);
}

#[test]
fn a_backup_is_refused_without_room_or_without_a_till() {
    let mut shop = Shop::imported();
    let into = shop.folder.path().join("backups");
    let attempt = |shop: &Shop, keep_free| {
        let options = BackupOptions { now: shop.now, keep_free };
        backup(&shop.home, &into, options, &mut quiet).unwrap_err()
    };
    assert!(attempt(&shop, 0).to_string().contains("till.db"));
    shop.start().unwrap();
    assert!(matches!(attempt(&shop, u64::MAX), UpkeepError::NoRoom { .. }));
    assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
}

#[test]
fn a_damaged_journal_is_not_backed_up() {
    let mut shop = Shop::open();
    shop.sell();
    shop.stop();
    shop.tamper(
        "UPDATE entry SET clock = clock + 1 WHERE position = (SELECT max(position) FROM entry WHERE position >> 40 = 1)",
    );
    let options = BackupOptions { now: shop.now, keep_free: 0 };
    let into = shop.folder.path().join("backups");
    let error = backup(&shop.home, &into, options, &mut quiet).unwrap_err();
    assert!(matches!(error, UpkeepError::Fault(_)), "{error}");
    assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
}

#[test]
fn a_restored_till_begins_a_series_and_doubles_no_receipt_however_often() {
    let mut shop = Shop::open();
    let mut printed = vec![shop.sell()];
    let kept = shop.back_up();
    printed.push(shop.sell());
    shop.stop();
    // The witness was written before the backup, so it agrees with the restored database: the
    // restore itself has to say that it was one.
    for _ in 0..3 {
        let report = shop.restore(&kept.folder).unwrap();
        assert!(report.set_aside.unwrap().join("till.db").exists());
        let found = verify(&shop.home, VerifyOptions { rebuild_check: true }, &mut quiet).unwrap();
        assert_eq!(found.witness, WitnessSays::Restored);
        // What the next series must be above outlasts a rebuild before the start.
        let lock = shop.home.lock().unwrap();
        rebuild(&shop.home, &lock, &mut quiet).unwrap();
        drop(lock);
        shop.start().unwrap();
        printed.push(shop.sell());
        shop.stop();
        verify(&shop.home, VerifyOptions { rebuild_check: true }, &mut quiet).unwrap();
    }
    let texts: Vec<String> = printed.iter().map(ToString::to_string).collect();
    let expected = ["1-000001", "1-000002", "2-000001", "3-000001", "4-000001"];
    assert_eq!(texts, expected.map(|tail| format!("HH01-1-{tail}")));
}

#[test]
fn a_backup_comes_back_on_a_new_machine_and_in_place_of_a_damaged_file() {
    let mut shop = Shop::open();
    shop.sell();
    let kept = shop.back_up();
    shop.stop();
    fs::write(shop.home.till_db(), vec![0x5a; 8192]).unwrap();
    assert!(matches!(shop.start(), Err(HomeError::Quarantined { .. })));
    assert!(matches!(shop.start(), Err(HomeError::Missing(_))));
    let report = shop.restore(&kept.folder).unwrap();
    assert_eq!(report.known_series, 2, "the damaged file may have begun another");
    shop.start().unwrap();
    assert_eq!(shop.sell().to_string(), "HH01-1-3-000001");

    let mut new = Shop::imported();
    new.home = Home::at(&new.folder.path().join("another")).unwrap();
    let report = new.restore(&kept.folder).unwrap();
    assert_eq!(report.set_aside, None);
    new.start().unwrap();
    assert_eq!(new.sell().to_string(), "HH01-1-2-000001");
}

#[test]
fn a_restore_that_was_cut_short_says_what_to_do() {
    let mut shop = Shop::open();
    shop.sell();
    let kept = shop.back_up();
    shop.stop();
    // As after the power failed between setting aside and putting in place.
    shop.restore(&kept.folder).unwrap();
    fs::remove_file(shop.home.till_db()).unwrap();
    let refused = shop.start().unwrap_err();
    assert!(matches!(refused, HomeError::Missing(_)), "{refused}");
    assert!(refused.to_string().contains("till restore"));
    shop.restore(&kept.folder).unwrap();
    shop.start().unwrap();
    assert_eq!(shop.sell().to_string(), "HH01-1-2-000001");
    shop.stop();
    // As after the power failed before anything was set aside.
    shop.home.write_witness(MACHINE, RESTORED, 0).unwrap();
    shop.start().unwrap();
    assert_eq!(shop.sell().to_string(), "HH01-1-3-000001");
}

/// What is done to a copy of a backup.
type Change<'a> = &'a dyn Fn(&Path);

#[test]
fn what_is_no_whole_backup_is_refused_and_nothing_is_touched() {
    let mut shop = Shop::open();
    shop.sell();
    let kept = shop.back_up().folder;
    shop.stop();
    let copy = shop.folder.path().join("copy");
    let with = |change: &dyn Fn(&Path)| {
        if copy.exists() {
            fs::remove_dir_all(&copy).unwrap();
        }
        fs::create_dir(&copy).unwrap();
        for file in fs::read_dir(&kept).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        change(&copy);
    };
    let manifest = |from: &'static str, to: &'static str| {
        move |copy: &Path| {
            let text = fs::read_to_string(copy.join(MANIFEST)).unwrap();
            assert!(text.contains(from));
            fs::write(copy.join(MANIFEST), text.replace(from, to)).unwrap();
        }
    };
    let flip = |copy: &Path| {
        let mut bytes = fs::read(copy.join("till.db")).unwrap();
        bytes[5000] ^= 1;
        fs::write(copy.join("till.db"), bytes).unwrap();
    };
    let cases: [(Change<'_>, &str); 5] = [
        (&|copy| fs::remove_file(copy.join(MANIFEST)).unwrap(), "no finished backup"),
        (&|copy| fs::write(copy.join(MANIFEST), "{").unwrap(), "cannot be read"),
        (&manifest("\"format\": 1", "\"format\": 2"), "newer"),
        (&manifest("\"seq\": 3", "\"seq\": 2"), "does not end where the manifest says"),
        (&flip, "SHA-256"),
    ];
    let before = fs::read(shop.home.till_db()).unwrap();
    for (change, expected) in cases {
        with(change);
        let error = shop.restore(&copy).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(fs::read(shop.home.till_db()).unwrap(), before, "{expected}");
        assert!(!shop.home.file("quarantine").exists());
    }
    shop.start().unwrap();
    assert_eq!(shop.sell().to_string(), "HH01-1-1-000002", "the same till as before");
}

#[test]
fn a_till_without_a_backup_begins_anew_by_an_act_of_its_own_and_never_in_a_series_it_had() {
    let mut shop = Shop::open();
    shop.sell();
    for series in 2..=3 {
        shop.stop();
        fs::remove_file(shop.home.till_db()).unwrap();
        for name in ["till.db-wal", "till.db-shm"] {
            fs::remove_file(shop.home.file(name)).ok();
        }
        let refused = shop.start().unwrap_err();
        assert!(refused.to_string().contains("--without-backup"), "{refused}");
        let report = {
            let lock = shop.home.lock().unwrap();
            begin_anew(&shop.home, &lock, MACHINE, shop.now).unwrap()
        };
        assert_eq!((report.known_series, &report.set_aside), (series - 1, &None));
        shop.start().unwrap();
        let float = shop.money("100.00");
        shop.ok(Command::OpenShift { float });
        assert_eq!(shop.sell().to_string(), format!("HH01-1-{series}-000001"));
    }
    // What is damaged is kept.
    shop.stop();
    fs::write(shop.home.till_db(), b"").unwrap();
    let lock = shop.home.lock().unwrap();
    let report = begin_anew(&shop.home, &lock, MACHINE, shop.now).unwrap();
    assert!(report.set_aside.unwrap().join("till.db").exists());
}
