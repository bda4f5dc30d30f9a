//! Rows of a file, from CSV or JSON Lines, one at a time.
//!
//! Knows columns by name and nothing of what they mean. What is wrong with one row (a missing
//! value, bytes that are no UTF-8) is that row's fault and reading goes on; what is wrong with the
//! header or the disk ends it.

use super::error::{BadRow, ImportError};
use super::source::{Format, Input, MAX_ROW_BYTES, Meter, Progress, Source};
use csv::ByteRecord;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
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
    Column {
        name,
        required: true,
    }
}

/// A column that may be absent.
pub(super) const fn may(name: &'static str) -> Column {
    Column {
        name,
        required: false,
    }
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
        at.and_then(|at| self.values.get(at))
            .map_or("", |value| value.trim())
    }

    fn clear(&mut self) {
        self.values.iter_mut().for_each(String::clear);
    }

    fn slot(&mut self, at: usize) -> Option<&mut String> {
        self.values.get_mut(at)
    }

    fn bad(&self, column: &'static str, reason: impl Into<String>) -> BadRow {
        BadRow {
            line: self.line,
            column,
            reason: reason.into(),
        }
    }
}

enum Reader {
    /// With, for each value of a record, the column it belongs to.
    Csv(Box<csv::Reader<Source>>, Vec<usize>, ByteRecord),
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
            Format::Csv => csv_reader(source, columns, &file)?,
            Format::JsonLines => json_reader(source, &file)?,
        };
        let row = Row {
            line: 0,
            columns,
            values: vec![String::new(); columns.len()],
        };
        Ok(Self {
            file,
            reader,
            meter,
            total,
            progress: input.progress,
            row,
            rows: 0,
        })
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
            Reader::Csv(reader, order, record) => csv_row(reader, order, record, &mut self.row),
            Reader::Json(reader, line) => json_row(reader, line, &mut self.row),
        };
        let read = read.map_err(|source| ImportError::Read {
            file: self.file.clone(),
            source,
        })?;
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

fn csv_reader(source: Source, columns: Columns, file: &Path) -> Result<Reader, ImportError> {
    let refused = |reason: String| ImportError::BadFile {
        file: file.to_owned(),
        line: 1,
        reason,
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let header = match reader.byte_headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            return Err(ImportError::Read {
                file: file.to_owned(),
                source: io_error(error),
            });
        }
    };
    let mut order = Vec::with_capacity(header.len());
    for name in &header {
        let name = str::from_utf8(name)
            .map_err(|_| refused(not_utf8(name)))?
            .trim();
        let at = columns.iter().position(|column| column.name == name);
        let at = at.ok_or_else(|| {
            refused(format!(
                "column `{name}` is unknown; the columns are {}",
                names(columns)
            ))
        })?;
        if order.contains(&at) {
            return Err(refused(format!("column `{name}` stands there twice")));
        }
        order.push(at);
    }
    let missing = columns
        .iter()
        .enumerate()
        .find(|(at, column)| column.required && !order.contains(at))
        .map(|(_, column)| column.name);
    match missing {
        Some(name) => Err(refused(format!(
            "column `{name}` is missing from the header"
        ))),
        None => Ok(Reader::Csv(Box::new(reader), order, ByteRecord::new())),
    }
}

fn csv_row(
    reader: &mut csv::Reader<Source>,
    order: &[usize],
    record: &mut ByteRecord,
    row: &mut Row,
) -> Outcome {
    if !reader.read_byte_record(record).map_err(io_error)? {
        return Ok(None);
    }
    row.line = record.position().map_or(0, csv::Position::line);
    if record.len() != order.len() {
        let (has, wants) = (record.len(), order.len());
        let reason = format!("has {has} values, the header has {wants}");
        return Ok(Some(Err(row.bad("", reason))));
    }
    for (value, at) in record.iter().zip(order) {
        let Ok(text) = str::from_utf8(value) else {
            let column = row.columns.get(*at).map_or("", |column| column.name);
            return Ok(Some(Err(row.bad(column, not_utf8(value)))));
        };
        if let Some(slot) = row.slot(*at) {
            slot.push_str(text);
        }
    }
    Ok(Some(Ok(())))
}

fn json_reader(source: Source, file: &Path) -> Result<Reader, ImportError> {
    let mut reader = BufReader::new(source);
    let start = reader.fill_buf().map_err(|source| ImportError::Read {
        file: file.to_owned(),
        source,
    })?;
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(Reader::Json(reader, Vec::new()))
}

fn json_row(reader: &mut BufReader<Source>, line: &mut Vec<u8>, row: &mut Row) -> Outcome {
    loop {
        line.clear();
        let count = reader
            .by_ref()
            .take(MAX_ROW_BYTES)
            .read_until(b'\n', line)?;
        if count == 0 {
            return Ok(None);
        }
        row.line += 1;
        if !line.iter().all(u8::is_ascii_whitespace) {
            break;
        }
    }
    if line.len() as u64 == MAX_ROW_BYTES && line.last() != Some(&b'\n') {
        let reason = format!("line {} is longer than {MAX_ROW_BYTES} bytes", row.line);
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
    }
    let Ok(text) = str::from_utf8(line) else {
        return Ok(Some(Err(row.bad("", not_utf8(line)))));
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let read = parser
        .deserialize_map(Object(row))
        .and_then(|()| parser.end());
    Ok(Some(read.map_err(|error| {
        row.bad("", format!("is not a flat JSON object: {error}"))
    })))
}

/// Reads an object of texts and numbers into a row.
struct Object<'r>(&'r mut Row);

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are column names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let columns = self.0.columns;
        let mut seen = 0_u64;
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let at = columns
                .iter()
                .position(|column| column.name == key)
                .ok_or_else(|| {
                    serde::de::Error::custom(format!(
                        "key `{key}` is unknown; the keys are {}",
                        names(columns)
                    ))
                })?;
            if seen & (1 << at) != 0 {
                return Err(serde::de::Error::custom(format!(
                    "key `{key}` stands there twice"
                )));
            }
            seen |= 1 << at;
            let value: serde_json::Value = map.next_value()?;
            let text = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                _ => {
                    let reason = format!("the value of `{key}` must be a text or a number");
                    return Err(serde::de::Error::custom(reason));
                }
            };
            if let Some(slot) = self.0.slot(at) {
                *slot = text;
            }
        }
        Ok(())
    }
}

fn names(columns: Columns) -> String {
    columns
        .iter()
        .map(|column| column.name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn not_utf8(bytes: &[u8]) -> String {
    let error = str::from_utf8(bytes).err();
    let at = error.map_or(0, |error| error.valid_up_to());
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!(
        "is not UTF-8 (byte {byte:#04x} at place {}): save the file as UTF-8",
        at + 1
    )
}

fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{other:?}")),
    }
}
