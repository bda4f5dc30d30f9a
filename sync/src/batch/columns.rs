//! A batch's content: numbered CBOR fields in one order, a column for each part of the entries.
//!
//! Compression and limits on bytes are [`super`]'s for archives, [`crate::wire::codec`]'s for frames.

use super::{Batch, BatchError, ends, follows, packed};
use crate::clock::Hlc;
use crate::log::{Entry, Hash, ReplicaId, Seal, StreamId, StreamKind, entry_hash};
use minicbor::encode::Write;
use minicbor::{Decoder, Encoder};
use std::fmt::Display;

/// The fields as they are numbered. Other fields are another form, with another magic number.
pub(super) mod field {
    pub const REPLICA: u8 = 0;
    pub const KIND: u8 = 1;
    pub const FIRST_SEQ: u8 = 2;
    pub const PREV: u8 = 3;
    pub const SEAL: u8 = 4;
    /// The first clock's milliseconds, then what each next adds.
    pub const MILLISECONDS: u8 = 5;
    pub const COUNTERS: u8 = 6;
    pub const LENGTHS: u8 = 7;
    /// All bodies, one after another.
    pub const BODIES: u8 = 8;
    pub const COUNT: u64 = 9;
    /// All bodies as [`super::packed`] has them, instead of lengths and bodies.
    pub const PACKED: u8 = 9;
    pub const PACKED_COUNT: u64 = 8;
}

/// Writes the fields of a batch whose entries are a chain that begins with `first`.
pub(crate) fn encode<W: Write>(
    batch: &Batch,
    first: &Entry,
    encoder: &mut Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    encoder.map(field::COUNT)?;
    encode_places(batch, first, encoder)?;
    encoder.u8(field::LENGTHS)?.array(batch.entries.len() as u64)?;
    for entry in &batch.entries {
        encoder.u64(entry.body.len() as u64)?;
    }
    let bodies: Vec<u8> = batch.entries.iter().flat_map(|entry| &entry.body).copied().collect();
    encoder.u8(field::BODIES)?.bytes(&bodies)?;
    Ok(())
}

/// The same with the bodies packed, which [`packed_bodies`] gave.
pub(crate) fn encode_packed<W: Write>(
    batch: &Batch,
    first: &Entry,
    bodies: &[u8],
    encoder: &mut Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    encoder.map(field::PACKED_COUNT)?;
    encode_places(batch, first, encoder)?;
    encoder.u8(field::PACKED)?.bytes(bodies)?;
    Ok(())
}

/// The bodies of a batch in their packed form; `None` where they have none.
pub(crate) fn packed_bodies(batch: &Batch) -> Option<Vec<u8>> {
    packed::pack(batch.entries.iter().map(|entry| entry.body.as_slice()))
}

/// Writes all fields before those that hold the bodies.
fn encode_places<W: Write>(
    batch: &Batch,
    first: &Entry,
    encoder: &mut Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    let entries = &batch.entries;
    let count = entries.len() as u64;
    encoder.u8(field::REPLICA)?.bytes(&batch.stream.replica.0)?;
    encoder.u8(field::KIND)?.u16(batch.stream.kind.number())?;
    encoder.u8(field::FIRST_SEQ)?.u64(first.seq)?;
    encoder.u8(field::PREV)?.bytes(&first.prev.0)?;
    encoder.u8(field::SEAL)?.bytes(&batch.seal.0)?;
    encoder.u8(field::MILLISECONDS)?.array(count)?;
    let mut before_ms = 0;
    for entry in entries {
        // Never negative: clocks of a chain advance.
        encoder.u64(entry.clock.ms() - before_ms)?;
        before_ms = entry.clock.ms();
    }
    encoder.u8(field::COUNTERS)?.array(count)?;
    for entry in entries {
        encoder.u16(entry.clock.counter())?;
    }
    Ok(())
}

/// Reads what [`encode`] wrote, of at most `limit` entries, and nothing after it.
pub(super) fn decode(raw: &[u8], limit: usize) -> Result<Batch, BatchError> {
    let mut decoder = Decoder::new(raw);
    let batch = decode_within(&mut decoder, limit)?;
    if decoder.position() != raw.len() {
        return Err(damaged("something follows the fields"));
    }
    Ok(batch)
}

/// Reads what [`encode`] wrote where it stands within something longer.
pub(crate) fn decode_within(decoder: &mut Decoder<'_>, limit: usize) -> Result<Batch, BatchError> {
    let places = Places::decode(decoder, field::COUNT, limit)?;
    let lengths = column(decoder, field::LENGTHS, limit)?;
    key(decoder, field::BODIES)?;
    let mut rest = decoder.bytes().map_err(damaged)?;
    let mut bodies = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (body, after) = usize::try_from(length)
            .ok()
            .and_then(|length| rest.split_at_checked(length))
            .ok_or_else(|| damaged("a body is cut off"))?;
        bodies.push(body.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged("bytes are left over after the last body"));
    }
    places.batch(bodies)
}

/// Reads what [`encode_packed`] wrote, of at most so many entries and bytes of bodies.
pub(crate) fn decode_packed(
    decoder: &mut Decoder<'_>,
    entries: usize,
    bytes: usize,
) -> Result<Batch, BatchError> {
    let places = Places::decode(decoder, field::PACKED_COUNT, entries)?;
    key(decoder, field::PACKED)?;
    let packed = decoder.bytes().map_err(damaged)?;
    let bodies = packed::unpack(packed, places.milliseconds.len(), bytes).map_err(damaged)?;
    places.batch(bodies)
}

/// What the fields say of where entries stand.
struct Places {
    stream: StreamId,
    first_seq: u64,
    prev: Hash,
    seal: Seal,
    milliseconds: Vec<u64>,
    counters: Vec<u64>,
}

impl Places {
    fn decode(decoder: &mut Decoder<'_>, fields: u64, limit: usize) -> Result<Self, BatchError> {
        if decoder.map().map_err(damaged)? != Some(fields) {
            return Err(BatchError::Damaged("it has other fields than this form".to_owned()));
        }
        let replica = ReplicaId(bytes(decoder, field::REPLICA)?);
        key(decoder, field::KIND)?;
        let number = decoder.u16().map_err(damaged)?;
        let kind = StreamKind::from_number(i64::from(number)).map_err(BatchError::Stream)?;
        key(decoder, field::FIRST_SEQ)?;
        let first_seq = decoder.u64().map_err(damaged)?;
        Ok(Self {
            stream: StreamId { replica, kind },
            first_seq,
            prev: Hash(bytes(decoder, field::PREV)?),
            seal: Seal(bytes(decoder, field::SEAL)?),
            milliseconds: column(decoder, field::MILLISECONDS, limit)?,
            counters: column(decoder, field::COUNTERS, limit)?,
        })
    }

    /// Puts the entries together again, hashing each for the next: so they are a chain once they
    /// follow each other.
    fn batch(self, bodies: Vec<Vec<u8>>) -> Result<Batch, BatchError> {
        if self.milliseconds.len() != self.counters.len() || self.counters.len() != bodies.len() {
            return Err(damaged("its columns differ in length"));
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(bodies.len());
        let (mut ms, mut seq, mut prev) = (0_u64, self.first_seq, self.prev);
        for ((more, counter), body) in self.milliseconds.iter().zip(&self.counters).zip(bodies) {
            ms = ms.checked_add(*more).ok_or_else(|| damaged("a clock is out of range"))?;
            let clock = u16::try_from(*counter)
                .ok()
                .and_then(|counter| Hlc::from_parts(ms, counter))
                .ok_or_else(|| damaged("a clock is out of range"))?;
            let entry = Entry { seq, clock, prev, body };
            follows(entries.last(), &entry)?;
            prev = entry_hash(self.stream, &entry);
            seq = seq.checked_add(1).ok_or_else(|| damaged("a sequence is out of range"))?;
            entries.push(entry);
        }
        ends(&entries)?;
        Ok(Batch { stream: self.stream, entries, seal: self.seal })
    }
}

/// The number of the next field, which must be this one: there is one order.
fn key(decoder: &mut Decoder<'_>, number: u8) -> Result<(), BatchError> {
    match decoder.u8() {
        Ok(found) if found == number => Ok(()),
        Ok(found) => Err(BatchError::Damaged(format!("field {found} where {number} should be"))),
        Err(error) => Err(BatchError::Damaged(error.to_string())),
    }
}

fn bytes<const N: usize>(decoder: &mut Decoder<'_>, number: u8) -> Result<[u8; N], BatchError> {
    key(decoder, number)?;
    let found = decoder.bytes().map_err(|error| BatchError::Damaged(error.to_string()))?;
    found.try_into().map_err(|_| damaged(format!("field {number} has a wrong length")))
}

fn column(decoder: &mut Decoder<'_>, number: u8, limit: usize) -> Result<Vec<u64>, BatchError> {
    key(decoder, number)?;
    let count = decoder
        .array()
        .map_err(damaged)?
        .ok_or_else(|| damaged(format!("field {number} has no length")))?;
    if count > limit as u64 {
        return Err(BatchError::TooLarge { what: "entries", limit });
    }
    (0..count).map(|_| decoder.u64().map_err(damaged)).collect()
}

fn damaged(what: impl Display) -> BatchError {
    BatchError::Damaged(what.to_string())
}
