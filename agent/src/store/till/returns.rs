//! The return under way: planned, perhaps waiting for the card terminal, not yet a fact.

use super::Act;
use super::carts::{staff_of, tender_of};
use super::error::{Result, TillStoreError};
use commerce::cart::CartId;
use commerce::returns::{ReturnKind, ReturnedSoFar};
use commerce::staff::StaffId;
use commerce::tender::TenderType;
use rusqlite::{Connection, OptionalExtension, params};

/// A payout of the return under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPayout {
    /// The position, in the sale, of the tender it is paid back against.
    pub against: u32,
    /// What it is paid back by.
    pub tender: TenderType,
    /// Minor units.
    pub amount: i64,
    /// The payment intent, once the terminal was asked.
    pub intent: Option<u64>,
    /// Who approved another tender than the original one.
    pub approved_by: Option<StaffId>,
}

/// The return under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReturn {
    /// Its number, from the carts' counter.
    pub id: CartId,
    /// The sale's receipt: series and number.
    pub of: (u32, u32),
    /// Refund or post-void.
    pub kind: ReturnKind,
    /// The reason's id.
    pub reason: String,
    /// Who makes it.
    pub by: StaffId,
    /// Who approved it.
    pub approved_by: Option<StaffId>,
    /// Line numbers and thousandths.
    pub lines: Vec<(u32, i64)>,
    /// How it is paid back.
    pub payouts: Vec<OpenPayout>,
}

impl Act<'_> {
    /// Writes a return under way.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn put_return(&self, open: &OpenReturn) -> Result<()> {
        let id = open.id.0.cast_signed();
        self.tx.execute(
            "INSERT INTO open_return (id, of_series, of_number, kind, reason, by, approved_by, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                id,
                open.of.0,
                open.of.1,
                kind_number(open.kind),
                open.reason,
                open.by.as_str(),
                open.approved_by.as_ref().map(StaffId::as_str),
                self.now.as_millisecond(),
            ],
        )?;
        self.count_cart(open.id)?;
        for (line, thousandths) in &open.lines {
            self.tx.execute(
                "INSERT INTO open_return_line (id, line, thousandths) VALUES (?1, ?2, ?3)",
                params![id, line, thousandths],
            )?;
        }
        self.put_payouts(open)
    }

    /// Writes every payout of the return under way.
    ///
    /// # Errors
    /// When a row cannot be written.
    pub fn put_payouts(&self, open: &OpenReturn) -> Result<()> {
        for (position, payout) in (0_u32..).zip(&open.payouts) {
            self.put_payout(open.id, position, payout)?;
        }
        Ok(())
    }

    fn put_payout(&self, id: CartId, position: u32, payout: &OpenPayout) -> Result<()> {
        self.tx.execute(
            "INSERT OR REPLACE INTO open_return_payout (id, position, against, tender, name, kind,
                opens_drawer, gives_change, taken_up_to, amount, intent, approved_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                id.0.cast_signed(),
                position,
                payout.against,
                payout.tender.id,
                payout.tender.name,
                payout.tender.kind.name(),
                payout.tender.opens_drawer,
                payout.tender.gives_change,
                payout.tender.limit,
                payout.amount,
                payout.intent.map(u64::cast_signed),
                payout.approved_by.as_ref().map(StaffId::as_str),
            ],
        )?;
        Ok(())
    }

    /// Ends the return under way: it is a fact now, or was given up.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn drop_return(&self, id: CartId) -> Result<()> {
        let id = id.0.cast_signed();
        for table in ["open_return", "open_return_line", "open_return_payout"] {
            self.tx.execute(&format!("DELETE FROM {table} WHERE id = ?1"), [id])?;
        }
        Ok(())
    }
}

const fn kind_number(kind: ReturnKind) -> i64 {
    match kind {
        ReturnKind::Refund => 1,
        ReturnKind::PostVoid => 2,
    }
}

/// The return under way, if there is one.
pub(super) fn open_return(conn: &Connection) -> Result<Option<OpenReturn>> {
    let row = conn
        .query_row(
            "SELECT id, of_series, of_number, kind, reason, by, approved_by FROM open_return ORDER BY id LIMIT 1",
            [],
            |row| {
                let head: (i64, u32, u32, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                let who: (String, String, Option<String>) = (row.get(4)?, row.get(5)?, row.get(6)?);
                Ok((head, who))
            },
        )
        .optional()?;
    let Some(((id, series, number, kind), (reason, by, approved_by))) = row else {
        return Ok(None);
    };
    let lines = conn
        .prepare("SELECT line, thousandths FROM open_return_line WHERE id = ?1 ORDER BY line")?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let payouts = conn
        .prepare("SELECT * FROM open_return_payout WHERE id = ?1 ORDER BY position")?
        .query_and_then([id], |row| {
            Ok::<_, TillStoreError>(OpenPayout {
                against: row.get("against")?,
                tender: tender_of(row)?,
                amount: row.get("amount")?,
                intent: row.get::<_, Option<i64>>("intent")?.map(i64::cast_unsigned),
                approved_by: staff_of(row.get("approved_by")?)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let by = StaffId::parse(&by).map_err(|error| TillStoreError::damaged("open_return", error))?;
    Ok(Some(OpenReturn {
        id: CartId(id.cast_unsigned()),
        of: (series, number),
        kind: if kind == 2 { ReturnKind::PostVoid } else { ReturnKind::Refund },
        reason,
        by,
        approved_by: staff_of(approved_by)?,
        lines,
        payouts,
    }))
}

/// What has come back of a sale so far.
pub(super) fn returned_so_far(
    conn: &Connection,
    series: u32,
    number: u32,
) -> Result<ReturnedSoFar> {
    let lines = conn
        .prepare_cached(
            "SELECT line, thousandths FROM returned_line WHERE series = ?1 AND number = ?2",
        )?
        .query_map([series, number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let tenders = conn
        .prepare_cached(
            "SELECT tender, amount FROM returned_tender WHERE series = ?1 AND number = ?2",
        )?
        .query_map([series, number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(ReturnedSoFar { lines, tenders })
}
