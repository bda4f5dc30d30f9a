//! The chain's customers: what the operations of customers streams come to.
//!
//! The same code folds an entry when it is written here ([`act`]), when it comes from a sibling, and
//! when state is rebuilt. What an operation means is [`sync::customer`]'s, which merges in whatever
//! order streams come; here one record a customer is kept, with the words it is found by ([`find`]).

mod act;
mod find;
mod rebuild;

pub use find::Found;
pub(super) use find::{customer, search};
use rebuild::has_branches;
pub(super) use rebuild::{named, rebuild, settle};

use super::error::{Result, TillStoreError};
use super::unread;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use sync::body::BodyError;
use sync::clock::Hlc;
use sync::customer::{
    Customer, CustomerId, Decoded, Operation, Place, Record, decode, decode_record, encode_record,
};
use sync::log::StreamKind;
use sync::store::{Owner, Stream, head, owner};

/// Tables that a rebuild empties and folds again from customers streams.
pub const FOLDED_CUSTOMERS: [&str; 2] = ["customer", "customer_word"];

/// Where an entry of a customers stream stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryPlace<'a> {
    pub stream: &'a Stream,
    pub seq: u64,
    pub clock: Hlc,
}

/// What folding an entry came to.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Whom it was about.
    pub customers: BTreeSet<CustomerId>,
    /// Whether one of them is erased now who was not.
    pub erased: bool,
    /// Whoever's record would have grown beyond its bound, and stayed as it was.
    pub full: Option<CustomerId>,
}

/// Folds an entry's body. What a newer version wrote is passed over and noted, so that it is folded
/// once this till is updated.
pub(super) fn fold_body(tx: &Connection, place: EntryPlace<'_>, body: &[u8]) -> Result<Folded> {
    match decode(body) {
        Ok(Decoded { operations, newer }) => {
            if newer {
                unread::put(tx, place.stream.local(), place.seq)?;
            }
            fold_live(tx, place, &operations)
        }
        Err(error) if error.is_newer() => {
            unread::put(tx, place.stream.local(), place.seq)?;
            Ok(Folded::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// Folds what was said just now.
fn fold_live(tx: &Connection, place: EntryPlace<'_>, operations: &[Operation]) -> Result<Folded> {
    let folded = fold(tx, place, operations, &BTreeSet::new())?;
    if folded.erased {
        forget_own_words(tx)?;
    }
    Ok(folded)
}

/// Folds operations but for those on some customers.
fn fold(
    tx: &Connection,
    place: EntryPlace<'_>,
    operations: &[Operation],
    but: &BTreeSet<CustomerId>,
) -> Result<Folded> {
    let replica = place.stream.id().replica;
    let own = owner(tx, replica)? == Some(Owner::Own);
    let mut folded = Folded::default();
    let mut open: BTreeMap<CustomerId, Customer> = BTreeMap::new();
    for (index, operation) in (0_u16..).zip(operations) {
        let Some(id) = operation.customer() else { continue };
        if but.contains(&id) {
            continue;
        }
        let at = Place { replica, seq: place.seq, clock: place.clock, index };
        match open.get_mut(&id) {
            Some(customer) => customer.apply(at, operation),
            None => {
                let mut customer = load(tx, id)?.unwrap_or_default();
                customer.apply(at, operation);
                open.insert(id, customer);
            }
        }
    }
    for (id, customer) in open {
        match put(tx, id, &customer, own) {
            Ok(erased_now) => {
                folded.customers.insert(id);
                folded.erased |= erased_now;
            }
            Err(TillStoreError::Body(BodyError::TooLong { .. })) => folded.full = Some(id),
            Err(error) => return Err(error),
        }
    }
    Ok(folded)
}

/// All that is known of a customer; `None` for nobody.
pub(super) fn load(conn: &Connection, id: CustomerId) -> Result<Option<Customer>> {
    Ok(record(conn, id)?.map(|record| Customer::from(&record)))
}

/// A customer's record, also of one who was erased.
fn record(conn: &Connection, id: CustomerId) -> Result<Option<Record>> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT record FROM customer WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let damaged = |error| TillStoreError::damaged("customer", format!("{id}: {error}"));
    bytes.map(|bytes| decode_record(&bytes).map_err(damaged)).transpose()
}

/// Writes a customer with the words that they are found by; whether they were erased just now.
fn put(tx: &Connection, id: CustomerId, customer: &Customer, own: bool) -> Result<bool> {
    let record = Record::from(customer);
    let bytes = encode_record(&record)?;
    let erased_before = erased(tx, id)?;
    let erased_now = customer.is_erased() && erased_before == Some(false);
    // What is erased must not be left in unused parts of the file.
    let overwrite = |on: bool| tx.pragma_update(None, "secure_delete", on);
    if erased_now {
        overwrite(true)?;
    }
    tx.prepare_cached(
        "INSERT INTO customer (id, own, erased, record) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET own = max(own, excluded.own), erased = excluded.erased,
            record = excluded.record",
    )?
    .execute(params![id.0, own, customer.is_erased(), bytes])?;
    tx.prepare_cached("DELETE FROM customer_word WHERE customer = ?1")?.execute([id.0])?;
    let mut put =
        tx.prepare_cached("INSERT INTO customer_word (word, customer) VALUES (?1, ?2)")?;
    for word in find::words(&record) {
        put.execute(params![word, id.0])?;
    }
    if erased_now {
        overwrite(false)?;
    }
    Ok(erased_now)
}

/// Whether a customer is erased; `None` for nobody.
fn erased(conn: &Connection, id: CustomerId) -> Result<Option<bool>> {
    Ok(conn
        .prepare_cached("SELECT erased FROM customer WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?)
}

/// Somebody was erased: what this till's own streams said so far is to go as soon as it may.
fn forget_own_words(tx: &Connection) -> Result<()> {
    for stream in own_streams(tx)? {
        tx.prepare_cached(
            "INSERT INTO erasing (stream, seq) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET seq = excluded.seq",
        )?
        .execute(params![stream.local(), head(tx, &stream)?.seq.cast_signed()])?;
    }
    Ok(())
}

/// The customers streams that this till wrote, in all its incarnations.
fn own_streams(conn: &Connection) -> Result<Vec<Stream>> {
    let mut streams = sync::store::streams(conn)?;
    streams.retain(|stream| stream.id().kind == StreamKind::Customers);
    Ok(streams)
}

/// The first entry of a stream that this version could not read all of.
fn first_unread(conn: &Connection, stream: &Stream) -> Result<Option<u64>> {
    let first: Option<i64> = conn
        .prepare_cached("SELECT min(seq) FROM unread WHERE stream = ?1")?
        .query_row([stream.local()], |row| row.get(0))?;
    Ok(first.map(i64::cast_unsigned))
}

/// Folds everything again where an earlier version of Till could not read what this one can.
pub(super) fn fold_unread(tx: &Connection) -> Result<()> {
    for stream in customers_streams(tx)? {
        for seq in unread::of(tx, stream.local())? {
            let stored = sync::store::read_one(tx, &stream, seq)?;
            let newer = |body: &[u8]| decode(body).map_or(true, |read| read.newer);
            // One that is not here any more was stated again since.
            if stored.is_none_or(|stored| !newer(&stored.entry.body)) {
                return rebuild(tx);
            }
        }
    }
    Ok(())
}

fn customers_streams(conn: &Connection) -> Result<Vec<Stream>> {
    let mut streams = own_streams(conn)?;
    let peers = sync::store::peer_streams(conn)?.into_iter();
    streams.extend(peers.filter(|stream| stream.id().kind == StreamKind::Customers));
    Ok(streams)
}
