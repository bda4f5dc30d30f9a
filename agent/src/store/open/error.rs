//! What can go wrong with a file of the store, sorted by what its owner can do about it.
//!
//! Functions inside the store work with [`rusqlite::Error`]; at its edge [`classify`] names the
//! file. The till loop, the command line and `doctor` match on the variants.

use rusqlite::ffi;
use std::path::{Path, PathBuf};

/// A failure of one of the till's files.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room left; nothing was written.
    #[error("{}: the disk is full; nothing was written. Free some space and try again", file.display())]
    Full {
        /// The file being written.
        file: PathBuf,
    },
    /// The file's content is damaged or is no database.
    #[error("{}: the file is damaged ({detail}). Keep it aside, do not delete it, and restore a backup", file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// The file may not be written.
    #[error("{}: cannot be written ({detail}). Check the mount and the owner of the folder", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
        /// What refused.
        detail: String,
    },
    /// The file is missing, or its folder is, or access is refused.
    #[error("{}: cannot be opened ({detail}). Check that the folder exists and belongs to the till's user", file.display())]
    CannotOpen {
        /// The file.
        file: PathBuf,
        /// What refused.
        detail: String,
    },
    /// A later version of Till wrote the file.
    #[error("{}: was written by a newer Till (schema {found}; this one knows up to {ours}). Install the newer version again", file.display())]
    NewerVersion {
        /// The file.
        file: PathBuf,
        /// Its schema version.
        found: u32,
        /// The last version this program knows.
        ours: u32,
    },
    /// An earlier version of Till wrote the file and it may not be migrated now.
    #[error("{}: has the older schema {found} (this Till reads {ours}). Start `till run` once to bring it up to date", file.display())]
    OlderVersion {
        /// The file.
        file: PathBuf,
        /// Its schema version.
        found: u32,
        /// The version this program reads.
        ours: u32,
    },
    /// Another process held the lock for longer than [`super::BUSY_TIMEOUT`].
    #[error("{}: is in use by another process (an import, a backup, another till). Try again when it is done", file.display())]
    Busy {
        /// The file.
        file: PathBuf,
    },
    /// The write-ahead log could not be turned on.
    #[error("{}: the write-ahead log is off (journal mode `{mode}`). Put the file on a local disk, not on a network share", file.display())]
    NotWal {
        /// The file.
        file: PathBuf,
        /// The journal mode SQLite chose.
        mode: String,
    },
    /// `synchronous` did not take the level asked for.
    #[error("{}: SQLite runs with synchronous={level}, so a commit may be lost", file.display())]
    NotDurable {
        /// The file.
        file: PathBuf,
        /// The level in force.
        level: i64,
    },
    /// The disk failed to read or write.
    #[error("{}: the disk failed ({detail}). Check the cable and the drive's health", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What failed.
        detail: String,
    },
    /// A schema step failed; the file is as it was before.
    #[error("{}: cannot be brought to schema {version} ({source})", file.display())]
    Migration {
        /// The file.
        file: PathBuf,
        /// The step that failed.
        version: u32,
        /// Why.
        source: rusqlite::Error,
    },
    /// Anything else SQLite refuses: a broken constraint, a mistake in a statement.
    #[error("{}: {source}", file.display())]
    Sql {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Names the file and the kind of failure.
#[must_use]
pub fn classify(file: &Path, error: rusqlite::Error) -> StoreError {
    let file = file.to_owned();
    let detail = error.to_string();
    let Some(code) = error.sqlite_error().map(|failure| failure.extended_code) else {
        return StoreError::Sql { file, source: error };
    };
    // The low byte is the kind, the rest says where it happened.
    match (code, code & 0xff) {
        // The log's shared index can't grow: on a local disk that means no room.
        (ffi::SQLITE_IOERR_SHMSIZE, _) | (_, ffi::SQLITE_FULL) => StoreError::Full { file },
        (_, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB) => StoreError::Corrupt { file, detail },
        (_, ffi::SQLITE_READONLY | ffi::SQLITE_PERM) => StoreError::ReadOnly { file, detail },
        (_, ffi::SQLITE_CANTOPEN | ffi::SQLITE_AUTH) => StoreError::CannotOpen { file, detail },
        (_, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED) => StoreError::Busy { file },
        (_, ffi::SQLITE_IOERR) => StoreError::Io { file, detail },
        _ => StoreError::Sql { file, source: error },
    }
}
