//! Prices that the hub pushes, and law 5: at no instant does a till sell at half a push, and in the
//! end all sell at the same.
//!
//! Every push prices the same goods, all at one amount that no other push has: a till that shows two
//! amounts at once shows half a push.

use super::hub::{Hub, wall};
use super::members::COUNT;
use super::till::SimTill;
use super::world::World;
use crate::books::Broken;
use agent::till::{Event, find_item};
use commerce::Currency;
use commerce::price::Layer;
use std::collections::BTreeSet;
use sync::bulk::{Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn, encode, push_digest};
use sync::log::{Hash, StreamKind, Zone};

/// What is pushed, by short code.
const PUSHED: [&str; 3] = ["101", "102", "103"];

/// The amount of push 0 in minor units; goods cost less before the first.
const FIRST_AMOUNT: i64 = 2_000;

/// The zone whose stream the hub writes.
pub fn zone() -> Zone {
    Zone::new(0).unwrap()
}

/// What the hub pushed.
#[derive(Debug, Clone)]
pub struct Push {
    number: u64,
    starts_ms: i64,
    /// The goods whose chunks are not written yet.
    left: Vec<u32>,
    hashes: Vec<Hash>,
    complete: bool,
    withdrawn: bool,
}

impl Push {
    fn amount(&self) -> i64 {
        FIRST_AMOUNT + i64::try_from(self.number).unwrap()
    }
}

impl Hub {
    /// Writes the first chunks of a push, one for each of the goods; the others and its manifest come
    /// later.
    pub fn begin_push(&mut self, ms: u64, items: &[u32], first: usize, starts_ms: i64) {
        let number = self.pushes.len() as u64;
        let (complete, withdrawn) = (false, false);
        let (left, hashes) = (items.to_vec(), Vec::new());
        let push = Push { number, starts_ms, left, hashes, complete, withdrawn };
        self.pushes.push(push);
        self.write_chunks(ms, self.pushes.len() - 1, first);
    }

    /// Writes so many more chunks of a push.
    fn write_chunks(&mut self, ms: u64, at: usize, count: usize) {
        for _ in 0..count.min(self.pushes[at].left.len()) {
            let push = &mut self.pushes[at];
            let item = push.left.remove(0);
            let row = PriceChange { item, amount: Some(push.amount()), scale: 2, per: 1 };
            let chunk = PriceChunk {
                push: push.number,
                layer: Layer::Headquarters,
                starts_ms: push.starts_ms,
                ends_ms: None,
                currency: Currency::parse("EUR").unwrap(),
                rows: vec![row],
            };
            let hash = self.write_prices(ms, &Bulk::Prices(chunk));
            self.pushes[at].hashes.push(hash);
        }
    }

    /// Writes what pushes lack, their manifests last.
    pub fn complete_pushes(&mut self, ms: u64) {
        for at in 0..self.pushes.len() {
            self.write_chunks(ms, at, usize::MAX);
            let push = &mut self.pushes[at];
            if std::mem::replace(&mut push.complete, true) {
                continue;
            }
            let count = push.hashes.len();
            let manifest = PushManifest {
                push: push.number,
                name: format!("push {}", push.number),
                zone: zone(),
                chunks: u32::try_from(count).unwrap(),
                changes: count as u64,
                digest: push_digest(push.hashes.iter().copied()),
                starts_ms: push.starts_ms,
            };
            self.write_prices(ms, &Bulk::Manifest(manifest));
        }
    }

    /// Takes the last complete push back.
    pub fn withdraw_push(&mut self, ms: u64) -> bool {
        let last = self.pushes.iter_mut().rev().find(|push| push.complete && !push.withdrawn);
        let Some(push) = last else { return false };
        push.withdrawn = true;
        let number = push.number;
        self.write_prices(ms, &Bulk::Withdrawn(PushWithdrawn { push: number, replica: None }));
        true
    }

    fn write_prices(&mut self, ms: u64, bulk: &Bulk) -> Hash {
        self.write(ms, StreamKind::Prices(zone()), &encode(bulk).unwrap())
    }

    /// The amount that counts at an instant: of the push that started last, the one written last.
    fn amount_at(&self, wall_ms: i64) -> Option<i64> {
        let counts = |push: &&Push| push.complete && !push.withdrawn && push.starts_ms <= wall_ms;
        let last = self.pushes.iter().filter(counts).max_by_key(|it| (it.starts_ms, it.number));
        last.map(Push::amount)
    }
}

impl SimTill<'_> {
    /// What the pushed goods cost here now, in minor units.
    pub fn pushed_prices(&mut self, ms: u64) -> Option<Vec<i64>> {
        let (at, _version) = (self.wall(ms), self.version());
        let running = self.running.as_mut()?;
        // As every event does: it looks at what other connections changed.
        running.till.handle(at, Event::Operator(None)).reply.ok()?;
        let (view, settings) = (running.till.catalogue().view(), running.till.settings());
        let price = |code: &str| {
            let found = find_item(&view, &settings, code, at).unwrap();
            found.price.map_or(0, |price| price.price.amount())
        };
        Some(PUSHED.map(price).to_vec())
    }

    /// The ids of the pushed goods, which are the same in every shop.
    pub fn pushed_items(&self, ms: u64) -> Option<Vec<u32>> {
        let (at, running) = (self.wall(ms), self.running.as_ref()?);
        let (view, settings) = (running.till.catalogue().view(), running.till.settings());
        let id = |code: &str| find_item(&view, &settings, code, at).unwrap().item.id.index();
        Some(PUSHED.map(|code| u32::try_from(id(code)).unwrap()).to_vec())
    }
}

/// The amounts of pushes among prices; more than one, or one beside a price of before, is half a
/// push.
pub fn is_whole(prices: &[i64]) -> bool {
    let amounts: BTreeSet<Option<i64>> =
        prices.iter().map(|price| Some(*price).filter(|it| *it >= FIRST_AMOUNT)).collect();
    amounts.len() == 1
}

/// Law 5 at the end: each till sells at what the hub pushed last.
pub fn prices_agree(world: &mut World<'_>) -> Result<(), Broken> {
    let ms = world.ms;
    let expected = world.hub.amount_at(wall(ms));
    for id in 1..=COUNT {
        let prices = world.till(id).pushed_prices(ms).ok_or("a till reads no prices")?;
        let pushed = prices[0] >= FIRST_AMOUNT;
        if !is_whole(&prices) || expected != Some(prices[0]).filter(|_| pushed) {
            return Err(format!(
                "till {id} sells at {prices:?}, the hub pushed {expected:?}: {:?}",
                world.hub.pushes
            ));
        }
    }
    Ok(())
}
