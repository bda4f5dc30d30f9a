//! A push's way: received, staged, active, withdrawn; what contradicts itself; what is refused.

use super::testing::{Hub, catalogue, chunk, price, receive, zone};
use super::*;
use crate::bulk::{Bulk, PushManifest, PushWithdrawn};
use crate::log::{Entry, Hash, StreamKind};
use rusqlite::Connection;

fn now(db: &Connection, item: u32) -> Option<i64> {
    price(db, &Standing::load(db).unwrap(), item, 100)
}

fn id(hub: &Hub, push: u64) -> PushId {
    PushId { replica: hub.stream.replica, zone: zone(), push }
}

#[test]
fn half_a_push_is_never_seen() {
    let (mut db, mut hub) = (catalogue(), Hub::new(1));
    let old = hub.push(1, 0, vec![chunk(0, &[(1, Some(100)), (2, Some(200))])]);
    let new = hub.push(2, 50, vec![chunk(50, &[(1, Some(111))]), chunk(50, &[(2, Some(222))])]);
    for entry in &old {
        receive(&mut db, hub.stream, entry);
    }
    assert_eq!(activate(&db, 10).unwrap(), [id(&hub, 1)]);
    let before = Standing::load(&db).unwrap();
    assert!(before.is_plain());
    // The manifest first, then the last chunk, twice, then the first.
    for (entry, state) in [
        (&new[2], PushState::Receiving),
        (&new[1], PushState::Receiving),
        (&new[1], PushState::Receiving),
        (&new[0], PushState::Staged),
    ] {
        assert_eq!(receive(&mut db, hub.stream, entry).state, state);
        assert_eq!((now(&db, 1), now(&db, 2)), (Some(100), Some(200)));
        // Also for a reader that has not looked at the states since.
        assert_eq!(price(&db, &before, 2, 100), Some(200));
    }
    assert_eq!(activate(&db, 49).unwrap(), []);
    assert_eq!((now(&db, 1), now(&db, 2)), (Some(100), Some(200)));
    assert_eq!(activate(&db, 50).unwrap(), [id(&hub, 2)]);
    assert_eq!((now(&db, 1), now(&db, 2)), (Some(111), Some(222)));
    // Its chunks came in another order than they were written, which stays known.
    assert!(!Standing::load(&db).unwrap().is_plain());
    // A clock that goes back takes nothing back.
    assert_eq!(activate(&db, 0).unwrap(), []);
    assert_eq!(now(&db, 1), Some(111));
    let received = push(&db, id(&hub, 2)).unwrap().unwrap();
    assert_eq!((received.here, received.chunks, received.starts_ms), (2, Some(2), Some(50)));
    assert_eq!((received.state, received.name.as_deref()), (PushState::Active, Some("push 2")));
    assert_eq!(push(&db, id(&hub, 3)).unwrap(), None);
}

#[test]
fn a_withdrawal_gives_back_what_stood_before() {
    let (mut db, mut hub) = (catalogue(), Hub::new(1));
    let old = hub.push(1, 0, vec![chunk(0, &[(1, Some(100))])]);
    let new = hub.push(2, 0, vec![chunk(0, &[(1, None)]), chunk(0, &[(2, Some(5))])]);
    let withdrawn = hub.withdraw(2);
    for entry in old.iter().chain(&new) {
        receive(&mut db, hub.stream, entry);
    }
    activate(&db, 100).unwrap();
    assert_eq!((now(&db, 1), now(&db, 2)), (None, Some(5)));
    assert!(receive(&mut db, hub.stream, &withdrawn).new);
    assert_eq!((now(&db, 1), now(&db, 2)), (Some(100), None));
    // For ever, whatever comes again.
    assert!(!receive(&mut db, hub.stream, &withdrawn).new);
    assert_eq!(activate(&db, 200).unwrap(), []);
    let rows = |db: &Connection| -> i64 {
        db.query_row("SELECT count(*) FROM price", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(&db), 3);
    while sweep(&db).unwrap() {}
    assert_eq!(rows(&db), 1);
    assert!(Standing::load(&db).unwrap().is_plain());
    assert!(!receive(&mut db, hub.stream, &new[0]).new);
    assert_eq!((rows(&db), now(&db, 1)), (1, Some(100)));
}

#[test]
fn another_incarnation_withdraws_a_push_that_is_not_here_yet() {
    let (mut db, mut hub, mut next) = (catalogue(), Hub::new(1), Hub::new(2));
    let replica = Some(hub.stream.replica);
    let entry = next.write(1, &Bulk::Withdrawn(PushWithdrawn { push: 1, replica }));
    assert_eq!(receive(&mut db, next.stream, &entry).push, id(&hub, 1));
    for entry in hub.push(1, 0, vec![chunk(0, &[(1, Some(100))])]) {
        assert_eq!(receive(&mut db, hub.stream, &entry).state, PushState::Withdrawn);
    }
    assert_eq!(activate(&db, 100).unwrap(), []);
    assert_eq!(now(&db, 1), None);
}

#[test]
fn contradictions_are_refused_in_any_order() {
    let manifest = |changes, digest| PushManifest {
        push: 1,
        name: String::new(),
        zone: zone(),
        chunks: 1,
        changes,
        digest,
        starts_ms: 0,
    };
    let check = |what: &str, write: &dyn Fn(&mut Hub) -> Vec<Entry>| {
        for backwards in [false, true] {
            let (mut db, mut hub) = (catalogue(), Hub::new(1));
            let mut entries = write(&mut hub);
            if backwards {
                entries.reverse();
            }
            for entry in &entries {
                receive(&mut db, hub.stream, entry);
                activate(&db, 100).unwrap();
            }
            let state = push(&db, id(&hub, 1)).unwrap().unwrap().state;
            assert_eq!(state, PushState::Refused, "{what}, backwards: {backwards}");
            assert_eq!(now(&db, 1), None, "{what}");
        }
    };
    let one = || chunk(0, &[(1, Some(100))]);
    let prices = || Bulk::Prices(crate::bulk::PriceChunk { push: 1, ..one() });
    check("another digest", &|hub| {
        vec![hub.write(1, &prices()), hub.write(1, &Bulk::Manifest(manifest(1, Hash([0; 32]))))]
    });
    check("a chunk too many", &|hub| {
        let mut entries = hub.push(1, 0, vec![one()]);
        entries.push(hub.write(1, &prices()));
        entries
    });
    check("two manifests", &|hub| {
        let mut entries = hub.push(1, 0, vec![one()]);
        entries.push(hub.write(1, &Bulk::Manifest(manifest(1, Hash([0; 32])))));
        entries
    });
    check("another number of changes", &|hub| {
        let chunk = hub.write(1, &prices());
        let hash = crate::log::entry_hash(hub.stream, &chunk);
        let digest = crate::bulk::push_digest([hash]);
        vec![chunk, hub.write(1, &Bulk::Manifest(manifest(2, digest)))]
    });
}

#[test]
fn refuses_and_writes_nothing() {
    let (mut db, mut hub) = (catalogue(), Hub::new(1));
    let entry = hub.push(1, 0, vec![chunk(0, &[(1, Some(100))])]).remove(0);
    assert!(matches!(apply(&db, hub.stream, &entry), Err(PricesError::NoTransaction)));
    let tx = db.transaction().unwrap();
    let staff = StreamId { kind: StreamKind::Staff, ..hub.stream };
    assert!(matches!(apply(&tx, staff, &entry), Err(PricesError::NotPrices(_))));
    let broken = Entry { body: vec![0x80], ..entry.clone() };
    assert!(matches!(apply(&tx, hub.stream, &broken), Err(PricesError::Body { .. })));
    let other = StreamId { kind: StreamKind::Prices(Zone::new(4).unwrap()), ..hub.stream };
    let manifest = hub.push(2, 0, vec![chunk(0, &[(1, None)])]).remove(1);
    assert!(matches!(apply(&tx, other, &manifest), Err(PricesError::OtherZone { .. })));
    let newer = Entry { body: vec![0x82, 0x18, 99, 0x80], ..entry };
    let error = apply(&tx, hub.stream, &newer).unwrap_err().to_string();
    assert!(error.contains("update Till"), "{error}");
    for table in ["price", "price_push", "price_chunk"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(tx.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "{table}");
    }
}

/// Imports number their batches below the chunks'; nothing of a push hides them.
#[test]
fn imports_keep_their_place() {
    let (mut db, mut hub) = (catalogue(), Hub::new(1));
    db.execute("INSERT INTO price VALUES (1, 0, 0, 7, NULL, 50, 2, 1)", []).unwrap();
    assert_eq!(now(&db, 1), Some(50));
    for entry in hub.push(1, 0, vec![chunk(0, &[(1, Some(100))])]) {
        receive(&mut db, hub.stream, &entry);
        assert_eq!(now(&db, 1), Some(50));
    }
    activate(&db, 0).unwrap();
    assert_eq!(now(&db, 1), Some(100));
}
