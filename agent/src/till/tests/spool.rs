//! The print spool: drawers that come too late, papers that nobody prints.

use super::*;
use crate::store::till::{JobKind, JobState, read};
use jiff::SignedDuration;

impl Shop {
    fn roll_for_cash(&mut self) {
        let cart = self.scan("9520000100377").cart.id;
        let amount = self.money("5.00");
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = self.ok("101", tender);
        self.sold(reply);
    }

    fn drawers(&self) -> Vec<JobState> {
        let jobs = read::jobs(self.till.store.connection(), 100).unwrap();
        jobs.iter().filter(|job| job.kind == JobKind::Drawer).map(|job| job.state).collect()
    }
}

#[test]
fn drawers_that_come_too_late_are_given_up_together_whichever_way_the_clock_went() {
    for later in [SignedDuration::from_secs(16), SignedDuration::from_hours(-2)] {
        let mut shop = Shop::open();
        for _ in 0..3 {
            shop.roll_for_cash();
        }
        shop.now += later;
        shop.roll_for_cash();
        let next = shop.till.next_job(shop.now).unwrap().unwrap();
        assert_eq!(next.kind, JobKind::Drawer);
        shop.event(Event::Job { id: next.id, outcome: JobOutcome::Done }).unwrap();
        let next = shop.till.next_job(shop.now).unwrap().unwrap();
        assert_eq!(next.kind, JobKind::Receipt, "{later}");
        assert_eq!(shop.drawers(), [JobState::NotPrinted; 4], "{later}");
        let (waiting, stuck) = read::job_counts(shop.till.store.connection()).unwrap();
        assert_eq!((waiting, stuck), (4, 4), "the shift opened one too");
    }
}

#[test]
fn a_job_whose_word_was_lost_is_for_a_person_and_the_next_goes_on() {
    let mut shop = Shop::open();
    shop.roll_for_cash();
    let now = shop.now;
    let lost = shop.till.next_job(now).unwrap().unwrap();
    assert_eq!(shop.till.next_job(now).unwrap(), None, "one at a time");
    shop.till.give_up_sent_jobs(now).unwrap();
    let next = shop.till.next_job(now).unwrap().unwrap();
    assert_ne!(next.id, lost.id);
    let lost = read::job(shop.till.store.connection(), lost.id).unwrap().unwrap();
    assert_eq!(lost.state, JobState::Unknown);
}

#[test]
fn a_till_without_a_printer_has_nothing_waiting_for_one() {
    let mut shop = Shop::open();
    shop.roll_for_cash();
    let now = shop.now;
    shop.till.empty_spool(now).unwrap();
    assert_eq!(read::job_counts(shop.till.store.connection()).unwrap(), (0, 0));
}

#[test]
fn in_a_store_put_back_no_drawer_opens_and_no_receipt_is_printed_by_itself() {
    let mut shop = Shop::open();
    shop.roll_for_cash();
    let Shop { folder, till, now, .. } = shop;
    drop(till);
    let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
    let new = NewSeries {
        replica: life_of(1, 2),
        reason: SeriesReason::Restored,
        store: "HH01".into(),
        till: 1,
        above: 0,
    };
    let store = store.begin(key(), 0, now, Some(new)).unwrap();
    let jobs = read::jobs(store.connection(), 9).unwrap();
    let left: Vec<_> = jobs.iter().map(|job| (job.kind, job.state)).collect();
    assert_eq!(left, [(JobKind::Receipt, JobState::Unknown)]);
}

#[test]
fn papers_that_nobody_prints_do_not_pile_up_for_ever() {
    let mut shop = Shop::open();
    shop.roll_for_cash();
    let now = shop.now;
    let first = shop.till.store.act(now, |act| {
        let first = act.put_job(JobKind::Drawer, 0, 0, false)?;
        for number in 0..2_500 {
            act.put_job(JobKind::Receipt, 1, number, false)?;
        }
        Ok(first)
    });
    let conn = shop.till.store.connection();
    let (waiting, _) = read::job_counts(conn).unwrap();
    assert!((2_000..2_070).contains(&waiting), "{waiting}");
    assert!(read::job(conn, first.unwrap()).unwrap().is_some(), "a drawer is no paper");
    let newest = read::jobs(conn, 5_000).unwrap();
    assert_eq!(newest.last().unwrap().number, 2_499);
}
