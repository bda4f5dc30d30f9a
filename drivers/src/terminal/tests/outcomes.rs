//! What the till reports for each fault of the terminal, at first and after asking.

use std::time::Duration;

use super::world::{World, eur};
use crate::terminal::command::{Command, Event, OrderError};
use crate::terminal::emulator::{AskFault, Booked, Break, Fault, Junk, Moment};
use crate::terminal::intent::{Baseline, Declined, Kind, NotSent, Outcome, Unknown};

const POWER: Break = Break::Power(Duration::from_secs(60));

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Mismatch { .. } => "mismatch",
        Outcome::Declined(Declined::ByTerminal { .. }) => "declined",
        Outcome::Declined(Declined::NotFound) => "not found",
        Outcome::NotSent(_) => "not sent",
        Outcome::Unknown(_) => "unknown",
    }
}

/// The first outcome, the one after asking until it is settled, and the bookings made.
fn check(fault: Fault, first: &str, settled: &str, bookings: usize) {
    let mut world = World::after_one_payment();
    let before = world.core.ledger().bookings().len();
    world.core.plan(fault);
    let intent = world.intent(Kind::Payment, 1_295);
    let outcome = world.perform(intent);
    assert_eq!(name(&outcome), first, "{fault:?}: {outcome:?}");
    let mut last = outcome;
    for _ in 0..60 {
        if last.is_settled() {
            break;
        }
        world.run(Duration::from_secs(10));
        last = world.resolve(intent);
    }
    assert_eq!(name(&last), settled, "{fault:?}: {last:?}");
    assert_eq!(world.core.ledger().bookings().len() - before, bookings, "{fault:?}");
    // The terminal is in order again.
    world.run(Duration::from_secs(10));
    assert_eq!(name(&world.pay(1_295, Fault::None)), "approved", "after {fault:?}");
}

#[test]
fn each_fault_has_its_outcome() {
    check(Fault::None, "approved", "approved", 1);
    check(Fault::RefusesAbort, "approved", "approved", 1);
    check(Fault::Decline(0x6C), "declined", "declined", 0);
    check(Fault::Refuse(0xCC), "not sent", "not sent", 0);
    check(Fault::Deaf, "unknown", "not found", 0);
    check(Fault::Late(Duration::from_secs(60)), "approved", "approved", 1);
    check(Fault::Late(Duration::from_secs(200)), "unknown", "approved", 1);
    check(Fault::Slow(5), "approved", "approved", 1);
    check(Fault::Slow(40), "unknown", "approved", 1);
    check(Fault::Amount(1_195), "mismatch", "mismatch", 1);
    check(Fault::Currency(756), "mismatch", "mismatch", 1);
    check(Fault::NoStatus { booked: true }, "unknown", "approved", 1);
    check(Fault::NoStatus { booked: false }, "unknown", "not found", 0);
    check(Fault::TakesBack, "unknown", "not found", 0);
}

#[test]
fn each_way_of_breaking_off_is_resolved_by_asking() {
    let ways = [
        Break::Line,
        POWER,
        Break::Mute,
        Break::Junk(Junk::Noise),
        Break::Junk(Junk::BrokenStatus),
        Break::Junk(Junk::Endless),
    ];
    for how in ways {
        let check = |at, settled, bookings| {
            check(Fault::Break { at, how }, "unknown", settled, bookings);
        };
        check(Moment::BeforeBooking, "not found", 0);
        check(Moment::BeforeStatus, "approved", 1);
        check(Moment::BeforeCompletion, "approved", 1);
        if how != POWER {
            check(Moment::BookedLater, "approved", 1);
        }
    }
}

#[test]
fn an_approval_carries_what_the_terminal_said() {
    let mut world = World::after_one_payment();
    let Outcome::Approved(payment) = world.pay(1_295, Fault::None) else { panic!("approved") };
    assert_eq!(payment.amount, eur(1_295));
    assert!(payment.amount_echoed);
    assert_eq!(payment.mark.trace, Some(999_998));
    assert_eq!(payment.mark.receipt_no, Some(9_999));
    assert_eq!(payment.mark.terminal_id, Some(52_523_535));
    assert_eq!(payment.masked_pan.as_deref(), Some("476173******0119"));
    assert_eq!(payment.card_name.as_deref(), Some("VISA"));
    assert_eq!(payment.text.as_deref(), Some("AID: 080001"));
    assert!(payment.at.is_some());
    let slip: Vec<&str> = payment.slip.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(slip.len(), 12);
    assert!(slip.contains(&"Card 476173******0119"), "{slip:?}");
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, Event::Progress { text: "insert card", .. }))
    );
}

#[test]
fn an_abort_before_the_booking_declines_and_after_it_the_approval_wins() {
    for (after_s, fault, expected) in [
        (0, Fault::None, "declined"),
        (2, Fault::None, "declined"),
        (2, Fault::RefusesAbort, "approved"),
        (2, Fault::Break { at: Moment::BeforeBooking, how: Break::Mute }, "unknown"),
    ] {
        let mut world = World::after_one_payment();
        world.core.plan(fault);
        let intent = world.intent(Kind::Payment, 100);
        world.command(Command::Perform(intent));
        world.run(Duration::from_secs(after_s));
        world.command(Command::Abort);
        let outcome = world.outcome(intent.id);
        assert_eq!(name(&outcome), expected, "{after_s} s, {fault:?}: {outcome:?}");
    }
}

#[test]
fn refunds_and_reversals_move_money_back_once() {
    let mut world = World::after_one_payment();
    let Outcome::Approved(paid) = world.pay(1_295, Fault::None) else { panic!("approved") };
    let receipt_no = paid.mark.receipt_no.unwrap();
    let refund = world.intent(Kind::Refund, 300);
    assert_eq!(name(&world.perform(refund)), "approved");
    let reversal = world.intent(Kind::Reversal { receipt_no }, 1_295);
    let Outcome::Approved(reversed) = world.perform(reversal) else { panic!("approved") };
    assert_eq!(reversed.reverses_trace, paid.mark.trace);
    assert_eq!(world.core.ledger().net_minor(978), 500 - 300);
    let again = world.intent(Kind::Reversal { receipt_no }, 1_295);
    assert_eq!(name(&world.perform(again)), "declined");
    assert!(matches!(world.core.ledger().last().unwrap().what, Booked::Reversal { .. }));
}

#[test]
fn what_may_not_begin_is_not_sent() {
    let mut world = World::after_one_payment();
    let stale = world.intent(Kind::Payment, 100);
    assert_eq!(name(&world.pay(100, Fault::None)), "approved");
    assert_eq!(world.perform(stale), Outcome::NotSent(NotSent::StaleBaseline));
    let zero = world.intent(Kind::Payment, 0);
    assert_eq!(world.perform(zero), Outcome::NotSent(NotSent::BadAmount(eur(0))));
    let negative = world.intent(Kind::Refund, -5);
    assert_eq!(world.perform(negative), Outcome::NotSent(NotSent::BadAmount(eur(-5))));
    let far = world.intent(Kind::Reversal { receipt_no: 10_000 }, 5);
    assert_eq!(world.perform(far), Outcome::NotSent(NotSent::BadReceiptNo(10_000)));

    let first = world.intent(Kind::Payment, 100);
    let second = world.intent(Kind::Payment, 100);
    world.command(Command::Perform(first));
    assert_eq!(world.perform(second), Outcome::NotSent(NotSent::Busy));
    assert_eq!(name(&world.outcome(first.id)), "approved");

    world.cut_line();
    let offline = world.intent(Kind::Payment, 100);
    assert!(matches!(world.perform(offline), Outcome::NotSent(NotSent::Offline(_))));
}

#[test]
fn an_unknown_outcome_bars_the_next_payment_until_it_is_resolved_or_released() {
    let mut world = World::after_one_payment();
    world.core.plan(Fault::Break { at: Moment::BeforeStatus, how: Break::Line });
    let first = world.intent(Kind::Payment, 100);
    assert_eq!(name(&world.perform(first)), "unknown");
    world.run(Duration::from_secs(5));
    let barred = Outcome::NotSent(NotSent::Unresolved(first.id));
    let next = world.intent(Kind::Payment, 100);
    assert_eq!(world.perform(next), barred);
    assert_eq!(world.perform(first), barred, "the same intent is never sent again");
    world.command(Command::EndOfDay);
    assert!(world.events.iter().any(|event| matches!(
        event,
        Event::EndOfDay(Err(OrderError::NotSent(NotSent::Unresolved(_))))
    )));
    world.command(Command::Release(first.id));
    assert_eq!(name(&world.perform(next)), "approved");
    // Too late: the terminal's last payment is the second one now, though the amounts are equal.
    let late = world.resolve(first);
    assert!(matches!(late, Outcome::Unknown(Unknown::Contradiction { .. })), "{late:?}");
    assert_eq!(world.core.ledger().bookings().len(), 3);
}

#[test]
fn the_first_payment_of_a_terminal_is_found_when_it_was_booked() {
    let lost = |at| {
        let mut world = World::fresh();
        assert_eq!(world.baseline, Baseline::Nothing);
        world.core.plan(Fault::Break { at, how: Break::Line });
        let intent = world.intent(Kind::Payment, 700);
        assert_eq!(name(&world.perform(intent)), "unknown");
        world.run(Duration::from_secs(5));
        world.resolve(intent)
    };
    assert_eq!(name(&lost(Moment::BeforeStatus)), "approved");
    // It still repeats nothing, which may have another cause.
    assert_eq!(lost(Moment::BeforeBooking), Outcome::Unknown(Unknown::NoRepeat(0x83)));
}

#[test]
fn another_amount_than_asked_is_for_a_manager_and_never_the_next_intents() {
    let mut world = World::after_one_payment();
    world.core.plan(Fault::Amount(1_195));
    let intent = world.intent(Kind::Payment, 700);
    world.command(Command::Perform(intent));
    // The line goes before the terminal has said anything of the booking.
    world.run(Duration::from_millis(100));
    world.cut_line();
    assert_eq!(name(&world.outcome(intent.id)), "unknown");
    world.run(Duration::from_secs(60));
    match world.resolve(intent) {
        Outcome::Unknown(Unknown::Contradiction { seen: Some(seen), .. }) => {
            assert_eq!(seen.amount, eur(1_195));
        }
        other => panic!("{other:?}"),
    }
    world.command(Command::Release(intent.id));
    world.core.plan(Fault::Break { at: Moment::BeforeBooking, how: Break::Line });
    let next = world.intent(Kind::Payment, 1_195);
    assert_eq!(name(&world.perform(next)), "unknown");
    world.run(Duration::from_secs(5));
    assert_eq!(world.resolve(next), Outcome::Declined(Declined::NotFound));
}

#[test]
fn a_terminal_that_cannot_be_asked_leaves_the_outcome_to_a_manager() {
    // It refuses to repeat, whatever the reason.
    let mut world = World::after_one_payment();
    world.core.plan(Fault::Break { at: Moment::BeforeBooking, how: Break::Line });
    let intent = world.intent(Kind::Payment, 700);
    assert_eq!(name(&world.perform(intent)), "unknown");
    world.run(Duration::from_secs(5));
    world.core.plan_ask(AskFault::None);
    world.core.plan_ask(AskFault::Refuse);
    let outcome = world.resolve(intent);
    assert_eq!(outcome, Outcome::Unknown(Unknown::NoRepeat(0x83)));
    assert_eq!(world.resolve(intent), Outcome::Declined(Declined::NotFound));
}

#[test]
fn the_day_is_closed_and_the_state_is_told() {
    let mut world = World::after_one_payment();
    world.command(Command::Status);
    world.command(Command::EndOfDay);
    world.run(Duration::from_secs(1));
    world.command(Command::EndOfDay);
    world.run(Duration::from_secs(1));
    assert!(world.events.contains(&Event::Status(Ok(Some(0)))));
    let slip = world.events.iter().find_map(|event| match event {
        Event::EndOfDay(Ok(slip)) => Some(slip.clone()),
        _ => None,
    });
    assert_eq!(slip.unwrap()[0].text, "** END OF DAY **");
    // The day's totals are the last receipt now, and no payment; still they tell old from new.
    world.run(Duration::from_secs(5));
    let breaks = |at| Fault::Break { at, how: Break::Line };
    for (at, expected) in [(Moment::BeforeBooking, "not found"), (Moment::BeforeStatus, "approved")]
    {
        world.core.plan(breaks(at));
        let intent = world.intent(Kind::Payment, 500);
        assert_eq!(name(&world.perform(intent)), "unknown");
        world.run(Duration::from_secs(5));
        assert_eq!(name(&world.resolve(intent)), expected, "{at:?}");
    }
    assert_eq!(name(&world.pay(100, Fault::None)), "approved");
}

#[test]
fn a_question_under_way_when_a_manager_takes_over_bars_nothing_afterwards() {
    let mut world = World::after_one_payment();
    world.core.plan(Fault::Break { at: Moment::BeforeBooking, how: Break::Line });
    let first = world.intent(Kind::Payment, 700);
    assert_eq!(name(&world.perform(first)), "unknown");
    world.run(Duration::from_secs(5));
    world.core.plan_ask(AskFault::None);
    world.core.plan_ask(AskFault::Refuse);
    world.command(Command::Resolve(first));
    world.command(Command::Release(first.id));
    assert_eq!(world.outcome(first.id), Outcome::Unknown(Unknown::NoRepeat(0x83)));
    world.run(Duration::from_secs(5));
    let next = world.intent(Kind::Payment, 100);
    assert_eq!(name(&world.perform(next)), "approved");
}

#[test]
fn a_question_about_the_payment_being_made_is_answered_by_its_own_outcome() {
    let mut world = World::after_one_payment();
    world.core.plan(Fault::Slow(20));
    let first = world.intent(Kind::Payment, 700);
    world.command(Command::Perform(first));
    world.run(Duration::from_millis(200));
    world.command(Command::Resolve(first));
    assert_eq!(name(&world.outcome(first.id)), "approved");
}
