//! The printer was away: what piled up meanwhile. Drawers that come too late stay shut, receipts
//! are printed all the same, and a person decides on the rest.

use super::super::Day;
use crate::books;
use agent::store::till::{Job, JobKind, JobState, read};
use agent::till::{Command, Event, JobOutcome, Refusal};
use commerce::fact::CashDirection;
use jiff::{SignedDuration, Timestamp};
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
        let [late, dropped, ..] = shut[..] else { panic!("too few drawers piled up: {shut:?}") };
        self.ok("drop the late drawer", "101", Command::DropJob { job: dropped });
        self.stays_shut(late);
        let reason = "give-change".to_owned();
        self.ok("no sale again", "101", Command::OpenDrawer { reason });
        let kicked = self.jobs().last().expect("a drawer waits").id;
        self.opens(kicked, JobOutcome::Unknown { why: "the line is down".to_owned() });
        self.stays_shut(kicked);
        self.ok("drop the kicked drawer", "101", Command::DropJob { job: kicked });
    }

    /// The printer takes the next job. Drawers out of time are given up before, in a transaction
    /// of their own.
    pub(in super::super) fn takes(&mut self, act: &'static str, now: Timestamp) -> Job {
        let job = self.shop().till.next_job(now).unwrap().expect("a job waits");
        let before = state_before(self.shop().till.store().connection(), job.id);
        self.told_after(act, vec![before]);
        job
    }

    /// The printer is back when every drawer is late: all are given up, and the first receipt
    /// goes out. Returns the drawers.
    fn drawers_come_late(&mut self) -> Vec<u64> {
        let waits = |job: &&Job| job.kind == JobKind::Drawer && job.state == JobState::Waiting;
        let drawers: Vec<u64> = self.jobs().iter().filter(waits).map(|job| job.id).collect();
        assert!(drawers.len() > 3, "too few drawers piled up: {drawers:?}");
        self.shop().now += TOO_LONG;
        let now = self.shop().now;
        let job = self.takes("drawers given up, receipt taken", now);
        assert_ne!(job.kind, JobKind::Drawer, "a drawer opens late");
        for job in self.jobs().iter().filter(|job| drawers.contains(&job.id)) {
            assert_eq!(job.state, JobState::NotPrinted, "{job:?}");
        }
        self.shop().event(Event::Job { id: job.id, outcome: JobOutcome::Done }).unwrap();
        self.told("receipt printed late");
        drawers
    }

    pub(in super::super) fn next_opens_the_drawer(&mut self) -> bool {
        let next = read::next_job(self.shop().till.store().connection()).unwrap();
        next.is_some_and(|job| job.kind == JobKind::Drawer)
    }

    /// A drawer in time goes before every receipt that waits.
    fn opens(&mut self, drawer: u64, outcome: JobOutcome) {
        let now = self.shop().now;
        let job = self.takes("drawer taken", now);
        assert_eq!(job.id, drawer);
        self.shop().event(Event::Job { id: drawer, outcome }).unwrap();
        self.told("drawer answered");
    }

    /// To open a drawer again is an act of its own, with a reason; nothing is written.
    fn stays_shut(&mut self, drawer: u64) {
        let again = self.shop().ask("101", None, Command::RetryJob { job: drawer });
        assert!(matches!(again, Err(Refusal::NoJob(_))), "{again:?}");
    }

    fn jobs(&mut self) -> Vec<Job> {
        read::jobs(self.shop().till.store().connection(), ALL).unwrap()
    }
}

/// The state before a waiting job was handed to the printer.
fn state_before(conn: &Connection, job: u64) -> Vec<String> {
    let mut copy = Connection::open_in_memory().unwrap();
    Backup::new(conn, &mut copy).unwrap().run_to_completion(256, Duration::ZERO, None).unwrap();
    let sql = "UPDATE job SET state = 0, why = '' WHERE id = ?1";
    assert_eq!(copy.execute(sql, [job.cast_signed()]).unwrap(), 1);
    books::dump(&copy).unwrap()
}
