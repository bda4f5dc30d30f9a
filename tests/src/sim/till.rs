//! A till of the simulation: the real loop over a real file on a disk that can fail, with its host
//! of links, its clock, and what must survive it.

use super::members::{SHOPS, key_of, number_of, papers, root_key, route_to, shop_of, why_new};
use crate::dice::Dice;
use crate::shop::{DemoStore, file, start};
use crate::vfs::{Recording, Shim};
use agent::home::BUILD_MS;
use agent::link::host::Host;
use agent::store::open::{OpenOptions, Synchronous};
use agent::store::till::{NewSeries, Opened};
use agent::till::{Command, Effect, Event, PeerWord, Refusal, Reply, Request, Till};
use commerce::fact::PaymentOutcome;
use commerce::staff::StaffId;
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::Intent;
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use sync::link::Route;
use sync::log::{Hash, ReplicaId, StreamId, StreamKind};
use sync::session::{Now, Pace};
use sync::store::{BootId, Chain, LogBooks, Machine, MachineId, Witness, find_stream, held};

/// A till that runs.
pub struct Running {
    pub till: Till,
    pub host: Host,
}

/// A copy of a till's folder, with the witness of its time.
pub struct Copy {
    pub folder: PathBuf,
    pub witness: Option<Witness>,
}

/// One till.
pub struct SimTill<'s> {
    pub id: usize,
    store: &'s DemoStore,
    root: PathBuf,
    generation: u32,
    pub shim: Shim,
    pub running: Option<Running>,
    /// How far its wall clock is from the true one.
    pub skew_ms: i64,
    pub witness: Option<Witness>,
    pub copy: Option<Copy>,
    /// The seed of the power cut that its next act or frame meets.
    pub cut: Option<u64>,
    /// What the card terminal was asked and has not answered.
    pub orders: VecDeque<(Intent, bool)>,
    /// What the card terminal made of each intent.
    pub decided: BTreeMap<u64, PaymentOutcome>,
    pub slips: u32,
    dice: Dice,
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
            skew_ms: 0,
            witness: None,
            copy: None,
            cut: None,
            orders: VecDeque::new(),
            decided: BTreeMap::new(),
            slips: 0,
            dice: Dice::new(seed ^ (id as u64) << 32),
            shown: Vec::new(),
        };
        std::fs::create_dir_all(till.folder()).unwrap();
        till
    }

    /// Where its files are now.
    pub fn folder(&self) -> PathBuf {
        self.root.join(format!("g{}", self.generation))
    }

    /// A fresh folder, for files as something left them.
    fn next_folder(&mut self) -> PathBuf {
        self.generation += 1;
        self.folder()
    }

    pub fn options(&self) -> OpenOptions {
        file(self.folder().join("till.db"), Some(self.shim.name()), Synchronous::Full)
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
        let (high, low) = (self.dice.below(u64::MAX), self.dice.below(u64::MAX));
        ReplicaId((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }

    /// Starts the process, as the agent does.
    pub fn start(&mut self, ms: u64) -> Result<(), String> {
        let now = self.wall(ms);
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
        let store = opened.begin(key_of(self.id), BUILD_MS, now, new);
        let store = store.map_err(|error| error.to_string())?;
        let (number, catalogue) = (number_of(self.id), self.store.catalogue());
        let opened = Till::open(store, catalogue, number, Box::new(|| None), now);
        let (mut till, effects) = opened.map_err(|error| error.to_string())?;
        let refused = |refusal: Refusal| refusal.to_string();
        till.join(Some(root_key())).map_err(refused)?;
        let word = PeerWord::Papers { sender: "the chain".to_owned(), papers: papers() };
        till.hear(now, word).0.map_err(refused)?;
        let trust = till.join(Some(root_key())).map_err(refused)?;
        let me = till.store().head().map_err(|error| error.to_string())?.replica;
        let here = LogBooks::new(till.store().connection(), None).held();
        let here = here.map_err(|error| error.to_string())?;
        let (session, shop) = (self.dice.below(u64::MAX), SHOPS[shop_of(self.id)].to_owned());
        let host = Host::new(me, session, shop, trust, self.now(ms), here);
        self.running = Some(Running { till, host });
        self.orders.clear();
        self.take_orders(&effects);
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

    /// The process dies; what it had given to the system stays.
    pub fn crash(&mut self) {
        let (from, to) = (self.folder(), self.next_folder());
        copy_files(&from, &to);
        self.running = None;
        std::fs::remove_dir_all(from).unwrap();
    }

    /// Starts a recording for a power cut.
    pub fn record(&self) -> Recording {
        self.shim.record(&self.folder()).unwrap()
    }

    /// The power goes at some moment of what was recorded.
    pub fn cut_power(&mut self, recording: &Recording, seed: u64) {
        let mut dice = Dice::new(seed);
        let at = usize::try_from(dice.below(recording.len() as u64 + 1)).unwrap();
        let (from, to) = (self.folder(), self.next_folder());
        recording.cut(at, dice.below(u64::MAX), &to).unwrap();
        self.shim.stop_recording();
        self.running = None;
        std::fs::remove_dir_all(from).unwrap();
    }

    /// A copy of its folder, as a backup or a disk image.
    pub fn make_copy(&mut self, name: &str) -> Copy {
        self.write_witness();
        let folder = self.root.join(name);
        std::fs::remove_dir_all(&folder).ok();
        copy_files(&self.folder(), &folder);
        Copy { folder, witness: self.witness }
    }

    /// The copy is put in the place of the folder; gives what was there.
    pub fn put_back(&mut self, copy: &Copy, with_witness: bool) {
        let (from, to) = (self.folder(), self.next_folder());
        copy_files(&copy.folder, &to);
        self.running = None;
        if with_witness {
            self.witness = copy.witness;
        }
        std::fs::remove_dir_all(from).unwrap();
    }

    /// The files of another machine under the same identity are put in the place of these; the
    /// witness is the other machine's own.
    pub fn put_back_from(&mut self, other: &Copy) {
        self.put_back(other, true);
    }

    /// Its database as it lies there, for reading; `None` when it was never made.
    pub fn file(&self) -> Option<Connection> {
        let path = self.folder().join("till.db");
        path.exists().then(|| Connection::open(path).unwrap())
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
        let written = sync::store::append(&tx, &stream, clock.tick(now), &body, &key_of(self.id));
        if written.is_ok() {
            tx.commit().ok();
        }
    }

    /// The database is gone; the witness may have survived beside it.
    pub fn lose(&mut self, witness_too: bool) {
        let (from, to) = (self.folder(), self.next_folder());
        std::fs::create_dir_all(to).unwrap();
        self.running = None;
        if witness_too {
            self.witness = None;
        }
        std::fs::remove_dir_all(from).unwrap();
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
        let now = self.wall(ms);
        let running = self.running.as_mut().expect("the till runs");
        let handled = running.till.handle(now, event);
        self.take_orders(&handled.effects);
        handled.reply
    }

    fn take_orders(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Terminal(Terminal::Perform(order)) => self.orders.push_back((*order, true)),
                Effect::Terminal(Terminal::Resolve(order)) => {
                    self.orders.push_back((*order, false));
                }
                _ => {}
            }
        }
    }

    /// Tells the exchange what the till has written since.
    pub fn refresh(&mut self, ms: u64) {
        let now = self.now(ms);
        let Some(Running { till, host }) = &mut self.running else { return };
        let Ok(head) = till.store().head() else { return };
        let conn = till.store().connection();
        if let Ok(Some(stream)) = find_stream(conn, head.replica, StreamKind::Journal)
            && let Ok(here) = held(conn, &stream)
        {
            host.refresh(now, vec![here]);
        }
    }

    pub fn up(&mut self, ms: u64, member: usize) {
        let now = self.now(ms);
        let Some(Running { till, host }) = &mut self.running else { return };
        let pace = if member == super::members::HUB { Pace::HUB } else { Pace::SHOP };
        let mut books = LogBooks::new(till.store().connection(), None);
        host.up(now, route_to(member), pace, &mut books).unwrap();
    }

    pub fn down(&mut self, member: usize) {
        if let Some(Running { host, .. }) = &mut self.running {
            host.down(&route_to(member));
        }
    }

    pub fn receive(&mut self, ms: u64, from: &Route, bytes: &[u8]) {
        let now = self.now(ms);
        let Some(Running { till, host }) = &mut self.running else { return };
        let mut books = LogBooks::new(till.store().connection(), None);
        host.receive(now, from, bytes, &mut books).unwrap();
    }

    /// Does what the exchange asks of the till; gives how often it had to begin anew.
    pub fn errands(&mut self, ms: u64) -> u32 {
        let (now, wall) = (self.now(ms), self.wall(ms));
        let mut anew = 0;
        while let Some(Running { till, host }) = &mut self.running {
            let Some((word, about)) = host.next_errand(now) else { break };
            let (reply, effects) = till.hear(wall, word);
            host.answered(now, about, reply.ok());
            let wants = host.wants_anew();
            self.take_orders(&effects);
            if wants {
                anew += 1;
                self.begin_anew(ms);
            }
        }
        anew
    }

    fn begin_anew(&mut self, ms: u64) {
        let replica = self.draw_replica();
        let (now, wall) = (self.now(ms), self.wall(ms));
        let Some(Running { till, host }) = &mut self.running else { return };
        let (word, about) = host.anew(replica);
        let (reply, effects) = till.hear(wall, word);
        // A full disk: the process ends, and its next start decides again.
        let Ok(reply) = reply else {
            self.running = None;
            return;
        };
        host.answered(now, about, Some(reply));
        self.take_orders(&effects);
        self.write_witness();
        self.refresh(ms);
    }

    /// The next frame that it sends.
    pub fn next_frame(&mut self, ms: u64) -> Option<(Route, Vec<u8>)> {
        let now = self.now(ms);
        let key = key_of(self.id);
        let Running { till, host } = self.running.as_mut()?;
        let replica = till.store().head().unwrap().replica;
        let mut books = LogBooks::new(till.store().connection(), Some((replica, &key)));
        host.next_frame(now, &mut books, &std::collections::BTreeSet::new()).unwrap()
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

/// Copies a database with its log, as they are.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["till.db", "till.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}
