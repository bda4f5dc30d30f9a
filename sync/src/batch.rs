//! Batches: a run of one stream's entries in few bytes, for archives, exports and sizes.
//!
//! A batch is a magic number and one zstd frame over numbered CBOR in columns. The hashes are not
//! in it, they follow from the first entry's `prev`; one seal, over the last entry, vouches for
//! all. Frames carry the same columns ([`crate::wire`]); reading entries from tables is
//! [`crate::store`]'s.

pub(crate) mod columns;
mod packed;

use crate::log::{
    Entry, Hash, IdError, MAX_BODY_BYTES, Seal, SealKey, StreamId, entry_hash, genesis_hash,
};
use crate::squeeze::{Bounds, SqueezeError, compress, decompress};
use minicbor::Encoder;

/// "Till batch, form 1".
const MAGIC: [u8; 4] = *b"TLB\x01";

/// zstd's window, as a power of two. Level 3 writes at most 2^21; this bounds what reading costs.
const MAX_WINDOW_LOG: u32 = 23;

/// A run of entries without gaps, and the seal over the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The stream they stand in.
    pub stream: StreamId,
    /// The entries, at least one.
    pub entries: Vec<Entry>,
    /// The seal over the last entry.
    pub seal: Seal,
}

/// What [`unpack`] accepts. The default holds any batch of a thousand ordinary entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes as packed.
    pub packed: usize,
    /// Bytes after decompression.
    pub unpacked: usize,
    /// Entries.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { packed: 4 << 20, unpacked: 16 << 20, entries: 10_000 }
    }
}

/// Why a batch could not be packed, unpacked or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There is nothing in it.
    #[error("a batch needs at least one entry")]
    Empty,
    /// The entries are not a run of one chain.
    #[error("entry {seq} does not follow the one before it: a batch is a run of one chain")]
    NotAChain {
        /// The entry that does not follow.
        seq: u64,
    },
    /// A body is longer than [`MAX_BODY_BYTES`].
    #[error("the body of entry {seq} has {bytes} bytes: at most {MAX_BODY_BYTES}")]
    BodyTooLong {
        /// The entry.
        seq: u64,
        /// Its body's length.
        bytes: usize,
    },
    /// The batch is larger than the reader accepts.
    #[error("the batch has more than {limit} {what}: it is damaged, or not for this reader")]
    TooLarge {
        /// Bytes as packed, bytes unpacked, or entries.
        what: &'static str,
        /// How many are accepted.
        limit: usize,
    },
    /// The bytes do not begin as a batch does.
    #[error("these bytes are not a batch of this form of Till's log")]
    NotABatch,
    /// It is of a stream that this version does not know.
    #[error(transparent)]
    Stream(IdError),
    /// Compression or its content is damaged.
    #[error("the batch is damaged: {0}")]
    Damaged(String),
    /// The seal is not the replica's over the last entry.
    #[error("the batch up to entry {seq} of the {stream} was not sealed by the key {key}")]
    Seal {
        /// The stream it claims.
        stream: StreamId,
        /// Its last entry.
        seq: u64,
        /// The key it should be sealed with.
        key: SealKey,
    },
}

impl From<SqueezeError> for BatchError {
    fn from(error: SqueezeError) -> Self {
        match error {
            SqueezeError::TooLong(limit) => Self::TooLarge { what: "bytes unpacked", limit },
            SqueezeError::Damaged(why) => Self::Damaged(why),
        }
    }
}

impl Batch {
    /// Checks that the key's holder wrote these entries: the chain from the first entry's `prev`,
    /// the seal over the last, and the beginning when it starts at 1.
    ///
    /// # Errors
    /// [`BatchError::NotAChain`] or [`BatchError::Seal`].
    pub fn verify(&self, key: &SealKey) -> Result<(), BatchError> {
        let (first, last) = ends(&self.entries)?;
        let head = chain(self.stream, &self.entries)?;
        if first.seq == 1 && first.prev != genesis_hash(self.stream, key) {
            return Err(BatchError::NotAChain { seq: 1 });
        }
        key.verify(self.stream, last.seq, &head, &self.seal).map_err(|_| BatchError::Seal {
            stream: self.stream,
            seq: last.seq,
            key: *key,
        })
    }
}

/// Packs a batch. Runs are cut so that they fit the reader's [`Limits`].
///
/// # Errors
/// When the entries are none, not a chain, or a body is too long. The seal is packed as it is.
pub fn pack(batch: &Batch) -> Result<Vec<u8>, BatchError> {
    let (first, _) = ends(&batch.entries)?;
    chain(batch.stream, &batch.entries)?;
    let mut raw = Vec::new();
    columns::encode(batch, first, &mut Encoder::new(&mut raw))
        .map_err(|error| BatchError::Damaged(error.to_string()))?;
    let mut packed = MAGIC.to_vec();
    // Four bytes of checksum tell a damaged archive apart from a forged one.
    packed.extend(compress(&raw, true)?);
    Ok(packed)
}

/// Unpacks a batch. Memory is bounded by `limits`, whatever the bytes claim. The result is a
/// chain, but only [`Batch::verify`] tells whose.
///
/// # Errors
/// On anything that [`pack`] would not have written within the limits, also on bytes after it.
pub fn unpack(bytes: &[u8], limits: &Limits) -> Result<Batch, BatchError> {
    if bytes.len() > limits.packed {
        return Err(BatchError::TooLarge { what: "bytes as packed", limit: limits.packed });
    }
    let frame = bytes.strip_prefix(&MAGIC).ok_or(BatchError::NotABatch)?;
    let raw = decompress(frame, Bounds { bytes: limits.unpacked, window_log: MAX_WINDOW_LOG })?;
    columns::decode(&raw, limits.entries)
}

/// The first and the last entry.
pub(crate) fn ends(entries: &[Entry]) -> Result<(&Entry, &Entry), BatchError> {
    entries.first().zip(entries.last()).ok_or(BatchError::Empty)
}

/// The hash of the last entry, once each follows the one before in sequence, hash and clock.
pub(crate) fn chain(stream: StreamId, entries: &[Entry]) -> Result<Hash, BatchError> {
    let (first, _) = ends(entries)?;
    let mut head = first.prev;
    let mut before: Option<&Entry> = None;
    for entry in entries {
        if entry.prev != head {
            return Err(BatchError::NotAChain { seq: entry.seq });
        }
        follows(before, entry)?;
        head = entry_hash(stream, entry);
        before = Some(entry);
    }
    Ok(head)
}

/// Whether an entry follows the one before in sequence and clock, and is not too long.
fn follows(before: Option<&Entry>, entry: &Entry) -> Result<(), BatchError> {
    let follows = match before {
        None => entry.seq > 0,
        Some(before) => before.seq.checked_add(1) == Some(entry.seq) && before.clock < entry.clock,
    };
    if !follows {
        return Err(BatchError::NotAChain { seq: entry.seq });
    }
    if entry.body.len() > MAX_BODY_BYTES {
        return Err(BatchError::BodyTooLong { seq: entry.seq, bytes: entry.body.len() });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
