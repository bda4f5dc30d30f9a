//! Frames of any length as bytes: a run that is too long for one goes in several parts.
//!
//! Bytes are [`super::codec`]'s. What is sent when is the exchange's affair: it calls [`frames`] to
//! send, and one [`Joiner`] for each peer to receive.

use super::codec::{WireError, encode, encode_run};
use super::{Envelope, Frame, MAX_PART_BYTES, Part};
use crate::batch::Batch;
use crate::log::ReplicaId;

mod join;
pub use join::{JoinError, Joiner};

/// The bytes of what is said: one frame, or all parts of a run that is too long for one. `run` is
/// the number that parts carry; each run of a connection has its own.
///
/// # Errors
/// When a rule is broken that a receiver holds the frame to, or it is too long and no run.
pub fn frames(envelope: &Envelope, run: u64) -> Result<Vec<Vec<u8>>, WireError> {
    match (encode(envelope), &envelope.frame) {
        (Err(WireError::TooLong { .. }), Frame::Run(batch)) => cut(envelope.from, run, batch),
        (encoded, _) => Ok(vec![encoded?]),
    }
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
