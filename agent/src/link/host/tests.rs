//! Tills of one shop that share stock and receipts, side by side in one thread.

mod customers;
mod doubles;
mod floods;
mod lives;
mod prices;
mod snapshots;
mod versions;

use super::*;
use crate::link::books::TillBooks;
use crate::store::catalogue::Downstream;
use crate::store::catalogue::downstream::testing::{ZONE, root};
use crate::store::open::OpenOptions;
use crate::store::till::{peer_receipt, read, rebuild};
use crate::till::tests::{START, Shop, key_of, life_of, replica_of};
use crate::till::{Command, PeerReply, find_item};
use commerce::cart::CartId;
use commerce::fact::Fact;
use std::collections::BTreeMap;
use sync::link::TlsKey;
use sync::log::{SealingKey, StreamKind};
use sync::store::{LogBooks, alarms};
use sync::trust::{Revocation, Statement, TillPaper, issue};

const ROLL: &str = "9520000100377";
const STORE: &str = "HH01";

fn route(till: u8) -> Route {
    Route::Till { store: STORE.into(), thing: format!("till-{till}") }
}

/// A till of the store, which takes what the tests' hub pushes.
fn side() -> Side {
    Side::Till { store: STORE.into(), zones: [ZONE].into() }
}

/// The chain's papers for tills with these numbers.
fn papers(tills: &[u8]) -> Vec<Vec<u8>> {
    let store = Statement::Store { store: STORE.into(), key: root().public(), serial: 1 };
    let mut papers = vec![issue(&store, &root()).unwrap()];
    for &till in tills {
        let paper = TillPaper {
            store: STORE.into(),
            thing: format!("till-{till}"),
            number: u16::from(till),
            key: key_of(till).public(),
            tls: TlsKey([till; 32]),
            serial: 1,
        };
        papers.push(issue(&Statement::Till(paper), &root()).unwrap());
    }
    papers
}

/// The books over a till's two files.
fn books<'a>(
    shop: &'a Shop,
    downstream: &'a Downstream,
    key: Option<&'a SealingKey>,
) -> TillBooks<'a> {
    let till = LogBooks::new(shop.till.store().connection(), key);
    TillBooks::new(till, downstream.books())
}

/// A till with its host.
struct Peer {
    number: u8,
    shop: Shop,
    downstream: Downstream,
    host: Host,
}

impl Peer {
    fn new(shop: Shop, papers: &[Vec<u8>], session: u64) -> Self {
        let number = u8::try_from(shop.till.number()).unwrap();
        let mut shop = shop;
        shop.till.join(Some(root().public())).unwrap();
        let word = PeerWord::Papers { sender: "the chain".into(), papers: papers.to_vec() };
        shop.till.hear(shop.now, word).0.unwrap();
        let trust = shop.till.join(Some(root().public())).unwrap();
        let me = shop.till.store().head().unwrap().replica;
        let catalogue = OpenOptions::new(shop.till.catalogue().file());
        let downstream = Downstream::open(&catalogue, shop.now).unwrap();
        let held = books(&shop, &downstream, None).held().unwrap();
        let now = Now { ms: 0, wall_ms: shop.now.as_millisecond() };
        let host = Host::new(me, session, side(), trust, now, held);
        Self { number, shop, downstream, host }
    }

    fn open(number: u8, papers: &[Vec<u8>]) -> Self {
        let mut shop = Shop::till(number);
        let float = shop.money("100.00");
        shop.ok("201", Command::OpenShift { float });
        Self::new(shop, papers, u64::from(number))
    }

    fn sell(&mut self) -> commerce::sale::ReceiptNumber {
        let cart = self.shop.scan(ROLL).cart.id;
        let amount = self.shop.money("5.00");
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = self.shop.ok("101", tender);
        self.shop.sold(reply)
    }

    fn errands(&mut self, now: Now) {
        while let Some(errand) = self.host.next_errand(now) {
            self.carry_out(now, errand);
            if self.host.wants_anew() {
                let (word, about) = self.host.anew(life_of(self.number, 100 + self.number));
                self.carry_out(now, Errand::Till(word, about));
            }
        }
        let held = books(&self.shop, &self.downstream, None).held().unwrap();
        self.host.refresh(now, held);
    }

    fn carry_out(&mut self, now: Now, errand: Errand) {
        match errand {
            Errand::Till(word, about) => {
                let (reply, _) = self.shop.till.hear(self.shop.now, word);
                self.host.answered(now, about, reply.ok());
            }
            Errand::Catalogue(word, about) => {
                let at = jiff::Timestamp::from_millisecond(now.wall_ms).unwrap();
                let delivered = self.downstream.hear(at, word);
                self.host.delivered(now, about, delivered.ok());
            }
        }
    }

    fn on_hand(&self, sku: &str) -> i64 {
        let conn = self.shop.till.store().connection();
        read::stock(conn, sku).unwrap().iter().map(|row| row.on_hand).sum()
    }

    fn alarms(&self) -> Vec<AlarmKind> {
        let conn = self.shop.till.store().connection();
        alarms(conn).unwrap().into_iter().filter_map(|alarm| alarm.kind).collect()
    }
}

/// Tills that are all linked with each other.
struct Floor {
    tills: BTreeMap<u8, Peer>,
    ms: u64,
}

impl Floor {
    fn new(tills: Vec<Peer>) -> Self {
        Self { tills: tills.into_iter().map(|peer| (peer.number, peer)).collect(), ms: 1 }
    }

    fn now(&self) -> Now {
        let start: jiff::Timestamp = START.parse().unwrap();
        Now { ms: self.ms, wall_ms: start.as_millisecond() + i64::try_from(self.ms).unwrap() }
    }

    fn connect(&mut self) {
        let (now, numbers) = (self.now(), self.tills.keys().copied().collect::<Vec<_>>());
        for (&number, peer) in &mut self.tills {
            for &other in numbers.iter().filter(|other| **other != number) {
                let mut books = books(&peer.shop, &peer.downstream, None);
                peer.host.up(now, route(other), Pace::SHOP, &mut books).unwrap();
            }
        }
    }

    /// Passes frames until the tills have nothing more to say.
    fn settle(&mut self) {
        self.pass(200, 10, &mut |_| false);
    }

    /// Passes frames so often, with so much time in between; some are lost.
    fn pass(&mut self, rounds: u32, step_ms: u64, lost: &mut dyn FnMut(&[u8]) -> bool) {
        for _ in 0..rounds {
            self.ms += step_ms;
            let now = self.now();
            let mut under_way = Vec::new();
            for (&from, peer) in &mut self.tills {
                peer.errands(now);
                let me = key_of(from);
                let mut books = books(&peer.shop, &peer.downstream, Some(&me));
                while let Some((to, bytes)) =
                    peer.host.next_frame(now, &mut books, &BTreeSet::new()).unwrap()
                {
                    under_way.push((from, to, bytes));
                }
            }
            under_way.retain(|(_, _, bytes)| !lost(bytes));
            for (from, to, bytes) in under_way {
                let Some(peer) = self.tills.values_mut().find(|peer| route(peer.number) == to)
                else {
                    continue;
                };
                let mut books = books(&peer.shop, &peer.downstream, None);
                peer.host.receive(now, &route(from), &bytes, &mut books).unwrap();
                peer.errands(now);
            }
        }
    }
}

fn sku_of(shop: &Shop) -> String {
    let found = find_item(&shop.till.catalogue().view(), &shop.till.settings(), ROLL, shop.now);
    found.unwrap().item.sku
}

#[test]
fn two_tills_share_stock_and_receipts_with_the_line_down() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let sku = sku_of(&floor.tills[&1].shop);
    let receipt = floor.tills.get_mut(&1).unwrap().sell();
    floor.tills.get_mut(&2).unwrap().sell();
    floor.connect();
    floor.settle();
    for peer in floor.tills.values() {
        assert_eq!(peer.on_hand(&sku), -2_000, "till {}", peer.number);
        assert_eq!(peer.alarms(), []);
    }
    let conn = floor.tills[&2].shop.till.store().connection();
    let row = peer_receipt(conn, receipt.till, receipt.series, receipt.number).unwrap();
    let Fact::Sold(sale) = row.unwrap().fact(conn).unwrap().0 else { panic!() };
    assert_eq!((sale.receipt, sale.total.minor()), (receipt, row.unwrap().total));
    let live = floor.tills[&2].on_hand(&sku);
    rebuild(conn, &mut |_| {}).unwrap();
    assert_eq!(floor.tills[&2].on_hand(&sku), live, "the same after a rebuild");
    // Every entry of the sibling is here and verifies.
    let streams = sync::store::peer_streams(conn).unwrap();
    assert_eq!(streams.len(), 2, "journal and workspace");
    for stream in &streams {
        sync::store::verify(conn, stream, None, &mut |_, _| {}).unwrap();
    }
}

/// Two linked tills; the first parked a cart.
fn with_cart() -> (Floor, CartId) {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let one = &mut floor.tills.get_mut(&1).unwrap().shop;
    let cart = one.scan(ROLL).cart.id;
    one.ok("101", Command::Park { cart, label: "blue coat".into() });
    floor.connect();
    floor.settle();
    (floor, cart)
}

#[test]
fn a_cart_parked_at_one_till_is_granted_to_another_over_the_line() {
    let (mut floor, cart) = with_cart();
    let two = &floor.tills[&2].shop.till;
    assert_eq!(two.view(cart, None).unwrap().elsewhere.unwrap().till, Some(1));
    let (holder, now) = (floor.tills[&1].shop.till.store().replica(), floor.now());
    floor.tills.get_mut(&2).unwrap().host.claim(now, holder, cart);
    floor.settle();
    let two = &mut floor.tills.get_mut(&2).unwrap().shop;
    assert_eq!(two.till.view(cart, None).unwrap().elsewhere, None);
    two.ok("101", Command::Recall { cart });
    two.ok("101", Command::Cancel { cart, reason: None });
    floor.settle();
    for peer in floor.tills.values() {
        let shared = read::carts(
            peer.shop.till.store().connection(),
            peer.shop.till.settings().store.currency,
        );
        assert_eq!(shared.unwrap(), [], "till {}", peer.number);
        assert_eq!(peer.alarms(), []);
    }
}

#[test]
fn a_sale_rung_while_linked_is_at_the_sibling_and_marked() {
    let papers = papers(&[1, 2, 3]);
    let tills = (1..=3).map(|number| Peer::open(number, &papers)).collect();
    let mut floor = Floor::new(tills);
    floor.connect();
    floor.settle();
    let sku = sku_of(&floor.tills[&1].shop);
    floor.tills.get_mut(&3).unwrap().sell();
    floor.settle();
    assert!(floor.tills.values().all(|peer| peer.on_hand(&sku) == -1_000));
    let lacks: Vec<_> = floor.tills[&3].host.peers().into_iter().map(|(.., lacks)| lacks).collect();
    assert_eq!(lacks, [Some(0), Some(0)]);
}

#[test]
fn a_till_that_nobody_signed_for_sells_as_pending_until_it_is_enrolled() {
    let mut floor = Floor::new(vec![Peer::open(1, &papers(&[1])), Peer::open(2, &papers(&[1]))]);
    let sku = sku_of(&floor.tills[&1].shop);
    let second = floor.tills.get_mut(&2).unwrap();
    second.sell();
    let cart = second.shop.scan(ROLL).cart.id;
    second.shop.ok("101", Command::Park { cart, label: "blue coat".into() });
    floor.connect();
    floor.settle();
    assert_eq!(floor.tills[&1].on_hand(&sku), 0, "kept, and not counted");
    assert_eq!(floor.tills[&1].shop.till.elsewhere().count(), 0);
    let word = PeerWord::Papers { sender: "the chain".into(), papers: papers(&[2]) };
    let first = floor.tills.get_mut(&1).unwrap();
    first.shop.till.hear(first.shop.now, word).0.unwrap();
    assert_eq!(first.on_hand(&sku), -1_000);
    let shown: Vec<_> = first.shop.till.elsewhere().map(|shared| shared.cart.id).collect();
    assert_eq!(shown, [cart], "its carts are the shop's from here on");
}

/// What came before the revocation and stands behind what it lets count is taken out again, at each
/// till alike.
#[test]
fn a_revocation_takes_out_what_was_folded_past_it() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let sku = sku_of(&floor.tills[&1].shop);
    floor.tills.get_mut(&1).unwrap().sell();
    let second = floor.tills.get_mut(&2).unwrap();
    second.sell();
    let counted = second.shop.till.store().head().unwrap();
    let stolen = second.sell();
    let cart = second.shop.scan(ROLL).cart.id;
    second.shop.ok("101", Command::Park { cart, label: "blue coat".into() });
    floor.connect();
    floor.settle();
    let first = floor.tills.get_mut(&1).unwrap();
    assert_eq!(first.on_hand(&sku), -3_000);
    let revoked = Statement::Revoked(Revocation {
        key: key_of(2).public(),
        why: "stolen".into(),
        serial: 1,
        ends: vec![(counted.replica, StreamKind::Journal, counted.seq)],
    });
    let word = PeerWord::Papers {
        sender: "the chain".into(),
        papers: vec![issue(&revoked, &root()).unwrap()],
    };
    first.shop.till.hear(first.shop.now, word).0.unwrap();
    assert_eq!(first.on_hand(&sku), -2_000);
    assert_eq!(first.alarms(), [AlarmKind::Held]);
    assert_eq!(first.shop.till.elsewhere().count(), 0);
    let conn = first.shop.till.store().connection();
    assert!(peer_receipt(conn, 2, stolen.series, stolen.number).unwrap().is_none());
    rebuild(conn, &mut |_| {}).unwrap();
    assert_eq!(first.on_hand(&sku), -2_000, "the same after a rebuild");
}

#[test]
fn what_a_peer_cannot_have_sent_is_kept_as_evidence() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    floor.connect();
    floor.settle();
    let now = floor.now();
    let first = floor.tills.get_mut(&1).unwrap();
    let mut books = books(&first.shop, &first.downstream, None);
    first.host.receive(now, &route(2), b"\x01nonsense", &mut books).unwrap();
    first.errands(now);
    assert_eq!(first.alarms(), [AlarmKind::Disbelieved]);
    let conn = first.shop.till.store().connection();
    let kept: Vec<u8> = conn.query_row("SELECT frame FROM evidence", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, b"\x01nonsense");
}
