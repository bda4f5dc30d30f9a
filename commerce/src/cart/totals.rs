//! What a cart comes to: lines, basket discounts shared out, taxes, tenders, change.

use super::{Cart, CartError};
use crate::discount::take_off;
use crate::money::Money;
use crate::rounding::share_out;
use crate::tax::{TaxRules, TaxTable};

/// A live line's amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTotal {
    /// The line's number.
    pub number: u32,
    /// At the price charged, before discounts.
    pub extended: Money,
    /// What each discount on the line takes off, in their order.
    pub discounts: Vec<Money>,
    /// Its share of each discount on the basket, in their order.
    pub basket_shares: Vec<Money>,
    /// After all discounts: what is taxed.
    pub net: Money,
}

/// A cart's amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Live lines in order.
    pub lines: Vec<LineTotal>,
    /// The sum of the lines before discounts.
    pub extended: Money,
    /// The sum of all discounts.
    pub discounts: Money,
    /// The tax table.
    pub taxes: TaxTable,
    /// What the customer pays.
    pub total: Money,
    /// What has been handed over so far.
    pub tendered: Money,
    /// What is still due; nothing once paid.
    pub due: Money,
    /// What is to be given back; nothing before it is paid.
    pub change: Money,
}

impl Cart {
    /// Computes the cart's amounts under `rules`.
    ///
    /// # Errors
    /// An unknown tax class, or an amount out of range.
    pub fn totals(&self, rules: &TaxRules) -> Result<Totals, CartError> {
        let zero = Money::zero(self.currency);
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in self.live_lines() {
            lines.push(LineTotal {
                number: line.number,
                extended: line.extended()?,
                discounts: line.discount_amounts()?,
                basket_shares: Vec::new(),
                net: line.net()?,
            });
        }
        self.share_basket_discounts(&mut lines)?;
        let classes = self.live_lines().map(|line| line.item.tax_class.as_str());
        let taxes = rules.table(self.currency, classes.zip(lines.iter().map(|line| line.net)))?;
        let extended = Money::sum(self.currency, lines.iter().map(|line| line.extended))?;
        let net = Money::sum(self.currency, lines.iter().map(|line| line.net))?;
        let total = taxes.total(self.currency)?;
        let tendered = Money::sum(self.currency, self.tenders.iter().map(|tender| tender.amount))?;
        let rest = total.minus(tendered)?;
        let (due, change) = if rest.minor() >= 0 { (rest, zero) } else { (zero, rest.negated()) };
        Ok(Totals {
            lines,
            extended,
            discounts: extended.minus(net)?,
            taxes,
            total,
            tendered,
            due,
            change,
        })
    }

    /// Spreads each basket discount over the lines in proportion to what they come to, so that
    /// every class of tax bears its part and a line's return is worth what was paid for it.
    fn share_basket_discounts(&self, lines: &mut [LineTotal]) -> Result<(), CartError> {
        let basket = Money::sum(self.currency, lines.iter().map(|line| line.net))?;
        let amounts = take_off(basket, &self.basket_discounts)?;
        for amount in amounts {
            let weights: Vec<i64> = lines.iter().map(|line| line.net.minor()).collect();
            let shares =
                share_out(amount.minor(), &weights).ok_or(crate::MoneyError::OutOfRange)?;
            for (line, share) in lines.iter_mut().zip(shares) {
                let share = Money::new(share, self.currency)?;
                line.basket_shares.push(share);
                line.net = line.net.minus(share)?;
            }
        }
        Ok(())
    }
}
