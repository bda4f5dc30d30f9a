//! The scratch store: a folder with the till's two files, settings imported as any shop's are,
//! and a till on them. `synchronous=FULL`, as everywhere.

use super::dice::Dice;
use super::error::ReplayError;
use super::folder::Folder;
use super::goods::{Goods, load_catalogue};
use super::{ReplayOptions, instant};
use crate::import::{Input, Kind, import};
use crate::store::catalogue::Catalogue;
use crate::store::open::OpenOptions;
use crate::store::till::{NewSeries, Opened};
use crate::till::{Settings, Till};
use commerce::fact::SeriesReason;
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use std::{fs, io};
use sync::log::{ReplicaId, SealingKey, Seed};
use tempfile::TempDir;

/// Where Linux keeps files in memory. A scratch store has nobody to be durable for.
const IN_MEMORY: &str = "/dev/shm";
/// Room it must have: the sample needs a fiftieth, and containers often give 64 MB.
const IN_MEMORY_ROOM: u64 = 1024 * 1024 * 1024;

/// Decides the scratch till's identity, apart from the notes that customers hand over.
const IDENTITY: u64 = 0x7469_6c6c;

/// The settings that every replay imports.
const SETTINGS: [(Kind, &str, &str); 5] = [
    (Kind::Store, "store.csv", include_str!("../../../config/replay/store.csv")),
    (Kind::Taxes, "taxes.csv", include_str!("../../../config/replay/taxes.csv")),
    (Kind::Tenders, "tenders.csv", include_str!("../../../config/replay/tenders.csv")),
    (Kind::Reasons, "reasons.csv", include_str!("../../../config/replay/reasons.csv")),
    (Kind::Staff, "staff.csv", include_str!("../../../config/replay/staff.csv")),
];
/// The zone that `store.csv` names, to be replaced.
const ZONE: &str = "Etc/UTC";
/// The store's id in `store.csv`, and the till's number: parts of every receipt number.
const STORE: &str = "REPLAY";
const TILL: u16 = 1;

/// The folder of the scratch store.
pub(super) struct Scratch {
    folder: PathBuf,
    /// Removes the folder when it is dropped, unless it is to be kept.
    _temporary: Option<TempDir>,
}

impl Scratch {
    /// Makes the folder.
    pub(super) fn make(keep: Option<&Path>) -> Result<Self, ReplayError> {
        let Some(folder) = keep else {
            let temporary = temporary().map_err(scratch_error(&std::env::temp_dir()))?;
            return Ok(Self { folder: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        fs::create_dir_all(folder).map_err(scratch_error(folder))?;
        let mut content = fs::read_dir(folder).map_err(scratch_error(folder))?;
        if content.next().is_some() {
            return Err(ReplayError::NotEmpty { folder: folder.to_owned() });
        }
        Ok(Self { folder: folder.to_owned(), _temporary: None })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A connection of its own to the scratch catalogue.
    pub(super) fn goods(&self) -> Result<Goods, ReplayError> {
        let catalogue = self.catalogue()?;
        let currency = Settings::load(&catalogue)
            .map_err(|error| ReplayError::Start(Box::new(error.into())))?
            .store
            .currency;
        Ok(Goods::new(catalogue, currency))
    }

    fn catalogue(&self) -> Result<Catalogue, ReplayError> {
        Ok(Catalogue::open(&OpenOptions::new(self.file("catalogue.db")))?)
    }

    /// Imports settings and items.
    pub(super) fn set_up(
        &self,
        options: &ReplayOptions,
        folder: &Folder,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        let mut catalogue = self.catalogue()?;
        let zone = options.time_zone.iana_name().ok_or(ReplayError::NoZoneName)?;
        for (kind, name, text) in SETTINGS {
            let path = self.file(name);
            fs::write(&path, text.replace(ZONE, zone)).map_err(scratch_error(&path))?;
            let input = Input { path: &path, format: None, progress: &mut |_| {} };
            import(kind, input, &mut catalogue, now)?;
        }
        load_catalogue(&folder.file("catalog.csv"), &mut catalogue, now)
    }

    /// A new till on the store, which begins its life with the first day.
    pub(super) fn till(&self, options: &ReplayOptions, first: Date) -> Result<Till, ReplayError> {
        let now = instant(first, &options.time_zone);
        let mut dice = Dice::new(options.seed ^ IDENTITY);
        let key = SealingKey::from_seed(&Seed::new(dice.bytes()))?;
        let new = NewSeries {
            replica: ReplicaId::of(&key.public(), dice.bytes()),
            reason: SeriesReason::First,
            store: STORE.to_owned(),
            till: TILL,
            above: 0,
        };
        let opened = Opened::open(&OpenOptions::new(self.file("till.db")))?;
        let store = opened.begin(key, 0, now, Some(new))?;
        // A scratch store on a full disk is told so by SQLite; nothing of it is worth saving.
        let room = Box::new(|| None);
        let (till, _) = Till::open(store, self.catalogue()?, TILL, room, now)
            .map_err(|error| ReplayError::Start(Box::new(error)))?;
        Ok(till)
    }
}

fn scratch_error(folder: &Path) -> impl Fn(io::Error) -> ReplayError {
    move |source| ReplayError::Scratch { folder: folder.to_owned(), source }
}

/// A temporary folder, in memory where there is room for it.
pub(super) fn temporary() -> io::Result<TempDir> {
    let room = rustix::fs::statvfs(IN_MEMORY)
        .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let mut builder = tempfile::Builder::new();
    builder.prefix("till-replay-");
    if room >= IN_MEMORY_ROOM
        && let Ok(folder) = builder.tempdir_in(IN_MEMORY)
    {
        return Ok(folder);
    }
    builder.tempdir()
}
