//! What can't be configured, and who may send where. Connections run against a scripted broker in
//! `scripted`, and against a real one in the workspace's `tests` crate.

mod broker;
mod scripted;

use super::*;
use crate::link::testing::{Authority, Subject};
use crate::link::tls::TlsBytes;
use crate::log::Zone;
use jiff::Timestamp;

fn broker() -> Broker {
    Broker {
        host: "127.0.0.1".into(),
        port: 8883,
        aws_alpn: false,
        keep_alive_s: 30,
        chain: "acme".into(),
        ingest_rule: None,
        paced: true,
    }
}

fn till(store: &str, thing: &str) -> Role {
    Role::Till { store: store.into(), thing: thing.into(), streams: vec![StreamKind::Catalogue] }
}

fn hub(client_id: &str, streams: Vec<StreamKind>) -> Role {
    Role::Hub { client_id: client_id.into(), streams }
}

#[tokio::test]
async fn what_can_not_be_configured_says_why() {
    let ca = Authority::new("acme");
    let issued = ca.issue(&Subject { thing: "till-1", store: "HH01", chain: "acme" });
    let pem = TlsBytes {
        chain: issued.chain.as_bytes(),
        key: issued.key.as_bytes(),
        roots: ca.pem.as_bytes(),
    };
    let tls = Tls::from_pem(pem, Timestamp::UNIX_EPOCH).unwrap();
    let check = |broker: Broker, role: Role, says: &str| {
        let error = MqttLink::start(&broker, role, &tls).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    };
    let good = || till("HH01", "till-1");
    check(Broker { chain: "a/b".into(), ..broker() }, good(), "`a/b` can't stand in a topic");
    check(Broker { ingest_rule: Some("#".into()), ..broker() }, good(), "`#` can't stand");
    check(Broker { keep_alive_s: 29, ..broker() }, good(), "29 s");
    check(Broker { keep_alive_s: 1_201, ..broker() }, good(), "1201 s");
    check(broker(), till("+", "till-1"), "`+` can't stand");
    check(broker(), till("HH01", ""), "`` can't stand");
    check(broker(), till("hub", "till-1"), "no store may be named `hub`");
    check(broker(), hub("", vec![]), "0 bytes");
    check(broker(), hub(&"h".repeat(129), vec![]), "129 bytes");
    check(broker(), hub("hub-1", vec![StreamKind::Journal]), "`journal` is not the hub's");
    let many = (0..49).filter_map(Zone::new).map(StreamKind::Prices).collect();
    check(broker(), hub("hub-1", many), "49 streams");
}

#[test]
fn a_side_sends_only_where_its_role_may() {
    let topics = Topics::new("acme", None).unwrap();
    let to_till = Route::Till { store: "HH01".into(), thing: "till-2".into() };
    let bad_till = Route::Till { store: "HH01".into(), thing: "till/2".into() };
    let (staff, journal) = (Route::Fan(StreamKind::Staff), Route::Fan(StreamKind::Journal));
    let side = Side { topics: topics.clone(), role: till("HH01", "till-1"), paced: true };
    assert_eq!(side.topic(&Route::Hub).as_deref(), Some("till/1/acme/HH01/till-1/up"));
    assert_eq!([side.topic(&to_till), side.topic(&staff)], [None, None]);
    assert_eq!(side.heard("till/1/acme/HH01/till-1/down"), Some(Route::Hub));
    assert_eq!(side.heard("till/1/acme/HH01/till-2/down"), None);
    let side = Side { topics, role: hub("hub-1", vec![StreamKind::Staff]), paced: true };
    assert_eq!(side.topic(&to_till).as_deref(), Some("till/1/acme/HH01/till-2/down"));
    assert_eq!(side.topic(&staff).as_deref(), Some("till/1/acme/hub/staff"));
    assert_eq!(side.topic(&Route::Hub), None);
    assert_eq!([side.topic(&bad_till), side.topic(&journal)], [None, None]);
    assert_eq!(side.heard("till/1/acme/HH01/till-2/up"), Some(to_till));
}
