//! Shifts and their totals.

use super::damaged;
use crate::store::till::error::{Result, TillStoreError};
use commerce::shift::{ShiftTotal, TotalKind};
use commerce::staff::StaffId;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row};

/// A shift as the till knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Its number.
    pub number: u32,
    /// The trading day it counts for.
    pub business_day: Date,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// When it was closed, with its Z number and where the closing fact stands.
    pub closed: Option<Closed>,
}

/// How a shift was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// The Z's running number.
    pub z: u32,
    /// The series whose journal holds the closing fact.
    pub series: u32,
    /// The fact's sequence.
    pub seq: u64,
}

fn shift_of(row: &Row<'_>) -> Result<Shift> {
    let instant = |ms: i64| Timestamp::from_millisecond(ms).map_err(damaged("shift"));
    let closed = match row.get::<_, Option<i64>>("closed_at")? {
        None => None,
        Some(at) => Some(Closed {
            at: instant(at)?,
            z: row.get("z")?,
            series: row.get("series")?,
            seq: row.get::<_, i64>("closing_seq")?.cast_unsigned(),
        }),
    };
    let by: String = row.get("opened_by")?;
    let day: String = row.get("business_day")?;
    Ok(Shift {
        number: row.get("shift")?,
        business_day: day.parse().map_err(damaged("shift"))?,
        opened_at: instant(row.get("opened_at")?)?,
        opened_by: StaffId::parse(&by).map_err(|error| TillStoreError::damaged("shift", error))?,
        closed,
    })
}

/// The last shift, open or closed.
///
/// # Errors
/// When the rows cannot be read.
pub fn last_shift(conn: &Connection) -> Result<Option<Shift>> {
    conn.prepare_cached("SELECT * FROM shift ORDER BY shift DESC LIMIT 1")?
        .query_and_then([], shift_of)?
        .next()
        .transpose()
}

/// One shift.
///
/// # Errors
/// When the rows cannot be read.
pub fn shift(conn: &Connection, number: u32) -> Result<Option<Shift>> {
    conn.prepare_cached("SELECT * FROM shift WHERE shift = ?1")?
        .query_and_then([number], shift_of)?
        .next()
        .transpose()
}

/// Everything a shift came to so far, in order of kind and key.
///
/// # Errors
/// When the rows cannot be read.
pub fn shift_totals(conn: &Connection, shift: u32) -> Result<Vec<ShiftTotal>> {
    conn.prepare_cached(
        "SELECT kind, key, count, amount FROM shift_total WHERE shift = ?1 ORDER BY kind, key",
    )?
    .query_and_then([shift], |row| {
        let number: u8 = row.get(0)?;
        let kind = TotalKind::from_number(number)
            .ok_or_else(|| TillStoreError::damaged("shift_total", format!("kind {number}")))?;
        Ok(ShiftTotal { kind, key: row.get(1)?, count: row.get(2)?, amount: row.get(3)? })
    })?
    .collect()
}
