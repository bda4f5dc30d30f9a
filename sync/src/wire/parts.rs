//! Runs cut to the size of frames: as many entries as fit, or one entry in several parts.
//!
//! Bytes are [`super::codec`]'s. Which entries are sent when is the session's affair: it calls
//! [`fit`] to send, and one [`Joiner`] for each peer to receive.

use super::codec::{WireError, encode, encode_run, encode_run_frame};
use super::{Envelope, Frame, MAX_PART_BYTES, MAX_PLAIN_BYTES, MAX_RUN_ENTRIES, Part};
use crate::batch::Batch;
use crate::log::{Entry, ReplicaId, Seal, StreamId};

mod join;
pub use join::{JoinError, Joiner};

/// What a run takes beside its entries, at most: envelope, heads of columns, hash and seal.
const RUN_BYTES: usize = 256;

/// What an entry takes beside its body, at most: 9 bytes of milliseconds, 3 of counter, 5 of length.
const ENTRY_BYTES: usize = 17;

/// An entry to send, with its seal when it has one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The entry.
    pub entry: Entry,
    /// The seal over it; without one, a later entry's vouches for it.
    pub seal: Option<Seal>,
}

/// Frames to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The frames in their order: one run, or all parts of one.
    pub frames: Vec<Vec<u8>>,
    /// The last sequence in them.
    pub last: u64,
}

/// Why no run could be formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// A run ends with a seal, and none of the entries that fit has one.
    #[error("no entry of the {stream} within reach of the first has a seal: give more, or seal it")]
    NotSealed {
        /// The stream.
        stream: StreamId,
    },
    /// The entries break a rule of runs.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// The longest run from the first of `entries` on that fits a frame; when not even the shortest
/// does, that one in parts, which carry the number `run`.
///
/// # Errors
/// When no run can end, or the entries are no chain.
pub fn fit(
    from: ReplicaId,
    run: u64,
    stream: StreamId,
    entries: Vec<Sealed>,
) -> Result<Fitted, FitError> {
    let (entries, seals): (Vec<_>, Vec<_>) =
        entries.into_iter().map(|sealed| (sealed.entry, sealed.seal)).unzip();
    // A count of entries with the seal that such a run has.
    let ends = |most: usize| {
        let sealed = seals.iter().take(most).enumerate().rev();
        sealed.filter_map(|(at, seal)| seal.map(|seal| (at + 1, seal))).next()
    };
    let (mut count, mut seal) = ends(plainly(&entries)).ok_or(FitError::NotSealed { stream })?;
    let mut batch = Batch { stream, entries, seal };
    loop {
        batch.entries.truncate(count);
        batch.seal = seal;
        let last = batch.entries.last().map_or(0, |entry| entry.seq);
        let (length, limit) = match encode_run_frame(from, &batch) {
            Ok(frame) => return Ok(Fitted { frames: vec![frame], last }),
            Err(WireError::TooLong { length, limit, .. }) => (length, limit),
            Err(error) => return Err(error.into()),
        };
        let shorter = (count * limit / length.max(1)).min(count - 1);
        let shortest = seals.iter().position(Option::is_some).map_or(count, |at| at + 1);
        match ends(shorter.max(shortest)) {
            Some((fewer, its)) if fewer < count => (count, seal) = (fewer, its),
            _ => return Ok(Fitted { frames: cut(from, run, &batch)?, last }),
        }
    }
}

/// How many entries fit a frame's content before compression.
fn plainly(entries: &[Entry]) -> usize {
    let mut bytes = RUN_BYTES;
    let fits = |entry: &&Entry| {
        bytes = bytes.saturating_add(entry.body.len()).saturating_add(ENTRY_BYTES);
        bytes <= MAX_PLAIN_BYTES
    };
    entries.iter().take(MAX_RUN_ENTRIES).take_while(fits).count()
}

/// A run in parts.
fn cut(from: ReplicaId, run: u64, batch: &Batch) -> Result<Vec<Vec<u8>>, WireError> {
    let bytes = encode_run(batch)?;
    let pieces = bytes.chunks(MAX_PART_BYTES);
    let of = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    (0..)
        .zip(pieces)
        .map(|(number, bytes)| {
            let part = Part { run, number, of, bytes: bytes.to_vec() };
            encode(&Envelope { from, frame: Frame::Part(part) })
        })
        .collect()
}

#[cfg(test)]
mod tests;
