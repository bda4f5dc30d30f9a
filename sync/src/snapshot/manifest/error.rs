//! Why a manifest is none, and why one is not believed.

use super::MAX_MANIFEST_BYTES;
use crate::cbor::BadField;
use crate::cbor::scan::NotPlain;
use crate::log::{ReplicaId, SealKey, StreamId};
use std::convert::Infallible;

/// Why bytes are not a manifest, or why one cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than any manifest.
    #[error("a snapshot's manifest has at most {MAX_MANIFEST_BYTES} bytes, not {0}")]
    TooLong(usize),
    /// Not the plain, bounded CBOR that manifests are made of.
    #[error("byte {at} of a snapshot's manifest: {why}. Fetch the snapshot again")]
    Malformed {
        /// Offset in the manifest.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// Sound CBOR, but not what belongs at its place.
    #[error("{field}, at byte {at} of a snapshot's manifest: {why}. Fetch the snapshot again")]
    Field {
        /// Which field.
        field: &'static str,
        /// Offset in the manifest.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version's.
    #[error("a snapshot of kind {0}, which this version of Till does not know: update Till")]
    UnknownKind(u64),
    /// Sealed by somebody else, or changed.
    #[error("the snapshot is not sealed by {0}, whom it names: fetch it again")]
    Signature(SealKey),
    /// A value that no manifest may have.
    #[error("{what}: {why}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
}

impl From<NotPlain> for ManifestError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => Self::TooLong(length),
            NotPlain::At { at, why } => Self::Malformed { at, why },
        }
    }
}

impl From<BadField> for ManifestError {
    fn from(BadField { field, at, why }: BadField) -> Self {
        Self::Field { field, at, why }
    }
}

/// Writing into memory fails for no reason; a manifest that claims to has a mistake in its code.
impl From<minicbor::encode::Error<Infallible>> for ManifestError {
    fn from(error: minicbor::encode::Error<Infallible>) -> Self {
        Self::Value { what: "a manifest that can't be written", why: error.to_string() }
    }
}

/// Why a sound snapshot is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// A till, a store, a stranger, or a hub of another chain.
    #[error(
        "the snapshot is sealed by {0}, which is no hub of this chain: take one that this chain's hub made"
    )]
    NotAHub(SealKey),
    /// The hub's key was revoked.
    #[error("the snapshot is sealed by {0}, whose key was revoked: take a later one")]
    Revoked(SealKey),
    /// Nobody says who writes one of its streams.
    #[error(
        "no paper names replica {0} of the snapshot's streams: link this till to the hub first"
    )]
    UnknownWriter(ReplicaId),
    /// A stream's writer did not seal where it is said to stand.
    #[error("the snapshot says of the {0} what its writer has not sealed: take another one")]
    Stream(StreamId),
}
