//! Stock as a fold of a shop's journals: on hand is the latest count plus later movements.
//!
//! Movements and counts come in any order between streams, in order within one. A movement is
//! added unless a later count stands already. A count that comes after later movements were
//! folded finds them again in the log itself, so no table remembers movements one by one. Where
//! counts of two replicas have one clock, the higher replica's stands.
//!
//! A count from a clock that was years ahead would stand for years. One that is made in knowledge of
//! it, by a clock that is behind, has the next round ([`round_of`]), and rounds come before clocks.

use super::{LogError, Stream, base, folded, read, streams};
use crate::body::decode;
use crate::clock::Hlc;
use crate::log::{ReplicaId, StreamKind};
use crate::planted::{self, Bug};
use commerce::fact::{Fact, StockCounted};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::collections::BTreeMap;

mod moves;
pub use moves::Moves;

/// The table `stock`, for the caller's migration runner.
pub const STOCK_SCHEMA: &str = include_str!("stock.sql");

/// Where goods are sold from and returned to.
pub const SHOP: &str = "shop";

/// Entries read at a time while later movements are looked for.
const PORTION: usize = 256;

/// Where a fact stands, as far as stock asks.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// Who wrote it.
    pub replica: ReplicaId,
    /// Its clock.
    pub clock: Hlc,
}

/// Folds what a fact does to stock, in the caller's transaction. `journals` gives those of the
/// shop, each folded up to where [`folded`] says; it is asked when a count comes.
///
/// # Errors
/// When SQLite fails or the log is damaged.
pub fn fold_stock(
    tx: &Connection,
    at: Counter,
    fact: &Fact,
    journals: impl FnOnce(&Connection) -> Result<Vec<Stream>, LogError>,
) -> Result<(), LogError> {
    let mut moves = Moves::default();
    moves.fold(tx, at, fact, journals)?;
    moves.write(tx)
}

/// What a fact moves: SKU and thousandths, negative for what left the shop.
pub fn movements(fact: &Fact) -> impl Iterator<Item = (&str, i64)> {
    let sold = match fact {
        Fact::Sold(sale) => sale.lines.as_slice(),
        _ => &[],
    };
    let returned = match fact {
        Fact::Returned(returned) => returned.lines.as_slice(),
        _ => &[],
    };
    let out = sold.iter().map(|line| (line.sku.as_str(), -line.quantity.thousandths()));
    out.chain(returned.iter().map(|line| (line.sku.as_str(), line.quantity.thousandths())))
}

fn count(
    tx: &Connection,
    at: Counter,
    counted: &StockCounted,
    journals: &[Stream],
) -> Result<(), LogError> {
    let later = if counted.place == SHOP && !planted::is(Bug::LateCountForgets) {
        moved_after(tx, at.clock, journals)?
    } else {
        BTreeMap::new()
    };
    let mut standing = tx.prepare_cached(
        "SELECT counted_round, counted_clock, counted_by FROM stock
         WHERE sku = :sku AND place = :place",
    )?;
    let mut write = tx.prepare_cached(
        "INSERT INTO stock (sku, place, counted, counted_clock, on_hand, counted_by, counted_round)
         VALUES (:sku, :place, :counted, :clock, :on_hand, :by, :round)
         ON CONFLICT DO UPDATE SET counted = excluded.counted, on_hand = excluded.on_hand,
            counted_clock = excluded.counted_clock, counted_by = excluded.counted_by,
            counted_round = excluded.counted_round",
    )?;
    for (sku, thousandths) in &counted.items {
        let key = named_params! { ":sku": sku, ":place": counted.place };
        let known = standing
            .query_row(key, |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        let is_later = |(round, clock, by): (u32, i64, Vec<u8>)| {
            let this = (counted.round, at.clock.to_sql(), at.replica.0.as_slice());
            this > (round, clock, by.as_slice())
        };
        if known.is_none_or(is_later) {
            let since = later.get(sku).copied().unwrap_or(0);
            write.execute(named_params! {
                ":sku": sku,
                ":place": counted.place,
                ":counted": thousandths,
                ":clock": at.clock.to_sql(),
                ":on_hand": thousandths.saturating_add(since),
                ":by": &at.replica.0[..],
                ":round": counted.round,
            })?;
        }
    }
    Ok(())
}

/// The round of a count whose entry has this clock: that of the counts it replaces, or the next where
/// one of them seems to be later.
///
/// # Errors
/// When SQLite fails.
pub fn round_of<'i>(
    conn: &Connection,
    place: &str,
    skus: impl Iterator<Item = &'i str>,
    at: Hlc,
) -> Result<u32, LogError> {
    let mut standing = conn.prepare_cached(
        "SELECT counted_round, counted_clock FROM stock WHERE sku = ?1 AND place = ?2",
    )?;
    let mut round = 0;
    for sku in skus {
        let known: Option<(u32, i64)> =
            standing.query_row((sku, place), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((known, clock)) = known {
            round = round.max(known.saturating_add(u32::from(clock >= at.to_sql())));
        }
    }
    Ok(round)
}

/// What was moved with a later clock, by SKU, in all that is folded. Nothing, when counts come as
/// they are made; some hours of sales, when one comes late.
fn moved_after(
    tx: &Connection,
    clock: Hlc,
    journals: &[Stream],
) -> Result<BTreeMap<String, i64>, LogError> {
    let mut moved = BTreeMap::new();
    for journal in journals {
        let last = folded(tx, journal)?;
        let mut next = first_after(tx, journal, clock, last)?;
        while next <= last {
            let limit = usize::try_from(last - next + 1).unwrap_or(PORTION).min(PORTION);
            let portion = read(tx, journal, next, limit)?;
            let Some(read_to) = portion.last().map(|stored| stored.entry.seq) else { break };
            for stored in portion {
                add_moves(&mut moved, &stored.entry.body);
            }
            next = read_to + 1;
        }
    }
    let mut orphans =
        tx.prepare_cached("SELECT body FROM orphan WHERE clock > ?1 AND counts = 1")?;
    let mut rows = orphans.query([clock.to_sql()])?;
    while let Some(row) = rows.next()? {
        add_moves(&mut moved, &row.get::<_, Vec<u8>>(0)?);
    }
    Ok(moved)
}

fn add_moves(moved: &mut BTreeMap<String, i64>, body: &[u8]) {
    // What a newer version wrote moves nothing that this one could know of.
    let Ok(fact) = decode(body) else { return };
    for (sku, thousandths) in movements(&fact) {
        let sum = moved.entry(sku.to_owned()).or_default();
        *sum = sum.saturating_add(thousandths);
    }
}

/// The first sequence with a later clock: a stream's clocks rise, so it is looked for by halves.
fn first_after(tx: &Connection, journal: &Stream, clock: Hlc, last: u64) -> Result<u64, LogError> {
    let mut at_most = base(tx, journal)?.seq;
    let mut above = last + 1;
    let mut statement = tx.prepare_cached("SELECT clock FROM entry WHERE position = ?1")?;
    while above - at_most > 1 {
        let middle = at_most + (above - at_most) / 2;
        let found: Option<i64> = statement
            .query_row([super::row_of(journal.local, middle)], |row| row.get(0))
            .optional()?;
        let found = found.ok_or_else(|| LogError::damaged("entry", format!("entry {middle}")))?;
        if found > clock.to_sql() { above = middle } else { at_most = middle }
    }
    Ok(above)
}

/// The journals of a database that holds one shop's: its own till's and its siblings'.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn journals(conn: &Connection) -> Result<Vec<Stream>, LogError> {
    let mut all = streams(conn)?;
    all.extend(super::peer_streams(conn)?);
    all.retain(|stream| stream.id.kind == StreamKind::Journal);
    Ok(all)
}

#[cfg(test)]
mod tests;
