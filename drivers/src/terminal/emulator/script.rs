//! An order as a list of steps, and how a fault changes the list.

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{Break, Fault, Junk, Moment};
use super::ledger::Booked;
use super::wire;
use crate::terminal::codes;

/// How long a cardholder, and how long a bank, takes.
const CARD: Duration = Duration::from_secs(3);
const BANK: Duration = Duration::from_secs(1);
/// Between two intermediate statuses of a slow order, and before a late booking.
const SLOW_STEP: Duration = Duration::from_secs(10);
const LATER: Duration = Duration::from_secs(20);

/// One thing the terminal does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Wait(Duration),
    /// 80 00 or 84 xx: nothing is expected back.
    Answer(Vec<u8>),
    /// A command: the till must acknowledge it before the next step.
    Tell(Vec<u8>),
    Book {
        what: Booked,
        amount_minor: i64,
        currency: u16,
    },
    /// The status and the slip of the last booking.
    TellStatus,
    TellSlip,
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// From here on nothing is sent any more until the script's end.
    FallSilent,
    SkipTrace,
    /// The day's totals become the last receipt.
    CloseDay,
    /// The status of the closed day.
    TellTotals,
    Close,
    PowerOff(Duration),
}

pub fn ack() -> Step {
    Step::Answer(wire::message(0x80, 0x00, &[]))
}

pub fn nack(code: u8) -> Step {
    Step::Answer(wire::message(0x84, code, &[]))
}

pub fn completion() -> Step {
    Step::Tell(wire::message(0x06, 0x0F, &[]))
}

pub fn aborted(code: u8) -> Step {
    Step::Tell(wire::message(0x06, 0x1E, &[code]))
}

pub fn progress(code: u8) -> Step {
    Step::Tell(wire::message(0x04, 0xFF, &[code]))
}

/// The end of an order that is not carried out.
pub fn decline(code: u8, terminal_id: u32) -> Vec<Step> {
    vec![Step::SkipTrace, Step::Tell(wire::declined(code, terminal_id)), aborted(code)]
}

/// A payment, refund or reversal, as `fault` has it.
pub fn money(
    what: Booked,
    amount_minor: i64,
    currency: u16,
    fault: Fault,
    terminal_id: u32,
) -> VecDeque<Step> {
    let (amount_minor, currency) = match fault {
        Fault::Amount(other) => (other, currency),
        Fault::Currency(other) => (amount_minor, other),
        _ => (amount_minor, currency),
    };
    let book = Step::Book { what, amount_minor, currency };
    let opening = vec![ack(), progress(0x0A), Step::Wait(CARD), progress(0x04), Step::Wait(BANK)];
    let rest = match fault {
        Fault::Refuse(code) => return VecDeque::from([nack(code)]),
        Fault::Deaf => return VecDeque::new(),
        Fault::Decline(code) => decline(code, terminal_id),
        Fault::Late(delay) => [vec![Step::Wait(delay)], ending(book)].concat(),
        Fault::Slow(statuses) => {
            let step = |_| [progress(0x0E), Step::Wait(SLOW_STEP)];
            (0..statuses).flat_map(step).chain(ending(book)).collect()
        }
        Fault::NoStatus { booked: true } => vec![book, completion()],
        Fault::NoStatus { booked: false } => vec![completion()],
        Fault::TakesBack => {
            // As a booking would look, with numbers that no booking has.
            let status = wire::message(0x04, 0x0F, &[0x27, codes::RESULT_OK]);
            vec![Step::Tell(status), aborted(codes::ABORTED)]
        }
        Fault::Break { at, how } => broken(book, at, how),
        Fault::None | Fault::RefusesAbort | Fault::Amount(_) | Fault::Currency(_) => ending(book),
    };
    opening.into_iter().chain(rest).collect()
}

fn ending(book: Step) -> Vec<Step> {
    vec![book, Step::TellStatus, Step::TellSlip, completion()]
}

fn broken(book: Step, at: Moment, how: Break) -> Vec<Step> {
    match at {
        Moment::BeforeBooking => breaking(how),
        // A terminal without power books nothing later.
        Moment::BookedLater if matches!(how, Break::Power(_)) => breaking(how),
        Moment::BookedLater => {
            [breaking(how), vec![Step::FallSilent, Step::Wait(LATER), book]].concat()
        }
        Moment::BeforeStatus => [vec![book], breaking(how)].concat(),
        Moment::BeforeCompletion => {
            [vec![book, Step::TellStatus, Step::TellSlip], breaking(how)].concat()
        }
    }
}

/// The steps of a break.
pub fn breaking(how: Break) -> Vec<Step> {
    vec![match how {
        Break::Line => Step::Close,
        Break::Power(off) => Step::PowerOff(off),
        Break::Mute => Step::FallSilent,
        Break::Junk(Junk::Noise) => Step::Raw(vec![0x3F, 0x55, 0x02, 0x41, 0x42]),
        Break::Junk(Junk::BrokenStatus) => {
            Step::Raw(wire::message(0x04, 0x0F, &[0x27, 0x00, 0x04, 0x00]))
        }
        Break::Junk(Junk::Endless) => Step::Raw(vec![0x06, 0xD3, 0xFF, 0xFF, 0xFF, 0x00]),
    }]
}
