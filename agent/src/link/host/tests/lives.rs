//! Tills that live on without what they wrote last: put back from a backup, or begun from nothing.

use super::*;
use crate::home::Home;
use crate::store::till::{NewSeries, Opened};
use crate::upkeep::verify::{VerifyOptions, verify};
use commerce::fact::SeriesReason;
use sync::clock::Hlc;

impl Floor {
    /// A copy of a till's journal as it is now.
    pub(super) fn backup(&self, number: u8) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("till.db");
        let conn = self.tills[&number].shop.till.store().connection();
        conn.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        folder
    }

    /// A till starts again over a copy of its journal, and all are linked anew.
    pub(super) fn put_back(&mut self, number: u8, backup: &tempfile::TempDir, papers: &[Vec<u8>]) {
        let shop = self.start_over(number, backup);
        self.comes_back(number, shop, papers);
    }

    /// A till over a copy of its journal, with the line down.
    pub(super) fn start_over(&mut self, number: u8, backup: &tempfile::TempDir) -> Shop {
        let Shop { folder, till, now, .. } = self.tills.remove(&number).unwrap().shop;
        drop(till);
        for name in ["till.db-wal", "till.db-shm"] {
            std::fs::remove_file(folder.path().join(name)).ok();
        }
        std::fs::copy(backup.path().join("till.db"), folder.path().join("till.db")).unwrap();
        Shop::reopen(folder, number, now)
    }

    pub(super) fn comes_back(&mut self, number: u8, shop: Shop, papers: &[Vec<u8>]) {
        for peer in self.tills.values_mut() {
            peer.host.down(&route(number));
        }
        self.tills.insert(number, Peer::new(shop, papers, 77));
        self.connect();
        self.settle();
    }
}

/// Last night's backup is put back: what was sold since comes back from the sibling, and new
/// receipts have a series of their own.
#[test]
fn a_till_put_back_goes_on_in_a_new_series_and_gets_its_sales_back() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let sku = sku_of(&floor.tills[&1].shop);
    floor.tills.get_mut(&1).unwrap().sell();
    let backup = floor.backup(1);
    let lost = floor.tills.get_mut(&1).unwrap().sell();
    floor.connect();
    floor.settle();
    floor.put_back(1, &backup, &papers);
    let first = floor.tills.get_mut(&1).unwrap();
    assert!(first.alarms().contains(&AlarmKind::PutBack));
    assert_eq!(first.on_hand(&sku), -2_000, "both sales count");
    let conn = first.shop.till.store().connection();
    assert!(peer_receipt(conn, 1, lost.series, lost.number).unwrap().is_some());
    let next = first.sell();
    assert!(next.series > lost.series, "{next} after {lost}");
    floor.settle();
    assert!(floor.tills.values().all(|peer| peer.on_hand(&sku) == -3_000));
    let conn = floor.tills[&1].shop.till.store().connection();
    rebuild(conn, &mut |_| {}).unwrap();
    assert_eq!(floor.tills[&1].on_hand(&sku), -3_000);
}

/// It was put back twice: a paper names its life in between, whose receipts are still on their way when
/// it begins the next.
#[test]
fn a_till_put_back_leaves_the_series_of_a_life_that_only_a_paper_names() {
    let papers = papers(&[1]);
    let mut till = Peer::open(1, &papers);
    let first = till.sell();
    let life = Statement::Incarnation { replica: life_of(1, 50), opened: Hlc::from_ms(1) };
    let papers = vec![issue(&life, &key_of(1)).unwrap()];
    let word = PeerWord::Papers { sender: "a sibling".into(), papers };
    till.shop.till.hear(till.shop.now, word).0.unwrap();
    let (word, _) = till.host.anew(life_of(1, 60));
    till.shop.till.hear(till.shop.now, word).0.unwrap();
    let next = till.sell();
    // That life may have stepped aside once.
    assert!(next.series > first.series + 8, "{next} after {first}");
}

/// The shift that the backup holds open was closed in what was lost: its Z comes back, and the shift's
/// other Z is neither its sum nor its double.
#[test]
fn a_till_put_back_gives_no_z_again_and_its_journal_verifies() {
    let papers = papers(&[1, 2]);
    let counted = |peer: &Peer| Command::CloseShift {
        counted: vec![("cash".into(), peer.shop.money("100.00"))],
    };
    for closed_before in [false, true] {
        let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
        floor.tills.get_mut(&1).unwrap().sell();
        let backup = floor.backup(1);
        let first = floor.tills.get_mut(&1).unwrap();
        first.sell();
        if closed_before {
            let close = counted(first);
            first.shop.ok("201", close);
        }
        floor.connect();
        floor.settle();
        floor.put_back(1, &backup, &papers);
        let first = floor.tills.get_mut(&1).unwrap();
        first.sell();
        let close = counted(first);
        first.shop.ok("201", close);
        let conn = first.shop.till.store().connection();
        let z: u32 = conn.query_row("SELECT max(z) FROM shift", [], |row| row.get(0)).unwrap();
        assert_eq!(z, if closed_before { 2 } else { 1 });
        let home = Home::at(first.shop.folder.path()).unwrap();
        verify(&home, VerifyOptions { rebuild_check: true }, &mut |_| {}).unwrap();
    }
}

/// Nothing is left but its key: it would give receipts of the first series again.
#[test]
fn a_till_that_lost_all_its_files_begins_another_series() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let sku = sku_of(&floor.tills[&1].shop);
    let lost = floor.tills.get_mut(&1).unwrap().sell();
    floor.connect();
    floor.settle();
    floor.tills.remove(&1).unwrap();
    let mut shop = Shop::till_as(1, life_of(1, 40));
    let float = shop.money("100.00");
    shop.ok("201", Command::OpenShift { float });
    assert_eq!(shop.till.store().series(), lost.series, "as far as it knows");
    floor.comes_back(1, shop, &papers);
    let first = floor.tills.get_mut(&1).unwrap();
    assert!(first.alarms().contains(&AlarmKind::PutBack));
    let next = first.sell();
    assert!(next.series > lost.series, "{next} after {lost}");
    floor.settle();
    for peer in floor.tills.values() {
        assert_eq!(peer.on_hand(&sku), -2_000, "till {}", peer.number);
        assert!(!peer.alarms().contains(&AlarmKind::Fork), "no number was given twice");
    }
}

/// The same, while nobody has signed for it, or after its key was revoked: what it sold counts nowhere,
/// and its numbers are given all the same.
#[test]
fn a_till_that_counts_nowhere_and_lost_all_its_files_begins_another_series() {
    let key = key_of(2).public();
    let (why, ends) = ("stolen".into(), vec![(replica_of(2), StreamKind::Journal, 1)]);
    let revocation = Statement::Revoked(Revocation { key, why, serial: 2, ends });
    let revoked = [papers(&[1, 2]), vec![issue(&revocation, &root()).unwrap()]].concat();
    for known in [papers(&[1]), revoked] {
        let mut floor = Floor::new(vec![Peer::open(1, &known), Peer::open(2, &known)]);
        let lost = floor.tills.get_mut(&2).unwrap().sell();
        floor.connect();
        floor.settle();
        floor.tills.remove(&2).unwrap();
        let mut shop = Shop::till_as(2, life_of(2, 40));
        let float = shop.money("100.00");
        shop.ok("201", Command::OpenShift { float });
        floor.comes_back(2, shop, &known);
        let second = floor.tills.get_mut(&2).unwrap();
        assert!(second.alarms().contains(&AlarmKind::PutBack));
        let next = second.sell();
        assert!(next.series > lost.series, "{next} after {lost}");
    }
}

/// Nobody has signed for it yet: what it sold before it was put back counts at itself at once, and
/// at its siblings once somebody has.
#[test]
fn what_a_pending_till_is_given_back_counts() {
    let known = papers(&[1]);
    let mut floor = Floor::new(vec![Peer::open(1, &known), Peer::open(2, &known)]);
    let sku = sku_of(&floor.tills[&1].shop);
    floor.tills.get_mut(&2).unwrap().sell();
    let backup = floor.backup(2);
    let lost = floor.tills.get_mut(&2).unwrap().sell();
    floor.connect();
    floor.settle();
    floor.put_back(2, &backup, &known);
    let next = floor.tills.get_mut(&2).unwrap().sell();
    assert!(next.series > lost.series, "{next} after {lost}");
    floor.settle();
    let on_hand = |floor: &Floor| [1, 2].map(|number| floor.tills[&number].on_hand(&sku));
    assert_eq!(on_hand(&floor), [0, -3_000], "the sibling keeps it, and does not count it");
    for peer in floor.tills.values_mut() {
        let word = PeerWord::Papers { sender: "the chain".into(), papers: papers(&[2]) };
        peer.shop.till.hear(peer.shop.now, word).0.unwrap();
    }
    assert_eq!(on_hand(&floor), [-3_000, -3_000]);
    for peer in floor.tills.values() {
        rebuild(peer.shop.till.store().connection(), &mut |_| {}).unwrap();
    }
    assert_eq!(on_hand(&floor), [-3_000, -3_000], "the same after a rebuild");
}

/// A liar that hears a new id before anyone else gains nothing by it, and is told of.
#[test]
fn nobody_claims_an_id_before_its_owner() {
    let papers = papers(&[1, 2, 3]);
    let mut first = Peer::open(1, &papers);
    let second = Peer::open(2, &papers);
    let replica = second.shop.till.store().head().unwrap().replica;
    let claim = Statement::Incarnation { replica, opened: sync::clock::Hlc::default() };
    let paper = issue(&claim, &key_of(3)).unwrap();
    let word = PeerWord::Papers { sender: "till-3".into(), papers: vec![paper.clone()] };
    let reply = first.shop.till.hear(first.shop.now, word).0.unwrap();
    let PeerReply::Papers { new, disbelieved, .. } = reply else { panic!("{reply:?}") };
    assert!(new.is_empty() && disbelieved, "it is charged for it");
    assert_eq!(first.alarms(), [AlarmKind::Contested]);
    let kept = "SELECT frame FROM evidence";
    let conn = first.shop.till.store().connection();
    assert_eq!(conn.query_row(kept, [], |row| row.get::<_, Vec<u8>>(0)).unwrap(), paper);
    let mut floor = Floor::new(vec![first, second]);
    let sku = sku_of(&floor.tills[&1].shop);
    floor.tills.get_mut(&2).unwrap().sell();
    floor.connect();
    floor.settle();
    assert_eq!(floor.tills[&1].on_hand(&sku), -1_000, "its owner is believed");
}

/// It was put back before it ever met anybody: what it sold until then counts like the rest.
#[test]
fn what_a_till_sold_in_a_life_before_its_first_link_reaches_the_others() {
    let papers = papers(&[1, 2]);
    let mut alone = Shop::till(1);
    let (sku, float, amount) = (sku_of(&alone), alone.money("100.00"), alone.money("5.00"));
    alone.ok("201", Command::OpenShift { float });
    let cart = alone.scan(ROLL).cart.id;
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    let reply = alone.ok("101", tender);
    let before = alone.sold(reply);
    let Shop { folder, till, now, .. } = alone;
    drop(till);
    let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
    let (replica, reason) = (life_of(1, 2), SeriesReason::Restored);
    let new = NewSeries { replica, reason, store: STORE.into(), till: 1, above: 0 };
    drop(store.begin(key_of(1), 0, now, Some(new)).unwrap());
    let again = Peer::new(Shop::reopen(folder, 1, now), &papers, 1);
    let mut floor = Floor::new(vec![again, Peer::open(2, &papers)]);
    let next = floor.tills.get_mut(&1).unwrap().sell();
    assert!(next.series > before.series);
    floor.connect();
    floor.settle();
    assert!(floor.tills.values().all(|peer| peer.on_hand(&sku) == -2_000));
    let conn = floor.tills[&2].shop.till.store().connection();
    assert!(peer_receipt(conn, 1, before.series, before.number).unwrap().is_some());
}
