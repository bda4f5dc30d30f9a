//! A snapshot staged: verified and laid out as a database of its own, outside what is in use.
//!
//! Nothing of the content is believed before it is known to be what the hub sealed, and nothing here
//! touches the catalogue in use: what was staged is put in its place by the caller, or deleted.

use super::build::build;
use super::tables::TABLES;
use super::{CATALOGUE_SCHEMA, CATALOGUE_VERSION, WITH_SETTINGS};
use crate::log::{Hash, StreamId, StreamKind};
use crate::snapshot::page::PageError;
use crate::snapshot::{Form, Sealed, Unbelieved};
use crate::store::{LogError, declare_peer, open_stream};
use crate::trust::Trust;
use ring::digest;
use rusqlite::{Connection, OpenFlags, named_params};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// zstd's window, as a power of two: memory that a snapshot makes a till hold.
const MAX_WINDOW_LOG: u32 = 23;

/// Bytes written at a time.
const PORTION: usize = 256 << 10;

/// Why a snapshot can't be staged. What is in use is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// It is not this chain's hub's.
    #[error(transparent)]
    Unbelieved(#[from] Unbelieved),
    /// It needs a newer Till.
    #[error(
        "the snapshot has schema {found}, this version of Till knows up to {CATALOGUE_VERSION}: update Till"
    )]
    NewerSchema {
        /// Its schema.
        found: u32,
    },
    /// The content ends too early, or can't be read.
    #[error("the snapshot can't be read to its end ({0}): fetch it again")]
    Content(io::Error),
    /// The content is not what the hub sealed.
    #[error("the snapshot's content was changed after the hub had sealed it: fetch it again")]
    Changed,
    /// More or less comes out of it than was sealed.
    #[error("the snapshot is said to hold {said} bytes and holds others: fetch it again")]
    Length {
        /// What the manifest says.
        said: u64,
    },
    /// The content is none of a catalogue's, though the hub sealed it.
    #[error(
        "the snapshot's content is no catalogue ({0}): the hub made a mistake, tell headquarters"
    )]
    NotACatalogue(String),
    /// A page is none, though the hub sealed it.
    #[error("page {number} of the snapshot: {source}. Tell headquarters")]
    Page {
        /// The page, counted from 0.
        number: usize,
        /// What is wrong with it.
        source: PageError,
    },
    /// The new file can't be written.
    #[error("{}: {source}. Check that there is room", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite failed on the new file.
    #[error("the staged catalogue could not be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// The log's tables in it refuse.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A snapshot laid out in a file of its own.
#[derive(Debug)]
pub struct Staged {
    connection: Connection,
    file: PathBuf,
    for_store: bool,
}

impl Staged {
    /// Lays a snapshot out as the new file `into`, its `content` read to the end: the rows that the
    /// hub sealed, the streams standing where the manifest has them, the search index empty.
    /// `progress` hears bytes done and bytes in all.
    ///
    /// # Errors
    /// [`StageError`]; then `into` is to be deleted, where it was made at all.
    pub fn fill(
        sealed: &Sealed,
        trust: &Trust,
        content: impl Read,
        into: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, StageError> {
        let manifest = sealed.manifest();
        let trust = &sealed.believe(trust)?;
        if manifest.schema > CATALOGUE_VERSION {
            return Err(StageError::NewerSchema { found: manifest.schema });
        }
        match &manifest.form {
            Form::File { bytes, plain, hash } => {
                unpack(content, (*bytes, *plain, *hash), into, progress)?;
            }
            Form::Pages { pages, plain } => build(content, pages, *plain, into, progress)?,
        }
        let connection = open(into)?;
        if let Form::File { plain, .. } = manifest.form {
            check(&connection, manifest.schema, plain)?;
        }
        set_streams(&connection, sealed, trust)?;
        let for_store = manifest.store.is_some();
        Ok(Self { connection, file: into.to_owned(), for_store })
    }

    /// Takes the shop's own sets over from the catalogue in use, where the snapshot is for every
    /// store and brings none.
    ///
    /// # Errors
    /// When SQLite fails on either file.
    pub fn keep_own(&self, live: &Connection) -> Result<(), StageError> {
        let tx = self.connection.unchecked_transaction()?;
        for table in TABLES.iter().filter(|table| table.own && !self.for_store) {
            table.copy(live, &tx)?;
        }
        Ok(tx.commit()?)
    }

    /// Makes it durable: one file, in the mode that tills open it in, without a log beside it; ready
    /// to be renamed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(self) -> Result<(), StageError> {
        let Self { connection, file, .. } = self;
        // Whoever opens it for reading only could not turn the log on.
        connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)?;
        let staged = File::open(&file).map_err(at(&file))?;
        staged.sync_all().map_err(at(&file))
    }
}

pub(super) fn at(file: &Path) -> impl FnOnce(io::Error) -> StageError {
    let file = file.to_owned();
    move |source| StageError::Io { file, source }
}

/// Hashes what is read through it, and reads no more than it is allowed.
struct Hashing<R> {
    from: R,
    left: u64,
    context: digest::Context,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.from.read(into.get_mut(..most).unwrap_or_default())?;
        self.context.update(into.get(..read).unwrap_or_default());
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// Unpacks one zstd frame into a new file; what was written counts only if this succeeds.
fn unpack(
    content: impl Read,
    (bytes, plain, hash): (u64, u64, Hash),
    into: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StageError> {
    let context = digest::Context::new(&digest::SHA256);
    let mut hashing = Hashing { from: content, left: bytes, context };
    let buffered = BufReader::with_capacity(PORTION, &mut hashing);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)
        .map_err(StageError::Content)?
        .single_frame();
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(StageError::Content)?;
    let mut out = File::options().create_new(true).write(true).open(into).map_err(at(into))?;
    let (mut portion, mut written) = (vec![0; PORTION], 0_u64);
    loop {
        let read = decoder.read(&mut portion).map_err(StageError::Content)?;
        let Some(new) = portion.get(..read).filter(|new| !new.is_empty()) else { break };
        written += new.len() as u64;
        if written > plain {
            return Err(StageError::Length { said: plain });
        }
        out.write_all(new).map_err(at(into))?;
        progress(written, plain);
    }
    let rest = io::copy(&mut decoder.finish(), &mut io::sink()).map_err(StageError::Content)?;
    let Hashing { mut from, left, context } = hashing;
    if left > 0 {
        return Err(StageError::Content(io::ErrorKind::UnexpectedEof.into()));
    }
    let behind = from.read(&mut [0]).map_err(StageError::Content)?;
    if context.finish().as_ref() != &hash.0[..] || rest > 0 || behind > 0 {
        return Err(StageError::Changed);
    }
    if written < plain {
        return Err(StageError::Length { said: plain });
    }
    Ok(())
}

/// Opens what was staged; a crash loses it whole, so nothing waits for the disk before the end.
fn open(file: &Path) -> Result<Connection, StageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.execute_batch("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;")?;
    Ok(connection)
}

/// Checks that it is a catalogue of the schema that the manifest names, as this code makes it: no
/// table, view or trigger of anybody else's. What its pages hold the hub has sealed.
fn check(connection: &Connection, said: u32, plain: u64) -> Result<(), StageError> {
    let refuse = |why: String| Err(StageError::NotACatalogue(why));
    let not_a_database = |error: rusqlite::Error| StageError::NotACatalogue(error.to_string());
    let version: u32 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(not_a_database)?;
    if version != said {
        return refuse(format!("schema {version} where {said} was sealed"));
    }
    let ours = Connection::open_in_memory()?;
    let steps = usize::try_from(version).unwrap_or(usize::MAX);
    for step in CATALOGUE_SCHEMA.iter().take(steps) {
        ours.execute_batch(step)?;
    }
    if schema(connection).map_err(not_a_database)? != schema(&ours)? {
        return refuse(format!("its tables are not those of schema {version}"));
    }
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let page_bytes: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    if pages.checked_mul(page_bytes).map(i64::cast_unsigned) != Some(plain) {
        return refuse(format!("{pages} pages of {page_bytes} bytes are not {plain}"));
    }
    Ok(())
}

fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut statement = connection
        .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

/// Lets the hub's streams begin behind where the snapshot has them.
fn set_streams(connection: &Connection, sealed: &Sealed, trust: &Trust) -> Result<(), StageError> {
    let tx = connection.unchecked_transaction()?;
    tx.execute_batch(
        "DELETE FROM entry; DELETE FROM mark; DELETE FROM stream; DELETE FROM replica;",
    )?;
    for head in &sealed.manifest().heads {
        let StreamId { replica, kind } = head.stream;
        // What a snapshot of before does not carry is fetched entry by entry.
        if kind == StreamKind::Settings && sealed.manifest().schema < WITH_SETTINGS {
            continue;
        }
        let (key, opened) = trust.key_of(replica).ok_or(Unbelieved::UnknownWriter(replica))?;
        declare_peer(&tx, replica, &key, opened)?;
        let stream = open_stream(&tx, replica, kind)?;
        tx.execute(
            "UPDATE stream SET first_seq = :first, base_hash = :hash, base_seal = :seal,
                head_seq = :seq, head_hash = :hash, head_clock = :clock, folded_seq = :seq
             WHERE local = :local",
            named_params! {
                ":first": head.seq.saturating_add(1).cast_signed(),
                ":hash": &head.hash.0[..],
                ":seal": &head.seal.0[..],
                ":seq": head.seq.cast_signed(),
                ":clock": head.clock.to_sql(),
                ":local": stream.local(),
            },
        )?;
    }
    Ok(tx.commit()?)
}
