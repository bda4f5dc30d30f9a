//! One column of a page: the values of many rows in few bytes, and back.
//!
//! `[type, nulls, coding, …]` in CBOR. The type is 0 for integers, 1 for text, 2 for bytes; nulls is
//! null, or a bit for each row that has no value, as in [`crate::bulk`]. What follows is about the
//! other rows alone:
//!
//! | coding | of | what follows |
//! | --- | --- | --- |
//! | 0 the same | all | the value |
//! | 1 steps | integers | varints: each one's distance to the one before, zigzag, the first from 0 |
//! | 2 planes | integers | the least of all; *plane*… of what each is above it |
//! | 3 words | text, bytes | the distinct values in their first order; *plane*… of their numbers |
//! | 4 fronts | text, bytes | varints: how many bytes are shared with the one before; varints: how many are its own; these, one behind the other |
//!
//! Varints and planes are those of [`crate::bulk`]. A reader takes any coding, a writer the one that
//! is shortest.

use super::page::PageError;
use crate::bulk::columns::{
    Varints, bit, bits, from_planes, planes, planes_of, push_varint, set_bits,
};
use crate::cbor::Reader;
use minicbor::Encoder;
use std::collections::BTreeMap;

/// The most distinct values of a column that is told in words; more are told as they are.
const MAX_WORDS: usize = 256;

/// The longest text or byte string in bytes: a receipt's footer is the longest there is.
pub const MAX_VALUE_BYTES: usize = 4_096;

/// The most planes of a number.
const MAX_PLANES: usize = 8;

const SAME: u8 = 0;
const STEPS: u8 = 1;
const PLANES: u8 = 2;
const WORDS: u8 = 3;
const FRONTS: u8 = 4;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// None.
    Null,
    /// An integer.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Integers.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A column's values, one for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    kind: Type,
    nulls: Vec<bool>,
    /// Of integers; 0 where there is none.
    numbers: Vec<i64>,
    /// Of text and bytes, one behind the other.
    bytes: Vec<u8>,
    /// Where each ends in `bytes`.
    ends: Vec<usize>,
}

/// A column's value as it is stored: text as its bytes, which are UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored<'a> {
    /// None.
    Null,
    /// An integer.
    Integer(i64),
    /// Text.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Column {
    /// A column without rows.
    #[must_use]
    pub const fn new(kind: Type) -> Self {
        Self { kind, nulls: Vec::new(), numbers: Vec::new(), bytes: Vec::new(), ends: Vec::new() }
    }

    /// How many rows it has.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.nulls.len()
    }

    /// Adds a row's value.
    ///
    /// # Errors
    /// When it is of another type, or too long.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<(), PageError> {
        let (number, bytes) = match (self.kind, cell) {
            (_, Cell::Null) => (0, [].as_slice()),
            (Type::Integer, Cell::Integer(number)) => (number, [].as_slice()),
            (Type::Text, Cell::Text(text)) => (0, text.as_bytes()),
            (Type::Bytes, Cell::Bytes(bytes)) => (0, bytes),
            _ => return Err(PageError::value("a value", "it is of another type than its column")),
        };
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(PageError::value("a value", format!("it has {} bytes", bytes.len())));
        }
        self.nulls.push(cell == Cell::Null);
        if self.kind == Type::Integer {
            self.numbers.push(number);
        } else {
            self.bytes.extend_from_slice(bytes);
            self.ends.push(self.bytes.len());
        }
        Ok(())
    }

    /// The value of a row; null beyond the last.
    #[must_use]
    pub fn get(&self, row: usize) -> Stored<'_> {
        if self.nulls.get(row).copied().unwrap_or(true) {
            return Stored::Null;
        }
        match self.kind {
            Type::Integer => Stored::Integer(self.numbers.get(row).copied().unwrap_or_default()),
            Type::Text => Stored::Text(self.slice(row)),
            Type::Bytes => Stored::Bytes(self.slice(row)),
        }
    }

    /// Whether all rows have one value.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let first = self.get(0);
        (1..self.rows()).all(|row| self.get(row) == first)
    }

    fn slice(&self, row: usize) -> &[u8] {
        let begin = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(row).copied().unwrap_or_default();
        self.bytes.get(begin.unwrap_or_default()..end).unwrap_or_default()
    }

    /// The rows that have a value.
    fn filled(&self) -> impl Iterator<Item = usize> {
        self.nulls.iter().enumerate().filter(|(_, null)| !**null).map(|(row, _)| row)
    }

    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
        let nulls = bits(self.nulls.iter().copied());
        let write_nulls = |to: &mut Encoder<Vec<u8>>| -> Result<(), PageError> {
            match &nulls {
                Some(nulls) => to.bytes(nulls)?,
                None => to.null()?,
            };
            Ok(())
        };
        match self.kind {
            Type::Integer => {
                let numbers: Vec<i64> =
                    self.filled().filter_map(|row| self.numbers.get(row).copied()).collect();
                let coding = integers(&numbers);
                to.array(if matches!(coding, Integers::Planes(..)) { 5 } else { 4 })?.u8(0)?;
                write_nulls(to)?;
                coding.write(to)
            }
            Type::Text | Type::Bytes => {
                let values: Vec<&[u8]> = self.filled().map(|row| self.slice(row)).collect();
                let coding = Strings::of(&values);
                let fields = match coding {
                    Strings::Same(_) => 4,
                    Strings::Words(..) => 5,
                    Strings::Fronts { .. } => 6,
                };
                to.array(fields)?.u8(if self.kind == Type::Text { 1 } else { 2 })?;
                write_nulls(to)?;
                coding.write(to)
            }
        }
    }

    /// Reads a column of `rows` rows.
    pub(super) fn read(from: &mut Reader<'_>, rows: usize) -> Result<Self, PageError> {
        let newer = from.open("a column", 4)?;
        let kind = match from.u8("a column's type")? {
            0 => Type::Integer,
            1 => Type::Text,
            2 => Type::Bytes,
            other => return Err(PageError::value("a column's type", unknown(other))),
        };
        let what = "the nulls of a column";
        let nulls = from.maybe(what, |from| from.bytes(what, usize::MAX))?;
        let filled = rows - set_bits("nulls", nulls, rows)?;
        let mut column = Self::new(kind);
        let used = if kind == Type::Integer {
            let (numbers, used) = read_integers(from, filled)?;
            column.spread(rows, nulls, numbers.into_iter(), |column, number| {
                column.numbers.push(number.unwrap_or_default());
            });
            used
        } else {
            let (values, used) = Values::read(from, filled, kind == Type::Text)?;
            column.spread(rows, nulls, values.iter(), |column, value| {
                column.bytes.extend_from_slice(value.unwrap_or_default());
                column.ends.push(column.bytes.len());
            });
            used
        };
        from.skip(newer.saturating_sub(used))?;
        Ok(column)
    }

    fn spread<T>(
        &mut self,
        rows: usize,
        nulls: Option<&[u8]>,
        mut values: impl Iterator<Item = T>,
        mut push: impl FnMut(&mut Self, Option<T>),
    ) {
        for row in 0..rows {
            let null = bit(nulls, row);
            self.nulls.push(null);
            let value = if null { None } else { values.next() };
            push(self, value);
        }
    }
}

fn unknown(number: u8) -> String {
    format!("{number}, which this version does not know: update Till")
}

/// How integers are told.
enum Integers {
    Same(i64),
    Steps(Vec<u8>),
    Planes(i64, Vec<Vec<u8>>),
}

fn integers(numbers: &[i64]) -> Integers {
    let first = numbers.first().copied().unwrap_or_default();
    if numbers.iter().all(|number| *number == first) {
        return Integers::Same(first);
    }
    let (mut before, mut steps) = (0_i64, Vec::new());
    for number in numbers {
        push_varint(&mut steps, zigzag(number.wrapping_sub(before)));
        before = *number;
    }
    let least = numbers.iter().copied().min().unwrap_or_default();
    let above: Vec<u64> =
        numbers.iter().map(|number| number.wrapping_sub(least).cast_unsigned()).collect();
    let wide = planes_of(above.iter().copied().max().unwrap_or_default());
    // Like bytes together compress better than the same bytes side by side.
    if wide * numbers.len() <= steps.len() {
        Integers::Planes(least, planes(&above))
    } else {
        Integers::Steps(steps)
    }
}

impl Integers {
    fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
        match self {
            Self::Same(value) => to.u8(SAME)?.i64(*value)?,
            Self::Steps(steps) => to.u8(STEPS)?.bytes(steps)?,
            Self::Planes(least, planes) => {
                to.u8(PLANES)?.i64(*least)?;
                write_planes(planes, to)?;
                to
            }
        };
        Ok(())
    }
}

/// The integers, and how many fields behind the fourth were read.
fn read_integers(from: &mut Reader<'_>, count: usize) -> Result<(Vec<i64>, u64), PageError> {
    match from.u8("a column's coding")? {
        SAME => Ok((vec![from.i64("a column's value")?; count], 0)),
        STEPS => {
            let mut steps = Varints::new("steps", from.bytes("a column's steps", usize::MAX)?);
            let (mut before, mut numbers) = (0_i64, Vec::with_capacity(count));
            for _ in 0..count {
                before = before.wrapping_add(unzigzag(steps.next()?));
                numbers.push(before);
            }
            steps.end()?;
            Ok((numbers, 0))
        }
        PLANES => {
            let least = from.i64("the least value of a column")?;
            let above = read_planes(from, count)?;
            Ok((above.into_iter().map(|it| least.wrapping_add(it.cast_signed())).collect(), 1))
        }
        other => Err(PageError::value("a column's coding", unknown(other))),
    }
}

/// How text and bytes are told.
enum Strings<'v> {
    Same(&'v [u8]),
    Words(Vec<&'v [u8]>, Vec<u64>),
    Fronts { shared: Vec<u8>, lengths: Vec<u8>, rest: Vec<u8> },
}

impl<'v> Strings<'v> {
    fn of(values: &[&'v [u8]]) -> Self {
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

    fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
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
struct Values {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Values {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let slices = begins.zip(&self.ends);
        slices.map(|(begin, end)| self.bytes.get(begin..*end).unwrap_or_default())
    }

    /// The values, and how many fields behind the fourth were read.
    fn read(from: &mut Reader<'_>, count: usize, text: bool) -> Result<(Self, u64), PageError> {
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
        if self.bytes.len() + front + own.len() > super::page::MAX_ROWS_BYTES {
            return Err(PageError::value("the values of a column", "they are too long together"));
        }
        self.bytes.extend_from_within(begin..begin + front);
        self.bytes.extend_from_slice(own);
        self.ends.push(self.bytes.len());
        Ok(())
    }
}

fn checked(value: &[u8], text: bool) -> Result<&[u8], PageError> {
    if text && std::str::from_utf8(value).is_err() {
        return Err(PageError::value("a column's text", "it is not UTF-8"));
    }
    Ok(value)
}

fn write_planes(planes: &[Vec<u8>], to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
    to.array(planes.len() as u64)?;
    for plane in planes {
        to.bytes(plane)?;
    }
    Ok(())
}

fn read_planes(from: &mut Reader<'_>, count: usize) -> Result<Vec<u64>, PageError> {
    let what = "a column's planes";
    let planes = from.list(what, MAX_PLANES, |from| from.bytes(what, usize::MAX))?;
    Ok(from_planes("planes", &planes, count)?)
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}
