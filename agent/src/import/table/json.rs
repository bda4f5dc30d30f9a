//! JSON Lines: one flat object a line, whose keys are column names.

use super::{Outcome, Reader, Row, names, not_utf8};
use crate::import::error::ImportError;
use crate::import::source::{MAX_ROW_BYTES, Source};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

pub(super) fn open(source: Source, file: &Path) -> Result<Reader, ImportError> {
    let mut reader = BufReader::new(source);
    let start =
        reader.fill_buf().map_err(|source| ImportError::Read { file: file.to_owned(), source })?;
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(Reader::Json(reader, Vec::new()))
}

pub(super) fn next(reader: &mut BufReader<Source>, line: &mut Vec<u8>, row: &mut Row) -> Outcome {
    loop {
        line.clear();
        let count = reader.by_ref().take(MAX_ROW_BYTES).read_until(b'\n', line)?;
        if count == 0 {
            return Ok(false);
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
        row.refuse("", not_utf8(line));
        return Ok(true);
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let read = parser.deserialize_map(Object(row)).and_then(|()| parser.end());
    if let Err(error) = read {
        row.refuse("", format!("is not a flat JSON object: {error}"));
    }
    Ok(true)
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
            let at = columns.iter().position(|column| column.name == key).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "key `{key}` is unknown; the keys are {}",
                    names(columns)
                ))
            })?;
            if seen & (1 << at) != 0 {
                return Err(serde::de::Error::custom(format!("key `{key}` stands there twice")));
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
