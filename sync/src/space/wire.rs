//! Each operation's fields as they are written, and the way in and out.
//!
//! Called by [`super::encode`] and [`super::decode`], which have checked that the bytes are plain
//! CBOR.

use super::line::{LineWire, OverrideWire, VoidWire};
use super::{Dot, End, Held, Offered, Operation};
use crate::body::BodyError;
use crate::body::parts::{
    Amounts, list, maybe_owned, maybe_staff, maybe_text, owned, staff, text, value,
};
use crate::body::stamp::{ReceiptWire, instant, millis};
use crate::body::tender::TenderTypeWire;
use crate::log::ReplicaId;
use commerce::cart::{CartId, MAX_DISCOUNTS, MAX_LINES, MAX_TENDERS};
use commerce::customer::CustomerId;
use commerce::discount::{Discount, DiscountValue};
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::tender::Tendered;
use minicbor::bytes::ByteArray;
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;
use minicbor::{Decode, Encode};

const HELD: u64 = 1;
const LABELLED: u64 = 2;
const LINE: u64 = 3;
const DISCOUNTED: u64 = 4;
const TENDERED: u64 = 5;
const TENDERS_BACK: u64 = 6;
const ENDED: u64 = 7;
const GRANTED: u64 = 8;
const OFFERED: u64 = 9;
const WITHDRAWN: u64 = 10;
const ANSWERED: u64 = 11;
const SUCCEEDS: u64 = 12;
const SOLD_TWICE: u64 = 13;
const INTRODUCED: u64 = 14;
const ATTACHED: u64 = 15;

/// The most sales of one cart that are stated: more tills than ever forced one cart.
const MAX_SALES: usize = 16;

const PAID: u8 = 1;
const CANCELLED: u8 = 2;
const YIELDED: u8 = 3;

/// Writes `[kind, fields]`.
pub(super) fn write(
    to: &mut Encoder<Vec<u8>>,
    amounts: Option<Amounts>,
    operation: &Operation,
) -> Result<(), BodyError> {
    match operation {
        Operation::Held(held) => put(to, HELD, HeldWire::of(held)?),
        Operation::Labelled { cart, label } => {
            let label = maybe_text("a cart's label", label.as_deref())?;
            put(to, LABELLED, LabelledWire { cart: cart.0, label })
        }
        Operation::Line { cart, line, dot } => {
            put(to, LINE, CartLineWire::of(needed(amounts)?, *cart, line, *dot)?)
        }
        Operation::Discounted { cart, line, position, discount } => {
            let place = (*cart, *line, *position);
            put(to, DISCOUNTED, DiscountedWire::of(amounts, place, discount)?)
        }
        Operation::Tendered { cart, position, tendered } => {
            put(to, TENDERED, TenderedWire::of(needed(amounts)?, *cart, *position, tendered)?)
        }
        Operation::TendersBack { cart } => put(to, TENDERS_BACK, CartWire { cart: cart.0 }),
        Operation::Ended { cart, end } => put(to, ENDED, EndedWire::of(*cart, end)?),
        Operation::Granted { cart, to: new } => {
            put(to, GRANTED, GrantedWire { cart: cart.0, to: new.0.into() })
        }
        Operation::Offered(offered) => {
            put(to, OFFERED, OfferedWire::of(needed(amounts)?, offered)?)
        }
        Operation::Withdrawn { dot } => put(to, WITHDRAWN, WithdrawnWire { dot: (*dot).into() }),
        Operation::Answered { cart, dot } => {
            put(to, ANSWERED, AnsweredWire { cart: cart.0, dot: (*dot).into() })
        }
        Operation::Succeeds { replica } => {
            put(to, SUCCEEDS, SucceedsWire { replica: replica.0.into() })
        }
        Operation::SoldTwice { cart, sales } => {
            let sales = list("a cart's sales", MAX_SALES, sales, |(replica, receipt)| {
                Ok(SaleWire { replica: replica.0.into(), receipt: ReceiptWire::of(receipt)? })
            })?;
            put(to, SOLD_TWICE, SoldTwiceWire { cart: cart.0, sales })
        }
        Operation::Introduced { till, series } => {
            put(to, INTRODUCED, IntroducedWire { till: *till, series: *series })
        }
        Operation::Attached { cart, customer } => {
            let customer = customer.map(|customer| customer.0.into());
            put(to, ATTACHED, AttachedWire { cart: cart.0, customer })
        }
        Operation::Unknown { kind } => Err(BodyError::UnknownKind(*kind)),
    }
}

/// Reads `[kind, fields]`, and passes over what it does not know.
pub(super) fn read(
    from: &mut Decoder<'_>,
    amounts: Option<Amounts>,
) -> Result<Operation, BodyError> {
    let fields = from.array()?.unwrap_or(0);
    if fields < 2 {
        return Err(BodyError::Fields("an operation has no kind or no fields".to_owned()));
    }
    let operation = match from.u64()? {
        HELD => from.decode::<HeldWire<'_>>()?.read(),
        LABELLED => from.decode::<LabelledWire<'_>>()?.read(),
        LINE => from.decode::<CartLineWire<'_>>()?.read(needed(amounts)?),
        DISCOUNTED => from.decode::<DiscountedWire<'_>>()?.read(amounts),
        TENDERED => from.decode::<TenderedWire<'_>>()?.read(needed(amounts)?),
        TENDERS_BACK => from
            .decode::<CartWire>()
            .map(|w| Operation::TendersBack { cart: CartId(w.cart) })
            .map_err(Into::into),
        ENDED => from.decode::<EndedWire<'_>>()?.read(),
        GRANTED => {
            let wire: GrantedWire = from.decode()?;
            Ok(Operation::Granted { cart: CartId(wire.cart), to: ReplicaId(wire.to.into()) })
        }
        OFFERED => from.decode::<OfferedWire<'_>>()?.read(needed(amounts)?),
        WITHDRAWN => {
            let wire: WithdrawnWire = from.decode()?;
            Ok(Operation::Withdrawn { dot: wire.dot.into() })
        }
        ANSWERED => {
            let wire: AnsweredWire = from.decode()?;
            Ok(Operation::Answered { cart: CartId(wire.cart), dot: wire.dot.into() })
        }
        SUCCEEDS => {
            let wire: SucceedsWire = from.decode()?;
            Ok(Operation::Succeeds { replica: ReplicaId(wire.replica.into()) })
        }
        SOLD_TWICE => from.decode::<SoldTwiceWire<'_>>()?.read(),
        INTRODUCED => {
            let IntroducedWire { till, series } = from.decode()?;
            Ok(Operation::Introduced { till, series })
        }
        ATTACHED => {
            let AttachedWire { cart, customer } = from.decode()?;
            let customer = customer.map(|customer| CustomerId(customer.into()));
            Ok(Operation::Attached { cart: CartId(cart), customer })
        }
        kind => {
            from.skip()?;
            Ok(Operation::Unknown { kind })
        }
    }?;
    (2..fields).try_for_each(|_| from.skip())?;
    Ok(operation)
}

fn put(to: &mut Encoder<Vec<u8>>, kind: u64, fields: impl Encode<()>) -> Result<(), BodyError> {
    to.array(2)
        .and_then(|to| to.u64(kind))
        .and_then(|to| to.encode(&fields))
        .map(|_| ())
        .map_err(|error| BodyError::Fields(error.to_string()))
}

fn needed(amounts: Option<Amounts>) -> Result<Amounts, BodyError> {
    amounts.ok_or_else(|| BodyError::Fields("an entry with amounts names no currency".to_owned()))
}

/// A number from 1 to `most`.
fn within(what: &'static str, number: u32, most: usize) -> Result<u32, BodyError> {
    if usize::try_from(number).is_ok_and(|number| (1..=most).contains(&number)) {
        return Ok(number);
    }
    Err(value(what, &format!("{number} is not 1 to {most}")))
}

#[derive(Encode, Decode)]
struct DotWire {
    #[n(0)]
    replica: ByteArray<16>,
    #[n(1)]
    seq: u64,
    #[n(2)]
    index: u32,
}

impl From<Dot> for DotWire {
    fn from(dot: Dot) -> Self {
        Self { replica: dot.replica.0.into(), seq: dot.seq, index: dot.index }
    }
}

impl From<DotWire> for Dot {
    fn from(wire: DotWire) -> Self {
        Self { replica: ReplicaId(wire.replica.into()), seq: wire.seq, index: wire.index }
    }
}

#[derive(Encode, Decode)]
struct HeldWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    term: u32,
    #[n(2)]
    opened_at: i64,
    #[b(3)]
    opened_by: &'a str,
    #[b(4)]
    label: Option<&'a str>,
    #[b(5)]
    forced_by: Option<&'a str>,
}

impl<'a> HeldWire<'a> {
    fn of(held: &'a Held) -> Result<Self, BodyError> {
        Ok(Self {
            cart: held.cart.0,
            term: held.term,
            opened_at: millis(held.opened_at)?,
            opened_by: held.opened_by.as_str(),
            label: maybe_text("a cart's label", held.label.as_deref())?,
            forced_by: held.forced_by.as_ref().map(StaffId::as_str),
        })
    }

    fn read(self) -> Result<Operation, BodyError> {
        Ok(Operation::Held(Held {
            cart: CartId(self.cart),
            term: self.term,
            opened_at: instant(self.opened_at)?,
            opened_by: staff(self.opened_by)?,
            label: maybe_owned("a cart's label", self.label)?,
            forced_by: maybe_staff(self.forced_by)?,
        }))
    }
}

#[derive(Encode, Decode)]
struct LabelledWire<'a> {
    #[n(0)]
    cart: u64,
    #[b(1)]
    label: Option<&'a str>,
}

impl LabelledWire<'_> {
    fn read(self) -> Result<Operation, BodyError> {
        let label = maybe_owned("a cart's label", self.label)?;
        Ok(Operation::Labelled { cart: CartId(self.cart), label })
    }
}

#[derive(Encode, Decode)]
struct CartLineWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    number: u32,
    #[b(2)]
    line: LineWire<'a>,
    #[n(3)]
    dot: Option<DotWire>,
    #[b(4)]
    price_override: Option<OverrideWire<'a>>,
    #[b(5)]
    void: Option<VoidWire<'a>>,
}

impl<'a> CartLineWire<'a> {
    fn of(
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

    fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
        let number = within("a line's number", self.number, MAX_LINES)?;
        let mut line = self.line.read(amounts, number)?;
        line.price_override = self.price_override.map(|change| change.read(amounts)).transpose()?;
        line.void = self.void.map(VoidWire::read).transpose()?;
        Ok(Operation::Line { cart: CartId(self.cart), line, dot: self.dot.map(Into::into) })
    }
}

#[derive(Encode, Decode)]
struct DiscountedWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    line: u32,
    #[n(2)]
    position: u32,
    #[n(3)]
    amount: Option<i64>,
    #[n(4)]
    percent: Option<i64>,
    #[b(5)]
    reason: &'a str,
    #[b(6)]
    by: &'a str,
    #[b(7)]
    approved_by: Option<&'a str>,
}

impl<'a> DiscountedWire<'a> {
    fn of(
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

    fn read(self, amounts: Option<Amounts>) -> Result<Operation, BodyError> {
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
struct TenderedWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    position: u32,
    #[b(2)]
    tender: TenderTypeWire<'a>,
    #[n(3)]
    amount: i64,
    #[b(4)]
    reference: Option<&'a str>,
    #[n(5)]
    intent: Option<u64>,
}

impl<'a> TenderedWire<'a> {
    fn of(
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

    fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
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
struct CartWire {
    #[n(0)]
    cart: u64,
}

#[derive(Encode, Decode)]
struct EndedWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    how: u8,
    #[b(2)]
    receipt: Option<ReceiptWire<'a>>,
    #[n(3)]
    above: Option<(ByteArray<16>, u64)>,
}

impl<'a> EndedWire<'a> {
    fn of(cart: CartId, end: &'a End) -> Result<Self, BodyError> {
        let (how, receipt, above) = match end {
            End::Paid(receipt) => (PAID, Some(ReceiptWire::of(receipt)?), None),
            End::Cancelled => (CANCELLED, None, None),
            End::Yielded { to, seq } => (YIELDED, None, Some((to.0.into(), *seq))),
        };
        Ok(Self { cart: cart.0, how, receipt, above })
    }

    fn read(self) -> Result<Operation, BodyError> {
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
struct GrantedWire {
    #[n(0)]
    cart: u64,
    #[n(1)]
    to: ByteArray<16>,
}

#[derive(Encode, Decode)]
struct OfferedWire<'a> {
    #[n(0)]
    cart: u64,
    #[n(1)]
    at: i64,
    #[b(2)]
    by: &'a str,
    #[b(3)]
    line: LineWire<'a>,
    #[n(4)]
    dot: Option<DotWire>,
}

impl<'a> OfferedWire<'a> {
    fn of(amounts: Amounts, offered: &'a Offered) -> Result<Self, BodyError> {
        Ok(Self {
            cart: offered.cart.0,
            at: millis(offered.at)?,
            by: offered.by.as_str(),
            line: LineWire::of(amounts, &offered.line)?,
            dot: offered.dot.map(Into::into),
        })
    }

    fn read(self, amounts: Amounts) -> Result<Operation, BodyError> {
        Ok(Operation::Offered(Offered {
            cart: CartId(self.cart),
            at: instant(self.at)?,
            by: staff(self.by)?,
            line: self.line.read(amounts, 0)?,
            dot: self.dot.map(Into::into),
        }))
    }
}

#[derive(Encode, Decode)]
struct WithdrawnWire {
    #[n(0)]
    dot: DotWire,
}

#[derive(Encode, Decode)]
struct AnsweredWire {
    #[n(0)]
    cart: u64,
    #[n(1)]
    dot: DotWire,
}

#[derive(Encode, Decode)]
struct SucceedsWire {
    #[n(0)]
    replica: ByteArray<16>,
}

#[derive(Encode, Decode)]
struct IntroducedWire {
    #[n(0)]
    till: u16,
    #[n(1)]
    series: u32,
}

#[derive(Encode, Decode)]
struct AttachedWire {
    #[n(0)]
    cart: u64,
    #[n(1)]
    customer: Option<ByteArray<16>>,
}

#[derive(Encode, Decode)]
struct SoldTwiceWire<'a> {
    #[n(0)]
    cart: u64,
    #[b(1)]
    sales: Vec<SaleWire<'a>>,
}

#[derive(Encode, Decode)]
struct SaleWire<'a> {
    #[n(0)]
    replica: ByteArray<16>,
    #[b(1)]
    receipt: ReceiptWire<'a>,
}

impl SoldTwiceWire<'_> {
    fn read(self) -> Result<Operation, BodyError> {
        let sales = list("a cart's sales", MAX_SALES, self.sales, |sale| {
            Ok((ReplicaId(sale.replica.into()), sale.receipt.read()?))
        })?;
        Ok(Operation::SoldTwice { cart: CartId(self.cart), sales })
    }
}
