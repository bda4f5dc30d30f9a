//! The terminal's outcomes as the till loop hears them: the same translation as the agent's
//! runtime makes.

use agent::till::PaymentReport;
use commerce::fact::PaymentOutcome;
use commerce::tender::CardSlip;
use drivers::terminal::intent::{Declined, Outcome, Payment};

/// The terminal's word as the runtime puts it.
pub fn report(outcome: Outcome) -> PaymentReport {
    PaymentReport::Ended(match outcome {
        Outcome::Approved(payment) | Outcome::Mismatch { booked: payment, .. } => {
            approved(&payment)
        }
        Outcome::Declined(declined) => PaymentOutcome::Declined {
            code: match &declined {
                Declined::ByTerminal { code, .. } => *code,
                Declined::NotFound => 0,
            },
            text: declined.to_string(),
        },
        Outcome::NotSent(why) => PaymentOutcome::NotSent { why: why.to_string() },
        Outcome::Unknown(why) => return PaymentReport::Unknown { why: why.to_string() },
    })
}

fn approved(payment: &Payment) -> PaymentOutcome {
    let card = CardSlip {
        receipt_number: payment.mark.receipt_no.map_or(0, u32::from),
        trace: payment.mark.trace.unwrap_or(0),
        ..CardSlip::default()
    };
    PaymentOutcome::Approved { amount: payment.amount, card }
}
