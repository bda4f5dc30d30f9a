//! Each operation's fields as they are written, and the way in and out.
//!
//! Called by [`super::encode`] and [`super::decode`], which have checked that the bytes are plain
//! CBOR.

mod claim;
mod content;

use super::{Dot, Operation};
use crate::body::BodyError;
use crate::body::parts::{Amounts, list, maybe_text, value};
use crate::body::stamp::ReceiptWire;
use crate::log::ReplicaId;
use crate::version::{self, Kind};
use claim::{
    AttachedWire, EndedWire, GrantedWire, HeldWire, IntroducedWire, LabelledWire, MAX_SALES,
    SaleWire, SoldTwiceWire, SucceedsWire,
};
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use content::{CartLineWire, DiscountedWire, OfferedWire, TenderedWire};
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
        kind if !version::knows(Kind::Operation(kind)) => unknown(from, kind),
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
        kind => unknown(from, kind),
    }?;
    (2..fields).try_for_each(|_| from.skip())?;
    Ok(operation)
}

fn unknown(from: &mut Decoder<'_>, kind: u64) -> Result<Operation, BodyError> {
    from.skip()?;
    Ok(Operation::Unknown { kind })
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
struct CartWire {
    #[n(0)]
    cart: u64,
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
