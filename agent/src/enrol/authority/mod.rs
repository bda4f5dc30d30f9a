//! A chain's own authority, in a folder on one machine: for a chain without a hub.
//!
//! | file | holds |
//! | --- | --- |
//! | `root.key` | the seed of the root key, which all papers lead to |
//! | `ca.key`, `ca.pem` | the X.509 authority |
//! | `stores/CODE.key`, `.paper` | a store's key, made when its first till is enrolled, and its paper |
//! | `tills/THING.paper` | the tills that are enrolled: the register |
//! | `former/`, `revoked/` | papers of tills that were replaced or revoked, and the revocations |
//!
//! Whoever holds the folder can let any till into the chain. It belongs on a machine that is no
//! till, with a copy of it locked away: without it no till can be enrolled or revoked any more.
//! Called by the command line; the register is [`register`]'s.

mod grant;
mod register;
mod revoke;

pub use grant::{GrantOptions, GrantReport};
pub use register::{Listed, Listing};
pub use revoke::RevokeReport;

use super::EnrolError;
use crate::home::{HomeError, folder_of, replace_file, sync_folder, write_new};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use sync::enrol::{Authority, Term};
use sync::log::Seed;
use zeroize::Zeroizing;

/// How long the authority's own certificate is valid: longer than any till lives. It can't be
/// renewed without visiting every till.
const AUTHORITY_DAYS: i32 = 30 * 365;

/// How far back certificates begin, for tills whose clock is slow.
const SLOW_CLOCK: SignedDuration = SignedDuration::from_hours(24);

/// An authority's folder, held until it is dropped.
#[derive(Debug)]
pub struct AuthorityFolder {
    folder: PathBuf,
    authority: Authority,
    _lock: File,
}

impl AuthorityFolder {
    /// Makes a chain's authority in a folder that does not exist yet; it appears whole or not.
    ///
    /// # Errors
    /// When the folder is there, the name can't be a chain's, or a file can't be written.
    pub fn create(folder: &Path, chain: &str, now: Timestamp) -> Result<Self, EnrolError> {
        if folder.exists() {
            return Err(EnrolError::FolderThere(folder.to_owned()));
        }
        let term = term(now, AUTHORITY_DAYS);
        let (authority, secrets) = Authority::create(chain, term, &SystemRandom::new())?;
        let parent = folder_of(folder);
        let partial = tempfile::Builder::new()
            .prefix(".till-authority-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(io(parent))?;
        let within = |name: &str| partial.path().join(name);
        for name in ["stores", "tills", "former", "revoked"] {
            fs::create_dir(within(name)).map_err(io(&within(name)))?;
        }
        write_new(&within("root.key"), secrets.root.expose())?;
        write_new(&within("ca.key"), secrets.ca_key.as_bytes())?;
        replace_file(&within("ca.pem"), authority.ca().pem().as_bytes())?;
        let made = partial.keep();
        fs::rename(&made, folder).map_err(io(folder))?;
        sync_folder(parent)?;
        Self::open(folder)
    }

    /// Opens the one in a folder, and holds it.
    ///
    /// # Errors
    /// When there is none, another command holds it, or its secrets are of no use.
    pub fn open(folder: &Path) -> Result<Self, EnrolError> {
        let at = |name: &str| folder.join(name);
        let ca_pem = match fs::read_to_string(at("ca.pem")) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(EnrolError::NoAuthority(folder.to_owned()));
            }
            Err(error) => return Err(io(&at("ca.pem"))(error)),
        };
        let lock = lock(folder)?;
        let root = Seed::new(seed(&at("root.key"))?);
        let ca_key = secret(&at("ca.key"))?;
        let ca_key = Zeroizing::new(String::from_utf8_lossy(&ca_key).into_owned());
        let authority = Authority::load(&root, &ca_key, &ca_pem)?;
        Ok(Self { folder: folder.to_owned(), authority, _lock: lock })
    }

    /// The authority.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    fn file(&self, folder: &str, name: &str) -> PathBuf {
        self.folder.join(folder).join(name)
    }
}

/// Certificates know whole seconds.
fn term(now: Timestamp, days: i32) -> Term {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let lasts = SignedDuration::from_hours(24 * i64::from(days));
    Term {
        from: now.checked_sub(SLOW_CLOCK).unwrap_or(now),
        until: now.checked_add(lasts).unwrap_or(Timestamp::MAX),
    }
}

fn lock(folder: &Path) -> Result<File, EnrolError> {
    let path = folder.join("authority.lock");
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(io(&path))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(EnrolError::InUse(folder.to_owned())),
    }
}

/// A secret that only its owner can read.
fn secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, EnrolError> {
    let found = fs::metadata(path).map_err(io(path))?;
    if found.mode() & 0o077 != 0 {
        return Err(EnrolError::Exposed(path.to_owned()));
    }
    Ok(Zeroizing::new(fs::read(path).map_err(io(path))?))
}

fn seed(path: &Path) -> Result<[u8; 32], EnrolError> {
    let bytes = secret(path)?;
    let bytes = bytes.as_slice().try_into();
    bytes.map_err(|_| HomeError::BadSecret(path.to_owned()).into())
}

fn io(file: &Path) -> impl FnOnce(std::io::Error) -> EnrolError + use<> {
    let file = file.to_owned();
    move |source| EnrolError::Io { file, source }
}
