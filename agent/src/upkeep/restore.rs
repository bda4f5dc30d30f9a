//! `till restore`: a backup put back, the present files set aside.
//!
//! The order makes every crash safe. The backup is verified and copied beside the till's files;
//! a witness that agrees with no database is written, so that whatever database is found at the
//! next start begins a new receipt series; then the till's files go to quarantine and the copies
//! are renamed into their place, `till.db` last: while it is missing, `till run` refuses and says
//! to restore. Called by the command line, with the till stopped.

use super::backup::{FILES, assert_free, journals};
use super::manifest::{Manifest, hash_file};
use super::verify::verify_inspection;
use super::{Progress, Seen, UpkeepError, Watch};
use crate::home::{Home, Lock, sync_folder};
use crate::store::backup::check_copy;
use crate::store::catalogue::Catalogue;
use crate::store::open::OpenOptions;
use crate::store::till::{Head, Inspection, raise_series};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use sync::log::{Hash, ReplicaId};
use sync::store::Machine;
use sync::trust::Statement;

/// A head that no journal has: a till that finds it in its witness knows that it was restored.
pub(super) const RESTORED: Head = Head { replica: ReplicaId([0; 16]), seq: 1, hash: Hash([0; 32]) };

/// How a backup is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreOptions {
    /// The machine this runs on.
    pub machine: Machine,
    /// When; names the quarantine's folder.
    pub now: Timestamp,
    /// Bytes of disk that must stay free.
    pub keep_free: u64,
}

/// A backup that was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// What the backup held.
    pub manifest: Manifest,
    /// Where the till's files were set aside, where there were any.
    pub set_aside: Option<PathBuf>,
    /// The highest receipt series this till is known to have given; its next is one higher.
    pub known_series: u32,
    /// The backup is of a till in a chain, and this folder has not the keys that were signed for.
    pub must_enrol: bool,
}

/// Puts the backup in `from` back into `home`; `_lock` keeps a till from running meanwhile.
///
/// # Errors
/// When the folder is no whole backup, its journal does not verify, there is no room, or a file
/// cannot be moved. Until the copies are complete, nothing of the till was touched.
pub fn restore(
    home: &Home,
    _lock: &Lock,
    from: &Path,
    options: RestoreOptions,
    watch: Watch<'_>,
) -> Result<RestoreReport, UpkeepError> {
    let manifest = Manifest::read(from)?;
    let copies = copy_files(home, from, &manifest, options.keep_free, watch)?;
    let till = copies.path().join("till.db");
    assert_journal(&till, from, &manifest, watch)?;
    let looking = Inspection::of_copy(&till)?;
    let known_series = former_series(home, looking.last_series()?)?;
    let must_enrol = must_enrol(home, &looking)?;
    drop(looking);
    raise_series(&till, known_series)?;
    // Opened once, so that it is in the form in which a reader expects it.
    drop(Catalogue::open(&OpenOptions::new(copies.path().join("catalogue.db")))?);
    for name in FILES {
        sync_file(&copies.path().join(name))?;
    }
    home.write_witness(options.machine, RESTORED, 0)?;
    let set_aside = set_files_aside(home, &FILES, options.now)?;
    for name in FILES.into_iter().rev() {
        let place = home.file(name);
        fs::rename(copies.path().join(name), &place).map_err(UpkeepError::io(&place))?;
    }
    sync_folder(home.folder())?;
    Ok(RestoreReport { manifest, set_aside, known_series, must_enrol })
}

/// Whether papers in the backup sign for tills while this folder was enrolled as none: keys are in
/// no backup, so on a new machine they are gone.
fn must_enrol(home: &Home, looking: &Inspection) -> Result<bool, UpkeepError> {
    let is_till = |bytes: &Vec<u8>| {
        let paper = sync::trust::read(bytes).map(|paper| paper.statement);
        matches!(paper, Ok(Statement::Till(_)))
    };
    let enrolled = matches!(home.enrolment(), Ok(Some(_))) && home.tls_key().exists();
    Ok(!enrolled && looking.papers()?.iter().any(is_till))
}

/// Copies the backup's files into a folder beside the till's and checks their bytes and pages.
fn copy_files(
    home: &Home,
    from: &Path,
    manifest: &Manifest,
    keep_free: u64,
    watch: Watch<'_>,
) -> Result<tempfile::TempDir, UpkeepError> {
    let listed = FILES.map(|name| manifest.file(from, name));
    let sizes = listed.iter().flatten().map(|file| file.bytes);
    let needed = sizes.fold(keep_free, u64::saturating_add);
    assert_free(home.folder(), needed)?;
    let copies = tempfile::Builder::new()
        .prefix(".restore-")
        .tempdir_in(home.folder())
        .map_err(UpkeepError::io(home.folder()))?;
    let total = listed.len() as u64;
    for (done, (name, listed)) in (1..).zip(FILES.into_iter().zip(listed)) {
        let listed = listed?;
        let copy = copies.path().join(name);
        let source = from.join(name);
        fs::copy(&source, &copy).map_err(UpkeepError::io(&source))?;
        let (bytes, sha256) = hash_file(&copy)?;
        if bytes != listed.bytes || sha256 != listed.sha256 {
            return Err(UpkeepError::NotABackup {
                folder: from.to_owned(),
                detail: format!("{name} is not the file that was backed up (its SHA-256 differs)"),
            });
        }
        check_copy(&copy)?;
        watch(Progress { what: "copying", done, total });
    }
    Ok(copies)
}

/// Verifies the journal in the copy and that it ends where the manifest says.
fn assert_journal(
    copy: &Path,
    from: &Path,
    manifest: &Manifest,
    watch: Watch<'_>,
) -> Result<(), UpkeepError> {
    let looking = Inspection::of_copy(copy)?;
    verify_inspection(&looking, &Seen::Nothing, watch)?;
    if journals(&looking)? == manifest.journals {
        return Ok(());
    }
    let detail = "its journal does not end where the manifest says".to_owned();
    Err(UpkeepError::NotABackup { folder: from.to_owned(), detail })
}

/// Sets databases of the till aside, where there are any.
pub(super) fn set_files_aside(
    home: &Home,
    names: &[&str],
    now: Timestamp,
) -> Result<Option<PathBuf>, UpkeepError> {
    let is_there =
        |name: &&str| home.file(name).exists() || home.file(&format!("{name}-wal")).exists();
    if !names.iter().any(is_there) {
        return Ok(None);
    }
    let present: Vec<PathBuf> = names.iter().map(|name| home.file(name)).collect();
    let present: Vec<&Path> = present.iter().map(PathBuf::as_path).collect();
    Ok(Some(home.set_aside(&present, now)?))
}

/// The highest receipt series that the till may have given before: the one `known`, the present
/// file's, and that of every file set aside. A file too damaged to say may have begun one more.
///
/// Without this a backup restored twice would begin the same series twice.
pub(super) fn former_series(home: &Home, known: u32) -> Result<u32, UpkeepError> {
    let mut known = known;
    let mut unreadable = 0_u32;
    for file in former_files(home)? {
        match Inspection::open(&file).and_then(|looking| looking.last_series()) {
            Ok(series) => known = known.max(series),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a former till.db cannot be read");
                unreadable = unreadable.saturating_add(1);
            }
        }
    }
    Ok(known.saturating_add(unreadable))
}

/// The present `till.db` and those in quarantine, as far as they are there.
fn former_files(home: &Home) -> Result<Vec<PathBuf>, UpkeepError> {
    let quarantine = home.file("quarantine");
    let mut files = vec![home.till_db()];
    match fs::read_dir(&quarantine) {
        Ok(kept) => {
            for folder in kept {
                let folder = folder.map_err(UpkeepError::io(&quarantine))?;
                files.push(folder.path().join("till.db"));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(UpkeepError::io(&quarantine)(error)),
    }
    files.retain(|file| file.exists());
    Ok(files)
}

fn sync_file(path: &Path) -> Result<(), UpkeepError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(UpkeepError::io(path))
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { store, till, made_at, .. } = &self.manifest;
        writeln!(f, "Till {till} of store {store} is back as it was at {made_at}.")?;
        let last = self.manifest.last_receipt.as_deref().unwrap_or("none");
        writeln!(f, "The last receipt in it is {last}; later ones are not known to it.")?;
        if let Some(folder) = &self.set_aside {
            writeln!(f, "The files that were here are in {}", folder.display())?;
        }
        if self.must_enrol {
            writeln!(
                f,
                "It was one of a chain, and its keys are in no backup: `till enrol request`"
            )?;
            writeln!(f, "begins its enrolment anew; the authority grants it with --replace.")?;
        }
        writeln!(f, "The next `till run` begins receipt series {}.", self.known_series + 1)
    }
}
