//! CSV: RFC 4180 with a header row that names the columns, in any order.

use super::{Columns, Others, Outcome, Reader, Row, names, not_utf8};
use crate::import::error::ImportError;
use crate::import::source::Source;
use ::csv::ByteRecord;
use std::path::Path;

pub(super) fn open(
    source: Source,
    columns: Columns,
    others: Others,
    file: &Path,
) -> Result<Reader, ImportError> {
    let refused = |reason: String| ImportError::BadFile { file: file.to_owned(), line: 1, reason };
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let header = match reader.byte_headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            return Err(ImportError::Read { file: file.to_owned(), source: io_error(error) });
        }
    };
    let mut order = Vec::with_capacity(header.len());
    for name in &header {
        let name = str::from_utf8(name).map_err(|_| refused(not_utf8(name)))?.trim();
        let at = columns.iter().position(|column| column.name == name);
        if at.is_none() && others == Others::Refused {
            let known = names(columns);
            return Err(refused(format!("column `{name}` is unknown; the columns are {known}")));
        }
        if at.is_some() && order.contains(&at) {
            return Err(refused(format!("column `{name}` stands there twice")));
        }
        order.push(at);
    }
    let missing = columns
        .iter()
        .enumerate()
        .find(|(at, column)| column.required && !order.contains(&Some(*at)))
        .map(|(_, column)| column.name);
    match missing {
        Some(name) => Err(refused(format!("column `{name}` is missing from the header"))),
        None => Ok(Reader::Csv(Box::new(reader), order, ByteRecord::new())),
    }
}

pub(super) fn next(
    reader: &mut ::csv::Reader<Source>,
    order: &[Option<usize>],
    record: &mut ByteRecord,
    row: &mut Row,
) -> Outcome {
    if !reader.read_byte_record(record).map_err(io_error)? {
        return Ok(false);
    }
    // Counted back from its end: empty lines before it count to it at its beginning.
    let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
    let within = u64::try_from(within).unwrap_or(u64::MAX);
    row.line = reader.position().line().saturating_sub(within.saturating_add(1));
    if record.len() != order.len() {
        let (has, wants) = (record.len(), order.len());
        row.refuse("", format!("has {has} values, the header has {wants}"));
        return Ok(true);
    }
    for (value, at) in record.iter().zip(order) {
        let Some(at) = *at else { continue };
        match (str::from_utf8(value), row.columns.get(at)) {
            (Ok(text), _) => row.slot(at).map_or((), |slot| slot.push_str(text)),
            (Err(_), Some(column)) => _ = row.refuse(column.name, not_utf8(value)),
            (Err(_), None) => {}
        }
    }
    Ok(true)
}

fn io_error(error: ::csv::Error) -> std::io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{other:?}")),
    }
}
