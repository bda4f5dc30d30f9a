//! Who may use the till: PINs, lock-outs, log-ins.
//!
//! [`Auth`] checks a PIN against its verifier in `till.db`, one at a time, and counts wrong ones
//! there, so that a restart forgets none. Log-ins live in memory only: a restart ends them. What
//! a person may do is decided by `commerce::staff` and the till loop. Called by `crate::http`;
//! [`make_verifier`] also by `till import staff`.

mod attempts;
mod book;
mod sessions;
mod setup;
mod verifier;

pub use attempts::{FREE_ATTEMPTS, LONGEST_LOCK, lock_after};
pub use book::{Auth, PinHolder};
pub use sessions::{MAX_SESSIONS, Opened, Session, Sessions};
pub use setup::Setup;
pub use verifier::{made_with, make_verifier};

use crate::runtime::LoopError;
use crate::store::till::TillStoreError;
use commerce::staff::StaffId;

/// Why someone is not let in, or a PIN is not changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Nobody by that number, no PIN set, or another PIN: always the same answer.
    #[error("the staff number or the PIN is wrong")]
    Wrong,
    /// The PIN was set under a pepper that is gone: nothing matches it any more.
    #[error(
        "the PIN of staff {0} cannot be checked any more: its secret file (pin.pepper) was replaced. An administrator sets the PIN anew"
    )]
    Unusable(StaffId),
    /// Too many wrong PINs.
    #[error(
        "too many wrong PINs: try again in {seconds} seconds, or ask an administrator to reset the PIN"
    )]
    Locked {
        /// Seconds until the next attempt is looked at.
        seconds: u64,
    },
    /// Too many wait for their PIN to be checked.
    #[error("too many log-ins at once: try again shortly")]
    Busy,
    /// Not a PIN.
    #[error("a PIN has 4 to 8 digits")]
    BadPin,
    /// Nobody by that number is on the list.
    #[error("staff {0} is not on the list of this store")]
    UnknownStaff(String),
    /// The set-up code is wrong or was used.
    #[error(
        "the set-up code is wrong or was used: it stands in the agent's log, each start makes a new one"
    )]
    BadCode,
    /// The first PIN must be an administrator's.
    #[error("staff {0} is not an administrator: the first PIN is an administrator's")]
    NotAdministrator(String),
    /// A PIN was set already.
    #[error("PINs are set already: an administrator sets the others")]
    SetUpAlready,
    /// The verifier could not be computed.
    #[error("the PIN could not be checked: {0}")]
    Hash(String),
    /// The loop is busy or stopping.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// `till.db` failed.
    #[error(transparent)]
    Store(#[from] TillStoreError),
}
