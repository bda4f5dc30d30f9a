//! Movements of several facts, summed so that the row of each SKU is written once.
//!
//! A till that catches up folds thousands of movements of some hundred SKUs in one transaction.
//! Called by [`super::fold_stock`] for one fact, and by the agent's store for a run of them.

use super::{Counter, SHOP, count, movements};
use crate::clock::Hlc;
use crate::store::{LogError, Stream};
use commerce::fact::Fact;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Moves stock unless a later count stands. A SKU that was never counted goes on from nothing.
const SHIFT: &str = "INSERT INTO stock (sku, place, counted, counted_clock, on_hand)
     VALUES (?1, ?2, 0, 0, ?3)
     ON CONFLICT DO UPDATE SET on_hand = on_hand + excluded.on_hand
     WHERE ?4 > stock.counted_clock";

/// Movements that are not written yet, by SKU. Bounded by whoever bounds the facts: a run's.
#[derive(Debug, Default)]
pub struct Moves(BTreeMap<String, Vec<(Hlc, i64)>>);

impl Moves {
    /// Takes what a fact moves; a count is written at once, behind what came before it. `journals`
    /// is as in [`super::fold_stock`].
    ///
    /// # Errors
    /// When SQLite fails or the log is damaged.
    pub fn fold(
        &mut self,
        tx: &Connection,
        at: Counter,
        fact: &Fact,
        journals: impl FnOnce(&Connection) -> Result<Vec<Stream>, LogError>,
    ) -> Result<(), LogError> {
        if let Fact::StockCounted(counted) = fact {
            self.write(tx)?;
            return count(tx, at, counted, &journals(tx)?);
        }
        for (sku, thousandths) in movements(fact) {
            match self.0.get_mut(sku) {
                Some(moves) => moves.push((at.clock, thousandths)),
                None => drop(self.0.insert(sku.to_owned(), vec![(at.clock, thousandths)])),
            }
        }
        Ok(())
    }

    /// Writes what is not written yet, in the caller's transaction: whoever folds facts calls it
    /// after the last.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn write(&mut self, tx: &Connection) -> Result<(), LogError> {
        let mut shift = tx.prepare_cached(SHIFT)?;
        for (sku, moves) in std::mem::take(&mut self.0) {
            let first = moves.iter().map(|(clock, _)| clock).min();
            let sum = moves.iter().try_fold(0_i64, |sum, (_, moved)| sum.checked_add(*moved));
            if let (Some(first), Some(sum)) = (first, sum)
                && shift.execute(params![sku, SHOP, sum, first.to_sql()])? == 1
            {
                continue;
            }
            // A count stands between them, or their sum is too large for one step.
            for (clock, thousandths) in moves {
                shift.execute(params![sku, SHOP, thousandths, clock.to_sql()])?;
            }
        }
        Ok(())
    }
}
