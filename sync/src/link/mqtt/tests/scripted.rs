//! What brokers do that mosquitto does not: refuse, grant less, break off, break the protocol.

use super::broker::{Client, DOWN, Scripted};
use crate::link::mqtt::{MqttLink, limits};
use crate::link::{Event, Link, Receipt, Route};
use crate::log::StreamKind;
use crate::wire::MAX_FRAME_BYTES;

fn up() -> Event {
    Event::Up { route: Route::Hub, key: None }
}

/// A till that is up, and the broker's end of its connection.
async fn connected() -> (Scripted, MqttLink, Client) {
    let broker = Scripted::start(b"").await;
    let mut link = broker.till(vec![], false);
    let client = broker.welcome().await;
    assert_eq!(link.event().await, up());
    (broker, link, client)
}

async fn alarm(link: &mut MqttLink) -> String {
    loop {
        if let Event::Alarm(words) = link.event().await {
            return words;
        }
    }
}

async fn frame(link: &mut MqttLink) -> (Vec<u8>, Receipt) {
    match link.event().await {
        Event::Frame { bytes, receipt, .. } => (bytes, receipt),
        other => panic!("no frame: {other:?}"),
    }
}

async fn send(link: &mut MqttLink, client: &mut Client, payload: &[u8]) -> u16 {
    link.send(&Route::Hub, payload.to_vec()).unwrap();
    let (id, came) = client.published().await;
    assert_eq!(came, payload);
    id
}

/// Whether some bytes stand somewhere in others.
fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test]
async fn a_connection_asks_for_what_it_needs_and_begins_clean() {
    let broker = Scripted::start(limits::AWS_ALPN).await;
    let _link = broker.till(vec![], true);
    let (client, connect) = broker.accept().await;
    assert_eq!(client.alpn(), Some(limits::AWS_ALPN));
    assert_eq!(connect[..7], *b"\0\x04MQTT\x05");
    // Clean start, and neither will, user name nor password; a keep-alive of 30 s.
    assert_eq!(connect[7..10], [0b0000_0010, 0, 30]);
    assert!(holds(&connect, &[0x11, 0, 0, 0, 0]), "the session ends with the connection");
    assert!(holds(&connect, &[0x21, 0, 64]), "receive maximum");
    assert!(holds(&connect, &[0x27, 0, 2, 0x48, 0]), "packets of 149504 bytes");
    assert!(connect.ends_with(b"\0\x06till-1"));
}

#[tokio::test]
async fn nothing_is_kept_for_the_next_connection() {
    let (broker, mut link, mut client) = connected().await;
    send(&mut link, &mut client, b"lost").await;
    client.publish(1, DOWN, b"held").await;
    let (_, late) = frame(&mut link).await;
    drop(client);
    let reconnected = async {
        let (mut client, connect) = broker.accept().await;
        assert_eq!(connect[7] & 0b10, 0b10, "clean start");
        client.connack(0, &[]).await;
        client.suback(&[1]).await;
        client
    };
    let events = async {
        assert!(matches!(link.event().await, Event::Down { .. }));
        assert_eq!(link.event().await, up());
    };
    let (mut client, ()) = tokio::join!(reconnected, events);
    // The broker has forgotten packet 1: it must not be acknowledged now.
    link.done(late);
    client.publish(7, DOWN, b"new").await;
    let (_, receipt) = frame(&mut link).await;
    send(&mut link, &mut client, b"new").await;
    link.done(receipt);
    assert_eq!(client.acknowledged().await, 7);
}

#[tokio::test]
async fn what_the_session_is_done_with_is_acknowledged_in_order() {
    let (_broker, mut link, mut client) = connected().await;
    for id in [11, 12, 13] {
        client.publish(id, DOWN, &[1]).await;
    }
    let mut receipts = Vec::new();
    for _ in 0..3 {
        receipts.push(frame(&mut link).await.1);
    }
    link.done(receipts[2]);
    link.done(receipts[1]);
    // Were one of them acknowledged too soon, it would come among these.
    for payload in [b"a", b"b"] {
        let id = send(&mut link, &mut client, payload).await;
        client.puback(id, 0).await;
    }
    link.done(receipts[0]);
    for id in [11, 12, 13] {
        assert_eq!(client.acknowledged().await, id);
    }
}

#[tokio::test]
async fn no_more_is_under_way_than_may_be_and_acknowledgements_still_leave() {
    let (_broker, mut link, mut client) = connected().await;
    let window = limits::IN_FLIGHT - 1;
    for number in 0..window {
        send(&mut link, &mut client, &number.to_be_bytes()).await;
    }
    link.send(&Route::Hub, b"one more".to_vec()).unwrap();
    client.publish(5, DOWN, &[1]).await;
    let (_, receipt) = frame(&mut link).await;
    link.done(receipt);
    assert_eq!(client.acknowledged().await, 5);
    // Out of order, as IoT Core may: the oldest one still holds its packet id. The SUBSCRIBE had
    // the first, so the next in turn is 1.
    client.puback(3, 0).await;
    client.publish(6, DOWN, &[1]).await;
    let (_, receipt) = frame(&mut link).await;
    link.done(receipt);
    assert_eq!(client.acknowledged().await, 6);
    client.puback(2, 0).await;
    assert_eq!(client.published().await, (1, b"one more".to_vec()));
}

#[tokio::test]
async fn a_refused_publish_is_an_alarm_and_the_link_goes_on() {
    let (_broker, mut link, mut client) = connected().await;
    let id = send(&mut link, &mut client, b"refused").await;
    client.puback(id, 0x87).await;
    let words = alarm(&mut link).await;
    assert!(words.contains("till/1/acme/HH01/till-1/up (NotAuthorized)"), "{words}");
    let id = send(&mut link, &mut client, b"again").await;
    client.puback(id, 0x10).await;
    client.publish(1, DOWN, b"fine").await;
    assert_eq!(frame(&mut link).await.0, b"fine");
}

#[tokio::test]
async fn a_refused_inbox_ends_the_connection_and_a_refused_stream_does_not() {
    // 0x87 is a refusal, 0x00 a grant at QoS 0, which is one too.
    for code in [0x87, 0x00] {
        let broker = Scripted::start(b"").await;
        let mut link = broker.till(vec![], false);
        let (mut client, _) = broker.accept().await;
        client.connack(0, &[]).await;
        client.suback(&[code]).await;
        let words = alarm(&mut link).await;
        assert!(words.contains(&format!("does not let us hear {DOWN}")), "{words}");
    }
    let broker = Scripted::start(b"").await;
    let mut link = broker.till(vec![StreamKind::Staff, StreamKind::Catalogue], false);
    let mut client = broker.welcome().await;
    client.suback(&[0x87, 1]).await;
    let words = alarm(&mut link).await;
    assert!(words.contains("hear till/1/acme/hub/staff (NotAuthorized)"), "{words}");
    assert_eq!(link.event().await, up());
}

#[tokio::test]
async fn a_refused_connection_says_what_to_do() {
    for (code, says) in [
        (0x87, "allow this certificate and client id"),
        (0x85, "must be the thing's name"),
        (0x84, "refuses the connection"),
    ] {
        let broker = Scripted::start(b"").await;
        let mut link = broker.till(vec![], false);
        let (mut client, _) = broker.accept().await;
        client.connack(code, &[]).await;
        let words = alarm(&mut link).await;
        assert!(words.contains(says), "{words}");
    }
}

#[tokio::test]
async fn a_grant_that_can_not_be_worked_with_is_refused() {
    for (properties, says) in [
        (&[0x21, 0, 0][..], "receive maximum 0"),
        (&[0x24, 0], "QoS 1"),
        (&[0x27, 0, 0, 4, 0], "packets of 1024 bytes"),
        (&[0x12, 0, 2, b'x', b'y'], "names us `xy`"),
    ] {
        let broker = Scripted::start(b"").await;
        let mut link = broker.till(vec![], false);
        let (mut client, _) = broker.accept().await;
        client.connack(0, properties).await;
        let words = alarm(&mut link).await;
        assert!(words.contains(says), "{words}");
    }
}

#[tokio::test]
async fn a_session_taken_over_is_named() {
    let (_broker, mut link, mut client) = connected().await;
    client.disconnect(0x8e).await;
    let Event::Down { why, .. } = link.event().await else { panic!() };
    assert!(why.contains("another client uses our client id"), "{why}");
    let words = alarm(&mut link).await;
    assert!(words.contains("two tills with one name"), "{words}");
}

#[tokio::test]
async fn what_is_no_frame_is_dropped_acknowledged_and_told() {
    let (_broker, mut link, mut client) = connected().await;
    let long = vec![0; MAX_FRAME_BYTES + 1];
    for (id, topic, payload) in [
        (1, "till/1/acme/HH01/till-2/down", &b"not ours"[..]),
        (2, DOWN, b""),
        (3, DOWN, &long),
        (4, "\u{1b}[2J", b"?"),
    ] {
        client.publish(id, topic, payload).await;
        let words = alarm(&mut link).await;
        assert!(words.contains("are no frame"), "{words}");
        assert!(!words.contains('\u{1b}'), "{words}");
        assert_eq!(client.acknowledged().await, id);
    }
    client.publish(5, DOWN, b"a frame").await;
    assert_eq!(frame(&mut link).await.0, b"a frame");
}

#[tokio::test]
async fn a_broker_that_breaks_the_protocol_costs_a_connection_and_no_more() {
    let garbage: [(&[u8], &str); 8] = [
        (&[0xff, 0xff, 0xff, 0xff, 0xff], "does not keep to MQTT"),
        // A packet of 200,000 bytes; one of an endless length.
        (&[0x32, 0xc0, 0x9a, 0x0c], "above 149504"),
        (&[0x32, 0xff, 0xff, 0xff, 0x7f], "above 149504"),
        // Acknowledgements of what was never sent.
        (&[0x40, 4, 0, 9, 0, 0], "does not keep to MQTT"),
        (&[0x40, 4, 0xff, 0xff, 0, 0], "does not keep to MQTT"),
        // A publish without a packet id, one cut short, a CONNECT.
        (&[0x32, 3, 0, 9, b'x'], "does not keep to MQTT"),
        (&[0x32, 1, 0], "does not keep to MQTT"),
        (&[0x10, 2, 0, 4], "does not keep to MQTT"),
    ];
    for (bytes, says) in garbage {
        let (_broker, mut link, mut client) = connected().await;
        client.raw(bytes).await;
        assert!(matches!(link.event().await, Event::Down { .. }), "{bytes:?}");
        let words = alarm(&mut link).await;
        assert!(words.contains(says) || words.contains("library failed"), "{bytes:?}: {words}");
    }
}

#[tokio::test]
async fn a_broker_that_floods_is_left() {
    let (_broker, mut link, mut client) = connected().await;
    for id in 1..=65 {
        client.publish(id, DOWN, &[1]).await;
    }
    let words = alarm(&mut link).await;
    assert!(words.contains("more than 64 publishes at once"), "{words}");
}
