//! Thousands of random fault schedules in virtual time: whatever happens, the till's reports
//! and the terminal's books agree, and no payment is doubled. A failing seed is a bug with an
//! address: run `schedule(seed)` alone.

use std::time::Duration;

use super::world::World;
use crate::terminal::command::Command;
use crate::terminal::emulator::{AskFault, Booked, Booking, Break, Fault, Junk, Moment};
use crate::terminal::intent::{Baseline, Intent, Kind, Outcome, Payment};
use crate::terminal::protocol::currency_number;

const SCHEDULES: u64 = 4_000;

#[test]
fn books_and_reports_agree_under_any_faults() {
    let mut tally = Tally::default();
    for seed in 0..SCHEDULES {
        schedule(seed, &mut tally);
    }
    // The schedules reach every kind of end, or they prove little.
    let Tally { approved, declined, not_sent, resolved, mismatch, manager } = tally;
    for (count, what) in [
        (approved, "approved"),
        (declined, "declined"),
        (not_sent, "not sent"),
        (resolved, "resolved by asking"),
        (mismatch, "mismatch"),
        (manager, "left to a manager"),
    ] {
        assert!(count >= 50, "{what}: {count}");
    }
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    let run = |seed| {
        let mut world = World::after_one_payment();
        let mut dice = Dice(seed);
        for _ in 0..4 {
            operation(&mut world, &mut dice, &mut Tally::default());
        }
        (world.now, world.core.ledger().bookings().to_vec())
    };
    assert_eq!(run(7), run(7));
}

#[derive(Debug, Default)]
struct Tally {
    approved: u32,
    declined: u32,
    not_sent: u32,
    resolved: u32,
    mismatch: u32,
    manager: u32,
}

fn schedule(seed: u64, tally: &mut Tally) {
    let mut world = World::after_one_payment();
    let mut dice = Dice(seed);
    let mut reported = 500;
    let mut only_the_manager_knows = 0;
    for _ in 0..dice.below(5) + 1 {
        let before = world.core.ledger().bookings().len();
        let (intent, outcome) = operation(&mut world, &mut dice, tally);
        let booked = world.core.ledger().bookings()[before..].to_vec();
        assert!(booked.len() <= 1, "seed {seed}: booked twice for {intent:?}: {booked:?}");
        match (&outcome, booked.first()) {
            (
                Outcome::Approved(payment) | Outcome::Mismatch { booked: payment, .. },
                Some(entry),
            ) => {
                agree(seed, &intent, payment, entry);
                reported += signed(entry);
            }
            (Outcome::Declined(_) | Outcome::NotSent(_), None) => {}
            // Only a terminal that could not be asked beforehand, or that booked another amount
            // and lost the line before it said so, may leave it unknown.
            (Outcome::Unknown(why), entry) => {
                let another = entry.is_some_and(|entry| {
                    entry.amount_minor != intent.amount.minor() || entry.currency != 978
                });
                assert!(
                    another || intent.baseline == Baseline::Unknown,
                    "seed {seed}: {why}\n{intent:?}\n{entry:?}"
                );
                only_the_manager_knows += entry.map_or(0, signed);
            }
            (outcome, entry) => panic!("seed {seed}: {intent:?}\n{outcome:?}\n{entry:?}"),
        }
    }
    let books = world.core.ledger().net_minor(978) + world.core.ledger().net_minor(756);
    assert_eq!(reported + only_the_manager_knows, books, "seed {seed}");
}

fn agree(seed: u64, intent: &Intent, payment: &Payment, entry: &Booking) {
    assert_eq!(payment.amount.minor(), entry.amount_minor, "seed {seed}");
    assert_eq!(currency_number(payment.amount.currency()), Some(entry.currency), "seed {seed}");
    assert_eq!(payment.mark.trace, Some(entry.trace), "seed {seed}");
    assert_eq!(payment.mark.receipt_no, Some(entry.receipt_no), "seed {seed}");
    let same_kind = match intent.kind {
        Kind::Payment => entry.what == Booked::Payment,
        Kind::Refund => entry.what == Booked::Refund,
        Kind::Reversal { .. } => matches!(entry.what, Booked::Reversal { .. }),
    };
    assert!(same_kind, "seed {seed}: {intent:?} {entry:?}");
}

fn signed(entry: &Booking) -> i64 {
    match entry.what {
        Booked::Payment => entry.amount_minor,
        Booked::Refund | Booked::Reversal { .. } => -entry.amount_minor,
    }
}

/// One intent from its making to its end, with whatever goes wrong meanwhile.
fn operation(world: &mut World, dice: &mut Dice, tally: &mut Tally) -> (Intent, Outcome) {
    world.core.plan(fault(dice));
    for _ in 0..dice.below(4) {
        world.core.plan_ask(ask_fault(dice));
    }
    let kind = match dice.below(6) {
        0 => Kind::Refund,
        1 => Kind::Reversal { receipt_no: last_receipt(world) },
        _ => Kind::Payment,
    };
    // Equal amounts on purpose: an amount alone must not identify a payment.
    let minor = match kind {
        Kind::Reversal { .. } => world.core.ledger().last().map_or(500, |last| last.amount_minor),
        _ => [500, 500, 1_295][dice.below(3)],
    };
    let intent = world.intent(kind, minor);
    let mut outcome = disturbed(world, dice, intent);
    let asked = !outcome.is_settled();
    for ask in 0..80 {
        if outcome.is_settled() {
            break;
        }
        if ask == 6 {
            // What was planned against the questions is over some day.
            world.core.heal();
        }
        world.run(Duration::from_secs(10));
        outcome = world.resolve(intent);
    }
    world.core.heal();
    match &outcome {
        Outcome::Unknown(_) => {
            tally.manager += 1;
            world.command(Command::Release(intent.id));
        }
        _ if asked => tally.resolved += 1,
        Outcome::Approved(_) => tally.approved += 1,
        Outcome::Mismatch { .. } => {}
        Outcome::Declined(_) => tally.declined += 1,
        Outcome::NotSent(_) => tally.not_sent += 1,
    }
    tally.mismatch += u32::from(matches!(outcome, Outcome::Mismatch { .. }));
    world.run(Duration::from_secs(400));
    (intent, outcome)
}

/// Performs the intent while a line is cut, the power fails, the cashier aborts or the till
/// dies at some moment; the till that comes back asks.
fn disturbed(world: &mut World, dice: &mut Dice, intent: Intent) -> Outcome {
    world.command(Command::Perform(intent));
    let moment = Duration::from_millis(dice.below(8_000) as u64);
    let disturbance = dice.below(8);
    if disturbance < 4 {
        world.run(moment);
    }
    if let Some(outcome) = world.take_outcome(intent.id) {
        return outcome;
    }
    match disturbance {
        0 => world.command(Command::Abort),
        1 => world.cut_line(),
        2 => world.cut_power(Duration::from_secs(dice.below(120) as u64)),
        3 => {
            world.crash();
            return world.resolve(intent);
        }
        _ => {}
    }
    world.outcome(intent.id)
}

fn last_receipt(world: &World) -> u16 {
    world.core.ledger().last().map_or(1, |last| last.receipt_no)
}

fn fault(dice: &mut Dice) -> Fault {
    let at = [
        Moment::BeforeBooking,
        Moment::BookedLater,
        Moment::BeforeStatus,
        Moment::BeforeCompletion,
    ][dice.below(4)];
    match dice.below(18) {
        0 => Fault::Decline([0x05, 0x6C, 0x78][dice.below(3)]),
        1 => Fault::Refuse([0x9C, 0xCC][dice.below(2)]),
        2 => Fault::Deaf,
        3 => Fault::Late(Duration::from_secs(dice.below(400) as u64)),
        4 => Fault::Slow(u8::try_from(dice.below(45)).unwrap()),
        5 => Fault::Amount([1, 499, 100_000][dice.below(3)]),
        6 => Fault::Currency(756),
        7 => Fault::NoStatus { booked: dice.below(2) == 0 },
        8 => Fault::TakesBack,
        9 => Fault::RefusesAbort,
        10..=14 => Fault::Break { at, how: how(dice) },
        _ => Fault::None,
    }
}

fn ask_fault(dice: &mut Dice) -> AskFault {
    match dice.below(6) {
        0 => AskFault::Busy,
        1 => AskFault::Refuse,
        2 | 3 => AskFault::Break(how(dice)),
        _ => AskFault::None,
    }
}

fn how(dice: &mut Dice) -> Break {
    match dice.below(6) {
        0 | 1 => Break::Line,
        2 => Break::Power(Duration::from_secs(dice.below(200) as u64)),
        3 => Break::Mute,
        4 => Break::Junk([Junk::Noise, Junk::BrokenStatus, Junk::Endless][dice.below(3)]),
        _ => Break::Junk(Junk::Noise),
    }
}

/// SplitMix64: small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
