//! Taking up a snapshot: verified, staged beside the catalogue, put in its place while the till runs.
//!
//! What it is and whether it can be believed is `sync::snapshot`'s, how it is laid out
//! `sync::store::catalogue`'s; here are the files. Called by the command line and by whoever owns
//! the links.

mod error;
mod incoming;
mod swap;
#[cfg(test)]
mod tests;

pub use error::TakeError;
pub use incoming::{Incoming, Kept};

use super::MIGRATIONS;
use crate::store::open::{OpenOptions, classify, open};
use rusqlite::{Connection, OptionalExtension};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use sync::snapshot::{Manifest, Sealed, read_head};
use sync::store::catalogue::{Compared, Staged, compare};
use sync::trust::Trust;

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is the catalogue now. So many entries of the hub's were missing.
    Replaced {
        /// Entries.
        entries: u64,
    },
    /// What is here stood there already.
    Known,
}

/// Reads what a snapshot's file says of itself; its seal holds, whether its sealer counts is left
/// open.
///
/// # Errors
/// When it is no snapshot.
pub fn look(snapshot: &Path) -> Result<(Sealed, File), TakeError> {
    let mut file = File::open(snapshot).map_err(TakeError::reading(snapshot))?;
    let sealed = read_head(&mut file)
        .map_err(|source| TakeError::Head { file: snapshot.to_owned(), source })?;
    Ok((sealed, file))
}

/// Takes a snapshot's file up: verified against `trust`, staged, and put in the place of the
/// catalogue at `catalogue`, whoever reads that meanwhile. `progress` hears bytes done and in all.
///
/// # Errors
/// [`TakeError`]; then the catalogue is as it was.
pub fn take(
    catalogue: &OpenOptions,
    snapshot: &Path,
    trust: &Trust,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Taken, TakeError> {
    let (sealed, content) = look(snapshot)?;
    let within = |source| TakeError::Stage { file: snapshot.to_owned(), source };
    sealed.believe(trust).map_err(|error| within(error.into()))?;
    let mut live = open(catalogue, MIGRATIONS)?;
    let Some(entries) = missing(&live, &catalogue.path, sealed.manifest())? else {
        return Ok(Taken::Known);
    };
    let staged = StagedFile::begin(&catalogue.path)?;
    let state = State::of(&live).map_err(|error| classify(&catalogue.path, error))?;
    let filled = Staged::fill(&sealed, trust, content, staged.path(), progress).map_err(within)?;
    filled.keep_own(&live).map_err(within)?;
    filled.finish().map_err(within)?;
    swap::swap(&mut live, &catalogue.path, staged.path(), |tx| Ok(State::of(tx)? == state))?;
    if let Err(error) = incoming::keep_copy(&catalogue.path, snapshot, &sealed) {
        tracing::warn!(%error, "the snapshot is taken up, but not kept for other tills");
    }
    Ok(Taken::Replaced { entries })
}

/// Whether a snapshot that somebody offers would be taken up.
///
/// # Errors
/// [`TakeError`] says why not.
pub fn is_wanted(
    live: &Connection,
    catalogue: &OpenOptions,
    sealed: &Sealed,
    trust: &Trust,
) -> Result<bool, TakeError> {
    let file = catalogue.path.clone();
    sealed.believe(trust).map_err(|error| TakeError::Stage { file, source: error.into() })?;
    Ok(missing(live, &catalogue.path, sealed.manifest())?.is_some())
}

/// How many entries a snapshot has that are not here; `None` when it stands where this does.
fn missing(live: &Connection, file: &Path, manifest: &Manifest) -> Result<Option<u64>, TakeError> {
    let ours: Option<(String, String)> = live
        .prepare("SELECT code, currency FROM store")
        .and_then(|mut it| it.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(|error| classify(file, error))?;
    if let Some((code, currency)) = ours {
        if let Some(other) = manifest.store.clone().filter(|other| *other != code) {
            return Err(TakeError::OtherStore { ours: code, theirs: other });
        }
        if manifest.currency.code() != currency {
            let theirs = manifest.currency.code().to_owned();
            return Err(TakeError::OtherCurrency { ours: currency, theirs });
        }
    }
    match compare(live, manifest)? {
        Compared::Ahead { entries } => Ok(Some(entries)),
        Compared::Same => Ok(None),
        Compared::Behind { stream, here, there } => Err(TakeError::Older { stream, here, there }),
        Compared::Forked { stream } => Err(TakeError::Forked(stream)),
    }
}

/// What must not have changed between the look at a catalogue and its replacement.
#[derive(Debug, PartialEq, Eq)]
struct State {
    last_import: i64,
    heads: Vec<(i64, i64)>,
}

impl State {
    fn of(conn: &Connection) -> rusqlite::Result<Self> {
        let last_import =
            conn.query_row("SELECT coalesce(max(id), 0) FROM batch", [], |row| row.get(0))?;
        let mut statement = conn.prepare("SELECT local, head_seq FROM stream ORDER BY local")?;
        let heads = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { last_import, heads: heads.collect::<Result<_, _>>()? })
    }
}

/// The file beside a catalogue in which its successor is laid out; deleted unless it became it.
#[derive(Debug)]
struct StagedFile(PathBuf);

impl StagedFile {
    /// Begins one; what a crash left of an earlier one goes.
    fn begin(catalogue: &Path) -> Result<Self, TakeError> {
        let staged = Self(with_suffix(catalogue, ".next"));
        staged.remove()?;
        Ok(staged)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn remove(&self) -> Result<(), TakeError> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(TakeError::Writing { file: self.0.clone(), source: error })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // One that stays costs room until the next is begun.
        self.remove().ok();
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().map_or_else(OsString::new, OsString::from);
    name.push(suffix);
    file.with_file_name(name)
}
