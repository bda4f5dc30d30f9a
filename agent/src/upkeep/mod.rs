//! Looking after a till: its journal, its backups, its health.
//!
//! | module | holds |
//! | --- | --- |
//! | [`verify`] | `till journal verify`: seals, receipt numbers, Zs, and the state against a rebuild |
//! | [`export`] | `till journal export`: the journal as JSON Lines or CSV |
//! | [`rebuild`] | `till journal rebuild`: the state folded again |
//! | [`backup`], [`restore`] | `till backup`, `till restore`, and what a backup holds |
//! | [`anew`] | `till restore --without-backup`: a new journal where the old one is lost |
//! | [`doctor`] | `till doctor`: what is wrong, and what to do |
//! | [`devices`] | `till devices`: asked from a running till, else from the devices themselves |
//!
//! Every function returns a report that serialises to JSON and displays as text; long work tells
//! its [`Progress`]. Called by the command line. SQL is left to `crate::store`.

pub mod anew;
pub mod backup;
pub mod devices;
pub mod doctor;
mod error;
pub mod export;
mod manifest;
pub mod rebuild;
pub mod restore;
#[cfg(test)]
pub(crate) mod tests;
pub mod verify;

pub use error::UpkeepError;
pub use manifest::{BackupFile, BackupJournal, MANIFEST, Manifest};

use crate::home::Home;
use sync::store::Witness;

/// How far long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, such as `verifying`.
    pub what: &'static str,
    /// Units done: entries, pages or bytes.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}

/// What hears of progress.
pub type Watch<'a> = &'a mut dyn FnMut(Progress);

/// What the till last wrote down about its journal, beside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// No witness.
    Nothing,
    /// A witness that cannot be read, and why.
    Unreadable(String),
    /// What a restore leaves: it agrees with no database.
    Restored,
    /// A witness.
    Witness(Witness),
}

/// Reads the witness. Read it before the database: a running till may write it anew at any time,
/// and then it is ahead of what was read.
fn seen(home: &Home) -> Result<Seen, UpkeepError> {
    let file = home.file("till.witness");
    match std::fs::read(&file) {
        Ok(bytes) => Ok(match Witness::decode(&bytes) {
            Ok(witness) if witness.head.replica == restore::RESTORED.replica => Seen::Restored,
            Ok(witness) => Seen::Witness(witness),
            Err(error) => Seen::Unreadable(error.to_string()),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Seen::Nothing),
        Err(error) => Err(UpkeepError::io(&file)(error)),
    }
}
