//! The running till: the loop on a thread of its own, and the devices around it.
//!
//! [`Loop`] is the one way in: an event goes through a bounded channel to the thread that owns
//! the till, its answer comes back when it is durable. Effects go to the devices and to whoever
//! watches ([`Feed`]). No device, client or screen ever holds the loop up.

mod devices;
mod feed;
mod looper;
mod payments;
mod spool;

use devices::Known;
pub use devices::{DeviceBoard, DeviceStatus, Devices};
pub use feed::{Feed, Notice, Subscription, What};
pub use looper::{Loop, LoopError, LoopThread};
pub use payments::report_of;

use crate::config::Config;
use crate::home::{Home, HomeError, Lock, machine_at, wall_clock};
use crate::store::till::read;

/// A running till, all but its doors (HTTP).
pub struct Running {
    /// The way to the loop.
    pub till: Loop,
    /// The devices.
    pub devices: Devices,
    thread: LoopThread,
    _lock: Lock,
}

impl Running {
    /// Opens the store, takes up where it left off, and starts loop and devices.
    ///
    /// # Errors
    /// When the folder is in use, damaged, or nothing was imported yet.
    pub fn start(config: &Config, home: &Home) -> Result<Self, HomeError> {
        let lock = home.lock()?;
        let machine = machine_at(&config.till.machine_id_file);
        let now = wall_clock();
        let watermark = config.store.disk_watermark_bytes();
        let (till, first) = home.till(&lock, machine, config.till.number.get(), watermark, now)?;
        let seed = now.as_millisecond().unsigned_abs();
        let known = Known {
            currency: till.settings().store.currency,
            seed,
            has_card_payments: read::has_card_payments(till.store().connection())?,
        };
        let feed = Feed::new(seed);
        let (till, thread, outlets) = Loop::start(till, first, home.clone(), machine, feed);
        let devices = Devices::start(config, &known, &till, outlets);
        Ok(Self { till, devices, thread, _lock: lock })
    }

    /// Stops devices, then the loop: what a device reports at the end is still written down.
    pub async fn stop(self) {
        self.devices.stop().await;
        self.till.stop().await;
        self.thread.join().await;
    }
}
