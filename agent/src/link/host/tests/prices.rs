//! A hub that pushes prices to tills over lines that lose and reorder frames.

use super::*;
use crate::store::catalogue::downstream::testing::{Hub, chunk};
use commerce::price::Layer;
use sync::session::{Exchange, Outcome, Side};
use sync::store::held;

const MINUTE: i64 = 60_000;
const OTHER: &str = "9520000104818";

/// A hub and its tills.
struct Chain {
    hub: Hub,
    exchange: Exchange,
    trust: Trust,
    papers: Vec<Vec<u8>>,
    tills: Vec<Peer>,
    ms: u64,
    dice: u64,
}

impl Chain {
    fn new(numbers: &[u8]) -> Self {
        let hub = Hub::new(90, 1_700_000_000_000);
        let papers = [hub.papers(), papers(numbers)].concat();
        let mut trust = Trust::new(Some(root().public()));
        for paper in &papers {
            trust.admit(paper).unwrap();
        }
        for paper in hub.papers() {
            sync::store::keep_paper(&hub.log, &paper).unwrap();
        }
        let exchange = Exchange::new(hub.stream.id().replica, 1, Side::Hub);
        let tills = numbers.iter().map(|number| Peer::open(*number, &papers)).collect();
        let mut chain = Self { hub, exchange, trust, papers, tills, ms: 1, dice: 7 };
        (0..numbers.len()).for_each(|at| chain.connect(at));
        chain
    }

    fn start() -> i64 {
        START.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn now(&self) -> Now {
        Now { ms: self.ms, wall_ms: Self::start() + i64::try_from(self.ms).unwrap() }
    }

    fn connect(&mut self, at: usize) {
        let now = self.now();
        let peer = &mut self.tills[at];
        let mut both = books(&peer.shop, &peer.downstream, None);
        peer.host.up(now, Route::Hub, Pace::HUB, &mut both).unwrap();
        let mut log = LogBooks::new(&self.hub.log, Some(&self.hub.key));
        self.exchange.up(now, route(peer.number), Pace::HUB, &self.trust, &mut log).unwrap();
    }

    fn chance(&mut self, of: u64) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice.is_multiple_of(of)
    }

    /// Lets time pass while frames travel; `lossy` lines lose a third and reorder the rest. After
    /// each step each till is looked at.
    fn pass(&mut self, ms: u64, lossy: bool, look: &mut dyn FnMut(i64, &mut Peer)) {
        let end = self.ms + ms;
        while self.ms < end {
            self.ms += 500;
            let now = self.now();
            let frames = self.frames(now);
            for (till, to_hub, bytes) in frames {
                if lossy && self.chance(3) {
                    continue;
                }
                self.deliver(now, till, to_hub, &bytes);
            }
            for peer in &mut self.tills {
                peer.errands(now);
                look(now.wall_ms, peer);
            }
        }
    }

    /// What everyone sends now: which till's line, whether up, the bytes.
    fn frames(&mut self, now: Now) -> Vec<(usize, bool, Vec<u8>)> {
        let held = held(&self.hub.log, &self.hub.stream).unwrap();
        self.exchange.hold(now, &self.trust, held);
        let mut frames = Vec::new();
        let own = Some(&self.hub.key);
        let mut log = LogBooks::new(&self.hub.log, own);
        let none = BTreeSet::new();
        while let Some((to, bytes)) =
            self.exchange.next_frame(now, &self.trust, &mut log, &none).unwrap()
        {
            let till = self.tills.iter().position(|peer| route(peer.number) == to);
            frames.extend(till.map(|till| (till, false, bytes)));
        }
        for (till, peer) in self.tills.iter_mut().enumerate() {
            let me = key_of(peer.number);
            let mut both = books(&peer.shop, &peer.downstream, Some(&me));
            while let Some((_, bytes)) = peer.host.next_frame(now, &mut both, &none).unwrap() {
                frames.push((till, true, bytes));
            }
        }
        if frames.len() > 1 && self.chance(2) {
            frames.reverse();
        }
        frames
    }

    fn deliver(&mut self, now: Now, till: usize, to_hub: bool, bytes: &[u8]) {
        let peer = &mut self.tills[till];
        if !to_hub {
            let mut both = books(&peer.shop, &peer.downstream, None);
            peer.host.receive(now, &Route::Hub, bytes, &mut both).unwrap();
            return peer.errands(now);
        }
        let own = Some(&self.hub.key);
        let mut log = LogBooks::new(&self.hub.log, own);
        let from = route(peer.number);
        let effects = self.exchange.receive(now, &from, bytes, &self.trust, &mut log).unwrap();
        for effect in effects {
            match effect {
                Effect::Papers { papers, .. } => {
                    papers.iter().for_each(|paper| drop(self.trust.admit(paper)));
                    self.exchange.papers_changed(now, Some(&from), &papers, &self.trust);
                }
                Effect::Ingest { route, run } => {
                    let known = Outcome::Known;
                    self.exchange.ingested(now, &route, run.stream, known, &self.trust);
                }
                _ => {}
            }
        }
    }

    /// A till is off from here on, and started again by [`Chain::restart`].
    fn stop(&mut self, at: usize) -> Peer {
        let peer = self.tills.remove(at);
        self.exchange.down(&route(peer.number));
        peer
    }

    fn restart(&mut self, stopped: Peer, between: impl FnOnce(&std::path::Path)) {
        let now = self.now();
        let Peer { number, shop, downstream, .. } = stopped;
        drop(downstream);
        let Shop { folder, till, .. } = shop;
        drop(till);
        between(folder.path());
        let at = jiff::Timestamp::from_millisecond(now.wall_ms).unwrap();
        let shop = Shop::reopen(folder, number, at);
        self.tills.push(Peer::new(shop, &self.papers, self.ms));
        self.connect(self.tills.len() - 1);
    }
}

/// What two items sell at on a till, in minor units, and their ids.
fn prices(peer: &mut Peer, wall_ms: i64) -> [i64; 2] {
    let at = jiff::Timestamp::from_millisecond(wall_ms).unwrap();
    let nothing = crate::till::Event::Operator(None);
    peer.shop.till.handle(at, nothing).reply.unwrap();
    let (view, settings) = (peer.shop.till.catalogue().view(), peer.shop.till.settings());
    [ROLL, OTHER].map(|code| {
        let found = find_item(&view, &settings, code, at).unwrap();
        found.price.unwrap().price.amount()
    })
}

fn ids(peer: &Peer) -> [u32; 2] {
    let (view, now) = (peer.shop.till.catalogue().view(), peer.shop.now);
    let settings = peer.shop.till.settings();
    [ROLL, OTHER].map(|code| {
        let item = find_item(&view, &settings, code, now).unwrap().item;
        u32::try_from(item.id.index()).unwrap()
    })
}

/// A push of both items, each in a chunk of its own.
fn push(chain: &mut Chain, layer: Layer, starts_ms: i64, amounts: [i64; 2]) -> u64 {
    let ids = ids(&chain.tills[0]);
    let chunks = ids.into_iter().zip(amounts);
    let chunks = chunks.map(|(item, amount)| chunk(layer, starts_ms, &[(item, Some(amount))]));
    chain.hub.push(starts_ms, chunks.collect())
}

#[test]
fn every_till_sells_at_the_last_push_and_at_no_instant_at_half_of_one() {
    let mut chain = Chain::new(&[1, 2, 3]);
    let start = Chain::start();
    let mut good = vec![prices(&mut chain.tills[0], start)];
    for round in 1..=4 {
        let amounts = [1_000 + round, 2_000 + round];
        push(&mut chain, Layer::Headquarters, start, amounts);
        good.push(amounts);
        let seen = good.clone();
        chain.pass(20_000, true, &mut |now, peer| {
            let found = prices(peer, now);
            assert!(seen.contains(&found), "{found:?}");
        });
    }
    let last = good.pop().unwrap();
    chain.pass(300_000, false, &mut |_, _| {});
    for peer in &mut chain.tills {
        assert_eq!(prices(peer, start + 300_000), last, "till {}", peer.number);
        assert_eq!(peer.alarms(), []);
    }
}

#[test]
fn a_push_for_later_switches_every_till_at_its_instant_and_carts_keep_theirs() {
    let mut chain = Chain::new(&[1, 2]);
    let instant = Chain::start() + 3 * MINUTE;
    let old = prices(&mut chain.tills[0], Chain::start());
    push(&mut chain, Layer::Zone, instant, [777, 888]);
    chain.pass(60_000, true, &mut |_, _| {});
    let cart = chain.tills[0].shop.scan(ROLL).cart.id;
    chain.pass(180_000, true, &mut |now, peer| {
        let expected = if now < instant { old } else { [777, 888] };
        assert_eq!(prices(peer, now), expected, "till {} at {now}", peer.number);
    });
    let shop = &mut chain.tills[0].shop;
    shop.now = jiff::Timestamp::from_millisecond(instant + MINUTE).unwrap();
    let total = |shop: &Shop| shop.till.view(cart, None).unwrap().totals.total.minor();
    assert_eq!(total(shop), old[0], "rung before the instant");
    shop.scan(ROLL);
    assert_eq!(total(shop), old[0] + 777);
}

#[test]
fn a_till_that_was_off_at_the_instant_sells_right_from_its_start() {
    let mut chain = Chain::new(&[1]);
    let instant = Chain::start() + 3 * MINUTE;
    push(&mut chain, Layer::Headquarters, instant, [777, 888]);
    chain.pass(60_000, false, &mut |_, _| {});
    let peer = chain.stop(0);
    chain.ms += 10 * 60_000;
    chain.restart(peer, |_| {});
    let now = chain.now().wall_ms;
    assert_eq!(prices(&mut chain.tills[0], now), [777, 888]);
}

#[test]
fn a_restart_in_the_middle_of_a_push_loses_nothing_and_a_withdrawal_reaches_it() {
    let mut chain = Chain::new(&[1, 2]);
    let start = Chain::start();
    let old = prices(&mut chain.tills[0], start);
    let number = push(&mut chain, Layer::Store, start, [777, 888]);
    // One lossy second: some of it is here.
    chain.pass(1_000, true, &mut |_, _| {});
    let peer = chain.stop(0);
    chain.restart(peer, |_| {});
    chain.pass(120_000, true, &mut |now, peer| {
        let found = prices(peer, now);
        assert!(found == old || found == [777, 888], "{found:?}");
    });
    chain.pass(300_000, false, &mut |_, _| {});
    let now = chain.now().wall_ms;
    assert!(chain.tills.iter_mut().all(|peer| prices(peer, now) == [777, 888]));
    chain.hub.withdraw(number);
    chain.pass(60_000, true, &mut |_, _| {});
    chain.pass(300_000, false, &mut |_, _| {});
    let now = chain.now().wall_ms;
    assert!(chain.tills.iter_mut().all(|peer| prices(peer, now) == old));
}

/// `catalogue.db` is put back as it was before the hub ever wrote: everything is asked for again.
#[test]
fn a_catalogue_that_was_lost_is_filled_again() {
    let mut chain = Chain::new(&[1]);
    let before = tempfile::tempdir().unwrap();
    let copy = before.path().join("catalogue.db");
    let conn = chain.tills[0].downstream.connection();
    conn.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let start = Chain::start();
    push(&mut chain, Layer::Headquarters, start, [777, 888]);
    chain.pass(60_000, false, &mut |_, _| {});
    let now = chain.now().wall_ms;
    assert_eq!(prices(&mut chain.tills[0], now), [777, 888]);
    let peer = chain.stop(0);
    chain.restart(peer, |folder| {
        for name in ["catalogue.db-wal", "catalogue.db-shm"] {
            std::fs::remove_file(folder.join(name)).ok();
        }
        std::fs::copy(&copy, folder.join("catalogue.db")).unwrap();
    });
    let now = chain.now().wall_ms;
    assert_ne!(prices(&mut chain.tills[0], now), [777, 888]);
    chain.pass(60_000, false, &mut |_, _| {});
    let now = chain.now().wall_ms;
    assert_eq!(prices(&mut chain.tills[0], now), [777, 888]);
}

/// A run of the hub's that nobody can believe is evidence in `till.db`, which outlives the catalogue.
#[test]
fn what_the_catalogue_cannot_believe_is_an_alarm_of_the_till() {
    let mut chain = Chain::new(&[1]);
    push(&mut chain, Layer::Headquarters, 0, [777, 888]);
    let (now, mut run) = (chain.now(), chain.hub.runs(1).remove(0));
    run.seal = sync::log::Seal([7; 64]);
    let from = chain.hub.stream.id().replica;
    let frame = sync::wire::Frame::Run(run);
    let bytes = sync::wire::codec::encode(&sync::wire::Envelope { from, frame }).unwrap();
    let peer = &mut chain.tills[0];
    let mut both = books(&peer.shop, &peer.downstream, None);
    peer.host.receive(now, &Route::Hub, &bytes, &mut both).unwrap();
    peer.errands(now);
    assert_eq!(peer.alarms(), [AlarmKind::Disbelieved]);
    let conn = peer.shop.till.store().connection();
    let kept: i64 = conn.query_row("SELECT count(*) FROM evidence", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
}
