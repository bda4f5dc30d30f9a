//! Entries that this version of Till cannot read all of. They are kept, and folded by the first start
//! of a version that can.
//!
//! Called by the folds of facts, carts and customers.

use super::error::Result;
use super::{customers, peers, space};
use rusqlite::{Connection, params};
use sync::log::StreamKind;
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

/// Stands for the branches of all streams: its sequence is how many of their entries can't be read.
const BRANCHES: i64 = 0;

/// Keeps in mind that entries of other branches came of which these can't be read.
pub(super) fn add_beside<'b>(
    tx: &Connection,
    kind: StreamKind,
    bodies: impl Iterator<Item = &'b [u8]>,
) -> Result<()> {
    let more = bodies.filter(|body| is_newer(kind, body)).count() as u64;
    if more == 0 {
        return Ok(());
    }
    let before = of(tx, BRANCHES)?.first().copied().unwrap_or(0);
    set_beside(tx, before + more)
}

fn set_beside(tx: &Connection, number: u64) -> Result<()> {
    forget_all(tx, BRANCHES)?;
    if number > 0 { put(tx, BRANCHES, number) } else { Ok(()) }
}

/// Counts them again, where some count no longer or count now.
pub(super) fn count_beside(tx: &Connection) -> Result<u64> {
    let mut number = 0;
    for kind in [StreamKind::Journal, StreamKind::Customers] {
        let mut statement = tx.prepare_cached(
            "SELECT body FROM stream JOIN orphan ON orphan.stream = stream.local
             WHERE stream.kind = ?1 AND counts = 1",
        )?;
        let mut rows = statement.query([kind.number()])?;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            number += u64::from(is_newer(kind, body));
        }
    }
    set_beside(tx, number)?;
    Ok(number)
}

/// Whether a newer version said something in it; carts of a stream that forked are stated anew.
fn is_newer(kind: StreamKind, body: &[u8]) -> bool {
    match kind {
        StreamKind::Journal => sync::body::decode(body).is_err_and(|error| error.is_newer()),
        StreamKind::Customers => match sync::customer::decode(body) {
            Ok(read) => read.newer,
            Err(error) => error.is_newer(),
        },
        _ => false,
    }
}

/// Folds what an earlier version could not read and this one can.
pub(super) fn fold(tx: &Connection, now_ms: i64) -> Result<()> {
    if planted::is(Bug::UpdateForgets) {
        return Ok(());
    }
    let before = of(tx, BRANCHES)?.first().copied().unwrap_or(0);
    if before > 0 && count_beside(tx)? < before {
        peers::fold_unread_beside(tx, now_ms)?;
        customers::rebuild(tx)?;
    }
    peers::fold_unread(tx, now_ms)?;
    space::fold_unread(tx)?;
    customers::fold_unread(tx)
}
