//! A small pool of connections that can only read, beside the one writer.
//!
//! Handlers of the API search and list through it; the write-ahead log keeps them out of the
//! writer's way. A caller waits for a free connection, for a bounded time.

use super::{BUSY_TIMEOUT, Migration, OpenOptions, StoreError, open};
use rusqlite::Connection;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// `query_only` connections to one file.
#[derive(Debug)]
pub struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    /// Opens `count` connections (at least one) to a file that its writer has already opened.
    ///
    /// # Errors
    /// As [`open`](super::open()).
    pub fn open(
        options: &OpenOptions,
        migrations: &[Migration],
        count: usize,
    ) -> Result<Self, StoreError> {
        let options = options.clone().read_only();
        let idle =
            (0..count.max(1)).map(|_| open(&options, migrations)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { file: options.path, idle: Mutex::new(idle), returned: Condvar::new() })
    }

    /// The file they read.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A free connection; it goes back when the guard is dropped. Blocks, so call it where
    /// blocking is allowed.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when all stay taken for [`BUSY_TIMEOUT`].
    pub fn get(&self) -> Result<ReadGuard<'_>, StoreError> {
        let (mut idle, _) = self
            .returned
            .wait_timeout_while(self.lock(), BUSY_TIMEOUT, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        match idle.pop() {
            Some(connection) => Ok(ReadGuard { readers: self, connection: Some(connection) }),
            None => Err(StoreError::Busy { file: self.file.clone() }),
        }
    }

    /// A list of connections is whole after any panic, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader on loan.
#[derive(Debug)]
pub struct ReadGuard<'pool> {
    readers: &'pool Readers,
    /// Present until it is dropped.
    connection: Option<Connection>,
}

impl Deref for ReadGuard<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a guard holds its connection until it is dropped")
    }
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        self.readers.lock().extend(self.connection.take());
        self.readers.returned.notify_one();
    }
}
