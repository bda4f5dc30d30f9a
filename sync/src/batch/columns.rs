//! A batch's content: numbered CBOR fields in one order, a column for each part of the entries.
//!
//! Compression and limits on bytes are [`super`]'s for archives, [`crate::wire::codec`]'s for frames.

use super::{Batch, BatchError, chain};
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
}

/// Writes the fields of a batch whose entries are a chain that begins with `first`.
pub(crate) fn encode<W: Write>(
    batch: &Batch,
    first: &Entry,
    encoder: &mut Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    let entries = &batch.entries;
    let count = entries.len() as u64;
    encoder.map(field::COUNT)?;
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
    encoder.u8(field::LENGTHS)?.array(count)?;
    for entry in entries {
        encoder.u64(entry.body.len() as u64)?;
    }
    let bodies: Vec<u8> = entries.iter().flat_map(|entry| &entry.body).copied().collect();
    encoder.u8(field::BODIES)?.bytes(&bodies)?;
    Ok(())
}

/// Reads what [`encode`] wrote, of at most `limit` entries, and nothing after it.
pub(super) fn decode(raw: &[u8], limit: usize) -> Result<Batch, BatchError> {
    let mut decoder = Decoder::new(raw);
    let columns = Columns::decode(&mut decoder, limit)?;
    if decoder.position() != raw.len() {
        return Err(damaged("something follows the fields"));
    }
    columns.batch()
}

/// Reads what [`encode`] wrote where it stands within something longer.
pub(crate) fn decode_within(decoder: &mut Decoder<'_>, limit: usize) -> Result<Batch, BatchError> {
    Columns::decode(decoder, limit)?.batch()
}

/// A batch's fields as they come.
struct Columns<'a> {
    stream: StreamId,
    first_seq: u64,
    prev: Hash,
    seal: Seal,
    milliseconds: Vec<u64>,
    counters: Vec<u64>,
    lengths: Vec<u64>,
    bodies: &'a [u8],
}

impl<'a> Columns<'a> {
    fn decode(decoder: &mut Decoder<'a>, limit: usize) -> Result<Self, BatchError> {
        if decoder.map().map_err(damaged)? != Some(field::COUNT) {
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
            lengths: column(decoder, field::LENGTHS, limit)?,
            bodies: {
                key(decoder, field::BODIES)?;
                decoder.bytes().map_err(damaged)?
            },
        })
    }

    /// Puts the entries together again, hashing each for the next.
    fn batch(self) -> Result<Batch, BatchError> {
        if self.milliseconds.len() != self.counters.len()
            || self.counters.len() != self.lengths.len()
        {
            return Err(damaged("its columns differ in length"));
        }
        let mut entries = Vec::with_capacity(self.lengths.len());
        let (mut ms, mut seq, mut prev, mut rest) = (0_u64, self.first_seq, self.prev, self.bodies);
        for ((more, counter), length) in
            self.milliseconds.iter().zip(&self.counters).zip(&self.lengths)
        {
            ms = ms.checked_add(*more).ok_or_else(|| damaged("a clock is out of range"))?;
            let clock = u16::try_from(*counter)
                .ok()
                .and_then(|counter| Hlc::from_parts(ms, counter))
                .ok_or_else(|| damaged("a clock is out of range"))?;
            let (body, after) = usize::try_from(*length)
                .ok()
                .and_then(|length| rest.split_at_checked(length))
                .ok_or_else(|| damaged("a body is cut off"))?;
            let entry = Entry { seq, clock, prev, body: body.to_vec() };
            prev = entry_hash(self.stream, &entry);
            rest = after;
            seq = seq.checked_add(1).ok_or_else(|| damaged("a sequence is out of range"))?;
            entries.push(entry);
        }
        if !rest.is_empty() {
            return Err(damaged("bytes are left over after the last body"));
        }
        chain(self.stream, &entries)?;
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
