//! What is wrong with a file, row by row, and the report of it.

pub use crate::store::catalogue::BadRow;
use crate::store::open::StoreError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Faults that are named; the others are counted. Nobody corrects more than this by hand.
pub const MAX_NAMED_ROWS: usize = 1_000;

/// Why a file was not imported. The catalogue is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("{}: cannot be read ({source})", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What refused.
        source: std::io::Error,
    },
    /// Neither the name nor an option says what the file is.
    #[error("{}: is it CSV or JSON Lines? Name it .csv or .jsonl, or say `--format`", file.display())]
    UnknownFormat {
        /// The file.
        file: PathBuf,
    },
    /// The header, the encoding or the structure of the whole file is wrong.
    #[error("{}, line {line}: {reason}", file.display())]
    BadFile {
        /// The file.
        file: PathBuf,
        /// Where it was found.
        line: u64,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// No rows: more likely a mistake than a wish to lose everything.
    #[error("{}: holds no rows; nothing was changed", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// Some rows are wrong.
    #[error("{}: nothing was imported, {rows}", file.display())]
    BadRows {
        /// The file.
        file: PathBuf,
        /// Which.
        rows: BadRows,
    },
    /// Prices, limits and dates need the store's currency and time zone.
    #[error(
        "there is no store yet, so amounts have no currency: run `till import store FILE` first"
    )]
    NeedsStore,
    /// The catalogue refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What received the stock counts refused.
    #[error("the stock counts were not taken over: {0}")]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}

/// What is wrong with the rows of a file, in the order of their lines: a fault a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BadRows {
    /// The first [`MAX_NAMED_ROWS`].
    pub named: Vec<BadRow>,
    /// How many more there are.
    pub more: u64,
}

/// One a line: `line 3, tax_class: no tax class `Q``.
impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.named.len() as u64 + self.more;
        write!(f, "{count} {}:", if count == 1 { "fault" } else { "faults" })?;
        for row in &self.named {
            match row.column {
                "" => write!(f, "\n  line {}: {}", row.line, row.reason)?,
                column => write!(f, "\n  line {}, {column}: {}", row.line, row.reason)?,
            }
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// Collects what is wrong with rows while a file is read.
#[derive(Debug, Default)]
pub(crate) struct Faults(BadRows);

impl Faults {
    pub(crate) fn extend(&mut self, rows: impl IntoIterator<Item = BadRow>) {
        for row in rows {
            if self.0.named.len() < MAX_NAMED_ROWS {
                self.0.named.push(row);
            } else {
                self.0.more += 1;
            }
        }
    }

    /// Adds the faults of one chunk, which came out of several checks, in the order of lines.
    pub(super) fn extend_sorted(&mut self, mut rows: Vec<BadRow>) {
        rows.sort_by_key(|row| row.line);
        self.extend(rows);
    }

    /// All that was found; nothing is left.
    pub(crate) fn take(&mut self) -> Option<BadRows> {
        let mut rows = std::mem::take(&mut self.0);
        // What was found after the last row may belong to an early line.
        rows.named.sort_by_key(|row| row.line);
        (!rows.named.is_empty()).then_some(rows)
    }

    pub(super) fn into_result(mut self, file: &Path) -> Result<(), ImportError> {
        match self.take() {
            None => Ok(()),
            Some(rows) => Err(ImportError::BadRows { file: file.to_owned(), rows }),
        }
    }
}
