//! A till of the simulation: the real loop over a real file on a disk that can fail, with its host
//! of links, its clock, and what must survive it.

use super::disk::{Blackout, Copy};
use super::members::{SHOPS, key_of, number_of, owned_key_of, papers, root_key, shop_of, why_new};
use super::pushes::zone;
use crate::dice::Dice;
use crate::shop::{DemoStore, file, start};
use crate::vfs::Shim;
use agent::home::BUILD_MS;
use agent::link::host::Host;
use agent::store::catalogue::{Catalogue, Downstream};
use agent::store::open::{OpenOptions, Synchronous};
use agent::store::till::{NewSeries, Opened};
use agent::till::{Command, Effect, Event, PeerWord, Refusal, Reply, Request, Till};
use commerce::cart::CartId;
use commerce::fact::PaymentOutcome;
use commerce::staff::StaffId;
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::Intent;
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use sync::log::{Hash, ReplicaId, StreamId, StreamKind};
use sync::session::{Now, Side};
use sync::store::{BootId, Chain, Machine, MachineId, Witness, find_stream};

/// The version that runs while this is held.
#[must_use = "the version ends with it"]
pub struct Version {
    #[cfg(feature = "simulated")]
    _playing: sync::version::Playing,
}

/// A till that runs.
pub struct Running {
    pub till: Till,
    pub downstream: Downstream,
    pub host: Host,
}

/// One till.
pub struct SimTill<'s> {
    pub id: usize,
    store: &'s DemoStore,
    pub(super) root: PathBuf,
    pub(super) generation: u32,
    pub shim: Shim,
    pub running: Option<Running>,
    /// Whether it runs the old version: it knows no returns, no counts of stock and no discounts on
    /// carts.
    pub old: bool,
    /// How far its wall clock is from the true one.
    pub skew_ms: i64,
    pub witness: Option<Witness>,
    pub copy: Option<Copy>,
    /// The seed of the power cut that its next act or frame meets.
    pub cut: Option<u64>,
    /// The power cut after some of its next turns.
    pub blackout: Option<Blackout>,
    /// What the card terminal was asked and has not answered.
    pub orders: VecDeque<(Intent, bool)>,
    /// What the card terminal made of each intent.
    pub decided: BTreeMap<u64, PaymentOutcome>,
    pub slips: u32,
    dice: Dice,
    /// Carts that were taken by force here.
    pub forced: BTreeSet<CartId>,
    /// Receipts that it showed as complete: those that refunds are made of.
    pub shown: Vec<commerce::sale::ReceiptNumber>,
}

impl<'s> SimTill<'s> {
    /// A till that was never started, in a folder of its own below `root`.
    pub fn new(id: usize, store: &'s DemoStore, root: &Path, seed: u64) -> Self {
        let shim = Shim::register(&format!("sim-{}-{id}", root.display())).unwrap();
        let till = Self {
            id,
            store,
            root: root.join(format!("till-{id}")),
            generation: 0,
            shim,
            running: None,
            old: false,
            skew_ms: 0,
            witness: None,
            copy: None,
            cut: None,
            blackout: None,
            orders: VecDeque::new(),
            decided: BTreeMap::new(),
            slips: 0,
            dice: Dice::new(seed ^ (id as u64) << 32),
            forced: BTreeSet::new(),
            shown: Vec::new(),
        };
        std::fs::create_dir_all(till.folder()).unwrap();
        till
    }

    pub fn options(&self) -> OpenOptions {
        self.options_of("till.db")
    }

    fn options_of(&self, name: &str) -> OpenOptions {
        file(self.folder().join(name), Some(self.shim.name()), Synchronous::Full)
    }

    /// Its wall clock.
    pub fn wall(&self, ms: u64) -> Timestamp {
        let wall = start().as_millisecond() + i64::try_from(ms).unwrap() + self.skew_ms;
        Timestamp::from_millisecond(wall).unwrap()
    }

    pub fn now(&self, ms: u64) -> Now {
        Now { ms, wall_ms: self.wall(ms).as_millisecond() }
    }

    fn machine(&self) -> Machine {
        Machine { machine: MachineId([7; 16]), boot: BootId([9; 16]) }
    }

    pub fn draw_replica(&mut self) -> ReplicaId {
        let [_, _, random @ ..] = self.dice.below(u64::MAX).to_be_bytes();
        ReplicaId::of(&key_of(self.id).public(), random)
    }

    /// Runs its version, until what this gives is dropped.
    pub fn version(&self) -> Version {
        Version {
            #[cfg(feature = "simulated")]
            _playing: sync::version::play(self.old),
        }
    }

    /// Starts the process, as the agent does.
    pub fn start(&mut self, ms: u64) -> Result<(), String> {
        let (now, _version) = (self.wall(ms), self.version());
        // What was recorded was another life's.
        self.blackout = None;
        self.shim.stop_recording();
        let opened = Opened::open(&self.options()).map_err(|error| error.to_string())?;
        let head = opened.head().map_err(|error| error.to_string())?;
        let chain = head.map(|it| Chain { replica: it.replica, seq: it.seq, hash: it.hash });
        let (witness, machine) = (self.witness, self.machine());
        let at = |replica, seq| opened.hash_at(replica, seq);
        let new = why_new(chain, witness.as_ref(), machine, at).map(|reason| NewSeries {
            replica: self.draw_replica(),
            reason,
            store: SHOPS[shop_of(self.id)].to_owned(),
            till: number_of(self.id),
            above: witness.as_ref().map_or(0, |witness| witness.series),
        });
        let store = opened.begin(owned_key_of(self.id), BUILD_MS, now, new);
        let store = store.map_err(|error| error.to_string())?;
        let options = self.options_of("catalogue.db");
        if !options.path.exists() {
            std::fs::copy(self.store.catalogue_file(), &options.path).unwrap();
        }
        let downstream = Downstream::open(&options, now).map_err(|error| error.to_string())?;
        let catalogue = Catalogue::open(&options).map_err(|error| error.to_string())?;
        let opened = Till::open(store, catalogue, number_of(self.id), Box::new(|| None), now);
        let (mut till, effects) = opened.map_err(|error| error.to_string())?;
        let refused = |refusal: Refusal| refusal.to_string();
        till.join(Some(root_key())).map_err(refused)?;
        let word = PeerWord::Papers { sender: "the chain".to_owned(), papers: papers() };
        till.hear(now, word).0.map_err(refused)?;
        let trust = till.join(Some(root_key())).map_err(refused)?;
        let me = till.store().head().map_err(|error| error.to_string())?.replica;
        let session = self.dice.below(u64::MAX);
        let store = SHOPS[shop_of(self.id)].to_owned();
        let side = Side::Till { store, zones: [zone()].into() };
        let host = Host::new(me, session, side, trust, self.now(ms), Vec::new());
        self.running = Some(Running { till, downstream, host });
        self.refresh(ms);
        self.orders.clear();
        self.carry_out(ms, effects);
        self.write_witness();
        Ok(())
    }

    /// As the agent does now and then, off the path of a sale.
    pub fn write_witness(&mut self) {
        let Some(running) = &self.running else { return };
        let store = running.till.store();
        let Ok(head) = store.head() else { return };
        let series = store.series().max(self.witness.map_or(0, |witness| witness.series));
        let head = Chain { replica: head.replica, seq: head.seq, hash: head.hash };
        self.witness = Some(Witness { at: self.machine(), head, series });
    }

    /// Writes an entry of a kind that this version does not know.
    pub fn write_unknown(&mut self, ms: u64) {
        let now = self.wall(ms).as_millisecond();
        let Some(conn) = self.conn() else { return };
        let running = self.running.as_ref().expect("it has a connection");
        let Ok(head) = running.till.store().head() else { return };
        let stream = find_stream(conn, head.replica, StreamKind::Journal).unwrap().unwrap();
        let last = sync::store::last_clock(conn, head.replica).unwrap();
        let mut clock = sync::clock::Clock::new(BUILD_MS, last).unwrap();
        let tx = conn.unchecked_transaction().unwrap();
        // Kind 9000 with no fields.
        let body = [0x82, 0x19, 0x23, 0x28, 0x80];
        let written = sync::store::append(&tx, &stream, clock.tick(now), &body, key_of(self.id));
        if written.is_ok() {
            tx.commit().ok();
        }
    }

    /// Its database, where it runs.
    pub fn conn(&self) -> Option<&Connection> {
        self.running.as_ref().map(|running| running.till.store().connection())
    }

    /// Asks the till for something.
    pub fn ask(
        &mut self,
        ms: u64,
        by: &str,
        approver: Option<&str>,
        command: Command,
    ) -> Result<Reply, Refusal> {
        let staff = |id: &str| StaffId::parse(id).unwrap();
        let request = Request { by: staff(by), approver: approver.map(staff), once: None, command };
        self.event(ms, Event::Command(Box::new(request)))
    }

    pub fn event(&mut self, ms: u64, event: Event) -> Result<Reply, Refusal> {
        let (now, _version) = (self.wall(ms), self.version());
        let running = self.running.as_mut().expect("the till runs");
        let handled = running.till.handle(now, event);
        self.carry_out(ms, handled.effects);
        handled.reply
    }

    /// Does what the till wants done outside.
    pub fn carry_out(&mut self, ms: u64, effects: Vec<Effect>) {
        let now = self.now(ms);
        for effect in effects {
            match effect {
                Effect::Terminal(Terminal::Perform(order)) => self.orders.push_back((order, true)),
                Effect::Terminal(Terminal::Resolve(order)) => self.orders.push_back((order, false)),
                Effect::AskClaim { holder, cart } => {
                    if let Some(running) = &mut self.running {
                        running.host.claim(now, holder, cart);
                    }
                }
                Effect::Terminal(_) | Effect::Spool | Effect::Changed(_) => {}
            }
        }
    }

    /// Where a receipt of its present series stands in its journal.
    pub fn place_of(&self, receipt: &commerce::sale::ReceiptNumber) -> (StreamId, u64, Hash) {
        let conn = self.conn().expect("the till runs");
        let (replica, seq): ([u8; 16], i64) = conn
            .query_row(
                "SELECT replica, seq FROM receipt JOIN series USING (series)
                 WHERE series = ?1 AND number = ?2",
                [receipt.series, receipt.number],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let stream = StreamId { replica: ReplicaId(replica), kind: StreamKind::Journal };
        let seq = seq.cast_unsigned();
        let hash = sync::store::hash_at(conn, stream.replica, stream.kind, seq).unwrap().unwrap();
        (stream, seq, hash)
    }
}
