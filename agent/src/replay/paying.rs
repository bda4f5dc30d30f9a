//! How the customers of a replay pay: coupons first, then cash, exact or in notes.

use super::basket::Basket;
use super::cashier::{CASH, COUPON, Cashier, Place};
use super::error::ReplayError;
use crate::till::{Command, Reply};
use commerce::cart::{CartId, MAX_TENDERS};
use commerce::{Money, MoneyError};
use jiff::Timestamp;

/// Notes that customers round up to, in major units.
const NOTES: [i64; 5] = [1, 5, 10, 20, 50];

/// Coupons taken one by one; the rest go in together, so that a place is left for cash.
const SINGLE_COUPONS: usize = MAX_TENDERS - 2;

impl Cashier {
    /// Takes the coupons, then cash for what is due; a basket that comes to nothing is settled.
    pub(super) fn pay(
        &mut self,
        now: Timestamp,
        cart: CartId,
        basket: &Basket,
        place: &Place,
    ) -> Result<(), ReplayError> {
        let refused = |error: MoneyError| place.refused(error.into());
        let currency = self.nothing().currency();
        let net = Money::sum(currency, basket.lines.iter().map(|line| line.net));
        let mut due = net.map_err(refused)?;
        let mut last = None;
        for amount in coupons(basket).map_err(refused)? {
            due = due.minus(amount).map_err(refused)?;
            let tender = tender(cart, COUPON, amount);
            last = Some(self.command(now, tender).map_err(|source| place.refused(source))?);
        }
        if !due.is_zero() {
            let handed_over = self.hand_over(due).map_err(refused)?;
            let tender = tender(cart, CASH, handed_over);
            last = Some(self.command(now, tender).map_err(|source| place.refused(source))?);
        }
        let last = match last {
            Some(reply) => reply,
            None => {
                let settle = Command::Settle { cart };
                self.command(now, settle).map_err(|source| place.refused(source))?
            }
        };
        match last {
            Reply::Sold(_) => Ok(()),
            other => Err(place.answer("a sale", &other)),
        }
    }

    /// What a customer hands over: one in three the exact amount, the others notes.
    fn hand_over(&mut self, due: Money) -> Result<Money, MoneyError> {
        let exact = self.dice.one_of(&[true, false, false]).unwrap_or(true);
        let note = self.dice.one_of(&NOTES).unwrap_or(1) * due.currency().minor_per_major();
        if exact {
            return Ok(due);
        }
        let notes = due.minor().div_euclid(note) + i64::from(due.minor().rem_euclid(note) != 0);
        Money::new(notes.saturating_mul(note), due.currency())
    }
}

fn tender(cart: CartId, tender: &str, amount: Money) -> Command {
    Command::Tender { cart, tender: tender.to_owned(), amount, reference: None }
}

/// The coupons of a basket as tenders, at most as many as leave a place for cash.
fn coupons(basket: &Basket) -> Result<Vec<Money>, MoneyError> {
    let mut tenders: Vec<Money> = Vec::new();
    let amounts = basket.lines.iter().map(|line| line.coupon);
    for amount in amounts.filter(|amount| !amount.is_zero()) {
        let full = tenders.len() > SINGLE_COUPONS;
        match tenders.last_mut().filter(|_| full) {
            Some(last) => *last = last.plus(amount)?,
            None => tenders.push(amount),
        }
    }
    Ok(tenders)
}
