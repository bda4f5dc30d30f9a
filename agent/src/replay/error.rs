//! What can stop a replay; a day that does not agree is no error.

use crate::import::{BadRows, Faults, ImportError};
use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use crate::till::Refusal;
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// Why a replay could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file can't be read.
    #[error("{}: cannot be read ({source})", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What refused.
        source: std::io::Error,
    },
    /// The header or the file as a whole is wrong.
    #[error("{}, line {line}: {reason}. `till replay --help` describes the file", file.display())]
    BadFile {
        /// The file.
        file: PathBuf,
        /// Where.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Some rows are wrong; nothing was rung.
    #[error("{}: nothing was rung, {rows}", file.display())]
    BadRows {
        /// The file.
        file: PathBuf,
        /// Which.
        rows: BadRows,
    },
    /// The scratch store's folder can't be used.
    #[error("{}: cannot hold the scratch store ({source})", folder.display())]
    Scratch {
        /// The folder.
        folder: PathBuf,
        /// What refused.
        source: std::io::Error,
    },
    /// The folder to keep the scratch store in holds something.
    #[error("{}: is not empty. Name a new folder for the scratch store", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// The time zone can't be written into the scratch store.
    #[error("the time zone has no name: give one such as America/New_York")]
    NoZoneName,
    /// The scratch store could not be set up.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The scratch `catalogue.db` failed.
    #[error(transparent)]
    Catalogue(#[from] StoreError),
    /// The scratch `till.db` failed.
    #[error(transparent)]
    Store(#[from] TillStoreError),
    /// The scratch till's key could not be made.
    #[error("the scratch till has no key ({0})")]
    Key(#[from] sync::log::SealError),
    /// The cashier's number is none.
    #[error(transparent)]
    Staff(#[from] commerce::staff::StaffError),
    /// The scratch till did not start.
    #[error("the scratch till did not start: {0}")]
    Start(#[source] Box<Refusal>),
    /// The till refused a line.
    #[error("{}, line {line} (basket {basket}): the till refused it: {source}", file.display())]
    Line {
        /// The baskets' file.
        file: PathBuf,
        /// The line, or the basket's first.
        line: u64,
        /// The basket.
        basket: String,
        /// Why.
        source: Box<Refusal>,
    },
    /// The till refused to open or close a day's shift.
    #[error("{day}: the till refused the shift: {source}")]
    Shift {
        /// The day.
        day: Date,
        /// Why.
        source: Box<Refusal>,
    },
    /// The till answered something else than the act leads to: a defect of the till.
    #[error("{place}: the till answered {got} where {expected} was due")]
    Answer {
        /// The basket, or the day.
        place: String,
        /// What should have come.
        expected: &'static str,
        /// What came.
        got: String,
    },
}

impl ReplayError {
    /// What ended the reading of one of the folder's files.
    pub(super) fn file(error: ImportError) -> Self {
        match error {
            ImportError::Read { file, source } => Self::Read { file, source },
            ImportError::BadFile { file, line, reason } => Self::BadFile { file, line, reason },
            other => Self::Import(other),
        }
    }

    /// Refuses a file with bad rows.
    pub(super) fn assert_none(file: &Path, faults: &mut Faults) -> Result<(), Self> {
        match faults.take() {
            None => Ok(()),
            Some(rows) => Err(Self::BadRows { file: file.to_owned(), rows }),
        }
    }
}
