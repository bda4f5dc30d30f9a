//! A small hub: the log's tables alone with the exchange of a hub, over any link. It takes up every
//! journal, relays it to the shop's other tills, and pushes prices. For `uplink`, and for figures of
//! pushes that cross a broker.

use anyhow::{Context as _, Result, bail, ensure};
use commerce::Currency;
use commerce::price::Layer;
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use sync::batch::Batch;
use sync::bulk::{Bulk, PriceChange, PriceChunk, PushManifest, encode, push_digest};
use sync::clock::Clock;
use sync::enrol::Authority;
use sync::link::{Event, Link, Receipt, Route, SendError};
use sync::log::{Hash, ReplicaId, SealingKey, Seed, StreamKind, Zone};
use sync::session::{Effect, Exchange, Now, Outcome, Pace, Side};
use sync::store::{
    Disbelief, Ingested, LogBooks, Stream, append, declare_replica, held, ingest, keep_paper,
    open_stream,
};
use sync::trust::{Admitted, Statement, Trust, issue};
use sync::wire::codec::encode as encode_frame;
use sync::wire::{Answer, Ask, Envelope, Frame};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The zone whose prices it writes.
pub const ZONE: Zone = Zone::new(0).unwrap();

/// The hub's own key.
///
/// # Errors
/// Never, but for the cipher's own.
pub fn key() -> Result<SealingKey> {
    Ok(SealingKey::from_seed(&Seed::new([77; 32]))?)
}

/// The papers by which the authority in a folder vouches for the hub's key.
///
/// # Errors
/// When the folder holds no authority.
pub fn papers(authority: &Path) -> Result<Vec<Vec<u8>>> {
    let seed = fs::read(authority.join("root.key"))?;
    let seed = <[u8; 32]>::try_from(seed).ok().context("root.key is no seed")?;
    let [ca_key, ca_pem] = ["ca.key", "ca.pem"].map(|it| fs::read_to_string(authority.join(it)));
    let authority = Authority::load(&Seed::new(seed), &ca_key?, &ca_pem?)?;
    Ok(vec![authority.hub_paper(key()?.public(), 1)?])
}

/// A hub at work. Dropped, it ends.
pub struct Hub {
    replica: Arc<Mutex<Replica>>,
    written: Arc<Notify>,
    _task: JoinSet<()>,
}

impl Hub {
    /// Starts a hub whose key `papers` vouch for.
    ///
    /// # Errors
    /// When its database can't be made, or the papers vouch for nobody.
    pub fn start<L: Link + 'static>(
        runtime: &Runtime,
        link: L,
        papers: &[Vec<u8>],
    ) -> Result<Self> {
        let replica = Arc::new(Mutex::new(Replica::new(papers)?));
        let written = Arc::new(Notify::new());
        let mut task = JoinSet::new();
        task.spawn_on(work(link, Arc::clone(&replica), Arc::clone(&written)), runtime.handle());
        Ok(Self { replica, written, _task: task })
    }

    /// Looks at what it holds; it does nothing meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&Replica) -> T) -> T {
        look(&lock(&self.replica))
    }

    /// Pushes prices to every store, sorted by item.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn push(&self, starts_ms: i64, rows: Vec<PriceChange>) -> Result<()> {
        lock(&self.replica).push(starts_ms, rows)?;
        self.written.notify_one();
        Ok(())
    }
}

/// Its database and its exchange.
pub struct Replica {
    /// Its database.
    pub conn: Connection,
    /// What it could not believe, and what its link told.
    pub alarms: Vec<String>,
    me: ReplicaId,
    exchange: Exchange,
    trust: Trust,
    clock: Clock,
    prices: Stream,
    pushes: u64,
    waiting: VecDeque<Effect>,
    started: Instant,
}

fn lock(replica: &Mutex<Replica>) -> MutexGuard<'_, Replica> {
    replica.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works until it is dropped, or fails: then its last alarm says why.
async fn work<L: Link>(link: L, replica: Arc<Mutex<Replica>>, written: Arc<Notify>) {
    if let Err(error) = carry(link, &replica, &written).await {
        lock(&replica).alarms.push(format!("the hub ended: {error:#}"));
    }
}

/// Passes frames between link and replica.
async fn carry<L: Link>(mut link: L, replica: &Mutex<Replica>, written: &Notify) -> Result<()> {
    let mut held_back: BTreeMap<Route, Vec<u8>> = BTreeMap::new();
    loop {
        for (route, frame) in std::mem::take(&mut held_back) {
            send(&mut link, &mut held_back, route, frame)?;
        }
        let wait = loop {
            let busy: BTreeSet<Route> = held_back.keys().cloned().collect();
            let next = lock(replica).next_frame(&busy)?;
            match next {
                Some((route, frame)) => send(&mut link, &mut held_back, route, frame)?,
                None => break lock(replica).wait(&busy),
            }
        };
        tokio::select! {
            event = link.event() => {
                let receipt = lock(replica).take(event)?;
                receipt.into_iter().for_each(|receipt| link.done(receipt));
            }
            () = written.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn send(
    link: &mut impl Link,
    held_back: &mut BTreeMap<Route, Vec<u8>>,
    route: Route,
    frame: Vec<u8>,
) -> Result<()> {
    match link.send(&route, frame.clone()) {
        Err(SendError::Full) => drop(held_back.insert(route, frame)),
        Ok(()) | Err(SendError::NotUp(_)) => {}
        Err(error) => bail!(error),
    }
    Ok(())
}

impl Replica {
    fn new(papers: &[Vec<u8>]) -> Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(sync::store::SCHEMA)?;
        conn.execute_batch(sync::store::SCHEMA_2)?;
        conn.execute_batch(sync::store::SCHEMA_3)?;
        let (mut clock, key) = (Clock::new(0, None)?, key()?);
        let opened = clock.tick(wall());
        let me = ReplicaId::of(&key.public(), [0xb; 6]);
        let own = issue(&Statement::Incarnation { replica: me, opened }, &key)?;
        let root = sync::trust::read(papers.first().context("a hub has papers")?)?.issuer;
        let mut trust = Trust::new(Some(root));
        let tx = conn.unchecked_transaction()?;
        for paper in papers.iter().chain([&own]) {
            ensure!(trust.admit(paper)? == Admitted::New, "a paper of the hub is not new");
            keep_paper(&tx, paper)?;
        }
        declare_replica(&tx, me, &key.public(), opened)?;
        let prices = open_stream(&tx, me, StreamKind::Prices(ZONE))?;
        tx.commit()?;
        Ok(Self {
            conn,
            alarms: Vec::new(),
            me,
            exchange: Exchange::new(me, clock.last().number(), Side::Hub),
            trust,
            clock,
            prices,
            pushes: 0,
            waiting: VecDeque::new(),
            started: Instant::now(),
        })
    }

    /// A frame as the till says it whose journal came first.
    ///
    /// # Errors
    /// When none came.
    pub fn a_till_s_question(&self) -> Result<Vec<u8>> {
        let peers = sync::store::peer_streams(&self.conn)?;
        let till = peers.first().context("no till's journal came")?.id().replica;
        let ask = Ask { number: 1, topic: 1, body: Vec::new() };
        Ok(encode_frame(&Envelope { from: till, frame: Frame::Ask(ask) })?)
    }

    /// How many entries it has written.
    ///
    /// # Errors
    /// When its database can't be read.
    pub fn written(&self) -> Result<u64> {
        Ok(sync::store::head(&self.conn, &self.prices)?.seq)
    }

    fn now(&self) -> Now {
        Now {
            ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            wall_ms: wall(),
        }
    }

    fn next_frame(&mut self, busy: &BTreeSet<Route>) -> Result<Option<(Route, Vec<u8>)>> {
        let (now, key) = (self.now(), key()?);
        let mut books = LogBooks::new(&self.conn, Some(&key));
        Ok(self.exchange.next_frame(now, &self.trust, &mut books, busy)?)
    }

    fn wait(&self, busy: &BTreeSet<Route>) -> Duration {
        // Nothing to wait for is looked at again all the same; nobody counts on it.
        let at = self.exchange.wake_at(busy).unwrap_or(u64::MAX);
        Duration::from_millis(at.saturating_sub(self.now().ms).min(60_000))
    }

    fn take(&mut self, event: Event) -> Result<Option<Receipt>> {
        let (now, mut books) = (self.now(), LogBooks::new(&self.conn, None));
        match event {
            Event::Up { route, .. } => {
                self.exchange.up(now, route, Pace::HUB, &self.trust, &mut books)?;
            }
            Event::Down { route, .. } => self.exchange.down(&route),
            Event::Frame { route, bytes, receipt } => {
                let heard = self.exchange.receive(now, &route, &bytes, &self.trust, &mut books);
                self.waiting.extend(heard?);
                self.errands()?;
                return Ok(Some(receipt));
            }
            Event::Room => {}
            Event::Alarm(why) => self.alarms.push(why),
        }
        Ok(None)
    }

    fn errands(&mut self) -> Result<()> {
        while let Some(effect) = self.waiting.pop_front() {
            match effect {
                Effect::Ingest { route, run } => self.take_run(&route, &run),
                Effect::Papers { route, papers } => self.admit(&route, papers)?,
                Effect::Suspicious { route, why, .. } => {
                    self.alarms.push(format!("{route}: {why}"))
                }
                Effect::Flood { route, .. } => self.alarms.push(format!("{route}: a flood")),
                // It keeps no snapshots, so nobody waits for one.
                Effect::Asked { route, ask } => {
                    let answer = Answer { number: ask.number, ok: false, body: Vec::new() };
                    self.exchange.answer(&route, answer);
                }
                Effect::Begin { .. }
                | Effect::Behind { .. }
                | Effect::Page { .. }
                | Effect::Marked { .. }
                | Effect::Answered { .. }
                | Effect::ClockDiffers { .. } => {}
            }
        }
        Ok(())
    }

    fn take_run(&mut self, route: &Route, run: &Batch) {
        let outcome = match self.ingest(run) {
            Ok(outcome) => outcome,
            Err(disbelief) => {
                self.alarms.push(format!("{route}: {disbelief}"));
                Outcome::Refused
            }
        };
        let now = self.now();
        let more = self.exchange.ingested(now, route, run.stream, outcome, &self.trust);
        more.into_iter().rev().for_each(|effect| self.waiting.push_front(effect));
    }

    fn ingest(&self, run: &Batch) -> Result<Outcome, Disbelief> {
        let tx = self.conn.unchecked_transaction()?;
        let outcome = match ingest(&tx, &self.trust, Some(self.me), run)? {
            Ingested::Appended { stream, .. } => Outcome::Appended(held(&tx, &stream)?),
            Ingested::Known => Outcome::Known,
            Ingested::Gap { .. } => Outcome::Gap,
            Ingested::Forked { at, .. } => {
                let to = run.entries.last().map_or(0, |entry| entry.seq);
                Outcome::Forked { at, to }
            }
            Ingested::OwnAhead { .. } | Ingested::OwnForked { .. } => Outcome::Refused,
        };
        tx.commit()?;
        Ok(outcome)
    }

    fn admit(&mut self, route: &Route, papers: Vec<Vec<u8>>) -> Result<()> {
        let mut new = Vec::new();
        for paper in papers {
            match self.trust.admit(&paper) {
                Ok(Admitted::New) => {
                    keep_paper(&self.conn, &paper)?;
                    new.push(paper);
                }
                Ok(_) => {}
                Err(error) => self.alarms.push(format!("{route}: {error}")),
            }
        }
        if !new.is_empty() {
            self.exchange.papers_changed(self.now(), Some(route), &new, &self.trust);
        }
        Ok(())
    }

    fn push(&mut self, starts_ms: i64, rows: Vec<PriceChange>) -> Result<()> {
        self.pushes += 1;
        let (push, layer, currency) = (self.pushes, Layer::Store, Currency::parse("EUR")?);
        let changes = u64::try_from(rows.len())?;
        let whole = PriceChunk { push, layer, starts_ms, ends_ms: None, currency, rows };
        let bodies: Vec<Bulk> = whole.cut()?.into_iter().map(Bulk::Prices).collect();
        let hashes = self.write(&bodies)?;
        let (name, zone, chunks) = (format!("push {push}"), ZONE, u32::try_from(hashes.len())?);
        let digest = push_digest(hashes);
        let manifest = PushManifest { push, name, zone, chunks, changes, digest, starts_ms };
        self.write(&[Bulk::Manifest(manifest)])?;
        Ok(())
    }

    fn write(&mut self, bodies: &[Bulk]) -> Result<Vec<Hash>> {
        let (tx, key) = (self.conn.unchecked_transaction()?, key()?);
        let mut hashes = Vec::new();
        for bulk in bodies {
            let clock = self.clock.tick(wall());
            hashes.push(append(&tx, &self.prices, clock, &encode(bulk)?, &key)?.hash);
        }
        let here = held(&tx, &self.prices)?;
        tx.commit()?;
        self.exchange.hold(self.now(), &self.trust, here);
        Ok(hashes)
    }
}

fn wall() -> i64 {
    Timestamp::now().as_millisecond()
}
