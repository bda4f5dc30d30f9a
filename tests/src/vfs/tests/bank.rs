//! The self-test that gives the shim its worth: a small bank on plain SQLite, cut at every
//! position under several seeds. With the settings that SQLite calls durable no act is lost
//! that the client was told about; with weaker ones the cut must show it.

use crate::vfs::{Recording, Shim};
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;

const ACTS: i64 = 24;
const ACCOUNTS: i64 = 40;
const OPENING: i64 = 1000;
/// Two cuts of each temper at each position.
const SEEDS: u64 = 10;
/// One of each, where there are more positions and a database opens more slowly.
const FEW_SEEDS: u64 = 5;

/// How many of the cuts left which damage.
#[derive(Debug, Default, PartialEq, Eq)]
struct Damage {
    cuts: usize,
    /// Told acts were missing, the books otherwise in order.
    lost: usize,
    /// Unreadable, corrupt, or with books that don't balance.
    broken: usize,
}

/// Runs the bank through a shim: twice opened and closed, with checkpoints on the way, and a
/// mark after each act.
fn work(name: &str, journal: &str, synchronous: &str) -> Recording {
    let folder = tempfile::tempdir().unwrap();
    let shim = Shim::register(name).unwrap();
    let recording = shim.record(folder.path()).unwrap();
    for half in 0..2 {
        let path = folder.path().join("bank.db");
        let mut bank =
            Connection::open_with_flags_and_vfs(path, OpenFlags::default(), shim.name()).unwrap();
        bank.pragma_update(None, "journal_mode", journal).unwrap();
        bank.pragma_update(None, "synchronous", synchronous).unwrap();
        bank.pragma_update(None, "wal_autocheckpoint", 20).unwrap();
        if half == 0 {
            found(&mut bank).unwrap();
        }
        for act in half * ACTS / 2 + 1..=(half + 1) * ACTS / 2 {
            transfer(&mut bank, act).unwrap();
            recording.mark(act.try_into().unwrap());
        }
    }
    recording
}

fn found(bank: &mut Connection) -> rusqlite::Result<()> {
    let founding = bank.transaction()?;
    founding.execute_batch(
        "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note TEXT) STRICT;
         CREATE TABLE act (id INTEGER PRIMARY KEY, payer INTEGER NOT NULL, text TEXT) STRICT;
         CREATE INDEX act_payer ON act (payer);",
    )?;
    for id in 0..ACCOUNTS {
        // Wide rows spread the accounts over several pages.
        founding.execute(
            "INSERT INTO account (id, balance, note) VALUES (?1, ?2, ?3)",
            params![id, OPENING, "x".repeat(600)],
        )?;
    }
    founding.commit()
}

fn transfer(bank: &mut Connection, act: i64) -> rusqlite::Result<()> {
    let (payer, payee) = (act * 7 % ACCOUNTS, act * 13 % ACCOUNTS);
    let transfer = bank.transaction()?;
    let change = "UPDATE account SET balance = balance + ?2 WHERE id = ?1";
    transfer.execute(change, params![payer, -5])?;
    transfer.execute(change, params![payee, 5])?;
    transfer.execute(
        "INSERT INTO act (id, payer, text) VALUES (?1, ?2, ?3)",
        params![act, payer, "y".repeat(300)],
    )?;
    transfer.commit()
}

/// Cuts at every position under each of the first `seeds` seeds, and counts the damage.
fn damage(recording: &Recording, seeds: u64) -> Damage {
    let mut damage = Damage::default();
    // In memory where there is such a folder: recovery's own syncs are not what is tested.
    let scratch = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for at in recording.positions() {
        let told =
            recording.marks_before(at).last().map_or(0, |label| i64::try_from(*label).unwrap());
        for seed in 0..seeds {
            let left = scratch.path().join("left");
            recording.cut(at, seed, &left).unwrap();
            damage.cuts += 1;
            match survey(&left.join("bank.db")) {
                Ok(Some(acts)) if acts >= told => {}
                Ok(Some(_)) => damage.lost += 1,
                Ok(None) | Err(_) => damage.broken += 1,
            }
            std::fs::remove_dir_all(&left).unwrap();
        }
    }
    damage
}

/// The number of acts that survived, or `None` when the database is damaged.
fn survey(path: &Path) -> rusqlite::Result<Option<i64>> {
    let bank = Connection::open(path)?;
    let verdict: String = bank.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
    if verdict != "ok" {
        return Ok(None);
    }
    let tables: i64 = bank.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some(0));
    }
    let balance: i64 = bank.query_row("SELECT sum(balance) FROM account", (), |row| row.get(0))?;
    let acts = "SELECT count(*), coalesce(max(id), 0) FROM act";
    let (count, last): (i64, i64) =
        bank.query_row(acts, (), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((balance == ACCOUNTS * OPENING && count == last).then_some(count))
}

#[test]
fn a_synced_log_loses_nothing() {
    let found = damage(&work("bank-full", "WAL", "FULL"), SEEDS);
    assert_eq!((found.lost, found.broken), (0, 0), "{found:?}");
    assert!(found.cuts > 200 * 10, "the workload shrank: {found:?}");
}

#[test]
fn a_log_synced_at_checkpoints_loses_acts_but_is_whole() {
    let found = damage(&work("bank-normal", "WAL", "NORMAL"), SEEDS);
    assert!(found.lost > 0 && found.broken == 0, "{found:?}");
}

#[test]
fn no_sync_at_all_breaks_the_bank() {
    let found = damage(&work("bank-off", "WAL", "OFF"), SEEDS);
    assert!(found.lost > 0 && found.broken > 0, "{found:?}");
}

#[test]
fn a_rollback_journal_with_its_directory_synced_loses_nothing() {
    let found = damage(&work("bank-extra", "DELETE", "EXTRA"), FEW_SEEDS);
    assert_eq!((found.lost, found.broken), (0, 0), "{found:?}");
}

#[test]
fn a_rollback_journal_whose_deletion_is_lost_takes_the_last_act_back() {
    let found = damage(&work("bank-delete", "DELETE", "FULL"), FEW_SEEDS);
    assert!(found.lost > 0 && found.broken == 0, "{found:?}");
}

#[test]
fn a_journal_truncated_and_synced_loses_nothing() {
    let found = damage(&work("bank-truncate", "TRUNCATE", "FULL"), FEW_SEEDS);
    assert_eq!((found.lost, found.broken), (0, 0), "{found:?}");
}
