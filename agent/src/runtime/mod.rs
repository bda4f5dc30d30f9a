//! The running till: the loop on a thread of its own, and the devices around it.
//!
//! [`Loop`] is the one way in: an event goes through a bounded channel to the thread that owns
//! the till, its answer comes back when it is durable. Effects go to the devices and to whoever
//! watches ([`Feed`]). No device, client or screen ever holds the loop up.

mod devices;
mod feed;
mod looper;
mod names;
mod payments;
mod spool;

use devices::Known;
pub use devices::{DeviceBoard, DeviceStatus, Devices};
pub use feed::{Feed, Notice, Subscription, What};
pub use looper::{Claim, Loop, LoopError, LoopThread};
use names::Names;
pub use payments::report_of;

use crate::config::Config;
use crate::home::{Home, HomeError, Lock, machine_at, wall_clock};
use crate::link::Shop;
use crate::link::status::LinkBoard;
use crate::link::task::{LinkTask, Plan};
use crate::store::open::OpenOptions;
use crate::store::till::read;
use std::sync::Arc;

/// What stands around a running till, for whoever shows it.
pub struct Around {
    /// The devices.
    pub devices: Arc<DeviceBoard>,
    /// The lines to other tills.
    pub lines: LinkBoard,
}

/// A running till, all but its doors (HTTP).
pub struct Running {
    /// The way to the loop.
    pub till: Loop,
    /// The devices.
    pub devices: Devices,
    lines: LinkBoard,
    links: LinkTask,
    names: Names,
    thread: LoopThread,
    _lock: Lock,
}

impl Running {
    /// Opens the store, takes up where it left off, and starts loop and devices.
    ///
    /// # Errors
    /// When the folder is in use, damaged, or nothing was imported yet. Links that can't be had are
    /// no error: the till sells without them, and says so.
    pub fn start(config: &Config, home: &Home) -> Result<Self, HomeError> {
        let lock = home.lock()?;
        let machine = machine_at(&config.till.machine_id_file);
        let now = wall_clock();
        let watermark = config.store.disk_watermark_bytes();
        let (mut till, first) =
            home.till(&lock, machine, config.till.number.get(), watermark, now)?;
        let seed = now.as_millisecond().unsigned_abs();
        let known = Known {
            currency: till.settings().store.currency,
            seed,
            has_card_payments: read::has_card_payments(till.store().connection())?,
        };
        let names = Names::start(&OpenOptions::new(home.catalogue_db()))?;
        let feed = Feed::new(seed);
        let identity = home.identity().unwrap_or_else(|error| {
            tracing::error!(%error, "this till talks to no other");
            None
        });
        let trust = till.join(identity.as_ref().map(|identity| identity.root))?;
        let store = till.settings().store.code.clone();
        let (till, thread, outlets, claims) = Loop::start(till, first, home.clone(), machine, feed);
        let devices = Devices::start(config, &known, &till, outlets);
        let lines = LinkBoard::new(identity.as_ref().map(|identity| identity.thing.clone()));
        let shop = config
            .link
            .as_ref()
            .map(|link| Shop { listen: *link.listen, siblings: config.sibling.clone() });
        let links = LinkTask::start(Plan {
            till: till.clone(),
            home,
            store,
            trust,
            identity,
            shop,
            hub: config.hub.clone(),
            zones: config.till.price_zones.zones(),
            board: lines.clone(),
            claims,
        });
        Ok(Self { till, devices, lines, links, names, thread, _lock: lock })
    }

    /// What stands around it.
    #[must_use]
    pub fn around(&self) -> Arc<Around> {
        Arc::new(Around { devices: self.devices.board(), lines: self.lines.clone() })
    }

    /// Stops links and devices, then the loop: what a device reports at the end is still written down.
    pub async fn stop(self) {
        self.links.stop().await;
        self.devices.stop().await;
        self.names.stop().await;
        self.till.stop().await;
        self.thread.join().await;
    }
}
