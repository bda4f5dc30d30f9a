//! Entries that this version of Till cannot read all of. They are kept, and folded by the first start
//! of a version that can.
//!
//! Called by the folds of facts, carts and customers.

use super::error::Result;
use super::{customers, peers, space};
use rusqlite::{Connection, params};
use sync::planted::{self, Bug};

/// Keeps an entry of a stream in mind.
pub(super) fn put(tx: &Connection, stream: i64, seq: u64) -> Result<()> {
    tx.prepare_cached("INSERT INTO unread (stream, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![stream, seq.cast_signed()])?;
    Ok(())
}

/// Those of a stream, in its order.
pub(super) fn of(conn: &Connection, stream: i64) -> Result<Vec<u64>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached("SELECT seq FROM unread WHERE stream = ?1 ORDER BY seq")?
        .query_map([stream], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?
        .collect();
    Ok(rows?)
}

/// Forgets one that was folded.
pub(super) fn forget(tx: &Connection, stream: i64, seq: u64) -> Result<()> {
    tx.prepare_cached("DELETE FROM unread WHERE stream = ?1 AND seq = ?2")?
        .execute(params![stream, seq.cast_signed()])?;
    Ok(())
}

/// Forgets all of a stream: whoever folds it anew finds them again.
pub(super) fn forget_all(tx: &Connection, stream: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM unread WHERE stream = ?1")?.execute([stream])?;
    Ok(())
}

/// Folds what an earlier version could not read and this one can.
pub(super) fn fold(tx: &Connection, now_ms: i64) -> Result<()> {
    if planted::is(Bug::UpdateForgets) {
        return Ok(());
    }
    peers::fold_unread(tx, now_ms)?;
    space::fold_unread(tx)?;
    customers::fold_unread(tx)
}
