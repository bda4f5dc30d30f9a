//! Which file a name leads to, and a gate that keeps it so for a moment.
//!
//! A catalogue is replaced whole, by renaming another over it while connections to it are open.
//! SQLite finds a file's log by its name, so nobody may open a database between the steps of a
//! rename: whoever opens passes the [`Gate`], whoever renames closes it. A connection that was open
//! before goes on reading what it has, and learns by its [`Place`] that the name leads elsewhere.

use super::StoreError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// How long between two looks whether the gate is open; it is closed for some milliseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How many looks there are: together as long as a statement waits for a lock.
const LOOKS: u32 = 2_500;

/// A file, whatever name it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    /// The file that a name leads to; `None` when there is none to be seen.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let found = fs::metadata(file).ok()?;
        Some(Self { device: found.dev(), inode: found.ino() })
    }

    /// Whether the name leads to another file than it did before a connection was opened. Look
    /// before it is opened: then a rename in between costs no more than opening once too often.
    /// While a connection is open its file stays, so no other can be taken for it.
    #[must_use]
    pub fn has_left(before: Option<Self>, file: &Path) -> bool {
        Self::of(file).is_some_and(|now| before != Some(now))
    }
}

/// Held while a file is opened, or while one is renamed over it.
#[derive(Debug)]
pub(in crate::store) struct Gate {
    _folder: Option<File>,
}

impl Gate {
    /// Passes: many may, while nobody renames.
    pub(in crate::store) fn pass(file: &Path) -> Result<Self, StoreError> {
        Self::hold(file, FlockOperation::NonBlockingLockShared)
    }

    /// Closes it, once everyone has passed.
    pub(in crate::store) fn close(file: &Path) -> Result<Self, StoreError> {
        Self::hold(file, FlockOperation::NonBlockingLockExclusive)
    }

    fn hold(file: &Path, how: FlockOperation) -> Result<Self, StoreError> {
        // A folder that can't be opened is told by whoever opens the file.
        let Ok(folder) = File::open(crate::home::folder_of(file)) else {
            return Ok(Self { _folder: None });
        };
        for _ in 0..LOOKS {
            if flock(&folder, how).is_ok() {
                return Ok(Self { _folder: Some(folder) });
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Err(StoreError::Busy { file: file.to_owned() })
    }
}
