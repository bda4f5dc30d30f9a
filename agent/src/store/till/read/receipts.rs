//! Receipts of this till, by number and by time.

use super::damaged;
use crate::store::till::error::{Result, TillStoreError};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// What a receipt number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKind {
    /// A sale.
    Sale,
    /// A refund.
    Refund,
    /// A post-void.
    PostVoid,
}

impl ReceiptKind {
    /// The kind that tables number so.
    pub(in crate::store::till) const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Sale),
            2 => Some(Self::Refund),
            3 => Some(Self::PostVoid),
            _ => None,
        }
    }
}

/// A receipt in the list of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Its series.
    pub series: u32,
    /// Its number.
    pub number: u32,
    /// What it is.
    pub kind: ReceiptKind,
    /// Where it stands in the journal.
    pub seq: u64,
    /// Its shift.
    pub shift: u32,
    /// When.
    pub at: Timestamp,
    /// What was paid, or paid back, in minor units.
    pub total: i64,
}

fn receipt_of(row: &Row<'_>) -> Result<ReceiptRow> {
    let number = row.get::<_, i64>("kind")?;
    let kind = ReceiptKind::from_number(number)
        .ok_or_else(|| TillStoreError::damaged("receipt", format!("kind {number}")))?;
    Ok(ReceiptRow {
        series: row.get("series")?,
        number: row.get("number")?,
        kind,
        seq: row.get::<_, i64>("seq")?.cast_unsigned(),
        shift: row.get("shift")?,
        at: Timestamp::from_millisecond(row.get("at")?).map_err(damaged("receipt"))?,
        total: row.get("total")?,
    })
}

/// One receipt.
///
/// # Errors
/// When the rows cannot be read.
pub fn receipt(conn: &Connection, series: u32, number: u32) -> Result<Option<ReceiptRow>> {
    conn.prepare_cached("SELECT * FROM receipt WHERE series = ?1 AND number = ?2")?
        .query_and_then([series, number], receipt_of)?
        .next()
        .transpose()
}

/// Receipts before (series, number), newest first, at most `limit`.
///
/// # Errors
/// When the rows cannot be read.
pub fn receipts_before(
    conn: &Connection,
    before: (u32, u32),
    limit: u32,
) -> Result<Vec<ReceiptRow>> {
    conn.prepare_cached(
        "SELECT * FROM receipt WHERE (series, number) < (?1, ?2) ORDER BY series DESC, number DESC LIMIT ?3",
    )?
    .query_and_then(params![before.0, before.1, limit], receipt_of)?
    .collect()
}
