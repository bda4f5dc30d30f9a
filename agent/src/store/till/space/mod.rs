//! The shop's carts: what the operations of workspace streams come to.
//!
//! The same code folds an operation when it is recorded here, when it comes from a sibling, and
//! when state is rebuilt. Each stream folds into rows of its own (`holder`, `author`), so it does
//! not matter in which order streams arrive. What this till does about others' words is
//! [`react`]'s; the acts that record operations are [`super::carts`]'.

mod offers;
#[cfg(test)]
mod oracle;
pub(super) mod react;
mod rebuild;
pub(super) mod restate;
mod rows;
pub(super) mod run;
pub(super) mod shared;
mod sweep;
#[cfg(test)]
mod testing;

pub(super) use rebuild::{fold_anew, fold_unread, rebuild};
pub(super) use sweep::{is_forgotten, sweep};

use super::doubles;
use super::error::Result;
use commerce::cart::CartId;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use sync::log::ReplicaId;
use sync::space::{Dot, End, Held, Operation};

/// The most claims of one sibling: a till parks at most two hundred carts, and a newer one's bound
/// may be higher. What is above is not shown here, and bounded so that no stream fills this file.
const MAX_CLAIMS: i64 = 4_096;

/// The most lines that one sibling offers at a time, and the most answers of one holder: a few
/// trolleys' worth.
const MAX_OFFERS: i64 = 4_096;

/// Tables that a rebuild empties and folds again from workspace streams.
pub const FOLDED_CARTS: [&str; 9] = [
    "writer",
    "succeeded",
    "claim",
    "cart_line",
    "cart_discount",
    "cart_tender",
    "offer",
    "answer",
    "sold_twice",
];

/// Where an entry of a workspace stream stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The stream's number in this database, which its rows bear.
    pub holder: i64,
    /// Who writes it.
    pub replica: ReplicaId,
    /// The entry's sequence.
    pub seq: u64,
    /// Whether an incarnation of this till writes it.
    pub own: bool,
    /// When it came; `None` when it was folded before: then nobody acts upon it again.
    pub now_ms: Option<i64>,
}

/// What entries came to.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The carts they are about.
    pub carts: BTreeSet<CartId>,
    /// Whether somebody must see to something.
    pub alarmed: bool,
}

impl Folded {
    /// Adds what further entries came to.
    pub fn add(&mut self, mut other: Self) {
        self.carts.append(&mut other.carts);
        self.alarmed |= other.alarmed;
    }
}

/// Folds an entry's operations.
pub(super) fn fold_workspace(
    tx: &Connection,
    place: Place,
    operations: &[Operation],
) -> Result<Folded> {
    let mut folded = Folded::default();
    let gone = is_succeeded(tx, place.replica)?;
    for (index, operation) in (0_u32..).zip(operations) {
        fold_next(tx, place, (index, gone), operation, &mut folded)?;
    }
    Ok(folded)
}

/// Folds the operation of that index; `gone` is whether its writer was succeeded.
fn fold_next(
    tx: &Connection,
    place: Place,
    (index, gone): (u32, bool),
    operation: &Operation,
    folded: &mut Folded,
) -> Result<()> {
    // Of an incarnation before counts what it sold, which numbers it gave, whom it came after and
    // what it found sold twice: whether it is heard before its successor or after.
    let lasting = matches!(
        operation,
        Operation::Ended { end: End::Paid(_), .. }
            | Operation::Introduced { .. }
            | Operation::Succeeds { .. }
            | Operation::SoldTwice { .. }
    );
    if gone {
        note_former(tx, place, operation)?;
        if !lasting {
            return Ok(());
        }
    }
    folded.carts.extend(fold_one(tx, place, index, operation)?);
    if let Operation::SoldTwice { cart, sales } = operation {
        folded.alarmed |= doubles::keep(tx, place.holder, place.now_ms, *cart, sales)?;
    }
    Ok(())
}

fn fold_one(
    tx: &Connection,
    place: Place,
    index: u32,
    operation: &Operation,
) -> Result<Option<CartId>> {
    let here = Dot { replica: place.replica, seq: place.seq, index };
    Ok(match operation {
        Operation::Held(held) => {
            fold_held(tx, place, held)?;
            Some(held.cart)
        }
        Operation::Labelled { cart, label } => {
            tx.prepare_cached("UPDATE claim SET label = ?3 WHERE holder = ?1 AND cart = ?2")?
                .execute(params![place.holder, cart.0.cast_signed(), label])?;
            Some(*cart)
        }
        Operation::Line { cart, line, dot } => {
            rows::put_line(tx, place, *cart, line, dot.unwrap_or(here))?;
            Some(*cart)
        }
        Operation::Discounted { cart, line, position, discount } => {
            rows::put_discount(tx, place, *cart, (*line, *position), discount)?;
            Some(*cart)
        }
        Operation::Tendered { cart, position, tendered } => {
            rows::put_tender(tx, place, *cart, *position, tendered)?;
            Some(*cart)
        }
        Operation::TendersBack { cart } => {
            rows::drop_tenders(tx, place.holder, *cart)?;
            Some(*cart)
        }
        Operation::Ended { cart, end } => {
            fold_end(tx, place, *cart, end)?;
            Some(*cart)
        }
        Operation::Granted { cart, to } => {
            tx.prepare_cached("UPDATE claim SET granted_to = ?3 WHERE holder = ?1 AND cart = ?2")?
                .execute(params![place.holder, cart.0.cast_signed(), to.0])?;
            Some(*cart)
        }
        Operation::Offered(offered) => {
            offers::fold_offer(tx, place, offered, here)?;
            Some(offered.cart)
        }
        Operation::Withdrawn { dot } => offers::fold_withdrawal(tx, place, *dot)?,
        Operation::Answered { cart, dot } => {
            offers::fold_answer(tx, place, *cart, *dot)?;
            Some(*cart)
        }
        Operation::Succeeds { replica } => {
            fold_succession(tx, place, *replica)?;
            None
        }
        Operation::SoldTwice { cart, .. } => Some(*cart),
        Operation::Introduced { till, series } => {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO writer (holder, till, series) SELECT ?1, ?2, ?3
                 WHERE NOT EXISTS (SELECT 1 FROM known_writer WHERE stream = ?1)
                   OR EXISTS (SELECT 1 FROM known_writer WHERE stream = ?1 AND till = ?2)",
            )?
            .execute(params![place.holder, till, series])?;
            None
        }
        Operation::Attached { cart, customer } => {
            tx.prepare_cached("UPDATE claim SET customer = ?3 WHERE holder = ?1 AND cart = ?2")?
                .execute(params![
                    place.holder,
                    cart.0.cast_signed(),
                    customer.map(|customer| customer.0)
                ])?;
            Some(*cart)
        }
        Operation::Unknown { kind } => {
            tracing::debug!(kind, replica = %place.replica, seq = place.seq, "a newer Till's operation is kept and not folded");
            None
        }
    })
}

/// Keeps what an earlier incarnation of this till's said last of a cart.
fn note_former(tx: &Connection, place: Place, operation: &Operation) -> Result<()> {
    let (cart, term) = match operation {
        Operation::Ended { cart, .. } => (cart, None),
        Operation::Held(held) => (&held.cart, Some(held.term)),
        _ => return Ok(()),
    };
    tx.prepare_cached(
        "INSERT INTO former_word (cart, replica, seq, term) SELECT ?1, ?2, ?3, ?4
         WHERE EXISTS (SELECT 1 FROM replica WHERE id = ?2 AND own = 1)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, term = excluded.term
         WHERE excluded.seq >= seq",
    )?
    .execute(params![cart.0.cast_signed(), place.replica.0, place.seq.cast_signed(), term])?;
    Ok(())
}

fn fold_held(tx: &Connection, place: Place, held: &Held) -> Result<()> {
    let cart = held.cart.0.cast_signed();
    let there: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM claim WHERE holder = ?1 AND cart = ?2)")?
        .query_row(params![place.holder, cart], |row| row.get(0))?;
    if there {
        rows::drop_claim(tx, place.holder, held.cart)?;
    } else if !place.own && rows::count(tx, "claim", "holder", place.holder)? >= MAX_CLAIMS {
        return Ok(());
    }
    // What it answered when it held the cart before is over, or stated again with this.
    tx.prepare_cached("DELETE FROM answer WHERE holder = ?1 AND cart = ?2")?
        .execute(params![place.holder, cart])?;
    tx.prepare_cached(
        "INSERT INTO claim (holder, cart, term, opened_at, opened_by, label, forced_by, begun,
            from_replica, from_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        place.holder,
        cart,
        held.term,
        held.opened_at.as_millisecond(),
        held.opened_by.as_str(),
        held.label,
        held.forced_by.as_ref().map(commerce::staff::StaffId::as_str),
        place.seq.cast_signed(),
        held.from.map(|from| from.replica.0),
        held.from.map(|from| from.seq.cast_signed()),
    ])?;
    if held.forced_by.is_some() && place.now_ms.is_some() {
        tx.execute("INSERT OR IGNORE INTO contested (cart) VALUES (?1)", [cart])?;
    }
    Ok(())
}

/// A claim is no more. What its holder did with others' lines stays known until they have heard.
fn fold_end(tx: &Connection, place: Place, cart: CartId, end: &End) -> Result<()> {
    let id = cart.0.cast_signed();
    if let End::Paid(at) = end
        && place.now_ms.is_some()
    {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO settlement (cart, replica, store, till, series, number)
             SELECT cart, ?2, ?3, ?4, ?5, ?6 FROM contested WHERE cart = ?1",
        )?
        .execute(params![id, place.replica.0, at.store, at.till, at.series, at.number])?;
    }
    // Who yields answers for nothing: the claim above has each line, or it is offered again.
    let answers = !matches!(end, End::Yielded { .. });
    if answers && (place.own || rows::count(tx, "answer", "holder", place.holder)? < MAX_OFFERS) {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO answer (holder, of_replica, of_seq, of_index, cart)
             SELECT holder, of_replica, of_seq, of_index, cart FROM line_dot
             WHERE holder = ?1 AND cart = ?2 AND (of_replica <> ?3 OR EXISTS (
               SELECT 1 FROM offer WHERE offer.of_replica = line_dot.of_replica
                 AND offer.of_seq = line_dot.of_seq AND offer.of_index = line_dot.of_index))",
        )?
        .execute(params![place.holder, id, place.replica.0])?;
    }
    let above = match end {
        End::Yielded { to, seq } => Some((to.0, seq.cast_signed())),
        End::Paid(_) | End::Cancelled => None,
    };
    rows::drop_tenders(tx, place.holder, cart)?;
    tx.prepare_cached(
        "UPDATE claim SET ended = 1, above = ?3, above_seq = ?4 WHERE holder = ?1 AND cart = ?2",
    )?
    .execute(params![
        place.holder,
        id,
        above.map(|(replica, _)| replica),
        above.map(|(_, seq)| seq)
    ])?;
    // When everything is folded again, what is below a claim may come after it.
    if place.now_ms.is_some() {
        sweep::drop_ended(tx, cart)?;
    }
    Ok(())
}

fn fold_succession(tx: &Connection, place: Place, replica: ReplicaId) -> Result<()> {
    if replica == place.replica {
        return Ok(());
    }
    tx.execute(
        "INSERT OR IGNORE INTO succeeded (replica, by) VALUES (?1, ?2)",
        params![replica.0, place.holder],
    )?;
    let former = sync::store::find_stream(tx, replica, sync::log::StreamKind::Workspace)?;
    match former {
        Some(former) if is_succeeded(tx, replica)? => rows::drop_all(tx, former.local()),
        _ => Ok(()),
    }
}

/// Forgets what a stream came to; gives the carts it was about.
pub(super) fn forget(tx: &Connection, holder: i64) -> Result<BTreeSet<CartId>> {
    let carts: rusqlite::Result<BTreeSet<CartId>> = tx
        .prepare_cached(
            "SELECT cart FROM claim WHERE holder = ?1 UNION SELECT cart FROM offer WHERE author = ?1",
        )?
        .query_map([holder], |row| Ok(CartId(row.get::<_, i64>(0)?.cast_unsigned())))?
        .collect();
    rows::drop_all(tx, holder)?;
    super::unread::forget_all(tx, holder)?;
    for (table, whose) in [("writer", "holder"), ("succeeded", "by"), ("sold_twice", "author")] {
        tx.execute(&format!("DELETE FROM {table} WHERE {whose} = ?1"), [holder])?;
    }
    Ok(carts?)
}

/// The carts that anybody says something of.
pub(super) fn all_carts(conn: &Connection) -> Result<BTreeSet<CartId>> {
    let carts: rusqlite::Result<_> = conn
        .prepare_cached("SELECT cart FROM claim UNION SELECT cart FROM offer")?
        .query_map([], |row| Ok(CartId(row.get::<_, i64>(0)?.cast_unsigned())))?
        .collect();
    Ok(carts?)
}

/// Whether a replica is no more: by a later one under the same key or, where the key was replaced, of
/// the same till by its papers, for nobody ends another till's. As what this till writes it stands,
/// whatever a copy of it says.
fn is_succeeded(conn: &Connection, replica: ReplicaId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM succeeded
               JOIN stream ON stream.local = succeeded.by
               JOIN replica AS later ON later.local = stream.replica
               JOIN replica AS former ON former.id = succeeded.replica
             WHERE succeeded.replica = ?1
               AND (former.public_key = later.public_key OR former.own AND later.own
                 OR EXISTS (SELECT 1 FROM known_writer AS this
                     JOIN known_writer AS that USING (store, thing)
                     JOIN stream AS past ON past.local = that.stream
                   WHERE this.stream = succeeded.by AND past.replica = former.local))
               AND NOT EXISTS (SELECT 1 FROM register WHERE register.replica = former.id))",
        )?
        .query_row([replica.0], |row| row.get(0))?)
}

/// Folds an entry's body.
pub(super) fn fold_body(tx: &Connection, place: Place, body: &[u8]) -> Result<Folded> {
    match run::said(tx, place, body)? {
        Some(said) => fold_workspace(tx, place, &said.operations),
        None => Ok(Folded::default()),
    }
}
