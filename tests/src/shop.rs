//! A till of the shipped demo store, driven in a straight line: for the tests of this crate that
//! need no process and no socket. Files lie in memory where the machine has such a folder.

use agent::import::{Input, Kind, import};
use agent::store::catalogue::Catalogue;
use agent::store::open::{OpenOptions, Synchronous};
use agent::store::till::{NewSeries, Opened, TillStore, read};
use agent::till::{CartView, Command, Effect, Event, Handled, Refusal, Reply, Request, Till};
use commerce::cart::CartId;
use commerce::fact::SeriesReason;
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::{Currency, Money};
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use sync::log::{ReplicaId, SealingKey, Seed};
use tempfile::TempDir;

/// A Sunday in Hamburg, 10:00.
const START: &str = "2026-11-22T09:00:00Z";

/// The code of the shipped demo store.
const CODE: &str = "HH01";

/// When a till is opened for the first time.
pub fn start() -> Timestamp {
    START.parse().unwrap()
}

/// A folder in memory, else an ordinary one: the power is cut by the tests, not by the machine.
pub fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The demo store imported once, for any number of tills.
pub struct DemoStore {
    folder: TempDir,
}

impl DemoStore {
    pub fn import() -> Self {
        Self::import_as(CODE)
    }

    /// The same goods in a store with another code.
    pub fn import_as(code: &str) -> Self {
        let folder = scratch();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
        let store = Self { folder };
        let mut catalogue = store.catalogue();
        for kind in Kind::ALL {
            let mut path = demo.join(format!("{}.csv", kind.name()));
            if kind == Kind::Store {
                let text = std::fs::read_to_string(&path).unwrap().replacen(CODE, code, 1);
                path = store.folder.path().join("store.csv");
                std::fs::write(&path, text).unwrap();
            }
            let input = Input { path: &path, format: None, progress: &mut |_| {} };
            import(kind, input, &mut catalogue, start()).unwrap();
        }
        drop(catalogue);
        store
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue::open(&OpenOptions::new(self.catalogue_file())).unwrap()
    }

    pub fn catalogue_file(&self) -> PathBuf {
        self.folder.path().join("catalogue.db")
    }
}

/// How a till's own file is opened.
pub fn file(path: PathBuf, vfs: Option<&str>, synchronous: Synchronous) -> OpenOptions {
    OpenOptions { vfs: vfs.map(ToOwned::to_owned), synchronous, ..OpenOptions::new(path) }
}

/// Opens `till.db`; a file without a replica gets its first.
pub fn begin(options: &OpenOptions, now: Timestamp) -> Result<TillStore, String> {
    let opened = Opened::open(options).map_err(|error| error.to_string())?;
    let head = opened.head().map_err(|error| error.to_string())?;
    let key = SealingKey::from_seed(&Seed::new([7; 32])).unwrap();
    let new = head.is_none().then(|| NewSeries {
        replica: ReplicaId::of(&key.public(), [1; 6]),
        reason: SeriesReason::First,
        store: CODE.into(),
        till: 1,
        above: 0,
    });
    opened.begin(key, 0, now, new).map_err(|error| error.to_string())
}

/// A till, its clock, and what it has asked for since someone looked.
pub struct Shop<'store> {
    store: &'store DemoStore,
    options: OpenOptions,
    pub till: Till,
    pub now: Timestamp,
    pub effects: Vec<Effect>,
}

impl<'store> Shop<'store> {
    /// Opens a till as it was left, or a new one.
    pub fn open(store: &'store DemoStore, options: OpenOptions) -> Result<Self, String> {
        Self::open_at(store, options, start())
    }

    pub fn open_at(
        store: &'store DemoStore,
        options: OpenOptions,
        now: Timestamp,
    ) -> Result<Self, String> {
        let file = begin(&options, now)?;
        Self::resume(store, options, file, now)
    }

    /// Takes up where an opened file left off.
    pub fn resume(
        store: &'store DemoStore,
        options: OpenOptions,
        file: TillStore,
        now: Timestamp,
    ) -> Result<Self, String> {
        let (till, effects) = Till::open(file, store.catalogue(), 1, Box::new(|| None), now)
            .map_err(|error| error.to_string())?;
        Ok(Self { store, options, till, now, effects })
    }

    /// The till stops, whatever was under way, and starts again.
    pub fn restart(self) -> Result<Self, String> {
        let Self { store, options, till, now, .. } = self;
        drop(till);
        Self::open_at(store, options, now)
    }

    pub fn options(&self) -> &OpenOptions {
        &self.options
    }

    /// Whether a card terminal has booked anything for this till.
    pub fn has_card_payments(&self) -> bool {
        read::has_card_payments(self.till.store().connection()).unwrap()
    }

    pub fn currency(&self) -> Currency {
        self.till.settings().store.currency
    }

    pub fn money(&self, text: &str) -> Money {
        Money::parse(text, self.currency()).unwrap()
    }

    pub fn event(&mut self, event: Event) -> Result<Reply, Refusal> {
        let Handled { reply, effects } = self.till.handle(self.now, event);
        self.effects.extend(effects);
        reply
    }

    pub fn ask(
        &mut self,
        by: &str,
        approver: Option<&str>,
        command: Command,
    ) -> Result<Reply, Refusal> {
        self.now += SignedDuration::from_secs(1);
        let staff = |id: &str| StaffId::parse(id).unwrap();
        let request = Request { by: staff(by), approver: approver.map(staff), once: None, command };
        self.event(Event::Command(Box::new(request)))
    }

    /// The cart at the till, with its amounts.
    pub fn view(&self) -> Option<CartView> {
        self.till.current().map(|id| self.till.view(id, None).unwrap())
    }
}

pub fn add(code: &str, quantity: Option<&str>) -> Command {
    Command::Add { cart: None, code: code.to_owned(), quantity: quantity.map(ToOwned::to_owned) }
}

pub fn cash(cart: CartId, amount: Money) -> Command {
    Command::Tender { cart, tender: "cash".to_owned(), amount, reference: None }
}

pub fn card(cart: CartId, amount: Option<Money>) -> Command {
    Command::PayByCard { cart, tender: "card".to_owned(), amount }
}

pub fn sold(reply: &Reply) -> ReceiptNumber {
    match reply {
        Reply::Sold(receipt) => receipt.clone(),
        other => panic!("not sold: {other:?}"),
    }
}
