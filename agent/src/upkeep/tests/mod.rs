//! Upkeep over real folders, with the shipped demo store.

mod backups;
mod documented;
mod enrolled;
mod examined;
mod exported;
mod verified;
pub(crate) mod zed;

use super::*;
use crate::home::Lock;
use crate::import::{Input, Kind, import};
use crate::store::Connection;
use crate::store::till::{Head, Inspection};
use crate::till::{Command, Event, PaymentReport, Reply, Request, Till};
use commerce::Money;
use commerce::cart::CartId;
use commerce::fact::{Fact, PaymentOutcome};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::tender::CardSlip;
use jiff::Timestamp;
use std::path::Path;
use sync::clock::Clock;
use sync::log::{SealingKey, Seed};
use sync::store::{BootId, Machine, MachineId};

const START: &str = "2026-11-22T09:00:00Z";
const MACHINE: Machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
/// More than any demo basket comes to.
const NOTE: &str = "200.00";

/// A till in a folder of its own.
struct Shop {
    folder: tempfile::TempDir,
    home: Home,
    now: Timestamp,
    till: Option<(Till, Lock)>,
}

fn quiet(_: Progress) {}

impl Shop {
    /// The demo store imported, never started.
    fn imported() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(&folder.path().join("till")).unwrap();
        let now: Timestamp = START.parse().unwrap();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
        let mut catalogue = home.catalogue().unwrap();
        for kind in Kind::ALL {
            let path = demo.join(format!("{}.csv", kind.name()));
            let input = Input { path: &path, format: None, progress: &mut |_| {} };
            import(kind, input, &mut catalogue, now).unwrap();
        }
        drop(catalogue);
        Self { folder, home, now, till: None }
    }

    /// Started, with a shift of 100.00 open.
    fn open() -> Self {
        let mut shop = Self::imported();
        shop.start().unwrap();
        let float = shop.money("100.00");
        shop.ok(Command::OpenShift { float });
        shop
    }

    fn start(&mut self) -> Result<(), crate::home::HomeError> {
        let lock = self.home.lock()?;
        let (till, _) = self.home.till(&lock, MACHINE, 1, 0, self.now)?;
        self.till = Some((till, lock));
        Ok(())
    }

    fn stop(&mut self) {
        self.till = None;
        self.now += jiff::SignedDuration::from_secs(1);
    }

    fn till(&mut self) -> &mut Till {
        &mut self.till.as_mut().unwrap().0
    }

    fn money(&mut self, text: &str) -> Money {
        let currency = self.till().settings().store.currency;
        Money::parse(text, currency).unwrap()
    }

    fn event(&mut self, event: Event) -> Reply {
        self.now += jiff::SignedDuration::from_secs(1);
        let now = self.now;
        self.till().handle(now, event).reply.unwrap()
    }

    fn ok(&mut self, command: Command) -> Reply {
        let by = StaffId::parse("201").unwrap();
        let approver = Some(StaffId::parse("301").unwrap());
        self.event(Event::Command(Box::new(Request { by, approver, once: None, command })))
    }

    fn scan(&mut self, code: &str) -> CartId {
        match self.ok(Command::Add { cart: None, code: code.into(), quantity: None }) {
            Reply::Cart(view) => view.cart.id,
            other => panic!("{other:?}"),
        }
    }

    /// Pays a cart in cash, with change.
    fn pay(&mut self, cart: CartId) -> ReceiptNumber {
        let amount = self.money(NOTE);
        let command = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        match self.ok(command) {
            Reply::Sold(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    /// Two rolls and 482 g of Gouda for cash.
    fn sell(&mut self) -> ReceiptNumber {
        self.scan("101");
        self.scan("101");
        let cart = self.scan("2110001004827");
        self.pay(cart)
    }

    /// A card payment begun; its intent.
    fn begin_card(&mut self) -> (u64, Money) {
        let cart = self.scan("9520000100377");
        let due = self.till().view(cart, None).unwrap().totals.due;
        let command = Command::PayByCard { cart, tender: "card".into(), amount: None };
        match self.ok(command) {
            Reply::Payment(intent) => (intent, due),
            other => panic!("{other:?}"),
        }
    }

    fn approve(&mut self, intent: u64, amount: Money) -> Reply {
        let card = CardSlip { receipt_number: 7, trace: 7, ..CardSlip::default() };
        let report = PaymentReport::Ended(PaymentOutcome::Approved { amount, card });
        self.event(Event::Payment { intent, report })
    }

    fn close_shift(&mut self) {
        let counted = vec![("cash".to_owned(), self.money("90.00"))];
        self.ok(Command::CloseShift { counted });
    }

    /// Writes the witness as a running till does now and then.
    fn witness(&self) {
        let streams = Inspection::open(&self.home.till_db()).unwrap().streams().unwrap();
        let last = streams.last().unwrap();
        let head = Head { replica: last.stream.id().replica, seq: last.seq, hash: last.hash };
        self.home.write_witness(MACHINE, head, 0).unwrap();
    }

    /// Seals `body` into the stopped till's journal as a faulty or newer Till would, unfolded.
    fn seal(&self, body: &[u8]) {
        let stream = Inspection::open(&self.home.till_db()).unwrap().streams().unwrap()[0].stream;
        let seed = std::fs::read(self.home.file("till.key")).unwrap();
        let key = SealingKey::from_seed(&Seed::new(seed.try_into().unwrap())).unwrap();
        let mut connection = Connection::open(self.home.till_db()).unwrap();
        let tx = connection.transaction().unwrap();
        let last = sync::store::last_clock(&tx, stream.id().replica).unwrap();
        let clock = Clock::new(0, last).unwrap().tick(0);
        sync::store::append(&tx, &stream, clock, body, &key).unwrap();
        tx.commit().unwrap();
    }

    /// The facts of the stopped till's journal.
    fn facts(&self) -> Vec<Fact> {
        let looking = Inspection::open(&self.home.till_db()).unwrap();
        let stream = looking.streams().unwrap()[0].stream;
        let mut facts = Vec::new();
        let each = &mut |stored: sync::store::Stored| {
            facts.push(sync::body::decode(&stored.entry.body).unwrap());
            Ok::<_, UpkeepError>(())
        };
        looking.for_each(&stream, 1, each).unwrap();
        facts
    }

    /// Runs SQL on the stopped till's database, as someone who tampers with it would.
    fn tamper(&self, sql: &str) {
        Connection::open(self.home.till_db()).unwrap().execute_batch(sql).unwrap();
    }
}
