//! The log as data: who writes, which stream, an entry, its hash, its seal.
//!
//! Knows neither tables ([`crate::store`]) nor what a body means ([`crate::body`]): bodies are
//! opaque bytes, hashed as they are. Called by the store, by batches, and by whoever checks a
//! journal without a till.

mod entry;
mod id;
mod seal;

pub(crate) use entry::hash_parts;
pub use entry::{Entry, Hash, MAX_BODY_BYTES, entry_hash, genesis_hash};
pub use id::{IdError, MAX_SEQ, Position, ReplicaId, StreamId, StreamKind, Zone};
pub use seal::{Seal, SealError, SealKey, SealingKey, Seed};

/// Writes bytes as lowercase hex.
fn write_hex(bytes: &[u8], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `N` bytes from hex of either case.
fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != N * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for &digit in pair {
            *byte = *byte << 4 | u8::try_from(char::from(digit).to_digit(16)?).ok()?;
        }
    }
    Some(bytes)
}
