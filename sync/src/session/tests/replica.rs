//! One replica of the tests: an exchange over tables in memory, as a host drives it.

use super::*;
use crate::clock::Clock;
use crate::log::StreamKind;
use crate::store::{
    Begun, Ingested, LogBooks, SCHEMA, SCHEMA_2, append, begin_behind, declare_replica, hash_at,
    held, ingest, keep_paper, last_clock, open_stream, prune, set_folded,
};
use crate::trust::{Admitted, Trust};
use crate::wire::codec::encode;
use crate::wire::{Envelope, Frame};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

pub struct Replica {
    pub seed: u8,
    pub db: Connection,
    pub trust: Trust,
    pub exchange: Exchange,
    pub marked: BTreeMap<(ReplicaId, StreamId), u64>,
    pub noticed: Vec<Effect>,
    /// Whose checkpoints were tried, and whether they were believed.
    pub begun: Vec<(Route, bool)>,
    /// A peer has proved that it holds other entries of this replica's own stream.
    pub overtaken: bool,
}

impl Replica {
    pub fn new(seed: u8) -> Self {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db.execute_batch(SCHEMA_2).unwrap();
        let mut trust = Trust::new(Some(key(99).public()));
        let incarnation = Statement::Incarnation { replica: replica(seed), opened: OPENED };
        for paper in chain_papers().into_iter().chain([issue(&incarnation, &key(seed)).unwrap()]) {
            assert_eq!(trust.admit(&paper).unwrap(), Admitted::New);
            keep_paper(&db, &paper).unwrap();
        }
        declare_replica(&db, replica(seed), &key(seed).public(), OPENED).unwrap();
        let side = if seed == HUB {
            Side::Hub
        } else {
            Side::Till { store: STORE.into(), zones: BTreeSet::new() }
        };
        let exchange = Exchange::new(replica(seed), u64::from(seed), side);
        let (marked, noticed, begun) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { seed, db, trust, exchange, marked, noticed, begun, overtaken: false }
    }

    /// Starts anew over the same tables.
    pub fn restart(&mut self, session: u64) {
        let side = if self.seed == HUB {
            Side::Hub
        } else {
            Side::Till { store: STORE.into(), zones: BTreeSet::new() }
        };
        self.exchange = Exchange::new(replica(self.seed), session, side);
        for held in LogBooks::new(&self.db, None).held().unwrap() {
            self.exchange.hold(Now { ms: 0, wall_ms: 0 }, &self.trust, held);
        }
    }

    pub fn write(&mut self, now: Now, kind: StreamKind, body: &[u8]) {
        let key = key(self.seed);
        let mut clock = Clock::new(0, last_clock(&self.db, replica(self.seed)).unwrap()).unwrap();
        let tx = self.db.transaction().unwrap();
        let stream = open_stream(&tx, replica(self.seed), kind).unwrap();
        append(&tx, &stream, clock.tick(0), body, &key).unwrap();
        tx.commit().unwrap();
        let held = held(&self.db, &stream).unwrap();
        self.exchange.hold(now, &self.trust, held);
    }

    pub fn hear(&mut self, now: Now, at: &Route, from: ReplicaId, frame: Frame) {
        self.receive(now, at, &encode(&Envelope { from, frame }).unwrap());
    }

    /// Prunes its own workspace up to an entry.
    pub fn compact(&mut self, now: Now, last: u64) {
        let tx = self.db.transaction().unwrap();
        let stream = open_stream(&tx, replica(self.seed), StreamKind::Workspace).unwrap();
        let hash = hash_at(&tx, replica(self.seed), StreamKind::Workspace, last).unwrap().unwrap();
        prune(&tx, &stream, last, key(self.seed).checkpoint(stream.id(), last, &hash)).unwrap();
        tx.commit().unwrap();
        let held = held(&self.db, &stream).unwrap();
        self.exchange.hold(now, &self.trust, held);
    }

    pub fn receive(&mut self, now: Now, at: &Route, bytes: &[u8]) {
        let key = key(self.seed);
        let mut books = LogBooks::new(&self.db, Some(&key));
        let mut effects = self.exchange.receive(now, at, bytes, &self.trust, &mut books).unwrap();
        effects.reverse();
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Ingest { route, run } => {
                    let more = self.take(now, &route, &run);
                    effects.extend(more.into_iter().rev());
                }
                Effect::Papers { route, papers } => self.admit(now, &route, papers),
                Effect::Begin { route, stream, seq, checkpoint } => {
                    let tx = self.db.transaction().unwrap();
                    let held = match begin_behind(&tx, &self.trust, None, stream, seq, &checkpoint)
                    {
                        Ok(Begun::Anew(stream) | Begun::Pruned(stream)) => {
                            Some(held(&tx, &stream).unwrap())
                        }
                        Ok(Begun::Left) => None,
                        Err(error) => panic!("{error}"),
                    };
                    tx.commit().unwrap();
                    self.begun.push((route.clone(), held.is_some()));
                    effects.extend(self.exchange.begun(now, &route, stream, held, &self.trust));
                }
                Effect::Marked { peer, stream, seq } => {
                    let known = self.marked.entry((peer, stream)).or_default();
                    *known = seq.max(*known);
                }
                other => self.noticed.push(other),
            }
        }
    }

    pub fn take(&mut self, now: Now, from: &Route, run: &Batch) -> Vec<Effect> {
        let tx = self.db.transaction().unwrap();
        let outcome = match ingest(&tx, &self.trust, Some(replica(self.seed)), run) {
            Ok(Ingested::Appended { stream, counts_to, .. }) => {
                set_folded(&tx, &stream, counts_to).unwrap();
                let held = held(&tx, &stream).unwrap();
                tx.commit().unwrap();
                Outcome::Appended(held)
            }
            Ok(Ingested::Known) => Outcome::Known,
            Ok(Ingested::Gap { .. }) => Outcome::Gap,
            Ok(Ingested::Forked { at, .. }) => {
                tx.commit().unwrap();
                Outcome::Forked { at, to: run.entries.last().map_or(0, |entry| entry.seq) }
            }
            Ok(Ingested::OwnAhead { .. } | Ingested::OwnForked { .. }) => {
                self.overtaken = true;
                Outcome::Refused
            }
            Err(error) => panic!("{error}"),
        };
        self.exchange.ingested(now, from, run.stream, outcome, &self.trust)
    }

    pub fn admit(&mut self, now: Now, from: &Route, papers: Vec<Vec<u8>>) {
        let mut new = Vec::new();
        for paper in papers {
            if self.trust.admit(&paper).unwrap() == Admitted::New {
                keep_paper(&self.db, &paper).unwrap();
                new.push(paper);
            }
        }
        if !new.is_empty() {
            self.exchange.papers_changed(now, Some(from), &new, &self.trust);
        }
    }

    /// Each stream here with its head and hash.
    pub fn state(&self) -> BTreeMap<StreamId, (u64, Hash)> {
        let held = LogBooks::new(&self.db, None).held().unwrap();
        held.into_iter().map(|held| (held.stream, (held.head, held.hash))).collect()
    }
}
