//! Files that cannot be: a till that is started on one says which and what to do, deletes nothing,
//! and with the good file back goes on where it was.

use crate::process::{Agent, Client, Place};
use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::path::Path;

/// What is wrong with a file, the file, how it came to be so, and what the till must say of it.
type Case = (&'static str, &'static str, fn(&Path), &'static [&'static str]);

const CASES: [Case; 8] = [
    ("a newer till's database", "till.db", newer, &["till.db", "newer"]),
    ("a newer catalogue", "catalogue.db", newer, &["catalogue.db", "newer"]),
    ("a database cut short", "till.db", cut_short, &["till.db", "quarantine"]),
    ("a spoilt first page", "till.db", spoil_header, &["till.db", "quarantine"]),
    ("a spoilt catalogue", "catalogue.db", spoil_header, &["catalogue.db", "quarantine"]),
    ("an emptied database", "till.db", empty, &["till.db", "restore"]),
    ("no database where there was one", "till.db", remove, &["till.db", "restore"]),
    ("a spoilt key", "till.key", cut_short, &["till.key"]),
];

fn newer(file: &Path) {
    let conn = Connection::open(file).unwrap();
    conn.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn cut_short(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() / 2 + 1]).unwrap();
}

fn spoil_header(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[..200].fill(b'x');
    fs::write(file, bytes).unwrap();
}

fn empty(file: &Path) {
    fs::write(file, b"").unwrap();
}

fn remove(file: &Path) {
    fs::remove_file(file).unwrap();
}

/// The bytes of every file that goes by this name, in the till's folder and set aside.
fn kept(home: &Path, name: &str) -> Vec<Vec<u8>> {
    let aside = fs::read_dir(home.join("quarantine")).into_iter().flatten();
    let folders = aside.map(|entry| entry.unwrap().path()).chain([home.to_owned()]);
    folders.filter_map(|folder| fs::read(folder.join(name)).ok()).collect()
}

/// Sells a roll; the receipt's number.
fn sell(place: &Place) -> String {
    let agent = Agent::start(place).unwrap();
    let mut client = Client::log_in(agent.address(), "101", "4826").unwrap();
    if client.get("/shifts/current").is_err() {
        let float = json!({ "float": { "minor": 10_000, "currency": "EUR" } });
        client.post("/shifts", &float).unwrap();
    }
    let added = client.post("/carts", &json!({ "code": "101" })).unwrap();
    let path = format!("/carts/{}/tenders", added["cart"]["cart"]);
    let paid = json!({ "tender": "cash", "amount": { "minor": 200, "currency": "EUR" } });
    let sold = client.post(&path, &paid).unwrap();
    assert!(agent.stop().unwrap().success());
    sold["receipt"].as_str().unwrap().to_owned()
}

#[test]
fn a_file_that_cannot_be_is_named_and_kept_and_the_good_one_goes_on() {
    let place = Place::demo().unwrap();
    assert_eq!(sell(&place), "HH01-1-1-000001");
    let home = place.home();
    for (case, (what, name, spoil, said)) in (2..).zip(CASES) {
        let file = home.join(name);
        let log = home.join(format!("{name}-wal"));
        let (good, good_log) = (fs::read(&file).unwrap(), fs::read(&log).ok());
        _ = fs::remove_file(&log);
        spoil(&file);
        let spoilt = fs::read(&file).ok();
        let error = place.till(&["run"]).expect_err(what).to_string();
        for word in said {
            assert!(error.contains(word), "{what}: {error}");
        }
        // Nothing is kept of a file in which there was nothing.
        if let Some(spoilt) = spoilt.filter(|bytes| !bytes.is_empty()) {
            assert!(kept(&home, name).contains(&spoilt), "{what}: the evidence is gone");
        }
        for suffix in ["-wal", "-shm"] {
            _ = fs::remove_file(home.join(format!("{name}{suffix}")));
        }
        fs::write(&file, good).unwrap();
        if let Some(good_log) = good_log {
            fs::write(&log, good_log).unwrap();
        }
        assert_eq!(sell(&place), format!("HH01-1-1-{case:06}"), "{what}");
    }
}

#[test]
fn a_misspelt_configuration_is_named_with_what_was_meant() {
    let place = Place::demo().unwrap();
    let good = fs::read_to_string(place.config()).unwrap();
    for (typo, said) in [
        ("[stoer]\n", "store"),
        ("[http]\nprot = 0\n", "port"),
        ("[till]\nnumber = \"one\"\n", "number"),
        ("[till\n", "agent.toml:1:6"),
    ] {
        fs::write(place.config(), typo).unwrap();
        let error = place.till(&["run"]).unwrap_err().to_string();
        assert!(error.contains("agent.toml") && error.contains(said), "{typo}: {error}");
    }
    fs::write(place.config(), good).unwrap();
    assert_eq!(sell(&place), "HH01-1-1-000001");
}
