//! The network of the tests, in virtual time.

use super::*;
use crate::log::StreamKind;
use crate::store::{LogBooks, find_stream, head, streams, verify};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    pub lose: u64,
    pub double: u64,
    pub reorder: u64,
}

pub struct Net {
    pub replicas: BTreeMap<u8, Replica>,
    pub lines: BTreeSet<(u8, u8)>,
    pub under_way: Vec<(u64, u8, u8, Vec<u8>)>,
    pub ms: u64,
    pub dice: u64,
    pub faults: Faults,
    pub frames: usize,
}

impl Net {
    pub fn new(seeds: &[u8], dice: u64, faults: Faults) -> Self {
        let replicas = seeds.iter().map(|&seed| (seed, Replica::new(seed))).collect();
        let (lines, under_way) = (BTreeSet::new(), Vec::new());
        Self { replicas, lines, under_way, ms: 0, dice, faults, frames: 0 }
    }

    pub fn now(&self) -> Now {
        Now { ms: self.ms, wall_ms: 1_700_000_000_000 + i64::try_from(self.ms).unwrap() }
    }

    pub fn roll(&mut self, percent: u64) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % 100 < percent
    }

    pub fn connect(&mut self, a: u8, b: u8) {
        self.lines.insert((a, b));
        for (here, there) in [(a, b), (b, a)] {
            let now = self.now();
            let pace = if a == HUB || b == HUB { Pace::HUB } else { Pace::SHOP };
            let it = self.replicas.get_mut(&here).unwrap();
            let mut books = LogBooks::new(&it.db, None);
            it.exchange.up(now, route(there), pace, &it.trust, &mut books).unwrap();
        }
    }

    pub fn cut(&mut self, a: u8, b: u8) {
        self.lines.remove(&(a, b));
        self.under_way.retain(|&(_, from, to, _)| (from, to) != (a, b) && (from, to) != (b, a));
        for (here, there) in [(a, b), (b, a)] {
            self.replicas.get_mut(&here).unwrap().exchange.down(&route(there));
        }
    }

    pub fn write(&mut self, seed: u8, kind: StreamKind, body: &[u8]) {
        let now = self.now();
        self.replicas.get_mut(&seed).unwrap().write(now, kind, body);
    }

    pub fn collect(&mut self) {
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
    pub fn settle(&mut self, most: u64) {
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
    pub fn assert_converged(&self) {
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

    pub fn mark(&self, at: u8, by: u8, of: u8) -> Option<u64> {
        let stream = StreamId { replica: replica(of), kind: StreamKind::Journal };
        self.replicas[&at].marked.get(&(replica(by), stream)).copied()
    }
}
