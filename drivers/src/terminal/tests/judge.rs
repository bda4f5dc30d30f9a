//! Tests of the rules that no emulated fault reaches.

use super::*;
use crate::terminal::intent::IntentId;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap()).unwrap()
}

fn intent(kind: Kind, trace: u32) -> Intent {
    let mark = Mark { terminal_id: Some(7), trace: Some(trace), receipt_no: None };
    Intent { id: IntentId(1), kind, amount: eur(500), baseline: Baseline::Last(mark) }
}

fn status(trace: u32) -> StatusInformation {
    StatusInformation {
        result: Some(0),
        amount_minor: Some(500),
        currency: Some(978),
        trace: Some(trace),
        terminal_id: Some(7),
        ..StatusInformation::default()
    }
}

fn completed(status: StatusInformation) -> End {
    End::Completed(Heard { status: Some(Box::new(status)), ..Heard::default() })
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Mismatch { .. } => "mismatch",
        Outcome::Declined(_) => "declined",
        Outcome::NotSent(_) => "not sent",
        Outcome::Unknown(_) => "unknown",
    }
}

#[test]
fn the_last_payment_counts_only_if_it_is_surely_this_one() {
    let intent = intent(Kind::Payment, 100);
    let check = |change: &dyn Fn(&mut StatusInformation), live, asked| {
        let mut status = status(101);
        change(&mut status);
        let end = || completed(status.clone());
        assert_eq!(name(&performed(&intent, end())), live, "live: {status:?}");
        assert_eq!(name(&resolved(&intent, end())), asked, "asked: {status:?}");
    };
    check(&|_| {}, "approved", "approved");
    check(&|status| status.trace = Some(100), "unknown", "declined");
    check(&|status| status.trace = Some(99), "approved", "unknown");
    check(&|status| status.trace = None, "approved", "unknown");
    check(&|status| status.terminal_id = Some(8), "approved", "unknown");
    check(&|status| status.amount_minor = Some(501), "mismatch", "unknown");
    check(&|status| status.currency = Some(756), "mismatch", "unknown");
    check(&|status| status.currency = None, "approved", "approved");
    check(&|status| status.currency = Some(1), "unknown", "unknown");
    check(&|status| status.amount_minor = None, "approved", "unknown");
    check(&|status| status.original_trace = Some(90), "unknown", "unknown");
    check(&|status| status.is_totals = true, "unknown", "unknown");
    check(&|status| (status.is_totals, status.trace) = (true, Some(100)), "unknown", "declined");
    check(&|status| status.result = None, "unknown", "unknown");
    check(&|status| status.result = Some(0x6C), "declined", "unknown");
}

#[test]
fn a_reversal_may_name_what_it_reverses() {
    let intent = intent(Kind::Reversal { receipt_no: 3 }, 100);
    let mut status = status(101);
    status.original_trace = Some(90);
    assert_eq!(name(&performed(&intent, completed(status.clone()))), "approved");
    assert_eq!(name(&resolved(&intent, completed(status))), "approved");
}

#[test]
fn an_abort_after_an_approval_is_nobodys_to_guess() {
    let intent = intent(Kind::Payment, 100);
    let heard = Heard { status: Some(Box::new(status(101))), ..Heard::default() };
    let outcome = performed(&intent, End::Aborted { code: 0x6C, heard });
    assert!(
        matches!(&outcome, Outcome::Unknown(Unknown::Contradiction { seen: Some(_), .. })),
        "{outcome:?}"
    );
    let plain = End::Aborted { code: 0x6C, heard: Heard::default() };
    assert_eq!(name(&performed(&intent, plain)), "declined");
}

#[test]
fn a_terminal_that_had_nothing_to_repeat_has_booked_whatever_it_repeats_since() {
    let refused = |code| End::Aborted { code, heard: Heard::default() };
    assert_eq!(baseline(&refused(0x83)), Baseline::Nothing);
    assert_eq!(baseline(&End::Refused(0x64)), Baseline::Nothing);
    for passing in [0x9C, 0xCC, 0xDC, 0xF0, 0xFF, 0x6C] {
        assert_eq!(baseline(&refused(passing)), Baseline::Unknown, "{passing:02X}");
    }
    let intent = Intent { baseline: Baseline::Nothing, ..intent(Kind::Payment, 0) };
    assert_eq!(name(&resolved(&intent, completed(status(1)))), "approved");
    let other = StatusInformation { amount_minor: Some(501), ..status(1) };
    assert_eq!(name(&resolved(&intent, completed(other))), "unknown");
    let unnumbered = StatusInformation { trace: None, ..status(1) };
    assert_eq!(name(&resolved(&intent, completed(unnumbered))), "unknown");
    // That it still repeats nothing may have another cause: a person looks.
    assert_eq!(name(&resolved(&intent, refused(0x83))), "unknown");
}
