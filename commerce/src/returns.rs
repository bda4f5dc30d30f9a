//! Returns: a refund of some lines of a sale, or the post-void of the whole of it.
//!
//! What a return is worth is the difference of two receipts: the sale with everything returned
//! after this return, less the same before it. Returns in any number of parts therefore sum to
//! the original to the cent, in every tax, with no rounding left over.

use crate::code::Gtin;
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::{Quantity, QuantityError, thousandths_text};
use crate::sale::{ReceiptNumber, Sale, SoldLine, Stamp};
use crate::staff::StaffId;
use crate::tax::{TaxError, TaxTable};
use crate::tender::{CardSlip, TenderKind, TenderType};
use jiff::civil::Date;
use std::collections::BTreeMap;

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

impl Sale {
    /// Plans the return of `asked` (line number and thousandths) with `so_far` returned before.
    ///
    /// # Errors
    /// When a line does not exist, is named twice, or has less left than asked.
    pub fn plan_return(
        &self,
        asked: &[(u32, i64)],
        so_far: &ReturnedSoFar,
    ) -> Result<ReturnPlan, ReturnError> {
        let mut after = so_far.lines.clone();
        let mut named = BTreeMap::new();
        for &(number, thousandths) in asked {
            let line = self.line(number)?;
            let quantity = Quantity::new(thousandths, line.quantity.unit())?;
            if named.insert(number, quantity).is_some() {
                return Err(ReturnError::Twice(number));
            }
            let returned = after.entry(number).or_insert(0);
            let left = line.quantity.thousandths() - *returned;
            if thousandths > left {
                let (asked, left) = (quantity.to_string(), thousandths_text(left));
                return Err(ReturnError::TooMuch {
                    receipt: self.receipt.clone(),
                    line: number,
                    asked,
                    left,
                });
            }
            *returned += thousandths;
        }
        if named.is_empty() {
            return Err(ReturnError::Nothing);
        }
        let lines = named
            .into_iter()
            .map(|(number, quantity)| self.returned_line(number, quantity, so_far))
            .collect::<Result<Vec<_>, _>>()?;
        let taxes = self.receipt_of(&after)?.minus(&self.receipt_of(&so_far.lines)?)?;
        let total = taxes.total(self.currency)?;
        let payouts = self.plan_payouts(total, so_far)?;
        Ok(ReturnPlan { lines, taxes, total, payouts })
    }

    /// Plans the post-void of the whole sale.
    ///
    /// # Errors
    /// When something of it came back before.
    pub fn plan_post_void(&self, so_far: &ReturnedSoFar) -> Result<ReturnPlan, ReturnError> {
        if !so_far.lines.is_empty() {
            return Err(ReturnError::Begun(self.receipt.clone()));
        }
        let all: Vec<_> =
            self.lines.iter().map(|line| (line.number, line.quantity.thousandths())).collect();
        self.plan_return(&all, so_far)
    }

    fn line(&self, number: u32) -> Result<&SoldLine, ReturnError> {
        self.lines
            .iter()
            .find(|line| line.number == number)
            .ok_or_else(|| ReturnError::NoLine { receipt: self.receipt.clone(), line: number })
    }

    fn returned_line(
        &self,
        number: u32,
        quantity: Quantity,
        so_far: &ReturnedSoFar,
    ) -> Result<ReturnedLine, ReturnError> {
        let line = self.line(number)?;
        let before = so_far.lines.get(&number).copied().unwrap_or(0);
        let net = share(line, before + quantity.thousandths())?.minus(share(line, before)?)?;
        Ok(ReturnedLine {
            line: number,
            sku: line.sku.clone(),
            gtin: line.gtin,
            name: line.name.clone(),
            quantity,
            net,
            tax_class: line.tax_class.clone(),
        })
    }

    /// The tax table of the part of the sale named by `returned`.
    fn receipt_of(&self, returned: &BTreeMap<u32, i64>) -> Result<TaxTable, ReturnError> {
        let mut lines = Vec::with_capacity(returned.len());
        for line in &self.lines {
            if let Some(&thousandths) = returned.get(&line.number) {
                lines.push((line.tax_class.as_str(), share(line, thousandths)?));
            }
        }
        Ok(self.taxes.rules().table(self.currency, lines)?)
    }

    /// Pays `total` back by the tenders it was paid with: card first, a coupon last.
    fn plan_payouts(
        &self,
        total: Money,
        so_far: &ReturnedSoFar,
    ) -> Result<Vec<Payout>, MoneyError> {
        let mut order: Vec<(u32, &crate::tender::Tendered)> =
            (0_u32..).zip(&self.tenders).collect();
        order.sort_by_key(|(position, tendered)| (payout_rank(tendered.tender.kind), *position));
        let mut rest = total;
        let mut change = self.change;
        let mut payouts = Vec::new();
        for (against, tendered) in order {
            let mut kept = tendered.amount;
            if tendered.tender.kind == TenderKind::Cash {
                let given = if change.minor() > kept.minor() { kept } else { change };
                kept = kept.minus(given)?;
                change = change.minus(given)?;
            }
            let paid_back =
                Money::new(so_far.tenders.get(&against).copied().unwrap_or(0), self.currency)?;
            let left = kept.minus(paid_back)?;
            let amount = if left.minor() < rest.minor() { left } else { rest };
            if amount.minor() > 0 {
                rest = rest.minus(amount)?;
                payouts.push(Payout {
                    against,
                    tender: tendered.tender.clone(),
                    amount,
                    intent: None,
                    card: None,
                });
            }
        }
        Ok(payouts)
    }
}

/// What `thousandths` of a line cost, rounded once.
fn share(line: &SoldLine, thousandths: i64) -> Result<Money, MoneyError> {
    line.net.times_ratio(thousandths, line.quantity.thousandths())
}

const fn payout_rank(kind: TenderKind) -> u8 {
    match kind {
        TenderKind::Card => 0,
        TenderKind::Voucher => 1,
        TenderKind::Cash => 2,
        TenderKind::Coupon => 3,
    }
}
