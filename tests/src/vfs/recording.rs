//! A recording: the log behind a lock, with what tests ask of it. The shim's state appends to
//! it while connections work; tests mark it, then cut it.

use super::cut::{self, Image};
use super::log::{Log, MAX_LOG_BYTES, Op};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle on a recording; clones share it, from any thread.
#[derive(Debug, Clone)]
pub struct Recording {
    root: Arc<Path>,
    log: Arc<Mutex<Log>>,
}

impl Recording {
    pub(super) fn start(root: &Path) -> io::Result<Self> {
        // SQLite hands the VFS real paths, so the root must be one as well.
        let root: PathBuf = root.canonicalize()?;
        let log = Log::of_folder(&root)?;
        Ok(Self { root: root.into(), log: Arc::new(Mutex::new(log)) })
    }

    /// Notes that the client has now been told about act `label`: an image cut anywhere after
    /// must show it.
    pub fn mark(&self, label: u64) {
        self.log().mark(label);
    }

    /// How many effects and marks there are: the last position to cut at.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log().ops.len()
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The positions worth cutting at, in order: the start, and after each effect and the marks
    /// that follow it. Between an effect and its marks nothing differs but what is asked.
    #[must_use]
    pub fn positions(&self) -> Vec<usize> {
        let log = self.log();
        (0..=log.ops.len()).filter(|at| !matches!(log.ops.get(*at), Some(Op::Mark(_)))).collect()
    }

    /// The labels marked before position `at`, in order.
    #[must_use]
    pub fn marks_before(&self, at: usize) -> Vec<u64> {
        let log = self.log();
        let marks = log.ops.iter().take(at).filter_map(|op| match op {
            Op::Mark(label) => Some(*label),
            _ => None,
        });
        marks.collect()
    }

    /// The last effect before a cut at `at`, in words, for a failing test's message.
    #[must_use]
    pub fn describe(&self, at: usize) -> String {
        let log = self.log();
        let op = at.checked_sub(1).and_then(|last| log.ops.get(last));
        let name = |file: &usize| {
            log.files.get(*file).map_or_else(String::new, |file| file.path.display().to_string())
        };
        match op {
            None => "at the start".to_owned(),
            Some(Op::Create { file, .. }) => format!("after creating {}", name(file)),
            Some(Op::Write { file, offset, bytes }) => {
                format!("after writing {} bytes at {offset} of {}", bytes.len(), name(file))
            }
            Some(Op::Truncate { file, size }) => {
                format!("after truncating {} to {size}", name(file))
            }
            Some(Op::Sync { file, .. }) => format!("after syncing {}", name(file)),
            Some(Op::Delete { file, .. }) => format!("after deleting {}", name(file)),
            Some(Op::Mark(label)) => format!("after mark {label}"),
        }
    }

    /// The files that a power cut at position `at` may leave, by the `seed`; the module's
    /// documentation holds the model.
    ///
    /// # Errors
    /// `FileTooLarge` when the recording outgrew its bound, `InvalidInput` when it has no
    /// position `at`.
    pub fn image(&self, at: usize, seed: u64) -> io::Result<Image> {
        let log = self.log();
        if log.overflowed() {
            let text = format!("the recording outgrew {MAX_LOG_BYTES} bytes: record less");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let Some(issued) = log.ops.get(..at) else {
            let text = format!("position {at} is beyond the recording's {}", log.ops.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        Ok(cut::image(&log.files, issued, seed))
    }

    /// Writes that image into the folder `into`, which is made when missing and must be empty
    /// (a left-over log or shared memory would falsify it). Open it with the ordinary VFS.
    ///
    /// # Errors
    /// Those of [`Recording::image`], `DirectoryNotEmpty`, and those of writing files.
    pub fn cut(&self, at: usize, seed: u64, into: &Path) -> io::Result<()> {
        std::fs::create_dir_all(into)?;
        if std::fs::read_dir(into)?.next().is_some() {
            let text = format!("{} is not empty: cut into a fresh folder", into.display());
            return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, text));
        }
        for (path, bytes) in self.image(at, seed)? {
            let target = into.join(path);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(target, bytes)?;
        }
        Ok(())
    }

    /// `path` below the recording's root, or `None` for a file outside of it.
    pub(super) fn relative<'path>(&self, path: &'path Path) -> Option<&'path Path> {
        path.strip_prefix(&self.root).ok()
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
