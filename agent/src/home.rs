//! The till's folder: its files, who may use it, and whether it is still the till it was.
//!
//! | file | holds |
//! | --- | --- |
//! | `till.db`, `catalogue.db` | the store |
//! | `till.key` | the seed of the key that seals the journal; never in a backup |
//! | `pin.pepper` | without which no PIN can be guessed from the database; never in a backup |
//! | `tls.key` | the private key of the till's connections; never in a backup |
//! | `tls.pem`, `chain.pem`, `chain.root` | once it was enrolled: its certificate, the chain's authority, and who it is |
//! | `till.witness` | where the journal was, on which machine: tells a restored or copied folder |
//! | `till.lock` | held while a till runs |
//! | `quarantine/` | damaged files, set aside and never deleted |
//! | `backups/` | where `till backup` writes by default |

mod error;
mod identity;
mod machine;
mod secret;

pub use error::HomeError;
pub use identity::{Enrolment, Identity};
pub use machine::{machine_at, wall_clock};
pub use secret::write_new;

use crate::store::catalogue::Catalogue;
use crate::store::open::{OpenOptions, StoreError};
use crate::store::till::{Head, NewSeries, Opened, TillStore, TillStoreError};
use crate::till::{DiskRoom, Effect, Room, Settings, Till};
use commerce::fact::SeriesReason;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use sync::log::{ReplicaId, SealingKey};
use sync::store::{Chain, Machine, Verdict, Witness, judge};

/// The build's date in Unix milliseconds: no clock of a till is ever before it. 2026-11-01.
pub const BUILD_MS: u64 = 1_793_491_200_000;

/// Paths in a till's folder.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// The folder, made when it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn at(folder: &Path) -> Result<Self, HomeError> {
        fs::create_dir_all(folder).map_err(io(folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `till.db`.
    #[must_use]
    pub fn till_db(&self) -> PathBuf {
        self.file("till.db")
    }

    /// `catalogue.db`.
    #[must_use]
    pub fn catalogue_db(&self) -> PathBuf {
        self.file("catalogue.db")
    }

    /// Takes the folder for a running till; held until the result is dropped.
    ///
    /// # Errors
    /// [`HomeError::InUse`] when another process holds it.
    pub fn lock(&self) -> Result<Lock, HomeError> {
        let path = self.file("till.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io(&path))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file }),
            Err(_) => Err(HomeError::InUse(self.folder.clone())),
        }
    }

    /// The secret that PINs are verified with, made at the first call.
    ///
    /// # Errors
    /// When the file cannot be read or made.
    pub fn pepper(&self) -> Result<[u8; 32], HomeError> {
        secret::load_or_make(&self.file("pin.pepper"))
    }

    /// The key that seals this till's log, made at the first call.
    ///
    /// # Errors
    /// When the file cannot be read or made.
    pub fn sealing_key(&self) -> Result<SealingKey, HomeError> {
        let path = self.file("till.key");
        let seed = sync::log::Seed::new(secret::load_or_make(&path)?);
        SealingKey::from_seed(&seed).map_err(|_| HomeError::BadSecret(path))
    }

    /// The store's PIN pepper where its file is right; nothing is made.
    #[must_use]
    pub fn known_pepper(&self) -> Option<[u8; 32]> {
        fs::read(self.file("pin.pepper")).ok()?.try_into().ok()
    }

    /// Opens `catalogue.db`; a damaged one is set aside.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn catalogue(&self) -> Result<Catalogue, HomeError> {
        self.catalogue_under(None)
    }

    fn catalogue_under(&self, lock: Option<&Lock>) -> Result<Catalogue, HomeError> {
        let path = self.catalogue_db();
        Catalogue::open(&OpenOptions::new(&path))
            .map_err(|error| self.quarantine_if_corrupt(&path, error, lock))
    }

    /// Opens `till.db` as the till it is; under a [`Lock`] a restored or copied one begins a new
    /// series.
    ///
    /// # Errors
    /// When it cannot be opened, or is not this till's any more and `lock` is missing.
    pub fn till_store(
        &self,
        lock: Option<&Lock>,
        machine: Machine,
        store: &str,
        number: u16,
        now: Timestamp,
    ) -> Result<TillStore, HomeError> {
        let path = self.till_db();
        self.assert_till_db()?;
        let witness = self.witness()?;
        let opened = Opened::open(&OpenOptions::new(&path)).map_err(|error| match error {
            TillStoreError::File(error) => self.quarantine_if_corrupt(&path, error, lock),
            other => other.into(),
        })?;
        let head = opened.head()?;
        if head.is_none() && expects_a_journal(witness.as_ref()) {
            // An empty file where a till has sold: its series would begin anew.
            return Err(HomeError::Missing(path));
        }
        let key = self.sealing_key()?;
        let reason = match self.why_new(&opened, head, witness.as_ref(), machine, &key) {
            // What it gave so far stays another's: receipts of two tills never have one number.
            None if !opened.is_named(store, number)? => Some(SeriesReason::Renumbered),
            reason => reason,
        };
        let new = match (reason, lock) {
            (None, _) => None,
            (Some(_), None) if head.is_some() => return Err(HomeError::NotStarted),
            (Some(reason), _) => {
                let replica = new_replica(&key)?;
                tracing::info!(?reason, %replica, "this till begins a new receipt series");
                let above = witness.as_ref().map_or(0, |witness| witness.series);
                Some(NewSeries { replica, reason, store: store.to_owned(), till: number, above })
            }
        };
        let began = new.is_some();
        let store = opened.begin(key, BUILD_MS, now, new)?;
        if began || lock.is_some() {
            self.write_witness(machine, store.head()?, store.series())?;
        }
        Ok(store)
    }

    /// Opens both files and takes up where they left off.
    ///
    /// # Errors
    /// As [`Home::catalogue`] and [`Home::till_store`], or when nothing was imported yet.
    pub fn till(
        &self,
        lock: &Lock,
        machine: Machine,
        number: u16,
        watermark: u64,
        now: Timestamp,
    ) -> Result<(Till, Vec<Effect>), HomeError> {
        self.assert_till_db()?;
        let catalogue = self.catalogue_under(Some(lock))?;
        let settings = Settings::load(&catalogue)?;
        let store = self.till_store(Some(lock), machine, &settings.store.code, number, now)?;
        Ok(Till::open(store, catalogue, number, self.disk_room(watermark), now)?)
    }

    /// Why the database must begin a new series; `None` when it is the till it was.
    fn why_new(
        &self,
        opened: &Opened,
        head: Option<Head>,
        witness: Option<&Witness>,
        machine: Machine,
        key: &SealingKey,
    ) -> Option<SeriesReason> {
        let Some(head) = head else {
            let lost = witness.is_some();
            return Some(if lost { SeriesReason::Restored } else { SeriesReason::First });
        };
        let here = Chain { replica: head.replica, seq: head.seq, hash: head.hash };
        match judge(witness, machine, here, |replica, seq| opened.hash_at(replica, seq)) {
            Verdict::Same if opened.sealed_by(key) && head.replica.is_of(&key.public()) => None,
            // A database without its key cannot go on with its chain, nor can one of before ids were
            // bound to keys: peers would not believe that it is this till's.
            Verdict::Same | Verdict::FirstStart | Verdict::Restored { .. } => {
                Some(SeriesReason::Restored)
            }
            Verdict::Cloned { .. } => Some(SeriesReason::Copied),
            Verdict::Forked { .. } => Some(SeriesReason::Forked),
        }
    }

    /// Refuses to begin anew where a till has sold before but its database is gone.
    fn assert_till_db(&self) -> Result<(), HomeError> {
        let path = self.till_db();
        let empty = fs::metadata(&path).map_or(true, |found| found.len() == 0);
        if empty && expects_a_journal(self.witness()?.as_ref()) {
            return Err(HomeError::Missing(path));
        }
        Ok(())
    }

    /// What was written down of the journal last, where that can be read.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn witness(&self) -> Result<Option<Witness>, HomeError> {
        let path = self.file("till.witness");
        match fs::read(&path) {
            Ok(bytes) => match Witness::decode(&bytes) {
                Ok(witness) => Ok(Some(witness)),
                Err(error) => {
                    tracing::warn!(%error, "the witness cannot be read; the till begins a new series");
                    Ok(None)
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&path)(error)),
        }
    }

    /// Writes down where the journal is, and the highest series opened here so far, `series` or one
    /// that was seen before. Off the path of a sale: it may lag, never lead.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_witness(
        &self,
        machine: Machine,
        head: Head,
        series: u32,
    ) -> Result<(), HomeError> {
        let seen = self.witness()?.map_or(0, |witness| witness.series);
        let series = series.max(seen);
        let chain = Chain { replica: head.replica, seq: head.seq, hash: head.hash };
        replace_file(
            &self.file("till.witness"),
            &Witness { at: machine, head: chain, series }.encode(),
        )
    }

    /// Sets a damaged database aside with its log; nothing is deleted, and nothing is taken from
    /// under a till that runs.
    fn quarantine_if_corrupt(
        &self,
        path: &Path,
        error: StoreError,
        lock: Option<&Lock>,
    ) -> HomeError {
        let own = if lock.is_none() { self.lock().ok() } else { None };
        if lock.or(own.as_ref()).is_none() {
            return error.into();
        }
        let StoreError::Corrupt { detail, .. } = error else { return error.into() };
        match self.set_aside(&[path], wall_clock()) {
            Ok(kept) => HomeError::Quarantined { file: path.to_owned(), kept, detail },
            Err(error) => error,
        }
    }

    /// Moves databases with their logs into a new folder of `quarantine/` and returns that.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn set_aside(&self, files: &[&Path], now: Timestamp) -> Result<PathBuf, HomeError> {
        let quarantine = self.file("quarantine");
        fs::create_dir_all(&quarantine).map_err(io(&quarantine))?;
        let kept = tempfile::Builder::new()
            .prefix(&now.strftime("%Y%m%dT%H%M%SZ-").to_string())
            .tempdir_in(&quarantine)
            .map_err(io(&quarantine))?
            .keep();
        for (file, suffix) in
            files.iter().flat_map(|file| ["-wal", "-shm", ""].map(|suffix| (file, suffix)))
        {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(suffix);
            let from = file.with_file_name(&name);
            if from.exists() {
                fs::rename(&from, kept.join(&name)).map_err(io(&from))?;
            }
        }
        sync_folder(&kept)?;
        sync_folder(&self.folder)?;
        Ok(kept)
    }

    fn disk_room(&self, watermark: u64) -> DiskRoom {
        let folder = self.folder.clone();
        Box::new(move || free_bytes(&folder).map(|free| Room { free, watermark }))
    }
}

/// Whether a witness saw a journal: then its database must be there.
fn expects_a_journal(witness: Option<&Witness>) -> bool {
    witness.is_some_and(|witness| witness.head.seq > 0)
}

/// Room left on the disk of `folder` for the till's user.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// A folder held by a running till.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Another incarnation of this till.
///
/// # Errors
/// When the system gives no random bytes.
pub fn new_replica(key: &SealingKey) -> Result<ReplicaId, HomeError> {
    let mut random = [0; 6];
    SystemRandom::new().fill(&mut random).map_err(|_| HomeError::NoRandom)?;
    Ok(ReplicaId::of(&key.public(), random))
}

/// Replaces a small file so that after a power cut either the old or the new one is there.
///
/// # Errors
/// When it cannot be written.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    let folder = folder_of(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io(path))?;
    file.write_all(bytes).map_err(io(path))?;
    file.as_file().sync_all().map_err(io(path))?;
    file.persist(path).map_err(|error| io(path)(error.error))?;
    sync_folder(folder)
}

/// The folder that a file stands in; the working folder for a bare name.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes renames in a folder durable.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(folder: &Path) -> Result<(), HomeError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))
}

fn io(file: &Path) -> impl FnOnce(std::io::Error) -> HomeError {
    let file = file.to_owned();
    move |source| HomeError::Io { file, source }
}

#[cfg(test)]
mod tests;
