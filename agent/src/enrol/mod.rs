//! Becoming one of the chain, on a till and on the machine that signs for tills.
//!
//! | module | holds |
//! | --- | --- |
//! | [`ask`] | `till enrol request`: what a till sends, and the key that stays here |
//! | [`accept`] | `till enrol accept`, `till enrol paper`: what came back, checked and taken up |
//! | [`show`] | `till enrol show`: who this till is |
//! | [`authority`] | `till authority`: a chain's own authority in a folder |
//! | [`topics`] | whether a chain's name can stand in a hub's topics |
//!
//! What the files say, and whether they hold, is `sync::enrol`'s; who is believed is
//! `sync::trust`'s. Called by the command line and the doctor.

pub mod accept;
pub mod ask;
pub mod authority;
mod error;
pub mod show;
#[cfg(test)]
mod tests;
pub mod topics;

pub use error::EnrolError;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Who a till says it is, by its configuration and its catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The store's code.
    pub store: String,
    /// Its name among the chain's things.
    pub thing: String,
    /// Its number in the store.
    pub number: u16,
}

/// Reads a file that somebody brought, of at most `limit` bytes.
///
/// # Errors
/// When it can't be read or is longer.
pub fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, EnrolError> {
    let failed = |source| EnrolError::Io { file: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(EnrolError::TooLong { file: path.to_owned(), limit });
    }
    Ok(bytes)
}
