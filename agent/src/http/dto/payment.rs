//! Card payments.

use super::money::{MoneyGiven, MoneyView};
use super::session::Approval;
use super::time;
use crate::store::till::{Payment, PaymentState};
use crate::till::Doubt;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(in crate::http) struct PaymentShown {
    /// Its number.
    payment: u64,
    /// `authorise`, `refund` or `reverse`.
    kind: &'static str,
    /// The cart or return it is for.
    cart: u64,
    /// Its shift.
    shift: u32,
    /// What was asked.
    asked: MoneyView,
    /// When.
    at: String,
    /// By whom.
    by: String,
    /// `under_way`, `unknown`, `approved`, `declined` or `not_sent`.
    state: &'static str,
    /// Why nobody knows what became of it, while it is unknown; why nothing moved, once it has ended
    /// so.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Of an unknown one: whether the terminal is still being asked; otherwise only a manager can
    /// end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    asking: Option<bool>,
    /// What moved.
    moved: MoneyView,
    /// Whether the money stands in a sale or return, was undone or was put right.
    used: bool,
    /// What the terminal is doing, in words, while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<String>,
}

impl PaymentShown {
    /// A payment, on the store's clock, with what the terminal is doing or why nobody knows.
    pub fn new(payment: &Payment, terminal: &Terminal, zone: &TimeZone) -> Self {
        let open = payment.state == PaymentState::Open;
        let doubt = terminal.doubt.as_ref().filter(|(of, _)| open && *of == payment.intent);
        let doubt = doubt.map(|(_, doubt)| doubt);
        Self {
            payment: payment.intent,
            kind: crate::till::payment_word(payment.kind),
            cart: payment.cart.0,
            shift: payment.shift,
            asked: payment.asked.into(),
            at: time(payment.at, zone),
            by: payment.by.to_string(),
            state: match payment.state {
                PaymentState::Open if doubt.is_some() => "unknown",
                PaymentState::Open => "under_way",
                PaymentState::Approved => "approved",
                PaymentState::Declined => "declined",
                PaymentState::NotSent => "not_sent",
            },
            why: doubt.map(|doubt| doubt.why.clone()),
            asking: doubt.map(|doubt| doubt.asking),
            moved: payment.moved.into(),
            used: payment.used,
            progress: terminal.progress.clone().filter(|_| open),
        }
    }
}

impl PaymentShown {
    /// The same with why nothing moved, where it ended so.
    pub fn because(self, why_not: Option<String>) -> Self {
        Self { why: self.why.or(why_not), ..self }
    }
}

/// What is known of the terminal's part in a payment.
pub(in crate::http) struct Terminal {
    /// What it is doing now, in words.
    pub progress: Option<String>,
    /// The payment whose outcome it could not tell, and why.
    pub doubt: Option<(u64, Doubt)>,
}

/// Payments that still need someone.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PaymentList {
    /// In order.
    pub payments: Vec<PaymentShown>,
}

/// What became of a payment that the terminal cannot tell.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EndByHand {
    /// Whether the money moved.
    pub approved: bool,
    /// How much moved, where it is not what was asked.
    pub amount: Option<MoneyGiven>,
    /// The terminal's receipt number of it, by which it can be undone later.
    pub number: Option<u16>,
    /// What was seen, and where.
    #[schema(example = "its display says approved")]
    pub note: String,
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}

/// A payment that was taken but stands in no sale, to be given back.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewReversal {
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}

/// Money that moved and stands nowhere was put right outside the till.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PutRight {
    /// What was done.
    #[schema(example = "6.00 reversed at the terminal, slip 0231")]
    pub note: String,
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}
