//! What time brings: pushes count from their instant on, and rows that never count again go.

use super::Result;
use rusqlite::{Connection, OptionalExtension, Transaction};
use sync::store::prices;

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
