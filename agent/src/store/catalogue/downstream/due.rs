//! What time brings: pushes count from their instant on, and rows that never count again go.

use super::super::load::KEPT_MS;
use super::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use sync::clock::Hlc;
use sync::store::prices;

/// Items whose rows are looked through at a time: some milliseconds, with pauses between.
const TRIM_ITEMS: i64 = 2_000;

/// Rows that stopped counting long ago: older than the last two of the same item and layer that
/// count without an end. The last may still be withdrawn, and then the one before counts again.
const TRIM: &str = "DELETE FROM price WHERE item >= :first AND item < :end AND starts < (
    SELECT later.starts FROM price AS later
    WHERE later.item = price.item AND later.layer = price.layer AND later.ends IS NULL
      AND later.starts <= :long_ago
      AND (later.batch < :first_batch OR later.batch IN (
        SELECT batch FROM price_chunk JOIN price_push ON price_push.local = price_chunk.push
        WHERE state = 2))
    ORDER BY later.starts DESC LIMIT 1 OFFSET 1)";

/// Lets every push count that is here as a whole and whose instant has come, all or nothing.
pub(super) fn activate(tx: &Transaction<'_>, now_ms: i64) -> Result<()> {
    Ok(prices::activate(tx, now_ms).map(drop)?)
}

/// The instant at which the next push counts.
pub(super) fn next_activation(conn: &Connection) -> Result<Option<i64>> {
    let next = conn
        .prepare_cached("SELECT starts FROM price_push WHERE state = 1 ORDER BY starts LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(next)
}

/// Whether there are rows of a push that never counts again.
pub(super) fn is_untidy(conn: &Connection) -> Result<bool> {
    let found = conn
        .prepare_cached(
            "SELECT 1 FROM price_chunk JOIN price_push ON price_push.local = price_chunk.push
             WHERE state >= 3 LIMIT 1",
        )?
        .exists([])?;
    Ok(found)
}

/// Deletes the rows of one chunk that never counts again.
pub(super) fn tidy(tx: &Transaction<'_>) -> Result<()> {
    Ok(prices::sweep(tx).map(drop)?)
}

/// Whether the hub has pushed prices here at all: without, imports keep the rows few.
pub(super) fn has_pushes(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM price_chunk LIMIT 1")?.exists([])?)
}

/// Deletes rows of some items from `first` on that stopped counting long ago; gives the item to go
/// on with. Long before what the hub said last: a till whose clock is years ahead forgets nothing by
/// that.
pub(super) fn trim(tx: &Transaction<'_>, now_ms: i64, first: i64) -> Result<i64> {
    let last: i64 = tx
        .prepare_cached("SELECT coalesce(max(item), 0) FROM price")?
        .query_row([], |row| row.get(0))?;
    if first > last {
        return Ok(0);
    }
    let end = first.saturating_add(TRIM_ITEMS);
    let said_ms = last_said_ms(tx)?.min(now_ms);
    tx.prepare_cached(TRIM)?.execute(named_params! {
        ":first": first,
        ":end": end,
        ":long_ago": said_ms.saturating_sub(KEPT_MS),
        ":first_batch": prices::FIRST_BATCH,
    })?;
    Ok(end)
}

/// When the hub wrote the last entry that is here, by its own clock, in milliseconds since 1970.
fn last_said_ms(conn: &Connection) -> Result<i64> {
    let clock: i64 = conn
        .prepare_cached("SELECT coalesce(max(head_clock), 0) FROM stream")?
        .query_row([], |row| row.get(0))?;
    let clock = Hlc::from_number(clock.cast_unsigned()).unwrap_or_default();
    Ok(i64::try_from(clock.ms()).unwrap_or(i64::MAX))
}
