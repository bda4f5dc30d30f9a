//! Discounts on a line or on the whole basket, by amount or by percent, each with its reason.

use crate::money::{Money, MoneyError};
use crate::staff::StaffId;
use crate::tax::Rate;

/// How much a discount takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountValue {
    /// A fixed amount.
    Amount(Money),
    /// A share of what is left after the discounts before it.
    Percent(Rate),
}

/// A discount as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// How much.
    pub value: DiscountValue,
    /// The reason's id, from the store's list.
    pub reason: String,
    /// Who gave it.
    pub by: StaffId,
    /// Who approved it, where the giver's limit did not reach.
    pub approved_by: Option<StaffId>,
}

impl Discount {
    /// What it takes off `rest`: never more than there is, so that lines added and voided around
    /// a discount never make a price negative.
    ///
    /// # Errors
    /// When the result is out of range.
    pub fn taken_off(&self, rest: Money) -> Result<Money, MoneyError> {
        match self.value {
            DiscountValue::Percent(rate) if rate > Rate::WHOLE => Ok(rest),
            DiscountValue::Percent(rate) => rate.of(rest),
            DiscountValue::Amount(amount) if amount.currency() != rest.currency() => {
                Err(MoneyError::Mismatch(amount.currency(), rest.currency()))
            }
            DiscountValue::Amount(amount) => {
                Ok(if amount.minor() > rest.minor() { rest } else { amount })
            }
        }
    }
}

/// What each of `discounts` takes off `base`, in their order.
///
/// # Errors
/// When an amount is out of range.
pub fn take_off(base: Money, discounts: &[Discount]) -> Result<Vec<Money>, MoneyError> {
    let mut rest = base;
    let mut amounts = Vec::with_capacity(discounts.len());
    for discount in discounts {
        let amount = discount.taken_off(rest)?;
        rest = rest.minus(amount)?;
        amounts.push(amount);
    }
    Ok(amounts)
}

/// What `discounts` claim of `base` together: as [`take_off`], but an amount counts in full even
/// where less is left.
pub(crate) fn claimed<'a>(
    base: Money,
    discounts: impl IntoIterator<Item = &'a Discount>,
) -> Result<Money, MoneyError> {
    let (mut rest, mut sum) = (base, Money::zero(base.currency()));
    for discount in discounts {
        let taken = discount.taken_off(rest)?;
        rest = rest.minus(taken)?;
        sum = sum.plus(match discount.value {
            DiscountValue::Amount(amount) => amount,
            DiscountValue::Percent(_) => taken,
        })?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{cashier, eur, percent};

    /// However a discount got into a cart, it leaves no price below nothing.
    #[test]
    fn takes_no_more_than_there_is() {
        for (value, rest, taken) in [
            (DiscountValue::Percent(percent("150")), 100, 100),
            (DiscountValue::Percent(percent("100")), 100, 100),
            (DiscountValue::Percent(percent("10")), 35, 4),
            (DiscountValue::Amount(eur(101)), 100, 100),
            (DiscountValue::Amount(eur(99)), 100, 99),
        ] {
            let (reason, by) = ("x".to_owned(), cashier().staff);
            let given = [Discount { value, reason, by, approved_by: None }];
            assert_eq!(take_off(eur(rest), &given), Ok(vec![eur(taken)]), "{value:?} off {rest}");
        }
    }
}
