//! Opening a SQLite file: settings, migrations, and what can be wrong with it.
//!
//! Both of the till's files are opened here, and only here, so that both are durable in the same
//! way: write-ahead log, `synchronous=FULL`, no memory map (an I/O error must be an error, not a
//! SIGBUS), an untrusted schema. What the tables mean is left to `store::catalogue` and to the
//! modules of `till.db`; what to do with a corrupt file (quarantine) is left to the caller.

mod error;
mod place;
mod readers;
#[cfg(test)]
mod tests;

pub use error::{StoreError, classify};
pub(super) use place::Gate;
pub use place::Place;
pub use readers::{ReadGuard, Readers};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Page cache of a connection unless told otherwise, in KiB. A writer and four readers then stay
/// well inside the agent's 40 MB of anonymous memory.
pub const CACHE_KIB: u32 = 2_048;

/// How long a statement waits for another process (an import, a backup) to let go of the lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages in the log before a commit writes them back: 4 MB, small enough that the write-back
/// (and recovery after a crash) stays in the tens of milliseconds.
const WAL_AUTOCHECKPOINT_PAGES: u32 = 1_000;

/// A log that a large import made longer than this is cut back when it is next reset.
const WAL_SIZE_LIMIT_BYTES: u32 = 16 * 1024 * 1024;

/// Prepared statements kept by a connection; the store has fewer hot queries than this.
const STATEMENTS_KEPT: usize = 64;

/// When a commit is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it returns. The only setting a till runs with.
    #[default]
    Full,
    /// At some later time: only so that the power-cut test can prove that it notices.
    Off,
}

/// How to open a file.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The file; created when it is missing, unless `read_only`.
    pub path: PathBuf,
    /// The name of a registered SQLite VFS; `None` for the operating system's.
    pub vfs: Option<String>,
    /// `Full`, but for one test.
    pub synchronous: Synchronous,
    /// Never writes, creates or migrates.
    pub read_only: bool,
    /// The connection's page cache in KiB.
    pub cache_kib: u32,
}

impl OpenOptions {
    /// The settings a till runs with.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            vfs: None,
            synchronous: Synchronous::Full,
            read_only: false,
            cache_kib: CACHE_KIB,
        }
    }

    /// The same, for reading only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// One step of a schema. A shipped one is never edited; the next comes after it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// `user_version` once the step is done; the first is 1, and each is one more.
    pub version: u32,
    /// The step, a `.sql` file.
    pub sql: &'static str,
}

/// Opens `options.path`, checks it, and brings its schema to the last of `migrations`.
///
/// # Errors
/// [`StoreError`], naming the file. A [`StoreError::Corrupt`] file has not been written to.
pub fn open(options: &OpenOptions, migrations: &[Migration]) -> Result<Connection, StoreError> {
    let mut connection = connect(options)?;
    let ours = migrations.last().map_or(0, |last| last.version);
    let found = user_version(&connection).map_err(|e| classify(&options.path, e))?;
    if found > ours {
        return Err(StoreError::NewerVersion { file: options.path.clone(), found, ours });
    }
    if options.read_only && found < ours {
        return Err(StoreError::OlderVersion { file: options.path.clone(), found, ours });
    }
    for migration in migrations {
        apply(&mut connection, migration).map_err(|error| {
            match classify(&options.path, error) {
                StoreError::Sql { file, source } => {
                    StoreError::Migration { file, version: migration.version, source }
                }
                named => named,
            }
        })?;
    }
    Ok(connection)
}

/// Reads every page and checks that rows and indexes agree; slow on a large file, so a till asks
/// for it in `doctor` and after a failure, not at each start.
///
/// # Errors
/// [`StoreError::Corrupt`] with the first thing found.
pub fn check_integrity(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|e| classify(file, e))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::Corrupt { file: file.to_owned(), detail: found })
    }
}

/// A connection with every setting made and verified; migrations are the caller's.
fn connect(options: &OpenOptions) -> Result<Connection, StoreError> {
    let named = |error| classify(&options.path, error);
    // Until the first read has found the file with its log.
    let _passing = Gate::pass(&options.path)?;
    let access = if options.read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    // Each connection is used by one thread at a time, so SQLite need not lock it.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&options.path, flags, vfs.as_str()),
        None => Connection::open_with_flags(&options.path, flags),
    }
    .map_err(named)?;
    // SQLite opens a file it may not write for reading, and says so only at the first write.
    if !options.read_only && connection.is_readonly("main").map_err(named)? {
        return Err(StoreError::ReadOnly {
            file: options.path.clone(),
            detail: "the file or its file system is mounted read-only or belongs to another user"
                .to_owned(),
        });
    }
    settings(&connection, options).map_err(named)?;
    // The first read of the header and of the whole schema: garbage is found here, before any
    // statement of ours writes.
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(named)?;
    wal(&connection, options)?;
    Ok(connection)
}

fn settings(connection: &Connection, options: &OpenOptions) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Plans never depend on bound values: otherwise this build of SQLite prepares many a statement
    // again at each run, which costs more than a point look-up itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    connection.pragma_update(None, "query_only", options.read_only)
}

/// Turns the write-ahead log on and makes sure that it is.
fn wal(connection: &Connection, options: &OpenOptions) -> Result<(), StoreError> {
    let named = |error| classify(&options.path, error);
    let sql = if options.read_only { "PRAGMA journal_mode" } else { "PRAGMA journal_mode=WAL" };
    let mode: String = connection.query_row(sql, [], |row| row.get(0)).map_err(named)?;
    if mode != "wal" {
        return Err(StoreError::NotWal { file: options.path.clone(), mode });
    }
    let (name, level) = match options.synchronous {
        Synchronous::Full => ("FULL", 2),
        Synchronous::Off => ("OFF", 0),
    };
    connection.pragma_update(None, "synchronous", name).map_err(named)?;
    connection
        .pragma_update(None, "wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
        .map_err(named)?;
    connection.pragma_update(None, "journal_size_limit", WAL_SIZE_LIMIT_BYTES).map_err(named)?;
    let set: i64 =
        connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(named)?;
    if set == level {
        Ok(())
    } else {
        Err(StoreError::NotDurable { file: options.path.clone(), level: set })
    }
}

fn user_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Applies one step, unless it (or a later one) is already in; another process may have won.
fn apply(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    if user_version(connection)? >= migration.version {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if user_version(&transaction)? < migration.version {
        transaction.execute_batch(migration.sql)?;
        transaction.pragma_update(None, "user_version", migration.version)?;
    }
    transaction.commit()
}
