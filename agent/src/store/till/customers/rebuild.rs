//! Customers streams folded again: all of them when state is rebuilt, and those who are spoken of in
//! two branches of one stream.
//!
//! Streams merge in whatever order they come, for what each says has a place of its own. Two machines
//! under one identity say different things at the same place: what these come to depends on the order,
//! so whoever is spoken of in a branch is folded in one that is the same at every till, streams by
//! their writers and entries by sequence and hash.

use super::{
    EntryPlace, FOLDED_CUSTOMERS, customers_streams, erased, fold, forget_own_words, unread,
};
use crate::store::till::error::{Result, TillStoreError};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeSet;
use sync::body::BodyError;
use sync::clock::Hlc;
use sync::customer::{CustomerId, Decoded, decode};
use sync::log::Hash;
use sync::store::{Stream, base, folded};

/// Entries read at a time, to bound memory.
const BATCH: usize = 64;

/// Empties the tables and folds every customers stream again, its own and the siblings'.
pub(in crate::store::till) fn rebuild(tx: &Connection) -> Result<()> {
    for table in FOLDED_CUSTOMERS {
        tx.execute(&format!("DELETE FROM {table}"), [])?;
    }
    fold_all(tx, None)
}

/// Folds those of some customers again who are spoken of in another branch of a stream, once all that
/// is said of them is part of state.
pub(in crate::store::till) fn settle(tx: &Connection, about: &BTreeSet<CustomerId>) -> Result<()> {
    let mut beside = BTreeSet::new();
    if about.is_empty() {
        return Ok(());
    }
    for stream in customers_streams(tx)? {
        for Beside { body, .. } in branches(tx, &stream)? {
            beside.extend(named(&body).intersection(about));
        }
    }
    if beside.is_empty() {
        return Ok(());
    }
    let mut alive = Vec::new();
    // Who was erased in a branch must not be left in unused parts of the file.
    tx.pragma_update(None, "secure_delete", true)?;
    for id in &beside {
        if erased(tx, *id)? != Some(true) {
            alive.push(*id);
        }
        tx.prepare_cached("DELETE FROM customer WHERE id = ?1")?.execute([id.0])?;
        tx.prepare_cached("DELETE FROM customer_word WHERE customer = ?1")?.execute([id.0])?;
    }
    tx.pragma_update(None, "secure_delete", false)?;
    fold_all(tx, Some(&beside))?;
    for id in alive {
        if erased(tx, id)? == Some(true) {
            return forget_own_words(tx);
        }
    }
    Ok(())
}

/// The customers that an entry's body speaks of, as far as this version can tell.
pub(in crate::store::till) fn named(body: &[u8]) -> BTreeSet<CustomerId> {
    let operations = decode(body).map(|read| read.operations).unwrap_or_default();
    operations.iter().filter_map(sync::customer::Operation::customer).collect()
}

fn fold_all(tx: &Connection, only: Option<&BTreeSet<CustomerId>>) -> Result<()> {
    let mut streams = customers_streams(tx)?;
    streams.sort_unstable_by_key(|stream| stream.id().replica);
    for stream in streams {
        if only.is_none() {
            unread::forget_all(tx, stream.local())?;
        }
        fold_stream(tx, &stream, only)?;
    }
    Ok(())
}

/// Folds a stream with its branches.
fn fold_stream(
    tx: &Connection,
    stream: &Stream,
    only: Option<&BTreeSet<CustomerId>>,
) -> Result<()> {
    let mut beside = branches(tx, stream)?.into_iter().peekable();
    let last = folded(tx, stream)?;
    let mut next = base(tx, stream)?.seq + 1;
    while next <= last {
        let entries = sync::store::read(tx, stream, next, BATCH)?;
        let Some(end) = entries.last().map(|stored| stored.entry.seq) else { break };
        for stored in entries.iter().take_while(|stored| stored.entry.seq <= last) {
            let (seq, clock) = (stored.entry.seq, stored.entry.clock);
            while let Some(it) = beside.next_if(|it| (it.seq, it.hash) < (seq, stored.hash)) {
                fold_again(
                    tx,
                    EntryPlace { stream, seq: it.seq, clock: it.clock },
                    &it.body,
                    only,
                )?;
            }
            fold_again(tx, EntryPlace { stream, seq, clock }, &stored.entry.body, only)?;
        }
        next = end + 1;
    }
    beside.try_for_each(|it| {
        fold_again(tx, EntryPlace { stream, seq: it.seq, clock: it.clock }, &it.body, only)
    })
}

fn fold_again(
    tx: &Connection,
    place: EntryPlace<'_>,
    body: &[u8],
    only: Option<&BTreeSet<CustomerId>>,
) -> Result<()> {
    let (operations, newer) = match decode(body) {
        Ok(Decoded { operations, newer }) => (operations, newer),
        Err(BodyError::UnknownKind(_)) => (Vec::new(), true),
        // What can't be read was told when it came.
        Err(_) => return Ok(()),
    };
    if newer {
        unread::put(tx, place.stream.local(), place.seq)?;
    }
    fold(tx, place, &operations, only).map(drop)
}

/// An entry of another branch.
struct Beside {
    seq: u64,
    hash: Hash,
    clock: Hlc,
    body: Vec<u8>,
}

/// The entries of a stream's other branches that count, in their order.
fn branches(conn: &Connection, stream: &Stream) -> Result<Vec<Beside>> {
    let entry = |row: &Row<'_>| -> rusqlite::Result<(i64, i64, [u8; 32], Vec<u8>)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    let mut statement = conn.prepare_cached(
        "SELECT seq, clock, hash, body FROM orphan WHERE stream = ?1 AND counts = 1
         ORDER BY seq, hash",
    )?;
    let rows = statement.query_map(params![stream.local()], entry)?;
    rows.map(|row| {
        let (seq, clock, hash, body) = row?;
        let clock = Hlc::from_number(clock.cast_unsigned())
            .ok_or_else(|| TillStoreError::damaged("orphan", "a clock"))?;
        Ok(Beside { seq: seq.cast_unsigned(), hash: Hash(hash), clock, body })
    })
    .collect()
}
