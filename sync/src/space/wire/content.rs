//! What stands on a cart: lines, discounts, tenders, and lines offered to it.

use super::{DotWire, needed, within};
use crate::body::BodyError;
use crate::body::parts::{
    Amounts, maybe_owned, maybe_staff, maybe_text, owned, staff, text, value,
};
use crate::body::stamp::{instant, millis};
use crate::body::tender::TenderTypeWire;
use crate::space::line::{LineWire, OverrideWire, VoidWire};
use crate::space::{Dot, Offered, Operation};
use commerce::cart::{CartId, MAX_DISCOUNTS, MAX_LINES, MAX_TENDERS};
use commerce::discount::{Discount, DiscountValue};
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::tender::Tendered;
use minicbor::{Decode, Encode};

#[derive(Encode, Decode)]
pub(super) struct CartLineWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) number: u32,
    #[b(2)]
    pub(super) line: LineWire<'a>,
    #[n(3)]
    pub(super) dot: Option<DotWire>,
    #[b(4)]
    pub(super) price_override: Option<OverrideWire<'a>>,
    #[b(5)]
    pub(super) void: Option<VoidWire<'a>>,
}

impl<'a> CartLineWire<'a> {
    pub(super) fn of(
        amounts: Amounts,
        cart: CartId,
        line: &'a commerce::cart::Line,
        dot: Option<Dot>,
    ) -> Result<Self, BodyError> {
        let change = line.price_override.as_ref();
        Ok(Self {
            cart: cart.0,
            number: within("a line's number", line.number, MAX_LINES)?,
            line: LineWire::of(amounts, line)?,
            dot: dot.map(Into::into),
            price_override: change.map(|change| OverrideWire::of(amounts, change)).transpose()?,
            void: line.void.as_ref().map(VoidWire::of).transpose()?,
        })
    }

    pub(super) fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
        let number = within("a line's number", self.number, MAX_LINES)?;
        let mut line = self.line.read(amounts, number)?;
        line.price_override = self.price_override.map(|change| change.read(amounts)).transpose()?;
        line.void = self.void.map(VoidWire::read).transpose()?;
        Ok(Operation::Line { cart: CartId(self.cart), line, dot: self.dot.map(Into::into) })
    }
}

#[derive(Encode, Decode)]
pub(super) struct DiscountedWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) line: u32,
    #[n(2)]
    pub(super) position: u32,
    #[n(3)]
    pub(super) amount: Option<i64>,
    #[n(4)]
    pub(super) percent: Option<i64>,
    #[b(5)]
    pub(super) reason: &'a str,
    #[b(6)]
    pub(super) by: &'a str,
    #[b(7)]
    pub(super) approved_by: Option<&'a str>,
}

impl<'a> DiscountedWire<'a> {
    pub(super) fn of(
        amounts: Option<Amounts>,
        (cart, line, position): (CartId, u32, u32),
        discount: &'a Discount,
    ) -> Result<Self, BodyError> {
        let (amount, percent) = match discount.value {
            DiscountValue::Amount(amount) => {
                (Some(needed(amounts)?.minor("a discount", amount)?), None)
            }
            DiscountValue::Percent(rate) => (None, Some(rate.millionths())),
        };
        Ok(Self {
            cart: cart.0,
            line,
            position: within("a discount's place", position, MAX_DISCOUNTS)?,
            amount,
            percent,
            reason: text("a discount's reason", &discount.reason)?,
            by: discount.by.as_str(),
            approved_by: discount.approved_by.as_ref().map(StaffId::as_str),
        })
    }

    pub(super) fn read(self, amounts: Option<Amounts>) -> Result<Operation, BodyError> {
        let value = match (self.amount, self.percent) {
            (Some(minor), None) => DiscountValue::Amount(needed(amounts)?.money(minor)?),
            (None, Some(millionths)) => DiscountValue::Percent(Rate::from_millionths(millionths)?),
            _ => return Err(value("a discount", &"it is either an amount or a percentage")),
        };
        Ok(Operation::Discounted {
            cart: CartId(self.cart),
            line: if self.line == 0 { 0 } else { within("a line's number", self.line, MAX_LINES)? },
            position: within("a discount's place", self.position, MAX_DISCOUNTS)?,
            discount: Discount {
                value,
                reason: owned("a discount's reason", self.reason)?,
                by: staff(self.by)?,
                approved_by: maybe_staff(self.approved_by)?,
            },
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct TenderedWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) position: u32,
    #[b(2)]
    pub(super) tender: TenderTypeWire<'a>,
    #[n(3)]
    pub(super) amount: i64,
    #[b(4)]
    pub(super) reference: Option<&'a str>,
    #[n(5)]
    pub(super) intent: Option<u64>,
}

impl<'a> TenderedWire<'a> {
    pub(super) fn of(
        amounts: Amounts,
        cart: CartId,
        position: u32,
        tendered: &'a Tendered,
    ) -> Result<Self, BodyError> {
        Ok(Self {
            cart: cart.0,
            position: within("a tender's place", position, MAX_TENDERS)?,
            tender: TenderTypeWire::of(&tendered.tender)?,
            amount: amounts.minor("an amount tendered", tendered.amount)?,
            reference: maybe_text("a tender's reference", tendered.reference.as_deref())?,
            intent: tendered.intent,
        })
    }

    pub(super) fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
        Ok(Operation::Tendered {
            cart: CartId(self.cart),
            position: within("a tender's place", self.position, MAX_TENDERS)?,
            tendered: Tendered {
                tender: self.tender.read()?,
                amount: amounts.money(self.amount)?,
                reference: maybe_owned("a tender's reference", self.reference)?,
                intent: self.intent,
                card: None,
            },
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct OfferedWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) at: i64,
    #[b(2)]
    pub(super) by: &'a str,
    #[b(3)]
    pub(super) line: LineWire<'a>,
    #[n(4)]
    pub(super) dot: Option<DotWire>,
}

impl<'a> OfferedWire<'a> {
    pub(super) fn of(amounts: Amounts, offered: &'a Offered) -> Result<Self, BodyError> {
        Ok(Self {
            cart: offered.cart.0,
            at: millis(offered.at)?,
            by: offered.by.as_str(),
            line: LineWire::of(amounts, &offered.line)?,
            dot: offered.dot.map(Into::into),
        })
    }

    pub(super) fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
        Ok(Operation::Offered(Offered {
            cart: CartId(self.cart),
            at: instant(self.at)?,
            by: staff(self.by)?,
            line: self.line.read(amounts, 0)?,
            dot: self.dot.map(Into::into),
        }))
    }
}
