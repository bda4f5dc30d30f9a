//! What facts of peers' journals do to state: they move the shop's stock and fill the list of its
//! receipts; they never touch this till's own shifts, payments and numbers.
//!
//! Called by [`super::fold`] with the entries that count, and when a newer version of Till starts.

use super::super::doubles;
use super::super::error::Result;
use super::super::fold;
use super::super::unread;
use super::fold::{Writer, cannot_be_read, disbelieve, warn};
use super::recount;
use super::writers::Known;
use commerce::cart::CartId;
use commerce::fact::Fact;
use commerce::returns::ReturnKind;
use commerce::sale::{ReceiptNumber, Stamp};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use sync::body::BodyError;
use sync::log::Entry;
use sync::store::{AlarmKind, Counter, Moves, Owner, fold_stock, journals, movements, owner};

/// Folds entries of a peer's journal, with each SKU's row written once where it can be; whether
/// somebody must see to something.
pub(super) fn fold_facts<'e>(
    tx: &Connection,
    writer: Writer<'_>,
    entries: impl Iterator<Item = &'e Entry>,
) -> Result<bool> {
    let (mut moves, mut alarmed) = (Moves::default(), false);
    let known = Known::of(tx, writer.stream)?;
    let own = owner(tx, writer.stream.id().replica)? == Some(Owner::Own);
    for entry in entries {
        match sync::body::decode(&entry.body) {
            Ok(fact) => {
                if own {
                    fold::skip_numbers(tx, &fact)?;
                }
                moves.fold(tx, writer.counter(entry.clock), &fact, journals)?;
                alarmed |= put_receipt(tx, writer, &known, entry.seq, &fact)?;
            }
            Err(error) => alarmed |= pass_over(tx, writer, entry.seq, &error)?,
        }
    }
    moves.write(tx)?;
    Ok(alarmed)
}

/// Keeps in mind what this version can't read; what no version wrote is told.
fn pass_over(tx: &Connection, writer: Writer<'_>, seq: u64, error: &BodyError) -> Result<bool> {
    unread::put(tx, writer.stream.local(), seq)?;
    if error.is_newer() {
        return Ok(false);
    }
    disbelieve(tx, writer, seq, &cannot_be_read(error))
}

/// Puts a receipt on the list; one that is there was given twice.
fn put_receipt(
    tx: &Connection,
    writer: Writer<'_>,
    known: &Known,
    seq: u64,
    fact: &Fact,
) -> Result<bool> {
    let Some((receipt, kind, stamp, total)) = receipt_of(fact) else { return Ok(false) };
    if !known.gives(receipt) {
        return disbelieve(tx, writer, seq, &format!("gives receipt {receipt}, another till's"));
    }
    let cart = match fact {
        Fact::Sold(sale) => Some(sale.cart),
        _ => None,
    };
    let put = tx
        .prepare_cached(
            "INSERT INTO peer_receipt (till, series, number, kind, stream, seq, at, total, cart)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            receipt.till,
            receipt.series,
            receipt.number,
            kind,
            writer.stream.local(),
            seq.cast_signed(),
            stamp.at.as_millisecond(),
            total,
            cart.map(|cart| cart.0.cast_signed()),
        ])?;
    if put == 1 {
        return match cart.zip(writer.now_ms) {
            Some((cart, now_ms)) => doubles::find(tx, Some(now_ms), cart),
            None => Ok(false),
        };
    }
    let detail = format!("entry {seq} of the {} gives it again", writer.stream.id());
    warn(tx, writer.now_ms, AlarmKind::Fork, &format!("receipt {receipt}"), &detail)
}

fn receipt_of(fact: &Fact) -> Option<(&ReceiptNumber, u8, &Stamp, i64)> {
    match fact {
        Fact::Sold(sale) => Some((&sale.receipt, 1, &sale.stamp, sale.total.minor())),
        Fact::Returned(returned) => {
            let kind = match returned.kind {
                ReturnKind::Refund => 2,
                ReturnKind::PostVoid => 3,
            };
            Some((&returned.receipt, kind, &returned.stamp, returned.total.minor()))
        }
        _ => None,
    }
}

/// Folds entries of other branches of journals: what was moved was moved, and what was counted was
/// counted. Movements come first, for a count takes all that the table of orphans holds for folded.
///
/// Gives the carts that were sold in them.
pub(super) fn fold_orphans<'o>(
    tx: &Connection,
    orphans: impl Iterator<Item = (Counter, &'o [u8])>,
) -> Result<BTreeSet<CartId>> {
    let (mut counts, mut sold) = (Vec::new(), BTreeSet::new());
    for (counter, body) in orphans {
        match sync::body::decode(body) {
            Ok(fact @ Fact::StockCounted(_)) => counts.push((counter, fact)),
            Ok(fact) => {
                fold_stock(tx, counter, &fact, journals)?;
                if let Fact::Sold(sale) = &fact {
                    doubles::put_beside(tx, counter.replica, sale)?;
                    sold.insert(sale.cart);
                }
            }
            // What a newer version's moves this one can't know.
            Err(_) => {}
        }
    }
    for (counter, fact) in &counts {
        fold_stock(tx, *counter, fact, journals)?;
    }
    Ok(sold)
}

/// Folds what an earlier version of Till could not read and this one can. Where that moves stock, it is
/// counted again as a whole: a count finds what was moved after it in the log, also what is folded with
/// it only now.
pub fn fold_unread(tx: &Connection, now_ms: i64) -> Result<()> {
    let mut moved = false;
    for stream in journals(tx)? {
        let waiting = unread::of(tx, stream.local())?;
        if waiting.is_empty() {
            continue;
        }
        let writer = Writer { stream: &stream, now_ms: Some(now_ms) };
        let known = Known::of(tx, &stream)?;
        let own = owner(tx, stream.id().replica)? == Some(Owner::Own);
        for seq in waiting {
            let stored = sync::store::read_one(tx, &stream, seq)?;
            let fact = stored.map(|it| sync::body::decode(&it.entry.body));
            let Some(Ok(fact)) = fact else { continue };
            if own {
                fold::skip_numbers(tx, &fact)?;
            }
            put_receipt(tx, writer, &known, seq, &fact)?;
            unread::forget(tx, stream.local(), seq)?;
            moved |= moves_stock(&fact);
        }
    }
    if moved { recount::count_again(tx) } else { Ok(()) }
}

fn moves_stock(fact: &Fact) -> bool {
    matches!(fact, Fact::StockCounted(_)) || movements(fact).next().is_some()
}

/// Folds what branches of journals hold, once more of it can be read than before.
pub fn fold_unread_beside(tx: &Connection, now_ms: i64) -> Result<()> {
    for stream in journals(tx)? {
        let mut statement =
            tx.prepare_cached("SELECT body FROM orphan WHERE stream = ?1 AND counts = 1")?;
        let mut rows = statement.query([stream.local()])?;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            if let Ok(Fact::Sold(sale)) = sync::body::decode(body) {
                doubles::put_beside(tx, stream.id().replica, &sale)?;
                doubles::find(tx, Some(now_ms), sale.cart)?;
            }
        }
    }
    recount::count_again(tx)
}
