//! The hub's replica: the log's tables alone, with the exchange of a hub. It takes up every
//! journal, and writes settings and prices.

use super::members::{HUB, key_of, papers, root_key, route_to};
use super::pushes::Push;
use crate::shop::start;
use rusqlite::Connection;
use std::collections::{BTreeSet, VecDeque};
use sync::clock::Clock;
use sync::link::Route;
use sync::log::{Hash, ReplicaId, StreamKind};
use sync::session::{Effect, Exchange, Now, Outcome, Pace, Side};
use sync::store::{
    AlarmKind, Disbelief, Ingested, LogBooks, append, declare_replica, held, ingest, keep_evidence,
    keep_mark, keep_paper, open_stream, raise,
};
use sync::trust::{Admitted, Statement, Trust, issue};
use sync::wire::Answer;

fn me() -> ReplicaId {
    ReplicaId::of(&key_of(HUB).public(), [0xb; 6])
}

/// The hub.
pub struct Hub {
    pub conn: Connection,
    exchange: Exchange,
    pub trust: Trust,
    clock: Clock,
    /// What it pushed, by number.
    pub pushes: Vec<Push>,
    waiting: VecDeque<Effect>,
    sessions: u64,
}

impl Hub {
    pub fn new(ms: u64) -> Self {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(sync::store::SCHEMA).unwrap();
        conn.execute_batch(sync::store::SCHEMA_2).unwrap();
        conn.set_prepared_statement_cache_capacity(128);
        let (mut trust, key) = (Trust::new(Some(root_key())), key_of(HUB));
        let mut clock = Clock::new(0, None).unwrap();
        let opened = clock.tick(wall(ms));
        let own = issue(&Statement::Incarnation { replica: me(), opened }, key).unwrap();
        let tx = conn.unchecked_transaction().unwrap();
        for paper in papers().into_iter().chain([own]) {
            trust.admit(&paper).unwrap();
            keep_paper(&tx, &paper).unwrap();
        }
        declare_replica(&tx, me(), &key.public(), opened).unwrap();
        tx.commit().unwrap();
        let exchange = Exchange::new(me(), 1, Side::Hub);
        let waiting = VecDeque::new();
        let mut hub =
            Self { conn, exchange, trust, clock, pushes: Vec::new(), waiting, sessions: 1 };
        hub.crash(ms);
        hub
    }

    pub fn now(&self, ms: u64) -> Now {
        Now { ms, wall_ms: wall(ms) }
    }

    /// Its process dies and comes back: all but the database is new.
    pub fn crash(&mut self, ms: u64) {
        self.sessions += 1;
        self.exchange = Exchange::new(me(), self.sessions, Side::Hub);
        self.waiting.clear();
        let now = self.now(ms);
        for held in LogBooks::new(&self.conn, None).held().unwrap() {
            self.exchange.hold(now, &self.trust, held);
        }
    }

    /// Writes something that every till is to have.
    pub fn write(&mut self, ms: u64, kind: StreamKind, body: &[u8]) -> Hash {
        let clock = self.clock.tick(wall(ms));
        let tx = self.conn.unchecked_transaction().unwrap();
        let stream = open_stream(&tx, me(), kind).unwrap();
        let written = append(&tx, &stream, clock, body, key_of(HUB)).unwrap();
        let here = held(&tx, &stream).unwrap();
        tx.commit().unwrap();
        self.exchange.hold(self.now(ms), &self.trust, here);
        written.hash
    }

    /// A person puts a paper in.
    pub fn put_paper(&mut self, ms: u64, paper: Vec<u8>) {
        self.admit(ms, None, vec![paper]);
    }

    pub fn up(&mut self, ms: u64, till: usize) {
        let (now, mut books) = (self.now(ms), LogBooks::new(&self.conn, None));
        self.exchange.up(now, route_to(till), Pace::HUB, &self.trust, &mut books).unwrap();
    }

    pub fn down(&mut self, till: usize) {
        self.exchange.down(&route_to(till));
    }

    pub fn receive(&mut self, ms: u64, from: &Route, bytes: &[u8]) {
        let (now, mut books) = (self.now(ms), LogBooks::new(&self.conn, None));
        let heard = self.exchange.receive(now, from, bytes, &self.trust, &mut books).unwrap();
        self.waiting.extend(heard);
    }

    pub fn next_frame(&mut self, ms: u64) -> Option<(Route, Vec<u8>)> {
        let (now, key) = (self.now(ms), key_of(HUB));
        let mut books = LogBooks::new(&self.conn, Some(key));
        self.exchange.next_frame(now, &self.trust, &mut books, &BTreeSet::new()).unwrap()
    }

    pub fn wake_at(&self) -> Option<u64> {
        self.exchange.wake_at(&BTreeSet::new())
    }

    /// Does what the exchange asks for.
    pub fn errands(&mut self, ms: u64) {
        while let Some(effect) = self.waiting.pop_front() {
            match effect {
                Effect::Ingest { route, run } => self.take(ms, &route, &run),
                Effect::Papers { route, papers } => self.admit(ms, Some(&route), papers),
                Effect::Marked { peer, stream, seq } => {
                    let found =
                        sync::store::find_stream(&self.conn, stream.replica, stream.kind).unwrap();
                    if let Some(stream) = found {
                        keep_mark(&self.conn, peer, &stream, seq).unwrap();
                    }
                }
                Effect::ClockDiffers { route, .. } => {
                    self.alarm(ms, AlarmKind::Clock, &route.to_string(), "its clock is wrong");
                }
                Effect::Suspicious { route, why, frame } => {
                    let at = wall(ms);
                    keep_evidence(&self.conn, at, &route.to_string(), &why, &frame).unwrap();
                    self.alarm(ms, AlarmKind::Disbelieved, &route.to_string(), &why);
                }
                Effect::Flood { route, .. } => {
                    self.alarm(ms, AlarmKind::Flood, &route.to_string(), "it says too much");
                }
                // It keeps no snapshots, so nobody waits for one.
                Effect::Asked { route, ask } => {
                    let answer = Answer { number: ask.number, ok: false, body: Vec::new() };
                    self.exchange.answer(&route, answer);
                }
                // Only carts are compacted, and these never leave the shop; and it asks for nothing.
                Effect::Begin { .. }
                | Effect::Answered { .. }
                | Effect::Behind { .. }
                | Effect::Page { .. } => {}
            }
        }
    }

    fn alarm(&self, ms: u64, kind: AlarmKind, subject: &str, detail: &str) {
        raise(&self.conn, wall(ms), kind, subject, detail).unwrap();
    }

    fn take(&mut self, ms: u64, route: &Route, run: &sync::batch::Batch) {
        let outcome = match self.ingest(ms, run) {
            Ok(outcome) => outcome,
            Err(disbelief) => {
                let (sender, why) = (route.to_string(), disbelief.to_string());
                let frame = sync::batch::pack(run).unwrap_or_default();
                keep_evidence(&self.conn, wall(ms), &sender, &why, &frame).unwrap();
                self.alarm(ms, AlarmKind::Disbelieved, &sender, &why);
                Outcome::Refused
            }
        };
        let now = self.now(ms);
        let more = self.exchange.ingested(now, route, run.stream, outcome, &self.trust);
        for effect in more.into_iter().rev() {
            self.waiting.push_front(effect);
        }
    }

    fn ingest(&self, ms: u64, run: &sync::batch::Batch) -> Result<Outcome, Disbelief> {
        let tx = self.conn.unchecked_transaction()?;
        let outcome = match ingest(&tx, &self.trust, Some(me()), run)? {
            Ingested::Appended { stream, counts_to, to, .. } => {
                if counts_to < to {
                    let subject = stream.id().to_string();
                    raise(&tx, wall(ms), AlarmKind::Held, &subject, "entries wait")?;
                }
                Outcome::Appended(held(&tx, &stream)?)
            }
            Ingested::Known => Outcome::Known,
            Ingested::Gap { .. } => Outcome::Gap,
            Ingested::Forked { stream, at, orphans, .. } => {
                if !orphans.is_empty() {
                    let subject = stream.id().to_string();
                    raise(&tx, wall(ms), AlarmKind::Fork, &subject, "two branches")?;
                }
                Outcome::Forked { at, to: run.entries.last().map_or(0, |entry| entry.seq) }
            }
            Ingested::OwnAhead { .. } | Ingested::OwnForked { .. } => Outcome::Refused,
        };
        tx.commit()?;
        Ok(outcome)
    }

    fn admit(&mut self, ms: u64, from: Option<&Route>, papers: Vec<Vec<u8>>) {
        let mut new = Vec::new();
        for paper in papers {
            match self.trust.admit(&paper) {
                Ok(Admitted::New) => {
                    keep_paper(&self.conn, &paper).unwrap();
                    new.push(paper);
                }
                Ok(_) => {}
                Err(error) => {
                    self.alarm(ms, AlarmKind::Disbelieved, "a paper", &error.to_string());
                }
            }
        }
        if !new.is_empty() {
            self.exchange.papers_changed(self.now(ms), from, &new, &self.trust);
        }
    }
}

/// The true time.
pub fn wall(ms: u64) -> i64 {
    start().as_millisecond() + i64::try_from(ms).unwrap()
}
