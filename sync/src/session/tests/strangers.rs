//! What a peer says that can't be heard, or that nobody there may say.

use super::*;
use crate::log::StreamKind;
use crate::store::LogBooks;
use crate::wire::codec::encode;
use crate::wire::{Envelope, Frame, Have, Mark};

#[test]
fn somebody_at_the_wrong_place_is_not_listened_to() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    net.connect(HUB, A);
    // A till that says it is the hub could make another forget what the hub never had.
    let mark = Mark { streams: vec![] };
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.hear(now, &Route::Hub, replica(B), Frame::Mark(mark));
    assert!(matches!(it.noticed.as_slice(), [Effect::Suspicious { route: Route::Hub, .. }]));
}

#[test]
fn a_wrong_clock_is_noticed() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    let have =
        Have { version: 1, now_ms: 0, session: 3, reply: false, more: false, streams: vec![] };
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.hear(now, &route(B), replica(B), Frame::Have(have));
    assert!(
        matches!(it.noticed.as_slice(), [Effect::ClockDiffers { ahead_ms, .. }] if *ahead_ms < 0)
    );
}

#[test]
fn what_cannot_be_read_is_suspicious_and_what_is_newer_is_passed_over() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.receive(now, &route(B), b"\x01nonsense");
    assert!(
        matches!(it.noticed.as_slice(), [Effect::Suspicious { frame, .. }] if frame.len() == 9)
    );
    // Kind 99 of this version, from B.
    let newer = [&[1, 0x84, 1, 0x50][..], &replica(B).0, &[0x18, 99, 0x80]].concat();
    it.receive(now, &route(B), &newer);
    assert_eq!(it.noticed.len(), 1);
    // A run of a kind of stream that only a newer version knows.
    net.write(B, StreamKind::Journal, b"sale");
    let b = &net.replicas[&B];
    let id = StreamId { replica: replica(B), kind: StreamKind::Journal };
    let run = LogBooks::new(&b.db, None).run(id, 1, 1, 100).unwrap().unwrap();
    let mut bytes = encode(&Envelope { from: replica(B), frame: Frame::Run(run) }).unwrap();
    let named = [&replica(B).0[..], &[1, 1]].concat();
    let at = bytes.windows(named.len()).position(|it| it == named).unwrap() + named.len() - 1;
    bytes[at] = 7;
    net.replicas.get_mut(&A).unwrap().receive(now, &route(B), &bytes);
    assert_eq!(net.replicas[&A].noticed.len(), 1);
}

/// Of names that nobody vouches for there is no end, so nothing of them is written down.
#[test]
fn marks_of_a_replica_that_nobody_knows_are_passed_over() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"sale");
    net.connect(A, B);
    net.settle(1_000);
    let stream = StreamId { replica: replica(A), kind: StreamKind::Journal };
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    it.marked.clear();
    for from in [B + 1, B] {
        let mark = Mark { streams: vec![(stream, 9)] };
        it.hear(now, &route(B), replica(from), Frame::Mark(mark));
        let expected = (from == B).then_some(((replica(B), stream), 9));
        assert_eq!(it.marked.clone().into_iter().next(), expected, "from {from}");
        // What nobody marked is told again; only a new number is news.
        it.exchange.down(&route(B));
        let mut books = LogBooks::new(&it.db, None);
        it.exchange.up(now, route(B), Pace::SHOP, &it.trust, &mut books).unwrap();
    }
    assert_eq!(it.marked.len(), 1);
}
