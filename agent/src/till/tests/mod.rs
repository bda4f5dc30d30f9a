//! The till loop over real files, with the shipped demo store.

mod by_hand;
mod customers;
mod late;
mod migrated;
mod paying;
mod selling;
mod set_by_hub;
mod sharing;
mod spool;

use super::*;
use crate::import::{Input, Kind, import};
use crate::store::open::OpenOptions;
use crate::store::till::{NewSeries, Opened};
use commerce::fact::SeriesReason;
use commerce::{Money, UnitPrice};
use std::path::{Path, PathBuf};
use sync::log::{ReplicaId, SealingKey, Seed};

/// A Sunday in Hamburg, 10:00.
pub(crate) const START: &str = "2026-11-22T09:00:00Z";

/// A till in a folder of its own, and the effects it asked for.
pub(crate) struct Shop {
    pub folder: tempfile::TempDir,
    pub till: Till,
    pub now: Timestamp,
    pub effects: Vec<Effect>,
}

pub fn import_demo(catalogue: &mut Catalogue, now: Timestamp) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    for kind in Kind::ALL {
        let path = demo.join(format!("{}.csv", kind.name()));
        let input = Input { path: &path, format: None, progress: &mut |_| {} };
        import(kind, input, catalogue, now).unwrap();
    }
}

fn key() -> SealingKey {
    key_of(1)
}

/// The key of the till with this number.
pub(crate) fn key_of(till: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([6 + till; 32])).unwrap()
}

/// The first incarnation of the till with this number.
pub(crate) fn replica_of(till: u8) -> ReplicaId {
    life_of(till, till)
}

/// One of its incarnations.
pub(crate) fn life_of(till: u8, life: u8) -> ReplicaId {
    ReplicaId::of(&key_of(till).public(), [life; 6])
}

impl Shop {
    /// A new till of the demo store, with a shift opened by the supervisor.
    pub fn open() -> Self {
        let mut shop = Self::closed();
        let float = shop.money("100.00");
        shop.ok("201", Command::OpenShift { float });
        shop.effects.clear();
        shop
    }

    pub fn closed() -> Self {
        Self::till(1)
    }

    /// A new till of the demo store by its number, without a shift.
    pub fn till(number: u8) -> Self {
        Self::till_as(number, replica_of(number))
    }

    /// A new till by its number, which writes as `replica`.
    pub fn till_as(number: u8, replica: ReplicaId) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = START.parse().unwrap();
        let mut catalogue =
            Catalogue::open(&OpenOptions::new(folder.path().join("catalogue.db"))).unwrap();
        import_demo(&mut catalogue, now);
        let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
        let new = NewSeries {
            replica,
            reason: SeriesReason::First,
            store: "HH01".into(),
            till: u16::from(number),
            above: 0,
        };
        let store = store.begin(key_of(number), 0, now, Some(new)).unwrap();
        let (till, effects) =
            Till::open(store, catalogue, u16::from(number), Box::new(|| None), now).unwrap();
        Self { folder, till, now, effects }
    }

    /// The till is killed and started again.
    pub fn restart(self) -> Self {
        let Self { folder, till, now, effects } = self;
        let number = u8::try_from(till.number()).unwrap();
        drop((till, effects));
        Self::reopen(folder, number, now)
    }

    /// A till over the files of a folder, as they are.
    pub fn reopen(folder: tempfile::TempDir, number: u8, now: Timestamp) -> Self {
        let catalogue =
            Catalogue::open(&OpenOptions::new(folder.path().join("catalogue.db"))).unwrap();
        let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
        let store = store.begin(key_of(number), 0, now, None).unwrap();
        let (till, effects) =
            Till::open(store, catalogue, u16::from(number), Box::new(|| None), now).unwrap();
        Self { folder, till, now, effects }
    }

    pub fn money(&self, text: &str) -> Money {
        Money::parse(text, self.till.settings.store.currency).unwrap()
    }

    pub fn ask(
        &mut self,
        by: &str,
        approver: Option<&str>,
        command: Command,
    ) -> Result<Reply, Refusal> {
        self.now += jiff::SignedDuration::from_secs(1);
        let staff = |id: &str| StaffId::parse(id).unwrap();
        let request = Request { by: staff(by), approver: approver.map(staff), once: None, command };
        self.event(Event::Command(Box::new(request)))
    }

    pub fn event(&mut self, event: Event) -> Result<Reply, Refusal> {
        let Handled { reply, effects } = self.till.handle(self.now, event);
        self.effects.extend(effects);
        reply
    }

    pub fn ok(&mut self, by: &str, command: Command) -> Reply {
        self.ask(by, None, command).unwrap()
    }

    pub fn refused(&mut self, by: &str, command: Command) -> String {
        self.ask(by, None, command).unwrap_err().to_string()
    }

    /// Adds by code and returns the cart.
    pub fn scan(&mut self, code: &str) -> CartView {
        match self.ok("101", Command::Add { cart: None, code: code.into(), quantity: None }) {
            Reply::Cart(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub fn sold(&mut self, reply: Reply) -> commerce::sale::ReceiptNumber {
        match reply {
            Reply::Sold(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }
}
