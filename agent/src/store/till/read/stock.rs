//! The shop's stock.

use crate::store::till::error::Result;
use rusqlite::{Connection, Row, params};

/// On hand of one SKU at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRow {
    /// The SKU.
    pub sku: String,
    /// The place.
    pub place: String,
    /// Thousandths on hand.
    pub on_hand: i64,
    /// Thousandths at the latest count.
    pub counted: i64,
}

/// On hand of SKUs from `after` on, at most `limit`.
///
/// # Errors
/// When the rows cannot be read.
pub fn stock_after(conn: &Connection, after: &str, limit: u32) -> Result<Vec<StockRow>> {
    conn.prepare_cached(
        "SELECT sku, place, on_hand, counted FROM stock WHERE sku > ?1 ORDER BY sku, place LIMIT ?2",
    )?
    .query_and_then(params![after, limit], stock_of)?
    .collect()
}

/// On hand of one SKU, place by place.
///
/// # Errors
/// When the rows cannot be read.
pub fn stock(conn: &Connection, sku: &str) -> Result<Vec<StockRow>> {
    conn.prepare_cached(
        "SELECT sku, place, on_hand, counted FROM stock WHERE sku = ?1 ORDER BY place",
    )?
    .query_and_then([sku], stock_of)?
    .collect()
}

fn stock_of(row: &Row<'_>) -> Result<StockRow> {
    Ok(StockRow {
        sku: row.get(0)?,
        place: row.get(1)?,
        on_hand: row.get(2)?,
        counted: row.get(3)?,
    })
}
