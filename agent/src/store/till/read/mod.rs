//! Reading `till.db`, from the writer's connection or from a reader's own.
//!
//! Shifts, receipts and stock have files of their own here; what is read of the rest stands where it
//! is written.

mod receipts;
mod shifts;
mod stock;

pub use receipts::{ReceiptKind, ReceiptRow, receipt, receipts_before};
pub use shifts::{Closed, Shift, last_shift, shift, shift_totals};
pub use stock::{StockRow, stock, stock_after};

use super::customers;
use super::error::{Result, TillStoreError};
use super::idempotency::{self, Remembered};
use super::space::shared;
use super::{
    Job, Offer, OpenReturn, Payment, Pin, Shared, SoldTwice, carts, fold, jobs, journal, payments,
    pins, returns,
};
use commerce::Currency;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use commerce::fact::Fact;
use commerce::returns::ReturnedSoFar;
use commerce::sale::ReceiptNumber;
use commerce::tender::CardSlip;
use drivers::terminal::intent::Baseline;
use rusqlite::{Connection, OptionalExtension};
use sync::customer::Record;
use sync::log::Hash;

fn damaged(table: &'static str) -> impl Fn(jiff::Error) -> TillStoreError {
    move |error| TillStoreError::damaged(table, error)
}

/// The fact of an entry, with the entry's hash.
///
/// # Errors
/// When there is no such entry, or it cannot be read.
pub fn fact(conn: &Connection, series: u32, seq: u64) -> Result<(Fact, Hash)> {
    journal::decode_entry(conn, series, seq)
}

/// The store's id and the till's number that a series was opened with.
///
/// # Errors
/// When the rows cannot be read.
pub fn series_owner(conn: &Connection, series: u32) -> Result<Option<(String, u16)>> {
    Ok(conn
        .prepare_cached("SELECT store, till FROM series WHERE series = ?1")?
        .query_row([series], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// All carts that are not paid or given up.
///
/// # Errors
/// When the rows cannot be read.
pub fn carts(conn: &Connection, currency: Currency) -> Result<Vec<Shared>> {
    shared::all(conn, currency)
}

/// One cart of the shop's; `None` when nobody claims it.
///
/// # Errors
/// When the rows cannot be read.
pub fn cart(conn: &Connection, id: CartId, currency: Currency) -> Result<Option<Shared>> {
    shared::cart(conn, id, currency)
}

/// Lines that were offered to a cart and that its holder has not dealt with.
///
/// # Errors
/// When the rows cannot be read.
pub fn offers(conn: &Connection, cart: CartId) -> Result<Vec<Offer>> {
    shared::offers(conn, cart)
}

/// The receipt at which a cart was sold already, where it was taken from or in this till's earlier life.
///
/// # Errors
/// When the rows cannot be read.
pub fn sold_at(conn: &Connection, cart: CartId) -> Result<Option<ReceiptNumber>> {
    shared::sold_at(conn, cart)
}

/// Carts that more than one till sold, with each of their sales.
///
/// # Errors
/// When the rows cannot be read.
pub fn sold_twice(conn: &Connection) -> Result<Vec<SoldTwice>> {
    shared::sold_twice(conn)
}

/// Which cart is at the till.
///
/// # Errors
/// When the row cannot be read.
pub fn current_cart(conn: &Connection) -> Result<Option<CartId>> {
    carts::current(conn)
}

/// The number the next cart or return gets; spent when it is written.
///
/// # Errors
/// When the row cannot be read.
pub fn next_cart(conn: &Connection) -> Result<CartId> {
    carts::next(conn)
}

/// The next number of a counter that facts carry: `shift`, `z` or `intent`. It is spent when a
/// fact with it is recorded.
///
/// # Errors
/// When the counter cannot be read.
pub fn next_number(conn: &Connection, counter: &str) -> Result<u32> {
    let next = fold::counter(conn, counter)? + 1;
    u32::try_from(next).map_err(|_| TillStoreError::damaged("counter", counter))
}

/// The next receipt number of a till's present series.
///
/// # Errors
/// When the counter cannot be read.
pub fn next_receipt(
    conn: &Connection,
    store: &str,
    till: u16,
    series: u32,
) -> Result<ReceiptNumber> {
    let number = next_number(conn, "receipt")?;
    Ok(ReceiptNumber { store: store.to_owned(), till, series, number })
}

/// What a request key was answered with.
///
/// # Errors
/// When the rows cannot be read.
pub fn remembered(conn: &Connection, key: &str) -> Result<Option<Remembered>> {
    idempotency::remembered(conn, key)
}

/// One payment.
///
/// # Errors
/// When the rows cannot be read.
pub fn payment(conn: &Connection, intent: u64, currency: Currency) -> Result<Option<Payment>> {
    payments::find(conn, intent, currency)
}

/// Payments that still need someone.
///
/// # Errors
/// When the rows cannot be read.
pub fn unsettled_payments(conn: &Connection, currency: Currency) -> Result<Vec<Payment>> {
    payments::unsettled(conn, currency)
}

/// Whether a card terminal has booked anything for this till, or may have in a life before this one.
///
/// # Errors
/// When the rows cannot be read.
pub fn has_card_payments(conn: &Connection) -> Result<bool> {
    payments::any_before(conn)
}

/// The approved payment or refund that a reversal of this number undoes: the latest before it.
///
/// # Errors
/// When the rows cannot be read.
pub fn payment_numbered(conn: &Connection, number: u32, before: u64) -> Result<Option<u64>> {
    payments::numbered(conn, number, before)
}

/// The approved payment of a shift, other than `intent`, that has this number of the terminal's.
///
/// # Errors
/// When the rows cannot be read.
pub fn payment_numbered_in_shift(
    conn: &Connection,
    number: u32,
    shift: u32,
    intent: u64,
) -> Result<Option<u64>> {
    payments::numbered_in_shift(conn, number, shift, intent)
}

/// Whether the terminal gave a later payment the number of this one.
///
/// # Errors
/// When the rows cannot be read.
pub fn number_used_since(conn: &Connection, intent: u64) -> Result<bool> {
    payments::number_used_since(conn, intent)
}

/// The approved payment, other than `intent`, that has all the terminal's numbers of this slip.
///
/// # Errors
/// When the rows cannot be read.
pub fn payment_with_numbers(
    conn: &Connection,
    intent: u64,
    card: &CardSlip,
) -> Result<Option<u64>> {
    payments::with_numbers(conn, intent, card)
}

/// The tender an open intent is taken as, and the terminal's last payment before it.
///
/// # Errors
/// When the rows cannot be read.
pub fn payment_mark(conn: &Connection, intent: u64) -> Result<Option<(String, Baseline)>> {
    payments::mark(conn, intent)
}

/// The terminal's slip of an approved payment.
///
/// # Errors
/// When the rows cannot be read.
pub fn slip(conn: &Connection, intent: u64) -> Result<Option<CardSlip>> {
    payments::slip(conn, intent)
}

/// Why an ended payment moved nothing, in the words of the journal.
///
/// # Errors
/// When the rows cannot be read.
pub fn why_not_paid(conn: &Connection, intent: u64) -> Result<Option<String>> {
    payments::why_not(conn, intent)
}

/// The spool, in order; at most `limit`.
///
/// # Errors
/// When the rows cannot be read.
pub fn jobs(conn: &Connection, limit: u32) -> Result<Vec<Job>> {
    jobs::jobs(conn, limit)
}

/// The spool for a person to look at: what is stuck first, then in order; at most `limit`.
///
/// # Errors
/// When the rows cannot be read.
pub fn jobs_to_look_at(conn: &Connection, limit: u32) -> Result<Vec<Job>> {
    jobs::to_look_at(conn, limit)
}

/// How many jobs wait or are with the printer, and how many are stuck.
///
/// # Errors
/// When the rows cannot be read.
pub fn job_counts(conn: &Connection) -> Result<(u32, u32)> {
    jobs::counts(conn)
}

/// The job the printer is to be given next; none while one is with it.
///
/// # Errors
/// When the rows cannot be read.
pub fn next_job(conn: &Connection) -> Result<Option<Job>> {
    jobs::next(conn)
}

/// One job of the spool.
///
/// # Errors
/// When the rows cannot be read.
pub fn job(conn: &Connection, id: u64) -> Result<Option<Job>> {
    jobs::find(conn, id)
}

/// Jobs that were with the printer when the till stopped.
///
/// # Errors
/// When the rows cannot be read.
pub fn sent_jobs(conn: &Connection) -> Result<Vec<Job>> {
    jobs::sent(conn)
}

/// The return under way.
///
/// # Errors
/// When the rows cannot be read.
pub fn open_return(conn: &Connection) -> Result<Option<OpenReturn>> {
    returns::open_return(conn)
}

/// What has come back of a sale so far.
///
/// # Errors
/// When the rows cannot be read.
pub fn returned_so_far(conn: &Connection, series: u32, number: u32) -> Result<ReturnedSoFar> {
    returns::returned_so_far(conn, series, number)
}

/// A person's PIN, where one was set.
///
/// # Errors
/// When the row cannot be read.
pub fn pin(conn: &Connection, staff: &str) -> Result<Option<Pin>> {
    pins::pin(conn, staff)
}

/// What is known of a customer; `None` for nobody. One who was erased is found, and empty.
///
/// # Errors
/// When it cannot be read.
pub fn customer(conn: &Connection, id: CustomerId) -> Result<Option<Record>> {
    customers::customer(conn, id)
}

/// Customers of whom each word of `text` begins a word, at most `limit`, after the given one in the
/// order of their ids; nobody for a text without words.
///
/// # Errors
/// When they cannot be read.
pub fn find_customers(
    conn: &Connection,
    text: &str,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<customers::Found>> {
    customers::search(conn, text, after, limit)
}
