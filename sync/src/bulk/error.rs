//! Why the body of a bulk entry cannot be written or read.

use crate::cbor::BadField;
use crate::cbor::scan::NotPlain;
use crate::log::MAX_BODY_BYTES;
use std::convert::Infallible;

/// Why the body of a bulk entry cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    /// A kind this version does not know: a newer one wrote it. Keep the bytes, and update.
    #[error("the bulk entry is of kind {0}, which this version does not know: update Till")]
    UnknownKind(u64),
    /// Not the plain, bounded CBOR that bodies are made of.
    #[error("byte {at} of the bulk entry's body: {why}")]
    Malformed {
        /// Offset in the body.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// Sound CBOR, but not what belongs at its place.
    #[error("{field}, at byte {at} of the bulk entry's body: {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Offset in the body.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A column that is not what its row count asks for.
    #[error("byte {at} of the column of {column}: {why}")]
    Column {
        /// Which column.
        column: &'static str,
        /// Offset in the column.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// A value that its type refuses.
    #[error("{what}: {why}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// Larger than a body may be.
    #[error("the bulk entry's body would be {0} bytes, at most {MAX_BODY_BYTES} are kept: cut it")]
    TooLarge(usize),
}

impl BulkError {
    pub(super) fn value(what: &'static str, why: impl ToString) -> Self {
        Self::Value { what, why: why.to_string() }
    }
}

impl From<NotPlain> for BulkError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => Self::TooLarge(length),
            NotPlain::At { at, why } => Self::Malformed { at, why },
        }
    }
}

impl From<BadField> for BulkError {
    fn from(BadField { field, at, why }: BadField) -> Self {
        Self::Field { field, at, why }
    }
}

/// Writing into memory fails for no reason; a body that claims to has a mistake in its code.
impl From<minicbor::encode::Error<Infallible>> for BulkError {
    fn from(error: minicbor::encode::Error<Infallible>) -> Self {
        Self::value("a bulk entry that can't be written", error)
    }
}
