//! The emulated scanner's serial line: a pty behind a symlink that stays.
//!
//! The link's name goes into the till's configuration, while the pty's own changes with every
//! start.

use super::error::EmulateError;
use drivers::scanner::emulator::ScannerEmulator;
use rustix::fs::{Mode, OFlags};
use rustix::termios::ioctl_tiocnxcl;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A line that takes nothing for so long is full: nobody reads it.
const FULL_AFTER: Duration = Duration::from_secs(1);

/// The longest code a scanner types.
const MAX_CODE_BYTES: usize = 256;

/// A scanner on a pty.
#[derive(Debug)]
pub(super) struct Scanner {
    scanner: ScannerEmulator,
    /// The till's end, held open: a till that was killed leaves its lock on the line, which only
    /// someone who has it open can take off.
    line: OwnedFd,
    link: PathBuf,
}

impl Scanner {
    /// A scanner that a till opens at `link`. Must be called within a tokio runtime.
    pub(super) fn at(link: PathBuf) -> Result<Self, EmulateError> {
        let (scanner, path) = ScannerEmulator::pty().map_err(EmulateError::Pty)?;
        let line = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())
            .map_err(|error| EmulateError::Pty(error.into()))?;
        make_way(&link)?;
        symlink(&path, &link).map_err(EmulateError::folder(&link))?;
        Ok(Self { scanner, line, link })
    }

    /// Where the till opens it.
    pub(super) fn link(&self) -> &Path {
        &self.link
    }

    /// Lets the next till open the line, whatever became of the last.
    pub(super) fn unlock(&self) {
        // A line that cannot be unlocked is met by the till, which says so.
        ioctl_tiocnxcl(&self.line).ok();
    }

    /// Scans a code.
    pub(super) async fn scan(&mut self, identifier: &str, code: &str) -> Result<(), String> {
        if code.len() + identifier.len() > MAX_CODE_BYTES {
            return Err(format!("a code has at most {MAX_CODE_BYTES} bytes"));
        }
        match tokio::time::timeout(FULL_AFTER, self.scanner.scan(identifier, code)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the scanner's line is broken: {error}")),
            Err(_) => Err("nobody reads the scanner's line: is the till running?".to_owned()),
        }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        fs::remove_file(&self.link).ok();
    }
}

/// Takes away a link of an earlier run, and nothing else.
fn make_way(link: &Path) -> Result<(), EmulateError> {
    match fs::symlink_metadata(link) {
        Ok(found) if found.is_symlink() => {
            fs::remove_file(link).map_err(EmulateError::folder(link))
        }
        Ok(_) => Err(EmulateError::InTheWay(link.to_owned())),
        Err(_) => Ok(()),
    }
}
