//! The cart: what a customer is about to buy, and how it is being paid.
//!
//! Acts change the cart or refuse and leave it as it was; none of them reads a clock. Who may do
//! what is decided by [`crate::staff`], in the acts of `edit`, so that no caller can forget it.

mod edit;
mod error;
mod id;
mod line;
mod totals;

#[cfg(test)]
mod tests;

pub use error::CartError;
pub use id::{CartId, NotACart};
pub use line::{Item, Line, LineVoid, PriceOverride};
pub use totals::{LineTotal, Totals};

use crate::customer::CustomerId;
use crate::discount::Discount;
use crate::money::{Currency, Money};
use crate::tax::TaxRules;
use crate::tender::{TenderKind, Tendered};

/// The most lines a cart may hold: far beyond a trolley, and a bound on the work of each act.
pub const MAX_LINES: usize = 999;
/// The most discounts on one line or on the basket.
pub const MAX_DISCOUNTS: usize = 8;
/// The most tenders on one cart.
pub const MAX_TENDERS: usize = 20;

/// Where a cart stands. A paid cart is a sale and no longer a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CartState {
    /// At the till.
    Open,
    /// Set aside under a label, to be recalled.
    Parked {
        /// What the cashier wrote to find it again.
        label: String,
    },
}

/// What a customer is about to buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// Its number.
    pub id: CartId,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// Where it stands.
    pub state: CartState,
    /// Lines in the order added, voided ones too.
    pub lines: Vec<Line>,
    /// Discounts on the whole basket, in the order given.
    pub basket_discounts: Vec<Discount>,
    /// Tenders in the order taken.
    pub tenders: Vec<Tendered>,
    /// Whose it is, where they said so.
    pub customer: Option<CustomerId>,
}

impl Cart {
    /// An empty open cart.
    #[must_use]
    pub fn new(id: CartId, currency: Currency) -> Self {
        let (lines, basket_discounts, tenders) = (Vec::new(), Vec::new(), Vec::new());
        let state = CartState::Open;
        Self { id, currency, state, lines, basket_discounts, tenders, customer: None }
    }

    /// Lines that were not voided.
    pub fn live_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.void.is_none())
    }

    /// Sets the cart aside.
    ///
    /// # Errors
    /// When it is empty, parked already, or being paid.
    pub fn park(&mut self, label: String) -> Result<(), CartError> {
        self.assert_editable()?;
        self.assert_not_empty()?;
        self.state = CartState::Parked { label };
        Ok(())
    }

    /// Takes the cart back to the till.
    pub fn recall(&mut self) {
        self.state = CartState::Open;
    }

    /// Notes whose cart it is, or that it is nobody's.
    ///
    /// # Errors
    /// When the cart is parked.
    pub fn attach(&mut self, customer: Option<CustomerId>) -> Result<(), CartError> {
        self.assert_open()?;
        self.customer = customer;
        Ok(())
    }

    /// Takes a tender.
    ///
    /// # Errors
    /// When the cart is parked or empty, or the tender's own rules forbid the amount.
    pub fn tender(&mut self, tendered: Tendered, rules: &TaxRules) -> Result<(), CartError> {
        self.assert_open()?;
        self.assert_not_empty()?;
        if self.tenders.len() >= MAX_TENDERS {
            return Err(CartError::TooManyTenders);
        }
        let totals = self.totals(rules)?;
        tendered.tender.accept(tendered.amount, totals.due)?;
        // What was handed over must stay a sum that can be formed.
        totals.tendered.plus(tendered.amount)?;
        self.tenders.push(tendered);
        Ok(())
    }

    /// Gives all tenders back to the customer, so that the basket can change again.
    ///
    /// # Errors
    /// When a card payment went through: that takes a return.
    pub fn take_back_tenders(&mut self) -> Result<(), CartError> {
        let by_card =
            |taken: &Tendered| taken.intent.is_some() || taken.tender.kind == TenderKind::Card;
        if self.tenders.iter().any(by_card) {
            return Err(CartError::CardTaken(self.id));
        }
        self.tenders.clear();
        Ok(())
    }

    /// The live lines at the prices charged, before discounts.
    ///
    /// # Errors
    /// When the sum is out of range.
    pub fn extended(&self) -> Result<Money, CartError> {
        let mut sum = Money::zero(self.currency);
        for line in self.live_lines() {
            sum = sum.plus(line.extended()?)?;
        }
        Ok(sum)
    }

    /// Refuses an empty cart.
    ///
    /// # Errors
    /// [`CartError::Empty`].
    pub fn assert_not_empty(&self) -> Result<(), CartError> {
        self.live_lines().next().map(|_| ()).ok_or(CartError::Empty(self.id))
    }

    pub(crate) fn assert_open(&self) -> Result<(), CartError> {
        match self.state {
            CartState::Open => Ok(()),
            CartState::Parked { .. } => Err(CartError::Parked(self.id)),
        }
    }

    fn assert_editable(&self) -> Result<(), CartError> {
        self.assert_open()?;
        self.assert_unpaid()
    }

    pub(crate) fn assert_unpaid(&self) -> Result<(), CartError> {
        if self.tenders.is_empty() { Ok(()) } else { Err(CartError::BeingPaid(self.id)) }
    }
}
