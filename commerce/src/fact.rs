//! Facts: everything the till must never forget, one for each business act.
//!
//! `sync` gives each fact its durable bytes; the agent seals it in the journal and folds it into
//! state, live and when state is rebuilt, through the same code.

use crate::cart::CartId;
use crate::money::Money;
use crate::returns::Return;
use crate::sale::{ReceiptNumber, Sale, Stamp};
use crate::shift::ShiftTotal;
use crate::staff::StaffId;
use crate::tender::CardSlip;
use jiff::Timestamp;
use jiff::civil::Date;

/// Why a receipt series was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesReason {
    /// The till's first start.
    First,
    /// The database was put back from a backup.
    Restored,
    /// The folder was copied to another machine.
    Copied,
    /// The database disagrees with what was known of it: two went on from one past.
    Forked,
    /// The till was given another number, or belongs to another store.
    Renumbered,
}

/// A receipt series opened, with what is known of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesOpened {
    /// When.
    pub at: Timestamp,
    /// The store's id.
    pub store: String,
    /// The till's number.
    pub till: u16,
    /// The new series.
    pub series: u32,
    /// Why.
    pub reason: SeriesReason,
    /// The last number known of the series before; more may have been printed.
    pub previous_last: Option<ReceiptNumber>,
}

/// A shift opened with its float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftOpened {
    /// When, its number, by whom.
    pub stamp: Stamp,
    /// The trading day it counts for.
    pub business_day: Date,
    /// The cash put into the drawer to begin with.
    pub float: Money,
}

/// Which way cash went without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashDirection {
    /// Into the drawer.
    In,
    /// Out of the drawer.
    Out,
}

/// Cash paid in or out without a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashMoved {
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// Which way.
    pub direction: CashDirection,
    /// How much; positive either way.
    pub amount: Money,
    /// The reason's id.
    pub reason: String,
    /// Who approved it.
    pub approved_by: Option<StaffId>,
}

/// The drawer opened without a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawerOpened {
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The reason's id.
    pub reason: String,
}

/// What a payment intent asks of the card terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentKind {
    /// Take money for a cart.
    Authorise,
    /// Give money back for a return.
    Refund,
    /// Undo an earlier payment, named by the terminal's receipt number.
    Reverse {
        /// The terminal's number of the payment to undo.
        receipt_number: u32,
    },
}

/// A payment intent: durable before the first byte goes to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentIntended {
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The intent's number on this till.
    pub intent: u64,
    /// What it asks.
    pub kind: PaymentKind,
    /// How much.
    pub amount: Money,
    /// The cart or return it is for.
    pub cart: CartId,
    /// Who approved it, where that was needed.
    pub approved_by: Option<StaffId>,
}

/// How a payment intent ended. An unknown outcome is not an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// Money moved: the amount the terminal reported, which may differ from the one asked.
    Approved {
        /// What moved.
        amount: Money,
        /// The terminal's slip.
        card: CardSlip,
    },
    /// The terminal or the bank refused.
    Declined {
        /// The terminal's result code.
        code: u8,
        /// In words.
        text: String,
    },
    /// The terminal never got the request.
    NotSent {
        /// Why.
        why: String,
    },
}

/// A payment intent's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEnded {
    /// When, in which shift, by whom (the person who resolved it, where one did).
    pub stamp: Stamp,
    /// The intent.
    pub intent: u64,
    /// Its end.
    pub outcome: PaymentOutcome,
    /// Whether a person said so because the terminal could not be asked.
    pub by_hand: bool,
    /// Who approved their word, where that was needed.
    pub approved_by: Option<StaffId>,
}

/// Money that moved and stands nowhere was put right outside the till: at the terminal itself,
/// with the bank, or in cash. Nobody needs to look at the payment any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPutRight {
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The intent that moved it.
    pub intent: u64,
    /// Who approved it, where that was needed.
    pub approved_by: Option<StaffId>,
    /// What was done.
    pub note: String,
}

/// Stock counted: from this instant on hand is this, plus later movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockCounted {
    /// When.
    pub at: Timestamp,
    /// Who counted, or imported the count.
    pub by: StaffId,
    /// Where in the shop.
    pub place: String,
    /// Each SKU with thousandths of its unit.
    pub items: Vec<(String, i64)>,
    /// Of two counts the one of the higher round stands, then the later one. It is 0, but for a count
    /// that replaces one from a clock that was ahead, and all that come after it.
    pub round: u32,
}

/// A cart given up before it was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartCancelled {
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The cart.
    pub cart: CartId,
    /// How many lines it had.
    pub lines: u32,
    /// What they came to, before discounts.
    pub amount: Money,
    /// The reason's id, where one was given.
    pub reason: Option<String>,
}

/// What was counted of a tender at the end of a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The tender's id.
    pub tender: String,
    /// What should be there.
    pub expected: Money,
    /// What was counted.
    pub counted: Money,
}

/// A shift closed: its Z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftClosed {
    /// When, its number, by whom.
    pub stamp: Stamp,
    /// The trading day it counted for.
    pub business_day: Date,
    /// The Z's own running number.
    pub z: u32,
    /// Everything the shift came to.
    pub totals: Vec<ShiftTotal>,
    /// Counted against expected, tender by tender.
    pub counted: Vec<Counted>,
}

/// A fact of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A receipt series opened.
    SeriesOpened(SeriesOpened),
    /// A shift opened.
    ShiftOpened(ShiftOpened),
    /// Cash paid in or out.
    CashMoved(CashMoved),
    /// The drawer opened without a sale.
    DrawerOpened(DrawerOpened),
    /// A sale.
    Sold(Sale),
    /// A refund or post-void.
    Returned(Return),
    /// A payment about to be asked for.
    PaymentIntended(PaymentIntended),
    /// How a payment ended.
    PaymentEnded(PaymentEnded),
    /// Stock counted.
    StockCounted(StockCounted),
    /// A cart given up.
    CartCancelled(CartCancelled),
    /// A shift closed.
    ShiftClosed(ShiftClosed),
    /// A payment put right outside the till.
    PaymentPutRight(PaymentPutRight),
}

impl Fact {
    /// The shift a fact belongs to, where it belongs to one.
    #[must_use]
    pub const fn shift(&self) -> Option<u32> {
        match self {
            Self::SeriesOpened(_) | Self::StockCounted(_) => None,
            Self::ShiftOpened(fact) => Some(fact.stamp.shift),
            Self::CashMoved(fact) => Some(fact.stamp.shift),
            Self::DrawerOpened(fact) => Some(fact.stamp.shift),
            Self::Sold(fact) => Some(fact.stamp.shift),
            Self::Returned(fact) => Some(fact.stamp.shift),
            Self::PaymentIntended(fact) => Some(fact.stamp.shift),
            Self::PaymentEnded(fact) => Some(fact.stamp.shift),
            Self::CartCancelled(fact) => Some(fact.stamp.shift),
            Self::ShiftClosed(fact) => Some(fact.stamp.shift),
            Self::PaymentPutRight(fact) => Some(fact.stamp.shift),
        }
    }
}
