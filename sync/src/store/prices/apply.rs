//! One entry merged: its rows, its bookkeeping and what becomes of its push, in one transaction.

use super::state::{PushId, PushState, find_or_make, settle};
use super::{FIRST_BATCH, PricesError};
use crate::bulk::{self, Bulk, PriceChunk, PushManifest};
use crate::log::{Entry, Position, StreamId, StreamKind, entry_hash};
use commerce::Currency;
use rusqlite::{Connection, named_params};

const INSERT: &str =
    "INSERT INTO price (item, layer, starts, batch, ends, amount, scale, per_quantity)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// What an entry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The push it is about.
    pub push: PushId,
    /// What became of the push.
    pub state: PushState,
    /// Whether the entry changed anything: false when it was here already.
    pub new: bool,
    /// The currency of its prices, of a chunk that is new. A caller that sells in another lets the
    /// push not count: [`super::refuse`].
    pub currency: Option<Currency>,
}

/// Merges one entry of a stream of prices. Gaps before it do not matter; an entry that comes again
/// changes nothing. Whoever keeps a [`super::Standing`] loads it anew after the commit.
///
/// # Errors
/// Refuses before it writes: outside a transaction, another stream, a body that is none. After
/// [`PricesError::Database`] the caller rolls back.
pub fn apply(tx: &Connection, stream: StreamId, entry: &Entry) -> Result<Applied, PricesError> {
    if tx.is_autocommit() {
        return Err(PricesError::NoTransaction);
    }
    let StreamKind::Prices(zone) = stream.kind else { return Err(PricesError::NotPrices(stream)) };
    let position = Position { stream, seq: entry.seq };
    let bulk = bulk::decode(&entry.body).map_err(|error| PricesError::Body { position, error })?;
    let id = |push| PushId { replica: stream.replica, zone, push };
    match bulk {
        Bulk::Prices(chunk) => apply_chunk(tx, id(chunk.push), stream, entry, &chunk),
        Bulk::Manifest(manifest) if manifest.zone != zone => {
            Err(PricesError::OtherZone { position, zone: manifest.zone })
        }
        Bulk::Manifest(manifest) => apply_manifest(tx, id(manifest.push), entry.seq, &manifest),
        Bulk::Withdrawn(withdrawn) => {
            let replica = withdrawn.replica.unwrap_or(stream.replica);
            let push = PushId { replica, ..id(withdrawn.push) };
            let (local, before) = find_or_make(tx, push)?;
            let state = PushState::Withdrawn;
            state.set(tx, local)?;
            Ok(Applied { push, state, new: before != state, currency: None })
        }
    }
}

fn apply_chunk(
    tx: &Connection,
    push: PushId,
    stream: StreamId,
    entry: &Entry,
    chunk: &PriceChunk,
) -> Result<Applied, PricesError> {
    let (local, state) = find_or_make(tx, push)?;
    // What never counts again needs no rows.
    if state.is_dead() || has_chunk(tx, local, entry.seq)? {
        return Ok(Applied { push, state, new: false, currency: None });
    }
    let batch = tx
        .prepare_cached("SELECT coalesce(max(batch) + 1, ?1) FROM price_chunk")?
        .query_row([FIRST_BATCH], |row| row.get::<_, i64>(0))?;
    let items =
        chunk.rows.first().zip(chunk.rows.last()).map(|(first, last)| (first.item, last.item));
    let (first, last) = items.unwrap_or_default();
    tx.prepare_cached(
        "INSERT INTO price_chunk (batch, push, seq, clock, hash, first_item, last_item)
         VALUES (:batch, :push, :seq, :clock, :hash, :first, :last)",
    )?
    .execute(named_params! {
        ":batch": batch,
        ":push": local,
        ":seq": entry.seq.cast_signed(),
        ":clock": entry.clock.to_sql(),
        ":hash": &entry_hash(stream, entry).0[..],
        ":first": first,
        ":last": last,
    })?;
    tx.prepare_cached(
        "UPDATE price_push SET here = here + 1, here_changes = here_changes + :changes
         WHERE local = :local",
    )?
    .execute(named_params! { ":local": local, ":changes": chunk.rows.len().cast_signed() })?;
    // The rows rise by item, which is the order of the table.
    let mut insert = tx.prepare_cached(INSERT)?;
    let (layer, starts, ends) = (chunk.layer_number(), chunk.starts_ms, chunk.ends_ms);
    // What all rows share is bound once.
    insert.raw_bind_parameter(2, layer)?;
    insert.raw_bind_parameter(3, starts)?;
    insert.raw_bind_parameter(4, batch)?;
    insert.raw_bind_parameter(5, ends)?;
    for row in &chunk.rows {
        insert.raw_bind_parameter(1, row.item)?;
        insert.raw_bind_parameter(6, row.amount)?;
        insert.raw_bind_parameter(7, row.scale)?;
        insert.raw_bind_parameter(8, row.per)?;
        insert.raw_execute()?;
    }
    let currency = Some(chunk.currency);
    Ok(Applied { push, state: settle(tx, local)?, new: true, currency })
}

fn has_chunk(tx: &Connection, local: i64, seq: u64) -> Result<bool, PricesError> {
    let mut statement =
        tx.prepare_cached("SELECT 1 FROM price_chunk WHERE push = :push AND seq = :seq")?;
    Ok(statement.exists(named_params! { ":push": local, ":seq": seq.cast_signed() })?)
}

fn apply_manifest(
    tx: &Connection,
    push: PushId,
    seq: u64,
    manifest: &PushManifest,
) -> Result<Applied, PricesError> {
    let (local, state) = find_or_make(tx, push)?;
    if state.is_dead() {
        return Ok(Applied { push, state, new: false, currency: None });
    }
    let known = tx
        .prepare_cached("SELECT manifest_seq FROM price_push WHERE local = ?1")?
        .query_row([local], |row| row.get::<_, Option<i64>>(0))?;
    match known {
        Some(known) if known == seq.cast_signed() => {
            return Ok(Applied { push, state, new: false, currency: None });
        }
        // Two manifests contradict each other, whichever came first.
        Some(_) => {
            let state = PushState::Refused;
            state.set(tx, local)?;
            return Ok(Applied { push, state, new: true, currency: None });
        }
        None => {}
    }
    tx.prepare_cached(
        "UPDATE price_push SET manifest_seq = :seq, name = :name, chunks = :chunks,
             changes = :changes, digest = :digest, starts = :starts
         WHERE local = :local",
    )?
    .execute(named_params! {
        ":local": local,
        ":seq": seq.cast_signed(),
        ":name": manifest.name,
        ":chunks": manifest.chunks,
        ":changes": manifest.changes.cast_signed(),
        ":digest": &manifest.digest.0[..],
        ":starts": manifest.starts_ms,
    })?;
    Ok(Applied { push, state: settle(tx, local)?, new: true, currency: None })
}
