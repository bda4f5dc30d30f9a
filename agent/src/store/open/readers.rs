//! A small pool of connections that can only read, beside the one writer.
//!
//! Handlers of the API search and list through it; the write-ahead log keeps them out of the
//! writer's way. A caller waits for a free connection, for a bounded time.

use super::{BUSY_TIMEOUT, Migration, OpenOptions, Place, StoreError, open};
use rusqlite::Connection;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// `query_only` connections to one file.
#[derive(Debug)]
pub struct Readers {
    options: OpenOptions,
    migrations: &'static [Migration],
    idle: Mutex<Vec<Reader>>,
    returned: Condvar,
}

/// A connection, and the file it was opened to.
#[derive(Debug)]
struct Reader {
    place: Option<Place>,
    connection: Connection,
}

impl Readers {
    /// Opens `count` connections (at least one) to a file that its writer has already opened.
    ///
    /// # Errors
    /// As [`open`](super::open()).
    pub fn open(
        options: &OpenOptions,
        migrations: &'static [Migration],
        count: usize,
    ) -> Result<Self, StoreError> {
        let options = options.clone().read_only();
        let reader = |_| Reader::open(&options, migrations);
        let idle = (0..count.max(1)).map(reader).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new(), options, migrations })
    }

    /// The file they read.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.options.path
    }

    /// A free connection; it goes back when the guard is dropped. Blocks, so call it where
    /// blocking is allowed. What was renamed over the file meanwhile is what it reads.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when all stay taken for [`BUSY_TIMEOUT`].
    pub fn get(&self) -> Result<ReadGuard<'_>, StoreError> {
        let (mut idle, _) = self
            .returned
            .wait_timeout_while(self.lock(), BUSY_TIMEOUT, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let Some(reader) = idle.pop() else {
            return Err(StoreError::Busy { file: self.options.path.clone() });
        };
        drop(idle);
        let mut guard = ReadGuard { readers: self, reader: Some(reader) };
        guard.follow()?;
        Ok(guard)
    }

    /// A list of connections is whole after any panic, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn open(options: &OpenOptions, migrations: &[Migration]) -> Result<Self, StoreError> {
        // Looked at first: a file that comes in between is found the next time.
        let place = Place::of(&options.path);
        Ok(Self { place, connection: open(options, migrations)? })
    }
}

/// A reader on loan.
#[derive(Debug)]
pub struct ReadGuard<'pool> {
    readers: &'pool Readers,
    /// Present until it is dropped.
    reader: Option<Reader>,
}

impl ReadGuard<'_> {
    /// Opens the file that the name leads to now, where that is another one.
    fn follow(&mut self) -> Result<(), StoreError> {
        let Readers { options, migrations, .. } = self.readers;
        let place = self.reader.as_ref().and_then(|reader| reader.place);
        if Place::has_left(place, &options.path) {
            self.reader = Some(Reader::open(options, migrations)?);
        }
        Ok(())
    }
}

impl Deref for ReadGuard<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        let reader = self.reader.as_ref();
        &reader.expect("a guard holds its connection until it is dropped").connection
    }
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        self.readers.lock().extend(self.reader.take());
        self.readers.returned.notify_one();
    }
}
