//! Faults that wait at the terminal, as the lines that plan them: what `faults` shows.
//!
//! The other direction of [`super::control`]. A fault that no line can plan is described.

use drivers::terminal::emulator::{AskFault, Break, Fault, Junk, Moment};
use std::fmt::Write as _;

/// All that waits, a line each, in the order in which it will happen.
pub(super) fn list(orders: &[Fault], questions: &[AskFault]) -> String {
    let mut text = String::new();
    for (number, fault) in (1..).zip(orders) {
        writeln!(text, "order {number}: {}", order(*fault)).ok();
    }
    for (number, fault) in (1..).zip(questions) {
        writeln!(text, "question {number}: {}", question(*fault)).ok();
    }
    if text.is_empty() {
        text.push_str("no faults are planned\n");
    }
    text
}

/// The line that plans a fault for an order.
pub(super) fn order(fault: Fault) -> String {
    match fault {
        Fault::None => "no fault".to_owned(),
        Fault::Decline(code) => format!("decline {code:02x}"),
        Fault::Refuse(code) => format!("refuse {code:02x}"),
        Fault::Deaf => "deaf".to_owned(),
        Fault::Late(time) => format!("late {}", time.as_secs()),
        Fault::Slow(count) => format!("slow {count}"),
        Fault::Amount(minor) => format!("another-amount {minor}"),
        Fault::Currency(number) => format!("booked in currency {number:03}"),
        Fault::NoStatus { booked: true } => "no-status booked".to_owned(),
        Fault::NoStatus { booked: false } => "no-status unbooked".to_owned(),
        Fault::TakesBack => "takes-back".to_owned(),
        Fault::RefusesAbort => "refuses-abort".to_owned(),
        Fault::Break { at, how } => broken(how, Some(at)),
    }
}

/// The line that plans a fault for a question.
pub(super) fn question(fault: AskFault) -> String {
    match fault {
        AskFault::None => "no fault".to_owned(),
        AskFault::Busy => "ask busy".to_owned(),
        AskFault::Refuse => "ask refuse".to_owned(),
        AskFault::Break(how) => format!("ask {}", broken(how, None)),
    }
}

fn broken(how: Break, at: Option<Moment>) -> String {
    let (word, time) = match how {
        Break::Line => ("lose-line", None),
        Break::Power(off) => ("lose-power", Some(off.as_secs())),
        Break::Mute => ("mute", None),
        Break::Junk(Junk::Noise) => ("junk", None),
        Break::Junk(Junk::BrokenStatus) => ("broken status", None),
        Break::Junk(Junk::Endless) => ("endless message", None),
    };
    let at = at.map(|at| match at {
        Moment::BeforeBooking => " unbooked",
        Moment::BookedLater => " later",
        Moment::BeforeStatus => " before",
        Moment::BeforeCompletion => " after",
    });
    let time = time.map(|seconds| format!(" {seconds}"));
    format!("{word}{}{}", at.unwrap_or_default(), time.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::control::Control;
    use super::*;

    #[test]
    fn a_fault_is_shown_as_the_line_that_plans_it() {
        for line in [
            "decline 05",
            "decline 6c",
            "refuse 9c",
            "deaf",
            "late 12",
            "slow 3",
            "another-amount 995",
            "no-status booked",
            "no-status unbooked",
            "takes-back",
            "refuses-abort",
            "lose-line unbooked",
            "lose-line later",
            "lose-power before 30",
            "mute after",
            "junk before",
            "ask busy",
            "ask refuse",
            "ask lose-line",
            "ask mute",
        ] {
            let shown = match Control::parse(line) {
                Ok(Control::Order(fault)) => order(fault),
                Ok(Control::Question(fault)) => question(fault),
                other => panic!("{line}: {other:?}"),
            };
            assert_eq!(shown, line);
        }
    }

    #[test]
    fn faults_are_listed_in_the_order_in_which_they_happen() {
        let orders = [Fault::Deaf, Fault::Decline(0x6C)];
        let listed = list(&orders, &[AskFault::Busy]);
        assert_eq!(listed, "order 1: deaf\norder 2: decline 6c\nquestion 1: ask busy\n");
        assert_eq!(list(&[], &[]), "no faults are planned\n");
    }
}
