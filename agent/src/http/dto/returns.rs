//! Returns: what is asked, and the one under way.

use super::money::MoneyView;
use super::session::Approval;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line to come back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RefundLine {
    /// The line's number on the receipt.
    pub line: u32,
    /// How much of it, as a decimal.
    #[schema(example = "1")]
    pub quantity: String,
}

/// Lines of a receipt to come back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewRefund {
    /// The lines.
    pub lines: Vec<RefundLine>,
    /// The id of a reason of kind `refund`.
    pub reason: String,
    /// Needed beyond the limit of whoever asks.
    pub approval: Option<Approval>,
}

/// The last sale to be undone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPostVoid {
    /// The id of a reason of kind `cancel`.
    pub reason: String,
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}

/// A part to be paid back by a tender.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PayOut {
    /// The part's position in the return.
    pub payout: u32,
    /// The tender's id.
    pub tender: String,
    /// Another person's word, where it is another tender than the original one.
    pub approval: Option<Approval>,
}

/// The return under way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct OpenReturnShown {
    /// Its number.
    pub number: u64,
    /// The receipt it gives back.
    pub of: String,
    /// `refund` or `post_void`.
    pub kind: &'static str,
    /// The reason's id.
    pub reason: String,
    /// Who makes it.
    pub by: String,
    /// The lines with what comes back of them.
    pub lines: Vec<ReturningLine>,
    /// How it is paid back, by position.
    pub payouts: Vec<OpenPayoutShown>,
}

/// A line of the return under way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ReturningLine {
    /// The line's number on the receipt.
    pub line: u32,
    /// As a decimal.
    pub quantity: String,
}

/// A part of the return under way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct OpenPayoutShown {
    /// Its position.
    pub payout: u32,
    /// The tender's id.
    pub tender: String,
    /// How much.
    pub amount: MoneyView,
    /// The card payment, once the terminal was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<u64>,
}

/// The return under way, if there is one.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CurrentReturn {
    /// Missing when none is under way.
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenReturnShown>,
}
