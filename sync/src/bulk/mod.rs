//! Bodies of the hub's bulk entries: thousands of like facts in one entry, in columns.
//!
//! Pure: bytes in, values out. Hashing and sealing is [`crate::log`]'s, merging into tables
//! [`crate::store`]'s. The hub encodes a push before it appends it to `prices` of a zone; every
//! till decodes what arrives.
//!
//! # For a reader in ten years
//!
//! A body is written as facts' bodies are ([`crate::body`]): one item of plain CBOR `[kind, fields]`
//! with the fields by position. Kinds of bulk entries begin at 64, so that no body is taken for a
//! fact's. Newer versions add fields at the end, and an older one passes over them.
//!
//! | kind | entry | fields, from 0 |
//! | --- | --- | --- |
//! | 64 | price chunk | push, layer (0 headquarters, 1 zone, 2 store), starts, ends?, currency, rows, *items*, *plane*…, *withdrawn*?, [rows, decimals, units it is for]… |
//! | 65 | push manifest | push, name, zone, chunks, changes, digest, starts |
//! | 66 | push withdrawn | push, replica of the hub's that wrote it? (the entry's own) |
//!
//! Instants are milliseconds since 1970-01-01 UTC, `?` marks what is null when there is none.
//! The columns of a chunk are byte strings:
//!
//! - *items*: a varint for each row, the item's distance to the one before, less one; 0 stands
//!   before the first. A varint has seven bits a byte, the lowest first, the top bit set on all but
//!   the last, and is in its shortest form.
//! - *withdrawn*: null, or a bit for each row from the lowest bit of the first byte on; where it is
//!   set, the layer withdraws its price. Unused bits are 0, and one at least is set.
//! - *plane*…: the amounts of all other rows, in units of 10^-decimals: the lowest bytes of all,
//!   then the next, up to the last plane that is not all 0. Apart, like bytes compress better than
//!   side by side: 2.55 bytes a change against 2.71 as varints.
//!
//! A push's chunks stand before its manifest. Its digest is the SHA-256 of `till/push/v1`, filled
//! with zeros to 16 bytes, and the hashes of its chunks' entries in the order of their sequence.

pub(crate) mod columns;
mod error;
mod prices;
mod push;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod size;
#[cfg(test)]
pub(crate) mod strategy;

pub use error::BulkError;
pub use prices::{MAX_CHUNK_ROWS, PriceChange, PriceChunk};
pub use push::{MAX_PUSH_CHUNKS, PushManifest, PushWithdrawn, push_digest};

use crate::cbor::{Reader, scan};
use crate::log::MAX_BODY_BYTES;
use minicbor::Encoder;

const PRICE_CHUNK: u64 = 64;
const PUSH_MANIFEST: u64 = 65;
const PUSH_WITHDRAWN: u64 = 66;

/// What a bulk entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bulk {
    /// Part of a push's price changes.
    Prices(PriceChunk),
    /// A push is complete: these are all its chunks.
    Manifest(PushManifest),
    /// A push counts no longer.
    Withdrawn(PushWithdrawn),
}

/// The body of a bulk entry. Equal entries have equal bodies.
///
/// # Errors
/// When it breaks a rule that readers hold it to; the error names which.
pub fn encode(bulk: &Bulk) -> Result<Vec<u8>, BulkError> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.array(2)?;
    match bulk {
        Bulk::Prices(chunk) => chunk.write(encoder.u64(PRICE_CHUNK)?)?,
        Bulk::Manifest(manifest) => manifest.write(encoder.u64(PUSH_MANIFEST)?)?,
        Bulk::Withdrawn(withdrawn) => withdrawn.write(encoder.u64(PUSH_WITHDRAWN)?)?,
    }
    let body = encoder.into_writer();
    if body.len() > MAX_BODY_BYTES {
        return Err(BulkError::TooLarge(body.len()));
    }
    Ok(body)
}

/// What a bulk entry's body says.
///
/// # Errors
/// [`BulkError::UnknownKind`] for what a newer version wrote: the caller keeps the bytes. Any other
/// error means that no version of Till wrote this.
pub fn decode(body: &[u8]) -> Result<Bulk, BulkError> {
    scan::check(body, MAX_BODY_BYTES)?;
    let mut reader = Reader::new(body);
    reader.open("a bulk entry", 2)?;
    match reader.u64("a bulk entry's kind")? {
        PRICE_CHUNK => PriceChunk::read(&mut reader).map(Bulk::Prices),
        PUSH_MANIFEST => PushManifest::read(&mut reader).map(Bulk::Manifest),
        PUSH_WITHDRAWN => PushWithdrawn::read(&mut reader).map(Bulk::Withdrawn),
        kind => Err(BulkError::UnknownKind(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips(bulk in strategy::bulk()) {
            let body = encode(&bulk).unwrap();
            let read = decode(&body);
            prop_assert_eq!(read.as_ref(), Ok(&bulk));
            prop_assert_eq!(encode(&read.unwrap()), Ok(body));
        }
    }
}
