//! The fold: what each fact of the journal does to the state tables.
//!
//! The same code runs in the transaction that records a fact and when state is rebuilt from the
//! journal, so the two cannot differ.

use super::error::{Result, TillStoreError};
use super::{customers, doubles, peers, space};
use commerce::cart::CartId;
use commerce::fact::{
    Fact, PaymentEnded, PaymentIntended, PaymentKind, PaymentOutcome, SeriesOpened,
};
use commerce::returns::{Return, ReturnKind};
use commerce::sale::{ReceiptNumber, Sale, Stamp};
use commerce::shift::additions;
use commerce::tender::CardSlip;
use rusqlite::{Connection, OptionalExtension, named_params, params};
use sync::clock::Hlc;
use sync::log::{ReplicaId, StreamKind};
use sync::store::{Counter, Stream, fold_stock, journals, set_folded};

/// Where a fact stands in the journal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub replica: ReplicaId,
    pub series: u32,
    pub seq: u64,
    pub clock: Hlc,
}

/// Tables that [`rebuild`] empties and folds again, in the order of the schema.
pub const FOLDED: [&str; 11] = [
    "counter",
    "series",
    "shift",
    "shift_total",
    "receipt",
    "returned_line",
    "returned_tender",
    "payment",
    "stock",
    "peer_receipt",
    "beside_sale",
];

/// Folds one fact into state.
pub(super) fn fold(tx: &Connection, place: Place, fact: &Fact) -> Result<()> {
    match fact {
        Fact::SeriesOpened(opened) => fold_series(tx, place, opened)?,
        Fact::ShiftOpened(opened) => {
            tx.prepare_cached(
                "INSERT INTO shift (shift, business_day, opened_at, opened_by) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                opened.stamp.shift,
                opened.business_day.to_string(),
                opened.stamp.at.as_millisecond(),
                opened.stamp.by.as_str(),
            ])?;
            set_counter(tx, "shift", i64::from(opened.stamp.shift))?;
        }
        Fact::ShiftClosed(closed) => {
            tx.prepare_cached(
                "UPDATE shift SET closed_at = ?2, z = ?3, closing_seq = ?4, series = ?5 WHERE shift = ?1",
            )?
            .execute(params![
                closed.stamp.shift,
                closed.stamp.at.as_millisecond(),
                closed.z,
                place.seq.cast_signed(),
                place.series,
            ])?;
            set_counter(tx, "z", i64::from(closed.z))?;
        }
        Fact::Sold(sale) => fold_sale(tx, place, sale)?,
        Fact::Returned(returned) => fold_return(tx, place, returned)?,
        Fact::PaymentIntended(intended) => fold_intended(tx, intended)?,
        Fact::PaymentEnded(ended) => fold_ended(tx, place, ended)?,
        Fact::PaymentPutRight(fact) => use_payment(tx, Some(fact.intent))?,
        Fact::StockCounted(_)
        | Fact::CashMoved(_)
        | Fact::DrawerOpened(_)
        | Fact::CartCancelled(_) => {}
    }
    fold_stock(tx, Counter { replica: place.replica, clock: place.clock }, fact, journals)?;
    add_totals(tx, fact)
}

fn fold_series(tx: &Connection, place: Place, opened: &SeriesOpened) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO series (series, replica, store, till, reason, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        opened.series,
        place.replica.0,
        opened.store,
        opened.till,
        opened.reason as u8,
        opened.at.as_millisecond(),
    ])?;
    set_counter(tx, "series", i64::from(opened.series))?;
    set_counter(tx, "receipt", 0)
}

fn fold_sale(tx: &Connection, place: Place, sale: &Sale) -> Result<()> {
    let (kind, total) = ((1, Some(sale.cart)), sale.total.minor());
    put_receipt(tx, place, &sale.receipt, kind, &sale.stamp, total)?;
    for tendered in &sale.tenders {
        use_payment(tx, tendered.intent)?;
    }
    Ok(())
}

fn fold_return(tx: &Connection, place: Place, returned: &Return) -> Result<()> {
    let kind = match returned.kind {
        ReturnKind::Refund => 2,
        ReturnKind::PostVoid => 3,
    };
    let (kind, total) = ((kind, None), returned.total.minor());
    put_receipt(tx, place, &returned.receipt, kind, &returned.stamp, total)?;
    let of = &returned.of;
    for line in &returned.lines {
        tx.prepare_cached(
            "INSERT INTO returned_line (series, number, line, thousandths) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET thousandths = thousandths + excluded.thousandths",
        )?
        .execute(params![of.series, of.number, line.line, line.quantity.thousandths()])?;
    }
    for payout in &returned.payouts {
        use_payment(tx, payout.intent)?;
        tx.prepare_cached(
            "INSERT INTO returned_tender (series, number, tender, amount) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        )?
        .execute(params![of.series, of.number, payout.against, payout.amount.minor()])?;
    }
    Ok(())
}

fn fold_intended(tx: &Connection, intended: &PaymentIntended) -> Result<()> {
    let (kind, reverses) = match intended.kind {
        PaymentKind::Authorise => (1, 0),
        PaymentKind::Refund => (2, 0),
        PaymentKind::Reverse { receipt_number } => (3, receipt_number),
    };
    tx.prepare_cached(
        "INSERT INTO payment (intent, kind, reverses, cart, shift, asked, at, by)
         VALUES (:intent, :kind, :reverses, :cart, :shift, :asked, :at, :by)",
    )?
    .execute(named_params! {
        ":intent": intended.intent.cast_signed(),
        ":kind": kind,
        ":reverses": reverses,
        ":cart": intended.cart.0.cast_signed(),
        ":shift": intended.stamp.shift,
        ":asked": intended.amount.minor(),
        ":at": intended.stamp.at.as_millisecond(),
        ":by": intended.stamp.by.as_str(),
    })?;
    set_counter(tx, "intent", intended.intent.cast_signed())
}

fn fold_ended(tx: &Connection, place: Place, ended: &PaymentEnded) -> Result<()> {
    let none = CardSlip::default();
    let (state, moved, card) = match &ended.outcome {
        PaymentOutcome::Approved { amount, card } => (1, amount.minor(), card),
        PaymentOutcome::Declined { .. } => (2, 0, &none),
        PaymentOutcome::NotSent { .. } => (3, 0, &none),
    };
    tx.prepare_cached(
        "UPDATE payment SET state = :state, moved = :moved, terminal_number = :number, trace = :trace,
            terminal_id = :terminal, ended_series = :series, ended_seq = :seq
         WHERE intent = :intent",
    )?
    .execute(named_params! {
        ":intent": ended.intent.cast_signed(),
        ":state": state,
        ":moved": moved,
        ":number": card.receipt_number,
        ":trace": card.trace,
        ":terminal": card.terminal_id,
        ":series": place.series,
        ":seq": place.seq.cast_signed(),
    })?;
    if state == 1 {
        // A reversal that went through settles both itself and what it undid: the latest payment
        // with that number, for a terminal's numbers begin again. One that stands in a sale is
        // undone by a return, which then counts the reversal; else someone must look.
        tx.prepare_cached(
            "UPDATE payment SET used = 1 WHERE intent = ?1 AND kind = 3 AND moved = asked
               AND (SELECT undone.used FROM payment AS undone
                    WHERE undone.terminal_number = payment.reverses AND undone.terminal_number > 0
                      AND undone.intent < payment.intent AND undone.kind IN (1, 2)
                      AND undone.state = 1 ORDER BY undone.intent DESC LIMIT 1) = 0",
        )?
        .execute([ended.intent.cast_signed()])?;
        tx.prepare_cached(
            "UPDATE payment SET used = 1 WHERE intent =
               (SELECT max(undone.intent) FROM payment AS reversal JOIN payment AS undone
                ON undone.terminal_number = reversal.reverses AND undone.terminal_number > 0
                  AND undone.intent < reversal.intent
                WHERE reversal.intent = ?1 AND reversal.kind = 3 AND reversal.reverses > 0
                  AND reversal.moved = reversal.asked
                  AND undone.kind IN (1, 2) AND undone.state = 1)",
        )?
        .execute([ended.intent.cast_signed()])?;
    }
    Ok(())
}

fn put_receipt(
    tx: &Connection,
    place: Place,
    receipt: &ReceiptNumber,
    (kind, cart): (u8, Option<CartId>),
    stamp: &Stamp,
    total: i64,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO receipt (series, number, kind, seq, shift, at, total, cart)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        receipt.series,
        receipt.number,
        kind,
        place.seq.cast_signed(),
        stamp.shift,
        stamp.at.as_millisecond(),
        total,
        cart.map(|cart| cart.0.cast_signed()),
    ])?;
    set_counter(tx, "receipt", i64::from(receipt.number))
}

fn use_payment(tx: &Connection, intent: Option<u64>) -> Result<()> {
    if let Some(intent) = intent {
        tx.prepare_cached("UPDATE payment SET used = 1 WHERE intent = ?1")?
            .execute([intent.cast_signed()])?;
    }
    Ok(())
}

fn add_totals(tx: &Connection, fact: &Fact) -> Result<()> {
    let Some(shift) = fact.shift() else {
        return Ok(());
    };
    let mut statement = tx.prepare_cached(
        "INSERT INTO shift_total (shift, kind, key, count, amount) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET count = count + excluded.count, amount = amount + excluded.amount",
    )?;
    for total in additions(fact) {
        statement.execute(params![
            shift,
            total.kind.number(),
            total.key,
            total.count,
            total.amount
        ])?;
    }
    Ok(())
}

/// A counter's last value, 0 when it was never given.
pub(super) fn counter(conn: &Connection, name: &str) -> Result<i64> {
    let value = conn
        .prepare_cached("SELECT value FROM counter WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(value.unwrap_or(0))
}

/// Leaves out the numbers of a fact of this till's own that came back from a peer, after its database
/// had been put back: none is given again.
pub(super) fn skip_numbers(tx: &Connection, fact: &Fact) -> Result<()> {
    let (name, number) = match fact {
        Fact::ShiftOpened(opened) => ("shift", i64::from(opened.stamp.shift)),
        Fact::ShiftClosed(closed) => ("z", i64::from(closed.z)),
        Fact::PaymentIntended(intended) => ("intent", intended.intent.cast_signed()),
        _ => return Ok(()),
    };
    if counter(tx, name)? < number { set_counter(tx, name, number) } else { Ok(()) }
}

fn set_counter(tx: &Connection, name: &str, value: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
    )?
    .execute(params![name, value])?;
    Ok(())
}

/// Entries read at a time, to bound memory.
const BATCH: usize = 256;

/// Empties the folded tables and folds the whole journal again, in the caller's transaction.
/// `progress` hears how many entries are done.
///
/// # Errors
/// When an entry cannot be read, decoded or folded.
pub fn rebuild(tx: &Connection, progress: &mut dyn FnMut(u64)) -> Result<()> {
    for table in FOLDED {
        tx.execute(&format!("DELETE FROM {table}"), [])?;
    }
    let counted = peers::unfold(tx)?;
    peers::refold_orphans(tx)?;
    let mut done = 0;
    let own = sync::store::streams(tx)?.into_iter();
    for stream in own.filter(|stream| stream.id().kind == StreamKind::Journal) {
        let to = peers::written_here(tx, &stream)?;
        done += rebuild_own(tx, &stream, to, &mut |folded| progress(done + folded))?;
    }
    for (stream, from, to) in counted {
        done += peers::refold(tx, &stream, from, to, &mut |folded| progress(done + folded))?;
    }
    doubles::find_again(tx)?;
    space::rebuild(tx)?;
    customers::rebuild(tx)?;
    if series_missing(tx)? {
        return Err(TillStoreError::damaged("entry", "the journal opens no receipt series"));
    }
    Ok(())
}

/// Folds the entries up to `to` of a journal that was written here.
fn rebuild_own(
    tx: &Connection,
    stream: &Stream,
    to: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    let (mut series, mut next, mut done) = (0, 1, 0);
    while next <= to {
        let limit = usize::try_from(to - next + 1).unwrap_or(BATCH).min(BATCH);
        let entries = sync::store::read(tx, stream, next, limit)?;
        if entries.is_empty() {
            break;
        }
        for stored in entries {
            let fact = sync::body::decode(&stored.entry.body)?;
            if let Fact::SeriesOpened(opened) = &fact {
                series = opened.series;
            }
            let (seq, clock) = (stored.entry.seq, stored.entry.clock);
            fold(tx, Place { replica: stream.id().replica, series, seq, clock }, &fact)?;
            (next, done) = (seq + 1, done + 1);
        }
        set_folded(tx, stream, next - 1)?;
        progress(done);
    }
    Ok(done)
}

fn series_missing(tx: &Connection) -> Result<bool> {
    Ok(counter(tx, "series")? == 0)
}
