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

mod integers;
mod strings;

use super::page::PageError;
use crate::bulk::columns::{bit, bits, from_planes, set_bits};
use crate::cbor::Reader;
use integers::{Integers, integers, read_integers};
use minicbor::Encoder;
use strings::{Strings, Values};

/// The longest text or byte string in bytes: a receipt's footer is the longest there is.
pub const MAX_VALUE_BYTES: usize = 4_096;

/// The most planes of a number.
const MAX_PLANES: usize = 8;

/// All values are one; the other codings are those of the columns that know them.
const SAME: u8 = 0;

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
