//! The shop's carts: what the operations of workspace streams come to.
//!
//! The same code folds an operation when it is recorded here, when it comes from a sibling, and
//! when state is rebuilt. Each stream folds into rows of its own (`holder`, `author`), so it does
//! not matter in which order streams arrive. What this till does about others' words is
//! [`react`]'s; the acts that record operations are [`super::carts`]'.

#[cfg(test)]
mod oracle;
pub(super) mod react;
pub(super) mod restate;
mod rows;
pub(super) mod shared;
#[cfg(test)]
mod testing;

use super::error::Result;
use commerce::cart::CartId;
use commerce::sale::ReceiptNumber;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
use sync::log::ReplicaId;
use sync::space::{Dot, End, Held, Offered, Operation};
use sync::store::{AlarmKind, raise};

/// The most claims of one sibling: a till parks at most two hundred carts, and a newer one's bound
/// may be higher. What is above is not shown here, and bounded so that no stream fills this file.
const MAX_CLAIMS: i64 = 4_096;

/// The most lines that one sibling offers at a time, and the most answers of one holder: a few
/// trolleys' worth.
const MAX_OFFERS: i64 = 16_384;

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
        // Of an incarnation before counts what it sold, and which numbers it gave.
        let lasting = matches!(
            operation,
            Operation::Ended { end: End::Paid(_), .. } | Operation::Introduced { .. }
        );
        if gone && !lasting {
            continue;
        }
        folded.carts.extend(fold_one(tx, place, index, operation)?);
        if let Operation::SoldTwice { cart, sales } = operation {
            folded.alarmed |= fold_sold_twice(tx, place, *cart, sales)?;
        }
    }
    Ok(folded)
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
            fold_offer(tx, place, offered, here)?;
            Some(offered.cart)
        }
        Operation::Withdrawn { dot } => fold_withdrawal(tx, place, *dot)?,
        Operation::Answered { cart, dot } => {
            fold_answer(tx, place, *cart, *dot)?;
            Some(*cart)
        }
        Operation::Succeeds { replica } => {
            fold_succession(tx, place, *replica)?;
            None
        }
        Operation::SoldTwice { cart, .. } => Some(*cart),
        Operation::Introduced { till, series } => {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO writer (holder, till, series) VALUES (?1, ?2, ?3)",
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
    tx.prepare_cached(
        "INSERT INTO claim (holder, cart, term, opened_at, opened_by, label, forced_by, begun)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
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
        drop_ended(tx, cart)?;
    }
    Ok(())
}

/// Drops the ended claims on a cart that nothing is waiting for: no lower claim that would count
/// instead, and none that yielded to one which was not heard yet. Whether there were any.
fn drop_ended(tx: &Connection, cart: CartId) -> Result<bool> {
    let (mut forgot, mut needed) = (false, false);
    for claim in shared::claims_on(tx, cart)? {
        let waits = match claim.above {
            Some((replica, seq)) => !is_heard(tx, replica, seq)?,
            None => needed,
        };
        if !claim.ended || waits {
            needed = true;
            continue;
        }
        rows::drop_claim(tx, claim.holder, cart)?;
        forgot = true;
    }
    Ok(forgot)
}

/// Whether a replica's workspace stream is here up to an entry, whether it counts or not: one whose
/// writer was revoked is waited for no more than any other.
fn is_heard(conn: &Connection, replica: ReplicaId, seq: u64) -> Result<bool> {
    let found = sync::store::find_stream(conn, replica, sync::log::StreamKind::Workspace)?;
    let Some(stream) = found else { return Ok(false) };
    Ok(sync::store::head(conn, &stream)?.seq >= seq)
}

/// Keeps who sold a cart beside another; an alarm when nobody has told of it before.
fn fold_sold_twice(
    tx: &Connection,
    place: Place,
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
        put.execute(params![
            place.holder,
            cart,
            replica.0,
            at.store,
            at.till,
            at.series,
            at.number
        ])?;
    }
    let news = told(tx)? > before;
    let Some(now_ms) = place.now_ms.filter(|_| news) else { return Ok(false) };
    let receipts: Vec<String> = sales.iter().map(|(_, at)| at.to_string()).collect();
    let detail = format!(
        "sold at {}: compare the receipts, and return what was paid twice",
        receipts.join(" and at ")
    );
    raise(tx, now_ms, AlarmKind::PaidTwice, &format!("cart {cart}"), &detail)?;
    Ok(true)
}

fn fold_offer(tx: &Connection, place: Place, offered: &Offered, here: Dot) -> Result<()> {
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

fn fold_withdrawal(tx: &Connection, place: Place, dot: Dot) -> Result<Option<CartId>> {
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

fn fold_answer(tx: &Connection, place: Place, cart: CartId, dot: Dot) -> Result<()> {
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
        Some(former) => rows::drop_all(tx, former.local()),
        None => Ok(()),
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
    for (table, whose) in [("writer", "holder"), ("succeeded", "by"), ("sold_twice", "author")] {
        tx.execute(&format!("DELETE FROM {table} WHERE {whose} = ?1"), [holder])?;
    }
    Ok(carts?)
}

fn is_succeeded(conn: &Connection, replica: ReplicaId) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM succeeded WHERE replica = ?1)")?
        .query_row([replica.0], |row| row.get(0))?)
}

/// Forgets what nobody waits for any more: ended claims that no lower one is below, answers to
/// offers that are over, and who sold a cart that nobody claims. Called once everything that came
/// is folded and answered; whether a claim was forgotten.
pub(super) fn sweep(tx: &Connection) -> Result<bool> {
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
    Ok(forgot)
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

/// Empties the tables and folds every workspace stream again, its own and the siblings'. Carts
/// that were never restated in a stream stay.
pub(super) fn rebuild(tx: &Connection) -> Result<()> {
    for (table, whose) in [
        ("writer", "holder"),
        ("succeeded", "by"),
        ("claim", "holder"),
        ("cart_line", "holder"),
        ("cart_discount", "holder"),
        ("cart_tender", "holder"),
        ("offer", "author"),
        ("answer", "holder"),
        ("sold_twice", "author"),
    ] {
        tx.execute(&format!("DELETE FROM {table} WHERE {whose} <> 0"), [])?;
    }
    let own = sync::store::streams(tx)?.into_iter().map(|stream| (stream, true));
    let peers = sync::store::peer_streams(tx)?.into_iter().map(|stream| (stream, false));
    for (stream, own) in own.chain(peers) {
        if stream.id().kind == sync::log::StreamKind::Workspace {
            rebuild_stream(tx, &stream, own)?;
        }
    }
    sweep(tx)?;
    Ok(())
}

fn rebuild_stream(tx: &Connection, stream: &sync::store::Stream, own: bool) -> Result<()> {
    /// Entries read at a time, to bound memory.
    const BATCH: usize = 256;
    let last = sync::store::folded(tx, stream)?;
    let mut next = sync::store::base(tx, stream)?.seq + 1;
    while next <= last {
        let entries = sync::store::read(tx, stream, next, BATCH)?;
        if entries.is_empty() {
            break;
        }
        for stored in entries.iter().take_while(|stored| stored.entry.seq <= last) {
            let replica = stream.id().replica;
            let seq = stored.entry.seq;
            let place = Place { holder: stream.local(), replica, seq, own, now_ms: None };
            fold_body(tx, place, &stored.entry.body)?;
        }
        next = entries.last().map_or(last, |stored| stored.entry.seq) + 1;
    }
    Ok(())
}

/// Folds an entry's body. One of a newer kind is passed over: its bytes are kept, and a rebuild
/// folds them once this till is updated.
pub(super) fn fold_body(tx: &Connection, place: Place, body: &[u8]) -> Result<Folded> {
    match sync::space::decode(body) {
        Ok(operations) => fold_workspace(tx, place, &operations),
        Err(sync::body::BodyError::UnknownKind(kind)) => {
            tracing::warn!(kind, replica = %place.replica, seq = place.seq, "an entry of a newer Till is kept and not folded");
            Ok(Folded::default())
        }
        Err(error) => Err(error.into()),
    }
}
