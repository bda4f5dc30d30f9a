//! A till whose sibling keeps a snapshot of the hub's: it comes page by page, while carts are open.

use super::*;
use crate::store::catalogue::downstream::Word;
use crate::store::catalogue::downstream::testing::{Hub, chunk};
use crate::store::catalogue::snapshot::take;
use crate::store::catalogue::{Indexer, MIGRATIONS};
use crate::store::open::open;
use commerce::price::Layer;
use std::fs::File;
use std::path::PathBuf;
use sync::store::catalogue::{Plan, make_pages};
use sync::wire::Frame;
use sync::wire::codec::decode;

/// The hub's price of the roll, in cents.
const PRICE: i64 = 77;

/// A hub that wrote a price and made a snapshot, and what the tills know of it.
struct Headquarters {
    folder: tempfile::TempDir,
    papers: Vec<Vec<u8>>,
}

impl Headquarters {
    fn new() -> Self {
        Self::sealing(None)
    }

    /// One whose snapshot is sealed by `forger`, where there is one.
    fn sealing(forger: Option<SealingKey>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = Hub::new(90, 1_600_000_000_000);
        // Its catalogue is that of any shop of the chain, with a push.
        let shop = Shop::till(9);
        let catalogue = OpenOptions::new(shop.till.catalogue().file());
        let roll = shop.till.catalogue().view().item_by_sku(&sku_of(&shop)).unwrap().unwrap();
        let item = u32::try_from(roll.id.index()).unwrap();
        let starts = shop.now.as_millisecond() - 1;
        hub.push(starts, vec![chunk(Layer::Store, starts, &[(item, Some(PRICE))])]);
        let mut trust = Trust::new(Some(root().public()));
        let papers = [hub.papers(), papers(&[1, 2, 3])].concat();
        for paper in &papers {
            trust.admit(paper).unwrap();
        }
        let mut downstream = Downstream::open(&catalogue, shop.now).unwrap();
        for run in hub.runs(1) {
            let (sender, trust) = ("the hub".to_owned(), Arc::new(trust.clone()));
            downstream.hear(shop.now, Word::Run { sender, run, trust }).unwrap();
        }
        let source = open(&catalogue, MIGRATIONS).unwrap();
        let plan = Plan {
            key: forger.as_ref().unwrap_or(&hub.key),
            papers: &hub.papers(),
            made_ms: starts,
            currency: shop.till.settings().store.currency,
            for_store: true,
            scratch: folder.path(),
        };
        let out = File::create(folder.path().join("snapshot")).unwrap();
        make_pages(&source, &plan, out).unwrap();
        Self { folder, papers }
    }

    fn snapshot(&self) -> PathBuf {
        self.folder.path().join("snapshot")
    }

    /// A till that took the snapshot from a stick.
    fn served(&self, number: u8) -> Peer {
        let peer = Peer::open(number, &self.papers);
        let trust = peer.host.trust();
        let catalogue = OpenOptions::new(peer.shop.till.catalogue().file());
        take(&catalogue, &self.snapshot(), trust, &mut |_, _| {}).unwrap();
        let now = peer.shop.now;
        let Peer { shop, downstream, .. } = peer;
        drop(downstream);
        let Shop { folder, till, .. } = shop;
        drop(till);
        Peer::new(Shop::reopen(folder, number, now), &self.papers, u64::from(number))
    }
}

/// What the roll costs at a till, once it looks.
fn price(peer: &mut Peer) -> i64 {
    peer.shop.scan(ROLL).cart.lines.last().unwrap().price.amount()
}

fn heads(peer: &Peer) -> Vec<(u64, u64)> {
    let held = peer.downstream.books().held().unwrap();
    held.into_iter().map(|held| (held.first, held.head)).collect()
}

#[test]
fn a_sibling_hands_on_what_the_hub_sealed_and_open_carts_stay() {
    let headquarters = Headquarters::new();
    let first = headquarters.served(1);
    let mut second = Peer::open(2, &headquarters.papers);
    let before = price(&mut second);
    assert_ne!(before, PRICE);
    let cart = second.shop.till.current().unwrap();
    let mut floor = Floor::new(vec![first, second]);
    floor.connect();
    floor.settle();
    let second = floor.tills.get_mut(&2).unwrap();
    assert_eq!(heads(second), [(3, 2)], "its streams go on behind the snapshot");
    assert_eq!(second.alarms(), []);
    let lines = |peer: &Peer| peer.shop.till.view(cart, None).unwrap().cart.lines.len();
    assert_eq!(lines(second), 1, "the cart is as it was");
    assert_eq!(price(second), PRICE, "and its next line has the new price");
    assert_eq!(lines(second), 2);
    let amount = second.shop.money("50.00");
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    let reply = second.shop.ok("101", tender);
    second.shop.sold(reply);
    // It hands on what it took, to a third that meets only it.
    floor.tills.remove(&1);
    floor.tills.insert(3, Peer::open(3, &headquarters.papers));
    floor.connect();
    floor.settle();
    assert_eq!(heads(&floor.tills[&3]), [(3, 2)]);
    let catalogue = OpenOptions::new(floor.tills[&3].shop.till.catalogue().file());
    let mut indexer = Indexer::open(&catalogue).unwrap();
    while indexer.step().unwrap() {}
}

#[test]
fn pages_that_are_lost_are_asked_for_again() {
    let headquarters = Headquarters::new();
    let mut floor = Floor::new(vec![headquarters.served(1), Peer::open(2, &headquarters.papers)]);
    floor.connect();
    // Every third page is lost; those that came are not sent again.
    let (mut sent, mut came) = (0_u32, 0_u32);
    floor.pass(400, 1_000, &mut |bytes| {
        let is_page = decode(bytes).is_ok_and(|it| matches!(it.frame, Frame::Page(_)));
        sent += u32::from(is_page);
        let lost = is_page && sent.is_multiple_of(3);
        came += u32::from(is_page && !lost);
        lost
    });
    assert_eq!(heads(&floor.tills[&2]), [(3, 2)]);
    let file = File::open(headquarters.snapshot()).unwrap();
    let sealed = sync::snapshot::read_head(file).unwrap();
    let pages = sealed.manifest().pages().count();
    assert!(pages > 8, "more than one portion");
    assert!(sent > u32::try_from(pages).unwrap(), "some were lost");
    let most = 2 * u32::try_from(pages).unwrap();
    assert!(came < most, "{came} came of {pages}");
}

#[test]
fn a_till_that_stops_in_between_goes_on_where_it_was() {
    let headquarters = Headquarters::new();
    let mut floor = Floor::new(vec![headquarters.served(1), Peer::open(2, &headquarters.papers)]);
    floor.connect();
    let mut sent = 0_u32;
    let mut count = |bytes: &[u8], most: u32| {
        let is_page = decode(bytes).is_ok_and(|it| matches!(it.frame, Frame::Page(_)));
        sent += u32::from(is_page);
        is_page && sent > most
    };
    floor.pass(50, 10, &mut |bytes| count(bytes, 5));
    assert_eq!(heads(&floor.tills[&2]), []);
    let Peer { shop, downstream, .. } = floor.tills.remove(&2).unwrap();
    let now = shop.now;
    drop(downstream);
    let Shop { folder, till, .. } = shop;
    drop(till);
    floor.tills.insert(2, Peer::new(Shop::reopen(folder, 2, now), &headquarters.papers, 99));
    floor.tills.get_mut(&1).unwrap().host.down(&route(2));
    floor.connect();
    let mut again = 0_u32;
    floor.pass(200, 10, &mut |bytes| {
        let is_page = decode(bytes).is_ok_and(|it| matches!(it.frame, Frame::Page(_)));
        again += u32::from(is_page);
        false
    });
    assert_eq!(heads(&floor.tills[&2]), [(3, 2)]);
    let file = File::open(headquarters.snapshot()).unwrap();
    let pages = sync::snapshot::read_head(file).unwrap().manifest().pages().count();
    assert_eq!(again, u32::try_from(pages).unwrap() - 5, "only those that were missing");
}

/// A till that makes one of its own is told of to a manager; what is here stays.
#[test]
fn a_snapshot_that_a_sibling_made_itself_is_evidence() {
    let (honest, forged) = (Headquarters::new(), Headquarters::sealing(Some(key_of(1))));
    let first = honest.served(1);
    let kept = first.shop.till.catalogue().file().with_file_name("catalogue.db.snapshot");
    std::fs::copy(forged.snapshot(), &kept).unwrap();
    let mut floor = Floor::new(vec![first, Peer::open(2, &honest.papers)]);
    floor.connect();
    floor.settle();
    let second = floor.tills.get_mut(&2).unwrap();
    assert_eq!(second.alarms(), [AlarmKind::Disbelieved]);
    assert_eq!(heads(second), []);
    assert_ne!(price(second), PRICE);
}

/// Prices of other zones are none of this till's, by whatever way they come.
#[test]
fn a_snapshot_of_another_zone_is_not_taken() {
    let headquarters = Headquarters::new();
    let mut second = Peer::open(2, &headquarters.papers);
    let (me, trust) =
        (second.shop.till.store().head().unwrap().replica, second.host.trust().clone());
    let zones = [sync::log::Zone::new(7).unwrap()].into();
    let side = Side::Till { store: STORE.into(), zones };
    let now = Now { ms: 0, wall_ms: second.shop.now.as_millisecond() };
    let held = books(&second.shop, &second.downstream, None).held().unwrap();
    second.host = Host::new(me, 5, side, trust, now, held);
    let manifest = sync::snapshot::read_head(File::open(headquarters.snapshot()).unwrap()).unwrap();
    assert!(second.host.is_of_other_zones(manifest.bytes()));
    let mut floor = Floor::new(vec![headquarters.served(1), second]);
    floor.connect();
    floor.settle();
    assert_eq!(heads(&floor.tills[&2]), []);
    assert_eq!(floor.tills[&2].alarms(), []);
}
