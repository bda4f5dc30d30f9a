//! Every workspace stream folded again, when state is rebuilt.

use super::{Place, fold_body, run, sweep};
use crate::store::till::error::{Result, TillStoreError};
use crate::store::till::unread;
use commerce::cart::CartId;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Empties the tables and folds every workspace stream again, its own and the siblings'. Carts
/// that were never restated in a stream stay.
pub(in crate::store::till) fn rebuild(tx: &Connection) -> Result<()> {
    for (table, whose) in [
        ("writer", "holder"),
        ("succeeded", "by"),
        ("claim", "holder"),
        ("cart_line", "holder"),
        ("cart_discount", "holder"),
        ("cart_tender", "holder"),
        ("offer", "author"),
        ("answer", "holder"),
        // Of those found by receipts (0) workspace streams tell nothing.
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

/// Folds every stream again where an earlier version of Till could not read all that was said in one,
/// and this one can.
pub(in crate::store::till) fn fold_unread(tx: &Connection) -> Result<()> {
    let mut readable = false;
    let own = sync::store::streams(tx)?.into_iter();
    for stream in own.chain(sync::store::peer_streams(tx)?) {
        if stream.id().kind != sync::log::StreamKind::Workspace {
            continue;
        }
        for seq in unread::of(tx, stream.local())? {
            let stored = sync::store::read_one(tx, &stream, seq)?;
            // One that is not here any more was stated again since.
            if stored.is_none_or(|stored| run::is_readable(&stored.entry.body)) {
                unread::forget(tx, stream.local(), seq)?;
                readable = true;
            }
        }
    }
    if readable { rebuild(tx) } else { Ok(()) }
}

/// Folds a sibling's stream again from where it begins now: what its writer has forgotten, and did not
/// state anew behind the checkpoint, is forgotten here. Gives the carts it was about.
pub(in crate::store::till) fn fold_anew(
    tx: &Connection,
    stream: &sync::store::Stream,
) -> Result<BTreeSet<CartId>> {
    let mut carts = super::forget(tx, stream.local())?;
    rebuild_stream(tx, stream, false)?;
    carts.append(&mut super::all_carts(tx)?);
    Ok(carts)
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
            match fold_body(tx, place, &stored.entry.body) {
                // What no version wrote was told of when it came.
                Err(TillStoreError::Body(_)) if !own => {}
                folded => drop(folded?),
            }
        }
        next = entries.last().map_or(last, |stored| stored.entry.seq) + 1;
    }
    Ok(())
}
