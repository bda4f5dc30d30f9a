//! What the pushes' states say about rows of `price`: which batches count, and which is later.

use super::{FIRST_BATCH, PricesError, state::PushState};
use crate::planted::{self, Bug};
use commerce::price::PriceRow;
use rusqlite::Connection;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Every chunk in the order of its writers, with what is known of its push.
const CHUNKS: &str = "SELECT batch, state FROM price_chunk
    JOIN price_push ON price_push.local = price_chunk.push
    ORDER BY clock, replica, zone, seq";

/// Which batches a reader takes, and in which order. Loaded after every commit that applied,
/// activated or swept; whoever reads with an older one sees prices as they stood then.
///
/// Usually nothing is hidden and batches are numbered as they were written: then a row costs a
/// reader one comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The highest batch when it was loaded: rows that came since belong to no push known here.
    last: i64,
    hidden: BTreeSet<i64>,
    /// The batches whose number does not tell their place among the others, with one that does.
    places: BTreeMap<i64, i64>,
}

impl Standing {
    /// What stands now.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn load(conn: &Connection) -> Result<Self, PricesError> {
        let mut statement = conn.prepare_cached(CHUNKS)?;
        let mut rows = statement.query([])?;
        let (mut order, mut hidden) = (Vec::new(), BTreeSet::new());
        while let Some(row) = rows.next()? {
            let (batch, state): (i64, i64) = (row.get(0)?, row.get(1)?);
            order.push(batch);
            let counts = |counting: PushState| state == counting.number();
            let half = planted::is(Bug::HalfPush) && counts(PushState::Receiving);
            if !counts(PushState::Active) && !half {
                hidden.insert(batch);
            }
        }
        let mut numbers = order.clone();
        numbers.sort_unstable();
        let last = numbers.last().copied().unwrap_or(FIRST_BATCH - 1);
        let places = order.into_iter().zip(numbers).filter(|(batch, place)| batch != place);
        Ok(Self { last, hidden, places: places.collect() })
    }

    /// Whether every batch that was there counts, in the order of its number.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.hidden.is_empty() && self.places.is_empty()
    }

    /// The place of a batch among all, for [`commerce::price::PriceRow::batch`]; `None` when its
    /// rows do not count. Imports keep their number.
    #[must_use]
    pub fn place(&self, batch: i64) -> Option<i64> {
        if batch > self.last && batch >= FIRST_BATCH || self.hidden.contains(&batch) {
            return None;
        }
        Some(self.places.get(&batch).copied().unwrap_or(batch))
    }

    /// Leaves of an item's rows those that [`commerce::price::resolve`] may choose from: the last
    /// writer's of each layer and start, if it counts. Give it the rows that ended too, or an
    /// earlier writer's row would stand in for a later one's that has.
    pub fn keep_last_writers(&self, rows: &mut Vec<PriceRow>) {
        rows.retain_mut(|row| {
            let place = i64::try_from(row.batch).ok().and_then(|batch| self.place(batch));
            row.batch = place.unwrap_or(0).cast_unsigned();
            place.is_some()
        });
        rows.sort_unstable_by_key(|row| (row.layer, row.starts, Reverse(row.batch)));
        rows.dedup_by_key(|row| (row.layer, row.starts));
    }
}
