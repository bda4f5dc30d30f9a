//! Tills and a hub over a real mosquitto: what a till may not do, what happens when the broker
//! goes away, and who is refused.

use super::certificates::Issued;
use super::{Chain, Mosquitto, Proxy, Settings};
use crate::links::{alarm, down, event, frame, send, take, up};
use std::net::Ipv4Addr;
use sync::link::mqtt::{MqttLink, Role};
use sync::link::{Event, Link, Route};
use sync::log::{StreamKind, Zone};

const TILLS: [(&str, &str); 2] = [("HH01", "till-1"), ("HH02", "till-2")];

fn prices() -> StreamKind {
    StreamKind::Prices(Zone::new(7).unwrap())
}

fn streams() -> Vec<StreamKind> {
    vec![StreamKind::Catalogue, StreamKind::Staff, StreamKind::Settings, prices()]
}

fn route((store, thing): (&str, &str)) -> Route {
    Route::Till { store: store.into(), thing: thing.into() }
}

/// A chain with its broker.
struct Net {
    chain: Chain,
    broker: Mosquitto,
}

impl Net {
    fn start(lines: &[&'static str]) -> Self {
        let chain = Chain::new("acme");
        let tills = TILLS.to_vec();
        let lines = lines.to_vec();
        let settings = Settings { tills, persistence: true, lines, ..Settings::default() };
        let broker = Mosquitto::start(&chain, &settings).unwrap();
        Self { chain, broker }
    }

    /// A till that shows a certificate, its own or another's.
    fn till_with(&self, (store, thing): (&str, &str), issued: &Issued, port: u16) -> MqttLink {
        let role = Role::Till { store: store.into(), thing: thing.into(), streams: streams() };
        let tls = self.chain.tls(issued).unwrap();
        MqttLink::start(&self.chain.at(port), role, &tls).unwrap()
    }

    fn till(&self, till: (&str, &str)) -> MqttLink {
        self.till_with(till, &self.chain.till(till.0, till.1), self.broker.port())
    }

    fn hub(&self) -> MqttLink {
        let role = Role::Hub { client_id: "hub-1".into(), streams: streams() };
        let tls = self.chain.tls(&self.chain.hub()).unwrap();
        MqttLink::start(&self.chain.at(self.broker.port()), role, &tls).unwrap()
    }

    /// The hub and both tills, each up.
    async fn all(&self) -> (MqttLink, MqttLink, MqttLink) {
        let (mut hub, mut one, mut two) = (self.hub(), self.till(TILLS[0]), self.till(TILLS[1]));
        up(&mut hub, &Route::Fan(prices())).await;
        up(&mut one, &Route::Hub).await;
        up(&mut two, &Route::Hub).await;
        (hub, one, two)
    }
}

/// Both ways between a till and the hub.
async fn exchange(hub: &mut MqttLink, till: &mut MqttLink, name: (&str, &str)) {
    till.send(&Route::Hub, b"up".to_vec()).unwrap();
    let (from, bytes, receipt) = frame(hub).await;
    assert_eq!((from, bytes.as_slice()), (route(name), b"up".as_slice()));
    hub.done(receipt);
    hub.send(&route(name), b"down".to_vec()).unwrap();
    let (from, bytes, receipt) = frame(till).await;
    assert_eq!((from, bytes.as_slice()), (Route::Hub, b"down".as_slice()));
    till.done(receipt);
}

#[tokio::test]
async fn two_tills_and_a_hub_exchange_frames() {
    let net = Net::start(&[]);
    let (mut hub, mut one, mut two) = net.all().await;
    exchange(&mut hub, &mut one, TILLS[0]).await;
    exchange(&mut hub, &mut two, TILLS[1]).await;
    for kind in streams() {
        hub.send(&Route::Fan(kind), vec![1]).unwrap();
        for till in [&mut one, &mut two] {
            let (from, bytes, receipt) = frame(till).await;
            assert_eq!((from, bytes), (Route::Fan(kind), vec![1]));
            till.done(receipt);
        }
    }
}

#[tokio::test]
async fn a_hub_is_told_of_a_till_at_its_first_frame_and_reaches_one_it_never_heard() {
    let net = Net::start(&[]);
    let (mut hub, mut one, mut two) = net.all().await;
    hub.send(&route(TILLS[1]), b"first word".to_vec()).unwrap();
    assert_eq!(take(&mut two).await, b"first word");
    one.send(&Route::Hub, vec![1]).unwrap();
    one.send(&Route::Hub, vec![2]).unwrap();
    let first = loop {
        match event(&mut hub).await {
            Event::Up { route: Route::Fan(_), .. } => {}
            first => break first,
        }
    };
    assert_eq!(first, Event::Up { route: route(TILLS[0]), key: None });
    for _ in 0..2 {
        assert!(matches!(event(&mut hub).await, Event::Frame { .. }));
    }
}

#[tokio::test]
async fn a_till_can_neither_speak_for_another_nor_hear_it() {
    let net = Net::start(&[]);
    let (mut hub, _one, mut two) = net.all().await;
    // Till 1's certificate, and the rest says that it is till 9 of till 2's store.
    let issued = net.chain.till("HH01", "till-1");
    let mut liar = net.till_with(("HH02", "till-9"), &issued, net.broker.port());
    up(&mut liar, &Route::Hub).await;
    liar.send(&Route::Hub, b"a lie".to_vec()).unwrap();
    let words = alarm(&mut liar).await;
    assert!(words.contains("refuses what we send to till/1/acme/HH02/till-9/up"), "{words}");
    hub.send(&route(("HH02", "till-9")), b"for till-9 alone".to_vec()).unwrap();
    // It gets what is for everyone, and nothing else; the hub gets the truth, and nothing else.
    hub.send(&Route::Fan(StreamKind::Staff), b"for everyone".to_vec()).unwrap();
    assert_eq!(take(&mut liar).await, b"for everyone");
    exchange_after_fan(&mut hub, &mut two).await;
}

async fn exchange_after_fan(hub: &mut MqttLink, two: &mut MqttLink) {
    assert_eq!(take(two).await, b"for everyone");
    exchange(hub, two, TILLS[1]).await;
}

#[tokio::test]
async fn a_broker_that_restarts_or_dies_is_found_again() {
    let mut net = Net::start(&[]);
    let (mut hub, mut one, _two) = net.all().await;
    exchange(&mut hub, &mut one, TILLS[0]).await;
    for kill in [false, true] {
        if kill {
            net.broker.kill();
        } else {
            net.broker.stop().unwrap();
        }
        down(&mut one, &Route::Hub).await;
        down(&mut hub, &route(TILLS[0])).await;
        net.broker.restart().unwrap();
        let back = async {
            up(&mut one, &Route::Hub).await;
        };
        let hub_back = async {
            loop {
                let event = event(&mut hub).await;
                if matches!(event, Event::Up { route: Route::Fan(kind), .. } if kind == prices()) {
                    return;
                }
            }
        };
        tokio::join!(back, hub_back);
        exchange(&mut hub, &mut one, TILLS[0]).await;
    }
}

#[tokio::test]
async fn a_line_that_falls_silent_is_noticed_by_the_keep_alive() {
    // The broker grants a keep-alive of 10 s where 30 s were asked for, and 10 s are kept to.
    let net = Net::start(&["max_keepalive 10"]);
    let at = (Ipv4Addr::LOCALHOST, net.broker.port()).into();
    let proxy = Proxy::start(at).await.unwrap();
    let (mut hub, issued) = (net.hub(), net.chain.till("HH01", "till-1"));
    let mut till = net.till_with(TILLS[0], &issued, proxy.address().port());
    up(&mut till, &Route::Hub).await;
    up(&mut hub, &Route::Fan(prices())).await;
    exchange(&mut hub, &mut till, TILLS[0]).await;
    proxy.stall();
    let why = down(&mut till, &Route::Hub).await;
    assert!(why.contains("does not answer"), "{why}");
    proxy.heal();
    up(&mut till, &Route::Hub).await;
    exchange(&mut hub, &mut till, TILLS[0]).await;
}

#[tokio::test]
async fn a_broker_that_grants_less_is_told_and_kept_to() {
    let net = Net::start(&["max_packet_size 20000", "max_inflight_messages 3"]);
    let mut hub = net.hub();
    while !matches!(event(&mut hub).await, Event::Up { .. }) {}
    let mut till = net.till(TILLS[0]);
    let words = [alarm(&mut till).await, alarm(&mut till).await];
    assert!(words.iter().any(|words| words.contains("packets of 20000 bytes")), "{words:?}");
    assert!(words.iter().any(|words| words.contains("3 publishes at once")), "{words:?}");
    up(&mut till, &Route::Hub).await;
    assert!(till.send(&Route::Hub, vec![0; 19_489]).is_err());
    for number in 0..50 {
        send(&mut till, &Route::Hub, &vec![number; 19_488]).await;
    }
    let mut came = 0;
    while came < 50 {
        if let Event::Frame { receipt, .. } = event(&mut hub).await {
            hub.done(receipt);
            came += 1;
        }
    }
}

/// This mosquitto closes the older connection without the word that MQTT 5 has for it.
#[tokio::test]
async fn two_clients_with_one_name_raise_an_alarm() {
    let net = Net::start(&[]);
    let mut first = net.till(TILLS[0]);
    up(&mut first, &Route::Hub).await;
    let mut second = net.till(TILLS[0]);
    let told = async { tokio::join!(alarm(&mut first), alarm(&mut second)) };
    let (one, other) = told.await;
    for words in [one, other] {
        assert!(words.contains("another client may use our client id"), "{words}");
    }
}

#[tokio::test]
async fn who_is_refused_and_why() {
    let net = Net::start(&[]);
    let other = Chain::new("acme");
    let port = net.broker.port();
    let expired = net.chain.expired_till("HH01", "till-1");
    let mut link = net.till_with(TILLS[0], &expired, port);
    let words = [alarm(&mut link).await, alarm(&mut link).await];
    assert!(words.iter().any(|words| words.contains("refuse") || words.contains("expired")));
    assert!(words.iter().any(|words| words.contains("was valid until 2021-01-01")), "{words:?}");
    let foreign = other.till("HH01", "till-1");
    let words = alarm(&mut net.till_with(TILLS[0], &foreign, port)).await;
    assert!(words.contains("does not know the authority"), "{words}");
    // The broker itself is a stranger.
    let settings = Settings { tills: TILLS.to_vec(), ..Settings::default() };
    let stranger = Mosquitto::start(&other, &settings).unwrap();
    let issued = net.chain.till("HH01", "till-1");
    let words = alarm(&mut net.till_with(TILLS[0], &issued, stranger.port())).await;
    assert!(words.contains("not issued by the authority"), "{words}");
}
