//! What one shim knows: counts, the recording under way, the armed fault; and around each call
//! to the default VFS, what is counted, recorded or refused. No `unsafe` and no C types but
//! result codes: `ffi` hands each real call in as a closure.

use super::counters::{Counters, LiveCounts};
use super::fault::{Fault, FaultOn, Faults};
use super::recording::Recording;
use rusqlite::ffi;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The kinds of file that SQLite's Unix VFS syncs the directory for, at their first sync.
const DIRECTORY_SYNCED: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// The kinds of file that outlive their connection, and so a power cut.
const LASTING: c_int = DIRECTORY_SYNCED | ffi::SQLITE_OPEN_MAIN_DB;

/// The name that temporary files are counted under.
const TEMPORARY: &str = "(temporary)";

/// One shim's state, shared by its handle, its VFS and its open files.
#[derive(Debug, Default)]
pub(super) struct State {
    counts: Mutex<BTreeMap<String, Arc<LiveCounts>>>,
    recording: Mutex<Option<Recording>>,
    faults: Mutex<Faults>,
}

impl State {
    pub(super) fn counters(&self) -> Counters {
        let counts = lock(&self.counts);
        let files = counts.iter().map(|(name, live)| (name.clone(), live.snapshot()));
        Counters { files: files.collect() }
    }

    pub(super) fn set_recording(&self, recording: Option<Recording>) {
        *lock(&self.recording) = recording;
    }

    pub(super) fn arm(&self, fault: Option<Fault>) {
        lock(&self.faults).arm(fault);
    }

    pub(super) fn faults_fired(&self) -> u64 {
        lock(&self.faults).fired()
    }

    /// Opens a file by `open`, and says what to know about it. `path` is `None` for a temporary
    /// file without a name; `flags` are those of `sqlite3_open_v2`.
    pub(super) fn open(
        self: &Arc<Self>,
        path: Option<&Path>,
        flags: c_int,
        open: impl FnOnce() -> c_int,
    ) -> Result<OpenFile, c_int> {
        let path = path.filter(|_| flags & LASTING != 0);
        self.open_recorded(path, open)?;
        let name = path.and_then(Path::file_name);
        let name = name.map_or_else(|| TEMPORARY.to_owned(), |n| n.to_string_lossy().into_owned());
        let counts = Arc::clone(lock(&self.counts).entry(name.clone()).or_default());
        let directory_due = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & DIRECTORY_SYNCED != 0;
        Ok(OpenFile {
            state: Arc::clone(self),
            counts,
            name,
            path: path.map(Path::to_owned),
            directory_due: AtomicBool::new(directory_due),
        })
    }

    /// Opens under the log's lock, so that whether the file was there before is certain.
    fn open_recorded(
        &self,
        path: Option<&Path>,
        open: impl FnOnce() -> c_int,
    ) -> Result<(), c_int> {
        let recording = lock(&self.recording).clone();
        let target = recording.as_ref().zip(path);
        let target =
            target.and_then(|(recording, path)| Some((recording, recording.relative(path)?)));
        let Some((recording, relative)) = target else {
            return accepted(open());
        };
        let full = path.unwrap_or(relative);
        let mut log = recording.log();
        let before = match (full.exists(), log.knows(relative)) {
            (false, _) => None,
            (true, true) => Some(Vec::new()),
            (true, false) => Some(std::fs::read(full).map_err(|_| ffi::SQLITE_IOERR_READ)?),
        };
        accepted(open())?;
        log.opened(relative, before);
        Ok(())
    }

    /// Deletes `path` by `delete`; `directory` says whether the directory is synced as well.
    pub(super) fn delete(
        &self,
        path: &Path,
        directory: bool,
        delete: impl FnOnce() -> c_int,
    ) -> c_int {
        let recording = lock(&self.recording).clone();
        let Some(recording) = recording else {
            return delete();
        };
        let mut log = recording.log();
        let code = delete();
        if let (ffi::SQLITE_OK, Some(relative)) = (code, recording.relative(path)) {
            log.deleted(relative, directory);
        }
        code
    }
}

/// What the shim knows about one open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    state: Arc<State>,
    counts: Arc<LiveCounts>,
    name: String,
    /// `None` for a temporary file: neither recorded nor failed.
    path: Option<PathBuf>,
    /// Whether the next sync is the one that syncs the directory too.
    directory_due: AtomicBool,
}

impl OpenFile {
    pub(super) fn read(&self, bytes: usize) {
        self.counts.read(bytes);
    }

    /// Writes by `write`, unless the armed fault strikes.
    pub(super) fn write(&self, bytes: &[u8], offset: i64, write: impl FnOnce() -> c_int) -> c_int {
        if let Some(code) = self.fault(FaultOn::Write) {
            return code;
        }
        let code = write();
        if code == ffi::SQLITE_OK {
            self.counts.wrote(bytes.len());
            if let (Some((recording, path)), Ok(offset)) = (self.recorded(), offset.try_into()) {
                let relative = recording.relative(path).unwrap_or(path);
                recording.log().wrote(relative, offset, bytes);
            }
        }
        code
    }

    /// Sets the length by `truncate`.
    pub(super) fn truncate(&self, size: i64, truncate: impl FnOnce() -> c_int) -> c_int {
        let code = truncate();
        if let (ffi::SQLITE_OK, Ok(size)) = (code, size.try_into())
            && let Some((recording, path)) = self.recorded()
        {
            let relative = recording.relative(path).unwrap_or(path);
            recording.log().truncated(relative, size);
        }
        code
    }

    /// Syncs by `sync`, unless the armed fault strikes. What other threads write meanwhile is
    /// not taken to be covered.
    pub(super) fn sync(&self, sync: impl FnOnce() -> c_int) -> c_int {
        if let Some(code) = self.fault(FaultOn::Sync) {
            return code;
        }
        let recorded = self.recorded();
        let covers = recorded.as_ref().map_or(0, |(recording, _)| recording.len());
        let code = sync();
        if code == ffi::SQLITE_OK {
            self.counts.synced();
            let directory = self.directory_due.swap(false, Ordering::Relaxed);
            if let Some((recording, path)) = recorded {
                let relative = recording.relative(path).unwrap_or(path);
                recording.log().synced(relative, covers, directory);
            }
        }
        code
    }

    fn fault(&self, on: FaultOn) -> Option<c_int> {
        self.path.as_ref()?;
        lock(&self.state.faults).hit(on, &self.name)
    }

    /// The recording under way, with this file's path; the log ignores names it does not know.
    fn recorded(&self) -> Option<(Recording, &Path)> {
        let path = self.path.as_deref()?;
        Some((lock(&self.state.recording).clone()?, path))
    }
}

/// A panic elsewhere leaves these maps whole, so a poisoned lock is as good as a healthy one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accepted(code: c_int) -> Result<(), c_int> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
}
