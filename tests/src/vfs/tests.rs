//! The shim proves itself: the model on hand-made effects here, the shim's own duties in
//! `shim`, and a bank on plain SQLite under every cut in `bank`.

mod bank;
mod shim;

use super::cut::{Image, image};
use super::log::Log;
use std::collections::BTreeSet;
use std::path::Path;

const SEEDS: u64 = 2000;

/// The images that `SEEDS` seeds make of a cut after all that `script` does in a log that knows
/// the file `old`, holding `oooo`.
fn images(script: impl Fn(&mut Log)) -> Vec<Image> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old"), b"oooo").unwrap();
    let mut log = Log::of_folder(folder.path()).unwrap();
    script(&mut log);
    (0..SEEDS).map(|seed| image(&log.files, &log.ops, seed)).collect()
}

/// Checks that `file` ends in exactly the states `expected`, each under some seed; `-` stands
/// for a missing file.
#[track_caller]
fn check(file: &str, expected: &[&str], script: impl Fn(&mut Log)) {
    let state = |image: &Image| match image.get(Path::new(file)) {
        None => "-".to_owned(),
        Some(bytes) => String::from_utf8(bytes.clone()).unwrap().replace('\0', "0"),
    };
    let seen: BTreeSet<String> = images(script).iter().map(state).collect();
    let expected: BTreeSet<String> = expected.iter().map(|&text| text.to_owned()).collect();
    assert_eq!(seen, expected);
}

fn sync(log: &mut Log, file: &str, directory: bool) {
    let covers = log.ops.len();
    log.synced(Path::new(file), covers, directory);
}

#[test]
fn what_was_there_stays() {
    check("old", &["oooo"], |_| {});
}

#[test]
fn an_unsynced_write_is_kept_dropped_or_a_prefix() {
    check("old", &["oooo", "aooo", "aboo"], |log| log.wrote(Path::new("old"), 0, b"ab"));
}

#[test]
fn a_synced_write_stays_and_a_later_one_may_not() {
    check("old", &["aooo", "aoob"], |log| {
        log.wrote(Path::new("old"), 0, b"a");
        sync(log, "old", false);
        log.wrote(Path::new("old"), 3, b"b");
    });
}

#[test]
fn a_sync_covers_only_what_came_before_it_began() {
    check("old", &["oooo", "aooo"], |log| {
        let began = log.ops.len();
        log.wrote(Path::new("old"), 0, b"a");
        log.synced(Path::new("old"), began, false);
    });
}

#[test]
fn a_sync_of_another_file_covers_nothing() {
    check("old", &["oooo", "aooo"], |log| {
        log.opened(Path::new("new"), None);
        log.wrote(Path::new("old"), 0, b"a");
        sync(log, "new", true);
    });
}

#[test]
fn unsynced_writes_may_swap() {
    check("old", &["oooo", "aooo", "booo"], |log| {
        log.wrote(Path::new("old"), 0, b"a");
        log.wrote(Path::new("old"), 0, b"b");
    });
    // Only the swap leaves `aa` whole beside the `c` of the later write.
    let swapped = images(|log| {
        log.wrote(Path::new("old"), 0, b"aa");
        log.wrote(Path::new("old"), 1, b"boc");
    });
    assert!(swapped.iter().any(|image| image[Path::new("old")] == b"aaoc"));
}

#[test]
fn several_writes_may_be_torn_at_once() {
    let torn = images(|log| {
        log.wrote(Path::new("old"), 0, b"aaaaaaaa");
        log.wrote(Path::new("old"), 8, b"bbbbbbbb");
    });
    let partly = |image: &Image, letter: u8| {
        let kept = image[Path::new("old")].iter().filter(|byte| **byte == letter).count();
        0 < kept && kept < 8
    };
    assert!(torn.iter().any(|image| partly(image, b'a') && partly(image, b'b')));
}

#[test]
fn a_gap_before_a_kept_write_reads_as_zero() {
    check("old", &["oooo", "oooo00a"], |log| log.wrote(Path::new("old"), 6, b"a"));
}

#[test]
fn an_unsynced_truncation_may_not_have_happened() {
    check("old", &["oooo", "o"], |log| log.truncated(Path::new("old"), 1));
    check("old", &["o"], |log| {
        log.truncated(Path::new("old"), 1);
        sync(log, "old", false);
    });
}

#[test]
fn a_torn_write_splits_at_sectors_of_the_file() {
    let torn = images(|log| log.wrote(Path::new("old"), 500, &[b'x'; 524]));
    // 524 bytes at 500: twelve of the first sector, the whole second one.
    let only_second = torn.iter().any(|image| {
        let bytes = image.get(Path::new("old")).unwrap();
        bytes.len() == 1024 && bytes[500..512].iter().all(|byte| *byte == 0)
    });
    let only_first = torn.iter().any(|image| image.get(Path::new("old")).unwrap().len() == 512);
    assert!(only_second && only_first);
    let inside = |image: &Image| image.get(Path::new("old")).unwrap()[512..].contains(&0);
    assert!(!torn.iter().filter(|i| i[Path::new("old")].len() > 512).any(inside));
}

#[test]
fn names_are_durable_by_their_own_sync_or_the_directorys() {
    let create = |log: &mut Log| log.opened(Path::new("new"), None);
    check("new", &["-", ""], create);
    check("new", &[""], |log| {
        create(log);
        sync(log, "new", false);
    });
    check("new", &["-", ""], |log| {
        create(log);
        sync(log, "old", false);
    });
    check("new", &[""], |log| {
        create(log);
        sync(log, "old", true);
    });
    check("new", &["-", ""], |log| {
        let began = log.ops.len();
        create(log);
        log.synced(Path::new("old"), began, true);
    });
    check("new", &[""], |log| {
        create(log);
        log.deleted(Path::new("old"), true);
    });
    check("sub/new", &["-", ""], |log| {
        log.opened(Path::new("sub/new"), None);
        sync(log, "old", true);
    });
}

#[test]
fn a_deletion_may_be_lost_until_the_directory_is_synced() {
    check("old", &["-", "oooo"], |log| log.deleted(Path::new("old"), false));
    check("old", &["-"], |log| log.deleted(Path::new("old"), true));
    // Deleted and made anew: the old file, nothing, or the new one with or without its bytes.
    check("old", &["oooo", "-", "", "n"], |log| {
        log.deleted(Path::new("old"), false);
        log.opened(Path::new("old"), None);
        log.wrote(Path::new("old"), 0, b"n");
    });
}

#[test]
fn a_file_found_beside_sqlite_counts_as_durable() {
    check("found", &["ff"], |log| log.opened(Path::new("found"), Some(b"ff".to_vec())));
}

#[test]
fn seeds_zero_and_one_are_the_extremes_and_each_seed_repeats() {
    let script = |log: &mut Log| {
        log.opened(Path::new("new"), None);
        for offset in 0..9 {
            log.wrote(Path::new("new"), offset, b"n");
            log.wrote(Path::new("old"), offset, b"w");
        }
    };
    let all = images(script);
    assert_eq!(all[0], Image::from([("old".into(), b"oooo".to_vec())]));
    let kept = [("new".into(), vec![b'n'; 9]), ("old".into(), vec![b'w'; 9])];
    assert_eq!(all[1], Image::from(kept));
    assert_eq!(all, images(script));
}
