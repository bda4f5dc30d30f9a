//! The law of the merge: whatever is lost, doubled or reordered, what an item sells at is what
//! `crdts::LWWReg` with marker (clock, replica) says of the entries that came.

use super::testing::{Hub, catalogue, eur, price, receive, zone};
use super::{Standing, activate};
use crate::bulk::{
    Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn, decode, push_digest,
};
use crate::log::{Entry, Hash, ReplicaId, StreamId, entry_hash};
use commerce::price::Layer;
use crdts::{CmRDT, LWWReg};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ITEMS: u32 = 4;
const NOW: i64 = 25;

/// What a hub does next.
#[derive(Debug, Clone)]
enum Act {
    /// Writes chunks and perhaps the manifest, which may be wrong about them.
    Push { starts: i64, chunks: Vec<PriceChunk>, manifest: bool, wrong: bool },
    /// Withdraws the n-th of the pushes so far, its own or the other hub's.
    Withdraw { nth: u64, other: bool },
    /// Writes another chunk of the n-th push.
    Straggler { nth: u64, chunk: PriceChunk },
}

fn chunk() -> impl Strategy<Value = PriceChunk> {
    let layer = prop::sample::select(&Layer::BY_PRECEDENCE[..]);
    let start = prop::sample::select(&[0_i64, 10, 20, 30][..]);
    let lasts = prop::option::weighted(0.3, 1_i64..30);
    let rows = btree_map(1..=ITEMS, prop::option::weighted(0.8, 1_i64..100_000), 1..4);
    (layer, start, lasts, rows).prop_map(|(layer, starts_ms, lasts, rows)| {
        let row = |(item, amount)| PriceChange { item, amount, scale: 2, per: 1 };
        let (rows, ends_ms) = (rows.into_iter().map(row).collect(), lasts.map(|ms| starts_ms + ms));
        PriceChunk { push: 0, layer, starts_ms, ends_ms, currency: eur(), rows }
    })
}

fn act() -> impl Strategy<Value = Act> {
    let starts = prop::sample::select(&[0_i64, 20, 30][..]);
    let flags = (prop::bool::weighted(0.9), prop::bool::weighted(0.05));
    prop_oneof![
        8 => (starts, vec(chunk(), 1..4), flags).prop_map(|(starts, chunks, (manifest, wrong))| {
            Act::Push { starts, chunks, manifest, wrong }
        }),
        2 => (0..6_u64, any::<bool>()).prop_map(|(nth, other)| Act::Withdraw { nth, other }),
        1 => (0..6_u64, chunk()).prop_map(|(nth, chunk)| Act::Straggler { nth, chunk }),
    ]
}

/// Two hubs whose clocks run alongside each other: their entries interleave and tie.
fn history(acts: Vec<(bool, u64, Act)>) -> Vec<(StreamId, Entry)> {
    let mut hubs = [Hub::new(1), Hub::new(2)];
    let mut pushes = [0_u64; 2];
    let mut log = Vec::new();
    for (second, later, act) in acts {
        let (me, you) = if second { (1, 0) } else { (0, 1) };
        let other = hubs[you].stream.replica;
        let hub = &mut hubs[me];
        let mut write = |later, bulk: &Bulk| {
            let entry = hub.write(later, bulk);
            log.push((hub.stream, entry.clone()));
            entry_hash(hub.stream, &entry)
        };
        match act {
            Act::Push { starts, chunks, manifest, wrong } => {
                pushes[me] += 1;
                let push = pushes[me];
                let changes = chunks.iter().map(|chunk| chunk.rows.len() as u64).sum();
                let count = u32::try_from(chunks.len()).unwrap();
                let chunks = chunks.into_iter().map(|chunk| PriceChunk { push, ..chunk });
                let hashes: Vec<_> =
                    chunks.map(|chunk| write(later, &Bulk::Prices(chunk))).collect();
                let digest = if wrong { Hash([0; 32]) } else { push_digest(hashes) };
                let (name, zone, starts_ms) = (String::new(), zone(), starts);
                let chunks = count;
                let whole = PushManifest { push, name, zone, chunks, changes, digest, starts_ms };
                if manifest {
                    write(later, &Bulk::Manifest(whole));
                }
            }
            Act::Withdraw { nth, other: others } => {
                let (replica, of) = if others { (Some(other), you) } else { (None, me) };
                let push = nth.min(pushes[of]);
                write(later, &Bulk::Withdrawn(PushWithdrawn { push, replica }));
            }
            Act::Straggler { nth, chunk } => {
                let push = nth.min(pushes[me]);
                write(later, &Bulk::Prices(PriceChunk { push, ..chunk }));
            }
        }
    }
    log
}

type Marker = (u64, ReplicaId);
type Value = (Option<i64>, Option<i64>);

/// What the entries say, without tables: a register for each item, layer and start.
struct Oracle(BTreeMap<(u32, Layer, i64), LWWReg<Value, Marker>>);

impl Oracle {
    fn of(entries: &[(StreamId, Entry)]) -> Self {
        let unique: BTreeMap<_, _> =
            entries.iter().map(|(stream, entry)| ((*stream, entry.seq), entry)).collect();
        let mut chunks: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut manifests: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut withdrawn = BTreeSet::new();
        for ((stream, _), entry) in unique {
            match decode(&entry.body).unwrap() {
                Bulk::Prices(chunk) => {
                    chunks.entry((stream, chunk.push)).or_default().push((entry, chunk));
                }
                Bulk::Manifest(whole) => {
                    manifests.entry((stream, whole.push)).or_default().push(whole);
                }
                Bulk::Withdrawn(gone) => {
                    let replica = gone.replica.unwrap_or(stream.replica);
                    withdrawn.insert((StreamId { replica, ..stream }, gone.push));
                }
            }
        }
        let mut registers = BTreeMap::new();
        for ((stream, push), chunks) in chunks {
            let whole = manifests.get(&(stream, push)).is_some_and(|whole| {
                let hashes = chunks.iter().map(|(entry, _)| entry_hash(stream, entry));
                let [whole] = whole.as_slice() else { return false };
                whole.chunks as usize == chunks.len()
                    && whole.digest == push_digest(hashes)
                    && whole.starts_ms <= NOW
            });
            if !whole || withdrawn.contains(&(stream, push)) {
                continue;
            }
            for (entry, chunk) in chunks {
                let marker = (entry.clock.number(), stream.replica);
                for row in chunk.rows {
                    let op = LWWReg { val: (row.amount, chunk.ends_ms), marker };
                    let key = (row.item, chunk.layer, chunk.starts_ms);
                    registers.entry(key).or_insert_with(|| op.clone()).apply(op);
                }
            }
        }
        Self(registers)
    }

    /// The amount by policy: the nearest layer that says something, its latest start in force.
    fn price(&self, item: u32, at: i64) -> Option<i64> {
        Layer::BY_PRECEDENCE.into_iter().find_map(|layer| {
            let starts = self.0.range((item, layer, i64::MIN)..=(item, layer, at)).rev();
            let in_force = starts.map(|(_, register)| register.val);
            let mut in_force = in_force.filter(|(_, ends)| ends.is_none_or(|ends| at < ends));
            in_force.next().and_then(|(amount, _)| amount)
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn equals_the_last_writers_registers(
        acts in vec((any::<bool>(), 1..3_u64, act()), 1..14),
        deliveries in vec(any::<prop::sample::Index>(), 0..80),
        everything in any::<bool>(),
    ) {
        let log = history(acts);
        // Lost, doubled, out of order; or all of it, once more and backwards.
        let mut delivered: Vec<_> = deliveries.iter().map(|at| at.get(&log).clone()).collect();
        if everything {
            delivered.extend(log.into_iter().rev());
        }
        let mut db = catalogue();
        for (stream, entry) in &delivered {
            receive(&mut db, *stream, entry);
            // Activation may run at any time, with any clock that is not ahead.
            activate(&db, i64::try_from(entry.seq).unwrap().min(NOW)).unwrap();
        }
        activate(&db, NOW).unwrap();
        let oracle = Oracle::of(&delivered);
        let standing = Standing::load(&db).unwrap();
        let all = || (1..=ITEMS).flat_map(|item| [0, 9, 10, 20, NOW, 60].map(|at| (item, at)));
        for (item, at) in all() {
            prop_assert_eq!(price(&db, &standing, item, at), oracle.price(item, at), "{} {}", item, at);
        }
        while super::sweep(&db).unwrap() {}
        let swept = Standing::load(&db).unwrap();
        for (item, at) in all() {
            prop_assert_eq!(price(&db, &swept, item, at), oracle.price(item, at), "{} {}", item, at);
        }
    }
}
