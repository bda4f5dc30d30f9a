//! `till.db` as the links read it, beside the till loop's own connection.

use super::error::Result;
use super::{MIGRATIONS, OpenOptions, journal, open};
use rusqlite::Connection;
use std::path::PathBuf;
use sync::log::{ReplicaId, SealingKey};
use sync::store::{Alarm, LogBooks};
use sync::wire::Held;

/// A connection for reading the log, with the key that seals what is sent of this till's own.
pub struct Shelf {
    connection: Connection,
    file: PathBuf,
    key: SealingKey,
}

impl Shelf {
    /// Opens the file that the till loop has opened already.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(options: &OpenOptions, key: SealingKey) -> Result<Self> {
        let connection = open(&options.clone().read_only(), MIGRATIONS)?;
        Ok(Self { connection, file: options.path.clone(), key })
    }

    /// The replica that writes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn writes_as(&self) -> Result<Option<ReplicaId>> {
        journal::replica(&self.connection).map_err(|error| error.at(&self.file))
    }

    /// The log, for the exchange.
    #[must_use]
    pub const fn books(&self) -> LogBooks<'_> {
        LogBooks::new(&self.connection, Some(&self.key))
    }

    /// What is held of every stream.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn held(&self) -> Result<Vec<Held>> {
        let held = self.books().held().map_err(super::TillStoreError::from);
        held.map_err(|error| error.at(&self.file))
    }
}

/// All alarms, those that nobody has seen to first.
///
/// # Errors
/// When they cannot be read.
pub fn alarms(conn: &Connection) -> Result<Vec<Alarm>> {
    Ok(sync::store::alarms(conn)?)
}
