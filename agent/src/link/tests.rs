//! Tills without any line: what the hub staged counts at its instant all the same, and each line
//! that can't be had is told of by itself.

use super::files::Files;
use super::status::LinkBoard;
use super::task::{LinkError, Own, work};
use crate::config::Config;
use crate::home::{Enrolment, Home, wall_clock};
use crate::runtime::Running;
use crate::store::catalogue::downstream::Word;
use crate::store::catalogue::downstream::testing::{Hub, chunk, root};
use crate::store::catalogue::{Catalogue, Downstream};
use crate::store::open::OpenOptions;
use crate::till::tests::import_demo;
use crate::till::{Event, find_item};
use commerce::price::Layer;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::log::SealKey;
use sync::session::Side;
use sync::trust::Trust;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

const ROLL: &str = "9520000100377";

/// What takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// A till's folder with the demo store.
struct Place {
    folder: tempfile::TempDir,
    home: Home,
    runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        import_demo(&mut home.catalogue().unwrap(), wall_clock());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        Self { folder, home, runtime }
    }

    /// Enrols it, with files that no line can use.
    fn enrol_badly(&self, store: &str) {
        let key = SealKey([1; 32]);
        let (chain, store, thing) = ("acme".into(), store.into(), "hh01-till-1".into());
        let enrolment = Enrolment { chain, store, thing, number: 1, root: key, key };
        self.home.write_enrolment(&enrolment).unwrap();
        std::fs::write(self.home.tls_pem(), "no certificate").unwrap();
    }

    fn start(&self, sections: &str) -> Running {
        let folder = self.folder.path();
        let path = folder.join("agent.toml");
        let text = format!("[store]\nfolder = {folder:?}\n[http]\nport = 0\n{sections}");
        std::fs::write(&path, text).unwrap();
        let config = Config::load(Some(&path), []).unwrap();
        let _here = self.runtime.enter();
        Running::start(&config, &self.home).unwrap()
    }

    fn catalogue_db(&self) -> OpenOptions {
        OpenOptions::new(self.home.catalogue_db())
    }

    /// A hub's push of one price, whole in the till's file and waiting for its instant.
    fn stage(&self, name: u8, starts_ms: i64, amount: i64) {
        let catalogue = Catalogue::open(&self.catalogue_db()).unwrap();
        let settings = crate::till::Settings::load(&catalogue).unwrap();
        let item = find_item(&catalogue.view(), &settings, ROLL, wall_clock()).unwrap().item;
        let item = u32::try_from(item.id.index()).unwrap();
        let mut hub = Hub::new(name, wall_clock().as_millisecond().unsigned_abs());
        hub.push(starts_ms, vec![chunk(Layer::Store, starts_ms, &[(item, Some(amount))])]);
        let mut trust = Trust::new(Some(root().public()));
        for paper in hub.papers() {
            trust.admit(&paper).unwrap();
        }
        let trust = Arc::new(trust);
        let mut downstream = Downstream::open(&self.catalogue_db(), wall_clock()).unwrap();
        for run in hub.runs(1) {
            let word = Word::Run { sender: "hub".into(), run, trust: Arc::clone(&trust) };
            assert_eq!(downstream.hear(wall_clock(), word).unwrap().suspicions, []);
        }
    }

    /// What the till sells at now.
    fn price(&self, running: &Running) -> i64 {
        let price = running.till.look(|till| {
            till.handle(wall_clock(), Event::Operator(None)).reply.unwrap();
            let (view, settings) = (till.catalogue().view(), till.settings());
            find_item(&view, &settings, ROLL, wall_clock()).unwrap().price.unwrap().price.amount()
        });
        self.runtime.block_on(price).unwrap()
    }

    fn stop(&self, running: Running) {
        self.runtime.block_on(running.stop());
    }
}

#[test]
fn a_push_counts_at_its_instant_on_a_till_that_talks_to_nobody() {
    const LINKS: &str = "[link]\nlisten = \"127.0.0.1:0\"\n[hub]\nhost = \"127.0.0.1\"\n";
    for (what, enrolled, sections) in [
        ("no links", false, ""),
        ("not enrolled", false, LINKS),
        ("enrolled with files of no use", true, LINKS),
    ] {
        let place = Place::new();
        if enrolled {
            place.enrol_badly("HH01");
        }
        // A machine that is slow to start sees the instant pass meanwhile; it gets a later one.
        for (try_, wait_ms) in [1_000, 4_000, 16_000].into_iter().enumerate() {
            let amount = 777 + i64::try_from(try_).unwrap();
            let starts_ms = wall_clock().as_millisecond() + wait_ms;
            place.stage(90 + u8::try_from(try_).unwrap(), starts_ms, amount);
            let running = place.start(sections);
            let was_early = place.price(&running) != amount;
            let until = Instant::now() + PATIENCE;
            while place.price(&running) != amount {
                assert!(Instant::now() < until, "{what}: it does not count");
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(wall_clock().as_millisecond() >= starts_ms, "{what}");
            place.stop(running);
            if was_early {
                break;
            }
            assert!(try_ < 2, "{what}: no start was quick enough to see it staged");
        }
    }
}

#[test]
fn what_keeps_each_line_from_being_had_is_told() {
    const SHOP: &str = "[link]\nlisten = \"127.0.0.1:0\"\n\
        [[sibling]]\nthing = \"hh01-till-2\"\naddress = \"127.0.0.1:1\"\n";
    const HUB: &str = "[hub]\nhost = \"127.0.0.1\"\n";
    let both = format!("{SHOP}{HUB}");
    for (sections, enrolled, troubles, lines) in [
        ("", None, vec![], 0),
        ("", Some("HH01"), vec![], 0),
        (HUB, None, vec!["not enrolled"], 0),
        (HUB, Some("HH02"), vec!["enrolled for store HH02 and its data are of HH01"], 0),
        (SHOP, Some("HH01"), vec!["no line to other tills"], 1),
        (HUB, Some("HH01"), vec!["no line to the hub"], 1),
        (&both, Some("HH01"), vec!["no line to other tills", "no line to the hub"], 2),
    ] {
        let place = Place::new();
        if let Some(store) = enrolled {
            place.enrol_badly(store);
        }
        let running = place.start(sections);
        let board = running.around().lines.clone();
        let until = Instant::now() + PATIENCE;
        let told = loop {
            let told = board.trouble().unwrap_or_default();
            let parts = told.split("; ").filter(|part| !part.is_empty()).count();
            if parts == troubles.len() && board.lines().len() == lines {
                break told;
            }
            assert!(Instant::now() < until, "{sections:?}: {told}");
            std::thread::sleep(Duration::from_millis(20));
        };
        for (part, trouble) in told.split("; ").zip(&troubles) {
            assert!(part.contains(trouble), "{sections:?}: {told}");
        }
        assert!(board.lines().iter().all(|line| !line.up));
        place.stop(running);
    }
}

/// The disk is full, or somebody else writes just then: the till goes on under its old name and the links
/// begin anew, until it could. Whoever told it may not do so again.
#[test]
fn a_new_beginning_that_failed_is_tried_again() {
    let place = Place::new();
    let running = place.start("");
    let head = || {
        let head = running.till.look(|till| {
            let connection = till.store().connection();
            connection.busy_timeout(Duration::ZERO).unwrap();
            (till.store().head().unwrap().replica, till.store().series())
        });
        place.runtime.block_on(head).unwrap()
    };
    let (_claims, claims) = mpsc::channel(1);
    let store = "HH01".to_owned();
    let mut own = Own {
        till: running.till.clone(),
        home: place.home.clone(),
        side: Side::Till { store: store.clone(), zones: BTreeSet::new() },
        store,
        trust: Arc::new(Trust::new(None)),
        wiring: None,
        board: LinkBoard::default(),
        claims,
        wants_anew: true,
    };
    // The work ends as soon as it has nothing more to do at once.
    let (_stop, mut stopping) = watch::channel(true);
    let mut work =
        |own: &mut Own| place.runtime.block_on(work(own, Files::open(&place.home), &mut stopping));
    let before = head();
    let other = rusqlite::Connection::open(place.home.till_db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2 {
        let failed = work(&mut own);
        assert!(matches!(failed, Err(LinkError::Anew(_))), "{failed:?}");
        assert!(own.wants_anew, "it is not forgotten");
        assert_eq!(head(), before, "it goes on as it was");
    }
    other.execute_batch("ROLLBACK").unwrap();
    for _ in 0..2 {
        work(&mut own).unwrap();
        assert!(!own.wants_anew);
        let (replica, series) = head();
        assert!(replica != before.0, "it has another name");
        assert_eq!(series, before.1 + 1, "once");
    }
    place.stop(running);
}
