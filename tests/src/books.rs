//! A till's books: its whole journal read and held to every law that one file can tell.
//!
//! The laws are ARCHITECTURE's invariants 1 to 5 as they show in one till: chains and seals verify,
//! receipt numbers have no gap and no double, no cart is paid twice, no more comes back than was
//! sold, each intent ends at most once and money stands where it went, one shift is open at a time
//! and its Z shows what its facts add up to, and state is what the journal says. Called by the power-cut, crash and schedule tests with any connection
//! to a `till.db`; it knows what the client was told only through its callers.

mod goods;
mod shifts;
mod state;

pub use goods::CameBack;
pub use shifts::Shifts;
pub use state::{differ, dump, state_is_the_journals, whole};

use commerce::cart::CartId;
use commerce::fact::{CashMoved, Fact, PaymentEnded, PaymentIntended, PaymentKind, PaymentOutcome};
use commerce::returns::Return;
use commerce::sale::{ReceiptNumber, Sale};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use sync::log::{Hash, StreamKind};

/// A law that does not hold, in words.
pub type Broken = String;

/// An intent and, once it has one, its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What was asked.
    pub asked: PaymentIntended,
    /// How it ended.
    pub ended: Option<PaymentEnded>,
}

impl Intent {
    /// What moved, in minor units: positive to the shop, negative to the customer.
    #[must_use]
    pub fn moved(&self) -> i64 {
        let Some(PaymentOutcome::Approved { amount, .. }) =
            self.ended.as_ref().map(|ended| &ended.outcome)
        else {
            return 0;
        };
        match self.asked.kind {
            PaymentKind::Authorise => amount.minor(),
            PaymentKind::Refund | PaymentKind::Reverse { .. } => -amount.minor(),
        }
    }
}

/// What a journal says, its laws checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Sales with their entries' hashes: equal hashes are equal bytes.
    pub sales: BTreeMap<ReceiptNumber, (Hash, Sale)>,
    /// Returns with their entries' hashes.
    pub returns: BTreeMap<ReceiptNumber, (Hash, Return)>,
    /// Payment intents.
    pub intents: BTreeMap<u64, Intent>,
    /// What came back of each sale.
    pub came_back: CameBack,
    /// Cash paid in and out, in order.
    pub cash: Vec<CashMoved>,
    /// The shifts.
    pub shifts: Shifts,
    /// The last receipt number of each series.
    pub last: BTreeMap<u32, u32>,
    /// How many entries there are.
    pub entries: u64,
    paid_carts: BTreeSet<CartId>,
    spent: BTreeSet<u64>,
}

impl Books {
    /// Reads and checks the whole journal.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn read(conn: &Connection) -> Result<Self, Broken> {
        let mut books = Self::default();
        for stream in sync::store::streams(conn).map_err(text)? {
            sync::store::verify(conn, &stream, None, &mut |_, _| {}).map_err(text)?;
            if stream.id().kind != StreamKind::Journal {
                continue;
            }
            let mut next = 1;
            loop {
                let entries = sync::store::read(conn, &stream, next, 256).map_err(text)?;
                if entries.is_empty() {
                    break;
                }
                for stored in entries {
                    next = stored.entry.seq + 1;
                    books.entries += 1;
                    let fact = sync::body::decode(&stored.entry.body).map_err(text)?;
                    books.enter(fact, stored.hash)?;
                }
            }
        }
        Ok(books)
    }

    /// What moved over the card terminal by the journal, in minor units.
    #[must_use]
    pub fn card_net(&self) -> i64 {
        self.intents.values().map(Intent::moved).sum()
    }

    /// Intents without an end.
    pub fn open(&self) -> impl Iterator<Item = u64> {
        self.intents.iter().filter(|(_, intent)| intent.ended.is_none()).map(|(id, _)| *id)
    }

    /// Whether a sale or return counts the intent's money.
    #[must_use]
    pub fn is_spent(&self, intent: u64) -> bool {
        self.spent.contains(&intent)
    }

    /// Whether a reversal of the terminal's number of this payment was approved as it was asked for.
    /// One of another amount undid nothing: a manager looks at both.
    #[must_use]
    pub fn is_reversed(&self, payment: &Intent) -> bool {
        let Some(PaymentOutcome::Approved { card, .. }) =
            payment.ended.as_ref().map(|ended| &ended.outcome)
        else {
            return false;
        };
        let number = PaymentKind::Reverse { receipt_number: card.receipt_number };
        let undoes = |other: &Intent| {
            other.asked.kind == number
                && other.asked.cart == payment.asked.cart
                && other.moved().abs() == other.asked.amount.minor()
        };
        card.receipt_number != 0 && self.intents.values().any(undoes)
    }

    fn enter(&mut self, fact: Fact, hash: Hash) -> Result<(), Broken> {
        self.shifts.enter(&fact)?;
        match fact {
            Fact::SeriesOpened(opened) => match self.last.insert(opened.series, 0) {
                None => Ok(()),
                Some(_) => Err(format!("series {} was opened twice", opened.series)),
            },
            Fact::Sold(sale) => self.sold(sale, hash),
            Fact::Returned(returned) => self.returned(returned, hash),
            Fact::PaymentIntended(asked) => {
                let id = asked.intent;
                match self.intents.insert(id, Intent { asked, ended: None }) {
                    None => Ok(()),
                    Some(_) => Err(format!("intent {id} stands twice")),
                }
            }
            Fact::PaymentEnded(ended) => {
                let id = ended.intent;
                let intent = self.intents.get_mut(&id).ok_or(format!("no intent {id} to end"))?;
                match intent.ended.replace(ended) {
                    None => Ok(()),
                    Some(before) => Err(format!("intent {id} ended twice, first {before:?}")),
                }
            }
            Fact::CashMoved(moved) => {
                self.cash.push(moved);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn sold(&mut self, sale: Sale, hash: Hash) -> Result<(), Broken> {
        let receipt = sale.receipt.clone();
        sale.check().map_err(|error| format!("sale {receipt}: {error}"))?;
        self.numbered(&receipt)?;
        if !self.paid_carts.insert(sale.cart) {
            return Err(format!("cart {} was paid twice, last as {receipt}", sale.cart));
        }
        for tendered in &sale.tenders {
            if let Some(id) = tendered.intent {
                self.spend(&receipt, id, tendered.amount.minor())?;
            }
        }
        self.sales.insert(receipt, (hash, sale));
        Ok(())
    }

    fn returned(&mut self, returned: Return, hash: Hash) -> Result<(), Broken> {
        let receipt = returned.receipt.clone();
        self.numbered(&receipt)?;
        let (_, sale) = self
            .sales
            .get(&returned.of)
            .ok_or(format!("return {receipt} is of no sale {}", returned.of))?;
        self.came_back.enter(&returned, sale)?;
        for payout in &returned.payouts {
            // A card payout that was made in cash in the end keeps no intent.
            if let Some(id) = payout.intent {
                self.spend(&receipt, id, -payout.amount.minor())?;
            }
        }
        self.returns.insert(receipt, (hash, returned));
        Ok(())
    }

    /// Receipt numbers follow one another.
    fn numbered(&mut self, receipt: &ReceiptNumber) -> Result<(), Broken> {
        let last =
            self.last.get_mut(&receipt.series).ok_or(format!("{receipt}: no such series"))?;
        if receipt.number != *last + 1 {
            return Err(format!("receipt {receipt} follows number {last}"));
        }
        *last = receipt.number;
        Ok(())
    }

    /// Card money in a sale or return really moved, in that amount, and stands in no other.
    fn spend(&mut self, receipt: &ReceiptNumber, id: u64, minor: i64) -> Result<(), Broken> {
        let moved = self.intents.get(&id).map(Intent::moved);
        if moved != Some(minor) {
            return Err(format!("{receipt} counts {minor} of intent {id}, which moved {moved:?}"));
        }
        if !self.spent.insert(id) {
            return Err(format!("{receipt} counts intent {id}, which stands elsewhere already"));
        }
        Ok(())
    }
}

fn text(error: impl ToString) -> Broken {
    error.to_string()
}
