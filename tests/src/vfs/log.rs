//! The ordered log of effects that a power cut can lose. `recording` fills it under its lock;
//! `cut` reads it. Plain data: no I/O but reading what was there before SQLite.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes a recording may hold. A scripted day of sales writes some tens of megabytes;
/// beyond this the workload is not one for cutting, and the images are refused.
pub(super) const MAX_LOG_BYTES: usize = 256 * 1024 * 1024;

/// Folders deeper than this below the root are not looked into at the start.
const MAX_DEPTH: usize = 4;

/// A file's identity: a name deleted and created again is another file.
pub(super) type FileId = usize;

/// One effect, or a mark between effects.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// A name came to be. `found` holds the contents that were there without SQLite: durable.
    Create { file: FileId, found: Option<Arc<[u8]>> },
    /// Bytes were written.
    Write { file: FileId, offset: usize, bytes: Arc<[u8]> },
    /// The length was set.
    Truncate { file: FileId, size: usize },
    /// A sync completed; it covers the effects logged before it began, at index `covers`.
    Sync { file: FileId, covers: usize, directory: bool },
    /// The name was removed; `directory` says whether the directory was synced then.
    Delete { file: FileId, directory: bool },
    /// The test's own mark.
    Mark(u64),
}

/// A file of the log.
#[derive(Debug)]
pub(super) struct LoggedFile {
    /// Where it stands, relative to the recording's root.
    pub(super) path: PathBuf,
    /// What it held when the recording began; `None` if it was not there.
    pub(super) base: Option<Arc<[u8]>>,
}

/// The log with its files.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) files: Vec<LoggedFile>,
    pub(super) ops: Vec<Op>,
    /// Which file each existing name stands for now.
    live: BTreeMap<PathBuf, FileId>,
    bytes: usize,
}

impl Log {
    /// A log that begins with the files under `root`.
    pub(super) fn of_folder(root: &Path) -> io::Result<Self> {
        let mut log = Self::default();
        log.adopt_folder(root, root, 0)?;
        Ok(log)
    }

    fn adopt_folder(&mut self, root: &Path, folder: &Path, depth: usize) -> io::Result<()> {
        let mut entries = std::fs::read_dir(folder)?
            .map(|e| e.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        for path in entries {
            let shared_memory = path.to_string_lossy().ends_with("-shm");
            if path.is_dir() && depth < MAX_DEPTH {
                self.adopt_folder(root, &path, depth + 1)?;
            } else if path.is_file() && !shared_memory {
                let base = std::fs::read(&path)?;
                let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                self.bytes += base.len();
                self.add_file(relative, Some(base.into()));
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: PathBuf, base: Option<Arc<[u8]>>) -> FileId {
        let id = self.files.len();
        self.live.insert(path.clone(), id);
        self.files.push(LoggedFile { path, base });
        id
    }

    /// Whether the log grew beyond [`MAX_LOG_BYTES`]; from then on it is incomplete.
    pub(super) fn overflowed(&self) -> bool {
        self.bytes > MAX_LOG_BYTES
    }

    fn push(&mut self, op: Op, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(size_of::<Op>());
        if !self.overflowed() {
            self.ops.push(op);
        }
    }

    pub(super) fn mark(&mut self, label: u64) {
        self.push(Op::Mark(label), 0);
    }

    /// Whether `path` stands for a file of the log now.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.live.contains_key(path)
    }

    /// SQLite opened `path`. `before` holds what stood there just before: `None` for nothing.
    pub(super) fn opened(&mut self, path: &Path, before: Option<Vec<u8>>) {
        let known = self.live.get(path).copied();
        match (known, before) {
            (Some(_), Some(_)) => {}
            (Some(file), None) => {
                // Deleted behind SQLite's back, and created anew now.
                self.push(Op::Delete { file, directory: false }, 0);
                self.created(path, None);
            }
            (None, before) => self.created(path, before.map(Arc::from)),
        }
    }

    fn created(&mut self, path: &Path, found: Option<Arc<[u8]>>) {
        let bytes = found.as_ref().map_or(0, |found| found.len());
        let file = self.add_file(path.to_owned(), None);
        self.push(Op::Create { file, found }, bytes);
    }

    pub(super) fn wrote(&mut self, path: &Path, offset: usize, bytes: &[u8]) {
        if let Some(&file) = self.live.get(path) {
            self.push(Op::Write { file, offset, bytes: bytes.into() }, bytes.len());
        }
    }

    pub(super) fn truncated(&mut self, path: &Path, size: usize) {
        if let Some(&file) = self.live.get(path) {
            self.push(Op::Truncate { file, size }, 0);
        }
    }

    pub(super) fn synced(&mut self, path: &Path, covers: usize, directory: bool) {
        if let Some(&file) = self.live.get(path) {
            self.push(Op::Sync { file, covers, directory }, 0);
        }
    }

    pub(super) fn deleted(&mut self, path: &Path, directory: bool) {
        if let Some(file) = self.live.remove(path) {
            self.push(Op::Delete { file, directory }, 0);
        }
    }
}
