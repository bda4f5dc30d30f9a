//! What goes over the wire: shapes with their JSON names, and how the trade's types become them.
//!
//! Doc comments here are the descriptions in the OpenAPI document.

pub(super) mod answer;
pub(super) mod cart;
pub(super) mod customer;
pub(super) mod item;
pub(super) mod journal;
pub(super) mod link;
pub(super) mod money;
pub(super) mod paid;
pub(super) mod payment;
pub(super) mod receipt;
pub(super) mod returns;
pub(super) mod session;
pub(super) mod settings;
pub(super) mod shift;
pub(super) mod status;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// An instant on the store's clock: RFC 3339 with its offset.
pub(super) fn time(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at);
    at.display_with_offset(offset).to_string()
}

/// A request without a body of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}
