//! The printer was away: what piled up meanwhile. Drawers that come too late stay shut, receipts
//! are printed all the same, and a person decides on the rest.

use super::super::Day;
use crate::books;
use agent::store::till::{Job, JobKind, JobState, read};
use agent::till::{Command, Event, JobOutcome, Refusal};
use commerce::fact::CashDirection;
use jiff::SignedDuration;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::time::Duration;

/// Longer than a customer stands at a drawer.
const TOO_LONG: SignedDuration = SignedDuration::from_secs(60);
/// More than the day puts on the spool.
const ALL: u32 = 1_000;

impl Day<'_> {
    pub(in super::super) fn printer_away(&mut self) {
        self.scan(super::ROLL);
        let cart = self.scan(super::RYE);
        self.pay(cart, "5.00");
        let (direction, amount) = (CashDirection::In, self.shop().money("3.00"));
        let reason = "found-cash".to_owned();
        self.ok("paid in", "201", Command::MoveCash { direction, amount, reason });
        self.ok("no sale", "101", Command::OpenDrawer { reason: "check-drawer".to_owned() });

        let shut = self.drawers_come_late();
        let [retried, dropped, ..] = shut[..] else { panic!("too few drawers piled up: {shut:?}") };
        self.ok("drop the late drawer", "101", Command::DropJob { job: dropped });
        self.ok("retry the late drawer", "101", Command::RetryJob { job: retried });
        self.opens(retried, JobOutcome::Done);
        let reason = "give-change".to_owned();
        self.ok("no sale again", "101", Command::OpenDrawer { reason });
        let kicked = self.jobs().last().expect("a drawer waits").id;
        self.opens(kicked, JobOutcome::Unknown { why: "the line is down".to_owned() });
        // It may be open: it is not kicked a second time, and nothing is written.
        let again = self.shop().ask("101", None, Command::RetryJob { job: kicked });
        assert!(matches!(again, Err(Refusal::NoJob(_))), "{again:?}");
        self.ok("drop the kicked drawer", "101", Command::DropJob { job: kicked });
    }

    /// The printer is back when every drawer is late: all are given up, one transaction each, and
    /// the first receipt goes out. Returns the drawers.
    fn drawers_come_late(&mut self) -> Vec<u64> {
        let waits = |job: &&Job| job.kind == JobKind::Drawer && job.state == JobState::Waiting;
        let drawers: Vec<u64> = self.jobs().iter().filter(waits).map(|job| job.id).collect();
        assert!(drawers.len() > 3, "too few drawers piled up: {drawers:?}");
        let shop = self.shop();
        shop.now += TOO_LONG;
        let now = shop.now;
        let job = shop.till.next_job(now).unwrap().expect("a receipt waits");
        assert_ne!(job.kind, JobKind::Drawer, "a drawer opens late");
        let steps: Vec<u64> = drawers.iter().copied().chain([job.id]).collect();
        let between = states_before(self.shop().till.store().connection(), &steps);
        self.told_after("drawers given up, receipt taken", between);
        for job in self.jobs().iter().filter(|job| drawers.contains(&job.id)) {
            assert_eq!(job.state, JobState::NotPrinted, "{job:?}");
        }
        self.shop().event(Event::Job { id: job.id, outcome: JobOutcome::Done }).unwrap();
        self.told("receipt printed late");
        drawers
    }

    /// A drawer in time goes before every receipt that waits.
    fn opens(&mut self, drawer: u64, outcome: JobOutcome) {
        let shop = self.shop();
        let job = shop.till.next_job(shop.now).unwrap().expect("the drawer waits");
        assert_eq!(job.id, drawer);
        self.told("drawer taken");
        self.shop().event(Event::Job { id: drawer, outcome }).unwrap();
        self.told("drawer answered");
    }

    fn jobs(&mut self) -> Vec<Job> {
        read::jobs(self.shop().till.store().connection(), ALL).unwrap()
    }
}

/// The states that a till passed on its way to this one, when it moved these waiting jobs on one
/// after another.
fn states_before(conn: &Connection, moved: &[u64]) -> Vec<Vec<String>> {
    let mut copy = Connection::open_in_memory().unwrap();
    Backup::new(conn, &mut copy).unwrap().run_to_completion(256, Duration::ZERO, None).unwrap();
    let undo = |job: &u64| {
        let sql = "UPDATE job SET state = 0, why = '' WHERE id = ?1";
        assert_eq!(copy.execute(sql, [job.cast_signed()]).unwrap(), 1);
        books::dump(&copy).unwrap()
    };
    moved.iter().rev().map(undo).collect()
}
