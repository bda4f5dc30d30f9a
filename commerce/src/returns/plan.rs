//! What a return is worth, and by which tenders it goes back.
//!
//! Every amount is the difference of two states of the same receipt, so parts sum to the whole.
//! Limits and approvals are asked by the agent; the fact itself is [`super::Return`].

use super::{Payout, ReturnError, ReturnPlan, ReturnedLine, ReturnedSoFar};
use crate::money::{Money, MoneyError};
use crate::quantity::{Quantity, thousandths_text};
use crate::sale::{Sale, SoldLine};
use crate::tax::TaxTable;
use crate::tender::TenderKind;
use std::collections::BTreeMap;

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
        let mut taxes = self.receipt_of(&after)?.minus(&self.receipt_of(&so_far.lines)?)?;
        // Classes of earlier returns alone come to nothing here.
        taxes.classes.retain(|row| lines.iter().any(|line| line.tax_class == row.class.id));
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
        let kept = self.kept();
        let mut order: Vec<_> = (0_u32..).zip(self.tenders.iter().zip(kept)).collect();
        order.sort_by_key(|&(position, (taken, _))| (payout_rank(taken.tender.kind), position));
        let mut rest = total;
        let mut payouts = Vec::new();
        for (against, (tendered, kept)) in order {
            let paid_back = so_far.tenders.get(&against).copied().unwrap_or(0);
            let left =
                Money::new(kept, self.currency)?.minus(Money::new(paid_back, self.currency)?)?;
            let amount = if left.minor() < rest.minor() { left } else { rest };
            if amount.minor() > 0 {
                rest = rest.minus(amount)?;
                payouts.push(Payout {
                    against,
                    tender: tendered.tender.clone(),
                    amount,
                    intent: None,
                    card: None,
                    approved_by: None,
                });
            }
        }
        if rest.is_zero() {
            Ok(payouts)
        } else {
            // More was paid back before than came back: a damaged count, never a plan.
            Err(MoneyError::OutOfRange)
        }
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
