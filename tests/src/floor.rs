//! Two real tills of one shop: enrolled by the commands of the documentation, linked by mutual TLS,
//! with no line to anything else.

use crate::process::Place;
use crate::process::chain::neighbours;
use crate::tills::{Till, wait_for};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use sync::link::direct::{DirectLink, Listener, Sibling};
use sync::link::tls::{Tls, TlsFiles};
use sync::link::{Event, Link, Route, SendError};
use sync::log::{Hash, ReplicaId, StreamId, StreamKind};
use sync::wire::codec::encode;
use sync::wire::{Envelope, Frame, Have, Held};

#[test]
fn two_tills_share_stock_and_hand_carts_over() {
    let places = neighbours().unwrap();
    let [mut one, mut two] = [0, 1].map(|at| Till::start(&places[at]));
    wait_for("the line is up", || {
        let link = one.client.get("/link").unwrap();
        (link["lines"][0]["up"] == true).then_some(())
    });
    one.open_shift();
    two.open_shift();
    let before = two.on_hand();

    // A sale at one till moves the other's stock.
    let cart = one.scan();
    one.pay(cart);
    wait_for("the sale is at the other till", || (two.on_hand() != before).then_some(()));

    // A cart parked at one till is recalled and sold at the other.
    let cart = one.scan();
    one.post(&format!("/carts/{cart}/park"), &json!({ "label": "blue coat" }));
    let seen = wait_for("the parked cart is seen", || two.cart(cart));
    assert_eq!(seen["held_by"], 1, "{seen}");
    let reply = two.post(&format!("/carts/{cart}/recall"), &json!({}));
    assert_eq!(reply["result"], "claim_asked", "{reply}");
    wait_for("the cart is handed over", || two.cart(cart).filter(|it| it["here"] == true));
    two.pay(cart);
    wait_for("it is over at the first", || one.cart(cart).is_none().then_some(()));

    let shown = wait_for("nothing is lacking", || {
        let shown = two.client.get("/link").unwrap();
        (shown["lines"][0]["unsent"] == 0).then_some(shown)
    });
    assert_eq!(shown["thing"], "hh01-till-2");

    // The first till dies with a parked cart: the other takes it by force and sells it.
    let left = one.scan();
    one.post(&format!("/carts/{left}/park"), &json!({ "label": "red hat" }));
    wait_for("the second parked cart is seen", || two.cart(left));
    one.agent.killer().kill();
    wait_for("the line is down", || {
        let link = two.client.get("/link").unwrap();
        (link["lines"][0]["up"] == false).then_some(())
    });
    two.post(&format!("/carts/{left}/force-claim"), &json!({}));
    two.post(&format!("/carts/{left}/recall"), &json!({}));
    two.pay(left);
    let one = Till::start(&places[0]);
    wait_for("the first till hears of it", || one.cart(left).is_none().then_some(()));
    assert_eq!(one.client.get("/alarms").unwrap()["alarms"], json!([]), "sold once");
    assert_eq!(one.on_hand(), two.on_hand());
}

/// A sibling's keys and certificate are in somebody's hands who says all that a line takes.
#[test]
fn a_till_sells_on_while_a_sibling_floods_it() {
    let places = neighbours().unwrap();
    let mut one = Till::start(&places[0]);
    one.open_shift();
    let stop = Arc::new(AtomicBool::new(false));
    let flood = std::thread::spawn({
        let (stop, line) = (Arc::clone(&stop), Line::of(&places[1]));
        move || tokio::runtime::Runtime::new().unwrap().block_on(line.flood(&stop))
    });
    wait_for("it is told", || {
        one.sell();
        one.alarms().iter().any(|(kind, _)| kind == "flood").then_some(())
    });
    // It goes on flooding, and nobody listens.
    for _ in 0..20 {
        one.sell();
    }
    let floods = one.alarms().into_iter().filter(|(kind, _)| kind == "flood").count();
    assert_eq!(floods, 1, "once, not once a frame");
    stop.store(true, Ordering::Relaxed);
    assert!(flood.join().unwrap() > 100, "frames that the line took");
}

/// A till's end of the line to its sibling, in other hands.
struct Line {
    tls: Tls,
    listen: std::net::SocketAddr,
    sibling: Sibling,
}

impl Line {
    fn of(place: &Place) -> Self {
        let home = place.home();
        let [chain, key, roots] = ["tls.pem", "tls.key", "chain.pem"].map(|it| home.join(it));
        let files = TlsFiles { chain: &chain, key: &key, roots: &roots };
        let tls = Tls::load(files, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let config = std::fs::read_to_string(place.config()).unwrap();
        let value = |key: &str| {
            let rest = config.split_once(&format!("{key} = \"127.")).unwrap().1;
            format!("127.{}", rest.split_once('"').unwrap().0)
        };
        let sibling = Sibling { thing: "hh01-till-1".into(), address: value("address") };
        Self { tls, listen: value("listen").parse().unwrap(), sibling }
    }

    /// Says what it likes until it is stopped; gives how many frames the line took.
    async fn flood(self, stop: &AtomicBool) -> u64 {
        let listener = Listener::bind(self.listen).await.unwrap();
        let to = Route::Till { store: "HH01".into(), thing: self.sibling.thing.clone() };
        let admitted = to.clone();
        let admission = Arc::new(move |_: &_| Ok(admitted.clone()));
        let mut link =
            DirectLink::start(listener, &self.tls, vec![self.sibling], admission).unwrap();
        let (mut said, mut up) = (0_u64, false);
        while !stop.load(Ordering::Relaxed) {
            match if up { link.send(&to, digest(said)) } else { Err(SendError::NotUp(to.clone())) }
            {
                Ok(()) => said += 1,
                // Not longer than until somebody looks whether to stop.
                Err(_) => {
                    let soon = std::time::Duration::from_millis(50);
                    match tokio::time::timeout(soon, link.event()).await {
                        Ok(Event::Up { .. }) => up = true,
                        Ok(Event::Down { .. }) => up = false,
                        Ok(Event::Frame { receipt, .. }) => link.done(receipt),
                        Ok(Event::Room | Event::Alarm(_)) | Err(_) => {}
                    }
                }
            }
        }
        said
    }
}

/// Streams that nobody wrote, others each time.
fn digest(number: u64) -> Vec<u8> {
    let stream = |at: u64| {
        let mut replica = [0; 16];
        replica[..8].copy_from_slice(&(number * 1_000 + at).to_be_bytes());
        StreamId { replica: ReplicaId(replica), kind: StreamKind::Journal }
    };
    let held = |at| Held { stream: stream(at), first: 1, head: 9, hash: Hash([7; 32]), base: None };
    let have = Have {
        version: 1,
        now_ms: 0,
        session: number,
        reply: false,
        more: false,
        streams: (0..200).map(held).collect(),
    };
    encode(&Envelope { from: ReplicaId([9; 16]), frame: Frame::Have(have) }).unwrap()
}
