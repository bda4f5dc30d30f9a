//! What stands in the CSV's rows: each fact as rows of its tables.
//!
//! Amounts are decimals in major units, as printed on a receipt. Called by [`super::csv`].

mod receipt;

use super::tables::Table;
use commerce::Money;
use commerce::fact::{CashDirection, CashMoved, Fact, ShiftClosed, ShiftOpened};
use commerce::staff::StaffId;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Display;
use sync::store::Stored;

/// A row of a table.
pub(super) type Row = (Table, Vec<String>);

/// Makes rows; keeps shifts that are not closed yet, of which there are at most a few.
#[derive(Debug, Default)]
pub(super) struct Rows {
    open: BTreeMap<u32, ShiftOpened>,
}

impl Rows {
    /// The rows of one fact.
    pub(super) fn of(&mut self, fact: &Fact, stored: &Stored) -> Vec<Row> {
        let seq = stored.entry.seq;
        match fact {
            Fact::Sold(sale) => receipt::sold(sale, stored),
            Fact::Returned(returned) => receipt::returned(returned, stored),
            Fact::ShiftOpened(opened) => {
                self.open.insert(opened.stamp.shift, opened.clone());
                Vec::new()
            }
            Fact::ShiftClosed(closed) => {
                let opened = self.open.remove(&closed.stamp.shift);
                shift_closed(closed, opened.as_ref())
            }
            Fact::CashMoved(moved) => vec![cash_moved(moved, seq)],
            Fact::DrawerOpened(opened) => {
                let stamp = &opened.stamp;
                let mut row = vec![text(seq), text(stamp.at), text(stamp.shift), text(&stamp.by)];
                row.push(opened.reason.clone());
                vec![(Table::NoSales, row)]
            }
            Fact::CartCancelled(cart) => {
                let stamp = &cart.stamp;
                let row = vec![
                    text(seq),
                    text(stamp.at),
                    text(stamp.shift),
                    text(&stamp.by),
                    text(cart.cart.0),
                    text(cart.lines),
                    amount(cart.amount),
                    optional(cart.reason.as_ref()),
                ];
                vec![(Table::CancelledCarts, row)]
            }
            Fact::SeriesOpened(_)
            | Fact::PaymentIntended(_)
            | Fact::PaymentEnded(_)
            | Fact::PaymentPutRight(_)
            | Fact::StockCounted(_) => Vec::new(),
        }
    }

    /// The rows of shifts that were not closed.
    pub(super) fn open_shifts(&self) -> Vec<Row> {
        self.open.values().map(|opened| shift_row(Some(opened), None)).collect()
    }
}

fn text(value: impl Display) -> String {
    value.to_string()
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn amount(money: Money) -> String {
    money.amount_text()
}

/// Minor units of a currency as a decimal; the number itself beyond what money may be.
fn minor(minor: i64, like: Money) -> String {
    Money::new(minor, like.currency()).map_or_else(|_| text(minor), Money::amount_text)
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn shift_closed(closed: &ShiftClosed, opened: Option<&ShiftOpened>) -> Vec<Row> {
    let mut rows = vec![shift_row(opened, Some(closed))];
    let currency = opened
        .map(|opened| opened.float)
        .or_else(|| closed.counted.first().map(|counted| counted.expected));
    let (z, shift) = (text(closed.z), text(closed.stamp.shift));
    rows.extend(closed.totals.iter().map(|total| {
        let sum = currency.map_or_else(|| text(total.amount), |like| minor(total.amount, like));
        let (name, key) = (total.kind.name().to_owned(), total.key.clone());
        (Table::ZTotals, vec![z.clone(), shift.clone(), name, key, text(total.count), sum])
    }));
    rows.extend(closed.counted.iter().map(|counted| {
        let difference = counted.counted.minor() - counted.expected.minor();
        let row = vec![
            z.clone(),
            shift.clone(),
            counted.tender.clone(),
            amount(counted.expected),
            amount(counted.counted),
            minor(difference, counted.expected),
        ];
        (Table::Counted, row)
    }));
    rows
}

/// A shift's row; its opening may stand before what is exported, its closing may not have come.
fn shift_row(opened: Option<&ShiftOpened>, closed: Option<&ShiftClosed>) -> Row {
    let at = |at: Option<Timestamp>| optional(at);
    let by = |by: Option<&StaffId>| optional(by);
    let (stamp, end) = (opened.map(|opened| &opened.stamp), closed.map(|closed| &closed.stamp));
    let day = opened
        .map(|opened| opened.business_day)
        .or_else(|| closed.map(|closed| closed.business_day));
    let row = vec![
        optional(stamp.or(end).map(|stamp| stamp.shift)),
        optional(day),
        optional(opened.map(|opened| opened.float.currency())),
        at(stamp.map(|stamp| stamp.at)),
        by(stamp.map(|stamp| &stamp.by)),
        optional(opened.map(|opened| opened.float.amount_text())),
        at(end.map(|stamp| stamp.at)),
        by(end.map(|stamp| &stamp.by)),
        optional(closed.map(|closed| closed.z)),
    ];
    (Table::Shifts, row)
}

fn cash_moved(moved: &CashMoved, seq: u64) -> Row {
    let row = vec![
        text(seq),
        text(moved.stamp.at),
        text(moved.stamp.shift),
        text(&moved.stamp.by),
        direction(moved.direction).to_owned(),
        amount(moved.amount),
        moved.reason.clone(),
        optional(moved.approved_by.as_ref()),
    ];
    (Table::CashMoves, row)
}

/// Which way cash went.
pub(super) const fn direction(direction: CashDirection) -> &'static str {
    match direction {
        CashDirection::In => "in",
        CashDirection::Out => "out",
    }
}
