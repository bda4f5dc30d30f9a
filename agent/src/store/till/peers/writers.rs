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

/// The tills that papers have said write a stream.
#[derive(Debug)]
pub(super) struct Known(Vec<(String, u16)>);

impl Known {
    pub fn of(tx: &Connection, stream: &Stream) -> Result<Self> {
        let known: rusqlite::Result<_> = tx
            .prepare_cached("SELECT store, till FROM known_writer WHERE stream = ?1")?
            .query_map([stream.local()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect();
        Ok(Self(known?))
    }

    /// Whether a receipt may be given by the writer: by any till that papers have said it is. Of one
    /// that none names nothing counts, but for what this till itself wrote in an earlier life.
    pub fn gives(&self, receipt: &ReceiptNumber) -> bool {
        let theirs =
            |(store, till): &(String, u16)| *store == receipt.store && *till == receipt.till;
        self.0.is_empty() || self.0.iter().any(theirs)
    }
}
