//! Lines offered to whoever holds a cart, and their answers, as rows.

use super::{MAX_OFFERS, Place, rows};
use crate::store::till::error::Result;
use commerce::cart::CartId;
use rusqlite::{Connection, OptionalExtension, params};
use sync::space::{Dot, Offered};

pub(super) fn fold_offer(
    tx: &Connection,
    place: Place,
    offered: &Offered,
    here: Dot,
) -> Result<()> {
    if !place.own && rows::count(tx, "offer", "author", place.holder)? >= MAX_OFFERS {
        return Ok(());
    }
    let dot = offered.dot.unwrap_or(here);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO offer (author, of_replica, of_seq, of_index, cart, at, by, currency, line)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        place.holder,
        dot.replica.0,
        dot.seq.cast_signed(),
        dot.index,
        offered.cart.0.cast_signed(),
        offered.at.as_millisecond(),
        offered.by.as_str(),
        offered.line.price.currency().code(),
        sync::space::encode_line(&offered.line)?,
    ])?;
    Ok(())
}

pub(super) fn fold_withdrawal(tx: &Connection, place: Place, dot: Dot) -> Result<Option<CartId>> {
    let cart: Option<i64> = tx
        .prepare_cached(
            "DELETE FROM offer WHERE author = ?1 AND of_replica = ?2 AND of_seq = ?3 AND of_index = ?4
             RETURNING cart",
        )?
        .query_row(
            params![place.holder, dot.replica.0, dot.seq.cast_signed(), dot.index],
            |row| row.get(0),
        )
        .optional()?;
    Ok(cart.map(|cart| CartId(cart.cast_unsigned())))
}

pub(super) fn fold_answer(tx: &Connection, place: Place, cart: CartId, dot: Dot) -> Result<()> {
    if !place.own && rows::count(tx, "answer", "holder", place.holder)? >= MAX_OFFERS {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT OR IGNORE INTO answer (holder, of_replica, of_seq, of_index, cart)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        place.holder,
        dot.replica.0,
        dot.seq.cast_signed(),
        dot.index,
        cart.0.cast_signed(),
    ])?;
    Ok(())
}
