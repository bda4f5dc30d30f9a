//! The price of an instant, from effective-dated rows by layer.
//!
//! Pure: rows, instant and time zone are passed in. Storing and pushing the rows is left to the
//! till's store; overrides and discounts to the cart. The till calls [`resolve`] at each look-up,
//! imports call [`instant_of`] for times given as the store's clock shows them.

use crate::unit_price::UnitPrice;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::fmt;

/// Who set a price; the later in this order, the more specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// For the whole chain.
    Headquarters,
    /// For a group of stores.
    Zone,
    /// For this store alone.
    Store,
}

impl Layer {
    /// Every layer, the most specific first: the order in which they are asked.
    pub const BY_PRECEDENCE: [Self; 3] = [Self::Store, Self::Zone, Self::Headquarters];

    /// The code used in files and on receipts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Headquarters => "headquarters",
            Self::Zone => "zone",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One row of an item's prices. Layer, start and batch together identify it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRow {
    /// Who set it.
    pub layer: Layer,
    /// The import or push that it came with; a later one has a higher number.
    pub batch: u64,
    /// The first instant at which it counts.
    pub starts: Timestamp,
    /// The first instant at which it no longer counts; `None` for open-ended.
    pub ends: Option<Timestamp>,
    /// The price; `None` when the layer withdraws its price and says nothing from then on.
    pub price: Option<UnitPrice>,
}

impl PriceRow {
    /// Whether it counts at an instant, as far as it says itself.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.starts <= at && self.ends.is_none_or(|ends| at < ends)
    }
}

/// The price that counts, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The price.
    pub price: UnitPrice,
    /// Where it comes from.
    pub reason: PriceReason,
}

/// Which row a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceReason {
    /// Who set it.
    pub layer: Layer,
    /// The import or push that it came with.
    pub batch: u64,
    /// Since when it counts.
    pub starts: Timestamp,
}

impl PriceReason {
    /// The reason in words, on the store's clock: `store price since 2026-01-05 00:00`.
    #[must_use]
    pub fn text(&self, tz: &TimeZone) -> String {
        let since = tz.to_datetime(self.starts);
        format!("{} price since {}", self.layer, since.strftime("%Y-%m-%d %H:%M"))
    }
}

/// The price at `at` of the item whose rows these are, in any order; `None` when no layer has
/// one.
///
/// The most specific layer that says something wins: store over zone over headquarters, never the
/// lower or the higher value. Inside a layer the row in force with the latest start counts, of
/// equal starts the one of the highest batch; when it is withdrawn, the layer says nothing, and
/// the next is asked.
#[must_use]
pub fn resolve(rows: &[PriceRow], at: Timestamp) -> Option<Resolved> {
    Layer::BY_PRECEDENCE.into_iter().find_map(|layer| {
        let in_force = rows.iter().filter(|row| row.layer == layer && row.is_in_force(at));
        let row = in_force.max_by_key(|row| (row.starts, row.batch))?;
        let reason = PriceReason { layer, batch: row.batch, starts: row.starts };
        Some(Resolved { price: row.price?, reason })
    })
}

/// The first instant at which the store's clock shows `local` or a later time.
///
/// A time that the clock skips in spring is the instant of the change; one that it shows twice in
/// autumn is the first of the two. So an earlier local time is never a later instant, and a price
/// dated 02:30 in the skipped hour counts from 03:00. Beyond the years that an instant can have,
/// the nearest one is given.
#[must_use]
pub fn instant_of(local: DateTime, tz: &TimeZone) -> Timestamp {
    let ambiguous = tz.to_ambiguous_timestamp(local);
    let instant = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local),
        // Read with the offset behind the change, a skipped time lies just before the change.
        AmbiguousOffset::Gap { after, .. } => after
            .to_timestamp(local)
            .map(|before| tz.following(before).next().map_or(before, |change| change.timestamp())),
    };
    let nearest = || {
        if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX }
    };
    instant.unwrap_or_else(|_| nearest())
}

#[cfg(test)]
mod tests;
