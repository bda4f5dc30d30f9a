//! Columns of text and bytes: one value, words, or fronts.

use super::{MAX_VALUE_BYTES, SAME, read_planes, unknown, write_planes};
use crate::bulk::columns::{Varints, planes, push_varint};
use crate::cbor::Reader;
use crate::snapshot::page::{MAX_ROWS_BYTES, PageError};
use minicbor::Encoder;
use std::collections::BTreeMap;

/// The most distinct values of a column that is told in words; more are told as they are.
const MAX_WORDS: usize = 256;

const WORDS: u8 = 3;
const FRONTS: u8 = 4;

/// How text and bytes are told.
pub(super) enum Strings<'v> {
    Same(&'v [u8]),
    Words(Vec<&'v [u8]>, Vec<u64>),
    Fronts { shared: Vec<u8>, lengths: Vec<u8>, rest: Vec<u8> },
}

impl<'v> Strings<'v> {
    pub(super) fn of(values: &[&'v [u8]]) -> Self {
        let first = values.first().copied().unwrap_or_default();
        if values.iter().all(|value| *value == first) {
            return Self::Same(first);
        }
        let (mut words, mut numbers) = (Vec::new(), Vec::with_capacity(values.len()));
        let mut known: BTreeMap<&[u8], u64> = BTreeMap::new();
        for value in values {
            let next = known.len() as u64;
            let number = *known.entry(value).or_insert_with(|| {
                words.push(*value);
                next
            });
            numbers.push(number);
            if known.len() > MAX_WORDS {
                return Self::fronts(values);
            }
        }
        Self::Words(words, numbers)
    }

    fn fronts(values: &[&'v [u8]]) -> Self {
        let pairs = || std::iter::once([].as_slice()).chain(values.iter().copied()).zip(values);
        let alike = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let all: usize = values.iter().map(|value| value.len()).sum();
        let same: usize = pairs().map(|(before, value)| alike(before, value)).sum();
        // Where little is shared, zstd finds more in whole values.
        let share = same * 2 > all;
        let (mut shared, mut lengths, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for (before, value) in pairs() {
            let front = if share { alike(before, value) } else { 0 };
            let own = value.get(front..).unwrap_or_default();
            push_varint(&mut shared, front as u64);
            push_varint(&mut lengths, own.len() as u64);
            rest.extend_from_slice(own);
        }
        Self::Fronts { shared, lengths, rest }
    }

    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
        match self {
            Self::Same(value) => {
                to.u8(SAME)?.bytes(value)?;
            }
            Self::Words(words, numbers) => {
                to.u8(WORDS)?.array(words.len() as u64)?;
                for word in words {
                    to.bytes(word)?;
                }
                write_planes(&planes(numbers), to)?;
            }
            Self::Fronts { shared, lengths, rest } => {
                to.u8(FRONTS)?.bytes(shared)?.bytes(lengths)?.bytes(rest)?;
            }
        }
        Ok(())
    }
}

/// Text or bytes, one behind the other, as they are read.
pub(super) struct Values {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Values {
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let slices = begins.zip(&self.ends);
        slices.map(|(begin, end)| self.bytes.get(begin..*end).unwrap_or_default())
    }

    /// The values, and how many fields behind the fourth were read.
    pub(super) fn read(
        from: &mut Reader<'_>,
        count: usize,
        text: bool,
    ) -> Result<(Self, u64), PageError> {
        let mut values = Self { bytes: Vec::new(), ends: Vec::with_capacity(count) };
        let used = match from.u8("a column's coding")? {
            SAME => {
                let value = checked(from.bytes("a column's value", MAX_VALUE_BYTES)?, text)?;
                for _ in 0..count {
                    values.push(0, value)?;
                }
                0
            }
            WORDS => {
                let what = "a column's words";
                let words = from.list(what, MAX_WORDS, |from| from.bytes(what, MAX_VALUE_BYTES))?;
                for number in read_planes(from, count)? {
                    let word = usize::try_from(number).ok().and_then(|at| words.get(at));
                    let word = word.ok_or(PageError::value(what, "a number has no word"))?;
                    values.push(0, checked(word, text)?)?;
                }
                1
            }
            FRONTS => {
                values.read_fronts(from, count, text)?;
                2
            }
            other => return Err(PageError::value("a column's coding", unknown(other))),
        };
        Ok((values, used))
    }

    fn read_fronts(
        &mut self,
        from: &mut Reader<'_>,
        count: usize,
        text: bool,
    ) -> Result<(), PageError> {
        let what = "a column's fronts";
        let mut shared = Varints::new("fronts", from.bytes(what, usize::MAX)?);
        let mut lengths = Varints::new("lengths", from.bytes(what, usize::MAX)?);
        let mut rest = from.bytes(what, usize::MAX)?;
        for _ in 0..count {
            let front = usize::try_from(shared.next()?).unwrap_or(usize::MAX);
            let length = usize::try_from(lengths.next()?).unwrap_or(usize::MAX);
            let (own, left) = rest
                .split_at_checked(length)
                .ok_or(PageError::value(what, "a value is longer than what is there"))?;
            rest = left;
            self.push(front, own)?;
            checked(self.last(), text)?;
        }
        shared.end()?;
        lengths.end()?;
        if rest.is_empty() {
            return Ok(());
        }
        Err(PageError::value(what, "something is left behind the last value"))
    }

    fn last(&self) -> &[u8] {
        let begin = self.ends.len().checked_sub(2).and_then(|at| self.ends.get(at)).copied();
        let end = self.ends.last().copied().unwrap_or_default();
        self.bytes.get(begin.unwrap_or_default()..end).unwrap_or_default()
    }

    /// Adds a value of which the first `front` bytes are those of the one before.
    fn push(&mut self, front: usize, own: &[u8]) -> Result<(), PageError> {
        let what = "a column's fronts";
        if front > self.last().len() {
            return Err(PageError::value(what, "more is shared than the value before has"));
        }
        if front + own.len() > MAX_VALUE_BYTES {
            return Err(PageError::value(what, format!("{} bytes", front + own.len())));
        }
        let begin = self.bytes.len() - self.last().len();
        if self.bytes.len() + front + own.len() > MAX_ROWS_BYTES {
            return Err(PageError::value("the values of a column", "they are too long together"));
        }
        self.bytes.extend_from_within(begin..begin + front);
        self.bytes.extend_from_slice(own);
        self.ends.push(self.bytes.len());
        Ok(())
    }
}

pub(super) fn checked(value: &[u8], text: bool) -> Result<&[u8], PageError> {
    if text && std::str::from_utf8(value).is_err() {
        return Err(PageError::value("a column's text", "it is not UTF-8"));
    }
    Ok(value)
}
