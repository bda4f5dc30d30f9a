//! Card payments.

use super::money::MoneyView;
use super::session::Approval;
use super::time;
use crate::store::till::{Payment, PaymentState};
use commerce::fact::PaymentKind;
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
    /// `open` (under way or unknown), `approved`, `declined` or `not_sent`.
    state: &'static str,
    /// What moved.
    moved: MoneyView,
    /// Whether the money stands in a sale or return, or was undone.
    used: bool,
    /// What the terminal is doing, in words, while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<String>,
}

impl PaymentShown {
    /// A payment, on the store's clock, with what the terminal is doing.
    pub fn new(payment: &Payment, terminal: Option<&str>, zone: &TimeZone) -> Self {
        Self {
            payment: payment.intent,
            kind: crate::till::payment_word(payment.kind),
            cart: payment.cart.0,
            shift: payment.shift,
            asked: payment.asked.into(),
            at: time(payment.at, zone),
            by: payment.by.to_string(),
            state: match payment.state {
                PaymentState::Open => "open",
                PaymentState::Approved => "approved",
                PaymentState::Declined => "declined",
                PaymentState::NotSent => "not_sent",
            },
            moved: payment.moved.into(),
            used: payment.used || matches!(payment.kind, PaymentKind::Reverse { .. }),
            progress: terminal
                .filter(|_| payment.state == PaymentState::Open)
                .map(ToOwned::to_owned),
        }
    }
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
    /// What was seen, and where.
    pub note: String,
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}
