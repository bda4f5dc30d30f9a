//! What is wrong with the till's folder.

use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use crate::till::{Refusal, SettingsError};
use std::path::PathBuf;
use sync::enrol::KeyError;

/// What can be wrong with a till's folder.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another till runs in it.
    #[error("{}: another till is running in this folder. Stop it first, or give this one a folder of its own", .0.display())]
    InUse(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}. Check that the folder belongs to the till's user", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A secret file has the wrong length.
    #[error("{}: is not a till's secret (it must have 32 bytes). Put the right file back", .0.display())]
    BadSecret(PathBuf),
    /// The system's random source failed.
    #[error("the system's random source failed")]
    NoRandom,
    /// A secret is there already.
    #[error("{}: is there already, and a secret is never overwritten. Move it away if it is not needed any more", .0.display())]
    SecretThere(PathBuf),
    /// The key of connections is of no use.
    #[error("{}: {source}", file.display())]
    BadKey {
        /// The file.
        file: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// What the till was enrolled as can't be read.
    #[error("{}: does not say what this till was enrolled as ({detail}). Run `till enrol accept` again with the bundle, or `till enrol request` for a new one", file.display())]
    BadEnrolment {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A damaged file was set aside.
    #[error("{} was damaged ({detail}) and set aside in {}, nothing was deleted. Run `till restore` with the latest backup", file.display(), kept.display())]
    Quarantined {
        /// The damaged file.
        file: PathBuf,
        /// Where it is now.
        kept: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The database is gone but this till has sold before.
    #[error("{} is missing, but this till has sold before. Run `till restore` with the latest backup; if there is none, `till restore --without-backup` lets it begin a new journal", .0.display())]
    Missing(PathBuf),
    /// The folder was restored or copied and no till has started on it since.
    #[error(
        "this folder was restored or copied: start `till run` once, so that it gets a series of its own"
    )]
    NotStarted,
    /// A store file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `till.db`.
    #[error(transparent)]
    TillStore(#[from] TillStoreError),
    /// What a till needs has not been imported.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The till cannot take up where it left off.
    #[error(transparent)]
    Till(#[from] Refusal),
}
