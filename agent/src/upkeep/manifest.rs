//! `manifest.json`: what a backup holds, and how to know that it is whole.
//!
//! Written last and read first. Fields are only added; a newer `format` is refused. Called by
//! [`super::backup`] and [`super::restore`].

use super::UpkeepError;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";
/// The form that this version writes.
pub(super) const FORMAT: u32 = 1;
/// The longest manifest that is read, in bytes: a till has a handful of journals.
const MAX_BYTES: u64 = 1024 * 1024;
/// Bytes read at once to be hashed.
const CHUNK: usize = 64 * 1024;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The manifest's form, 1.
    pub format: u32,
    /// The version of Till that made it.
    pub till_version: String,
    /// When, in UTC.
    pub made_at: String,
    /// The store's id.
    pub store: String,
    /// The till's number.
    pub till: u16,
    /// The receipt series it was in.
    pub series: u32,
    /// The last receipt in it, as printed.
    pub last_receipt: Option<String>,
    /// Its files.
    pub files: Vec<BackupFile>,
    /// Where each journal ended.
    pub journals: Vec<BackupJournal>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its name in the folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its schema's version.
    pub schema: u32,
}

/// Where a journal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupJournal {
    /// The replica that wrote it, in hex.
    pub replica: String,
    /// Its receipt series.
    pub series: Option<u32>,
    /// The last sequence.
    pub seq: u64,
    /// The last entry's hash, in hex.
    pub hash: String,
}

impl Manifest {
    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// When it is missing, no manifest, or of a newer form.
    pub fn read(folder: &Path) -> Result<Self, UpkeepError> {
        let refused =
            |detail: String| UpkeepError::NotABackup { folder: folder.to_owned(), detail };
        let path = folder.join(MANIFEST);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(refused(format!("has no {MANIFEST}, so it is no finished backup")));
            }
            opened => opened.map_err(UpkeepError::io(&path))?,
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(UpkeepError::io(&path))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refused(format!("its {MANIFEST} is longer than {MAX_BYTES} bytes")));
        }
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| refused(format!("its {MANIFEST} cannot be read ({error})")))?;
        if manifest.format > FORMAT {
            let detail = format!(
                "was made by Till {}, which is newer; install that version",
                manifest.till_version
            );
            return Err(refused(detail));
        }
        Ok(manifest)
    }

    /// The file with this name.
    ///
    /// # Errors
    /// When the manifest does not list it.
    pub(super) fn file(&self, folder: &Path, name: &str) -> Result<&BackupFile, UpkeepError> {
        self.files.iter().find(|file| file.name == name).ok_or_else(|| UpkeepError::NotABackup {
            folder: folder.to_owned(),
            detail: format!("its {MANIFEST} does not list {name}"),
        })
    }
}

/// Size and SHA-256 of a file, in hex.
pub(super) fn hash_file(path: &Path) -> Result<(u64, String), UpkeepError> {
    let mut file = File::open(path).map_err(UpkeepError::io(path))?;
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut chunk).map_err(UpkeepError::io(path))?;
        if read == 0 {
            break;
        }
        context.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    let hex = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hex))
}
