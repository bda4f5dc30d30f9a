//! The cart: what a customer is about to buy, and how it is being paid.
//!
//! Acts change the cart or refuse and leave it as it was; none of them reads a clock. Who may do
//! what is decided by [`crate::staff`], here in the acts, so that no caller can forget it.

mod line;
mod totals;

pub use line::{Item, Line, LineVoid, PriceOverride};
pub use totals::{LineTotal, Totals};

use crate::discount::{Discount, DiscountValue, take_off};
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::{Quantity, QuantityError};
use crate::sale::SaleError;
use crate::staff::{Authority, Limited, StaffError, authorise};
use crate::tax::{TaxError, TaxRules};
use crate::tender::{TenderError, Tendered};
use crate::unit_price::{UnitPrice, UnitPriceError};

/// The most lines a cart may hold: far beyond a trolley, and a bound on the work of each act.
pub const MAX_LINES: usize = 999;
/// The most discounts on one line or on the basket.
pub const MAX_DISCOUNTS: usize = 8;
/// The most tenders on one cart.
pub const MAX_TENDERS: usize = 20;

/// A cart's number on the till that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CartId(pub u64);

impl std::fmt::Display for CartId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

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
}

/// Why an act on a cart is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// The cart is set aside.
    #[error("cart {0} is parked: recall it first")]
    Parked(CartId),
    /// A tender has been taken, so the basket stands.
    #[error("cart {0} is being paid: take the tenders back before changing it")]
    BeingPaid(CartId),
    /// No such line.
    #[error("cart {cart} has no line {line}, or it was voided")]
    NoLine {
        /// The cart.
        cart: CartId,
        /// The line's number.
        line: u32,
    },
    /// More lines than a cart holds.
    #[error("a cart holds at most {MAX_LINES} lines")]
    TooManyLines,
    /// More discounts than a line or basket holds.
    #[error("at most {MAX_DISCOUNTS} discounts on one line or basket")]
    TooManyDiscounts,
    /// More tenders than a cart holds.
    #[error("at most {MAX_TENDERS} tenders on one cart")]
    TooManyTenders,
    /// The cart is empty.
    #[error("cart {0} has no lines")]
    Empty(CartId),
    /// Nothing to take off.
    #[error("a discount must be more than nothing and at most {most}")]
    BadDiscount {
        /// What there is to take off.
        most: Money,
    },
    /// The amount comes from the item's printed label.
    #[error("line {0} was sold by the price on its label: void it and weigh or count again")]
    Labelled(u32),
    /// Payment does not cover the total.
    #[error("{due} is still due on cart {cart}")]
    NotPaid {
        /// The cart.
        cart: CartId,
        /// What is missing.
        due: Money,
    },
    /// A card payment cannot be taken back by hand.
    #[error("a card payment was approved on cart {0}: finish the sale, then return it")]
    CardTaken(CartId),
    /// Refused for who asks.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// Refused for the quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// Refused for the price.
    #[error(transparent)]
    Price(#[from] UnitPriceError),
    /// Refused for the tax.
    #[error(transparent)]
    Tax(#[from] TaxError),
    /// The sale made of the cart would not add up.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// Refused for the tender.
    #[error(transparent)]
    Tender(#[from] TenderError),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Cart {
    /// An empty open cart.
    #[must_use]
    pub fn new(id: CartId, currency: Currency) -> Self {
        let (lines, basket_discounts, tenders) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, currency, state: CartState::Open, lines, basket_discounts, tenders }
    }

    /// Lines that were not voided.
    pub fn live_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.void.is_none())
    }

    /// Adds a line and returns its number.
    ///
    /// # Errors
    /// When the cart is parked, being paid, or full, or the amount is out of range.
    pub fn add(
        &mut self,
        item: Item,
        quantity: Quantity,
        price: UnitPrice,
        label_amount: Option<Money>,
    ) -> Result<u32, CartError> {
        self.assert_editable()?;
        if self.lines.len() >= MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        let number = self.lines.last().map_or(1, |line| line.number + 1);
        let line = Line {
            number,
            item,
            quantity,
            price,
            label_amount,
            price_override: None,
            discounts: Vec::new(),
            void: None,
        };
        let together = Money::sum(self.currency, [line.extended()?, self.extended()?])?;
        debug_assert!(together.minor() >= 0, "prices and quantities are never negative");
        self.lines.push(line);
        Ok(number)
    }

    /// Changes a line's quantity.
    ///
    /// # Errors
    /// When there is no such live line, or its amount comes from a printed label.
    pub fn set_quantity(&mut self, line: u32, quantity: Quantity) -> Result<(), CartError> {
        self.edit(line, |line| {
            if line.label_amount.is_some() {
                return Err(CartError::Labelled(line.number));
            }
            line.quantity = quantity;
            Ok(())
        })
    }

    /// Charges another price for a line.
    ///
    /// # Errors
    /// When there is no such line, or the change is beyond the actor and not approved.
    pub fn override_price(
        &mut self,
        line: u32,
        price: UnitPrice,
        reason: String,
        actor: &Authority,
        approver: Option<&Authority>,
    ) -> Result<(), CartError> {
        self.edit(line, |line| {
            let base = line.listed()?;
            let changed = price.extend(line.quantity)?.minus(base)?;
            let part = if changed.minor() < 0 { changed.negated() } else { changed };
            let approved_by = authorise(Limited::Override { part, base }, actor, approver)?;
            line.price_override =
                Some(PriceOverride { price, reason, by: actor.staff.clone(), approved_by });
            Ok(())
        })
    }

    /// Takes a line off again; it stays as evidence.
    ///
    /// # Errors
    /// When there is no such live line.
    pub fn void_line(
        &mut self,
        line: u32,
        by: &Authority,
        reason: Option<String>,
    ) -> Result<(), CartError> {
        self.edit(line, |line| {
            line.void = Some(LineVoid { by: by.staff.clone(), reason });
            Ok(())
        })
    }

    /// Gives a discount on one line.
    ///
    /// # Errors
    /// When it takes off nothing or more than there is, or is beyond the actor and not approved.
    /// The limit counts all discounts on the line together.
    pub fn discount_line(
        &mut self,
        line: u32,
        value: DiscountValue,
        reason: String,
        actor: &Authority,
        approver: Option<&Authority>,
    ) -> Result<(), CartError> {
        self.edit(line, |line| {
            let base = line.extended()?;
            give(&mut line.discounts, base, value, reason, actor, approver)
        })
    }

    /// Gives a discount on the whole basket.
    ///
    /// # Errors
    /// As [`Cart::discount_line`].
    pub fn discount_basket(
        &mut self,
        value: DiscountValue,
        reason: String,
        actor: &Authority,
        approver: Option<&Authority>,
    ) -> Result<(), CartError> {
        self.assert_editable()?;
        let mut base = Money::zero(self.currency);
        for line in self.live_lines() {
            base = base.plus(line.net()?)?;
        }
        give(&mut self.basket_discounts, base, value, reason, actor, approver)
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
        let due = self.totals(rules)?.due;
        tendered.tender.accept(tendered.amount, due)?;
        self.tenders.push(tendered);
        Ok(())
    }

    /// Gives all tenders back to the customer, so that the basket can change again.
    ///
    /// # Errors
    /// When a card payment went through: that takes a return.
    pub fn take_back_tenders(&mut self) -> Result<(), CartError> {
        if self.tenders.iter().any(|tendered| tendered.intent.is_some()) {
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

    fn assert_open(&self) -> Result<(), CartError> {
        match self.state {
            CartState::Open => Ok(()),
            CartState::Parked { .. } => Err(CartError::Parked(self.id)),
        }
    }

    fn assert_editable(&self) -> Result<(), CartError> {
        self.assert_open()?;
        if self.tenders.is_empty() { Ok(()) } else { Err(CartError::BeingPaid(self.id)) }
    }

    /// Changes a copy of a live line and keeps it only when the whole act succeeds.
    fn edit(
        &mut self,
        number: u32,
        act: impl FnOnce(&mut Line) -> Result<(), CartError>,
    ) -> Result<(), CartError> {
        self.assert_editable()?;
        let line = self
            .lines
            .iter_mut()
            .find(|line| line.number == number && line.void.is_none())
            .ok_or(CartError::NoLine { cart: self.id, line: number })?;
        let mut changed = line.clone();
        act(&mut changed)?;
        changed.net()?;
        *line = changed;
        Ok(())
    }
}

/// Adds a discount to `given` when it takes something off `base` and `actor` may give it.
fn give(
    given: &mut Vec<Discount>,
    base: Money,
    value: DiscountValue,
    reason: String,
    actor: &Authority,
    approver: Option<&Authority>,
) -> Result<(), CartError> {
    if given.len() >= MAX_DISCOUNTS {
        return Err(CartError::TooManyDiscounts);
    }
    let before = Money::sum(base.currency(), take_off(base, given)?)?;
    let rest = base.minus(before)?;
    let mut discount = Discount { value, reason, by: actor.staff.clone(), approved_by: None };
    let taken = discount.taken_off(rest)?;
    let too_much = matches!(value, DiscountValue::Amount(amount) if amount != taken);
    if taken.minor() <= 0 || too_much {
        return Err(CartError::BadDiscount { most: rest });
    }
    let part = before.plus(taken)?;
    discount.approved_by = authorise(Limited::Discount { part, base }, actor, approver)?;
    given.push(discount);
    Ok(())
}
