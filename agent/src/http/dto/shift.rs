//! Shifts, their reports, and cash that moves without a sale.

use super::money::{MoneyGiven, MoneyView};
use super::session::Approval;
use super::time;
use crate::http::problem::Problem;
use crate::store::till::read::Shift;
use commerce::Currency;
use commerce::fact::Counted;
use commerce::shift::ShiftTotal;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A shift to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct OpenShift {
    /// The cash put into the drawer.
    pub float: MoneyGiven,
}

/// What was counted of one tender.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CountedTender {
    /// The tender's id.
    #[schema(example = "cash")]
    pub tender: String,
    /// How much was there.
    pub amount: MoneyGiven,
}

/// A shift to be closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CloseShift {
    /// What was counted; cash at least.
    pub counted: Vec<CountedTender>,
}

/// Which way cash goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum CashWay {
    /// Into the drawer.
    In,
    /// Out of the drawer.
    Out,
}

/// Cash paid in or out without a sale.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct MoveCash {
    /// Which way.
    pub direction: CashWay,
    /// How much.
    pub amount: MoneyGiven,
    /// The id of a reason of kind `paid_in` or `paid_out`.
    pub reason: String,
    /// Another person's word, where it is needed.
    pub approval: Option<Approval>,
}

/// The drawer to be opened without a sale.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct OpenDrawer {
    /// The id of a reason of kind `no_sale`.
    pub reason: String,
}

/// A shift.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shift)]
pub(in crate::http) struct ShiftShown {
    /// Its number.
    shift: u32,
    /// The trading day it counts for.
    business_day: String,
    /// When it was opened.
    opened_at: String,
    /// By whom.
    opened_by: String,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// The running number of its Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    z: Option<u32>,
}

impl ShiftShown {
    /// A shift, on the store's clock.
    pub fn new(shift: &Shift, zone: &TimeZone) -> Self {
        Self {
            shift: shift.number,
            business_day: shift.business_day.to_string(),
            opened_at: time(shift.opened_at, zone),
            opened_by: shift.opened_by.to_string(),
            closed_at: shift.closed.map(|closed| time(closed.at, zone)),
            z: shift.closed.map(|closed| closed.z),
        }
    }
}

/// A page of shifts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ShiftList {
    /// The shifts.
    pub shifts: Vec<ShiftShown>,
    /// For `before`, to read on; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The report of a shift: an X while it is open, its Z once it is closed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ShiftReport {
    /// `x` or `z`.
    pub report: &'static str,
    /// The shift.
    pub shift: ShiftShown,
    /// Everything it came to, in order of kind and key.
    pub totals: Vec<ReportRow>,
    /// Counted against expected, once it is closed.
    pub counted: Vec<CountedRow>,
}

/// One sum of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ReportRow {
    /// What is summed, such as `sales` or `tax`.
    kind: &'static str,
    /// Of what: a tender, a reason, a tax; empty where there is one sum.
    key: String,
    /// How many.
    count: i64,
    /// How much.
    amount: MoneyView,
}

/// What was counted of a tender.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CountedRow {
    /// The tender's id.
    tender: String,
    /// What should have been there.
    expected: MoneyView,
    /// What was.
    counted: MoneyView,
}

/// Sums as rows.
pub(in crate::http) fn report_rows(
    totals: &[ShiftTotal],
    currency: Currency,
) -> Result<Vec<ReportRow>, Problem> {
    let row = |total: &ShiftTotal| {
        Ok(ReportRow {
            kind: total.kind.name(),
            key: total.key.clone(),
            count: total.count,
            amount: MoneyView::of(total.amount, currency)?,
        })
    };
    totals.iter().map(row).collect()
}

/// Counts as rows.
pub(in crate::http) fn counted_rows(counted: &[Counted]) -> Vec<CountedRow> {
    let row = |row: &Counted| CountedRow {
        tender: row.tender.clone(),
        expected: row.expected.into(),
        counted: row.counted.into(),
    };
    counted.iter().map(row).collect()
}
