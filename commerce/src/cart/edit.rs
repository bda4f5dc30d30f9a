//! Acts that change a cart's lines and prices, each within the limits of who asks.
//!
//! A discount by amount that nobody approved is within a limit on what there was. Whoever makes
//! that less afterwards, by a void, a lower price or another discount, gives a larger share away,
//! so their own limit must reach it. A discount by percent shrinks with what it is given on, and
//! an approved amount stands as it was approved. Taking money is left to the cart itself.

use super::{Cart, CartError, Item, Line, LineVoid, MAX_DISCOUNTS, MAX_LINES, PriceOverride};
use crate::discount::{Discount, DiscountValue, claimed, take_off};
use crate::money::{Money, MoneyError};
use crate::quantity::{Quantity, QuantityError};
use crate::staff::{Authority, Limited, StaffError, StaffId, authorise};
use crate::tax::Rate;
use crate::unit_price::{UnitPrice, UnitPriceError};

/// Discounts that came to weigh more by an act: all of `part` off `base`.
#[derive(Debug, Clone, Copy)]
struct Strain {
    part: Money,
    base: Money,
}

impl Cart {
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
        self.assert_open()?;
        self.adopt(Line {
            number: 0,
            item,
            quantity,
            price,
            label_amount,
            price_override: None,
            discounts: Vec::new(),
            void: None,
        })
    }

    /// Takes a line that was made elsewhere, also while parked, and returns the number it has here.
    ///
    /// # Errors
    /// When the cart is being paid, or full, or the amount is out of range.
    pub fn adopt(&mut self, line: Line) -> Result<u32, CartError> {
        self.assert_unpaid()?;
        if self.lines.len() >= MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        if line.price.currency() != self.currency {
            return Err(MoneyError::Mismatch(self.currency, line.price.currency()).into());
        }
        if line.label_amount.is_some_and(|label| label.minor() < 0) {
            return Err(UnitPriceError::Negative.into());
        }
        let number = self.lines.last().map_or(1, |line| line.number + 1);
        let line = Line { number, ..line };
        Money::sum(self.currency, [line.extended()?, self.extended()?])?;
        self.lines.push(line);
        Ok(number)
    }

    /// Changes a line's quantity.
    ///
    /// # Errors
    /// When there is no such live line, its amount comes from a printed label, the unit is
    /// another, or a discount by amount would weigh more: nobody's limit is asked here.
    pub fn set_quantity(&mut self, line: u32, quantity: Quantity) -> Result<(), CartError> {
        let changed = self.changed(line, |line| {
            if line.label_amount.is_some() {
                return Err(CartError::Labelled(line.number));
            }
            let unit = line.quantity.unit();
            if quantity.unit() != unit {
                return Err(QuantityError::OtherUnit(unit).into());
            }
            line.quantity = quantity;
            Ok(())
        })?;
        if self.strains(&changed)?.is_empty() {
            self.put(changed)
        } else {
            Err(QuantityError::Discounted.into())
        }
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
        let by = actor.staff.clone();
        let mut changed = self.changed(line, |line| {
            line.price_override = Some(PriceOverride { price, reason, by, approved_by: None });
            Ok(())
        })?;
        let repriced = authorise(repricing(&changed, price)?, actor, approver)?;
        let strained = authorise_all(&self.strains(&changed)?, actor, approver)?;
        if let Some(change) = &mut changed.price_override {
            change.approved_by = repriced.or(strained);
        }
        self.put(changed)
    }

    /// Takes a line off again; it stays as evidence.
    ///
    /// # Errors
    /// When there is no such live line, or a discount by amount on the basket would weigh more
    /// than `by` may give.
    pub fn void_line(
        &mut self,
        line: u32,
        by: &Authority,
        reason: Option<String>,
    ) -> Result<(), CartError> {
        let changed = self.changed(line, |line| {
            line.void = Some(LineVoid { by: by.staff.clone(), reason });
            Ok(())
        })?;
        authorise_all(&self.strains(&changed)?, by, None)?;
        self.put(changed)
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
        let mut changed = self.changed(line, |line| {
            let base = line.extended()?;
            give(&mut line.discounts, base, value, reason, actor, approver)
        })?;
        let strained = authorise_all(&self.strains(&changed)?, actor, approver)?;
        if let (Some(by), Some(given)) = (strained, changed.discounts.last_mut()) {
            given.approved_by = Some(by);
        }
        self.put(changed)
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
        let base = self.net_with(None)?;
        give(&mut self.basket_discounts, base, value, reason, actor, approver)
    }

    /// A live line as `act` would have it; the cart stays as it is.
    fn changed(
        &self,
        number: u32,
        act: impl FnOnce(&mut Line) -> Result<(), CartError>,
    ) -> Result<Line, CartError> {
        self.assert_editable()?;
        let mut changed = self.live(number)?.clone();
        act(&mut changed)?;
        // The listed amount too: reports compare an overridden price with it.
        changed.listed()?;
        changed.net()?;
        let others = self.live_lines().filter(|line| line.number != number);
        let mut sum = changed.extended()?;
        for line in others {
            sum = sum.plus(line.extended()?)?;
        }
        Money::sum(self.currency, [sum])?;
        Ok(changed)
    }

    fn live(&self, number: u32) -> Result<&Line, CartError> {
        self.live_lines()
            .find(|line| line.number == number)
            .ok_or(CartError::NoLine { cart: self.id, line: number })
    }

    fn put(&mut self, changed: Line) -> Result<(), CartError> {
        let missing = CartError::NoLine { cart: self.id, line: changed.number };
        let line =
            self.lines.iter_mut().find(|line| line.number == changed.number).ok_or(missing)?;
        *line = changed;
        Ok(())
    }

    /// The live lines after their own discounts, with `changed` in its line's place.
    fn net_with(&self, changed: Option<&Line>) -> Result<Money, CartError> {
        let mut sum = Money::zero(self.currency);
        for line in &self.lines {
            let line = changed.filter(|changed| changed.number == line.number).unwrap_or(line);
            if line.void.is_none() {
                sum = sum.plus(line.net()?)?;
            }
        }
        Ok(sum)
    }

    /// Discounts by amount that would weigh more with `changed` in its line's place.
    fn strains(&self, changed: &Line) -> Result<Vec<Strain>, CartError> {
        let before = self.live(changed.number)?;
        let mut strains = Vec::new();
        if changed.void.is_none() {
            let (was, is) = (before.extended()?, changed.extended()?);
            strains.extend(strain(&before.discounts, was, is)?);
        }
        let (was, is) = (self.net_with(None)?, self.net_with(Some(changed))?);
        strains.extend(strain(&self.basket_discounts, was, is)?);
        Ok(strains)
    }
}

impl Strain {
    const fn limited(&self) -> Limited {
        Limited::Discount { part: self.part, base: self.base }
    }
}

/// What of `discounts` nobody approved weighs on `is`, where that is more than it did on `was`.
fn strain(discounts: &[Discount], was: Money, is: Money) -> Result<Option<Strain>, MoneyError> {
    let alone = discounts.iter().filter(|given| given.approved_by.is_none());
    let fixed = alone.clone().any(|given| matches!(given.value, DiscountValue::Amount(_)));
    if !fixed || is.minor() >= was.minor() {
        return Ok(None);
    }
    Ok(Some(Strain { part: claimed(is, alone)?, base: is }))
}

fn authorise_all(
    strains: &[Strain],
    actor: &Authority,
    approver: Option<&Authority>,
) -> Result<Option<StaffId>, StaffError> {
    let mut approved_by = None;
    for strain in strains {
        approved_by = authorise(strain.limited(), actor, approver)?.or(approved_by);
    }
    Ok(approved_by)
}

/// What charging `price` for `line` asks of a limit. Unit prices are compared exactly, so that
/// what a small quantity rounds away cannot be multiplied afterwards; a label's pack stays one.
fn repricing(line: &Line, price: UnitPrice) -> Result<Limited, UnitPriceError> {
    let Some(base) = line.label_amount else {
        return Ok(Limited::Reprice { from: line.price, to: price });
    };
    let changed = price.extend(line.quantity)?.minus(base)?;
    let part = if changed.minor() < 0 { changed.negated() } else { changed };
    Ok(Limited::Override { part, base })
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
    let too_much = match value {
        DiscountValue::Amount(amount) => amount != taken,
        DiscountValue::Percent(rate) => rate > Rate::WHOLE,
    };
    if taken.minor() <= 0 || too_much {
        return Err(CartError::BadDiscount { most: rest });
    }
    let part = before.plus(taken)?;
    discount.approved_by = authorise(Limited::Discount { part, base }, actor, approver)?;
    given.push(discount);
    Ok(())
}
