//! A run of a sibling's entries, folded at once to what they come to one by one.
//!
//! Most carts of a till that comes back have their whole life in one run: begun, filled and paid
//! while there was no line. One by one their rows are written only to be forgotten; what they leave
//! is nothing, so here nothing is written. In doubt a cart is folded like any other.
//!
//! Called by [`crate::store::till::peers`].

use super::{Folded, Place, fold_next, is_succeeded};
use crate::store::till::error::Result;
use crate::store::till::unread;
use commerce::cart::CartId;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};
use sync::space::{End, Operation};

/// What an entry says.
#[derive(Debug)]
pub(in crate::store::till) struct Said {
    /// The entry's sequence.
    pub seq: u64,
    /// Its operations.
    pub operations: Vec<Operation>,
}

/// What an entry's body says. What a newer version wrote in it is passed over and noted, so that it is
/// folded once this till is updated.
pub(in crate::store::till) fn said(
    tx: &Connection,
    place: Place,
    body: &[u8],
) -> Result<Option<Said>> {
    match sync::space::decode(body) {
        Ok(operations) => {
            if !is_known(&operations) {
                unread::put(tx, place.holder, place.seq)?;
            }
            Ok(Some(Said { seq: place.seq, operations }))
        }
        Err(error) if error.is_newer() => {
            tracing::warn!(%error, replica = %place.replica, seq = place.seq, "an entry of a newer Till is kept and not folded");
            unread::put(tx, place.holder, place.seq)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether this version knows all of it.
fn is_known(operations: &[Operation]) -> bool {
    !operations.iter().any(|it| matches!(it, Operation::Unknown { .. }))
}

/// Whether this version can read all of a body.
pub(super) fn is_readable(body: &[u8]) -> bool {
    sync::space::decode(body).is_ok_and(|operations| is_known(&operations))
}

/// Folds entries of one stream in their order; the sequence in `place` does not count. Of carts it
/// tells those that there is anything of before or after.
pub(in crate::store::till) fn fold_run(
    tx: &Connection,
    place: Place,
    run: &[Said],
) -> Result<Folded> {
    // No entry of a stream's own makes its writer one that is no more.
    let gone = is_succeeded(tx, place.replica)?;
    let brief = match gone {
        true => BTreeSet::new(),
        false => brief_carts(tx, place, run.iter().flat_map(|said| &said.operations))?,
    };
    let mut folded = Folded::default();
    for said in run {
        let place = Place { seq: said.seq, ..place };
        for (index, operation) in (0_u32..).zip(&said.operations) {
            if !operation.cart().is_some_and(|cart| brief.contains(&cart)) {
                fold_next(tx, place, (index, gone), operation, &mut folded)?;
            }
        }
    }
    Ok(folded)
}

/// How far a cart's life is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Begun,
    Ended,
    /// It concerns others as well, or is not told from its beginning.
    Longer,
}

/// The carts of a run that leave nothing.
fn brief_carts<'o>(
    tx: &Connection,
    place: Place,
    operations: impl Iterator<Item = &'o Operation>,
) -> Result<BTreeSet<CartId>> {
    // In a rebuild, what is below a claim may come after its end; and who holds a line that
    // somebody offers answers for it when its cart ends.
    if place.now_ms.is_none() || are_lines_offered(tx, place)? {
        return Ok(BTreeSet::new());
    }
    let mut lives: BTreeMap<CartId, Life> = BTreeMap::new();
    for operation in operations {
        if matches!(operation, Operation::Offered(_)) {
            return Ok(BTreeSet::new());
        }
        if let Some(cart) = operation.cart() {
            let life = after(lives.get(&cart).copied(), place, operation);
            lives.insert(cart, life);
        }
    }
    // Where others claim the cart too, its end decides which of the claims counts; and what its
    // holder answered when it had the cart before ends with it.
    let mut is_shared = tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM claim WHERE cart = ?1)
             OR EXISTS (SELECT 1 FROM contested WHERE cart = ?1)
             OR EXISTS (SELECT 1 FROM answer WHERE holder = ?2 AND cart = ?1)",
    )?;
    let mut brief = BTreeSet::new();
    for (cart, _) in lives.into_iter().filter(|(_, life)| *life == Life::Ended) {
        if !is_shared
            .query_row(params![cart.0.cast_signed(), place.holder], |row| row.get::<_, bool>(0))?
        {
            brief.insert(cart);
        }
    }
    Ok(brief)
}

/// A cart's life after an operation on it.
fn after(before: Option<Life>, place: Place, operation: &Operation) -> Life {
    match (before, operation) {
        // One that was taken stands in the place of another's, which must stay known.
        (None, Operation::Held(held)) if held.from.is_none() && held.forced_by.is_none() => {
            Life::Begun
        }
        (
            Some(Life::Begun),
            Operation::Labelled { .. }
            | Operation::Discounted { .. }
            | Operation::Tendered { .. }
            | Operation::TendersBack { .. }
            | Operation::Attached { .. },
        ) => Life::Begun,
        // Whoever first wrote a line waits to hear what became of it.
        (Some(Life::Begun), Operation::Line { dot, .. })
            if dot.is_none_or(|dot| dot.replica == place.replica) =>
        {
            Life::Begun
        }
        (Some(Life::Begun), Operation::Ended { end: End::Paid(_) | End::Cancelled, .. }) => {
            Life::Ended
        }
        _ => Life::Longer,
    }
}

/// Whether anybody offers lines that this writer was the first to write.
fn are_lines_offered(tx: &Connection, place: Place) -> Result<bool> {
    Ok(tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM offer WHERE of_replica = ?1)")?
        .query_row([place.replica.0], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
