//! The card terminal's ledger against the journal: random days at a counter in virtual time,
//! with the real loop, store, driver and terminal core. A failing seed is a bug with an address:
//! `TILL_SCHEDULE_SEED=<seed>` runs it alone.

mod counter;
mod faults;
mod walk;

use crate::books::{self, Books, Intent};
use crate::dice::Dice;
use crate::shop::{DemoStore, Shop, file, scratch};
use agent::store::open::Synchronous;
use agent::store::till::{PaymentState, read};
use agent::till::Command;
use commerce::fact::{PaymentKind, PaymentOutcome};
use counter::Counter;
use drivers::terminal::emulator::{Booked, Booking};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use walk::Walk;

/// How many schedules run when `TILL_SCHEDULES` says nothing else.
const SCHEDULES: u64 = 1_200;

/// What the schedules came to; too few of one kind, and they would prove little.
#[derive(Debug, Default)]
struct Tally {
    sales: usize,
    returns: usize,
    approved: u32,
    declined: u32,
    not_sent: u32,
    reversed: u32,
    mismatched: u32,
    by_hand: u32,
    left_open: u32,
    crashes: u32,
    /// Minor units, in and out.
    moved: i64,
}

#[test]
fn the_journal_agrees_with_the_terminals_ledger_under_any_faults() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("TILL_SCHEDULE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TILL_SCHEDULES").unwrap_or(SCHEDULES),
    };
    let (count, alone) = (seeds.end - seeds.start, seeds.end - seeds.start == 1);
    let (store, tally) = (DemoStore::import(), Mutex::new(Tally::default()));
    let (next, failures) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let work = || {
        let scratch = scratch();
        let fresh = template(&store, scratch.path());
        while failures.lock().unwrap().len() < 3 {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if let Err(broken) = schedule(&store, &fresh, scratch.path(), seed, &tally) {
                let text = format!("TILL_SCHEDULE_SEED={seed}: {broken}");
                failures.lock().unwrap().push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (tally, failures) = (tally.into_inner().unwrap(), failures.into_inner().unwrap());
    println!("{count} schedules: {tally:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if alone {
        return;
    }
    let Tally { approved, declined, not_sent, reversed, mismatched, by_hand, left_open, .. } =
        tally;
    for (what, found) in [
        ("approved", approved),
        ("declined", declined),
        ("not sent", not_sent),
        ("reversed", reversed),
        ("mismatched", mismatched),
        ("ended by hand", by_hand),
        ("left open", left_open),
    ] {
        assert!(u64::from(found) * 100 >= count, "{what}: only {found} in {count} schedules");
    }
}

/// A file with an open shift, to be copied: making one takes longer than a schedule.
fn template(store: &DemoStore, folder: &Path) -> std::path::PathBuf {
    let path = folder.join("fresh.db");
    let mut shop = Shop::open(store, file(path.clone(), None, Synchronous::Full)).unwrap();
    let float = shop.money("500.00");
    shop.ask("201", None, Command::OpenShift { float }).unwrap();
    path
}

fn schedule(
    store: &DemoStore,
    fresh: &Path,
    folder: &Path,
    seed: u64,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let path = folder.join("till.db");
    std::fs::copy(fresh, &path).unwrap();
    let counter = Counter::open(store, file(path.clone(), None, Synchronous::Full));
    let mut walk = Walk::new(counter, Dice::new(seed));
    let held = walk.go().and_then(|()| laws(&walk, &mut tally.lock().unwrap()));
    drop(walk);
    for suffix in ["", "-wal", "-shm"] {
        _ = std::fs::remove_file(folder.join(format!("till.db{suffix}")));
    }
    held
}

/// What must hold at the end of any day.
fn laws(walk: &Walk<'_>, tally: &mut Tally) -> Result<(), String> {
    let shop = walk.counter.shop();
    let conn = shop.till.store().connection();
    books::state_is_the_journals(conn)?;
    let books = Books::read(conn)?;
    let unsettled = read::unsettled_payments(conn, shop.currency()).map_err(|e| e.to_string())?;
    // In front of a manager, or of the cashier: as a tender of a cart that is being paid.
    let carts = read::carts(conn, shop.currency()).map_err(|e| e.to_string())?;
    let on_carts =
        carts.iter().flat_map(|shared| &shared.cart.tenders).filter_map(|taken| taken.intent);
    let returning = read::open_return(conn).map_err(|e| e.to_string())?;
    let on_return = returning.iter().flat_map(|open| &open.payouts).filter_map(|paid| paid.intent);
    let on_return: BTreeSet<u64> = on_return.collect();
    let shown: BTreeSet<u64> =
        unsettled.iter().map(|payment| payment.intent).chain(on_carts).collect();
    let open: Vec<u64> = books.open().collect();
    let open_shown: Vec<u64> = unsettled
        .iter()
        .filter(|payment| payment.state == PaymentState::Open)
        .map(|payment| payment.intent)
        .collect();
    if open != open_shown || open.len() > 1 {
        return Err(format!("open intents {open:?}, in front of someone {open_shown:?}"));
    }
    let (mut journal, mut ledger) = (0, 0);
    for (id, intent) in &books.intents {
        let booked = walk.counter.booked.get(id).map_or(&[][..], Vec::as_slice);
        let hand = walk.by_hand.contains(id);
        agree(intent, booked, hand)
            .map_err(|why| format!("intent {id} {why}: {intent:?} {booked:?}"))?;
        // What the return under way has paid back is counted when it ends.
        if !on_return.contains(id) {
            stands_somewhere(&books, *id, intent, &shown)?;
        }
        if intent.ended.is_some() {
            journal += intent.moved();
            ledger += booked.iter().map(signed).sum::<i64>();
        }
        count(tally, intent, hand);
    }
    let strays = walk.counter.booked.keys().filter(|id| !books.intents.contains_key(id));
    if let Some(stray) = strays.max().filter(|id| !walk.counter.booked[id].is_empty()) {
        return Err(format!("the terminal booked for intent {stray}, which no journal knows"));
    }
    if journal != ledger || journal != books.card_net() {
        return Err(format!("the journal moved {journal}, the terminal {ledger}"));
    }
    tally.sales += books.sales.len();
    tally.returns += books.returns.len();
    tally.crashes += walk.crashes;
    tally.moved += ledger;
    Ok(())
}

/// An intent's end against what the terminal booked while its order was under way.
fn agree(intent: &Intent, booked: &[Booking], hand: bool) -> Result<(), &'static str> {
    let Some(ended) = &intent.ended else {
        return if booked.len() <= 1 { Ok(()) } else { Err("was booked twice") };
    };
    if ended.by_hand != hand {
        return Err("ended by another hand");
    }
    match (&ended.outcome, booked) {
        (PaymentOutcome::Approved { amount, card }, [booked]) => {
            let same_kind = matches!(
                (intent.asked.kind, booked.what),
                (PaymentKind::Authorise, Booked::Payment)
                    | (PaymentKind::Refund, Booked::Refund)
                    | (PaymentKind::Reverse { .. }, Booked::Reversal { .. })
            );
            let same_number = hand
                || (card.trace, card.receipt_number)
                    == (booked.trace, u32::from(booked.receipt_no));
            if same_kind && same_number && amount.minor() == booked.amount_minor {
                Ok(())
            } else {
                Err("is not what the terminal booked")
            }
        }
        (PaymentOutcome::Approved { .. }, _) => Err("was approved without one booking"),
        (_, []) => Ok(()),
        (_, _) => Err("moved money without an approval"),
    }
}

/// Approved money stands in a sale or return, was undone, or is in front of someone.
fn stands_somewhere(
    books: &Books,
    id: u64,
    intent: &Intent,
    shown: &BTreeSet<u64>,
) -> Result<(), String> {
    if intent.moved() == 0 {
        return Ok(());
    }
    // A reversal of another amount than asked undid nothing: a manager looks.
    let reversal = matches!(intent.asked.kind, PaymentKind::Reverse { .. })
        && intent.moved().abs() == intent.asked.amount.minor();
    let settled = books.is_spent(id) || reversal || books.is_reversed(intent);
    match (settled, shown.contains(&id)) {
        (true, false) | (false, true) => Ok(()),
        (false, false) => Err(format!("intent {id} moved money that nobody sees: {intent:?}")),
        (true, true) => Err(format!("intent {id} is settled, and still shown as open: {intent:?}")),
    }
}

/// What a booking moved: positive to the shop, negative to the customer.
pub fn signed(booking: &Booking) -> i64 {
    match booking.what {
        Booked::Payment => booking.amount_minor,
        Booked::Refund | Booked::Reversal { .. } => -booking.amount_minor,
    }
}

fn count(tally: &mut Tally, intent: &Intent, hand: bool) {
    // A reversal of another amount than asked undid nothing: a manager looks.
    let reversal = matches!(intent.asked.kind, PaymentKind::Reverse { .. })
        && intent.moved().abs() == intent.asked.amount.minor();
    match intent.ended.as_ref().map(|ended| &ended.outcome) {
        None => tally.left_open += 1,
        Some(_) if hand => tally.by_hand += 1,
        Some(PaymentOutcome::Approved { .. }) if reversal => tally.reversed += 1,
        Some(PaymentOutcome::Approved { amount, .. }) if *amount != intent.asked.amount => {
            tally.mismatched += 1;
        }
        Some(PaymentOutcome::Approved { .. }) => tally.approved += 1,
        Some(PaymentOutcome::Declined { .. }) => tally.declined += 1,
        Some(PaymentOutcome::NotSent { .. }) => tally.not_sent += 1,
    }
}
