//! Why a frame cannot be written or read.

use crate::batch::BatchError;
use crate::cbor::BadField;
use crate::cbor::scan::NotPlain;
use crate::squeeze::SqueezeError;
use crate::wire::MAX_PLAIN_BYTES;

/// Why a frame cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A kind or version of a newer peer. Ignore the frame; an update of this side takes it.
    #[error(
        "a frame of kind {kind} in version {version} of the protocol, which this version of Till does not know: update it"
    )]
    Newer {
        /// The kind's number.
        kind: u64,
        /// The version that a reader must speak.
        version: u16,
    },
    /// There are no bytes.
    #[error("a frame without bytes")]
    Empty,
    /// The first byte is no form.
    #[error("byte 0 of a frame is {0}: not a form of Till's frames")]
    Form(u8),
    /// Longer than frames may be.
    #[error("{what} has {length} bytes: at most {limit}; cut it")]
    TooLong {
        /// As sent, or before or after compression.
        what: &'static str,
        /// Its length, or the first that is too much.
        length: usize,
        /// The bound.
        limit: usize,
    },
    /// zstd refuses it.
    #[error("a frame can't be decompressed: {0}")]
    Squeezed(String),
    /// Not the plain, bounded CBOR that frames are made of.
    #[error("byte {at} of a frame's content: {why}")]
    Malformed {
        /// Offset in the content.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// Sound CBOR, but not what belongs at its place.
    #[error("{field}, at byte {at} of a frame's content: {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Offset in the content.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A value that no frame may have.
    #[error("{what}: {why}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// The run in the frame is none.
    #[error("the run in a frame: {0}")]
    Run(#[from] BatchError),
}

impl WireError {
    /// Whether a newer peer may well have meant it: the frame is ignored, and nobody is at fault.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::Newer { .. } | Self::Run(BatchError::Stream(_)))
    }
}

impl From<NotPlain> for WireError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => {
                let what = "a frame after decompression";
                Self::TooLong { what, length, limit: MAX_PLAIN_BYTES }
            }
            NotPlain::At { at, why } => Self::Malformed { at, why },
        }
    }
}

impl From<BadField> for WireError {
    fn from(BadField { field, at, why }: BadField) -> Self {
        Self::Field { field, at, why }
    }
}

impl From<SqueezeError> for WireError {
    fn from(error: SqueezeError) -> Self {
        match error {
            SqueezeError::TooLong(limit) => {
                let what = "a frame after decompression";
                Self::TooLong { what, length: limit.saturating_add(1), limit }
            }
            SqueezeError::Damaged(why) => Self::Squeezed(why),
        }
    }
}

/// Writing into memory fails for no reason; a frame that claims to has a mistake in its code.
impl From<minicbor::encode::Error<std::convert::Infallible>> for WireError {
    fn from(error: minicbor::encode::Error<std::convert::Infallible>) -> Self {
        Self::Value { what: "a frame that can't be written", why: error.to_string() }
    }
}
