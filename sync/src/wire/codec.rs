//! Frames as bytes: [`encode`] and [`decode`].
//!
//! What is sent when is the session's affair; runs too long for a frame are [`super::parts`]'s.
//!
//! # For whoever writes another peer
//!
//! A frame is one byte, the form, and then its content: form 1 is the content as it is, form 2 the
//! content in one zstd frame without a dictionary, with a window of at most 2 MiB. A sender
//! compresses only where it saves a tenth, a receiver takes both. The content is one item of CBOR
//! (RFC 8949) as plain as bodies are: everything in its shortest form; no floats, tags or indefinite
//! lengths: `[version, sender, kind, fields]`, where the positions in `fields` are:
//!
//! | kind | frame | fields, from 0 |
//! | --- | --- | --- |
//! | 1 | have | highest version spoken, now in ms since 1970, session, answer wanted, more follows, [replica, stream kind, first, head, hash at the head, [hash, seal] of the checkpoint where first is not 1, or null]… |
//! | 2 | want | window in bytes, [replica, stream kind, from, to or null]… |
//! | 3 | run | the columns of [`crate::batch`], as a map |
//! | 4 | mark | [replica, stream kind, sequence]… |
//! | 5 | papers | paper… |
//! | 6 | ask | number, topic, question |
//! | 7 | answer | number, could be answered, answer |
//! | 8 | page | snapshot, number, of, rows |
//! | 9 | part | run, number, of, bytes |
//! | 11 | forks | [replica, stream kind, last sequence, hash there]… of branches kept, the same of branches wanted |
//! | 12 | packed run, of version 2 | the fields 0 to 6 of [`crate::batch`] and instead of the others 9, as a map |
//!
//! `…` is an array of what stands before it. Replicas are 16 bytes, hashes 32; papers, questions,
//! answers, rows and parts are byte strings.
//!
//! # Old and new peers
//!
//! The version is what a reader must speak to take the frame, not what the sender could: 1 but for
//! what the table says otherwise. Who has not said that it speaks version 2 is sent plain runs.
//! Newer versions add fields at the end of any array, and an older one passes over them. What an
//! older one could not read safely is a new kind or a higher version, and there its reader answers
//! [`WireError::Newer`]: no fault of the sender's, the session ignores the frame. A stream of a kind
//! that this version does not know is left out of the lists of a have, want or mark.

mod check;
mod error;
mod fields;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod strategy;

pub use error::WireError;

use super::{Envelope, Frame, MAX_FRAME_BYTES, MAX_PLAIN_BYTES, READS_PACKED, VERSION};
use crate::batch::{Batch, columns};
use crate::cbor::{Reader, scan};
use crate::log::ReplicaId;
use crate::squeeze::{Bounds, compress, decompress};
use minicbor::Encoder;

/// The content as it is.
const PLAIN: u8 = 1;
/// The content in one zstd frame.
const ZSTD: u8 = 2;

/// zstd's window, as a power of two: the first that holds [`MAX_PLAIN_BYTES`].
const MAX_WINDOW_LOG: u32 = 21;
const _: () = assert!(MAX_PLAIN_BYTES <= 1 << MAX_WINDOW_LOG);

/// Shorter content is sent as it is: hashes, ids and seals make up most of it.
const MIN_SQUEEZED_BYTES: usize = 256;

/// The version that every peer speaks.
const FIRST_VERSION: u16 = 1;

/// Of fewer entries the packed form saves little: their bodies have hardly anything in common that
/// zstd does not find.
const MIN_PACKED_ENTRIES: usize = 16;

/// A frame's bytes, at most [`MAX_FRAME_BYTES`] of them.
///
/// # Errors
/// [`WireError::TooLong`] when they would be more, any other when the frame breaks a rule that a
/// receiver holds it to: nothing is encoded that [`decode`] would not take.
pub fn encode(envelope: &Envelope) -> Result<Vec<u8>, WireError> {
    check::frame(&envelope.frame)?;
    framed(FIRST_VERSION, envelope.from, |encoder| fields::write(&envelope.frame, encoder))
}

/// The bytes of a frame with a run in its packed form; `None` where it has none, or is hardly shorter
/// by it, or too long for a frame.
///
/// # Errors
/// When the run breaks a rule that a receiver holds it to.
pub fn encode_packed(from: ReplicaId, run: &Batch) -> Result<Option<Vec<u8>>, WireError> {
    check::run(run)?;
    if run.entries.len() < MIN_PACKED_ENTRIES {
        return Ok(None);
    }
    let Some(bodies) = columns::packed_bodies(run) else { return Ok(None) };
    match framed(READS_PACKED, from, |encoder| fields::write_packed_run(run, &bodies, encoder)) {
        Err(WireError::TooLong { .. }) => Ok(None),
        framed => framed.map(Some),
    }
}

fn framed(
    version: u16,
    from: ReplicaId,
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), WireError>,
) -> Result<Vec<u8>, WireError> {
    let mut encoder = Encoder::new(Vec::new());
    fields::write_head(version, from, &mut encoder)?;
    write(&mut encoder)?;
    let bytes = wrap(&encoder.into_writer())?;
    fits("a frame as sent", bytes.len(), MAX_FRAME_BYTES)?;
    Ok(bytes)
}

/// The frame of these bytes.
///
/// A run in it is a chain, but only [`Batch::verify`] tells whose.
///
/// # Errors
/// [`WireError::Newer`] for what a newer version may well have meant. Any other error means that no
/// version of Till sends this.
pub fn decode(bytes: &[u8]) -> Result<Envelope, WireError> {
    fits("a frame as sent", bytes.len(), MAX_FRAME_BYTES)?;
    let plain = unwrap(bytes)?;
    let envelope = read(&plain)?;
    check::frame(&envelope.frame)?;
    Ok(envelope)
}

/// A run's bytes without a frame around them, to be cut into parts.
pub(super) fn encode_run(run: &Batch) -> Result<Vec<u8>, WireError> {
    check::run(run)?;
    let mut encoder = Encoder::new(Vec::new());
    fields::write_run(run, &mut encoder)?;
    wrap(&encoder.into_writer())
}

/// The run of bytes that [`encode_run`] wrote.
pub(super) fn decode_run(bytes: &[u8]) -> Result<Batch, WireError> {
    let plain = unwrap(bytes)?;
    scan::check(&plain, MAX_PLAIN_BYTES)?;
    let run = fields::read_run(&mut Reader::new(&plain))?;
    check::run(&run)?;
    Ok(run)
}

/// Puts the form in front, and compresses where that saves a tenth.
fn wrap(plain: &[u8]) -> Result<Vec<u8>, WireError> {
    fits("a frame before compression", plain.len(), MAX_PLAIN_BYTES)?;
    if plain.len() >= MIN_SQUEEZED_BYTES {
        let squeezed = compress(plain, false)?;
        if squeezed.len() <= plain.len() - plain.len() / 10 {
            return Ok([&[ZSTD], squeezed.as_slice()].concat());
        }
    }
    Ok([&[PLAIN], plain].concat())
}

/// The content behind the form.
fn unwrap(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
    match bytes.split_first() {
        Some((&PLAIN, plain)) => {
            fits("a frame after decompression", plain.len(), MAX_PLAIN_BYTES)?;
            Ok(plain.to_vec())
        }
        Some((&ZSTD, squeezed)) => {
            let bounds = Bounds { bytes: MAX_PLAIN_BYTES, window_log: MAX_WINDOW_LOG };
            Ok(decompress(squeezed, bounds)?)
        }
        Some((&form, _)) => Err(WireError::Form(form)),
        None => Err(WireError::Empty),
    }
}

/// The frame of a content.
fn read(plain: &[u8]) -> Result<Envelope, WireError> {
    scan::check(plain, MAX_PLAIN_BYTES)?;
    let mut reader = Reader::new(plain);
    reader.open("a frame", 4)?;
    let version = reader.u16("a frame's version")?;
    let from = ReplicaId(reader.array("a frame's sender")?);
    let kind = reader.u64("a frame's kind")?;
    if version == 0 {
        return Err(WireError::Value { what: "a frame's version", why: "it is 0".to_owned() });
    }
    let newer = WireError::Newer { kind, version };
    if version > VERSION {
        return Err(newer);
    }
    let frame: Option<Frame> = fields::read(kind, &mut reader)?;
    // What a newer version added behind the fields is bounded CBOR already.
    frame.map(|frame| Envelope { from, frame }).ok_or(newer)
}

fn fits(what: &'static str, length: usize, limit: usize) -> Result<(), WireError> {
    if length > limit { Err(WireError::TooLong { what, length, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips(envelope in strategy::envelope()) {
            let bytes = encode(&envelope).unwrap();
            prop_assert!(bytes.len() <= MAX_FRAME_BYTES);
            let read = decode(&bytes);
            prop_assert_eq!(read.as_ref(), Ok(&envelope));
            prop_assert_eq!(encode(&read.unwrap()), Ok(bytes));
        }
    }

    #[test]
    fn compresses_only_where_it_saves_a_tenth() {
        for (length, form) in [(0, PLAIN), (MIN_SQUEEZED_BYTES - 1, PLAIN), (1_000, ZSTD)] {
            assert_eq!(wrap(&vec![0; length]).unwrap()[0], form, "{length}");
        }
        let noise: Vec<u8> =
            (0..300_u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
        assert_eq!(wrap(&noise).unwrap()[0], PLAIN);
    }
}
