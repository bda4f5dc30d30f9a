//! Why what the hub wrote could not be taken up.

use crate::store::open::{StoreError, classify};
use std::path::Path;
use sync::store::prices::PricesError;
use sync::store::{LogError, SettingsError};

/// Why what the hub wrote could not be taken up. Nothing of it was written; it will come again.
#[derive(Debug, thiserror::Error)]
pub enum DownstreamError {
    /// The file failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log's tables in it refuse.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A snapshot's file can't be written.
    #[error(transparent)]
    Snapshot(Box<super::super::snapshot::TakeError>),
    /// The tables of prices refuse.
    #[error(transparent)]
    Prices(#[from] PricesError),
    /// The table of settings refuses.
    #[error(transparent)]
    Settings(SettingsError),
}

impl From<rusqlite::Error> for DownstreamError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Log(error.into())
    }
}

impl DownstreamError {
    /// Names the file where SQLite failed.
    pub(super) fn at(self, file: &Path) -> Self {
        match self {
            Self::Log(LogError::Database(error))
            | Self::Prices(PricesError::Database(error))
            | Self::Settings(SettingsError::Database(error)) => classify(file, error).into(),
            other => other,
        }
    }
}
