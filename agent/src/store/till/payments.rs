//! Payment intents: durable before the first byte goes to the terminal, and what became of them.

use super::Act;
use super::error::{Result, TillStoreError};
use super::journal::decode_entry;
use commerce::cart::CartId;
use commerce::fact::{Fact, PaymentKind, PaymentOutcome};
use commerce::staff::StaffId;
use commerce::tender::CardSlip;
use commerce::{Currency, Money};
use drivers::terminal::intent::{Baseline, Mark};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// Asked, or about to be; after a crash or a lost line its outcome is unknown.
    Open,
    /// Money moved.
    Approved,
    /// Refused.
    Declined,
    /// The terminal never got it.
    NotSent,
}

/// A payment intent and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its number.
    pub intent: u64,
    /// What it asks.
    pub kind: PaymentKind,
    /// The cart or return it is for.
    pub cart: CartId,
    /// The shift it was made in.
    pub shift: u32,
    /// The amount asked.
    pub asked: Money,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: StaffId,
    /// How far it has come.
    pub state: PaymentState,
    /// What moved.
    pub moved: Money,
    /// The terminal's number for it, once approved.
    pub terminal_number: u32,
    /// Whether the money stands in a sale or return, was undone or was put right.
    pub used: bool,
}

/// What is known of the terminal's last payment before an intent.
const UNKNOWN: i64 = 0;
const LAST: i64 = 1;
const NOTHING: i64 = 2;

fn damaged(what: impl ToString) -> TillStoreError {
    TillStoreError::damaged("payment", what)
}

fn payment_of(row: &Row<'_>, currency: Currency) -> Result<Payment> {
    let kind = match row.get::<_, i64>("kind")? {
        1 => PaymentKind::Authorise,
        2 => PaymentKind::Refund,
        3 => PaymentKind::Reverse { receipt_number: row.get("reverses")? },
        other => return Err(damaged(format!("kind {other}"))),
    };
    let state = match row.get::<_, i64>("state")? {
        0 => PaymentState::Open,
        1 => PaymentState::Approved,
        2 => PaymentState::Declined,
        3 => PaymentState::NotSent,
        other => return Err(damaged(format!("state {other}"))),
    };
    let by: String = row.get("by")?;
    Ok(Payment {
        intent: row.get::<_, i64>("intent")?.cast_unsigned(),
        kind,
        cart: CartId(row.get::<_, i64>("cart")?.cast_unsigned()),
        shift: row.get("shift")?,
        asked: Money::new(row.get("asked")?, currency).map_err(damaged)?,
        at: Timestamp::from_millisecond(row.get("at")?).map_err(damaged)?,
        by: StaffId::parse(&by).map_err(damaged)?,
        state,
        moved: Money::new(row.get("moved")?, currency).map_err(damaged)?,
        terminal_number: row.get("terminal_number")?,
        used: row.get::<_, i64>("used")? != 0,
    })
}

/// One payment.
pub(super) fn find(conn: &Connection, intent: u64, currency: Currency) -> Result<Option<Payment>> {
    conn.prepare_cached("SELECT * FROM payment WHERE intent = ?1")?
        .query_and_then([intent.cast_signed()], |row| payment_of(row, currency))?
        .next()
        .transpose()
}

/// Payments that still need someone: open ones, and money that moved but stands nowhere, neither
/// in a sale or return nor on a cart that is being paid or in the return under way.
pub(super) fn unsettled(conn: &Connection, currency: Currency) -> Result<Vec<Payment>> {
    conn.prepare_cached(
        "SELECT * FROM payment WHERE (state = 0 OR (state = 1 AND used = 0))
           AND NOT EXISTS (SELECT 1 FROM cart_tender WHERE cart_tender.intent = payment.intent)
           AND NOT EXISTS (SELECT 1 FROM open_return_payout AS payout
                           WHERE payout.intent = payment.intent AND payment.state = 1
                             AND payment.moved <= payout.amount)
         ORDER BY intent",
    )?
    .query_and_then([], |row| payment_of(row, currency))?
    .collect()
}

impl Act<'_> {
    /// Keeps the tender an intent is taken as, and what the terminal's last payment was before it.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_mark(&self, intent: u64, tender: &str, baseline: Baseline) -> Result<()> {
        let (known, mark) = match baseline {
            Baseline::Unknown => (UNKNOWN, Mark::default()),
            Baseline::Last(mark) => (LAST, mark),
            Baseline::Nothing => (NOTHING, Mark::default()),
        };
        self.tx
            .prepare_cached(
                "INSERT INTO payment_mark (intent, tender, known, terminal_id, trace, receipt_no)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                intent.cast_signed(),
                tender,
                known,
                mark.terminal_id,
                mark.trace,
                mark.receipt_no,
            ])?;
        Ok(())
    }

    /// Forgets it: the intent has ended.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn drop_mark(&self, intent: u64) -> Result<()> {
        self.tx
            .prepare_cached("DELETE FROM payment_mark WHERE intent = ?1")?
            .execute([intent.cast_signed()])?;
        Ok(())
    }
}

/// The tender an open intent is taken as, and the terminal's last payment before it.
pub(super) fn mark(conn: &Connection, intent: u64) -> Result<Option<(String, Baseline)>> {
    let found = conn
        .prepare_cached(
            "SELECT tender, known, terminal_id, trace, receipt_no FROM payment_mark WHERE intent = ?1",
        )?
        .query_row([intent.cast_signed()], |row| {
            let mark =
                Mark { terminal_id: row.get(2)?, trace: row.get(3)?, receipt_no: row.get(4)? };
            let baseline = match row.get(1)? {
                LAST => Baseline::Last(mark),
                NOTHING => Baseline::Nothing,
                _ => Baseline::Unknown,
            };
            Ok((row.get(0)?, baseline))
        })
        .optional()?;
    Ok(found)
}

/// Forgets what the terminal's last payment was before each open intent. In a store that was put
/// back, others may have been made since: the terminal's word on its last one proves nothing.
pub(super) fn distrust_marks(conn: &Connection) -> Result<()> {
    conn.execute(
        "UPDATE payment_mark SET known = ?1, terminal_id = NULL, trace = NULL, receipt_no = NULL",
        [UNKNOWN],
    )?;
    Ok(())
}

/// The approved payment, other than `intent`, to which the terminal gave all the numbers of this
/// slip. A slip without a trace is no proof: receipt numbers begin again each day.
pub(super) fn with_numbers(conn: &Connection, intent: u64, card: &CardSlip) -> Result<Option<u64>> {
    if card.trace == 0 {
        return Ok(None);
    }
    // Numbered receipts have an index; the traces of a terminal without them go far enough back.
    let sql = if card.receipt_number > 0 {
        "SELECT intent FROM payment
         WHERE terminal_number = ?1 AND terminal_number > 0 AND trace = ?2 AND terminal_id = ?3
           AND state = 1 AND intent <> ?4
         ORDER BY intent DESC LIMIT 1"
    } else {
        "SELECT intent FROM payment
         WHERE terminal_number = ?1 AND trace = ?2 AND terminal_id = ?3
           AND state = 1 AND intent <> ?4 AND intent > ?4 - 10000
         ORDER BY intent DESC LIMIT 1"
    };
    Ok(conn
        .prepare_cached(sql)?
        .query_row(
            params![card.receipt_number, card.trace, card.terminal_id, intent.cast_signed()],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )
        .optional()?)
}

/// Whether a card payment is known here, or may have been made in a life before this one.
pub(super) fn any_before(conn: &Connection) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM payment WHERE state = 1)
                 OR EXISTS (SELECT 1 FROM series WHERE series > 1)",
        )?
        .query_row([], |row| row.get(0))?)
}

/// The approved payment or refund that a reversal of this number undoes: the latest before it.
pub(super) fn numbered(conn: &Connection, number: u32, before: u64) -> Result<Option<u64>> {
    Ok(conn
        .prepare_cached(
            "SELECT max(intent) FROM payment
             WHERE terminal_number = ?1 AND terminal_number > 0 AND intent < ?2
               AND kind IN (1, 2) AND state = 1",
        )?
        .query_row(params![number, before.cast_signed()], |row| row.get::<_, Option<i64>>(0))?
        .map(i64::cast_unsigned))
}

/// The approved payment of a shift, other than `intent`, that has this number of the terminal's.
pub(super) fn numbered_in_shift(
    conn: &Connection,
    number: u32,
    shift: u32,
    intent: u64,
) -> Result<Option<u64>> {
    Ok(conn
        .prepare_cached(
            "SELECT max(intent) FROM payment
             WHERE terminal_number = ?1 AND terminal_number > 0 AND shift = ?2 AND intent <> ?3
               AND state = 1",
        )?
        .query_row(params![number, shift, intent.cast_signed()], |row| {
            row.get::<_, Option<i64>>(0)
        })?
        .map(i64::cast_unsigned))
}

/// Whether the terminal gave a later payment the number of this one.
pub(super) fn number_used_since(conn: &Connection, intent: u64) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM payment AS later JOIN payment AS this
                ON later.terminal_number = this.terminal_number AND later.terminal_number > 0
                  AND later.intent > this.intent
                WHERE this.intent = ?1 AND later.state = 1)",
        )?
        .query_row([intent.cast_signed()], |row| row.get(0))?)
}

/// The terminal's slip of an approved payment, read from the journal.
pub(super) fn slip(conn: &Connection, intent: u64) -> Result<Option<CardSlip>> {
    Ok(match outcome(conn, intent)? {
        Some(PaymentOutcome::Approved { card, .. }) => Some(card),
        _ => None,
    })
}

/// Why an ended payment moved nothing, in the words of the journal.
pub(super) fn why_not(conn: &Connection, intent: u64) -> Result<Option<String>> {
    Ok(match outcome(conn, intent)? {
        Some(PaymentOutcome::Declined { text, .. }) => Some(text),
        Some(PaymentOutcome::NotSent { why }) => Some(why),
        _ => None,
    })
}

/// How a payment ended, read from the journal.
fn outcome(conn: &Connection, intent: u64) -> Result<Option<PaymentOutcome>> {
    let place = conn
        .prepare_cached(
            "SELECT ended_series, ended_seq FROM payment WHERE intent = ?1 AND state <> 0",
        )?
        .query_row(params![intent.cast_signed()], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((series, seq)) = place else {
        return Ok(None);
    };
    match decode_entry(conn, series, seq.cast_unsigned())?.0 {
        Fact::PaymentEnded(ended) => Ok(Some(ended.outcome)),
        _ => Err(damaged(format!("intent {intent} points at another fact"))),
    }
}
