//! Copying a database that may be in use, and checking the copy.
//!
//! The source is read inside one read transaction, so writers go on and the copy is of one
//! moment: without it every commit of another process would start the copy anew. The copy is in
//! rollback mode, one file without a log beside it. Names, hashes and folders are left to
//! `crate::upkeep`, which calls this.

use super::open::{BUSY_TIMEOUT, StoreError, check_integrity, classify};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Pages copied in one step: 1 MB, some milliseconds of the disk's time.
const STEP_PAGES: i32 = 256;

/// Copies `from` to the new file `to`, checks every page of the copy and syncs it.
///
/// Rests for `pause` after each step, to leave the disk to sales. `progress` hears pages done and
/// pages in all.
///
/// # Errors
/// [`StoreError`] naming the file: the source when it cannot be read, the copy when it cannot be
/// written or is damaged, which a damaged source makes it.
pub fn copy(
    from: &Path,
    to: &Path,
    pause: Duration,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    let source = read_only(from).map_err(|error| classify(from, error))?;
    source
        .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")
        .map_err(|error| classify(from, error))?;
    let mut target = Connection::open(to).map_err(|error| classify(to, error))?;
    copy_pages(&source, &mut target, pause, progress).map_err(|error| classify(to, error))?;
    drop(source);
    let mode: String = target
        .query_row("PRAGMA journal_mode=DELETE", [], |row| row.get(0))
        .map_err(|error| classify(to, error))?;
    if mode != "delete" {
        return Err(StoreError::NotWal { file: to.to_owned(), mode });
    }
    check_integrity(&target, to)?;
    target.close().map_err(|(_, error)| classify(to, error))?;
    sync_file(to)
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    pause: Duration,
    progress: &mut dyn FnMut(u64, u64),
) -> rusqlite::Result<()> {
    let backup = Backup::new(source, target)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let now = backup.progress();
        let pages = u64::from(now.pagecount.unsigned_abs());
        progress(pages.saturating_sub(u64::from(now.remaining.unsigned_abs())), pages);
        if step == StepResult::Done {
            return Ok(());
        }
        std::thread::sleep(pause);
    }
}

/// Checks every page of a copy and that rows and indexes agree.
///
/// # Errors
/// [`StoreError::Corrupt`] with the first thing found.
pub fn check_copy(file: &Path) -> Result<(), StoreError> {
    let connection = read_only(file).map_err(|error| classify(file, error))?;
    check_integrity(&connection, file)
}

/// Whether a database in use passes SQLite's quick check; the first thing it finds else. Reads
/// every page, but compares no indexes.
///
/// # Errors
/// When it cannot be read.
pub fn quick_check_file(file: &Path) -> Result<Option<String>, StoreError> {
    let connection = read_only(file).map_err(|error| classify(file, error))?;
    quick_check(&connection).map_err(|error| classify(file, error))
}

pub(super) fn quick_check(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// The schema's version of a file.
///
/// # Errors
/// When it cannot be read.
pub fn schema_version(file: &Path) -> Result<u32, StoreError> {
    read_only(file)
        .and_then(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))
        .map_err(|error| classify(file, error))
}

fn read_only(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn sync_file(file: &Path) -> Result<(), StoreError> {
    File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::Io { file: file.to_owned(), detail: error.to_string() })
}
