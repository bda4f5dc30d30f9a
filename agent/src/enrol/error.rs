//! What can go wrong while a till is enrolled, on either side.

use crate::home::HomeError;
use crate::store::till::TillStoreError;
use crate::upkeep::UpkeepError;
use std::path::PathBuf;
use sync::enrol::{AuthorityError, BundleError, RequestError};
use sync::trust::PaperError;

/// A failure of enrolment.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A file or folder.
    #[error("{}: {source}. Check the path, and that it may be read and written", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file far too long to be what it should be.
    #[error("{}: has more than {limit} bytes, so it is not the right file", file.display())]
    TooLong {
        /// The file.
        file: PathBuf,
        /// What is read at most.
        limit: usize,
    },
    /// The till's folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// `till.db`.
    #[error(transparent)]
    Store(#[from] TillStoreError),
    /// A backup.
    #[error(transparent)]
    Backup(#[from] UpkeepError),
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A paper.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The till is running.
    #[error("this till is running: stop it, run this again, and start it. Nothing was changed")]
    Running,
    /// Nothing was asked for on this till.
    #[error("this till has asked for nothing: run `till enrol request` first")]
    NoRequest,
    /// What is known here says that the till may no longer be enrolled with its keys.
    #[error(
        "papers that this till holds speak against the bundle: its key was revoked, or a newer bundle was made since. Take the newest bundle, or ask whoever runs the chain's authority"
    )]
    Outdated,
    /// The till is in no chain.
    #[error("this till is in no chain yet: run `till enrol accept` with its bundle first")]
    NotEnrolled,
    /// A paper by somebody who may not issue it.
    #[error("the paper is by {0}, who may not say such a thing in this till's chain")]
    NotTheirs(String),
    /// A paper that can't be kept.
    #[error("the paper was not taken up: {0}")]
    NotTaken(String),
    /// The folder of a new authority is there already.
    #[error("{}: is there already. A new authority needs a folder that does not exist yet", .0.display())]
    FolderThere(PathBuf),
    /// The folder holds no authority.
    #[error("{}: holds no chain's authority (no ca.pem). Make one with `till authority new`", .0.display())]
    NoAuthority(PathBuf),
    /// Another command works in the folder.
    #[error("{}: another command works in this authority's folder. Wait for it, then try again", .0.display())]
    InUse(PathBuf),
    /// A secret that others can read.
    #[error("{file}: can be read by others. Run `chmod 600 {file}`", file = .0.display())]
    Exposed(PathBuf),
    /// A paper in the folder is no till's.
    #[error("{}: {detail}. Put the right file back, or move it away", file.display())]
    BadRegister {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Somebody else has the thing or the number.
    #[error(
        "{wanted} can't be enrolled: {held} has {what} already. If that till is gone for good, add --replace; if it was stolen, run `till authority revoke` first"
    )]
    Held {
        /// The till that asks.
        wanted: String,
        /// The till that is there.
        held: String,
        /// What both have.
        what: &'static str,
    },
    /// The key was revoked.
    #[error(
        "the key of this till's journal was revoked, and never counts again: set the till's folder up anew, or restore its backup without till.key, and make a new request"
    )]
    RevokedKey,
    /// No till of that name.
    #[error(
        "{0}: no till of this name is enrolled here. `till authority list` shows those that are"
    )]
    NoSuchTill(String),
    /// A backup of another till.
    #[error("{}: is a backup of till {till} of store {store}, not of the one to revoke", folder.display())]
    OtherBackup {
        /// The backup.
        folder: PathBuf,
        /// Its store.
        store: String,
        /// Its till.
        till: u16,
    },
}
