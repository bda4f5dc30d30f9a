//! What nobody waits for any more is forgotten: ended claims, answers to offers that are over.

use super::shared::{self, Claim, is_heard, supersedes};
use crate::store::till::error::Result;
use commerce::cart::CartId;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use sync::log::ReplicaId;
use sync::space::Dot;

/// Forgets what nobody waits for any more: ended claims whose place no other would take, answers to
/// offers that are over, and who sold a cart that nobody claims. Called once everything that came
/// is folded and answered; whether a claim was forgotten.
pub(in crate::store::till) fn sweep(tx: &Connection) -> Result<bool> {
    let ended: rusqlite::Result<BTreeSet<i64>> = tx
        .prepare_cached("SELECT cart FROM claim WHERE ended = 1")?
        .query_map([], |row| row.get(0))?
        .collect();
    let mut forgot = false;
    for cart in ended? {
        forgot |= drop_ended(tx, CartId(cart.cast_unsigned()))?;
    }
    sweep_answers(tx)?;
    tx.prepare_cached(
        "DELETE FROM contested WHERE NOT EXISTS (SELECT 1 FROM claim WHERE claim.cart = contested.cart)",
    )?
    .execute([])?;
    tx.prepare_cached(
        "DELETE FROM settlement
         WHERE NOT EXISTS (SELECT 1 FROM contested WHERE contested.cart = settlement.cart)",
    )?
    .execute([])?;
    tx.prepare_cached(
        "DELETE FROM former_word WHERE NOT EXISTS (SELECT 1 FROM claim
           WHERE claim.cart = former_word.cart AND claim.from_replica = former_word.replica
             AND claim.ended = 0)",
    )?
    .execute([])?;
    Ok(forgot)
}

/// Whether nothing is left of a cart that a holder had: no claim, no offer to it, no answer of the
/// holder's, no word of an earlier life or of its having been forced.
pub(in crate::store::till) fn is_forgotten(
    conn: &Connection,
    holder: i64,
    cart: CartId,
) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM claim WHERE cart = ?2)
               AND NOT EXISTS (SELECT 1 FROM offer WHERE cart = ?2)
               AND NOT EXISTS (SELECT 1 FROM answer WHERE holder = ?1)
               AND NOT EXISTS (SELECT 1 FROM contested WHERE cart = ?2)
               AND NOT EXISTS (SELECT 1 FROM former_word WHERE cart = ?2)",
        )?
        .query_row(params![holder, cart.0.cast_signed()], |row| row.get(0))?)
}

/// Drops the ended claims on a cart that nothing waits for. Whether there were any.
pub(super) fn drop_ended(tx: &Connection, cart: CartId) -> Result<bool> {
    let claims = shared::claims_on(tx, cart)?;
    let mut forgot = false;
    for claim in claims.iter().filter(|claim| claim.ended) {
        if !is_waited_for(tx, &claims, claim)? {
            super::rows::drop_claim(tx, claim.holder, cart)?;
            forgot = true;
        }
    }
    Ok(forgot)
}

/// Whether an ended claim must stay: it yielded to one, or goes on from one, that was not heard yet;
/// or one that it stands in the place of lives, and would count instead.
fn is_waited_for(conn: &Connection, claims: &[Claim], claim: &Claim) -> Result<bool> {
    let named = claim.above.into_iter().chain(claim.from.map(|from| (from.replica, from.seq)));
    for (replica, seq) in named {
        if !is_heard(conn, replica, seq)? {
            return Ok(true);
        }
    }
    for lower in claims.iter().filter(|lower| !lower.ended) {
        if supersedes(conn, claim, lower)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets the answers to offers that are over. An answer may come before the offer it answers; then
/// it waits until that stream is there.
fn sweep_answers(tx: &Connection) -> Result<()> {
    let over: rusqlite::Result<Vec<(i64, Dot)>> = tx
        .prepare_cached(
            "SELECT holder, of_replica, of_seq, of_index FROM answer
             WHERE NOT EXISTS (SELECT 1 FROM offer WHERE offer.of_replica = answer.of_replica
                 AND offer.of_seq = answer.of_seq AND offer.of_index = answer.of_index)
               AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.holder = answer.holder
                 AND claim.cart = answer.cart)",
        )?
        .query_map([], |row| {
            let (replica, seq) = (ReplicaId(row.get(1)?), row.get::<_, i64>(2)?.cast_unsigned());
            Ok((row.get(0)?, Dot { replica, seq, index: row.get(3)? }))
        })?
        .collect();
    for (holder, dot) in over? {
        if is_heard(tx, dot.replica, dot.seq)? {
            tx.prepare_cached(
                "DELETE FROM answer
                 WHERE holder = ?1 AND of_replica = ?2 AND of_seq = ?3 AND of_index = ?4",
            )?
            .execute(params![
                holder,
                dot.replica.0,
                dot.seq.cast_signed(),
                dot.index
            ])?;
        }
    }
    Ok(())
}
