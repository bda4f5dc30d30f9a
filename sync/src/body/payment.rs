//! The bodies of a payment's intent, of its end, and of what a person put right.

use super::parts::{Amounts, maybe_staff, owned, text, value};
use super::stamp::StampWire;
use super::tender::CardWire;
use super::{Body, BodyError};
use commerce::cart::CartId;
use commerce::fact::{PaymentEnded, PaymentIntended, PaymentKind, PaymentOutcome, PaymentPutRight};
use commerce::staff::StaffId;
use minicbor::{Decode, Encode};

const AUTHORISE: u8 = 1;
const REFUND: u8 = 2;
const REVERSE: u8 = 3;

const APPROVED: u8 = 1;
const DECLINED: u8 = 2;
const NOT_SENT: u8 = 3;

#[derive(Encode, Decode)]
pub(super) struct IntendedWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    intent: u64,
    #[n(2)]
    kind: u8,
    #[b(3)]
    currency: &'a str,
    #[n(4)]
    amount: i64,
    #[n(5)]
    cart: u64,
    /// The payment to undo; of a reversal only.
    #[n(6)]
    reversed: Option<u32>,
    #[b(7)]
    approved_by: Option<&'a str>,
}

impl Body for PaymentIntended {
    type Wire<'a> = IntendedWire<'a>;

    fn to_wire(&self) -> Result<IntendedWire<'_>, BodyError> {
        let (kind, reversed) = match self.kind {
            PaymentKind::Authorise => (AUTHORISE, None),
            PaymentKind::Refund => (REFUND, None),
            PaymentKind::Reverse { receipt_number } => (REVERSE, Some(receipt_number)),
        };
        Ok(IntendedWire {
            stamp: StampWire::of(&self.stamp)?,
            intent: self.intent,
            kind,
            currency: self.amount.currency().code(),
            amount: self.amount.minor(),
            cart: self.cart.0,
            reversed,
            approved_by: self.approved_by.as_ref().map(StaffId::as_str),
        })
    }

    fn from_wire(wire: IntendedWire<'_>) -> Result<Self, BodyError> {
        let kind = match (wire.kind, wire.reversed) {
            (AUTHORISE, None) => PaymentKind::Authorise,
            (REFUND, None) => PaymentKind::Refund,
            (REVERSE, Some(receipt_number)) => PaymentKind::Reverse { receipt_number },
            (AUTHORISE | REFUND | REVERSE, _) => {
                let why = "a reversal, and nothing else, names the payment it undoes";
                return Err(value("a payment intent", &why));
            }
            (number, _) => {
                return Err(BodyError::UnknownNumber { what: "a kind of payment", number });
            }
        };
        Ok(Self {
            stamp: wire.stamp.read()?,
            intent: wire.intent,
            kind,
            amount: Amounts::parse(wire.currency)?.money(wire.amount)?,
            cart: CartId(wire.cart),
            approved_by: maybe_staff(wire.approved_by)?,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct EndedWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    intent: u64,
    #[n(2)]
    by_hand: bool,
    #[n(3)]
    outcome: u8,
    #[b(4)]
    approved: Option<ApprovedWire<'a>>,
    #[b(5)]
    declined: Option<DeclinedWire<'a>>,
    #[b(6)]
    not_sent: Option<&'a str>,
    #[b(7)]
    approved_by: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct ApprovedWire<'a> {
    #[b(0)]
    currency: &'a str,
    #[n(1)]
    amount: i64,
    #[b(2)]
    card: CardWire<'a>,
}

#[derive(Encode, Decode)]
struct DeclinedWire<'a> {
    #[n(0)]
    code: u8,
    #[b(1)]
    text: &'a str,
}

impl Body for PaymentEnded {
    type Wire<'a> = EndedWire<'a>;

    fn to_wire(&self) -> Result<EndedWire<'_>, BodyError> {
        let mut wire = EndedWire {
            stamp: StampWire::of(&self.stamp)?,
            intent: self.intent,
            by_hand: self.by_hand,
            outcome: APPROVED,
            approved: None,
            declined: None,
            not_sent: None,
            approved_by: self.approved_by.as_ref().map(StaffId::as_str),
        };
        match &self.outcome {
            PaymentOutcome::Approved { amount, card } => {
                let (currency, amount) = (amount.currency().code(), amount.minor());
                let card = CardWire::of(card)?;
                wire.approved = Some(ApprovedWire { currency, amount, card });
            }
            PaymentOutcome::Declined { code, text: words } => {
                let text = text("the words of a declined payment", words)?;
                wire.outcome = DECLINED;
                wire.declined = Some(DeclinedWire { code: *code, text });
            }
            PaymentOutcome::NotSent { why } => {
                wire.outcome = NOT_SENT;
                wire.not_sent = Some(text("why a payment was not sent", why)?);
            }
        }
        Ok(wire)
    }

    fn from_wire(wire: EndedWire<'_>) -> Result<Self, BodyError> {
        let outcome = match (wire.outcome, wire.approved, wire.declined, wire.not_sent) {
            (APPROVED, Some(approved), None, None) => PaymentOutcome::Approved {
                amount: Amounts::parse(approved.currency)?.money(approved.amount)?,
                card: approved.card.read()?,
            },
            (DECLINED, None, Some(declined), None) => PaymentOutcome::Declined {
                code: declined.code,
                text: owned("the words of a declined payment", declined.text)?,
            },
            (NOT_SENT, None, None, Some(why)) => {
                PaymentOutcome::NotSent { why: owned("why a payment was not sent", why)? }
            }
            (APPROVED | DECLINED | NOT_SENT, ..) => {
                return Err(value(
                    "a payment's outcome",
                    &"its details are not those of its number",
                ));
            }
            (number, ..) => {
                return Err(BodyError::UnknownNumber { what: "a payment's outcome", number });
            }
        };
        Ok(Self {
            stamp: wire.stamp.read()?,
            intent: wire.intent,
            outcome,
            by_hand: wire.by_hand,
            approved_by: maybe_staff(wire.approved_by)?,
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct PutRightWire<'a> {
    #[b(0)]
    stamp: StampWire<'a>,
    #[n(1)]
    intent: u64,
    #[b(2)]
    note: &'a str,
    #[b(3)]
    approved_by: Option<&'a str>,
}

impl Body for PaymentPutRight {
    type Wire<'a> = PutRightWire<'a>;

    fn to_wire(&self) -> Result<PutRightWire<'_>, BodyError> {
        Ok(PutRightWire {
            stamp: StampWire::of(&self.stamp)?,
            intent: self.intent,
            note: text("how a payment was put right", &self.note)?,
            approved_by: self.approved_by.as_ref().map(StaffId::as_str),
        })
    }

    fn from_wire(wire: PutRightWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            stamp: wire.stamp.read()?,
            intent: wire.intent,
            note: owned("how a payment was put right", wire.note)?,
            approved_by: maybe_staff(wire.approved_by)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::body::strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(fact in strategy::payment()) {
            strategy::assert_round_trip(&fact)?;
        }
    }
}
