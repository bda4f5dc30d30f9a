//! What this till's stream says to what the others' say: a granted cart is taken, a higher claim is
//! yielded to, an answered offer withdrawn, an offer to a cart that has ended parked as a new cart,
//! a cart that was sold twice told.
//!
//! Each of these is exactly one replica's to do, so that it is done once whatever the order in
//! which streams arrive. Called in the transaction of an act that heard of others' operations or
//! ended a claim; taking lines that were offered is the till loop's, for it knows the rules.

use super::restate::{content, held};
use super::shared::{Claim, Offer, claims_on, counting, gave_way_to, is_being_paid, offer_of};
use crate::store::till::carts;
use crate::store::till::error::{Result, TillStoreError};
use commerce::Currency;
use commerce::cart::{CartId, Line};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};
use sync::log::ReplicaId;
use sync::space::{ClaimAt, Dot, End, Held, Offered, Operation};

/// Who reacts.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::till) struct Own {
    pub holder: i64,
    pub replica: ReplicaId,
    pub currency: Currency,
    pub now: Timestamp,
}

/// What is to be said now. An offer that is parked as a new cart spends a number, which the caller
/// keeps.
pub(in crate::store::till) fn react(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    // First: what this till holds follows from it.
    let former = follow_former(conn, own)?;
    if !former.is_empty() {
        return Ok(former);
    }
    let mut said = take_granted(conn, own)?;
    said.extend(yield_to_higher(conn, own)?);
    said.extend(withdraw_answered(conn, own)?);
    said.extend(tell_sold_twice(conn, own)?);
    // Last and alone: a grant that is taken now may be where the offered line goes.
    if said.is_empty() { park_late(conn, own) } else { Ok(said) }
}

/// Takes the carts that were granted to this till.
fn take_granted(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    let granted: rusqlite::Result<Vec<i64>> = conn
        .prepare_cached("SELECT DISTINCT cart FROM claim WHERE granted_to = ?1")?
        .query_map([own.replica.0], |row| row.get(0))?
        .collect();
    let mut said = Vec::new();
    for cart in granted? {
        let claims = claims_on(conn, CartId(cart.cast_unsigned()))?;
        let granted = counting(conn, &claims)?.filter(|it| it.granted_to == Some(own.replica));
        if let Some(granted) = granted {
            said.extend(taken(conn, own, granted, &claims, None)?);
        }
    }
    Ok(said)
}

/// What taking a cart says: a claim above all others that goes on from the one that counts.
fn taken(
    conn: &Connection,
    own: Own,
    from: &Claim,
    claims: &[Claim],
    forced_by: Option<StaffId>,
) -> Result<Vec<Operation>> {
    let highest = claims.iter().map(|claim| claim.term).max().unwrap_or(from.term);
    let at = ClaimAt { replica: from.replica, seq: from.begun };
    let held = held(from, highest.saturating_add(1), forced_by, Some(at))?;
    let mut said = vec![Operation::Held(held)];
    said.extend(content(conn, from, false, own.currency)?);
    Ok(said)
}

/// What this till said last of a cart in an earlier life: that it held it, with a term, or ended it.
struct FormerWord {
    cart: CartId,
    at: ClaimAt,
    term: Option<u32>,
}

/// Goes by what this till said last, in an earlier life, of carts that it took over from an older copy
/// of its database: one that it ended it gives up, one that came back to it since it holds as it did.
fn follow_former(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    let words: rusqlite::Result<Vec<FormerWord>> = conn
        .prepare_cached(
            "SELECT past.cart, past.replica, past.seq, past.term FROM former_word AS past
               JOIN claim ON claim.cart = past.cart AND claim.from_replica = past.replica
                 AND claim.from_seq < past.seq
             WHERE claim.holder = ?1 AND claim.ended = 0 ORDER BY past.cart",
        )?
        .query_map([own.holder], |row| {
            let (replica, seq) = (ReplicaId(row.get(1)?), row.get::<_, i64>(2)?.cast_unsigned());
            let cart = CartId(row.get::<_, i64>(0)?.cast_unsigned());
            Ok(FormerWord { cart, at: ClaimAt { replica, seq }, term: row.get(3)? })
        })?
        .collect();
    let mut said = Vec::new();
    for FormerWord { cart, at, term } in words? {
        if is_being_paid(conn, own.holder, cart)? {
            continue;
        }
        let Some(term) = term else {
            said.push(Operation::Ended { cart, end: End::Cancelled });
            continue;
        };
        let claims = claims_on(conn, cart)?;
        let Some(claim) = claims.iter().find(|claim| claim.holder == own.holder) else { continue };
        said.push(Operation::Held(held(claim, term.max(claim.term), None, Some(at))?));
        said.extend(content(conn, claim, true, own.currency)?);
        if let Some(to) = claim.granted_to {
            said.push(Operation::Granted { cart, to });
        }
    }
    Ok(said)
}

/// Gives up the claims of this till that another one is above. Lines that the other has not seen
/// are offered, so that none is lost. What money was taken on is brought to an end first.
fn yield_to_higher(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    // Nearly all carts are one till's: only those that others claim as well are looked at.
    let contended: rusqlite::Result<Vec<i64>> = conn
        .prepare_cached(
            "SELECT cart FROM claim AS mine WHERE holder = ?1 AND ended = 0 AND EXISTS (
               SELECT 1 FROM claim AS other WHERE other.cart = mine.cart
                 AND other.holder <> mine.holder)
             ORDER BY cart",
        )?
        .query_map([own.holder], |row| row.get(0))?
        .collect();
    let mut said = Vec::new();
    for cart in contended? {
        let claims = claims_on(conn, CartId(cart.cast_unsigned()))?;
        let Some(top) = claims.last().filter(|top| top.replica != own.replica) else { continue };
        let Some(claim) = claims.iter().find(|claim| claim.holder == own.holder) else { continue };
        if is_being_paid(conn, own.holder, claim.cart)? || gave_way_to(conn, top, claim)? {
            continue;
        }
        said.extend(unseen(conn, own, claim, top)?);
        let end = End::Yielded { to: top.replica, seq: top.begun };
        said.push(Operation::Ended { cart: claim.cart, end });
    }
    Ok(said)
}

/// The lines of a claim that the claim above it has not, as offers.
fn unseen(conn: &Connection, own: Own, claim: &Claim, top: &Claim) -> Result<Vec<Operation>> {
    let seen = dots(conn, top)?;
    let by = StaffId::parse(&claim.opened_by)
        .map_err(|error| TillStoreError::damaged("claim", error))?;
    let mut said = Vec::new();
    for (line, dot) in carts::load_lines(conn, own.holder, claim.cart, own.currency)? {
        let dot = dot.of(own.replica);
        if line.void.is_some() || dot.is_some_and(|dot| seen.contains(&dot)) {
            continue;
        }
        let line = Line { number: 0, price_override: None, ..line };
        let (cart, at, by) = (claim.cart, own.now, by.clone());
        said.push(Operation::Offered(Offered { cart, at, by, line, dot }));
    }
    Ok(said)
}

/// The names of all lines that a claim's holder has dealt with.
fn dots(conn: &Connection, claim: &Claim) -> Result<BTreeSet<Dot>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached(
            "SELECT of_replica, of_seq, of_index FROM line_dot WHERE holder = ?1 AND cart = ?2
             UNION SELECT of_replica, of_seq, of_index FROM answer WHERE holder = ?1 AND cart = ?2",
        )?
        .query_map(params![claim.holder, claim.cart.0.cast_signed()], |row| {
            let replica = ReplicaId(row.get(0)?);
            let seq = row.get::<_, i64>(1)?.cast_unsigned();
            Ok(Dot { replica, seq, index: row.get(2)? })
        })?
        .collect();
    Ok(rows?)
}

/// Withdraws the offers that a holder has dealt with.
fn withdraw_answered(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    let offers = offers_of(conn, own.holder)?;
    let mut said = Vec::new();
    for offer in offers {
        let answered: bool = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM claim JOIN line_dot USING (holder, cart)
                    WHERE claim.cart = ?1 AND of_replica = ?2 AND of_seq = ?3 AND of_index = ?4)
                 OR EXISTS (SELECT 1 FROM answer WHERE of_replica = ?2
                    AND of_seq = ?3 AND of_index = ?4)",
            )?
            .query_row(
                params![
                    offer.cart.0.cast_signed(),
                    offer.dot.replica.0,
                    offer.dot.seq.cast_signed(),
                    offer.dot.index
                ],
                |row| row.get(0),
            )?;
        if answered {
            said.push(Operation::Withdrawn { dot: offer.dot });
        }
    }
    Ok(said)
}

fn offers_of(conn: &Connection, author: i64) -> Result<Vec<Offer>> {
    conn.prepare_cached("SELECT * FROM offer WHERE author = ?1")?
        .query_and_then([author], offer_of)?
        .collect()
}

/// Parks this till's offers to one cart that has ended as a new cart: one cart at a time, for each
/// needs a number of its own.
fn park_late(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    let offers = offers_of(conn, own.holder)?;
    let mut late = None;
    for offer in &offers {
        if claims_on(conn, offer.cart)?.is_empty() {
            late = Some(offer);
            break;
        }
    }
    let Some(first) = late else { return Ok(Vec::new()) };
    let of = first.cart;
    let cart = carts::next(conn)?;
    let mut said = vec![Operation::Held(Held {
        cart,
        term: 0,
        opened_at: own.now,
        opened_by: first.by.clone(),
        label: Some(format!("late for {of}")),
        forced_by: None,
        from: None,
    })];
    let of_it = offers.iter().filter(|offer| offer.cart == of);
    // A cart holds as many lines as offers fit one; the rest is parked in the next round.
    for (number, offer) in (1_u32..).zip(of_it.take(commerce::cart::MAX_LINES)) {
        let line = Line { number, ..offer.line.clone() };
        said.push(Operation::Line { cart, line, dot: None });
        said.push(Operation::Withdrawn { dot: offer.dot });
    }
    Ok(said)
}

/// Tells of carts that were taken without a grant and then sold by more than one till.
fn tell_sold_twice(conn: &Connection, own: Own) -> Result<Vec<Operation>> {
    let mut sales: BTreeMap<CartId, Vec<(ReplicaId, ReceiptNumber)>> = BTreeMap::new();
    let mut statement = conn.prepare_cached(
        "SELECT cart, replica, store, till, series, number FROM settlement
         WHERE (SELECT count(*) FROM settlement AS other WHERE other.cart = settlement.cart) > 1
           AND NOT EXISTS (SELECT 1 FROM sold_twice WHERE sold_twice.author = ?1
             AND sold_twice.cart = settlement.cart AND sold_twice.replica = settlement.replica
             AND sold_twice.series = settlement.series AND sold_twice.number = settlement.number)",
    )?;
    let mut rows = statement.query([own.holder])?;
    while let Some(row) = rows.next()? {
        let cart = CartId(row.get::<_, i64>(0)?.cast_unsigned());
        let receipt = ReceiptNumber {
            store: row.get(2)?,
            till: row.get(3)?,
            series: row.get(4)?,
            number: row.get(5)?,
        };
        sales.entry(cart).or_default().push((ReplicaId(row.get(1)?), receipt));
    }
    Ok(sales.into_iter().map(|(cart, sales)| Operation::SoldTwice { cart, sales }).collect())
}

/// What a forced taking says: this till's claim above the one that counts. `None` when nobody else
/// holds the cart.
pub(in crate::store::till) fn force(
    conn: &Connection,
    own: Own,
    cart: CartId,
    approved_by: StaffId,
) -> Result<Option<Vec<Operation>>> {
    let claims = claims_on(conn, cart)?;
    let counts = counting(conn, &claims)?.filter(|counts| counts.replica != own.replica);
    counts.map(|it| taken(conn, own, it, &claims, Some(approved_by))).transpose()
}
