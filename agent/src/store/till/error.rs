//! What can go wrong with `till.db`.

use crate::store::open::{StoreError, classify};
use std::path::Path;

pub(super) type Result<T, E = TillStoreError> = std::result::Result<T, E>;

/// A failure of `till.db`. Nothing of the act that failed was written.
#[derive(Debug, thiserror::Error)]
pub enum TillStoreError {
    /// The file itself: full, damaged, read-only, in use.
    #[error(transparent)]
    File(#[from] StoreError),
    /// A statement failed; [`TillStoreError::at`] turns it into [`TillStoreError::File`].
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The log refused or does not hold together.
    #[error(transparent)]
    Log(sync::store::LogError),
    /// The clock cannot go on.
    #[error(transparent)]
    Clock(#[from] sync::clock::ClockError),
    /// A fact cannot be encoded or decoded.
    #[error(transparent)]
    Body(#[from] sync::body::BodyError),
    /// Whoever did the act gave it up.
    #[error(transparent)]
    Abandoned(Box<dyn std::error::Error + Send + Sync>),
    /// A row holds what no version of Till writes.
    #[error("till.db: table {table} holds something that cannot be: {detail}. Run `till doctor`")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What it holds.
        detail: String,
    },
}

impl From<sync::store::LogError> for TillStoreError {
    fn from(error: sync::store::LogError) -> Self {
        match error {
            sync::store::LogError::Database(source) => Self::Sqlite(source),
            other => Self::Log(other),
        }
    }
}

impl TillStoreError {
    /// A row that cannot be.
    pub(super) fn damaged(table: &'static str, detail: impl ToString) -> Self {
        Self::Damaged { table, detail: detail.to_string() }
    }

    /// Names the file a statement failed on.
    #[must_use]
    pub fn at(self, file: &Path) -> Self {
        match self {
            Self::Sqlite(source) => Self::File(classify(file, source)),
            other => other,
        }
    }

    /// Whether the file is damaged and must be set aside.
    #[must_use]
    pub const fn is_corrupt(&self) -> bool {
        matches!(self, Self::File(StoreError::Corrupt { .. }))
    }
}
