//! What is shown in a wait, and when it ends: on a clock that the test moves.

use super::*;
use crate::sell::wire::Amount;

fn payment(state: State, why: Option<&str>, asking: bool) -> Payment {
    let amount = |minor: i64, text: &str| Amount {
        minor,
        currency: "EUR".to_owned(),
        text: text.to_owned(),
    };
    Payment {
        payment: 3,
        cart: 7,
        kind: "authorise".to_owned(),
        asked: amount(1250, "12.50"),
        moved: amount(0, "0.00"),
        state,
        why: why.map(ToOwned::to_owned),
        asking,
        used: false,
        progress: None,
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn said(step: Step) -> String {
    match step {
        Step::Say(text) => text,
        other => panic!("nothing was said: {other:?}"),
    }
}

#[test]
fn a_doubt_is_told_at_once_and_then_now_and_again() {
    let doubt = payment(State::Unknown, Some("the line was lost"), true);
    let mut wait = Wait { attended: true, ..Wait::default() };
    assert_eq!(wait.look(seconds(0), &payment(State::UnderWay, None, false)), Step::Wait);
    insta::assert_snapshot!(said(wait.look(seconds(4), &doubt)), @r"
    ✗ payment 3: nobody knows whether 12.50 was charged: the line was lost
      The till goes on asking the terminal; `ask 3` asks at once. Until it is known
      no other card can be charged, and its basket cannot be paid in another way.
      Enter leaves the wait.
    ");
    assert_eq!(wait.look(seconds(5), &doubt), Step::Wait);
    assert_eq!(wait.look(seconds(33), &doubt), Step::Wait);
    assert_eq!(said(wait.look(seconds(34), &doubt)), "  card: still unknown after 30 s");
    assert_eq!(wait.look(seconds(35), &doubt), Step::Wait);
    let other = payment(State::Unknown, Some("it is busy"), true);
    assert_eq!(
        said(wait.look(seconds(36), &other)),
        "  card: still unknown after 32 s: it is busy"
    );
    assert_eq!(wait.look(seconds(37), &other), Step::Wait);
    // A person decides how long.
    assert_eq!(said(wait.look(seconds(3600), &other)), "  card: still unknown after 3596 s");
    assert_eq!(wait.look(seconds(3601), &payment(State::Approved, None, false)), Step::Ended);
}

#[test]
fn a_script_stops_waiting_for_what_nobody_knows() {
    let doubt = payment(State::Unknown, Some("the line was lost"), true);
    let mut wait = Wait::default();
    assert!(!said(wait.look(seconds(10), &doubt)).contains("Enter"));
    said(wait.look(seconds(40), &doubt));
    said(wait.look(seconds(70), &doubt));
    assert_eq!(wait.look(seconds(71), &doubt), Step::GiveUp);
}

#[test]
fn what_only_a_manager_can_end_ends_the_wait() {
    let given_up = payment(State::Unknown, Some("it does not repeat it"), false);
    let mut wait = Wait { attended: true, ..Wait::default() };
    assert_eq!(wait.look(seconds(0), &given_up), Step::GiveUp);
    insta::assert_snapshot!(given_up.standing(), @r"
    ✗ payment 3: nobody knows whether 12.50 was charged: it does not repeat it
      The till has stopped asking: the terminal cannot tell. A manager looks into the
      terminal's own journal, and types what stands there:
        `booked 3 NOTE`      it is there (with `amount=9.50 slip=231` before the note
                            for another amount, and its number)
        `not-booked 3 NOTE`  it is not
      Until then its basket cannot be paid in another way.
    ");
    // Asked by hand, the old word still stands there for a while.
    let mut wait = Wait { attended: true, asked: true, ..Wait::default() };
    assert_eq!(wait.look(seconds(0), &given_up), Step::Wait);
    assert_eq!(wait.look(seconds(6), &given_up), Step::GiveUp);
    let mut wait = Wait { attended: true, asked: true, ..Wait::default() };
    assert_eq!(wait.look(seconds(0), &given_up), Step::Wait);
    assert!(
        said(wait.look(seconds(1), &payment(State::Unknown, Some("it is busy"), true)))
            .contains("it is busy")
    );
}

#[test]
fn a_terminal_that_works_is_waited_for_with_its_words() {
    let mut under_way = payment(State::UnderWay, None, false);
    under_way.progress = Some("insert card".to_owned());
    let mut wait = Wait { attended: true, ..Wait::default() };
    assert_eq!(said(wait.look(seconds(0), &under_way)), "  card: insert card");
    assert_eq!(wait.look(seconds(1), &under_way), Step::Wait);
    under_way.progress = Some("enter PIN".to_owned());
    assert_eq!(said(wait.look(seconds(2), &under_way)), "  card: enter PIN");
    assert_eq!(wait.look(seconds(400), &under_way), Step::Wait);
    assert_eq!(wait.look(seconds(401), &under_way), Step::GiveUp);
}

#[test]
fn no_money_is_told_apart_by_what_stopped_it() {
    for (state, why, told) in [
        (
            State::NotSent,
            None,
            "✗ payment 3: nothing was charged: the terminal was not reached, or did not begin",
        ),
        (
            State::NotSent,
            Some("the card terminal is not connected"),
            "✗ payment 3: nothing was charged: the card terminal is not connected",
        ),
        (
            State::Declined,
            None,
            "✗ payment 3: nothing was charged: the terminal declined, or has no such payment",
        ),
        (
            State::Declined,
            Some("card blocked (code 05)"),
            "✗ payment 3: nothing was charged: card blocked (code 05)",
        ),
    ] {
        assert_eq!(payment(state, why, false).not_booked(), told);
    }
    let mut refund = payment(State::NotSent, None, false);
    refund.kind = "refund".to_owned();
    assert!(refund.not_booked().starts_with("✗ payment 3: nothing went back: "));
}
