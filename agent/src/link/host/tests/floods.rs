//! A sibling that floods: the others go on, somebody is told once, and its own sales come later.

use super::*;
use sync::wire::codec::encode;
use sync::wire::{Envelope, Frame, Want};

/// More questions than a till asks in a day, at once.
const MANY: u32 = 20_000;

fn flood(floor: &mut Floor, from: u8, to: u8, frame: &[u8]) {
    let now = floor.now();
    let peer = floor.tills.get_mut(&to).unwrap();
    for _ in 0..MANY {
        let mut books = books(&peer.shop, &peer.downstream, None);
        peer.host.receive(now, &route(from), frame, &mut books).unwrap();
        peer.errands(now);
    }
}

fn floor() -> Floor {
    let papers = papers(&[1, 2, 3]);
    let mut floor = Floor::new((1..=3).map(|number| Peer::open(number, &papers)).collect());
    floor.connect();
    floor.settle();
    floor
}

#[test]
fn a_sibling_that_floods_is_one_alarm_and_its_sales_come_once_it_calms_down() {
    let mut floor = floor();
    let sku = sku_of(&floor.tills[&1].shop);
    let from = floor.tills[&3].shop.till.store().replica();
    let want = Frame::Want(Want { window: u32::MAX, streams: Vec::new() });
    flood(&mut floor, 3, 1, &encode(&Envelope { from, frame: want }).unwrap());
    for number in [2, 3] {
        floor.tills.get_mut(&number).unwrap().sell();
    }
    // Else the second would hand the third's sale on at once.
    floor.tills.get_mut(&2).unwrap().host.down(&route(3));
    floor.settle();
    assert_eq!(floor.tills[&1].alarms(), [AlarmKind::Flood]);
    assert_eq!(floor.tills[&1].on_hand(&sku), -1_000, "the second till's");
    floor.pass(200, 500, &mut |_| false);
    assert_eq!(floor.tills[&1].on_hand(&sku), -2_000, "and the third's, after the pause");
    let conn = floor.tills[&1].shop.till.store().connection();
    let told = alarms(conn).unwrap().swap_remove(0);
    assert_eq!((told.subject, told.times), (route(3).to_string(), 1));
    assert!(floor.tills.values().all(|peer| peer.number == 1 || peer.alarms().is_empty()));
}

#[test]
fn what_a_liar_sends_does_not_fill_the_disk() {
    let mut floor = floor();
    flood(&mut floor, 3, 1, b"\x01nonsense");
    let first = &floor.tills[&1];
    assert_eq!(first.alarms(), [AlarmKind::Flood, AlarmKind::Disbelieved]);
    let conn = first.shop.till.store().connection();
    let count = |sql: &str| -> i64 { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM evidence"), 32);
    let writes = alarms(conn).unwrap().iter().map(|alarm| alarm.times).sum::<i64>();
    assert!(writes < 150, "{writes} times written");
}
