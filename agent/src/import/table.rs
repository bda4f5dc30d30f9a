//! Rows of a file, from CSV or JSON Lines, one at a time.
//!
//! Knows columns by name and nothing of what they mean. What is wrong with one row (a missing
//! value, bytes that are no UTF-8) is noted in that row and reading goes on; what is wrong with the
//! header or the disk ends it. Called by the import, and by the replay for its files.

mod csv;
mod json;

use super::error::{BadRow, ImportError};
use super::source::{Format, Input, Meter, Progress, Source};
use crate::store::catalogue::CHUNK_ROWS;
use ::csv::ByteRecord;
use std::fmt::Display;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 1_024;

/// A column: its name, and whether a file must have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    name: &'static str,
    required: bool,
}

/// A column that every file must have.
pub(crate) const fn must(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be absent.
pub(super) const fn may(name: &'static str) -> Column {
    Column { name, required: false }
}

/// The columns of a kind of file.
pub(crate) type Columns = &'static [Column];

/// One row: a text for each column, empty where the file has none, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Row {
    /// The line in which it begins.
    pub(crate) line: u64,
    columns: Columns,
    values: Vec<String>,
    faults: Vec<BadRow>,
}

/// A value or a row was refused, and the row says why: only [`Row::refuse`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(());

impl Row {
    /// The value of a column, without blanks around it.
    pub(crate) fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|known| known.name == column);
        at.and_then(|at| self.values.get(at)).map_or("", |value| value.trim())
    }

    /// Notes what is wrong with `column`, or with the whole row where that is empty. Only the
    /// first fault of a column counts: the others follow from it.
    pub(crate) fn refuse(&mut self, column: &'static str, reason: impl Display) -> Refused {
        if self.faults.iter().all(|fault| fault.column != column) {
            self.faults.push(BadRow { line: self.line, column, reason: reason.to_string() });
        }
        Refused(())
    }

    /// What `read` makes of the row, else all that is wrong with it.
    pub(crate) fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Vec<BadRow>> {
        // Of a row without the right form no value stands where it should.
        let malformed = self.faults.iter().any(|fault| fault.column.is_empty());
        let record = if malformed { Err(Refused(())) } else { read(self) };
        match record {
            Ok(record) if self.faults.is_empty() => Ok(record),
            _ => Err(std::mem::take(&mut self.faults)),
        }
    }

    fn clear(&mut self) {
        self.values.iter_mut().for_each(String::clear);
        self.faults.clear();
    }

    fn slot(&mut self, at: usize) -> Option<&mut String> {
        self.values.get_mut(at)
    }
}

enum Reader {
    /// With, for each value of a record, the column it belongs to, if that is read.
    Csv(Box<::csv::Reader<Source>>, Vec<Option<usize>>, ByteRecord),
    Json(BufReader<Source>, Vec<u8>),
}

/// A file being read.
pub(crate) struct Table<'p> {
    file: PathBuf,
    reader: Reader,
    meter: Rc<Meter>,
    total: u64,
    progress: Option<&'p mut dyn FnMut(Progress)>,
    row: Row,
    rows: u64,
}

impl Table<'static> {
    /// A CSV file that may have other columns too, which are not read.
    pub(crate) fn open_some(file: &Path, columns: Columns) -> Result<Self, ImportError> {
        Self::of(file, columns, None, |source| csv::open(source, columns, Others::Ignored, file))
    }
}

impl<'p> Table<'p> {
    /// A file to import: none but these columns.
    pub(super) fn open(input: Input<'p>, columns: Columns) -> Result<Self, ImportError> {
        let file = input.path;
        let format = input.format.or_else(|| Format::of(file));
        let format = format.ok_or_else(|| ImportError::UnknownFormat { file: file.to_owned() })?;
        Self::of(file, columns, Some(input.progress), |source| match format {
            Format::Csv => csv::open(source, columns, Others::Refused, file),
            Format::JsonLines => json::open(source, file),
        })
    }

    fn of(
        file: &Path,
        columns: Columns,
        progress: Option<&'p mut dyn FnMut(Progress)>,
        reader: impl FnOnce(Source) -> Result<Reader, ImportError>,
    ) -> Result<Self, ImportError> {
        let meter = Rc::new(Meter::default());
        let (source, total) = Source::open(file, Rc::clone(&meter))?;
        let reader = reader(source)?;
        let values = vec![String::new(); columns.len()];
        let row = Row { line: 0, columns, values, faults: Vec::new() };
        Ok(Self { file: file.to_owned(), reader, meter, total, progress, row, rows: 0 })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Rows read so far, good and bad.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The next row; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&mut Row>, ImportError> {
        self.row.clear();
        self.meter.row.set(0);
        let read = match &mut self.reader {
            Reader::Csv(reader, order, record) => csv::next(reader, order, record, &mut self.row),
            Reader::Json(reader, line) => json::next(reader, line, &mut self.row),
        };
        let read = read.map_err(|source| ImportError::Read { file: self.file.clone(), source })?;
        if let Some(progress) = &mut self.progress
            && (!read || self.rows.is_multiple_of(PROGRESS_ROWS))
        {
            let bytes = self.meter.total.get();
            progress(Progress { bytes, total: self.total, rows: self.rows });
        }
        self.rows += u64::from(read);
        Ok(read.then_some(&mut self.row))
    }

    /// The next [`CHUNK_ROWS`] rows; `None` at the end.
    pub(crate) fn chunk<T>(
        &mut self,
        read: impl Fn(&mut Row) -> Result<T, Refused>,
    ) -> Result<Option<Chunk<T>>, ImportError> {
        let (mut good, mut bad, mut rows) = (Vec::new(), Vec::new(), 0);
        while rows < CHUNK_ROWS
            && let Some(row) = self.next()?
        {
            rows += 1;
            match row.read(&read) {
                Ok(record) => good.push(record),
                Err(faults) => bad.extend(faults),
            }
        }
        Ok((rows > 0).then_some((good, bad)))
    }
}

/// Rows read together: the good ones, and what is wrong with the others.
type Chunk<T> = (Vec<T>, Vec<BadRow>);

/// What becomes of columns that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Refused,
    Ignored,
}

/// Whether there was one more row; it may hold faults.
type Outcome = std::io::Result<bool>;

fn names(columns: Columns) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn not_utf8(bytes: &[u8]) -> String {
    let error = str::from_utf8(bytes).err();
    let at = error.map_or(0, |error| error.valid_up_to());
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!("is not UTF-8 (byte {byte:#04x} at place {}): save the file as UTF-8", at + 1)
}
