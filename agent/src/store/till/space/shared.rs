//! The shop's carts as they are read: which claim counts, and which lines are offered.

use crate::store::till::error::{Result, TillStoreError};
use crate::store::till::{carts, doubles};
use commerce::Currency;
use commerce::cart::{Cart, CartId, Line};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sync::log::ReplicaId;
use sync::planted::{self, Bug};
use sync::space::{ClaimAt, Dot};

/// Who holds a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The incarnation.
    pub replica: ReplicaId,
    /// Its till's number, once its stream has said so.
    pub till: Option<u16>,
    /// Whether it is the present incarnation of this till.
    pub here: bool,
    /// Whom the cart was granted to, until the new holder's word comes.
    pub granted_to: Option<ReplicaId>,
}

/// A cart of the shop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The cart, as its holder has it.
    pub cart: Cart,
    /// Who holds it.
    pub holder: Holder,
    /// How often it has changed hands.
    pub term: u32,
}

impl Shared {
    /// Whether this till may edit it.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        self.holder.here && self.holder.granted_to.is_none()
    }
}

/// A line that somebody offers to whoever holds the cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub dot: Dot,
    /// The cart.
    pub cart: CartId,
    /// Who offered it.
    pub by: StaffId,
    /// What is offered; its number is 0.
    pub line: Line,
}

/// A cart that more than one till sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldTwice {
    /// The cart.
    pub cart: CartId,
    /// One of its sales.
    pub receipt: ReceiptNumber,
}

/// A claim as a row has it.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub holder: i64,
    pub replica: ReplicaId,
    pub cart: CartId,
    pub term: u32,
    pub opened_at: i64,
    pub opened_by: String,
    pub label: Option<String>,
    pub granted_to: Option<ReplicaId>,
    pub forced_by: Option<String>,
    pub till: Option<u16>,
    pub ended: bool,
    pub begun: u64,
    pub above: Option<(ReplicaId, u64)>,
    pub from: Option<ClaimAt>,
}

/// Claims with who holds them.
const CLAIMS: &str = "SELECT claim.holder, replica.id, claim.cart, claim.term, claim.opened_at,
        claim.opened_by, claim.label, claim.granted_to, claim.forced_by, writer.till, claim.ended,
        claim.begun, claim.above, claim.above_seq, claim.from_replica, claim.from_seq
    FROM claim JOIN stream ON stream.local = claim.holder
        JOIN replica ON replica.local = stream.replica
        LEFT JOIN writer ON writer.holder = claim.holder";

fn claim_of(row: &Row<'_>) -> rusqlite::Result<Claim> {
    Ok(Claim {
        holder: row.get(0)?,
        replica: ReplicaId(row.get(1)?),
        cart: CartId(row.get::<_, i64>(2)?.cast_unsigned()),
        term: row.get(3)?,
        opened_at: row.get(4)?,
        opened_by: row.get(5)?,
        label: row.get(6)?,
        granted_to: row.get::<_, Option<[u8; 16]>>(7)?.map(ReplicaId),
        forced_by: row.get(8)?,
        till: row.get(9)?,
        ended: row.get(10)?,
        begun: row.get::<_, i64>(11)?.cast_unsigned(),
        above: row
            .get::<_, Option<[u8; 16]>>(12)?
            .map(ReplicaId)
            .zip(row.get::<_, Option<i64>>(13)?.map(i64::cast_unsigned)),
        from: row.get::<_, Option<[u8; 16]>>(14)?.zip(row.get::<_, Option<i64>>(15)?).map(
            |(replica, seq)| ClaimAt { replica: ReplicaId(replica), seq: seq.cast_unsigned() },
        ),
    })
}

/// The claims on a cart, the highest last.
pub(super) fn claims_on(conn: &Connection, cart: CartId) -> Result<Vec<Claim>> {
    let tie = if planted::is(Bug::TieByArrival) { "claim.holder DESC" } else { "replica.id" };
    let rows: rusqlite::Result<_> = conn
        .prepare_cached(&format!("{CLAIMS} WHERE claim.cart = ?1 ORDER BY claim.term, {tie}"))?
        .query_map([cart.0.cast_signed()], claim_of)?
        .collect();
    Ok(rows?)
}

/// The claims of one holder, in the order of carts.
pub(super) fn claims_of(conn: &Connection, holder: i64) -> Result<Vec<Claim>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached(&format!("{CLAIMS} WHERE claim.holder = ?1 ORDER BY claim.cart"))?
        .query_map([holder], claim_of)?
        .collect();
    Ok(rows?)
}

/// Whom this till writes as.
fn here(conn: &Connection) -> Result<Option<ReplicaId>> {
    crate::store::till::journal::replica(conn)
}

/// A cart of the shop's as the claim that counts has it; `None` when nobody claims it.
///
/// This till's own claim counts for it also beside a higher one, as long as money is taken on it:
/// what was begun is brought to an end.
pub fn cart(conn: &Connection, id: CartId, currency: Currency) -> Result<Option<Shared>> {
    let here = here(conn)?;
    let claims = claims_on(conn, id)?;
    let own = claims.iter().find(|claim| Some(claim.replica) == here);
    let kept = match own {
        Some(own) if is_being_paid(conn, own.holder, id)? => Some(own),
        _ => None,
    };
    let counts = match kept {
        Some(own) => Some(own),
        None => counting(conn, &claims)?,
    };
    let Some(claim) = counts else { return Ok(None) };
    let cart = carts::load(conn, claim.holder, id, claim.label.clone(), currency)?;
    let holder = Holder {
        replica: claim.replica,
        till: claim.till,
        here: Some(claim.replica) == here,
        granted_to: claim.granted_to,
    };
    Ok(Some(Shared { cart, holder, term: claim.term }))
}

/// The claim that counts: of those that live, and that none goes on from, the highest.
pub(super) fn counting<'c>(conn: &Connection, claims: &'c [Claim]) -> Result<Option<&'c Claim>> {
    for claim in claims.iter().rev().filter(|claim| !claim.ended) {
        let mut passed_on = false;
        for other in claims {
            passed_on |= supersedes(conn, other, claim)?;
        }
        if !passed_on {
            return Ok(Some(claim));
        }
    }
    Ok(None)
}

/// Whether a claim stands in the place of a lower one: it goes on from it, or as long as what it
/// goes on from has not come here, may do so.
pub(super) fn supersedes(conn: &Connection, claim: &Claim, lower: &Claim) -> Result<bool> {
    if claim.term <= lower.term || gave_way_to(conn, claim, lower)? {
        return Ok(false);
    }
    let Some(from) = claim.from else { return Ok(true) };
    Ok(from.replica == lower.replica
        || !is_heard(conn, from.replica, from.seq)?
        || has_succeeded(conn, lower.holder, from.replica)?)
}

/// Whether a claim yielded to what the writer of another one claimed in an earlier life: that one goes
/// on from there, though what was said then may not be here yet.
pub(super) fn gave_way_to(conn: &Connection, claim: &Claim, other: &Claim) -> Result<bool> {
    match claim.above.filter(|_| claim.ended) {
        Some((replica, _)) => has_succeeded(conn, other.holder, replica),
        None => Ok(false),
    }
}

/// Whether a replica's workspace stream is here up to an entry, whether it counts or not: one whose
/// writer was revoked is waited for no more than any other.
pub(super) fn is_heard(conn: &Connection, replica: ReplicaId, seq: u64) -> Result<bool> {
    let found = sync::store::find_stream(conn, replica, sync::log::StreamKind::Workspace)?;
    let Some(stream) = found else { return Ok(false) };
    Ok(sync::store::head(conn, &stream)?.seq >= seq)
}

/// Whether a stream says that a replica is an earlier incarnation of its writer's.
fn has_succeeded(conn: &Connection, by: i64, replica: ReplicaId) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM succeeded WHERE replica = ?1 AND by = ?2)")?
        .query_row(params![replica.0, by], |row| row.get(0))?)
}

/// The receipt at which a cart was sold already.
pub fn sold_at(conn: &Connection, cart: CartId) -> Result<Option<ReceiptNumber>> {
    let told = conn
        .prepare_cached(
            "SELECT store, till, series, number FROM settlement
             WHERE cart = ?1 AND replica <> (SELECT replica FROM register WHERE id = 1)",
        )?
        .query_row([cart.0.cast_signed()], |row| {
            let (store, till, series) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(ReceiptNumber { store, till, series, number: row.get(3)? })
        })
        .optional()?;
    Ok(match told {
        Some(receipt) => Some(receipt),
        None => doubles::sales_of(conn, cart)?.pop().map(|(_, receipt)| receipt),
    })
}

/// Whether money was taken on a claim of this till's, or the card terminal asked for it.
pub(super) fn is_being_paid(conn: &Connection, holder: i64, cart: CartId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cart_tender WHERE holder = ?1 AND cart = ?2)
                 OR EXISTS (SELECT 1 FROM payment WHERE state = 0 AND cart = ?2)",
        )?
        .query_row(params![holder, cart.0.cast_signed()], |row| row.get(0))?)
}

/// All carts of the shop, in the order of their numbers.
pub fn all(conn: &Connection, currency: Currency) -> Result<Vec<Shared>> {
    let ids: rusqlite::Result<Vec<i64>> = conn
        .prepare_cached("SELECT DISTINCT cart FROM claim WHERE holder <> 0 ORDER BY cart")?
        .query_map([], |row| row.get(0))?
        .collect();
    let ids = ids?.into_iter().map(|id| CartId(id.cast_unsigned()));
    let found = ids.map(|id| cart(conn, id, currency)).filter_map(Result::transpose);
    found.collect()
}

/// Lines offered to a cart that nobody has dealt with, in the order of their dots.
pub fn offers(conn: &Connection, cart: CartId) -> Result<Vec<Offer>> {
    conn.prepare_cached(
        "SELECT of_replica, of_seq, of_index, cart, by, currency, line FROM offer
         WHERE cart = ?1
           AND NOT EXISTS (SELECT 1 FROM claim JOIN line_dot USING (holder, cart)
             WHERE claim.cart = offer.cart AND line_dot.of_replica = offer.of_replica AND line_dot.of_seq = offer.of_seq
             AND line_dot.of_index = offer.of_index)
           AND NOT EXISTS (SELECT 1 FROM answer WHERE answer.of_replica = offer.of_replica
             AND answer.of_seq = offer.of_seq AND answer.of_index = offer.of_index)
         GROUP BY of_replica, of_seq, of_index ORDER BY of_replica, of_seq, of_index",
    )?
    .query_and_then([cart.0.cast_signed()], offer_of)?
    .collect()
}

pub(super) fn offer_of(row: &Row<'_>) -> Result<Offer> {
    let damaged = |error: &dyn std::fmt::Display| TillStoreError::damaged("offer", error);
    let (by, currency): (String, String) = (row.get("by")?, row.get("currency")?);
    let currency = Currency::parse(&currency).map_err(|error| damaged(&error))?;
    let line: Vec<u8> = row.get("line")?;
    Ok(Offer {
        dot: Dot {
            replica: ReplicaId(row.get("of_replica")?),
            seq: row.get::<_, i64>("of_seq")?.cast_unsigned(),
            index: row.get("of_index")?,
        },
        cart: CartId(row.get::<_, i64>("cart")?.cast_unsigned()),
        by: StaffId::parse(&by).map_err(|error| damaged(&error))?,
        line: sync::space::decode_line(&line, currency)?,
    })
}

/// Carts that were sold by more than one till, with each of their sales.
pub fn sold_twice(conn: &Connection) -> Result<Vec<SoldTwice>> {
    let rows: rusqlite::Result<_> = conn
        .prepare_cached(
            "SELECT DISTINCT cart, store, till, series, number FROM sold_twice
             ORDER BY cart, till, series, number",
        )?
        .query_map([], |row| {
            Ok(SoldTwice {
                cart: CartId(row.get::<_, i64>(0)?.cast_unsigned()),
                receipt: ReceiptNumber {
                    store: row.get(1)?,
                    till: row.get(2)?,
                    series: row.get(3)?,
                    number: row.get(4)?,
                },
            })
        })?
        .collect();
    Ok(rows?)
}
