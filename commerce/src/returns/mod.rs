//! Returns: a refund of some lines of a sale, or the post-void of the whole of it.
//!
//! What a return is worth is the difference of two receipts: the sale with everything returned
//! after this return, less the same before it. Returns in any number of parts therefore sum to
//! the original to the cent, in every tax, with no rounding left over. The planning itself stands
//! in `plan`; the agent moves the money and writes the fact.

use crate::code::Gtin;
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::{Quantity, QuantityError};
use crate::sale::{ReceiptNumber, Stamp};
use crate::staff::StaffId;
use crate::tax::{TaxError, TaxTable};
use crate::tender::{CardSlip, TenderType};
use jiff::civil::Date;
use std::collections::BTreeMap;

mod plan;

#[cfg(test)]
mod tests;

/// Whether some goods came back or the whole sale is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnKind {
    /// Goods against money, any time later.
    Refund,
    /// The last sale undone at once.
    PostVoid,
}

/// What has come back of a sale so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnedSoFar {
    /// Thousandths of each line, by line number.
    pub lines: BTreeMap<u32, i64>,
    /// Minor units paid back against each tender, by its position in the sale.
    pub tenders: BTreeMap<u32, i64>,
}

/// One line coming back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedLine {
    /// The number of the line in the original sale.
    pub line: u32,
    /// The shop's own number of the item.
    pub sku: String,
    /// Its barcode.
    pub gtin: Option<Gtin>,
    /// As printed.
    pub name: String,
    /// How much comes back.
    pub quantity: Quantity,
    /// What it is worth, before exclusive taxes.
    pub net: Money,
    /// Its tax class.
    pub tax_class: String,
}

/// One amount paid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The position, in the original sale, of the tender it is paid back against.
    pub against: u32,
    /// What it is paid back by: that tender, unless another was approved.
    pub tender: TenderType,
    /// How much.
    pub amount: Money,
    /// The payment intent behind a card payout.
    pub intent: Option<u64>,
    /// The terminal's slip of a card payout.
    pub card: Option<CardSlip>,
    /// Who approved another tender than the original one.
    pub approved_by: Option<StaffId>,
}

/// What a return will be, before any money moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPlan {
    /// The lines.
    pub lines: Vec<ReturnedLine>,
    /// Their taxes, as positive amounts.
    pub taxes: TaxTable,
    /// What the customer gets back.
    pub total: Money,
    /// How, by the original tenders first.
    pub payouts: Vec<Payout>,
}

/// A return, written once and never changed. Amounts are positive: what left the till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Its own receipt number.
    pub receipt: ReceiptNumber,
    /// The sale it is against.
    pub of: ReceiptNumber,
    /// Refund or post-void.
    pub kind: ReturnKind,
    /// When, in which shift, by whom.
    pub stamp: Stamp,
    /// The trading day it counts for.
    pub business_day: Date,
    /// Who approved it, where the limit did not reach.
    pub approved_by: Option<StaffId>,
    /// The reason's id.
    pub reason: String,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<ReturnedLine>,
    /// Their taxes.
    pub taxes: TaxTable,
    /// How it was paid back.
    pub payouts: Vec<Payout>,
    /// The sum paid back.
    pub total: Money,
}

/// Why a return is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnError {
    /// Nothing named.
    #[error("name at least one line of the receipt to return")]
    Nothing,
    /// The receipt has no such line.
    #[error("receipt {receipt} has no line {line}")]
    NoLine {
        /// The receipt.
        receipt: ReceiptNumber,
        /// The line asked for.
        line: u32,
    },
    /// More than is left of the line.
    #[error("line {line} of receipt {receipt} has {left} left to return, not {asked}")]
    TooMuch {
        /// The receipt.
        receipt: ReceiptNumber,
        /// The line.
        line: u32,
        /// What was asked.
        asked: String,
        /// What is left.
        left: String,
    },
    /// A line named twice in one return.
    #[error("line {0} is named twice: give one quantity for it")]
    Twice(u32),
    /// A post-void of a sale of which something came back already.
    #[error("receipt {0} was returned in part already: return the rest as a refund")]
    Begun(ReceiptNumber),
    /// Refused for the quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// Refused for the tax.
    #[error(transparent)]
    Tax(#[from] TaxError),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What a return must never be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnCheckError {
    /// The lines of a return are not in order.
    #[error("line {0} of the return is not after the line before it")]
    LineOrder(u32),
    /// The sums of a return do not agree.
    #[error("the {what} of the return come to {sum}, the return to {total}")]
    Differs {
        /// Which sum: `taxes` or `payouts`.
        what: &'static str,
        /// What it comes to.
        sum: Money,
        /// The return's total.
        total: Money,
    },
    /// A payout of nothing or less.
    #[error("a payout of {0} is none: payouts are more than nothing")]
    Payout(Money),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Return {
    /// Checks what must hold of every return: each line once and in order, and one sum by its tax
    /// table and by its payouts. For use before it is written and after it is read.
    ///
    /// # Errors
    /// Names the line, the payout or the sums.
    pub fn check(&self) -> Result<(), ReturnCheckError> {
        let mut last = 0;
        for line in &self.lines {
            if line.line <= last {
                return Err(ReturnCheckError::LineOrder(line.line));
            }
            last = line.line;
        }
        if let Some(none) = self.payouts.iter().find(|payout| payout.amount.minor() <= 0) {
            return Err(ReturnCheckError::Payout(none.amount));
        }
        let total = self.total;
        let paid = Money::sum(self.currency, self.payouts.iter().map(|payout| payout.amount))?;
        for (what, sum) in [("taxes", self.taxes.total(self.currency)?), ("payouts", paid)] {
            if sum != total {
                return Err(ReturnCheckError::Differs { what, sum, total });
            }
        }
        Ok(())
    }
}

impl ReturnedSoFar {
    /// What was paid back so far, by whatever tender.
    ///
    /// A limit on returns holds for a receipt, not for each part of it: what is asked now has to
    /// be counted together with this.
    ///
    /// # Errors
    /// When the sum is out of range.
    pub fn paid_back(&self, currency: Currency) -> Result<Money, MoneyError> {
        let amounts = self.tenders.values().map(|&minor| Money::new(minor, currency));
        amounts.into_iter().try_fold(Money::zero(currency), |sum, amount| sum.plus(amount?))
    }
}
