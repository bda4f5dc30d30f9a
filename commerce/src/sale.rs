//! The sale: a settled cart, written once and never changed.

use crate::cart::{Cart, CartError, CartId, LineTotal, Totals};
use crate::code::Gtin;
use crate::customer::CustomerId;
use crate::discount::Discount;
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::Quantity;
use crate::staff::StaffId;
use crate::tax::{TaxRules, TaxTable};
use crate::tender::{TenderKind, Tendered};
use crate::unit_price::UnitPrice;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

/// The number on a receipt: gapless within its series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptNumber {
    /// The store's id.
    pub store: String,
    /// The till's number in the store.
    pub till: u16,
    /// The series: a new one with each incarnation of the till.
    pub series: u32,
    /// The number in the series, from 1.
    pub number: u32,
}

/// `HAFEN1-2-1-000123`
impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{:06}", self.store, self.till, self.series, self.number)
    }
}

impl ReceiptNumber {
    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().rsplitn(4, '-');
        let number = parts.next()?.parse().ok()?;
        let series = parts.next()?.parse().ok()?;
        let till = parts.next()?.parse().ok()?;
        let store = parts.next().filter(|store| !store.is_empty())?.to_owned();
        Some(Self { store, till, series, number })
    }
}

/// When, where and by whom something was done at the till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant, to the millisecond.
    pub at: Timestamp,
    /// The shift it belongs to.
    pub shift: u32,
    /// Who did it.
    pub by: StaffId,
}

/// One discount as it fell on one sold line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldDiscount {
    /// The reason's id.
    pub reason: String,
    /// What it took off this line.
    pub amount: Money,
    /// Whether it was given on the basket, and this is the line's share.
    pub basket: bool,
    /// Who gave it.
    pub by: StaffId,
    /// Who approved it.
    pub approved_by: Option<StaffId>,
}

/// A price changed by hand, as it was sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldOverride {
    /// The listed price.
    pub listed: UnitPrice,
    /// The reason's id.
    pub reason: String,
    /// Who changed it.
    pub by: StaffId,
    /// Who approved it.
    pub approved_by: Option<StaffId>,
}

/// One line as sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldLine {
    /// The line's number in the cart.
    pub number: u32,
    /// The shop's own number of the item.
    pub sku: String,
    /// The barcode it was sold by.
    pub gtin: Option<Gtin>,
    /// As printed.
    pub name: String,
    /// How much.
    pub quantity: Quantity,
    /// The price charged.
    pub price: UnitPrice,
    /// The listed price, where another was charged.
    pub price_override: Option<SoldOverride>,
    /// At the price charged, before discounts.
    pub extended: Money,
    /// The discounts.
    pub discounts: Vec<SoldDiscount>,
    /// What was charged for the line, after discounts and before exclusive taxes.
    pub net: Money,
    /// Its tax class.
    pub tax_class: String,
}

/// A line that was taken off before the sale was settled, kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidedLine {
    /// The shop's own number of the item.
    pub sku: String,
    /// What it would have come to, before discounts.
    pub amount: Money,
    /// Who voided it.
    pub by: StaffId,
    /// The reason's id, where one was given.
    pub reason: Option<String>,
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The receipt's number.
    pub receipt: ReceiptNumber,
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The trading day it counts for.
    pub business_day: Date,
    /// The cart it was.
    pub cart: CartId,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<SoldLine>,
    /// Lines taken off before settling.
    pub voided: Vec<VoidedLine>,
    /// The tax table.
    pub taxes: TaxTable,
    /// What was handed over.
    pub tenders: Vec<Tendered>,
    /// What was given back.
    pub change: Money,
    /// What the customer paid: tenders less change.
    pub total: Money,
    /// Whose it was, where they said so.
    pub customer: Option<CustomerId>,
}

/// What a sale must never be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaleError {
    /// Tenders less change do not come to the total.
    #[error("tenders less change come to {paid}, the sale to {total}")]
    Paid {
        /// The sale's total.
        total: Money,
        /// Tenders less change.
        paid: Money,
    },
    /// The tax table does not come to the total.
    #[error("the tax table comes to {taxed}, the sale to {total}")]
    Taxed {
        /// The sale's total.
        total: Money,
        /// The sum of the tax table.
        taxed: Money,
    },
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Cart {
    /// Turns a paid cart into a sale.
    ///
    /// # Errors
    /// When something is still due, the cart is empty or parked, or the sums do not agree.
    pub fn settle(
        &self,
        rules: &TaxRules,
        receipt: ReceiptNumber,
        stamp: Stamp,
        business_day: Date,
    ) -> Result<Sale, CartError> {
        self.assert_open()?;
        self.assert_not_empty()?;
        let totals = self.totals(rules)?;
        if !totals.due.is_zero() {
            return Err(CartError::NotPaid { cart: self.id, due: totals.due });
        }
        let lines = self.sold_lines(&totals)?;
        let Totals { taxes, total, change, .. } = totals;
        let tenders = self.tenders.clone();
        let voided = self.voided_lines()?;
        let currency = self.currency;
        let cart = self.id;
        let sale = Sale {
            receipt,
            stamp,
            business_day,
            cart,
            currency,
            lines,
            voided,
            taxes,
            tenders,
            change,
            total,
            customer: self.customer,
        };
        sale.check()?;
        Ok(sale)
    }

    fn sold_lines(&self, totals: &Totals) -> Result<Vec<SoldLine>, CartError> {
        let mut sold = Vec::with_capacity(totals.lines.len());
        for (line, amounts) in self.live_lines().zip(&totals.lines) {
            let listed = line.listed_price()?;
            let price_override = line.price_override.as_ref().map(|change| SoldOverride {
                listed,
                reason: change.reason.clone(),
                by: change.by.clone(),
                approved_by: change.approved_by.clone(),
            });
            sold.push(SoldLine {
                number: line.number,
                sku: line.item.sku.clone(),
                gtin: line.item.gtin,
                name: line.item.name.clone(),
                quantity: line.quantity,
                price: line.unit_price(),
                price_override,
                extended: amounts.extended,
                discounts: self.sold_discounts(&line.discounts, amounts),
                net: amounts.net,
                tax_class: line.item.tax_class.clone(),
            });
        }
        Ok(sold)
    }

    fn sold_discounts(&self, own: &[Discount], amounts: &LineTotal) -> Vec<SoldDiscount> {
        let own = own.iter().zip(&amounts.discounts).map(|pair| (pair, false));
        let basket =
            self.basket_discounts.iter().zip(&amounts.basket_shares).map(|pair| (pair, true));
        own.chain(basket)
            .map(|((discount, &amount), basket)| SoldDiscount {
                reason: discount.reason.clone(),
                amount,
                basket,
                by: discount.by.clone(),
                approved_by: discount.approved_by.clone(),
            })
            .filter(|discount| !discount.amount.is_zero())
            .collect()
    }

    fn voided_lines(&self) -> Result<Vec<VoidedLine>, CartError> {
        let voids =
            self.lines.iter().filter_map(|line| line.void.as_ref().map(|void| (line, void)));
        voids
            .map(|(line, void)| {
                Ok(VoidedLine {
                    sku: line.item.sku.clone(),
                    amount: line.extended()?,
                    by: void.by.clone(),
                    reason: void.reason.clone(),
                })
            })
            .collect()
    }
}

impl Sale {
    /// Checks what must hold of every sale: tenders less change equal the total, and so does the
    /// tax table; every tender is more than nothing, and change comes from cash. Called before it
    /// is written and after it is read.
    ///
    /// # Errors
    /// Names the sums that differ.
    pub fn check(&self) -> Result<(), SaleError> {
        // Nothing below nothing counts, and no change that cash could not give: two wrongs would
        // sum to a right.
        let taken = self.tenders.iter().filter(|tendered| tendered.amount.minor() > 0);
        let cash = taken.clone().filter(|tendered| tendered.tender.kind == TenderKind::Cash);
        let cash = Money::sum(self.currency, cash.map(|tendered| tendered.amount))?;
        let change =
            Money::new(self.change.minor().clamp(0, cash.minor()), self.change.currency())?;
        let paid =
            Money::sum(self.currency, taken.map(|tendered| tendered.amount))?.minus(change)?;
        if paid != self.total {
            return Err(SaleError::Paid { total: self.total, paid });
        }
        let taxed = self.taxes.total(self.currency)?;
        if taxed != self.total {
            return Err(SaleError::Taxed { total: self.total, taxed });
        }
        Ok(())
    }

    /// What stayed in the till of each tender, in minor units: change comes from the cash that
    /// was taken last.
    #[must_use]
    pub fn kept(&self) -> Vec<i64> {
        let mut change = self.change.minor();
        let mut kept: Vec<i64> = Vec::with_capacity(self.tenders.len());
        for tendered in self.tenders.iter().rev() {
            let amount = tendered.amount.minor();
            let cash = tendered.tender.kind == TenderKind::Cash;
            let given = if cash { change.min(amount) } else { 0 };
            change -= given;
            kept.push(amount - given);
        }
        kept.reverse();
        kept
    }

    /// The sum of the lines at the prices charged, before discounts.
    ///
    /// # Errors
    /// When the sum is out of range.
    pub fn extended(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.lines.iter().map(|line| line.extended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipt_numbers_read_back() {
        for (text, known) in [
            ("HAFEN1-2-1-000123", true),
            ("A-B-1-2-3", true),
            ("HAFEN1-2-1", false),
            ("-1-1-1", false),
            ("X-1-1-x", false),
            ("", false),
        ] {
            let parsed = ReceiptNumber::parse(text);
            assert_eq!(parsed.is_some(), known, "{text}");
            if let Some(number) = parsed {
                assert_eq!(ReceiptNumber::parse(&number.to_string()), Some(number));
            }
        }
    }
}
