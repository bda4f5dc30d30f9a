//! Customers streams folded again: all of them when state is rebuilt, and those who are spoken of in
//! two branches of one stream.
//!
//! Streams merge in whatever order they come, for what each says has a place of its own. Two machines
//! under one identity say different things at the same place: what these come to depends on the order,
//! so whoever is spoken of in a branch is folded in one that is the same at every till, streams by
//! their writers and entries by sequence and hash. They are folded in memory, so that nothing of
//! somebody who was erased since is written again.

use super::{
    EntryPlace, FOLDED_CUSTOMERS, customers_streams, erased, fold, forget_own_words, put, unread,
};
use crate::store::till::error::{Result, TillStoreError};
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet};
use sync::body::BodyError;
use sync::clock::Hlc;
use sync::customer::{Customer, CustomerId, Operation, Place, decode};
use sync::log::{Hash, StreamKind};
use sync::store::{Owner, Stream, base, folded, owner};

/// Entries read at a time, to bound memory.
const BATCH: usize = 64;

/// Empties the tables and folds every customers stream again, its own and the siblings'.
pub(in crate::store::till) fn rebuild(tx: &Connection) -> Result<()> {
    let before = all_erased(tx)?;
    for table in FOLDED_CUSTOMERS {
        tx.execute(&format!("DELETE FROM {table}"), [])?;
    }
    let beside = spoken_of_beside(tx)?;
    for stream in customers_streams(tx)? {
        unread::forget_all(tx, stream.local())?;
        each_entry(tx, &stream, |place, _, body| {
            // What can't be read was told when it came.
            let Some((operations, newer)) = said(body) else { return Ok(()) };
            if newer {
                unread::put(tx, stream.local(), place.seq)?;
            }
            fold(tx, place, &operations, &beside).map(drop)
        })?;
    }
    fold_together(tx, &beside)?;
    if all_erased(tx)?.is_subset(&before) { Ok(()) } else { forget_own_words(tx) }
}

/// Folds those of some customers again who are spoken of in another branch of a stream, once all that
/// is said of them is part of state.
pub(in crate::store::till) fn settle(tx: &Connection, about: &BTreeSet<CustomerId>) -> Result<()> {
    // Nearly always there is no branch at all.
    if about.is_empty() || !are_branches(tx)? {
        return Ok(());
    }
    let beside = spoken_of_beside(tx)?.intersection(about).copied().collect();
    if fold_together(tx, &beside)? { forget_own_words(tx) } else { Ok(()) }
}

/// The customers that an entry's body speaks of, as far as this version can tell.
pub(in crate::store::till) fn named(body: &[u8]) -> BTreeSet<CustomerId> {
    let operations = decode(body).map(|read| read.operations).unwrap_or_default();
    operations.iter().filter_map(Operation::customer).collect()
}

/// Whether a stream has other branches that count.
pub(super) fn has_branches(conn: &Connection, stream: &Stream) -> Result<bool> {
    let found = "SELECT EXISTS (SELECT 1 FROM orphan WHERE stream = ?1 AND counts = 1)";
    Ok(conn.prepare_cached(found)?.query_row([stream.local()], |row| row.get(0))?)
}

fn are_branches(conn: &Connection) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM stream JOIN orphan ON orphan.stream = stream.local
             WHERE stream.kind = ?1 AND counts = 1)",
        )?
        .query_row([StreamKind::Customers.number()], |row| row.get(0))?)
}

fn all_erased(conn: &Connection) -> Result<BTreeSet<CustomerId>> {
    let ids: rusqlite::Result<_> = conn
        .prepare_cached("SELECT id FROM customer WHERE erased = 1")?
        .query_map([], |row| row.get(0).map(CustomerId))?
        .collect();
    Ok(ids?)
}

fn spoken_of_beside(conn: &Connection) -> Result<BTreeSet<CustomerId>> {
    let mut all = BTreeSet::new();
    for stream in customers_streams(conn)? {
        for entry in branches(conn, &stream)? {
            all.append(&mut named(&entry.body));
        }
    }
    Ok(all)
}

/// Folds some customers anew, from all streams with their branches; whether one of them is erased who
/// was not.
fn fold_together(tx: &Connection, ids: &BTreeSet<CustomerId>) -> Result<bool> {
    if ids.is_empty() {
        return Ok(false);
    }
    let mut open: BTreeMap<CustomerId, (Customer, bool)> = BTreeMap::new();
    let mut streams = customers_streams(tx)?;
    streams.sort_unstable_by_key(|stream| stream.id().replica);
    for stream in streams {
        let own = owner(tx, stream.id().replica)? == Some(Owner::Own);
        let mut take = |place: EntryPlace<'_>, body: &[u8]| {
            let (replica, seq, clock) = (place.stream.id().replica, place.seq, place.clock);
            let operations = said(body).map(|(operations, _)| operations).unwrap_or_default();
            for (index, operation) in (0_u16..).zip(&operations) {
                let Some(id) = operation.customer().filter(|id| ids.contains(id)) else { continue };
                let (customer, is_own) = open.entry(id).or_default();
                customer.apply(Place { replica, seq, clock, index }, operation);
                *is_own |= own;
            }
        };
        let at = |it: &Beside| EntryPlace { stream: &stream, seq: it.seq, clock: it.clock };
        let mut beside = branches(tx, &stream)?.into_iter().peekable();
        each_entry(tx, &stream, |place, hash, body| {
            while let Some(it) = beside.next_if(|it| (it.seq, it.hash) < (place.seq, hash)) {
                take(at(&it), &it.body);
            }
            take(place, body);
            Ok(())
        })?;
        beside.for_each(|it| take(at(&it), &it.body));
    }
    let mut erased_now = false;
    for id in ids {
        match open.remove(id) {
            Some((customer, own)) => match put(tx, *id, &customer, own) {
                Ok(erased) => erased_now |= erased,
                // It grew beyond its bound, and stays as it was.
                Err(TillStoreError::Body(BodyError::TooLong { .. })) => {}
                Err(error) => return Err(error),
            },
            None if erased(tx, *id)?.is_some() => drop_customer(tx, *id)?,
            None => {}
        }
    }
    Ok(erased_now)
}

/// Nothing that is said of them counts any more.
fn drop_customer(tx: &Connection, id: CustomerId) -> Result<()> {
    tx.prepare_cached("DELETE FROM customer WHERE id = ?1")?.execute([id.0])?;
    tx.prepare_cached("DELETE FROM customer_word WHERE customer = ?1")?.execute([id.0])?;
    Ok(())
}

/// What a body says, and whether a newer version said more; `None` for what no version wrote.
fn said(body: &[u8]) -> Option<(Vec<Operation>, bool)> {
    match decode(body) {
        Ok(read) => Some((read.operations, read.newer)),
        Err(error) => error.is_newer().then(|| (Vec::new(), true)),
    }
}

/// Visits the entries of a stream that are part of state, with their hashes.
fn each_entry(
    conn: &Connection,
    stream: &Stream,
    mut visit: impl FnMut(EntryPlace<'_>, Hash, &[u8]) -> Result<()>,
) -> Result<()> {
    let last = folded(conn, stream)?;
    let mut next = base(conn, stream)?.seq + 1;
    while next <= last {
        let entries = sync::store::read(conn, stream, next, BATCH)?;
        let Some(end) = entries.last().map(|stored| stored.entry.seq) else { break };
        for stored in entries.iter().take_while(|stored| stored.entry.seq <= last) {
            let place = EntryPlace { stream, seq: stored.entry.seq, clock: stored.entry.clock };
            visit(place, stored.hash, &stored.entry.body)?;
        }
        next = end + 1;
    }
    Ok(())
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
