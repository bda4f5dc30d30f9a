//! Pages: rows of one table in columns, one zstd frame each.
//!
//! `[table, first row, rows, columns]` in CBOR. Tables are named by number, columns by their place;
//! both are [`crate::store::catalogue`]'s. A page's rows follow on those of the page before, in the
//! order of the table's key.

use super::column::Column;
use super::manifest::MAX_PAGE_BYTES;
use crate::bulk::BulkError;
use crate::cbor::scan::NotPlain;
use crate::cbor::{BadField, Reader, scan};
use crate::squeeze::{Bounds, SqueezeError, decompress};
use minicbor::Encoder;
use std::convert::Infallible;

/// The most bytes of a page after decompression.
pub const MAX_PLAIN_BYTES: usize = 1 << 20;

/// The most bytes that a column's values come to: shared fronts and single words say much in little.
pub const MAX_ROWS_BYTES: usize = 8 << 20;

/// The most rows of a page: each takes some bytes of memory, though it may take none of the page.
pub const MAX_ROWS: u32 = 65_536;

/// The most columns of a table.
const MAX_COLUMNS: usize = 32;

/// zstd's window, as a power of two: the first that holds [`MAX_PLAIN_BYTES`].
const WINDOW_LOG: u32 = 20;

/// zstd's level for pages: they are packed once by a hub, and every byte is paid for by every till.
const LEVEL: i32 = 12;

/// Rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The table's number.
    pub table: u16,
    /// How many rows of the table stand on earlier pages.
    pub first: u64,
    /// The rows, column by column, at least one of each.
    pub columns: Vec<Column>,
}

/// Why a page can't be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Longer than pages may be.
    #[error("a page of {0} bytes, at most {MAX_PAGE_BYTES} are taken: cut it")]
    TooLong(usize),
    /// zstd refuses it, or more comes out of it than a page may hold.
    #[error("the page can't be decompressed: {0}")]
    Squeezed(String),
    /// Not the plain, bounded CBOR that pages are made of.
    #[error("byte {at} of the page: {why}")]
    Malformed {
        /// Offset in the page.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
    /// Sound CBOR, but not what belongs at its place.
    #[error("{field}, at byte {at} of the page: {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Offset in the page.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A value that no page may have.
    #[error("{what}: {why}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
}

impl PageError {
    pub(super) fn value(what: &'static str, why: impl Into<String>) -> Self {
        Self::Value { what, why: why.into() }
    }
}

impl Page {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Column::rows)
    }

    /// The page's bytes, however many they come to: whoever cuts a table takes fewer rows where they
    /// are more than [`MAX_PAGE_BYTES`].
    ///
    /// # Errors
    /// When it breaks a rule that readers hold it to.
    pub fn encode(&self) -> Result<(usize, Vec<u8>), PageError> {
        self.check()?;
        let mut to = Encoder::new(Vec::new());
        to.array(4)?.u16(self.table)?.u64(self.first)?.u64(self.rows() as u64)?;
        to.array(self.columns.len() as u64)?;
        for column in &self.columns {
            column.write(&mut to)?;
        }
        let plain = to.into_writer();
        if plain.len() > MAX_PLAIN_BYTES {
            return Err(PageError::TooLong(plain.len()));
        }
        Ok((plain.len(), squeeze(&plain)?))
    }

    /// The page of these bytes, and how many they are after decompression.
    ///
    /// # Errors
    /// When they are no page that any version of Till writes.
    pub fn decode(bytes: &[u8]) -> Result<(usize, Self), PageError> {
        if bytes.len() as u64 > u64::from(MAX_PAGE_BYTES) {
            return Err(PageError::TooLong(bytes.len()));
        }
        let plain = decompress(bytes, Bounds { bytes: MAX_PLAIN_BYTES, window_log: WINDOW_LOG })?;
        scan::check(&plain, MAX_PLAIN_BYTES)?;
        let mut from = Reader::new(&plain);
        from.open("a page", 4)?;
        let table = from.u16("a page's table")?;
        let first = from.u64("a page's first row")?;
        let rows = from.u32("a page's number of rows")?;
        if rows == 0 || rows > MAX_ROWS {
            return Err(PageError::value("a page's number of rows", rows.to_string()));
        }
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let count = from.open("the columns of a page", 1)?.saturating_add(1);
        if count > MAX_COLUMNS as u64 {
            return Err(PageError::value("the columns of a page", count.to_string()));
        }
        let columns =
            (0..count).map(|_| Column::read(&mut from, rows)).collect::<Result<_, _>>()?;
        let page = Self { table, first, columns };
        page.check()?;
        Ok((plain.len(), page))
    }

    fn check(&self) -> Result<(), PageError> {
        let rows = self.rows();
        if rows == 0 || rows as u64 > u64::from(MAX_ROWS) {
            return Err(PageError::value("a page's number of rows", rows.to_string()));
        }
        if self.columns.len() > MAX_COLUMNS || self.columns.iter().any(|it| it.rows() != rows) {
            return Err(PageError::value("the columns of a page", "they are not of one length"));
        }
        Ok(())
    }
}

fn squeeze(plain: &[u8]) -> Result<Vec<u8>, PageError> {
    let squeezed = |error: std::io::Error| PageError::Squeezed(error.to_string());
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(squeezed)?;
    compressor
        .set_parameter(zstd::zstd_safe::CParameter::WindowLog(WINDOW_LOG))
        .map_err(squeezed)?;
    compressor.compress(plain).map_err(squeezed)
}

impl From<NotPlain> for PageError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => Self::TooLong(length),
            NotPlain::At { at, why } => Self::Malformed { at, why },
        }
    }
}

impl From<BadField> for PageError {
    fn from(BadField { field, at, why }: BadField) -> Self {
        Self::Field { field, at, why }
    }
}

impl From<SqueezeError> for PageError {
    fn from(error: SqueezeError) -> Self {
        Self::Squeezed(error.to_string())
    }
}

/// What columns refuse is said in their own words.
impl From<BulkError> for PageError {
    fn from(error: BulkError) -> Self {
        Self::value("a column of the page", error.to_string())
    }
}

/// Writing into memory fails for no reason; a page that claims to has a mistake in its code.
impl From<minicbor::encode::Error<Infallible>> for PageError {
    fn from(error: minicbor::encode::Error<Infallible>) -> Self {
        Self::value("a page that can't be written", error.to_string())
    }
}
