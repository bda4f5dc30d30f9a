//! One catalogue in the place of another, by a rename, while connections to the old one are open.
//!
//! At any moment a crash leaves the old one or the new one, whole:
//!
//! 1. The old one's log is written back into it, so that it is whole without the log.
//! 2. Its write lock is taken: nobody adds to it any more. Whoever waits for the lock finds that the
//!    file has left its place, and begins anew.
//! 3. The gate is closed: nobody opens it now.
//! 4. Its log is unlinked, durably: SQLite finds a log by its name, and would take it for the new
//!    one's. Connections that are open keep theirs.
//! 5. The new one is renamed over it, durably.
//!
//! The old file goes when the last connection to it is closed; SQLite leaves a log alone whose
//! database is not at its place.

use super::{TakeError, with_suffix};
use crate::home::folder_of;
use crate::store::open::{Gate, classify};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// How often the log is written back again because somebody wrote meanwhile; each time waits for
/// readers as long as any statement does.
const TRIES: u32 = 5;

/// Puts `staged`, a durable database without a log, in the place of the catalogue `file`
/// on `live`, unless what `unchanged` looks at has changed.
pub(super) fn swap(
    live: &mut Connection,
    file: &Path,
    staged: &Path,
    unchanged: impl Fn(&Transaction<'_>) -> rusqlite::Result<bool>,
) -> Result<(), TakeError> {
    let named = |error| TakeError::from(classify(file, error));
    for _ in 0..TRIES {
        // Looked at first: what is written after that may be in the log alone.
        let before = version(live).map_err(named)?;
        if !write_back(live).map_err(named)? {
            continue;
        }
        let tx = live.transaction_with_behavior(TransactionBehavior::Immediate).map_err(named)?;
        if version(&tx).map_err(named)? != before {
            continue;
        }
        if !unchanged(&tx).map_err(named)? {
            break;
        }
        let _closed = Gate::close(file)?;
        return STEPS.iter().try_for_each(|step| step(file, staged));
    }
    Err(TakeError::Busy(file.to_owned()))
}

/// Writes the whole log back into the file; false when a reader is in the way.
fn write_back(live: &Connection) -> rusqlite::Result<bool> {
    live.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| {
        let (busy, log, done): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && log == done)
    })
}

/// SQLite's counter of changes by other connections.
fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0))
}

type Step = fn(&Path, &Path) -> Result<(), TakeError>;

/// What happens to the files, in this order.
pub(super) const STEPS: [Step; 4] = [
    |file, _| ["-wal", "-shm"].iter().try_for_each(|suffix| unlink(&with_suffix(file, suffix))),
    |file, _| sync_folder(file),
    |file, staged| fs::rename(staged, file).map_err(TakeError::writing(file)),
    |file, _| sync_folder(file),
];

fn unlink(file: &Path) -> Result<(), TakeError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(TakeError::writing(file)(error)),
        _ => Ok(()),
    }
}

fn sync_folder(file: &Path) -> Result<(), TakeError> {
    let folder = folder_of(file);
    let synced: io::Result<()> = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(TakeError::writing(folder))
}
