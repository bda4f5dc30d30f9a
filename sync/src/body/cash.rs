//! The bodies of cash paid in and out, of the drawer opened without a sale, and of a cart given
//! up.

use super::parts::{
    Amounts, Numbered, maybe_owned, maybe_staff, maybe_text, numbered, owned, text,
};
use super::stamp::StampWire;
use super::{Body, BodyError};
use commerce::cart::CartId;
use commerce::fact::{CartCancelled, CashDirection, CashMoved, DrawerOpened};
use minicbor::{Decode, Encode};

numbered!(CashDirection, "a direction of cash", { In = 1, Out = 2 });

#[derive(Encode, Decode)]
pub(super) struct MovedWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    direction: u8,
    #[b(2)]
    currency: &'a str,
    #[n(3)]
    amount: i64,
    #[b(4)]
    reason: &'a str,
    #[b(5)]
    approved_by: Option<&'a str>,
}

impl Body for CashMoved {
    type Wire<'a> = MovedWire<'a>;

    fn to_wire(&self) -> Result<MovedWire<'_>, BodyError> {
        Ok(MovedWire {
            stamp: StampWire::of(&self.stamp)?,
            direction: self.direction.number(),
            currency: self.amount.currency().code(),
            amount: self.amount.minor(),
            reason: text("the reason of a cash movement", &self.reason)?,
            approved_by: self.approved_by.as_ref().map(|by| by.as_str()),
        })
    }

    fn from_wire(wire: MovedWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            stamp: wire.stamp.read()?,
            direction: CashDirection::read(wire.direction)?,
            amount: Amounts::parse(wire.currency)?.money(wire.amount)?,
            reason: owned("the reason of a cash movement", wire.reason)?,
            approved_by: maybe_staff(wire.approved_by)?,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct DrawerWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[b(1)]
    reason: &'a str,
}

impl Body for DrawerOpened {
    type Wire<'a> = DrawerWire<'a>;

    fn to_wire(&self) -> Result<DrawerWire<'_>, BodyError> {
        let reason = text("the reason of a no-sale", &self.reason)?;
        Ok(DrawerWire { stamp: StampWire::of(&self.stamp)?, reason })
    }

    fn from_wire(wire: DrawerWire<'_>) -> Result<Self, BodyError> {
        let reason = owned("the reason of a no-sale", wire.reason)?;
        Ok(Self { stamp: wire.stamp.read()?, reason })
    }
}

#[derive(Encode, Decode)]
pub(super) struct CancelledWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    cart: u64,
    #[n(2)]
    lines: u32,
    #[b(3)]
    currency: &'a str,
    #[n(4)]
    amount: i64,
    #[b(5)]
    reason: Option<&'a str>,
}

impl Body for CartCancelled {
    type Wire<'a> = CancelledWire<'a>;

    fn to_wire(&self) -> Result<CancelledWire<'_>, BodyError> {
        Ok(CancelledWire {
            stamp: StampWire::of(&self.stamp)?,
            cart: self.cart.0,
            lines: self.lines,
            currency: self.amount.currency().code(),
            amount: self.amount.minor(),
            reason: maybe_text("the reason of a cancelled cart", self.reason.as_deref())?,
        })
    }

    fn from_wire(wire: CancelledWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            stamp: wire.stamp.read()?,
            cart: CartId(wire.cart),
            lines: wire.lines,
            amount: Amounts::parse(wire.currency)?.money(wire.amount)?,
            reason: maybe_owned("the reason of a cancelled cart", wire.reason)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::body::strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(fact in strategy::cash()) {
            strategy::assert_round_trip(&fact)?;
        }
    }
}
