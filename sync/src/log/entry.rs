//! An entry and its hash, which binds everything before it.
//!
//! Signatures over the hash are [`super::Seal`]'s; tables are [`crate::store`]'s.

use super::{SealKey, StreamId, write_hex};
use crate::clock::Hlc;
use ring::digest;
use std::fmt;

/// The longest body. The longest act, a sale of thousands of lines, stays far below; a bulk entry
/// is cut into chunks below it.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// What is hashed first, so that no hash of one purpose can pass for another's.
const ENTRY_TAG: [u8; 16] = *b"till/entry/v1\0\0\0";
/// The same for the hash before the first entry.
const GENESIS_TAG: [u8; 16] = *b"till/genesis/v1\0";

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One durable fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the stream, from 1, without gaps.
    pub seq: u64,
    /// When it was written, later than the entry before.
    pub clock: Hlc,
    /// The hash of the entry before; [`genesis_hash`] for the first.
    pub prev: Hash,
    /// What happened, at most [`MAX_BODY_BYTES`].
    pub body: Vec<u8>,
}

/// The hash that a stream begins with. It binds the chain to the one key that may seal it.
#[must_use]
pub fn genesis_hash(stream: StreamId, key: &SealKey) -> Hash {
    let mut context = start(GENESIS_TAG, stream);
    context.update(&key.0);
    finish(context)
}

/// The hash of an entry: tag, replica, kind, sequence, clock, hash before, body.
///
/// Only the body varies in length and it comes last, so no two entries have the same encoding.
/// Numbers are big-endian: kind 2 bytes, sequence and clock 8.
#[must_use]
pub fn entry_hash(stream: StreamId, entry: &Entry) -> Hash {
    hash_parts(stream, entry.seq, entry.clock, &entry.prev, &entry.body)
}

/// [`entry_hash`] of an entry whose body stays where it is.
pub(crate) fn hash_parts(stream: StreamId, seq: u64, clock: Hlc, prev: &Hash, body: &[u8]) -> Hash {
    let mut context = start(ENTRY_TAG, stream);
    context.update(&seq.to_be_bytes());
    context.update(&clock.number().to_be_bytes());
    context.update(&prev.0);
    context.update(body);
    finish(context)
}

fn start(tag: [u8; 16], stream: StreamId) -> digest::Context {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&tag);
    context.update(&stream.replica.0);
    context.update(&stream.kind.number().to_be_bytes());
    context
}

fn finish(context: digest::Context) -> Hash {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{ReplicaId, StreamKind};
    use proptest::prelude::*;

    fn stream() -> StreamId {
        StreamId { replica: ReplicaId(*b"replica-of-tests"), kind: StreamKind::Journal }
    }

    fn entry() -> Entry {
        Entry {
            seq: 1,
            clock: Hlc::from_parts(1_700_000_000_000, 3).unwrap(),
            prev: genesis_hash(stream(), &SealKey([7; 32])),
            body: b"five lines".to_vec(),
        }
    }

    /// Appended to, never changed: a hash that moves makes every journal in the field unverifiable.
    #[test]
    fn golden() {
        let genesis = genesis_hash(stream(), &SealKey([7; 32]));
        assert_eq!(
            genesis.to_string(),
            "4b69dc44de2033db21776c7241cf8d3a109ff2f6ae4193e0029ba5dd9dd82c96"
        );
        assert_eq!(
            entry_hash(stream(), &entry()).to_string(),
            "080e925e39fe68cadd7a81f86a458221e294f8a62b95ce9d64762c36d28d31cf"
        );
        let empty = Entry { body: Vec::new(), ..entry() };
        assert_eq!(
            entry_hash(stream(), &empty).to_string(),
            "63566675bd806da229fe2f2c4265d7711c5efe72bffc607cbebbea6e557b553c"
        );
    }

    #[test]
    fn every_field_counts() {
        let base = entry_hash(stream(), &entry());
        let other_replica = StreamId { replica: ReplicaId([0; 16]), ..stream() };
        let other_kind = StreamId { kind: StreamKind::Workspace, ..stream() };
        for (what, hash) in [
            ("replica", entry_hash(other_replica, &entry())),
            ("kind", entry_hash(other_kind, &entry())),
            ("sequence", entry_hash(stream(), &Entry { seq: 2, ..entry() })),
            ("clock", entry_hash(stream(), &Entry { clock: Hlc::default(), ..entry() })),
            ("previous", entry_hash(stream(), &Entry { prev: Hash([0; 32]), ..entry() })),
            ("body", entry_hash(stream(), &Entry { body: b"five lineS".to_vec(), ..entry() })),
            ("key", genesis_hash(stream(), &SealKey([8; 32]))),
        ] {
            assert_ne!(hash, base, "{what}");
        }
    }

    proptest! {
        /// The plain encoding, written out once more, gives the same hash as the parts.
        #[test]
        fn hashes_the_documented_bytes(seq in any::<u64>(), clock in 0..=Hlc::MAX.number(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let entry = Entry { seq, clock: Hlc::from_number(clock).unwrap(), prev: Hash([9; 32]), body };
            let mut bytes = b"till/entry/v1\0\0\0replica-of-tests\0\x01".to_vec();
            bytes.extend(seq.to_be_bytes());
            bytes.extend(clock.to_be_bytes());
            bytes.extend([9; 32]);
            bytes.extend(&entry.body);
            let expected = digest::digest(&digest::SHA256, &bytes);
            prop_assert_eq!(&entry_hash(stream(), &entry).0[..], expected.as_ref());
        }
    }
}
