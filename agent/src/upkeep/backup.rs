//! `till backup`: both databases copied while the till sells, checked, and described.
//!
//! The folder appears whole, by a rename, once every page of the copies was read and the journal
//! in them verified. The journal's key and the PINs' pepper are never in it. Putting one back is
//! [`super::restore`]'s. Called by the command line.

use super::manifest::{BackupFile, BackupJournal, FORMAT, MANIFEST, Manifest, hash_file};
use super::verify::verify_inspection;
use super::{Progress, Seen, UpkeepError, Watch};
use crate::home::{Home, free_bytes, replace_file, sync_folder};
use crate::store::backup::{copy, schema_version};
use crate::store::till::Inspection;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The files of a backup, in the order they are copied.
pub(super) const FILES: [&str; 2] = ["till.db", "catalogue.db"];

/// Rest after each megabyte copied: the disk is a sale's first.
const REST: Duration = Duration::from_millis(2);

/// How a backup is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupOptions {
    /// When; part of the folder's name.
    pub now: Timestamp,
    /// Bytes of disk that must stay free, the till's own watermark.
    pub keep_free: u64,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The new folder.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// Backs the till in `home` up into a new folder `till-STORE-NUMBER-TIME` in `into`.
///
/// # Errors
/// When there is no room, a file cannot be read or written, or the copy does not verify. Then no
/// folder is left behind.
pub fn backup(
    home: &Home,
    into: &Path,
    options: BackupOptions,
    watch: Watch<'_>,
) -> Result<BackupReport, UpkeepError> {
    let looking = Inspection::open(&home.till_db())?;
    let owner = looking.owner()?.ok_or_else(|| UpkeepError::NotStarted(home.till_db()))?;
    drop(looking);
    fs::create_dir_all(into).map_err(UpkeepError::io(into))?;
    assert_room(home, into, options.keep_free)?;
    let time = options.now.strftime("%Y%m%dT%H%M%SZ");
    let folder = into.join(format!("till-{}-{}-{time}", owner.store, owner.till));
    if folder.exists() {
        return Err(UpkeepError::Exists(folder));
    }
    let partial = tempfile::Builder::new()
        .prefix(".till-backup-")
        .tempdir_in(into)
        .map_err(UpkeepError::io(into))?;
    let mut files = Vec::with_capacity(FILES.len());
    for name in FILES {
        files.push(copy_one(&home.file(name), &partial.path().join(name), name, watch)?);
    }
    let manifest = describe(&partial.path().join("till.db"), files, options.now, watch)?;
    let path = partial.path().join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|source| UpkeepError::Json { file: path.clone(), source })?;
    replace_file(&path, &text)?;
    let made = partial.keep();
    fs::rename(&made, &folder).map_err(UpkeepError::io(&folder))?;
    sync_folder(into)?;
    Ok(BackupReport { folder, manifest })
}

/// Copies a database and says what the copy is.
fn copy_one(
    from: &Path,
    to: &Path,
    name: &'static str,
    watch: Watch<'_>,
) -> Result<BackupFile, UpkeepError> {
    copy(from, to, REST, &mut |done, total| watch(Progress { what: name, done, total }))?;
    let (bytes, sha256) = hash_file(to)?;
    Ok(BackupFile { name: name.to_owned(), bytes, sha256, schema: schema_version(to)? })
}

/// Verifies the copied journal and describes it.
fn describe(
    copy: &Path,
    files: Vec<BackupFile>,
    now: Timestamp,
    watch: Watch<'_>,
) -> Result<Manifest, UpkeepError> {
    let looking = Inspection::of_copy(copy)?;
    verify_inspection(&looking, &Seen::Nothing, watch)?;
    let owner = looking.owner()?.ok_or_else(|| UpkeepError::NotStarted(copy.to_owned()))?;
    Ok(Manifest {
        format: FORMAT,
        till_version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now.to_string(),
        store: owner.store,
        till: owner.till,
        series: owner.series,
        last_receipt: looking.last_receipt()?.map(|receipt| receipt.to_string()),
        files,
        journals: journals(&looking)?,
    })
}

/// Where each journal ends.
pub(super) fn journals(looking: &Inspection) -> Result<Vec<BackupJournal>, UpkeepError> {
    let streams = looking.streams()?.into_iter();
    let described = streams.map(|known| BackupJournal {
        replica: known.stream.id().replica.to_string(),
        series: known.series,
        seq: known.seq,
        hash: known.hash.to_string(),
    });
    Ok(described.collect())
}

fn assert_room(home: &Home, into: &Path, keep_free: u64) -> Result<(), UpkeepError> {
    let mut needed = keep_free;
    for name in FILES {
        // A copy holds at most the file and its log.
        for suffix in ["", "-wal"] {
            let file = home.file(&format!("{name}{suffix}"));
            needed = needed.saturating_add(fs::metadata(&file).map_or(0, |found| found.len()));
        }
    }
    assert_free(into, needed)
}

/// Refuses when the disk of `folder` has less than `needed` bytes free.
pub(super) fn assert_free(folder: &Path, needed: u64) -> Result<(), UpkeepError> {
    match free_bytes(folder) {
        Some(free) if free < needed => {
            Err(UpkeepError::NoRoom { folder: folder.to_owned(), free, needed })
        }
        _ => Ok(()),
    }
}

impl fmt::Display for BackupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Backed up to {}", self.folder.display())?;
        for file in &self.manifest.files {
            writeln!(f, "{:>14} bytes  {}", file.bytes, file.name)?;
        }
        let last = self.manifest.last_receipt.as_deref().unwrap_or("none");
        writeln!(f, "the journal in it verifies; the last receipt is {last}")
    }
}
