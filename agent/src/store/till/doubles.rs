//! Carts that were sold more than once: found by their receipts, or told by the till that noticed.
//!
//! A cart is one till's, but one that was taken by force, or that stands again in a database which
//! was put back, can be sold where it was and where it is. Every till has the shop's receipts and
//! finds it by itself. Called by the folds of sales and of workspace streams.

use super::error::Result;
use commerce::cart::CartId;
use commerce::fact::Fact;
use commerce::sale::{ReceiptNumber, Sale};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};
use sync::log::ReplicaId;
use sync::store::{AlarmKind, Stream, journals, raise};

/// Stands for an author where this till's own list of receipts shows it.
const BY_RECEIPTS: i64 = 0;

/// The sales of a cart that this till knows of, in the order of their numbers; none of a number from
/// before shops shared carts, which each till gave for itself.
pub(super) fn sales_of(conn: &Connection, cart: CartId) -> Result<Vec<(ReplicaId, ReceiptNumber)>> {
    // Asked before each sale: nearly all carts were never sold.
    if times_sold(conn, cart)? == 0 {
        return Ok(Vec::new());
    }
    let sale = |row: &Row<'_>| {
        let (store, till, series) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let receipt = ReceiptNumber { store, till, series, number: row.get(4)? };
        Ok((ReplicaId(row.get(0)?), receipt))
    };
    let sales: rusqlite::Result<_> = conn
        .prepare_cached(
            "SELECT series.replica, series.store, series.till, receipt.series, receipt.number
             FROM receipt JOIN series USING (series) WHERE receipt.cart = ?1
             UNION ALL
             SELECT replica.id, (SELECT store FROM series ORDER BY series DESC LIMIT 1), till,
                 series, number
             FROM peer_receipt JOIN stream ON stream.local = peer_receipt.stream
                 JOIN replica ON replica.local = stream.replica
             WHERE peer_receipt.cart = ?1
             UNION ALL
             SELECT replica, store, till, series, number FROM beside_sale WHERE cart = ?1
             ORDER BY 3, 4, 5",
        )?
        .query_map([cart.0.cast_signed()], sale)?
        .collect();
    Ok(sales?)
}

/// How many sales of a cart this till knows of.
fn times_sold(conn: &Connection, cart: CartId) -> Result<i64> {
    if cart.till().is_none() {
        return Ok(0);
    }
    Ok(conn
        .prepare_cached(
            "SELECT (SELECT count(*) FROM receipt WHERE cart = ?1)
               + (SELECT count(*) FROM peer_receipt WHERE cart = ?1)
               + (SELECT count(*) FROM beside_sale WHERE cart = ?1)",
        )?
        .query_row([cart.0.cast_signed()], |row| row.get(0))?)
}

/// Keeps a sale that stands in another branch of a journal that forked.
pub(super) fn put_beside(tx: &Connection, replica: ReplicaId, sale: &Sale) -> Result<()> {
    let (cart, at) = (sale.cart.0.cast_signed(), &sale.receipt);
    tx.prepare_cached(
        "INSERT OR IGNORE INTO beside_sale (cart, replica, store, till, series, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![cart, replica.0, at.store, at.till, at.series, at.number])?;
    Ok(())
}

/// Keeps that a cart whose sale was folded has another; an alarm when nobody has told of it before.
/// In a rebuild, without `now_ms`, none is raised.
pub(super) fn find(tx: &Connection, now_ms: Option<i64>, cart: CartId) -> Result<bool> {
    if times_sold(tx, cart)? < 2 {
        return Ok(false);
    }
    keep(tx, BY_RECEIPTS, now_ms, cart, &sales_of(tx, cart)?)
}

/// Keeps who sold a cart beside another, as `author` says; an alarm when nobody has told of it before.
pub(super) fn keep(
    tx: &Connection,
    author: i64,
    now_ms: Option<i64>,
    cart: CartId,
    sales: &[(ReplicaId, ReceiptNumber)],
) -> Result<bool> {
    let told = |tx: &Connection| -> rusqlite::Result<i64> {
        tx.prepare_cached(
            "SELECT count(*) FROM (SELECT DISTINCT replica, series, number FROM sold_twice
             WHERE cart = ?1)",
        )?
        .query_row([cart.0.cast_signed()], |row| row.get(0))
    };
    let before = told(tx)?;
    let mut put = tx.prepare_cached(
        "INSERT OR IGNORE INTO sold_twice (author, cart, replica, store, till, series, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (replica, at) in sales {
        let cart = cart.0.cast_signed();
        put.execute(params![author, cart, replica.0, at.store, at.till, at.series, at.number])?;
    }
    let news = told(tx)? > before;
    let Some(now_ms) = now_ms.filter(|_| news) else { return Ok(false) };
    let receipts: Vec<String> = sales.iter().map(|(_, at)| at.to_string()).collect();
    let detail = format!(
        "sold at {}: compare the receipts, and return what was paid twice",
        receipts.join(" and at ")
    );
    raise(tx, now_ms, AlarmKind::PaidTwice, &format!("cart {cart}"), &detail)?;
    Ok(true)
}

/// Finds all of them anew, once the list of receipts was folded again or some of it counts no longer.
pub(super) fn find_again(tx: &Connection) -> Result<()> {
    tx.execute("DELETE FROM sold_twice WHERE author = ?1", [BY_RECEIPTS])?;
    let carts: rusqlite::Result<Vec<i64>> = tx
        .prepare(
            "SELECT cart FROM (SELECT cart FROM receipt WHERE cart IS NOT NULL
               UNION ALL SELECT cart FROM peer_receipt WHERE cart IS NOT NULL
               UNION ALL SELECT cart FROM beside_sale)
             GROUP BY cart HAVING count(*) > 1",
        )?
        .query_map([], |row| row.get(0))?
        .collect();
    for cart in carts? {
        find(tx, None, CartId(cart.cast_unsigned()))?;
    }
    Ok(())
}

/// Own sales and peers' that are on the lists without their cart, by their journal.
const WITHOUT: [(&str, &str); 2] = [
    (
        "SELECT seq FROM receipt WHERE kind = 1 AND cart IS NULL
           AND series IN (SELECT series FROM series WHERE replica = ?1)",
        "UPDATE receipt SET cart = ?3 WHERE kind = 1 AND cart IS NULL AND seq = ?2
           AND series IN (SELECT series FROM series WHERE replica = ?1)",
    ),
    (
        "SELECT seq FROM peer_receipt WHERE kind = 1 AND cart IS NULL AND stream = ?1",
        "UPDATE peer_receipt SET cart = ?3 WHERE kind = 1 AND cart IS NULL AND seq = ?2
           AND stream = ?1",
    ),
];

/// Fills in the carts of sales from before version 8 of the schema.
pub(super) fn fill_in(tx: &Connection) -> Result<()> {
    let mut filled = 0;
    let none_beside: bool =
        tx.query_row("SELECT NOT EXISTS (SELECT 1 FROM beside_sale)", [], |row| row.get(0))?;
    for stream in journals(tx)? {
        if none_beside {
            filled += fill_in_beside(tx, &stream)?;
        }
        let of: [Value; 2] = [stream.id().replica.0.to_vec().into(), stream.local().into()];
        for ((without, put), of) in WITHOUT.iter().zip(of) {
            let rows: rusqlite::Result<Vec<i64>> =
                tx.prepare(without)?.query_map([&of], |row| row.get(0))?.collect();
            for seq in rows? {
                let stored = sync::store::read_one(tx, &stream, seq.cast_unsigned())?;
                let fact = stored.map(|it| sync::body::decode(&it.entry.body)).transpose()?;
                if let Some(Fact::Sold(sale)) = fact {
                    let cart = sale.cart.0.cast_signed();
                    filled += tx.prepare_cached(put)?.execute(params![of, seq, cart])?;
                }
            }
        }
    }
    if filled > 0 { find_again(tx) } else { Ok(()) }
}

/// The same for sales in other branches of a journal; how many there are.
fn fill_in_beside(tx: &Connection, stream: &Stream) -> Result<usize> {
    let bodies: rusqlite::Result<Vec<Vec<u8>>> = tx
        .prepare("SELECT body FROM orphan WHERE stream = ?1 AND counts = 1")?
        .query_map([stream.local()], |row| row.get(0))?
        .collect();
    let mut found = 0;
    for body in bodies? {
        if let Ok(Fact::Sold(sale)) = sync::body::decode(&body) {
            put_beside(tx, stream.id().replica, &sale)?;
            found += 1;
        }
    }
    Ok(found)
}
