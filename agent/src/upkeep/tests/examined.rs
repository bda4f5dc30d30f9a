//! What doctor finds, cause by cause, on real folders; devices and the API are in [`outside`].

mod outside;

use super::*;
use crate::config::Config;
use crate::till::JobOutcome;
use crate::upkeep::doctor::{Check, DoctorOptions, DoctorReport, Outcome, examine};
use jiff::tz::TimeZone;
use std::fs::{self, File, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use Outcome::{Ok as Fine, Problem, Warning};

impl Shop {
    /// All as it should be: sold, stopped, everyone with a PIN.
    pub(super) fn healthy() -> Self {
        let mut shop = Self::open();
        shop.sell();
        shop.stop();
        let lock = shop.home.lock().unwrap();
        let mut store = shop.home.till_store(Some(&lock), MACHINE, "HH01", 1, shop.now).unwrap();
        let verifier = crate::auth::make_verifier("4826", &shop.home.pepper().unwrap()).unwrap();
        for staff in ["101", "102", "103", "201", "301", "901"] {
            store.act(shop.now, |act| act.set_pin(staff, &verifier)).unwrap();
        }
        shop
    }

    /// A configuration of this folder, with `more` sections.
    fn config(&self, more: &str) -> Config {
        let path = self.folder.path().join("agent.toml");
        let folder = self.home.folder().display();
        let text = format!("[store]\nfolder = \"{folder}\"\ndisk_watermark_mb = 1\n{more}");
        fs::write(&path, text).unwrap();
        Config::load(Some(&path), []).unwrap()
    }

    pub(super) fn options(&self) -> DoctorOptions {
        DoctorOptions {
            now: self.now,
            zone: Some(TimeZone::get("Europe/Berlin").unwrap()),
            built: "2026-11-01T00:00:00Z".parse().unwrap(),
            full: false,
            patience: Duration::from_secs(20),
        }
    }
}

pub(super) async fn doctor(shop: &Shop, more: &str, options: &DoctorOptions) -> DoctorReport {
    let more =
        if more.contains("[http]") { more.to_owned() } else { format!("[http]\nport = 0\n{more}") };
    examine(Ok(&shop.config(&more)), options, &mut quiet).await
}

/// The one check of a name that came out worst.
pub(super) fn worst<'r>(report: &'r DoctorReport, name: &str) -> &'r Check {
    let named = report.checks.iter().filter(|check| check.name == name);
    named.max_by_key(|check| check.outcome).unwrap_or_else(|| panic!("no {name}: {report}"))
}

/// Expects that `name` comes out as `outcome` saying `text`, and nothing else is a problem.
pub(super) fn check(report: &DoctorReport, name: &str, outcome: Outcome, text: &str) {
    let found = worst(report, name);
    assert_eq!(found.outcome, outcome, "{report}");
    assert!(found.found.contains(text), "{name}: {}", found.found);
    assert_eq!(found.remedy.is_some(), outcome != Fine, "{name}");
    let others = report.checks.iter().filter(|check| check.name != name);
    let worse: Vec<_> = others.filter(|check| check.outcome == Problem).collect();
    assert!(worse.is_empty(), "{name}: {worse:?}");
    assert_eq!(report.exit_code(), u8::from(outcome == Problem));
}

#[tokio::test]
async fn a_healthy_till_has_no_problem() {
    let shop = Shop::healthy();
    let report = doctor(&shop, "", &shop.options()).await;
    assert_eq!(report.worst(), Fine, "{report}");
    assert_eq!(report.exit_code(), 0);
    assert!(!report.running);
    check(&report, "journal", Fine, "all 3 entries verify: 1 receipt, 0 Zs");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"][0]["outcome"], "ok");
}

pub(super) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Overwrites a page in the middle of a database.
fn spoil_page(path: &Path) {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 4096 / 2 * 4096;
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[0x5a; 4096]).unwrap();
}

type Cause = (&'static str, fn(&mut Shop), &'static str, Outcome, &'static str);

/// What is done to a healthy, stopped till, and what is found.
const CAUSES: [Cause; 19] = [
    ("folder open to all", |shop| chmod(shop.home.folder(), 0o777), "folder", Problem, "777"),
    (
        "database not writable",
        |shop| chmod(&shop.home.till_db(), 0o400),
        "folder",
        Problem,
        "till.db may not be written by its owner (mode 400)",
    ),
    ("key readable", |shop| chmod(&shop.home.file("till.key"), 0o644), "secrets", Problem, "644"),
    (
        "key cut",
        |shop| fs::write(shop.home.file("till.key"), [0; 31]).unwrap(),
        "secrets",
        Problem,
        "31 bytes",
    ),
    (
        "key lost",
        |shop| fs::remove_file(shop.home.file("till.key")).unwrap(),
        "secrets",
        Problem,
        "is missing",
    ),
    (
        "pepper lost",
        |shop| fs::remove_file(shop.home.file("pin.pepper")).unwrap(),
        "secrets",
        Warning,
        "pin.pepper is missing",
    ),
    (
        "entry changed",
        |shop| {
            shop.tamper("UPDATE entry SET body = CAST(substr(body, 1, 9) || x'41' || substr(body, 11) AS BLOB) WHERE position = (SELECT max(position) FROM entry WHERE position >> 40 = 1)");
        },
        "journal",
        Problem,
        "entry 3 of the journal",
    ),
    (
        "database gone",
        |shop| fs::remove_file(shop.home.till_db()).unwrap(),
        "till.db",
        Problem,
        "has sold before",
    ),
    (
        "no database",
        |shop| fs::write(shop.home.till_db(), [0x5a; 8192]).unwrap(),
        "till.db",
        Problem,
        "is damaged",
    ),
    (
        "catalogue page lost",
        |shop| spoil_page(&shop.home.catalogue_db()),
        "catalogue.db",
        Problem,
        "damaged",
    ),
    (
        "newer database",
        |shop| shop.tamper("PRAGMA user_version = 99"),
        "till.db",
        Problem,
        "newer Till",
    ),
    (
        "no administrator",
        |shop| catalogue(shop, "UPDATE staff SET role = 'manager' WHERE role = 'administrator'"),
        "staff",
        Problem,
        "no administrator",
    ),
    (
        "nobody can set PINs",
        |shop| shop.tamper("DELETE FROM pin WHERE staff = '901'"),
        "staff",
        Problem,
        "no administrator has a PIN",
    ),
    (
        "another pepper",
        |shop| std::fs::write(shop.home.file("pin.pepper"), [77; 32]).unwrap(),
        "staff",
        Problem,
        "set under another pin.pepper",
    ),
    (
        "a tax class that is gone",
        |shop| {
            let catalogue = rusqlite::Connection::open(shop.home.catalogue_db()).unwrap();
            catalogue.execute("DELETE FROM tax_class WHERE id = 'B'", []).unwrap();
        },
        "goods",
        Problem,
        "cannot be sold",
    ),
    (
        "someone without a PIN",
        |shop| shop.tamper("DELETE FROM pin WHERE staff = '101'"),
        "staff",
        Warning,
        "without a PIN: 101",
    ),
    (
        "someone locked out",
        |shop| shop.tamper("UPDATE pin SET locked_until = 9999999999999 WHERE staff = '102'"),
        "staff",
        Warning,
        "wrong PINs: 102",
    ),
    (
        "no prices",
        |shop| catalogue(shop, "DELETE FROM price"),
        "goods",
        Problem,
        "none with a price",
    ),
    (
        "nothing imported as taxes",
        |shop| catalogue(shop, "DELETE FROM tax; DELETE FROM tax_class"),
        "settings",
        Problem,
        "taxes",
    ),
];

fn catalogue(shop: &Shop, sql: &str) {
    Connection::open(shop.home.catalogue_db()).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn each_cause_is_found_and_named() {
    for (cause, act, name, outcome, text) in CAUSES {
        let mut shop = Shop::healthy();
        act(&mut shop);
        let report = doctor(&shop, "", &shop.options()).await;
        println!("{cause}\n{report}");
        check(&report, name, outcome, text);
    }
}

#[tokio::test]
async fn the_clock_is_held_against_the_build_and_the_journal() {
    let shop = Shop::healthy();
    for (now, outcome, text) in [
        ("2026-10-31T00:00:00Z", Problem, "this program was made"),
        ("2026-11-22T08:54:00Z", Problem, "the journal's last entry"),
        ("2026-11-22T08:57:00Z", Fine, ""),
        ("2027-02-01T00:00:00Z", Fine, ""),
        ("2027-03-01T00:00:00Z", Warning, "the journal's last entry"),
    ] {
        let options = DoctorOptions { now: now.parse().unwrap(), ..shop.options() };
        let report = doctor(&shop, "", &options).await;
        check(&report, "clock", outcome, text);
    }
    let zone = Some(TimeZone::get("America/New_York").unwrap());
    let options = DoctorOptions { zone, ..shop.options() };
    check(&doctor(&shop, "", &options).await, "time zone", Warning, "Europe/Berlin");
}

#[tokio::test]
async fn payments_and_print_jobs_that_need_someone_are_found() {
    let mut shop = Shop::healthy();
    shop.start().unwrap();
    let (intent, due) = shop.begin_card();
    shop.stop();
    let text = "nobody knows what became of payment 1";
    check(&doctor(&shop, "", &shop.options()).await, "payments", Problem, text);
    shop.start().unwrap();
    let more = due.plus(due).unwrap();
    shop.approve(intent, more);
    shop.stop();
    let text = "was taken for no sale";
    check(&doctor(&shop, "", &shop.options()).await, "payments", Problem, text);

    let mut shop = Shop::healthy();
    shop.start().unwrap();
    let jobs = Inspection::open(&shop.home.till_db()).unwrap().jobs(10).unwrap();
    let outcome = JobOutcome::Unknown { why: "the line broke".into() };
    shop.event(Event::Job { id: jobs[0].id, outcome });
    shop.stop();
    let text = "1 need someone, the first: job 1 (the line broke)";
    check(&doctor(&shop, "", &shop.options()).await, "print jobs", Warning, text);
}

#[tokio::test]
async fn a_taken_port_is_found() {
    let shop = Shop::healthy();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let report = doctor(&shop, &format!("[http]\nport = {port}"), &shop.options()).await;
    check(&report, "port", Problem, "another program listens");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_and_a_missing_folder_end_the_examination() {
    let shop = Shop::healthy();
    let path = shop.folder.path().join("wrong.toml");
    fs::write(&path, "[http]\nprot = 1\n").unwrap();
    let error = Config::load(Some(&path), []).unwrap_err();
    let report = examine(Err(&error), &shop.options(), &mut quiet).await;
    check(&report, "configuration", Problem, "did you mean `port`");
    let config = shop.config("");
    let elsewhere = shop.folder.path().join("moved");
    fs::rename(shop.home.folder(), &elsewhere).unwrap();
    let report = examine(Ok(&config), &shop.options(), &mut quiet).await;
    check(&report, "folder", Problem, "No such file");
    assert!(!shop.home.folder().exists(), "doctor makes nothing");
}

#[test]
fn a_long_journal_is_verified_at_its_end_and_whole_when_asked() {
    let mut shop = Shop::open();
    for _ in 0..3 {
        shop.sell();
    }
    shop.stop();
    let looking = Inspection::open(&shop.home.till_db()).unwrap();
    let known = looking.streams().unwrap()[0];
    assert_eq!(looking.verify_tail(&known, 2).unwrap(), 2);
    assert_eq!(looking.verify_tail(&known, 100).unwrap(), 5);
    drop(looking);
    // The third entry's body: outside the last two, inside the last three.
    shop.tamper("UPDATE entry SET body = CAST(substr(body, 1, 9) || x'41' || substr(body, 11) AS BLOB) WHERE position = (SELECT max(position) FROM entry WHERE position >> 40 = 1) - 2");
    let looking = Inspection::open(&shop.home.till_db()).unwrap();
    assert_eq!(looking.verify_tail(&known, 2).unwrap(), 2);
    let fault = looking.verify_tail(&known, 3).unwrap_err().to_string();
    assert!(fault.contains("entry 3 of the journal"), "{fault}");
    drop(looking);
    shop.tamper("DELETE FROM entry WHERE position = (SELECT max(position) FROM entry WHERE position >> 40 = 1)");
    let looking = Inspection::open(&shop.home.till_db()).unwrap();
    assert!(looking.verify_tail(&known, 1).is_err());
}
