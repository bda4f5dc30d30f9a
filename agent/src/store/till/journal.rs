//! The journal of this till: its head, its series, reading facts back.

use super::error::{Result, TillStoreError};
use super::fold::{self, Place};
use super::{Head, NewSeries};
use super::{jobs, payments};
use commerce::fact::{Fact, SeriesOpened, SeriesReason};
use commerce::sale::ReceiptNumber;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sync::clock::Clock;
use sync::log::{Hash, ReplicaId, SealingKey, StreamKind};
use sync::planted::{self, Bug};
use sync::store::Stream;

/// The replica that writes; none before the first start.
pub(super) fn replica(conn: &Connection) -> Result<Option<ReplicaId>> {
    let found = conn
        .prepare_cached("SELECT replica FROM register WHERE id = 1")?
        .query_row([], |row| row.get::<_, [u8; 16]>(0))
        .optional()?;
    Ok(found.map(ReplicaId))
}

/// The journal of the replica that writes.
pub(super) fn stream(conn: &Connection) -> Result<Option<Stream>> {
    let Some(replica) = replica(conn)? else {
        return Ok(None);
    };
    Ok(sync::store::find_stream(conn, replica, StreamKind::Journal)?)
}

/// The head of the replica that writes.
pub(super) fn head(conn: &Connection) -> Result<Option<Head>> {
    let Some(stream) = stream(conn)? else {
        return Ok(None);
    };
    let head = sync::store::head(conn, &stream)?;
    Ok(Some(Head { replica: stream.id().replica, seq: head.seq, hash: head.hash }))
}

/// Declares a new replica, opens its journal, and writes its receipt series as first entry.
pub(super) fn begin_series(
    conn: &mut Connection,
    clock: &mut Clock,
    key: &SealingKey,
    now: jiff::Timestamp,
    new: &NewSeries,
) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let above = if planted::is(Bug::SeriesForgotten) { 0 } else { new.above };
    let last = fold::counter(&tx, "series")?.max(i64::from(above));
    let series =
        u32::try_from(last + 1).map_err(|_| TillStoreError::damaged("counter", "series"))?;
    let previous_last = last_receipt(&tx)?;
    let opened = clock.tick(now.as_millisecond());
    sync::store::declare_replica(&tx, new.replica, &key.public(), opened)?;
    let stream = sync::store::open_stream(&tx, new.replica, StreamKind::Journal)?;
    let fact = Fact::SeriesOpened(SeriesOpened {
        at: jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
        store: new.store.clone(),
        till: new.till,
        series,
        reason: new.reason,
        previous_last,
    });
    let clock = clock.tick(now.as_millisecond());
    let body = sync::body::encode(&fact)?;
    let appended = sync::store::append(&tx, &stream, clock, &body, key)?;
    fold::fold(&tx, Place { replica: new.replica, series, seq: appended.seq, clock }, &fact)?;
    tx.execute(
        "INSERT INTO register (id, replica) VALUES (1, ?1)
         ON CONFLICT DO UPDATE SET replica = excluded.replica",
        params![new.replica.0],
    )?;
    // A database that is what it was goes on with what was under way.
    if !matches!(new.reason, SeriesReason::First | SeriesReason::Renumbered) {
        payments::distrust_marks(&tx)?;
        jobs::distrust(&tx)?;
    }
    tx.commit()?;
    Ok(())
}

/// The store and the number under which the present series gives receipts.
pub(super) fn named(conn: &Connection) -> Result<Option<(String, u16)>> {
    Ok(conn
        .prepare_cached("SELECT store, till FROM series ORDER BY series DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The last receipt of the present series.
fn last_receipt(conn: &Connection) -> Result<Option<ReceiptNumber>> {
    let row = conn
        .prepare_cached("SELECT series, store, till FROM series ORDER BY series DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let number = u32::try_from(fold::counter(conn, "receipt")?)
        .map_err(|_| TillStoreError::damaged("counter", "receipt"))?;
    Ok(row.filter(|_| number > 0).map(|(series, store, till)| ReceiptNumber {
        store,
        till,
        series,
        number,
    }))
}

/// The fact of entry `seq` in the journal of receipt series `series`, with the entry's hash.
///
/// # Errors
/// When there is no such entry, or it cannot be read.
pub fn decode_entry(conn: &Connection, series: u32, seq: u64) -> Result<(Fact, Hash)> {
    let missing =
        || TillStoreError::damaged("entry", format!("entry {seq} of series {series} is missing"));
    let replica = conn
        .prepare_cached("SELECT replica FROM series WHERE series = ?1")?
        .query_row([series], |row| row.get::<_, [u8; 16]>(0))
        .optional()?
        .ok_or_else(missing)?;
    let stream = sync::store::find_stream(conn, ReplicaId(replica), StreamKind::Journal)?
        .ok_or_else(missing)?;
    let stored = sync::store::read_one(conn, &stream, seq)?.ok_or_else(missing)?;
    Ok((sync::body::decode(&stored.entry.body)?, stored.hash))
}
