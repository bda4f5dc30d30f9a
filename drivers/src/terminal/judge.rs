//! Decides what an exchange means for money. Pure; every rule that could cost or double a
//! payment stands here.
//!
//! - An approval needs a status with result 00 *and* the completion after it.
//! - Whatever is not clearly approved, declined or never begun is unknown.
//! - Asked about an unknown one, the terminal's *last* payment counts only if it is surely later
//!   than what the terminal had last before the intent, and has the amount that was asked for.
//!   Another amount may be a payment that somebody keyed in at the terminal itself.

use commerce::{Currency, Money};

use super::codes;
use super::exchange::{End, Heard};
use super::intent::Mark;
use super::intent::{Baseline, Declined, Intent, Kind, NotSent, Order, Outcome, Payment, Unknown};
use super::protocol::{self, SlipLine};
use super::status::StatusInformation;

/// The outcome of an intent's own exchange.
#[must_use]
pub fn performed(intent: &Intent, end: End) -> Outcome {
    match end {
        End::Refused(code) => Outcome::NotSent(NotSent::Refused(code)),
        End::Broken(why) => Outcome::Unknown(why),
        End::Aborted { code, heard } => match heard.status {
            Some(status) if status.result == Some(codes::RESULT_OK) => {
                contradiction("approved, then aborted", payment(intent, *status, heard.slip).ok())
            }
            status => declined(code, status.and_then(|status| status.text), heard.slip),
        },
        End::Completed(Heard { status: Some(status), slip, .. }) => match status.result {
            Some(codes::RESULT_OK) => approval(intent, *status, slip),
            Some(code) => declined(code, status.text, slip),
            None => Outcome::Unknown(Unknown::NoResult),
        },
        End::Completed(_) => Outcome::Unknown(Unknown::NoResult),
    }
}

fn approval(intent: &Intent, status: StatusInformation, slip: Vec<SlipLine>) -> Outcome {
    if status.is_totals {
        return contradiction("totals of a day in place of a payment", None);
    }
    let booked = match payment(intent, status, slip) {
        Ok(booked) => booked,
        Err(unknown) => return Outcome::Unknown(unknown),
    };
    if order(intent, &booked) == Some(Order::Same) {
        return contradiction("it repeats its payment before", Some(booked));
    }
    compared(intent, booked)
}

/// The outcome of an intent by the terminal's answer to "repeat your last receipt".
#[must_use]
pub fn resolved(intent: &Intent, end: End) -> Outcome {
    let (status, slip) = match end {
        End::Broken(why) => return Outcome::Unknown(why),
        End::Refused(code) | End::Aborted { code, .. } => return no_repeat(code),
        End::Completed(Heard { status: Some(status), slip, .. }) => (*status, slip),
        End::Completed(_) => return Outcome::Unknown(Unknown::NoResult),
    };
    match status.result {
        Some(codes::RESULT_OK) => {}
        Some(code) => return no_repeat(code),
        None => return Outcome::Unknown(Unknown::NoResult),
    }
    let is_totals = status.is_totals;
    let last = match payment(intent, status, slip) {
        Ok(last) => last,
        Err(unknown) => return Outcome::Unknown(unknown),
    };
    match order(intent, &last) {
        Some(Order::Same) => Outcome::Declined(Declined::NotFound),
        // The day was closed after the intent, and its totals took the payment's place.
        Some(Order::Newer) if is_totals => contradiction("its last receipt is no payment", None),
        Some(Order::Newer) if !last.amount_echoed => {
            contradiction("its last payment has no amount", Some(last))
        }
        Some(Order::Newer) if last.amount != intent.amount => {
            contradiction("its last payment has another amount", Some(last))
        }
        Some(Order::Newer) => compared(intent, last),
        None => contradiction("whether its last payment is this one can't be told", Some(last)),
    }
}

/// What the terminal's answer to "repeat your last receipt" says of its last payment.
#[must_use]
pub fn baseline(end: &End) -> Baseline {
    match end {
        End::Completed(Heard { status: Some(status), .. })
            if status.result == Some(codes::RESULT_OK) =>
        {
            baseline_of(mark(status))
        }
        End::Completed(Heard { status: Some(status), .. }) => {
            status.result.map_or(Baseline::Unknown, nothing_to_repeat)
        }
        End::Refused(code) | End::Aborted { code, heard: Heard { status: None, .. } } => {
            nothing_to_repeat(*code)
        }
        _ => Baseline::Unknown,
    }
}

const fn nothing_to_repeat(code: u8) -> Baseline {
    if codes::is_passing(code) { Baseline::Unknown } else { Baseline::Nothing }
}

/// The baseline after a payment with this mark.
#[must_use]
pub const fn baseline_of(mark: Mark) -> Baseline {
    if mark.has_number() { Baseline::Last(mark) } else { Baseline::Unknown }
}

/// Compares a payment that is certainly this intent's with what was asked for.
fn compared(intent: &Intent, booked: Payment) -> Outcome {
    let reverses = booked.reverses_trace.is_some();
    if reverses && !matches!(intent.kind, Kind::Reversal { .. }) {
        return contradiction("it speaks of a reversal that nobody asked for", Some(booked));
    }
    if booked.amount == intent.amount {
        Outcome::Approved(Box::new(booked))
    } else {
        Outcome::Mismatch { asked: intent.amount, booked: Box::new(booked) }
    }
}

fn order(intent: &Intent, booked: &Payment) -> Option<Order> {
    match &intent.baseline {
        Baseline::Last(before) => booked.mark.order_after(before),
        Baseline::Nothing => booked.mark.has_number().then_some(Order::Newer),
        Baseline::Unknown => None,
    }
}

fn declined(code: u8, text: Option<String>, slip: Vec<SlipLine>) -> Outcome {
    Outcome::Declined(Declined::ByTerminal { code, text, slip })
}

fn contradiction(what: &'static str, seen: Option<Payment>) -> Outcome {
    Outcome::Unknown(Unknown::Contradiction { what, seen: seen.map(Box::new) })
}

fn no_repeat(code: u8) -> Outcome {
    let why = if codes::is_busy(code) { Unknown::Busy } else { Unknown::NoRepeat(code) };
    Outcome::Unknown(why)
}

fn mark(status: &StatusInformation) -> Mark {
    Mark { terminal_id: status.terminal_id, trace: status.trace, receipt_no: status.receipt_no }
}

/// The payment a status speaks of; amount and currency are the asked ones where it is silent.
fn payment(
    intent: &Intent,
    status: StatusInformation,
    slip: Vec<SlipLine>,
) -> Result<Payment, Unknown> {
    let amount = booked_amount(intent.amount, &status)?;
    Ok(Payment {
        amount,
        amount_echoed: status.amount_minor.is_some(),
        mark: mark(&status),
        reverses_trace: status.original_trace,
        at: status.at,
        masked_pan: status.masked_pan,
        card_name: status.card_name,
        card_type: status.card_type,
        vu_number: status.vu_number,
        authorisation: status.authorisation,
        text: status.text,
        slip,
    })
}

fn booked_amount(asked: Money, status: &StatusInformation) -> Result<Money, Unknown> {
    let unreadable = |what: String| Unknown::Garbage(what);
    let currency: Currency = match status.currency {
        None => asked.currency(),
        Some(number) => protocol::currency_of(number)
            .ok_or_else(|| unreadable(format!("currency {number:04} is not in ISO 4217")))?,
    };
    Money::new(status.amount_minor.unwrap_or(asked.minor()), currency)
        .map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
#[path = "tests/judge.rs"]
mod tests;
