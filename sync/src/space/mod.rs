//! Operations on the shop's shared carts: what stands in the entries of a workspace stream.
//!
//! One act on carts is one entry, a list of operations; [`encode`] writes it and [`decode`] reads
//! it. What they come to, in tables and between tills, is the agent's store's affair; the log around
//! them is [`crate::log`]'s.
//!
//! Every stream stands for itself: an operation is about its writer's own claim on a cart, or its
//! writer's own offered lines. No operation needs another stream's before it, so streams fold in
//! any order to the same state, and a stream that was compacted restates what its writer still has.
//!
//! # For a reader in ten years
//!
//! An entry is one item of CBOR, plain as [`crate::body`] has it: `[1, [currency?, operation…]]`,
//! and an operation `[kind, fields]`. Fields are arrays by position; one marked `?` is null or left
//! out. Newer versions add fields at the end, and kinds: an older version passes over both, and
//! keeps the bytes, so that it can fold them once it is updated. A *dot* names a line for good by
//! where it was first written: the replica, the entry's sequence, the operation's place in it from 0.
//! Left out, a line that is there keeps its own, and a new one has the operation's place.
//!
//! | kind | operation | fields, from 0 |
//! | --- | --- | --- |
//! | 1 | held: begins or restates the writer's claim | cart, term, opened at, opened by, label?, forced with the approval of?, [replica, sequence] of the claim it goes on from? |
//! | 2 | labelled: parked, or at a till without a label | cart, label? |
//! | 3 | line, as it is now | cart, number, *line*, dot?, override [*price*, reason, by, approved by?]?, void [by, reason?]? |
//! | 4 | discount | cart, line (0 the basket), position, amount?, percent in millionths?, reason, by, approved by? |
//! | 5 | tendered | cart, position, *tender*, amount, reference?, intent? |
//! | 6 | tenders given back | cart |
//! | 7 | ended: the writer's claim is no more | cart, how (1 paid, 2 cancelled, 3 yielded to a higher claim), *receipt*?, [replica, sequence] of the higher claim? |
//! | 8 | granted to another replica | cart, replica |
//! | 9 | offered: a line for whoever holds the cart | cart, at, by, *line*, dot? |
//! | 10 | withdrawn: an offer is over | dot |
//! | 11 | answered: the holder took an offered line or turned it down | cart, dot |
//! | 12 | succeeds: an earlier incarnation of the writer's till is no more | replica |
//! | 13 | sold twice | cart, [replica, *receipt*]… |
//! | 14 | introduced: who writes the stream | till, receipt series |
//! | 15 | whose cart it is | cart, customer (16 bytes)? |
//!
//! | part | fields, from 0 |
//! | --- | --- |
//! | *line* | SKU, name, GTIN?, tax class, *price*, *quantity*? (one piece), amount on its label? |
//! | *dot* | replica, sequence, index |
//!
//! *price*, *quantity*, *tender* and *receipt* are those of [`crate::body`].

mod line;
mod wire;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod strategy;

use crate::body::BodyError;
use crate::body::parts::Amounts;
use crate::cbor::scan;
use crate::log::{MAX_BODY_BYTES, ReplicaId};
use commerce::Currency;
use commerce::cart::{CartId, Line};
use commerce::customer::CustomerId;
use commerce::discount::{Discount, DiscountValue};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::tender::Tendered;
use jiff::Timestamp;
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;

pub use line::{decode_line, encode_line};

/// The kind of an entry that holds operations.
const OPERATIONS: u64 = 1;

/// Room for a scanned line, so that the usual entry is written without growing.
const USUAL_BYTES: usize = 160;

/// Where a line was first written: its name for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Who wrote it.
    pub replica: ReplicaId,
    /// In which entry of its workspace stream.
    pub seq: u64,
    /// At which place in the entry, from 0.
    pub index: u32,
}

/// The beginning of a claim, or what a compacted stream says of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The cart.
    pub cart: CartId,
    /// How often the cart has changed hands; of two claims the higher term counts.
    pub term: u32,
    /// When the cart was opened, in whole milliseconds.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// What a parked cart is found by.
    pub label: Option<String>,
    /// Who approved that it was taken from a holder that could not be reached.
    pub forced_by: Option<StaffId>,
    /// The claim that this one goes on from, and takes the place of.
    pub from: Option<ClaimAt>,
}

/// A claim on a cart, by whose it is and the entry that began or restated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimAt {
    /// Whose claim.
    pub replica: ReplicaId,
    /// The entry of its workspace stream.
    pub seq: u64,
}

/// How a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The cart was paid at this receipt.
    Paid(ReceiptNumber),
    /// It was given up.
    Cancelled,
    /// Another claim is above it: that of a replica, begun in this entry of its stream. Whoever has
    /// not heard that far knows by it that the cart is not without a holder.
    Yielded {
        /// Whose claim.
        to: ReplicaId,
        /// The entry that began it.
        seq: u64,
    },
}

/// A line for whoever holds the cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The cart.
    pub cart: CartId,
    /// When, in whole milliseconds.
    pub at: Timestamp,
    /// By whom.
    pub by: StaffId,
    /// What is offered; its number means nothing.
    pub line: Line,
    /// Its name, where it was not first written here.
    pub dot: Option<Dot>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Begins or restates the writer's claim on a cart; its lines follow.
    Held(Held),
    /// Where the cart stands: parked under a label, or at a till.
    Labelled {
        /// The cart.
        cart: CartId,
        /// The label.
        label: Option<String>,
    },
    /// A line as it is now, without its discounts.
    Line {
        /// The cart.
        cart: CartId,
        /// The line.
        line: Line,
        /// Its name, where it was not first written here.
        dot: Option<Dot>,
    },
    /// A discount given.
    Discounted {
        /// The cart.
        cart: CartId,
        /// The line's number, 0 for the basket.
        line: u32,
        /// Its place among the line's discounts, from 1.
        position: u32,
        /// The discount.
        discount: Discount,
    },
    /// A tender taken; a card's slip stands in the journal only.
    Tendered {
        /// The cart.
        cart: CartId,
        /// Its place among the cart's tenders, from 1.
        position: u32,
        /// The tender.
        tendered: Tendered,
    },
    /// All tenders were given back.
    TendersBack {
        /// The cart.
        cart: CartId,
    },
    /// The writer's claim is no more.
    Ended {
        /// The cart.
        cart: CartId,
        /// How it ended.
        end: End,
    },
    /// The writer hands the cart over, as it stands.
    Granted {
        /// The cart.
        cart: CartId,
        /// To whom.
        to: ReplicaId,
    },
    /// A line for whoever holds the cart.
    Offered(Offered),
    /// An offer of the writer's is over: it was answered, or stands elsewhere now.
    Withdrawn {
        /// The offered line.
        dot: Dot,
    },
    /// The holder dealt with an offered line: it is not on the cart, and shall not come back.
    Answered {
        /// The cart.
        cart: CartId,
        /// The offered line.
        dot: Dot,
    },
    /// An earlier incarnation of the writer's till is no more; its claims and offers are void.
    Succeeds {
        /// The earlier incarnation.
        replica: ReplicaId,
    },
    /// One cart was sold by more than one till.
    SoldTwice {
        /// The cart.
        cart: CartId,
        /// Who sold it, at which receipt.
        sales: Vec<(ReplicaId, ReceiptNumber)>,
    },
    /// Who writes the stream.
    Introduced {
        /// The till's number in the shop.
        till: u16,
        /// The receipt series of this incarnation.
        series: u32,
    },
    /// Whose cart it is.
    Attached {
        /// The cart.
        cart: CartId,
        /// The customer; `None` for nobody.
        customer: Option<CustomerId>,
    },
    /// What a newer version wrote; the entry's bytes still hold it.
    Unknown {
        /// Its kind.
        kind: u64,
    },
}

impl Operation {
    /// The cart it names.
    #[must_use]
    pub const fn cart(&self) -> Option<CartId> {
        match self {
            Self::Held(held) => Some(held.cart),
            Self::Offered(offered) => Some(offered.cart),
            Self::Labelled { cart, .. }
            | Self::Line { cart, .. }
            | Self::Discounted { cart, .. }
            | Self::Tendered { cart, .. }
            | Self::TendersBack { cart }
            | Self::Ended { cart, .. }
            | Self::Granted { cart, .. }
            | Self::Answered { cart, .. }
            | Self::SoldTwice { cart, .. }
            | Self::Attached { cart, .. } => Some(*cart),
            Self::Withdrawn { .. }
            | Self::Succeeds { .. }
            | Self::Introduced { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// The currency of its amounts, where it has any.
    fn currency(&self) -> Option<Currency> {
        match self {
            Self::Line { line, .. } | Self::Offered(Offered { line, .. }) => {
                Some(line.price.currency())
            }
            Self::Discounted {
                discount: Discount { value: DiscountValue::Amount(amount), .. },
                ..
            } => Some(amount.currency()),
            Self::Tendered { tendered, .. } => Some(tendered.amount.currency()),
            _ => None,
        }
    }
}

/// The body of an entry of these operations. Equal lists have equal bodies.
///
/// # Errors
/// When a text or list is beyond its bound, amounts are of several currencies, an operation is
/// [`Operation::Unknown`], or all together are longer than a body may be.
pub fn encode(operations: &[Operation]) -> Result<Vec<u8>, BodyError> {
    let currency = operations.iter().find_map(Operation::currency);
    let fields = |error: minicbor::encode::Error<std::convert::Infallible>| {
        BodyError::Fields(error.to_string())
    };
    let mut encoder = Encoder::new(Vec::with_capacity(USUAL_BYTES));
    encoder.array(2).map_err(fields)?.u64(OPERATIONS).map_err(fields)?;
    let length = operations.len() as u64 + 1;
    encoder.array(length).map_err(fields)?;
    encoder.encode(currency.map(|currency| currency.code())).map_err(fields)?;
    for operation in operations {
        wire::write(&mut encoder, currency.map(Amounts), operation)?;
    }
    let body = encoder.into_writer();
    if body.len() > MAX_BODY_BYTES {
        return Err(BodyError::TooLarge(body.len()));
    }
    Ok(body)
}

/// The operations of an entry's body, in order; [`Operation::Unknown`] stands where a newer
/// version wrote something, so that places keep their numbers.
///
/// # Errors
/// [`BodyError::UnknownKind`] when the whole entry is of a newer kind. Any other error means that
/// no version of Till wrote this.
pub fn decode(body: &[u8]) -> Result<Vec<Operation>, BodyError> {
    scan::check(body, MAX_BODY_BYTES)?;
    let missing = || BodyError::Fields("the kind or the operations are missing".to_owned());
    let mut decoder = Decoder::new(body);
    if decoder.array()?.is_none_or(|fields| fields < 2) {
        return Err(missing());
    }
    match decoder.u64()? {
        OPERATIONS => {}
        kind => return Err(BodyError::UnknownKind(kind)),
    }
    let operations = decoder.array()?.and_then(|fields| fields.checked_sub(1));
    let operations = operations.ok_or_else(missing)?;
    let currency: Option<&str> = decoder.decode()?;
    let amounts = currency.map(Amounts::parse).transpose()?;
    (0..operations).map(|_| wire::read(&mut decoder, amounts)).collect()
}
