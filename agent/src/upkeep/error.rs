//! What can go wrong while a till is looked after.

use crate::home::HomeError;
use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use commerce::sale::{ReceiptNumber, SaleError};
use std::path::{Path, PathBuf};
use sync::body::BodyError;
use sync::log::ReplicaId;
use sync::store::Fault;

/// A failure of upkeep. A fault of the journal is one of these too.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// A file or folder.
    #[error("{}: {source}. Check that it exists and belongs to the till's user", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The till's folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A file of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `till.db`.
    #[error(transparent)]
    TillStore(#[from] TillStoreError),
    /// A stream whose chain, seals or head do not hold.
    #[error("{0}. Keep the files as they are, and restore the latest backup that verifies")]
    Fault(Box<Fault>),
    /// The witness saw a journal that is not here.
    #[error(
        "the witness saw entry {seq} of replica {replica}, which is not in this database: it was restored or exchanged. The next `till run` begins a new receipt series"
    )]
    Elsewhere {
        /// The replica.
        replica: ReplicaId,
        /// The entry.
        seq: u64,
    },
    /// An entry is no fact.
    #[error("entry {seq} of replica {replica} cannot be read: {source}")]
    Body {
        /// The replica.
        replica: ReplicaId,
        /// The entry.
        seq: u64,
        /// Why.
        source: BodyError,
    },
    /// A receipt number is missing, doubled or of another series.
    #[error("entry {seq} has the receipt {found}, where {expected} should come")]
    Receipt {
        /// The entry.
        seq: u64,
        /// The number that should come.
        expected: ReceiptNumber,
        /// The number found.
        found: ReceiptNumber,
    },
    /// A sale or return that does not add up.
    #[error("receipt {receipt} (entry {seq}) does not add up: {detail}")]
    Sums {
        /// The receipt.
        receipt: ReceiptNumber,
        /// The entry.
        seq: u64,
        /// Which sums.
        detail: String,
    },
    /// A Z that is not what its shift's facts come to, or has the wrong number.
    #[error("the Z {z} of shift {shift} (entry {seq}) is wrong: {detail}")]
    Z {
        /// Its number.
        z: u32,
        /// Its shift.
        shift: u32,
        /// The entry.
        seq: u64,
        /// What is wrong.
        detail: String,
    },
    /// The state is not what the journal comes to.
    #[error(
        "the state differs from the journal: {0}. Stop the till and run `till journal rebuild`"
    )]
    State(String),
    /// The file or folder to be made is there already.
    #[error("{}: is there already. Name a new folder", .0.display())]
    Exists(PathBuf),
    /// The disk has too little room.
    #[error("{}: the disk has {free} bytes free, and {needed} are needed. Free some space or name another folder", folder.display())]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// Bytes free.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
    /// A till that never started has nothing to back up.
    #[error("{}: this till has not started yet, so there is nothing to do. Run `till run` once", .0.display())]
    NotStarted(PathBuf),
    /// The folder is no backup, or one that was changed.
    #[error("{}: {detail}. Take another backup", folder.display())]
    NotABackup {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A table could not be written.
    #[error("{}: {source}", file.display())]
    Csv {
        /// The file.
        file: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// A fact could not be written as JSON.
    #[error("{}: {source}", file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl UpkeepError {
    pub(super) fn io(file: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let file = file.to_owned();
        move |source| Self::Io { file, source }
    }

    pub(super) fn sums(receipt: &ReceiptNumber, seq: u64, error: &SaleError) -> Self {
        Self::Sums { receipt: receipt.clone(), seq, detail: error.to_string() }
    }
}

impl From<Fault> for UpkeepError {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}
