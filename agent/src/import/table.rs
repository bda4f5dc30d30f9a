//! Rows of a file, from CSV or JSON Lines, one at a time.
//!
//! Knows columns by name and nothing of what they mean. What is wrong with one row (a missing
//! value, bytes that are no UTF-8) is that row's fault and reading goes on; what is wrong with the
//! header or the disk ends it.

mod csv;
mod json;

use super::error::{BadRow, ImportError};
use super::source::{Format, Input, Meter, Progress, Source};
use ::csv::ByteRecord;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 1_024;

/// A column: its name, and whether a file must have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

/// A column that every file must have.
pub(super) const fn must(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be absent.
pub(super) const fn may(name: &'static str) -> Column {
    Column { name, required: false }
}

/// The columns of a kind of file.
pub(super) type Columns = &'static [Column];

/// One row: a text for each column, empty where the file has none.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    columns: Columns,
    values: Vec<String>,
}

impl Row {
    /// The value of a column, without blanks around it.
    pub(super) fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|known| known.name == column);
        at.and_then(|at| self.values.get(at)).map_or("", |value| value.trim())
    }

    fn clear(&mut self) {
        self.values.iter_mut().for_each(String::clear);
    }

    fn slot(&mut self, at: usize) -> Option<&mut String> {
        self.values.get_mut(at)
    }

    pub(super) fn bad(&self, column: &'static str, reason: impl Into<String>) -> BadRow {
        BadRow { line: self.line, column, reason: reason.into() }
    }
}

enum Reader {
    /// With, for each value of a record, the column it belongs to.
    Csv(Box<::csv::Reader<Source>>, Vec<usize>, ByteRecord),
    Json(BufReader<Source>, Vec<u8>),
}

/// A file being read.
pub(super) struct Table<'p> {
    file: PathBuf,
    reader: Reader,
    meter: Rc<Meter>,
    total: u64,
    progress: &'p mut dyn FnMut(Progress),
    row: Row,
    rows: u64,
}

impl<'p> Table<'p> {
    pub(super) fn open(input: Input<'p>, columns: Columns) -> Result<Self, ImportError> {
        let file = input.path.to_owned();
        let format = input.format.or_else(|| Format::of(&file));
        let format = format.ok_or_else(|| ImportError::UnknownFormat { file: file.clone() })?;
        let meter = Rc::new(Meter::default());
        let (source, total) = Source::open(&file, Rc::clone(&meter))?;
        let reader = match format {
            Format::Csv => csv::open(source, columns, &file)?,
            Format::JsonLines => json::open(source, &file)?,
        };
        let row = Row { line: 0, columns, values: vec![String::new(); columns.len()] };
        Ok(Self { file, reader, meter, total, progress: input.progress, row, rows: 0 })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Rows read so far, good and bad.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The next row, or what is wrong with it; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Result<&Row, BadRow>>, ImportError> {
        self.row.clear();
        self.meter.row.set(0);
        let read = match &mut self.reader {
            Reader::Csv(reader, order, record) => csv::next(reader, order, record, &mut self.row),
            Reader::Json(reader, line) => json::next(reader, line, &mut self.row),
        };
        let read = read.map_err(|source| ImportError::Read { file: self.file.clone(), source })?;
        if read.is_none() || self.rows.is_multiple_of(PROGRESS_ROWS) {
            (self.progress)(Progress {
                bytes: self.meter.total.get(),
                total: self.total,
                rows: self.rows,
            });
        }
        let Some(outcome) = read else { return Ok(None) };
        self.rows += 1;
        Ok(Some(outcome.map(|()| &self.row)))
    }
}

/// What one row came to: `None` at the end of the file.
type Outcome = std::io::Result<Option<Result<(), BadRow>>>;

fn names(columns: Columns) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn not_utf8(bytes: &[u8]) -> String {
    let error = str::from_utf8(bytes).err();
    let at = error.map_or(0, |error| error.valid_up_to());
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!("is not UTF-8 (byte {byte:#04x} at place {}): save the file as UTF-8", at + 1)
}
