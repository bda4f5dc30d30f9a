//! Which tills papers have said write a stream: nobody gives another till's receipts, so that none can
//! use up its series or stand where its receipts belong.
//!
//! Kept in the file, so that a rebuild comes to the same without the papers.

use super::super::error::Result;
use commerce::sale::ReceiptNumber;
use rusqlite::{Connection, params};
use sync::store::Stream;
use sync::trust::{Member, Trust};

/// Keeps whose a stream is, as far as papers say.
pub(super) fn note(tx: &Connection, trust: &Trust, stream: &Stream) -> Result<()> {
    let Some((key, _)) = trust.key_of(stream.id().replica) else { return Ok(()) };
    let Some(Member::Till { store, thing, number }) = trust.member(&key) else { return Ok(()) };
    tx.prepare_cached(
        "INSERT INTO known_writer (stream, store, thing, till) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![stream.local(), store, thing, number])?;
    Ok(())
}

/// Whether a receipt may be given by a stream's writer: by any till that papers have said it is. Of
/// one that none names nothing counts, but for what this till itself wrote in an earlier life.
pub(super) fn gives(tx: &Connection, stream: &Stream, receipt: &ReceiptNumber) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM known_writer WHERE stream = ?1)
                 OR EXISTS (SELECT 1 FROM known_writer WHERE stream = ?1 AND store = ?2 AND till = ?3)",
        )?
        .query_row(params![stream.local(), receipt.store, receipt.till], |row| row.get(0))?)
}
