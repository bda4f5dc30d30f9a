//! How the till stands to others: its lines, and what somebody must see to.

use super::time;
use crate::link::status::{Line, LinkBoard};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sync::store::Alarm;
use utoipa::ToSchema;

/// The lines of this till.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkShown {
    /// The name this till is enrolled under; missing when it is not enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<String>,
    /// Why there are no lines although they are configured.
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
    /// How many journal and cart entries that are here the other side has not confirmed.
    pub unsent: u64,
}

impl LinkShown {
    pub(in crate::http) fn new(board: &LinkBoard, zone: &TimeZone) -> Self {
        let line = |line: Line| LineShown {
            to: line.route.to_string(),
            up: line.up,
            since: time(line.since, zone),
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
