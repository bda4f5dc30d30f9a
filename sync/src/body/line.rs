//! One line of a sale: the item, how much of it at which price, its discounts and override.
//!
//! Part of [`super::sale`], which checks the sum of them.

use super::BodyError;
use super::parts::{Amounts, after, agrees, list, maybe_gtin, maybe_staff, owned, staff, text};
use super::price::{PriceWire, QuantityWire, exact};
use commerce::cart::MAX_DISCOUNTS;
use commerce::code::Gtin;
use commerce::sale::{SoldDiscount, SoldLine, SoldOverride};
use commerce::{Money, Quantity, Unit};
use minicbor::{Decode, Encode};

/// On one line: its own and its shares of the basket's.
const MAX_LINE_DISCOUNTS: usize = 2 * MAX_DISCOUNTS;

/// What stays the same whenever an item is sold comes first, so that compression finds it whole.
#[derive(Encode, Decode)]
pub(super) struct LineWire<'a> {
    #[b(0)]
    sku: &'a str,
    #[b(1)]
    name: &'a str,
    #[n(2)]
    gtin: Option<u64>,
    #[b(3)]
    tax_class: &'a str,
    #[n(4)]
    price: PriceWire,
    /// Left out for one piece.
    #[n(5)]
    quantity: Option<QuantityWire>,
    /// Left out where price × quantity needs no rounding and was charged.
    #[n(6)]
    extended: Option<i64>,
    /// Left out where it is one more than the line before.
    #[n(7)]
    number: Option<u32>,
    #[b(8)]
    discounts: Option<Vec<DiscountWire<'a>>>,
    #[b(9)]
    price_override: Option<OverrideWire<'a>>,
}

#[derive(Encode, Decode)]
struct DiscountWire<'a> {
    #[b(0)]
    reason: &'a str,
    #[n(1)]
    amount: i64,
    #[n(2)]
    basket: bool,
    #[b(3)]
    by: &'a str,
    #[b(4)]
    approved_by: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct OverrideWire<'a> {
    #[n(0)]
    listed: PriceWire,
    #[b(1)]
    reason: &'a str,
    #[b(2)]
    by: &'a str,
    #[b(3)]
    approved_by: Option<&'a str>,
}

impl<'a> LineWire<'a> {
    /// `next` is the number after the line before.
    pub(super) fn of(
        amounts: Amounts,
        line: &'a SoldLine,
        next: &mut u32,
    ) -> Result<Self, BodyError> {
        let extended = amounts.minor("a line's extension", line.extended)?;
        agrees("a line's net", line.net, net(line.extended, &line.discounts)?)?;
        let discounts = list("a line's discounts", MAX_LINE_DISCOUNTS, &line.discounts, |given| {
            DiscountWire::of(amounts, given)
        })?;
        let number = Some(line.number).filter(|number| number != next);
        *next = after(line.number, *next)?;
        let change = line.price_override.as_ref();
        Ok(Self {
            sku: text("a line's SKU", &line.sku)?,
            name: text("a line's name", &line.name)?,
            gtin: line.gtin.map(Gtin::as_u64),
            tax_class: text("a line's tax class", &line.tax_class)?,
            price: PriceWire::of(amounts, line.price)?,
            quantity: QuantityWire::unless_one(line.quantity),
            extended: Some(extended).filter(|_| exact(line.price, line.quantity) != Some(extended)),
            number,
            discounts: Some(discounts).filter(|discounts| !discounts.is_empty()),
            price_override: change.map(|change| OverrideWire::of(amounts, change)).transpose()?,
        })
    }

    /// `next` is as in [`LineWire::of`].
    pub(super) fn read(self, amounts: Amounts, next: &mut u32) -> Result<SoldLine, BodyError> {
        let price = self.price.read(amounts)?;
        let one = Quantity::one(Unit::Each);
        let quantity = self.quantity.map_or(Ok(one), QuantityWire::read)?;
        let extended = self.extended.or_else(|| exact(price, quantity)).ok_or_else(|| {
            BodyError::Fields(format!("line {} needs rounding and has no amount", self.sku))
        })?;
        let extended = amounts.money(extended)?;
        let discounts = self.discounts.unwrap_or_default();
        let discounts =
            list("a line's discounts", MAX_LINE_DISCOUNTS, discounts, |given| given.read(amounts))?;
        let number = self.number.unwrap_or(*next);
        *next = after(number, *next)?;
        Ok(SoldLine {
            number,
            sku: owned("a line's SKU", self.sku)?,
            gtin: maybe_gtin(self.gtin)?,
            name: owned("a line's name", self.name)?,
            quantity,
            price,
            price_override: self.price_override.map(|change| change.read(amounts)).transpose()?,
            extended,
            net: net(extended, &discounts)?,
            discounts,
            tax_class: owned("a line's tax class", self.tax_class)?,
        })
    }
}

/// A line's extension less its discounts.
fn net(extended: Money, discounts: &[SoldDiscount]) -> Result<Money, BodyError> {
    let off = discounts.iter().map(|discount| discount.amount);
    Ok(extended.minus(Money::sum(extended.currency(), off)?)?)
}

impl<'a> DiscountWire<'a> {
    fn of(amounts: Amounts, discount: &'a SoldDiscount) -> Result<Self, BodyError> {
        Ok(Self {
            reason: text("a discount's reason", &discount.reason)?,
            amount: amounts.minor("a discount", discount.amount)?,
            basket: discount.basket,
            by: discount.by.as_str(),
            approved_by: discount.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    fn read(self, amounts: Amounts) -> Result<SoldDiscount, BodyError> {
        Ok(SoldDiscount {
            reason: owned("a discount's reason", self.reason)?,
            amount: amounts.money(self.amount)?,
            basket: self.basket,
            by: staff(self.by)?,
            approved_by: maybe_staff(self.approved_by)?,
        })
    }
}

impl<'a> OverrideWire<'a> {
    fn of(amounts: Amounts, change: &'a SoldOverride) -> Result<Self, BodyError> {
        Ok(Self {
            listed: PriceWire::of(amounts, change.listed)?,
            reason: text("an override's reason", &change.reason)?,
            by: change.by.as_str(),
            approved_by: change.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    fn read(self, amounts: Amounts) -> Result<SoldOverride, BodyError> {
        Ok(SoldOverride {
            listed: self.listed.read(amounts)?,
            reason: owned("an override's reason", self.reason)?,
            by: staff(self.by)?,
            approved_by: maybe_staff(self.approved_by)?,
        })
    }
}
