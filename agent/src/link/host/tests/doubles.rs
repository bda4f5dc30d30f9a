//! Carts that could be sold twice once a till was put back, and receipts that another till gives.

use super::*;
use commerce::cart::CartId;
use commerce::sale::ReceiptNumber;

impl Peer {
    fn park(&mut self) -> CartId {
        let cart = self.shop.scan(ROLL).cart.id;
        self.shop.ok("101", Command::Park { cart, label: "blue coat".into() });
        cart
    }

    /// Recalls a cart and pays it.
    fn pay(&mut self, cart: CartId) -> ReceiptNumber {
        self.shop.ok("101", Command::Recall { cart });
        let amount = self.shop.money("5.00");
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = self.shop.ok("101", tender);
        self.shop.sold(reply)
    }

    fn sold_twice(&self) -> Vec<ReceiptNumber> {
        let conn = self.shop.till.store().connection();
        read::sold_twice(conn).unwrap().into_iter().map(|twice| twice.receipt).collect()
    }

    fn knows(&self, cart: CartId) -> bool {
        let till = &self.shop.till;
        till.carts().any(|it| it.id == cart) || till.elsewhere().any(|it| it.cart.id == cart)
    }
}

/// A paper by which the second till has the number 3.
fn as_number_three(serial: u64) -> Vec<u8> {
    let paper = TillPaper {
        store: STORE.into(),
        thing: "till-2".into(),
        number: 3,
        key: key_of(2).public(),
        tls: TlsKey([2; 32]),
        serial,
    };
    issue(&Statement::Till(paper), &root()).unwrap()
}

fn two() -> (Floor, Vec<Vec<u8>>) {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    floor.connect();
    (floor, papers)
}

/// What last night's backup still holds was sold, given up and handed over since: its sibling tells.
#[test]
fn a_till_put_back_gives_up_the_carts_it_had_ended() {
    let (mut floor, papers) = two();
    let first = floor.tills.get_mut(&1).unwrap();
    let [sold, cancelled, kept] = [(); 3].map(|()| first.park());
    floor.settle();
    let backup = floor.backup(1);
    let first = floor.tills.get_mut(&1).unwrap();
    first.pay(sold);
    first.shop.ok("101", Command::Recall { cart: cancelled });
    first.shop.ok("101", Command::Cancel { cart: cancelled, reason: None });
    floor.settle();
    floor.put_back(1, &backup, &papers);
    floor.settle();
    for peer in floor.tills.values() {
        let known = [sold, cancelled, kept].map(|cart| peer.knows(cart));
        assert_eq!(known, [false, false, true], "till {}", peer.number);
        assert_eq!(peer.sold_twice(), []);
    }
    let first = floor.tills.get_mut(&1).unwrap();
    first.pay(kept);
    floor.settle();
    assert!(floor.tills.values().all(|peer| peer.sold_twice().is_empty()));
}

/// It sells such a cart again before anybody can tell it: both tills find both receipts.
#[test]
fn a_cart_sold_again_by_a_till_put_back_is_found_by_its_receipts() {
    let (mut floor, papers) = two();
    let cart = floor.tills.get_mut(&1).unwrap().park();
    let backup = floor.backup(1);
    let before = floor.tills.get_mut(&1).unwrap().pay(cart);
    floor.settle();
    let mut again = Peer::new(floor.start_over(1, &backup), &papers, 77);
    // Its number is not that of the sale before, or the receipts would be one.
    again.sell();
    let after = again.pay(cart);
    assert_ne!(before, after);
    floor.comes_back(1, again.shop, &papers);
    floor.settle();
    for peer in floor.tills.values() {
        assert_eq!(peer.sold_twice(), [before.clone(), after.clone()], "till {}", peer.number);
        let told = peer.alarms().into_iter().filter(|kind| *kind == AlarmKind::PaidTwice);
        assert_eq!(told.count(), 1, "till {}", peer.number);
        rebuild(peer.shop.till.store().connection(), &mut |_| {}).unwrap();
        assert_eq!(peer.sold_twice(), [before.clone(), after.clone()], "the same again");
    }
}

/// A receipt under another till's number, and a stream that says it is another till's.
#[test]
fn nobody_gives_another_tills_receipts() {
    let mut known = papers(&[1]);
    known.push(as_number_three(1));
    let mut floor = Floor::new(vec![Peer::open(1, &known), Peer::open(2, &known)]);
    let receipt = floor.tills.get_mut(&2).unwrap().sell();
    assert_eq!(receipt.till, 2, "it is number 3 by its paper");
    floor.connect();
    floor.settle();
    let first = &floor.tills[&1];
    let sku = sku_of(&first.shop);
    let conn = first.shop.till.store().connection();
    assert!(first.alarms().contains(&AlarmKind::Disbelieved));
    for again in [false, true] {
        assert!(peer_receipt(conn, 2, receipt.series, receipt.number).unwrap().is_none());
        assert_eq!(first.on_hand(&sku), -1_000, "the goods are gone all the same");
        let writers: i64 =
            conn.query_row("SELECT count(*) FROM writer", [], |row| row.get(0)).unwrap();
        assert_eq!(writers, 1, "its own");
        if !again {
            rebuild(conn, &mut |_| {}).unwrap();
        }
    }
}

/// A cart was handed over and came back: its former life ended it in between, and held it last.
#[test]
fn a_till_put_back_keeps_a_cart_that_went_away_and_came_back() {
    let (mut floor, papers) = two();
    let cart = floor.tills.get_mut(&1).unwrap().park();
    floor.settle();
    let backup = floor.backup(1);
    for (holder, to) in [(1, 2), (2, 1)] {
        let from = floor.tills[&to].shop.till.store().replica();
        let peer = floor.tills.get_mut(&holder).unwrap();
        let (reply, _) = peer.shop.till.hear(peer.shop.now, PeerWord::ClaimAsked { from, cart });
        reply.unwrap();
        floor.settle();
        assert!(floor.tills[&to].shop.till.carts().any(|it| it.id == cart), "till {to} has it");
    }
    floor.put_back(1, &backup, &papers);
    floor.settle();
    assert!(floor.tills[&1].shop.till.carts().any(|it| it.id == cart));
    assert!(floor.tills[&2].shop.till.elsewhere().any(|it| it.cart.id == cart));
}

/// It is enrolled anew under another number: what it gave before stays its own.
#[test]
fn a_till_with_another_number_keeps_the_receipts_it_gave() {
    let (mut floor, _) = two();
    let receipt = floor.tills.get_mut(&2).unwrap().sell();
    floor.settle();
    let first = floor.tills.get_mut(&1).unwrap();
    let papers = vec![as_number_three(2)];
    let word = PeerWord::Papers { sender: "the chain".into(), papers };
    first.shop.till.hear(first.shop.now, word).0.unwrap();
    let conn = first.shop.till.store().connection();
    rebuild(conn, &mut |_| {}).unwrap();
    assert!(peer_receipt(conn, 2, receipt.series, receipt.number).unwrap().is_some());
}

/// Somebody tells of sales of carts that this till is yet to open.
#[test]
fn a_number_whose_sale_is_told_of_is_given_to_no_cart() {
    let mut alone = Peer::open(1, &papers(&[1]));
    let first = alone.shop.scan(ROLL).cart.id;
    let next = CartId::new(1, 1, first.counter() + 1).unwrap();
    let conn = alone.shop.till.store().connection();
    conn.execute(
        "INSERT INTO peer_receipt (till, series, number, kind, stream, seq, at, total, cart)
         SELECT 2, 1, 1, 1, local, 1, 0, 0, ?1 FROM stream LIMIT 1",
        [next.0.cast_signed()],
    )
    .unwrap();
    alone.shop.ok("101", Command::Park { cart: first, label: "blue coat".into() });
    let given = alone.shop.scan(ROLL).cart.id;
    assert_eq!(given.counter(), next.counter() + 1);
    alone.sell();
}
