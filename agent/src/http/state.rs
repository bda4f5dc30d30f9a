//! What every handler needs: the loop, readers of both files, the door, the devices.

use super::Board;
use super::problem::{Kind, Problem};
use crate::auth::Auth;
use crate::home::Home;
use crate::runtime::Loop;
use crate::store::catalogue::{self, View, standing};
use crate::store::open::{OpenOptions, ReadGuard, Readers, StoreError};
use crate::store::till;
use crate::till::{Settings, Till};
use commerce::Currency;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Readers of each file: as many reads at once as a till's screens make.
const READERS: usize = 2;

/// Page cache of a reader in KiB: lists are short, and memory is the writer's.
const READER_CACHE_KIB: u32 = 512;

/// Clients that may listen for events at once.
pub(super) const MAX_LISTENERS: usize = 32;

/// Shared by all handlers; cheap to clone.
pub(super) type App = Arc<Inner>;

/// See the module.
pub(super) struct Inner {
    /// The way to the loop.
    pub till: Loop,
    /// Who may use it.
    pub auth: Auth,
    /// The devices.
    pub board: Arc<dyn Board>,
    /// The till's folder.
    pub home: Home,
    /// Keys the hash of a named request: a body holds PINs, and a bare hash of one could be tried
    /// out.
    pub request_key: ring::hmac::Key,
    /// Listeners that may still come.
    pub listeners: Arc<Semaphore>,
    /// One verification of the journal at a time.
    pub verifying: Arc<Semaphore>,
    /// True once the server stops: open streams end then.
    pub stopping: watch::Receiver<bool>,
    /// How long a log-in lasts without a request.
    pub idle: Duration,
    till_db: Readers,
    catalogue_db: Readers,
}

/// What [`Inner::new`] takes over.
pub(super) struct Made {
    /// The way to the loop.
    pub till: Loop,
    /// Who may use it.
    pub auth: Auth,
    /// The devices.
    pub board: Arc<dyn Board>,
    /// The till's folder.
    pub home: Home,
    /// The folder's secret.
    pub pepper: [u8; 32],
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
    /// How long a log-in lasts without a request.
    pub idle: Duration,
}

impl Inner {
    /// Opens the readers.
    pub fn new(made: Made) -> Result<Self, StoreError> {
        let Made { till, auth, board, home, pepper, stopping, idle } = made;
        let options = |name: &str| OpenOptions {
            cache_kib: READER_CACHE_KIB,
            ..OpenOptions::new(home.file(name))
        };
        Ok(Self {
            till_db: Readers::open(&options("till.db"), till::MIGRATIONS, READERS)?,
            catalogue_db: Readers::open(&options("catalogue.db"), catalogue::MIGRATIONS, READERS)?,
            till,
            auth,
            board,
            home,
            request_key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &pepper),
            listeners: Arc::new(Semaphore::new(MAX_LISTENERS)),
            verifying: Arc::new(Semaphore::new(1)),
            stopping,
            idle,
        })
    }

    /// The settings in force.
    pub async fn settings(&self) -> Result<Arc<Settings>, Problem> {
        Ok(self.till.look(|till| till.settings()).await?)
    }

    /// The store's currency.
    pub async fn currency(&self) -> Result<Currency, Problem> {
        Ok(self.till.look(|till| till.settings().store.currency).await?)
    }

    /// A short look at the till on the loop's thread.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Till) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        Ok(self.till.look(look).await?)
    }

    /// Reads `till.db` beside the loop.
    pub async fn read_till<T, F>(self: &Arc<Self>, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&ReadGuard<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let app = Arc::clone(self);
        blocking(move || read(&app.till_db.get()?)).await
    }

    /// Reads `catalogue.db` beside the loop.
    pub async fn read_catalogue<T, F>(self: &Arc<Self>, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(View<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let app = Arc::clone(self);
        blocking(move || {
            let connection = app.catalogue_db.get()?;
            let file = app.catalogue_db.file();
            let standing = standing(&connection, file)?;
            read(View::new(&connection, file, &standing))
        })
        .await
    }
}

/// Runs what may block where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?
}
