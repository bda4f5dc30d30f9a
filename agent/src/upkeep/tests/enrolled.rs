//! A till that sold before it was enrolled, its backups, and what the doctor says of it.

use super::examined::{check, chmod, doctor, worst};
use super::*;
use crate::enrol::Who;
use crate::enrol::accept::accept;
use crate::enrol::ask::request;
use crate::enrol::authority::{AuthorityFolder, GrantOptions};
use crate::upkeep::doctor::Outcome::{self, Ok as Fine, Problem, Warning};
use crate::upkeep::verify::{VerifyOptions, verify};
use jiff::SignedDuration;
use std::fs;

impl Shop {
    /// Enrols the stopped till with an authority of its own, for `days`.
    fn enrol(&self, days: u16) {
        let at = |name: &str| self.folder.path().join(name);
        let who = Who { store: "HH01".into(), thing: "hh01-till-1".into(), number: 1 };
        request(&self.home, &who, &at("request")).unwrap();
        if !at("authority").exists() {
            AuthorityFolder::create(&at("authority"), "Hansa Kaffee", self.now).unwrap();
        }
        let authority = AuthorityFolder::open(&at("authority")).unwrap();
        let options = GrantOptions { days, replace: true, now: self.now };
        let request = fs::read(at("request")).unwrap();
        authority.grant(&request, Some(&at("bundle")), options).unwrap();
        let lock = self.home.lock().unwrap();
        let bundle = fs::read(at("bundle")).unwrap();
        accept(&self.home, &lock, &who, MACHINE, &bundle, self.now).unwrap();
    }
}

#[test]
fn a_till_that_sold_before_it_was_enrolled_keeps_everything() {
    let mut shop = Shop::open();
    let first = shop.sell();
    shop.stop();
    shop.enrol(730);
    shop.start().unwrap();
    let root = shop.home.identity().unwrap().unwrap().root;
    let trust = shop.till().join(Some(root)).unwrap();
    assert_eq!(trust.enrolled().count(), 1);
    let second = shop.sell();
    assert_eq!(second.series, first.series, "the same series goes on");
    shop.stop();
    let options = VerifyOptions { rebuild_check: true };
    verify(&shop.home, options, &mut quiet).unwrap();
}

#[test]
fn a_backup_holds_no_keys_and_a_restore_keeps_or_asks() {
    let mut shop = Shop::open();
    shop.sell();
    shop.stop();
    shop.enrol(730);
    let backup = shop.back_up();
    let names = fs::read_dir(&backup.folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["catalogue.db", "manifest.json", "till.db"]);
    let kept = shop.restore(&backup.folder).unwrap();
    assert!(!kept.must_enrol);
    assert!(shop.home.identity().unwrap().is_some());
    // Another machine: a folder without keys.
    for name in ["till.key", "tls.key", "tls.pem", "chain.pem", "chain.root"] {
        fs::remove_file(shop.home.file(name)).unwrap();
    }
    let asks = shop.restore(&backup.folder).unwrap();
    assert!(asks.must_enrol);
    assert!(asks.to_string().contains("till enrol request"), "{asks}");
    shop.start().unwrap();
    shop.stop();
    shop.enrol(730);
    assert!(shop.home.identity().unwrap().is_some());
}

#[test]
fn a_till_in_no_chain_is_restored_without_a_word_of_it() {
    let mut shop = Shop::open();
    shop.sell();
    shop.stop();
    let backup = shop.back_up();
    assert!(!shop.restore(&backup.folder).unwrap().must_enrol);
}

type Cause = (&'static str, fn(&mut Shop), Outcome, &'static str);

/// What happens to a healthy, enrolled, stopped till, and what the doctor finds.
const CAUSES: [Cause; 9] = [
    ("nothing", |_| {}, Fine, "`hh01-till-1` of Hansa Kaffee"),
    ("renewed for a month", |shop| shop.enrol(29), Warning, "valid until"),
    (
        "expired",
        |shop| {
            shop.enrol(10);
            shop.now += SignedDuration::from_hours(11 * 24);
        },
        Problem,
        "was valid until",
    ),
    (
        "another key of connections",
        |shop| {
            fs::remove_file(shop.home.tls_key()).unwrap();
            shop.home.make_connection_key().unwrap();
        },
        Problem,
        "is not the key of the certificate",
    ),
    (
        "no key of connections",
        |shop| fs::remove_file(shop.home.tls_key()).unwrap(),
        Problem,
        "tls.key is missing",
    ),
    ("no certificate", |shop| fs::remove_file(shop.home.tls_pem()).unwrap(), Problem, "tls.pem"),
    (
        "another authority",
        |shop| {
            let folder = shop.folder.path().join("other");
            let other = AuthorityFolder::create(&folder, "Hansa Kaffee", shop.now).unwrap();
            fs::write(shop.home.chain_pem(), other.authority().ca().pem()).unwrap();
        },
        Problem,
        "not issued by this chain's authority",
    ),
    ("not accepted yet", |shop| shop.home.clear_enrolment().unwrap(), Warning, "in none yet"),
    (
        "a file that was damaged",
        |shop| fs::write(shop.home.file("chain.root"), "{").unwrap(),
        Problem,
        "chain.root",
    ),
];

#[tokio::test]
async fn the_doctor_knows_who_the_till_is_and_until_when() {
    for (what, cause, outcome, text) in CAUSES {
        let mut shop = Shop::healthy();
        shop.enrol(730);
        cause(&mut shop);
        let report = doctor(&shop, "", &shop.options()).await;
        println!("{what}");
        check(&report, "enrolment", outcome, text);
    }
    let mut shop = Shop::healthy();
    shop.enrol(730);
    let report = doctor(&shop, "[till]\nnumber = 2\n", &shop.options()).await;
    assert!(worst(&report, "enrolment").found.contains("set up as `hh01-till-2`"), "{report}");
    let key = shop.home.file("tls.key");
    chmod(&key, 0o644);
    let report = doctor(&shop, "", &shop.options()).await;
    check(&report, "secrets", Problem, "tls.key can be read by others");
    chmod(&key, 0o600);
    let hub = "[hub]\nhost = \"mqtt.hansa.example\"\n";
    let report = doctor(&shop, hub, &shop.options()).await;
    check(&report, "enrolment", Problem, "the chain `Hansa Kaffee`, which can't stand");
    let report = doctor(&shop, &format!("{hub}chain = \"hansa\"\n"), &shop.options()).await;
    check(&report, "enrolment", Fine, "`hh01-till-1` of Hansa Kaffee");
    fs::write(shop.home.file("till.key"), [7; 32]).unwrap();
    shop.now += SignedDuration::from_secs(1);
    let report = doctor(&shop, "", &shop.options()).await;
    assert!(worst(&report, "enrolment").found.contains("till.key is not"), "{report}");
    assert_eq!(worst(&report, "enrolment").outcome, Problem);
}
