//! Stating again, in this till's own stream, what a claim or this till's whole part comes to.
//!
//! Called when a cart changes hands, when carts come from a time or an incarnation before this
//! stream, and when the stream is compacted.

use super::shared::{Claim, claims_of, offer_of};
use crate::store::till::carts::{load, load_lines};
use crate::store::till::error::{Result, TillStoreError};
use commerce::Currency;
use commerce::cart::CartId;
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use sync::log::ReplicaId;
use sync::space::{ClaimAt, Dot, End, Held, Offered, Operation};

fn damaged(what: impl ToString) -> TillStoreError {
    TillStoreError::damaged("claim", what)
}

/// The beginning of a claim that says what `claim` does.
pub(super) fn held(
    claim: &Claim,
    term: u32,
    forced_by: Option<StaffId>,
    from: Option<ClaimAt>,
) -> Result<Held> {
    Ok(Held {
        cart: claim.cart,
        term,
        opened_at: Timestamp::from_millisecond(claim.opened_at).map_err(damaged)?,
        opened_by: StaffId::parse(&claim.opened_by).map_err(damaged)?,
        label: claim.label.clone(),
        forced_by,
        from,
    })
}

/// A claim's lines, discounts and answers, under their own names. Tenders are in another till's
/// drawer when the claim is another's, and stay behind.
pub(super) fn content(
    conn: &Connection,
    claim: &Claim,
    with_tenders: bool,
    currency: Currency,
) -> Result<Vec<Operation>> {
    let (id, mut said) = (claim.cart, Vec::new());
    for (line, dot) in load_lines(conn, claim.holder, id, currency)? {
        said.push(Operation::Line { cart: id, line, dot: dot.of(claim.replica) });
    }
    let cart = load(conn, claim.holder, id, None, currency)?;
    if cart.customer.is_some() {
        said.push(Operation::Attached { cart: id, customer: cart.customer });
    }
    let lines = cart.lines.iter().map(|line| (line.number, &line.discounts));
    for (line, discounts) in lines.chain([(0, &cart.basket_discounts)]) {
        said.extend((1..).zip(discounts).map(|(position, discount)| Operation::Discounted {
            cart: id,
            line,
            position,
            discount: discount.clone(),
        }));
    }
    if with_tenders {
        said.extend((1..).zip(&cart.tenders).map(|(position, tendered)| Operation::Tendered {
            cart: id,
            position,
            tendered: tendered.clone(),
        }));
    }
    for (cart, dot) in answers(conn, claim.holder)? {
        if cart == id {
            said.push(Operation::Answered { cart, dot });
        }
    }
    Ok(said)
}

/// Everything that a stream's writer still has, for a stream that begins anew.
pub(in crate::store::till) fn all(
    conn: &Connection,
    holder: i64,
    currency: Currency,
) -> Result<Vec<Operation>> {
    let mut said = Vec::new();
    for claim in claims_of(conn, holder)? {
        let forced_by = claim.forced_by.as_deref().map(StaffId::parse).transpose();
        let forced_by = forced_by.map_err(damaged)?;
        said.push(Operation::Held(held(&claim, claim.term, forced_by, claim.from)?));
        said.extend(content(conn, &claim, true, currency)?);
        if let Some(to) = claim.granted_to {
            said.push(Operation::Granted { cart: claim.cart, to });
        }
        if claim.ended {
            // Who sold it stands in every settlement already; that it ended is what counts.
            said.push(Operation::Ended { cart: claim.cart, end: End::Cancelled });
        }
    }
    said.extend(own_offers(conn, holder)?);
    for (cart, dot) in answers(conn, holder)? {
        said.push(Operation::Answered { cart, dot });
    }
    said.extend(
        succeeded(conn, holder)?.into_iter().map(|replica| Operation::Succeeds { replica }),
    );
    said.extend(sold_twice(conn, holder)?);
    Ok(said)
}

/// The carts of a stream stated for the one that succeeds it, which stands in its place: a claim that
/// somebody made from one of those is above both.
pub(in crate::store::till) fn taken_over(
    conn: &Connection,
    from: i64,
    currency: Currency,
) -> Result<Vec<Operation>> {
    let mut said = Vec::new();
    for claim in claims_of(conn, from)?.into_iter().filter(|claim| !claim.ended) {
        let from = Some(ClaimAt { replica: claim.replica, seq: claim.begun });
        said.push(Operation::Held(held(&claim, claim.term, None, from)?));
        said.extend(content(conn, &claim, true, currency)?);
    }
    said.extend(own_offers(conn, from)?);
    Ok(said)
}

/// The carts of a time before workspace streams.
pub(in crate::store::till) fn former(
    conn: &Connection,
    currency: Currency,
) -> Result<Vec<Operation>> {
    let rows: rusqlite::Result<Vec<Claim>> = conn
        .prepare(
            "SELECT cart, opened_at, opened_by, label FROM claim WHERE holder = 0 ORDER BY cart",
        )?
        .query_map([], |row| {
            Ok(Claim {
                holder: 0,
                replica: ReplicaId([0; 16]),
                cart: CartId(row.get::<_, i64>(0)?.cast_unsigned()),
                term: 0,
                opened_at: row.get(1)?,
                opened_by: row.get(2)?,
                label: row.get(3)?,
                granted_to: None,
                forced_by: None,
                till: None,
                ended: false,
                begun: 0,
                above: None,
                from: None,
            })
        })?
        .collect();
    let mut said = Vec::new();
    for claim in rows? {
        said.push(Operation::Held(held(&claim, 0, None, None)?));
        said.extend(content(conn, &claim, true, currency)?);
    }
    Ok(said)
}

fn own_offers(conn: &Connection, author: i64) -> Result<Vec<Operation>> {
    conn.prepare_cached("SELECT * FROM offer WHERE author = ?1")?
        .query_and_then([author], |row| {
            let at = Timestamp::from_millisecond(row.get("at")?).map_err(damaged)?;
            let offer = offer_of(row)?;
            let (cart, by, line, dot) = (offer.cart, offer.by, offer.line, Some(offer.dot));
            Ok(Operation::Offered(Offered { cart, at, by, line, dot }))
        })?
        .collect()
}

fn answers(conn: &Connection, holder: i64) -> Result<Vec<(CartId, Dot)>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached("SELECT cart, of_replica, of_seq, of_index FROM answer WHERE holder = ?1")?
        .query_map([holder], |row| {
            let cart = CartId(row.get::<_, i64>(0)?.cast_unsigned());
            let replica = ReplicaId(row.get(1)?);
            let seq = row.get::<_, i64>(2)?.cast_unsigned();
            Ok((cart, Dot { replica, seq, index: row.get(3)? }))
        })?
        .collect();
    Ok(rows?)
}

fn succeeded(conn: &Connection, by: i64) -> Result<Vec<ReplicaId>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached("SELECT replica FROM succeeded WHERE by = ?1")?
        .query_map([by], |row| row.get(0).map(ReplicaId))?
        .collect();
    Ok(rows?)
}

fn sold_twice(conn: &Connection, author: i64) -> Result<Vec<Operation>> {
    let mut carts: BTreeMap<CartId, Vec<(ReplicaId, ReceiptNumber)>> = BTreeMap::new();
    let mut statement = conn.prepare_cached(
        "SELECT cart, replica, store, till, series, number FROM sold_twice WHERE author = ?1",
    )?;
    let mut rows = statement.query(params![author])?;
    while let Some(row) = rows.next()? {
        let cart = CartId(row.get::<_, i64>(0)?.cast_unsigned());
        let receipt = ReceiptNumber {
            store: row.get(2)?,
            till: row.get(3)?,
            series: row.get(4)?,
            number: row.get(5)?,
        };
        carts.entry(cart).or_default().push((ReplicaId(row.get(1)?), receipt));
    }
    Ok(carts.into_iter().map(|(cart, sales)| Operation::SoldTwice { cart, sales }).collect())
}
