//! What counts of peers' journals changed by papers: a revocation came after what it cuts off, an
//! enrolment after the other branch of a stream that forked.
//!
//! Rare, and what must be taken out of stock can't be told from the rest of it, so all journals are
//! counted again, this till's own too. The rest of state stays as it is.

use super::super::error::Result;
use super::super::{customers, doubles, space, unread};
use super::fold::{Folded, refold_orphans, set_orphans_count};
use rusqlite::{Connection, params};
use sync::log::StreamKind;
use sync::store::{
    AlarmKind, Counter, Moves, Stream, counting, folded, journals, overfolded, raise, read,
    set_folded,
};
use sync::trust::Trust;

/// Entries read at a time, to bound memory.
const PORTION: usize = 256;

/// Takes out what counts no longer, and counts stock anew where that changed it; whether anything
/// changed.
pub(super) fn recount(
    tx: &Connection,
    now_ms: i64,
    trust: &Trust,
    came: &mut Folded,
) -> Result<bool> {
    let cut = overfolded(tx, trust)?;
    let (mut stock, mut said_of_customers) = (false, false);
    for (stream, counts_to) in &cut {
        set_folded(tx, stream, *counts_to)?;
        match stream.id().kind {
            StreamKind::Workspace => {
                came.carts.append(&mut space::forget(tx, stream.local())?);
            }
            StreamKind::Journal => {
                stock = true;
                came.alarmed = true;
                tell_of_cut(tx, now_ms, stream, *counts_to)?;
                let above = params![stream.local(), counts_to.cast_signed()];
                tx.execute("DELETE FROM peer_receipt WHERE stream = ?1 AND seq > ?2", above)?;
                tx.execute("DELETE FROM unread WHERE stream = ?1 AND seq > ?2", above)?;
            }
            // What merged can't be told apart again.
            StreamKind::Customers => said_of_customers = true,
            _ => {}
        }
    }
    for (stream, counts_to) in counting(tx, trust)? {
        if set_orphans_count(tx, &stream, counts_to)? {
            stock |= stream.id().kind == StreamKind::Journal;
            said_of_customers |= stream.id().kind == StreamKind::Customers;
            unread::count_beside(tx)?;
        }
    }
    if said_of_customers {
        customers::rebuild(tx)?;
    }
    if stock {
        count_again(tx)?;
    }
    Ok(stock || !cut.is_empty())
}

/// Says what of a stream counts no longer: goods are back in stock that may be gone, and money is in a
/// drawer that may be elsewhere.
fn tell_of_cut(tx: &Connection, now_ms: i64, stream: &Stream, counts_to: u64) -> Result<()> {
    let (receipts, first): (i64, Option<i64>) = tx.query_row(
        "SELECT count(*), min(seq) FROM peer_receipt WHERE stream = ?1 AND seq > ?2",
        params![stream.local(), counts_to.cast_signed()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let from = first.map_or(counts_to + 1, i64::cast_unsigned);
    let detail = format!(
        "a paper takes back what comes after entry {counts_to}: {receipts} receipts from entry {from} on \
         count no longer, and their goods are in stock again; they wait for a manager"
    );
    raise(tx, now_ms, AlarmKind::Held, &stream.id().to_string(), &detail)?;
    Ok(())
}

/// Counts stock again from all journals, and finds again which carts were sold twice.
pub(super) fn count_again(tx: &Connection) -> Result<()> {
    tx.execute("DELETE FROM stock", [])?;
    tx.execute("DELETE FROM beside_sale", [])?;
    let mut counted = Vec::new();
    for stream in journals(tx)? {
        counted.push((stream, folded(tx, &stream)?));
        // A late count asks for what is part of state so far.
        set_folded(tx, &stream, 0)?;
    }
    refold_orphans(tx)?;
    counted.iter().try_for_each(|(stream, to)| count_stream(tx, stream, *to))?;
    doubles::find_again(tx)
}

fn count_stream(tx: &Connection, stream: &Stream, to: u64) -> Result<()> {
    let mut next = 1;
    while next <= to {
        let limit = usize::try_from(to - next + 1).unwrap_or(PORTION).min(PORTION);
        let portion = read(tx, stream, next, limit)?;
        let Some(read_to) = portion.last().map(|stored| stored.entry.seq) else { break };
        let mut moves = Moves::default();
        for stored in portion {
            // What a newer version wrote moves nothing that this one could know of.
            if let Ok(fact) = sync::body::decode(&stored.entry.body) {
                let counter = Counter { replica: stream.id().replica, clock: stored.entry.clock };
                moves.fold(tx, counter, &fact, journals)?;
            }
        }
        moves.write(tx)?;
        set_folded(tx, stream, read_to)?;
        next = read_to + 1;
    }
    Ok(())
}
