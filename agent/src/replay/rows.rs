//! Rows of a CSV file by column name, one at a time, each value read with its refusal.
//!
//! Knows nothing of what columns mean. Columns beyond those asked for are ignored. What is wrong
//! with a row is that row's fault; what is wrong with the header or the disk ends the reading.

use super::error::ReplayError;
use crate::import::BadRow;
use commerce::{Currency, Money};
use csv::ByteRecord;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::{cell::Cell, str};

/// The longest row in bytes: a quote that is never closed would otherwise read the whole file
/// into memory.
const MAX_ROW_BYTES: u64 = 256 * 1024;

/// A file being read.
pub(super) struct Rows {
    file: PathBuf,
    reader: csv::Reader<Capped>,
    row_bytes: Rc<Cell<u64>>,
    width: usize,
    /// Each wanted column with its place in a record.
    places: Vec<(&'static str, usize)>,
    record: ByteRecord,
}

/// One row.
pub(super) struct Row<'r> {
    /// The line in which it begins.
    pub line: u64,
    places: &'r [(&'static str, usize)],
    record: &'r ByteRecord,
}

impl Rows {
    /// Opens a file that must have `columns`.
    pub(super) fn open(file: &Path, columns: &[&'static str]) -> Result<Self, ReplayError> {
        let row_bytes = Rc::new(Cell::new(0));
        let opened = File::open(file)
            .map_err(|source| ReplayError::Read { file: file.to_owned(), source })?;
        let source = Capped { file: opened, row_bytes: Rc::clone(&row_bytes) };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let header = reader.byte_headers().map_err(|error| refused(file, error))?.clone();
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let named = |name: &[u8]| name.trim_ascii() == column.as_bytes();
            let mut found = header.iter().enumerate().filter(|(_, name)| named(name));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => places.push((*column, at)),
                (None, _) => return Err(bad_header(file, column, "is missing from")),
                (Some(_), Some(_)) => return Err(bad_header(file, column, "stands twice in")),
            }
        }
        Ok(Self {
            file: file.to_owned(),
            width: header.len(),
            reader,
            row_bytes,
            places,
            record: ByteRecord::new(),
        })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The next row, or what is wrong with its form; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Result<Row<'_>, BadRow>>, ReplayError> {
        self.row_bytes.set(0);
        let read = self.reader.read_byte_record(&mut self.record);
        if !read.map_err(|error| refused(&self.file, error))? {
            return Ok(None);
        }
        let row = Row {
            line: self.record.position().map_or(0, csv::Position::line),
            places: &self.places,
            record: &self.record,
        };
        if self.record.len() == self.width {
            return Ok(Some(Ok(row)));
        }
        let (has, wants) = (self.record.len(), self.width);
        let reason = format!("has {has} values, the header has {wants}");
        Ok(Some(Err(row.refuse("", reason))))
    }
}

impl Row<'_> {
    /// A refusal of this row for what stands in `column`.
    pub(super) fn refuse(&self, column: &'static str, reason: impl Display) -> BadRow {
        BadRow { line: self.line, column, reason: reason.to_string() }
    }

    /// A value without blanks around it: at most `most` characters, none of them a control.
    pub(super) fn optional(&self, column: &'static str, most: usize) -> Result<&str, BadRow> {
        let at = self.places.iter().find(|(name, _)| *name == column);
        let bytes = at.and_then(|(_, at)| self.record.get(*at)).unwrap_or(b"");
        let text = str::from_utf8(bytes)
            .map_err(|_| self.refuse(column, "is not UTF-8: save the file as UTF-8"))?
            .trim();
        if text.chars().any(char::is_control) {
            return Err(self.refuse(column, "holds a control character"));
        }
        match text.chars().count() {
            count if count > most => {
                let reason = format!("has {count} characters, at most {most} fit");
                Err(self.refuse(column, reason))
            }
            _ => Ok(text),
        }
    }

    /// A value of 1 to `most` characters.
    pub(super) fn text(&self, column: &'static str, most: usize) -> Result<&str, BadRow> {
        match self.optional(column, most)? {
            "" => Err(self.refuse(column, "is missing")),
            text => Ok(text),
        }
    }

    /// A value read by `parse`, whose error is the reason.
    pub(super) fn value<T, E: Display>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, BadRow> {
        parse(self.text(column, 40)?).map_err(|reason| self.refuse(column, reason))
    }

    /// A whole number from 0 on.
    pub(super) fn number(&self, column: &'static str) -> Result<i64, BadRow> {
        self.value(column, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| text.parse().ok())
                .flatten()
                .ok_or_else(|| format!("`{text}` is not a whole number from 0 on"))
        })
    }

    /// An amount in whole minor units, from 0 on.
    pub(super) fn money(&self, column: &'static str, currency: Currency) -> Result<Money, BadRow> {
        Money::new(self.number(column)?, currency).map_err(|reason| self.refuse(column, reason))
    }
}

fn bad_header(file: &Path, column: &str, what: &str) -> ReplayError {
    ReplayError::BadFile {
        file: file.to_owned(),
        line: 1,
        reason: format!("column `{column}` {what} the header"),
    }
}

fn refused(file: &Path, error: csv::Error) -> ReplayError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, format!("{other:?}")),
    };
    ReplayError::Read { file: file.to_owned(), source }
}

/// A file that refuses a row without end.
struct Capped {
    file: File,
    row_bytes: Rc<Cell<u64>>,
}

impl Read for Capped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.row_bytes.get() > MAX_ROW_BYTES {
            let reason =
                format!("a row is longer than {MAX_ROW_BYTES} bytes: is a quote not closed?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        let count = self.file.read(buffer)?;
        self.row_bytes.set(self.row_bytes.get() + count as u64);
        Ok(count)
    }
}
