//! A claim on a cart, from its beginning to its end, and who writes it.

use crate::body::BodyError;
use crate::body::parts::{list, maybe_owned, maybe_staff, maybe_text, staff, value};
use crate::body::stamp::{ReceiptWire, instant, millis};
use crate::log::ReplicaId;
use crate::space::{ClaimAt, End, Held, Operation};
use commerce::cart::CartId;
use commerce::staff::StaffId;
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// The most sales of one cart that are stated: more tills than ever forced one cart.
pub(super) const MAX_SALES: usize = 16;

const PAID: u8 = 1;
const CANCELLED: u8 = 2;
const YIELDED: u8 = 3;

#[derive(Encode, Decode)]
pub(super) struct HeldWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) term: u32,
    #[n(2)]
    pub(super) opened_at: i64,
    #[b(3)]
    pub(super) opened_by: &'a str,
    #[b(4)]
    pub(super) label: Option<&'a str>,
    #[b(5)]
    pub(super) forced_by: Option<&'a str>,
    #[n(6)]
    pub(super) from: Option<(ByteArray<16>, u64)>,
}

impl<'a> HeldWire<'a> {
    pub(super) fn of(held: &'a Held) -> Result<Self, BodyError> {
        Ok(Self {
            cart: held.cart.0,
            term: held.term,
            opened_at: millis(held.opened_at)?,
            opened_by: held.opened_by.as_str(),
            label: maybe_text("a cart's label", held.label.as_deref())?,
            forced_by: held.forced_by.as_ref().map(StaffId::as_str),
            from: held.from.map(|from| (from.replica.0.into(), from.seq)),
        })
    }

    pub(super) fn read(self) -> Result<Operation, BodyError> {
        Ok(Operation::Held(Held {
            cart: CartId(self.cart),
            term: self.term,
            opened_at: instant(self.opened_at)?,
            opened_by: staff(self.opened_by)?,
            label: maybe_owned("a cart's label", self.label)?,
            forced_by: maybe_staff(self.forced_by)?,
            from: self
                .from
                .map(|(replica, seq)| ClaimAt { replica: ReplicaId(replica.into()), seq }),
        }))
    }
}

#[derive(Encode, Decode)]
pub(super) struct LabelledWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[b(1)]
    pub(super) label: Option<&'a str>,
}

impl LabelledWire<'_> {
    pub(super) fn read(self) -> Result<Operation, BodyError> {
        let label = maybe_owned("a cart's label", self.label)?;
        Ok(Operation::Labelled { cart: CartId(self.cart), label })
    }
}

#[derive(Encode, Decode)]
pub(super) struct EndedWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) how: u8,
    #[b(2)]
    pub(super) receipt: Option<ReceiptWire<'a>>,
    #[n(3)]
    pub(super) above: Option<(ByteArray<16>, u64)>,
}

impl<'a> EndedWire<'a> {
    pub(super) fn of(cart: CartId, end: &'a End) -> Result<Self, BodyError> {
        let (how, receipt, above) = match end {
            End::Paid(receipt) => (PAID, Some(ReceiptWire::of(receipt)?), None),
            End::Cancelled => (CANCELLED, None, None),
            End::Yielded { to, seq } => (YIELDED, None, Some((to.0.into(), *seq))),
        };
        Ok(Self { cart: cart.0, how, receipt, above })
    }

    pub(super) fn read(self) -> Result<Operation, BodyError> {
        let end = match (self.how, self.receipt, self.above) {
            (PAID, Some(receipt), _) => End::Paid(receipt.read()?),
            (PAID, None, _) => return Err(value("a paid cart", &"it names no receipt")),
            (CANCELLED, ..) => End::Cancelled,
            (YIELDED, _, Some((to, seq))) => End::Yielded { to: ReplicaId(to.into()), seq },
            (YIELDED, _, None) => return Err(value("a claim yielded", &"it names no other")),
            (number, ..) => return Err(BodyError::UnknownNumber { what: "a cart's end", number }),
        };
        Ok(Operation::Ended { cart: CartId(self.cart), end })
    }
}

#[derive(Encode, Decode)]
pub(super) struct GrantedWire {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) to: ByteArray<16>,
}

#[derive(Encode, Decode)]
pub(super) struct SucceedsWire {
    #[n(0)]
    pub(super) replica: ByteArray<16>,
}

#[derive(Encode, Decode)]
pub(super) struct IntroducedWire {
    #[n(0)]
    pub(super) till: u16,
    #[n(1)]
    pub(super) series: u32,
}

#[derive(Encode, Decode)]
pub(super) struct AttachedWire {
    #[n(0)]
    pub(super) cart: u64,
    #[n(1)]
    pub(super) customer: Option<ByteArray<16>>,
}

#[derive(Encode, Decode)]
pub(super) struct SoldTwiceWire<'a> {
    #[n(0)]
    pub(super) cart: u64,
    #[b(1)]
    pub(super) sales: Vec<SaleWire<'a>>,
}

#[derive(Encode, Decode)]
pub(super) struct SaleWire<'a> {
    #[n(0)]
    pub(super) replica: ByteArray<16>,
    #[b(1)]
    pub(super) receipt: ReceiptWire<'a>,
}

impl SoldTwiceWire<'_> {
    pub(super) fn read(self) -> Result<Operation, BodyError> {
        let sales = list("a cart's sales", MAX_SALES, self.sales, |sale| {
            Ok((ReplicaId(sale.replica.into()), sale.receipt.read()?))
        })?;
        Ok(Operation::SoldTwice { cart: CartId(self.cart), sales })
    }
}
