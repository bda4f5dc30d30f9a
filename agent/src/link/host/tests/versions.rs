//! Tills of two versions: what an older one could not read it keeps, hands on, and folds once it is
//! updated. The update is played by what an older version would have left in the file.

use super::*;
use rusqlite::Connection;

fn conn(shop: &Shop) -> &Connection {
    shop.till.store().connection()
}

fn count(shop: &Shop, sql: &str) -> i64 {
    conn(shop).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The entries of a till's workspace stream in another's file.
const THEIR_CARTS: &str =
    "SELECT stream.local AS stream, position & ((1 << 40) - 1) AS seq FROM entry
    JOIN stream ON stream.local = position >> 40 JOIN replica ON replica.local = stream.replica
    WHERE stream.kind = 2 AND replica.own = 0";

/// Writes an entry into the till's own workspace stream, as another version would.
fn write_carts(peer: &Peer, body: &[u8]) {
    let mut conn = Connection::open(peer.shop.folder.path().join("till.db")).unwrap();
    let tx = conn.transaction().unwrap();
    let replica = peer.shop.till.store().replica();
    let stream = sync::store::open_stream(&tx, replica, StreamKind::Workspace).unwrap();
    let ms = sync::store::last_clock(&tx, replica).unwrap().unwrap().ms() + 1;
    let clock = sync::clock::Hlc::from_ms(ms);
    sync::store::append_unsealed(&tx, &stream, clock, body).unwrap();
    tx.commit().unwrap();
}

#[test]
fn receipts_that_an_older_version_could_not_read_are_listed_by_a_newer_one() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    let receipt = floor.tills.get_mut(&1).unwrap().sell();
    floor.connect();
    floor.settle();
    let two = floor.tills.remove(&2).unwrap().shop;
    let find = |shop: &Shop| {
        peer_receipt(conn(shop), receipt.till, receipt.series, receipt.number).unwrap()
    };
    assert!(find(&two).is_some());
    conn(&two)
        .execute_batch(
            "INSERT INTO unread (stream, seq) SELECT stream, seq FROM peer_receipt;
         DELETE FROM peer_receipt;",
        )
        .unwrap();
    assert!(find(&two).is_none());
    let two = two.restart();
    assert!(find(&two).is_some());
    assert_eq!(count(&two, "SELECT count(*) FROM unread"), 0);
}

#[test]
fn a_cart_that_an_older_version_could_not_read_is_shown_by_a_newer_one() {
    let (mut floor, cart) = with_cart();
    let two = floor.tills.remove(&2).unwrap().shop;
    let live = two.till.view(cart, None).unwrap();
    conn(&two)
        .execute_batch(&format!(
            "INSERT INTO unread (stream, seq) {THEIR_CARTS};
             DELETE FROM claim; DELETE FROM cart_line;"
        ))
        .unwrap();
    let two = two.restart();
    let again = two.till.view(cart, None).unwrap();
    assert_eq!((again.cart, again.elsewhere), (live.cart, live.elsewhere));
    assert_eq!(count(&two, "SELECT count(*) FROM unread"), 0);
}

/// An operation, a whole entry and a way to end a cart that this version has not.
#[test]
fn what_a_newer_till_does_to_carts_is_noted_as_unread() {
    let (mut floor, cart) = with_cart();
    let one = &floor.tills[&1];
    write_carts(one, &[0x82, 0x01, 0x82, 0xf6, 0x82, 0x18, 0x63, 0x81, 0x01]);
    write_carts(one, &[0x82, 0x18, 0x61, 0x81, 0xf6]);
    write_carts(one, &[0x82, 0x01, 0x82, 0xf6, 0x82, 0x07, 0x82, 0x01, 0x09]);
    floor.settle();
    let two = floor.tills.remove(&2).unwrap();
    assert_eq!(count(&two.shop, "SELECT count(*) FROM unread"), 3);
    assert_eq!(two.alarms(), []);
    // Its writer begins the stream anew: what is gone needs no reading.
    conn(&two.shop).execute("UPDATE unread SET seq = seq + 1000", []).unwrap();
    let two = two.shop.restart();
    assert_eq!(count(&two, "SELECT count(*) FROM unread"), 3, "those that are there, again");
    assert!(two.till.elsewhere().any(|shared| shared.cart.id == cart));
}

/// No version wrote it: it is told once, and a rebuild passes it over.
#[test]
fn a_mangled_entry_about_carts_does_not_stand_in_the_way_of_a_rebuild() {
    let (mut floor, cart) = with_cart();
    write_carts(&floor.tills[&1], &[0x82, 0x01, 0x82, 0xf6, 0x82, 0x01, 0x81, 0x01]);
    floor.settle();
    let two = &floor.tills[&2];
    assert_eq!(two.alarms(), [AlarmKind::Disbelieved]);
    rebuild(conn(&two.shop), &mut |_| {}).unwrap();
    assert!(two.shop.till.view(cart, None).unwrap().elsewhere.is_some());
}

/// A sale in another branch of a till's journal was of a newer version's kind.
#[test]
fn what_another_branch_moved_is_counted_once_it_can_be_read() {
    let papers = papers(&[1, 2]);
    let mut floor = Floor::new(vec![Peer::open(1, &papers), Peer::open(2, &papers)]);
    floor.tills.get_mut(&1).unwrap().sell();
    floor.connect();
    floor.settle();
    let two = floor.tills.remove(&2).unwrap();
    let sku = sku_of(&two.shop);
    assert_eq!(two.on_hand(&sku), -1_000);
    conn(&two.shop)
        .execute_batch(
            "INSERT INTO orphan (stream, seq, clock, prev, hash, body, counts)
             SELECT stream, seq, clock + 1, zeroblob(32), zeroblob(32), body, 1 FROM peer_receipt
               JOIN entry ON position = peer_receipt.stream << 40 | seq;
             INSERT INTO unread (stream, seq) VALUES (0, 1);",
        )
        .unwrap();
    let again = Peer { shop: two.shop.restart(), ..two };
    assert_eq!(again.on_hand(&sku), -2_000);
    assert_eq!(count(&again.shop, "SELECT count(*) FROM beside_sale"), 1);
    assert_eq!(count(&again.shop, "SELECT count(*) FROM unread"), 0);
}
