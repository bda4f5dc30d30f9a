//! Failing writes and syncs: a full disk, a dying disk. The shim's state asks before it passes
//! a call on; the failed call never reaches the disk, nor a recording.

use rusqlite::ffi;
use std::ffi::c_int;

/// A fault to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which calls fail.
    pub on: FaultOn,
    /// The first call that fails, counted from the arming: 1 is the next. 0 means 1.
    pub nth: u64,
    /// Whether every later such call fails as well (a full disk stays full).
    pub lasting: bool,
    /// What SQLite is told.
    pub error: DiskError,
    /// Only files whose name ends so (`-wal`, `catalogue.db`); empty means every file.
    pub file_suffix: String,
}

/// The calls a fault can hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultOn {
    /// Writes to a file.
    Write,
    /// Syncs of a file.
    Sync,
}

/// How the disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskError {
    /// No room left: `SQLITE_FULL`.
    Full,
    /// The device refuses: `SQLITE_IOERR_WRITE` or `SQLITE_IOERR_FSYNC`.
    Io,
}

/// The armed fault and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Option<Fault>,
    seen: u64,
    fired: u64,
}

impl Faults {
    pub(super) fn arm(&mut self, fault: Option<Fault>) {
        if fault.is_some() {
            self.fired = 0;
        }
        self.seen = 0;
        self.armed = fault;
    }

    pub(super) fn fired(&self) -> u64 {
        self.fired
    }

    /// The error code to answer a call with instead of passing it on, if the fault hits it.
    pub(super) fn hit(&mut self, on: FaultOn, file_name: &str) -> Option<c_int> {
        let fault = self.armed.as_ref().filter(|fault| fault.on == on)?;
        if !file_name.ends_with(&fault.file_suffix) {
            return None;
        }
        self.seen += 1;
        let first = fault.nth.max(1);
        if self.seen < first || (self.seen > first && !fault.lasting) {
            return None;
        }
        self.fired += 1;
        Some(match (fault.error, on) {
            (DiskError::Full, _) => ffi::SQLITE_FULL,
            (DiskError::Io, FaultOn::Write) => ffi::SQLITE_IOERR_WRITE,
            (DiskError::Io, FaultOn::Sync) => ffi::SQLITE_IOERR_FSYNC,
        })
    }
}
