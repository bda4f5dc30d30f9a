//! A snapshot as pages: each table's rows in the order of its key, cut so that each page fits a
//! frame.

use super::make::{Facts, MakeError, Plan};
use super::tables::{TABLES, Table};
use crate::log::Hash;
use crate::snapshot::column::{Cell, Column, Type};
use crate::snapshot::manifest::MAX_PAGE_BYTES;
use crate::snapshot::page::{MAX_ROWS, Page, PageError};
use crate::snapshot::{Form, PageMark, Sealed, write_head};
use ring::digest;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::io::{self, Seek as _, Write};

/// How many rows the first page of a table tries to hold; later ones go by the one before.
const FIRST_ROWS: usize = 8_192;

/// Makes a snapshot as pages: its bytes go to `out`, in the order in which they are read.
///
/// # Errors
/// [`MakeError`]; what `out` got by then is of no use.
pub fn make_pages(
    source: &Connection,
    plan: &Plan<'_>,
    mut out: impl Write,
) -> Result<Sealed, MakeError> {
    let scratch = tempfile::tempfile_in(plan.scratch)
        .map_err(|source| MakeError::Io { file: plan.scratch.to_owned(), source })?;
    let reading = source.unchecked_transaction()?;
    let facts = Facts::read(&reading, plan)?;
    let mut writer = Writer { to: scratch, marks: Vec::new(), plain: 0 };
    for (number, table) in (0_u16..).zip(&TABLES) {
        if plan.for_store || !table.own {
            cut(&reading, number, table, &mut writer)?;
        }
    }
    drop(reading);
    let Writer { mut to, marks, plain } = writer;
    let sealed = facts.seal(plan, Form::Pages { plain, pages: marks })?;
    write_head(sealed.bytes(), &mut out).map_err(MakeError::Out)?;
    to.rewind().map_err(MakeError::Out)?;
    io::copy(&mut to, &mut out).map_err(MakeError::Out)?;
    Ok(sealed)
}

/// Pages as they are written, and what vouches for them.
struct Writer {
    to: std::fs::File,
    marks: Vec<PageMark>,
    plain: u64,
}

impl Writer {
    fn add(&mut self, plain: usize, page: &[u8]) -> Result<(), MakeError> {
        let mut hash = Hash([0; 32]);
        hash.0.copy_from_slice(digest::digest(&digest::SHA256, page).as_ref());
        let bytes = u32::try_from(page.len()).unwrap_or(u32::MAX);
        self.marks.push(PageMark { bytes, hash });
        self.plain += plain as u64;
        self.to.write_all(page).map_err(MakeError::Out)
    }
}

/// Cuts a table into pages.
fn cut(source: &Connection, number: u16, table: &Table, to: &mut Writer) -> Result<(), MakeError> {
    let mut statement = source.prepare(&table.select())?;
    let mut rows = statement.query([])?;
    let mut cutter = Cutter { table: number, first: 0, rows: FIRST_ROWS, columns: Vec::new() };
    while let Some(row) = rows.next()? {
        for at in 0..table.columns.len() {
            let cell = cell(row.get_ref(at)?)?;
            cutter.push(at, cell)?;
        }
        if cutter.pending() >= cutter.rows {
            cutter.write_one(to)?;
        }
    }
    while cutter.pending() > 0 {
        cutter.write_one(to)?;
    }
    Ok(())
}

/// The rows of a table that are not on a page yet.
struct Cutter {
    table: u16,
    first: u64,
    /// How many rows the next page tries to hold.
    rows: usize,
    /// One for each column; of a column without a value so far, the type is not known.
    columns: Vec<(Option<Type>, Vec<Owned>)>,
}

/// A value that waits for its page.
#[derive(Debug, Clone)]
enum Owned {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cutter {
    fn push(&mut self, at: usize, cell: Owned) -> Result<(), MakeError> {
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, || (None, Vec::new()));
        }
        if let Some((kind, values)) = self.columns.get_mut(at) {
            let found = match &cell {
                Owned::Null => None,
                Owned::Integer(_) => Some(Type::Integer),
                Owned::Text(_) => Some(Type::Text),
                Owned::Bytes(_) => Some(Type::Bytes),
            };
            *kind = kind.or(found);
            values.push(cell);
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Writes as many of the rows as fit a page.
    fn write_one(&mut self, to: &mut Writer) -> Result<(), MakeError> {
        let most = usize::try_from(MAX_ROWS).unwrap_or(usize::MAX);
        let mut rows = self.rows.min(self.pending()).clamp(1, most);
        let fits = usize::try_from(MAX_PAGE_BYTES).unwrap_or(usize::MAX);
        loop {
            match self.page(rows)?.encode() {
                Ok((plain, bytes)) if bytes.len() <= fits => {
                    to.add(plain, &bytes)?;
                    self.first += rows as u64;
                    for (_, values) in &mut self.columns {
                        values.drain(..rows);
                    }
                    // A twentieth is left free, for rows are not all alike.
                    let guess = rows.saturating_mul(fits - fits / 20) / bytes.len().max(1);
                    self.rows = guess.clamp(1, rows.saturating_mul(2));
                    return Ok(());
                }
                Ok(_) | Err(PageError::TooLong(_)) if rows > 1 => rows -= (rows / 4).max(1),
                Ok((_, bytes)) => return Err(PageError::TooLong(bytes.len()).into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The page of the first `rows` rows.
    fn page(&self, rows: usize) -> Result<Page, MakeError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (kind, values) in &self.columns {
            let mut column = Column::new(kind.unwrap_or(Type::Integer));
            for value in values.iter().take(rows) {
                column.push(match value {
                    Owned::Null => Cell::Null,
                    Owned::Integer(number) => Cell::Integer(*number),
                    Owned::Text(text) => Cell::Text(text),
                    Owned::Bytes(bytes) => Cell::Bytes(bytes),
                })?;
            }
            columns.push(column);
        }
        Ok(Page { table: self.table, first: self.first, columns })
    }
}

fn cell(value: ValueRef<'_>) -> Result<Owned, MakeError> {
    Ok(match value {
        ValueRef::Null => Owned::Null,
        ValueRef::Integer(number) => Owned::Integer(number),
        ValueRef::Text(_) => Owned::Text(value.as_str().map_err(rusqlite::Error::from)?.to_owned()),
        ValueRef::Blob(bytes) => Owned::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => {
            return Err(PageError::Value {
                what: "a value of the catalogue",
                why: "it is no whole number".to_owned(),
            }
            .into());
        }
    })
}
