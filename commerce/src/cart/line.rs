//! One line of a cart: an item, how much of it, at which price, less which discounts.

use crate::code::Gtin;
use crate::discount::{Discount, take_off};
use crate::money::{Money, MoneyError};
use crate::quantity::Quantity;
use crate::staff::StaffId;
use crate::unit_price::{UnitPrice, UnitPriceError};

/// What the till knows of an item when it is sold; later changes of the catalogue do not reach
/// back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The shop's own number.
    pub sku: String,
    /// The barcode it was sold by, where it was.
    pub gtin: Option<Gtin>,
    /// As printed.
    pub name: String,
    /// The class it is taxed in.
    pub tax_class: String,
}

/// A price changed by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceOverride {
    /// The price charged instead.
    pub price: UnitPrice,
    /// The reason's id, from the store's list.
    pub reason: String,
    /// Who changed it.
    pub by: StaffId,
    /// Who approved it, where the changer's limit did not reach.
    pub approved_by: Option<StaffId>,
}

/// A line taken off the cart again. It stays in the cart, and in the sale, as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineVoid {
    /// Who voided it.
    pub by: StaffId,
    /// The reason's id, where one was given.
    pub reason: Option<String>,
}

/// One line of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the cart, from 1; never given twice.
    pub number: u32,
    /// What is sold.
    pub item: Item,
    /// How much of it.
    pub quantity: Quantity,
    /// The price of the moment it was added, from the price list.
    pub price: UnitPrice,
    /// The amount printed on a price-coded label, which then is the line's amount.
    pub label_amount: Option<Money>,
    /// The price charged instead, where it was overridden.
    pub price_override: Option<PriceOverride>,
    /// Discounts on this line, in the order given.
    pub discounts: Vec<Discount>,
    /// Set once the line was voided.
    pub void: Option<LineVoid>,
}

impl Line {
    /// The price charged for a unit.
    #[must_use]
    pub fn unit_price(&self) -> UnitPrice {
        self.price_override.as_ref().map_or(self.price, |change| change.price)
    }

    /// The line at its listed price (or its label's), before an override and discounts.
    ///
    /// # Errors
    /// When the amount is out of range.
    pub fn listed(&self) -> Result<Money, UnitPriceError> {
        self.label_amount.map_or_else(|| self.price.extend(self.quantity), Ok)
    }

    /// The listed price of a unit; of a pack with its price on a label, that price.
    ///
    /// # Errors
    /// When the label's amount is negative.
    pub fn listed_price(&self) -> Result<UnitPrice, UnitPriceError> {
        match self.label_amount {
            Some(label) if self.quantity == Quantity::one(self.quantity.unit()) => {
                UnitPrice::from_money(label)
            }
            _ => Ok(self.price),
        }
    }

    /// The extension: the line at the price charged, before discounts.
    ///
    /// # Errors
    /// When the amount is out of range.
    pub fn extended(&self) -> Result<Money, UnitPriceError> {
        match &self.price_override {
            Some(change) => change.price.extend(self.quantity),
            None => self.listed(),
        }
    }

    /// What each of the line's discounts takes off.
    ///
    /// # Errors
    /// When an amount is out of range.
    pub fn discount_amounts(&self) -> Result<Vec<Money>, UnitPriceError> {
        Ok(take_off(self.extended()?, &self.discounts)?)
    }

    /// The line after its own discounts, before its share of the basket's.
    ///
    /// # Errors
    /// When an amount is out of range.
    pub fn net(&self) -> Result<Money, UnitPriceError> {
        let extended = self.extended()?;
        let off: Result<Money, MoneyError> =
            Money::sum(extended.currency(), self.discount_amounts()?);
        Ok(extended.minus(off?)?)
    }
}
