//! Why a body cannot be written or read.
//!
//! Nothing else; every module of [`super`] returns it, and the store decides what to do with the
//! bytes.

use crate::cbor::BadField;
use crate::cbor::scan::NotPlain;
use crate::log::MAX_BODY_BYTES;
use commerce::money::MoneyError;
use commerce::sale::SaleError;
use commerce::tax::TaxError;
use commerce::{Currency, QuantityError, UnitPriceError};
use jiff::Timestamp;

impl BodyError {
    /// Whether a newer version may have written it, and can read it.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::UnknownKind(_) | Self::UnknownNumber { .. })
    }
}

/// Why a body cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A kind this version does not know: a newer one wrote it. Keep the bytes, and update.
    #[error("the entry is of kind {0}, which this version does not know: keep it and update Till")]
    UnknownKind(u64),
    /// A numbered choice this version does not know: a newer one wrote it.
    #[error("{what} has the number {number}, which this version does not know: update Till")]
    UnknownNumber {
        /// What is numbered.
        what: &'static str,
        /// The number found.
        number: u8,
    },
    /// Not the plain, bounded CBOR that bodies are made of.
    #[error("byte {at} of the entry's body: {why}")]
    Malformed {
        /// Offset in the body.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// Sound CBOR, but not the fields of its kind.
    #[error("the entry's body does not have the fields of its kind: {0}")]
    Fields(String),
    /// Larger than a body may be.
    #[error("the entry's body would be {0} bytes, at most {MAX_BODY_BYTES} are kept")]
    TooLarge(usize),
    /// A text or list beyond its bound.
    #[error("{what} has a length of {length}, at most {most} is kept")]
    TooLong {
        /// Which text or list.
        what: &'static str,
        /// Its length: bytes of a text, items of a list.
        length: usize,
        /// The bound.
        most: usize,
    },
    /// A value that its type refuses.
    #[error("{what}: {why}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// An instant finer than a millisecond: rounding it would change the fact.
    #[error("{0} is finer than a millisecond, which is what the journal keeps")]
    SubMillisecond(Timestamp),
    /// An amount in another currency than its fact.
    #[error("{what} is in {found}, the fact in {expected}")]
    Currency {
        /// Which amount.
        what: &'static str,
        /// The fact's currency.
        expected: Currency,
        /// The amount's.
        found: Currency,
    },
    /// An amount that follows from others does not.
    #[error("{what} is {stated} minor units, the amounts it is made of come to {derived}")]
    Differs {
        /// Which amount.
        what: &'static str,
        /// As the fact states it.
        stated: i64,
        /// As it follows.
        derived: i64,
    },
    /// A line is taxed in a class that its receipt's tax table does not have.
    #[error("a line is in tax class `{0}`, which its tax table does not have")]
    UntabledClass(String),
    /// The tax table has not one amount for each tax.
    #[error("tax class `{class}` has {taxes} taxes and {amounts} amounts")]
    TaxAmounts {
        /// The class.
        class: String,
        /// How many taxes.
        taxes: usize,
        /// How many amounts.
        amounts: usize,
    },
    /// A sale that does not add up.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// A return that does not hold together.
    #[error(transparent)]
    Return(#[from] commerce::returns::ReturnCheckError),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A quantity out of range.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A price out of range.
    #[error(transparent)]
    Price(#[from] UnitPriceError),
    /// A tax out of range.
    #[error(transparent)]
    Tax(#[from] TaxError),
}

impl From<minicbor::decode::Error> for BodyError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Fields(error.to_string())
    }
}

impl From<BadField> for BodyError {
    fn from(BadField { field, at, why }: BadField) -> Self {
        Self::Fields(format!("{field}, at byte {at}: {why}"))
    }
}

impl From<NotPlain> for BodyError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => Self::TooLarge(length),
            NotPlain::At { at, why } => Self::Malformed { at, why },
        }
    }
}
