//! How the till stands to others: its lines, and what somebody must see to.

use super::money::MoneyView;
use super::time;
use crate::http::problem::Problem;
use crate::link::status::{Line, LinkBoard};
use crate::store::till::Owed;
use commerce::Currency;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sync::link::Route;
use sync::store::Alarm;
use utoipa::ToSchema;

/// The lines of this till.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkShown {
    /// The name this till is enrolled under; missing when it is not enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<String>,
    /// Why lines that are configured can't be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The lines.
    pub lines: Vec<LineShown>,
}

/// A line to another till or to the hub.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Line)]
pub struct LineShown {
    /// Where it leads.
    #[schema(example = "HH01/hh01-till-2")]
    pub to: String,
    /// Whether it is up.
    pub up: bool,
    /// Since when it is as it is, on the store's clock.
    pub since: String,
    /// Why it is down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How many journal and cart entries that are here the other side has not confirmed; on a line
    /// that is down, when it went down. Missing until the other side has said what it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent: Option<u64>,
    /// What of this till's own journal the hub has not confirmed; on the line to it, while there is
    /// something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<OwedShown>,
}

/// What would be lost with this machine, as far as the hub is concerned.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Owed)]
pub struct OwedShown {
    /// Journal entries.
    pub entries: u64,
    /// Receipts among them.
    pub receipts: u64,
    /// Their sales, less what was paid back.
    pub amount: MoneyView,
    /// When the oldest of the entries was written, on the store's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
}

impl OwedShown {
    /// `None` when nothing is owed.
    pub(in crate::http) fn new(
        owed: Owed,
        currency: Currency,
        zone: &TimeZone,
    ) -> Result<Option<Self>, Problem> {
        if owed == Owed::default() {
            return Ok(None);
        }
        let at = |ms: u64| Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok();
        Ok(Some(Self {
            entries: owed.entries,
            receipts: owed.receipts,
            amount: MoneyView::of(owed.amount_minor, currency)?,
            oldest: owed.oldest_ms.and_then(at).map(|at| time(whole_seconds(at), zone)),
        }))
    }
}

impl LinkShown {
    pub(in crate::http) fn new(
        board: &LinkBoard,
        zone: &TimeZone,
        mut owed: Option<OwedShown>,
    ) -> Self {
        // What was confirmed is written down some seconds later.
        let mut owed_on = |line: &Line| match line.route {
            Route::Hub if !line.up || line.unsent != Some(0) => owed.take(),
            _ => None,
        };
        let line = |line: Line| LineShown {
            owed: owed_on(&line),
            to: line.route.to_string(),
            up: line.up,
            since: time(whole_seconds(line.since), zone),
            why: line.why,
            unsent: line.unsent,
        };
        Self {
            thing: board.thing().map(str::to_owned),
            trouble: board.trouble(),
            lines: board.lines().into_iter().map(line).collect(),
        }
    }
}

/// Nobody reads nanoseconds of a line.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// What somebody must see to.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AlarmList {
    /// Those that nobody has seen to first, the latest first.
    pub alarms: Vec<AlarmShown>,
}

/// Something that somebody must see to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alarm)]
pub(in crate::http) struct AlarmShown {
    /// Its number.
    pub number: i64,
    /// What it is about: `fork`, `disbelieved`, `stranger`, `put_back`, `cloned`, `contested`,
    /// `flood`, `paid_twice`, `held`, `clock` or `link`.
    pub kind: &'static str,
    /// Whom or what it is about.
    pub subject: String,
    /// What was noticed last.
    pub detail: String,
    /// When it was noticed first, on the store's clock.
    pub first_at: String,
    /// When it was noticed last.
    pub last_at: String,
    /// How often.
    pub times: i64,
    /// When somebody has seen to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<String>,
}

impl AlarmShown {
    pub fn new(alarm: Alarm, zone: &TimeZone) -> Self {
        let at = |ms: i64| time(Timestamp::from_millisecond(ms).unwrap_or_default(), zone);
        Self {
            number: alarm.number,
            kind: alarm.kind.map_or("newer", sync::store::AlarmKind::word),
            subject: alarm.subject,
            detail: alarm.detail,
            first_at: at(alarm.first_at_ms),
            last_at: at(alarm.last_at_ms),
            times: alarm.times,
            seen_at: alarm.seen_at_ms.map(at),
        }
    }
}
