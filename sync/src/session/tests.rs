//! Replicas over real tables and a network that loses, doubles and reorders.

use super::*;
use crate::clock::{Clock, Hlc};
use crate::link::TlsKey;
use crate::log::{SealingKey, Seed, StreamKind};
use crate::store::{
    Begun, Ingested, LogBooks, SCHEMA, SCHEMA_2, append, begin_behind, declare_replica,
    find_stream, head, held, ingest, keep_paper, last_clock, open_stream, prune, set_folded,
    streams, verify,
};
use crate::trust::{Admitted, Statement, TillPaper, Trust, issue};
use crate::wire::codec::{decode, encode};
use crate::wire::{Envelope, Frame};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

const OPENED: Hlc = Hlc::from_ms(1_700_000_000_000);
const STORE: &str = "HH01";

fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([seed; 32])).unwrap()
}

fn replica(seed: u8) -> ReplicaId {
    ReplicaId([seed; 16])
}

fn route(seed: u8) -> Route {
    match seed {
        HUB => Route::Hub,
        till => Route::Till { store: STORE.into(), thing: format!("till-{till}") },
    }
}

const HUB: u8 = 1;
const A: u8 = 2;
const B: u8 = 3;

/// Papers by which seeds 2 and up are tills of the store.
fn chain_papers() -> Vec<Vec<u8>> {
    let root = key(99);
    let mut papers =
        vec![issue(&Statement::Hub { key: key(HUB).public(), serial: 1 }, &root).unwrap()];
    for till in A..A + 4 {
        let paper = TillPaper {
            store: STORE.into(),
            thing: format!("till-{till}"),
            number: u16::from(till),
            key: key(till).public(),
            tls: TlsKey([till; 32]),
            serial: 1,
        };
        papers.push(issue(&Statement::Till(paper), &key(HUB)).unwrap());
    }
    papers
}

struct Replica {
    seed: u8,
    db: Connection,
    trust: Trust,
    exchange: Exchange,
    marked: BTreeMap<(ReplicaId, StreamId), u64>,
    noticed: Vec<Effect>,
    /// A peer has proved that it holds other entries of this replica's own stream.
    overtaken: bool,
}

impl Replica {
    fn new(seed: u8) -> Self {
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
        let (marked, noticed) = (BTreeMap::new(), Vec::new());
        Self { seed, db, trust, exchange, marked, noticed, overtaken: false }
    }

    /// Starts anew over the same tables.
    fn restart(&mut self, session: u64) {
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

    fn write(&mut self, now: Now, kind: StreamKind, body: &[u8]) {
        let key = key(self.seed);
        let mut clock = Clock::new(0, last_clock(&self.db, replica(self.seed)).unwrap()).unwrap();
        let tx = self.db.transaction().unwrap();
        let stream = open_stream(&tx, replica(self.seed), kind).unwrap();
        append(&tx, &stream, clock.tick(0), body, &key).unwrap();
        tx.commit().unwrap();
        let held = held(&self.db, &stream).unwrap();
        self.exchange.hold(now, &self.trust, held);
    }

    fn hear(&mut self, now: Now, at: &Route, from: ReplicaId, frame: Frame) {
        self.receive(now, at, &encode(&Envelope { from, frame }).unwrap());
    }

    /// Prunes its own workspace up to an entry.
    fn compact(&mut self, now: Now, last: u64) {
        let tx = self.db.transaction().unwrap();
        let stream = open_stream(&tx, replica(self.seed), StreamKind::Workspace).unwrap();
        prune(&tx, &stream, last, None).unwrap();
        tx.commit().unwrap();
        let held = held(&self.db, &stream).unwrap();
        self.exchange.hold(now, &self.trust, held);
    }

    fn receive(&mut self, now: Now, at: &Route, bytes: &[u8]) {
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
                Effect::Begin { stream, seq, checkpoint, .. } => {
                    let tx = self.db.transaction().unwrap();
                    let begun = begin_behind(&tx, &self.trust, stream, seq, &checkpoint).unwrap();
                    let (Begun::Anew(stream) | Begun::Pruned(stream)) = begun else { continue };
                    let held = held(&tx, &stream).unwrap();
                    tx.commit().unwrap();
                    self.exchange.hold(now, &self.trust, held);
                    self.exchange.pursue(now, &self.trust);
                }
                Effect::Marked { peer, stream, seq } => {
                    let known = self.marked.entry((peer, stream)).or_default();
                    *known = seq.max(*known);
                }
                other => self.noticed.push(other),
            }
        }
    }

    fn take(&mut self, now: Now, from: &Route, run: &Batch) -> Vec<Effect> {
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

    fn admit(&mut self, now: Now, from: &Route, papers: Vec<Vec<u8>>) {
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
    fn state(&self) -> BTreeMap<StreamId, (u64, Hash)> {
        let held = LogBooks::new(&self.db, None).held().unwrap();
        held.into_iter().map(|held| (held.stream, (held.head, held.hash))).collect()
    }
}

/// What the network does to frames, in percent.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    lose: u64,
    double: u64,
    reorder: u64,
}

struct Net {
    replicas: BTreeMap<u8, Replica>,
    lines: BTreeSet<(u8, u8)>,
    under_way: Vec<(u64, u8, u8, Vec<u8>)>,
    ms: u64,
    dice: u64,
    faults: Faults,
    frames: usize,
}

impl Net {
    fn new(seeds: &[u8], dice: u64, faults: Faults) -> Self {
        let replicas = seeds.iter().map(|&seed| (seed, Replica::new(seed))).collect();
        let (lines, under_way) = (BTreeSet::new(), Vec::new());
        Self { replicas, lines, under_way, ms: 0, dice, faults, frames: 0 }
    }

    fn now(&self) -> Now {
        Now { ms: self.ms, wall_ms: 1_700_000_000_000 + i64::try_from(self.ms).unwrap() }
    }

    fn roll(&mut self, percent: u64) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % 100 < percent
    }

    fn connect(&mut self, a: u8, b: u8) {
        self.lines.insert((a, b));
        for (here, there) in [(a, b), (b, a)] {
            let now = self.now();
            let pace = if a == HUB || b == HUB { Pace::HUB } else { Pace::SHOP };
            let it = self.replicas.get_mut(&here).unwrap();
            let mut books = LogBooks::new(&it.db, None);
            it.exchange.up(now, route(there), pace, &it.trust, &mut books).unwrap();
        }
    }

    fn cut(&mut self, a: u8, b: u8) {
        self.lines.remove(&(a, b));
        self.under_way.retain(|&(_, from, to, _)| (from, to) != (a, b) && (from, to) != (b, a));
        for (here, there) in [(a, b), (b, a)] {
            self.replicas.get_mut(&here).unwrap().exchange.down(&route(there));
        }
    }

    fn write(&mut self, seed: u8, kind: StreamKind, body: &[u8]) {
        let now = self.now();
        self.replicas.get_mut(&seed).unwrap().write(now, kind, body);
    }

    fn collect(&mut self) {
        let now = self.now();
        let mut sent = Vec::new();
        for (&seed, it) in &mut self.replicas {
            let key = key(seed);
            let mut books = LogBooks::new(&it.db, Some(&key));
            while let Some((to, frame)) =
                it.exchange.next_frame(now, &it.trust, &mut books, &BTreeSet::new()).unwrap()
            {
                let to = (1..10).find(|&seed| route(seed) == to).unwrap();
                sent.push((seed, to, frame));
            }
        }
        for (from, to, frame) in sent {
            self.frames += 1;
            if self.roll(self.faults.lose) {
                continue;
            }
            let times = if self.roll(self.faults.double) { 2 } else { 1 };
            for _ in 0..times {
                let delay = if self.roll(self.faults.reorder) { 1 + self.dice % 200 } else { 1 };
                self.under_way.push((self.ms + delay, from, to, frame.clone()));
            }
        }
    }

    /// Lets the time pass until nothing more happens for a minute, or `most` ms have passed.
    fn settle(&mut self, most: u64) {
        let end = self.ms + most;
        loop {
            self.collect();
            let arrival = self.under_way.iter().map(|(at, ..)| *at).min();
            let wake =
                self.replicas.values().filter_map(|it| it.exchange.wake_at(&BTreeSet::new())).min();
            let next = [arrival, wake].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.ms = next.max(self.ms + u64::from(arrival != Some(next)));
            self.under_way.sort_by_key(|(at, ..)| *at);
            while self.under_way.first().is_some_and(|(at, ..)| *at <= self.ms) {
                let (_, from, to, frame) = self.under_way.remove(0);
                let now = self.now();
                let it = self.replicas.get_mut(&to).unwrap();
                it.receive(now, &route(from), &frame);
            }
        }
    }

    /// Everyone holds every stream that is for them, bit for bit.
    fn assert_converged(&self) {
        let mut all: BTreeMap<StreamId, (u64, Hash)> = BTreeMap::new();
        for it in self.replicas.values() {
            for stream in streams(&it.db).unwrap() {
                let head = head(&it.db, &stream).unwrap();
                all.insert(stream.id(), (head.seq, head.hash));
            }
        }
        for (seed, it) in &self.replicas {
            let mut expected = all.clone();
            expected.retain(|id, _| *seed != HUB || id.kind != StreamKind::Workspace);
            assert_eq!(it.state(), expected, "replica {seed}");
            for id in expected.keys() {
                let stream = find_stream(&it.db, id.replica, id.kind).unwrap().unwrap();
                let own = id.replica == replica(*seed);
                assert!(own || verify(&it.db, &stream, None, &mut |_, _| {}).is_ok());
            }
            assert!(it.noticed.is_empty(), "{:?}", it.noticed);
        }
    }

    fn mark(&self, at: u8, by: u8, of: u8) -> Option<u64> {
        let stream = StreamId { replica: replica(of), kind: StreamKind::Journal };
        self.replicas[&at].marked.get(&(replica(by), stream)).copied()
    }
}

#[test]
fn two_tills_share_what_they_had_and_what_they_write() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    for n in 0..300_u16 {
        net.write(A, StreamKind::Journal, &n.to_be_bytes());
    }
    net.write(B, StreamKind::Workspace, b"cart");
    net.connect(A, B);
    net.settle(1_000);
    net.assert_converged();
    assert_eq!(net.mark(A, B, A), Some(300), "its second copy is known");
    let frames = net.frames;
    net.write(A, StreamKind::Journal, b"one more");
    net.settle(1_000);
    net.assert_converged();
    assert_eq!(net.mark(A, B, A), Some(301));
    assert_eq!(net.frames - frames, 2, "a run and its mark");
}

#[test]
fn a_stream_that_begins_later_is_announced() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    net.write(A, StreamKind::Journal, b"first");
    net.settle(1_000);
    net.assert_converged();
}

#[test]
fn carts_never_reach_the_hub_and_settings_reach_every_till() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.connect(HUB, A);
    net.connect(HUB, B);
    net.connect(A, B);
    net.write(A, StreamKind::Workspace, b"cart");
    net.write(A, StreamKind::Journal, b"sale");
    net.write(HUB, StreamKind::Settings, b"settings");
    net.settle(60_000);
    net.assert_converged();
    assert_eq!(net.mark(A, HUB, A), Some(1));
}

#[test]
fn a_sibling_brings_the_hub_what_a_lost_till_sold() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"sale");
    net.connect(A, B);
    net.settle(10_000);
    net.cut(A, B);
    net.connect(HUB, B);
    net.settle(60_000);
    net.assert_converged();
}

#[test]
fn a_restart_of_either_side_goes_on() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.write(A, StreamKind::Journal, b"one");
    net.settle(1_000);
    for (seed, session) in [(A, 70), (B, 71)] {
        net.cut(A, B);
        net.replicas.get_mut(&seed).unwrap().restart(session);
        net.connect(A, B);
        net.write(A, StreamKind::Journal, b"more");
        net.settle(1_000);
        net.assert_converged();
    }
}

#[test]
fn a_hub_that_started_anew_learns_that_its_tills_have_its_settings() {
    let mut net = Net::new(&[HUB, A], 1, Faults::default());
    net.connect(HUB, A);
    net.write(HUB, StreamKind::Settings, b"one");
    net.settle(60_000);
    net.cut(HUB, A);
    net.replicas.get_mut(&HUB).unwrap().restart(70);
    net.connect(HUB, A);
    net.settle(60_000);
    let hub = &net.replicas[&HUB];
    let lacks: Vec<u64> = hub.exchange.peers(&hub.trust).map(|(.., lacks)| lacks).collect();
    assert_eq!(lacks, [0], "it would ask for ever");
}

/// Else whoever has no room on a line would look again and again until there is.
#[test]
fn what_waits_for_room_is_no_reason_to_wake() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.write(A, StreamKind::Journal, b"one");
    let exchange = &net.replicas[&A].exchange;
    assert_eq!(exchange.wake_at(&BTreeSet::new()), Some(0));
    assert_eq!(exchange.wake_at(&BTreeSet::from([route(B)])), None);
    net.settle(1_000);
    net.assert_converged();
}

#[test]
fn a_till_put_back_is_told_by_its_sibling() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"one");
    net.write(A, StreamKind::Journal, b"two");
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    // Last night's backup: the first entry only.
    let mut back = Replica::new(A);
    back.write(net.now(), StreamKind::Journal, b"one");
    net.replicas.insert(A, back);
    net.connect(A, B);
    net.settle(1_000);
    assert!(net.replicas[&A].overtaken);
}

#[test]
fn a_lie_about_ones_own_stream_is_none_without_its_entries() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"one");
    net.connect(A, B);
    net.settle(1_000);
    let stream = StreamId { replica: replica(A), kind: StreamKind::Journal };
    for (session, head) in [(1, 1), (2, 900)] {
        let held = crate::wire::Held { stream, first: 1, head, hash: Hash([6; 32]), base: None };
        let have = crate::wire::Have {
            version: 1,
            now_ms: net.now().wall_ms,
            session,
            reply: false,
            more: false,
            streams: vec![held],
        };
        let now = net.now();
        let it = net.replicas.get_mut(&A).unwrap();
        it.hear(now, &route(B), replica(B), Frame::Have(have));
        net.settle(1_000);
        assert!(!net.replicas[&A].overtaken);
    }
}

#[test]
fn who_lacks_what_was_pruned_begins_at_the_checkpoint() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    for n in 0..10_u8 {
        net.write(A, StreamKind::Workspace, &[n]);
    }
    net.connect(A, B);
    net.settle(1_000);
    // B has all of it and prunes along; the third has nothing and begins behind it.
    let now = net.now();
    net.replicas.get_mut(&A).unwrap().compact(now, 7);
    net.settle(1_000);
    net.connect(A, B + 1);
    net.settle(1_000);
    net.write(A, StreamKind::Workspace, b"more");
    net.settle(1_000);
    net.assert_converged();
    for seed in [A, B, B + 1] {
        let rows = |sql: &str| -> i64 {
            net.replicas[&seed].db.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(rows("SELECT count(*) FROM entry"), 4, "replica {seed}");
        assert_eq!(rows("SELECT first_seq FROM stream"), 8, "replica {seed}");
    }
}

#[test]
fn a_cloned_till_is_told_and_its_branch_is_kept_beside() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    for n in 0..100_u8 {
        net.write(A, StreamKind::Journal, &[n]);
    }
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    let mut clone = Replica::new(A);
    for n in 0..100_u8 {
        clone.write(net.now(), StreamKind::Journal, &[if n < 10 { n } else { 200 }]);
    }
    net.replicas.insert(A, clone);
    net.connect(A, B);
    net.settle(100_000);
    assert!(net.replicas[&A].overtaken);
    let count =
        |sql: &str| -> i64 { net.replicas[&B].db.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM orphan"), 90);
    assert_eq!(count("SELECT min(seq) FROM orphan"), 11);
}

/// The branch is as short as can be, its writer is gone for good, and a third has it from the second.
#[test]
fn a_branch_is_handed_on_by_who_keeps_it() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"both");
    net.write(A, StreamKind::Journal, b"first");
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    let mut clone = Replica::new(A);
    for body in [&b"both"[..], b"second", b"and more"] {
        clone.write(net.now(), StreamKind::Journal, body);
    }
    net.replicas.insert(A, clone);
    net.connect(A, B);
    net.settle(100_000);
    net.cut(A, B);
    net.connect(B, B + 1);
    net.settle(100_000);
    for seed in [B, B + 1] {
        let db = &net.replicas[&seed].db;
        let mut statement = db.prepare("SELECT body FROM orphan ORDER BY seq").unwrap();
        let bodies = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let bodies: Vec<Vec<u8>> = bodies.map(Result::unwrap).collect();
        assert_eq!(bodies, [&b"second"[..], b"and more"], "replica {seed}");
    }
    let before = net.frames;
    net.settle(3_600_000);
    assert!(net.frames - before < 10, "all is kept, and nobody doubts it");
}

#[test]
fn somebody_at_the_wrong_place_is_not_listened_to() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    net.connect(HUB, A);
    // A till that says it is the hub could make another forget what the hub never had.
    let mark = crate::wire::Mark { streams: vec![] };
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.hear(now, &Route::Hub, replica(B), Frame::Mark(mark));
    assert!(matches!(it.noticed.as_slice(), [Effect::Suspicious { route: Route::Hub, .. }]));
}

#[test]
fn a_wrong_clock_is_noticed() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    let have = crate::wire::Have {
        version: 1,
        now_ms: 0,
        session: 3,
        reply: false,
        more: false,
        streams: vec![],
    };
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.hear(now, &route(B), replica(B), Frame::Have(have));
    assert!(
        matches!(it.noticed.as_slice(), [Effect::ClockDiffers { ahead_ms, .. }] if *ahead_ms < 0)
    );
}

#[test]
fn a_topic_brings_what_is_new_and_the_session_what_was_missed() {
    let mut net = Net::new(&[HUB, A], 1, Faults::default());
    net.write(HUB, StreamKind::Settings, b"one");
    net.connect(HUB, A);
    net.settle(60_000);
    let fan = Route::Fan(StreamKind::Settings);
    let now = net.now();
    let hub = net.replicas.get_mut(&HUB).unwrap();
    let mut books = LogBooks::new(&hub.db, None);
    hub.exchange.up(now, fan.clone(), Pace::SHOP, &hub.trust, &mut books).unwrap();
    hub.exchange.down(&route(A));
    for body in [b"two", b"tri"] {
        net.write(HUB, StreamKind::Settings, body);
    }
    let now = net.now();
    let hub = net.replicas.get_mut(&HUB).unwrap();
    let mut books = LogBooks::new(&hub.db, None);
    let next = hub.exchange.next_frame(now, &hub.trust, &mut books, &BTreeSet::new()).unwrap();
    let (to, bytes) = next.unwrap();
    let Frame::Run(run) = decode(&bytes).unwrap().frame else { panic!() };
    assert_eq!((to, run.entries.len(), run.entries[0].seq), (fan.clone(), 2, 2));
    let it = net.replicas.get_mut(&A).unwrap();
    it.receive(now, &fan, &bytes);
    net.assert_converged();
}

/// Bytes that nothing compresses, so that a frame does not hold many.
fn noise(length: u64) -> Vec<u8> {
    let mut state = length | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn what_cannot_be_read_is_suspicious_and_what_is_newer_is_passed_over() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.receive(now, &route(B), b"\x01nonsense");
    assert!(
        matches!(it.noticed.as_slice(), [Effect::Suspicious { frame, .. }] if frame.len() == 9)
    );
    // Kind 99 of this version, from B.
    let newer = [&[1, 0x84, 1, 0x50][..], &replica(B).0, &[0x18, 99, 0x80]].concat();
    it.receive(now, &route(B), &newer);
    assert_eq!(it.noticed.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is lost, doubled or reordered, all come to the same within a day.
    #[test]
    fn everything_arrives(
        dice in 1_u64..u64::MAX,
        lose in 0_u64..40,
        double in 0_u64..40,
        reorder in 0_u64..60,
        acts in prop::collection::vec((0_u8..10, 1_u64..3_000), 1..60),
    ) {
        let mut net = Net::new(&[HUB, A, B, B + 1], dice, Faults { lose, double, reorder });
        let pairs = [(HUB, A), (A, B), (B, B + 1), (HUB, B + 1)];
        for (a, b) in pairs {
            net.connect(a, b);
        }
        for (act, wait) in acts {
            let seed = A + act % 3;
            match act {
                0..=4 => net.write(seed, StreamKind::Journal, &[act; 200]),
                5 | 6 => net.write(seed, StreamKind::Workspace, &[act]),
                7 => net.write(HUB, StreamKind::Settings, &noise(wait * 60)),
                8 => {
                    let (a, b) = pairs[usize::try_from(wait).unwrap() % pairs.len()];
                    net.cut(a, b);
                    net.settle(wait);
                    net.connect(a, b);
                }
                _ => net.settle(wait),
            }
        }
        net.settle(24 * 3_600_000);
        net.assert_converged();
        prop_assert_eq!(net.under_way.len(), 0, "and then all is quiet");
    }
}
