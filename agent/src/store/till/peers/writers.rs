//! Which till the papers say writes a stream: nobody gives another till's receipts, so that none can
//! use up its series or stand where its receipts belong.
//!
//! Kept in the file, so that a rebuild comes to the same without the papers.

use super::super::error::Result;
use commerce::sale::ReceiptNumber;
use rusqlite::{Connection, OptionalExtension, params};
use sync::store::Stream;
use sync::trust::{Member, Trust};

/// Keeps whose a stream is, as far as papers say.
pub(super) fn note(tx: &Connection, trust: &Trust, stream: &Stream) -> Result<()> {
    let Some((key, _)) = trust.key_of(stream.id().replica) else { return Ok(()) };
    let Some(Member::Till { store, thing, number }) = trust.member(&key) else { return Ok(()) };
    tx.prepare_cached(
        "INSERT INTO known_writer (stream, store, thing, till) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET store = excluded.store, thing = excluded.thing,
             till = excluded.till
         WHERE (store, thing, till) <> (excluded.store, excluded.thing, excluded.till)",
    )?
    .execute(params![stream.local(), store, thing, number])?;
    Ok(())
}

/// Whether a receipt may be given by a stream's writer. One that no paper names is this till itself
/// in an earlier life: of others nothing counts until their papers are here.
pub(super) fn gives(tx: &Connection, stream: &Stream, receipt: &ReceiptNumber) -> Result<bool> {
    let known: Option<(String, u16)> = tx
        .prepare_cached("SELECT store, till FROM known_writer WHERE stream = ?1")?
        .query_row([stream.local()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(known.is_none_or(|(store, till)| store == receipt.store && till == receipt.till))
}
