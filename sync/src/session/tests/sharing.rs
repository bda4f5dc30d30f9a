//! What one holds comes to all who may have it, and is marked.

use super::*;
use crate::log::StreamKind;
use crate::store::LogBooks;
use crate::wire::codec::{decode, encode};
use crate::wire::{Frame, Have, READS_PACKED, Want, Wanted};
use std::collections::BTreeSet;

#[test]
fn two_tills_share_what_they_had_and_what_they_write() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    for n in 0..300_u16 {
        net.write(A, StreamKind::Journal, &n.to_be_bytes());
    }
    net.write(B, StreamKind::Workspace, b"cart");
    net.connect(A, B);
    net.settle(1_000);
    net.assert_converged();
    assert_eq!(net.mark(A, B, A), Some(300), "its second copy is known");
    let frames = net.frames;
    net.write(A, StreamKind::Journal, b"one more");
    net.settle(1_000);
    net.assert_converged();
    assert_eq!(net.mark(A, B, A), Some(301));
    assert_eq!(net.frames - frames, 2, "a run and its mark");
}

#[test]
fn runs_are_packed_for_who_reads_them() {
    for (version, expected) in [(READS_PACKED - 1, false), (READS_PACKED, true)] {
        let mut net = Net::new(&[A, B], 1, Faults::default());
        for n in 0..40 {
            net.write(A, StreamKind::Journal, &[0x82, n % 20, 0x61, b'a']);
        }
        net.connect(A, B);
        let now = net.now();
        let it = net.replicas.get_mut(&A).unwrap();
        let (now_ms, streams) = (now.wall_ms, Vec::new());
        let have = Have { version, now_ms, session: 3, reply: false, more: false, streams };
        it.hear(now, &route(B), replica(B), Frame::Have(have));
        let stream = StreamId { replica: replica(A), kind: StreamKind::Journal };
        let streams = vec![Wanted { stream, from: 1, to: None }];
        it.hear(now, &route(B), replica(B), Frame::Want(Want { window: 1 << 20, streams }));
        let mut books = LogBooks::new(&it.db, None);
        let mut next = || it.exchange.next_frame(now, &it.trust, &mut books, &BTreeSet::new());
        let mut packed = Vec::new();
        while let Some((_, bytes)) = next().unwrap() {
            let envelope = decode(&bytes).unwrap();
            if matches!(envelope.frame, Frame::Run(_)) {
                packed.push(encode(&envelope).unwrap() != bytes);
            }
        }
        assert_eq!(packed, [expected], "version {version}");
    }
}

#[test]
fn a_stream_that_begins_later_is_announced() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.settle(1_000);
    net.write(A, StreamKind::Journal, b"first");
    net.settle(1_000);
    net.assert_converged();
}

#[test]
fn carts_never_reach_the_hub_and_settings_reach_every_till() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.connect(HUB, A);
    net.connect(HUB, B);
    net.connect(A, B);
    net.write(A, StreamKind::Workspace, b"cart");
    net.write(A, StreamKind::Journal, b"sale");
    net.write(HUB, StreamKind::Settings, b"settings");
    net.settle(60_000);
    net.assert_converged();
    assert_eq!(net.mark(A, HUB, A), Some(1));
}

#[test]
fn a_sibling_brings_the_hub_what_a_lost_till_sold() {
    let mut net = Net::new(&[HUB, A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"sale");
    net.connect(A, B);
    net.settle(10_000);
    net.cut(A, B);
    net.connect(HUB, B);
    net.settle(60_000);
    net.assert_converged();
}

#[test]
fn a_restart_of_either_side_goes_on() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.write(A, StreamKind::Journal, b"one");
    net.settle(1_000);
    for (seed, session) in [(A, 70), (B, 71)] {
        net.cut(A, B);
        net.replicas.get_mut(&seed).unwrap().restart(session);
        net.connect(A, B);
        net.write(A, StreamKind::Journal, b"more");
        net.settle(1_000);
        net.assert_converged();
    }
}

#[test]
fn a_hub_that_started_anew_learns_that_its_tills_have_its_settings() {
    let mut net = Net::new(&[HUB, A], 1, Faults::default());
    net.connect(HUB, A);
    net.write(HUB, StreamKind::Settings, b"one");
    net.settle(60_000);
    net.cut(HUB, A);
    net.replicas.get_mut(&HUB).unwrap().restart(70);
    net.connect(HUB, A);
    net.settle(60_000);
    let hub = &net.replicas[&HUB];
    let lacks: Vec<_> = hub.exchange.peers(&hub.trust).map(|(.., lacks)| lacks).collect();
    assert_eq!(lacks, [Some(0)], "it would ask for ever");
}

#[test]
fn what_a_peer_lacks_is_not_known_until_it_has_said_what_it_holds() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"one");
    net.connect(A, B);
    let lacks = |net: &Net| {
        let a = &net.replicas[&A];
        a.exchange.peers(&a.trust).map(|(.., lacks)| lacks).collect::<Vec<_>>()
    };
    assert_eq!(lacks(&net), [None]);
    net.settle(1_000);
    assert_eq!(lacks(&net), [Some(0)]);
}

/// Else whoever has no room on a line would look again and again until there is.
#[test]
fn what_waits_for_room_is_no_reason_to_wake() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.connect(A, B);
    net.write(A, StreamKind::Journal, b"one");
    let exchange = &net.replicas[&A].exchange;
    assert_eq!(exchange.wake_at(&BTreeSet::new()), Some(0));
    assert_eq!(exchange.wake_at(&BTreeSet::from([route(B)])), None);
    net.settle(1_000);
    net.assert_converged();
}

#[test]
fn a_topic_brings_what_is_new_and_the_session_what_was_missed() {
    let mut net = Net::new(&[HUB, A], 1, Faults::default());
    net.write(HUB, StreamKind::Settings, b"one");
    net.connect(HUB, A);
    net.settle(60_000);
    let fan = Route::Fan(StreamKind::Settings);
    let now = net.now();
    let hub = net.replicas.get_mut(&HUB).unwrap();
    let mut books = LogBooks::new(&hub.db, None);
    hub.exchange.up(now, fan.clone(), Pace::SHOP, &hub.trust, &mut books).unwrap();
    hub.exchange.down(&route(A));
    for body in [b"two", b"tri"] {
        net.write(HUB, StreamKind::Settings, body);
    }
    let now = net.now();
    let hub = net.replicas.get_mut(&HUB).unwrap();
    let mut books = LogBooks::new(&hub.db, None);
    let next = hub.exchange.next_frame(now, &hub.trust, &mut books, &BTreeSet::new()).unwrap();
    let (to, bytes) = next.unwrap();
    let Frame::Run(run) = decode(&bytes).unwrap().frame else { panic!() };
    assert_eq!((to, run.entries.len(), run.entries[0].seq), (fan.clone(), 2, 2));
    let it = net.replicas.get_mut(&A).unwrap();
    it.receive(now, &fan, &bytes);
    net.assert_converged();
}

/// Nobody marks what goes to all at once, so no time brings a doubt about it.
#[test]
fn what_goes_to_a_topic_is_never_doubted() {
    let mut net = Net::new(&[HUB], 1, Faults::default());
    let now = net.now();
    let hub = net.replicas.get_mut(&HUB).unwrap();
    let mut books = LogBooks::new(&hub.db, None);
    let fan = Route::Fan(StreamKind::Settings);
    hub.exchange.up(now, fan.clone(), Pace::SHOP, &hub.trust, &mut books).unwrap();
    hub.write(now, StreamKind::Settings, b"one");
    let mut books = LogBooks::new(&hub.db, None);
    let mut said = Vec::new();
    for minute in 0..600 {
        let later = Now { ms: now.ms + minute * 60_000, ..now };
        let mut next =
            || hub.exchange.next_frame(later, &hub.trust, &mut books, &BTreeSet::new()).unwrap();
        while let Some((to, bytes)) = next() {
            said.push((to, decode(&bytes).unwrap().frame));
        }
        assert_eq!(hub.exchange.wake_at(&BTreeSet::new()), None, "in minute {minute}");
    }
    assert!(matches!(said.as_slice(), [(to, Frame::Run(_))] if *to == fan), "{said:?}");
}

/// Its line is down: what it said before what came in between is asked for again like any other.
#[test]
fn runs_that_came_early_go_with_their_line() {
    for (down, expected) in [(false, 1), (true, 0)] {
        let mut net = Net::new(&[A, B], 1, Faults::default());
        for body in [b"one", b"two"] {
            net.write(A, StreamKind::Journal, body);
        }
        let a = &net.replicas[&A];
        let stream = StreamId { replica: replica(A), kind: StreamKind::Journal };
        let own = key(A);
        let mut books = LogBooks::new(&a.db, Some(&own));
        let [first, second] = [1, 2].map(|seq| books.run(stream, seq, seq, 100).unwrap().unwrap());
        let (now, papers) = (net.now(), crate::store::papers(&a.db).unwrap());
        let b = net.replicas.get_mut(&B).unwrap();
        b.admit(now, &route(A), papers);
        let mut books = LogBooks::new(&b.db, None);
        for from in [A, B + 1] {
            b.exchange.up(now, route(from), Pace::SHOP, &b.trust, &mut books).unwrap();
        }
        b.hear(now, &route(A), replica(A), Frame::Run(second));
        assert_eq!(b.exchange.head(stream), 0, "it waits");
        if down {
            b.exchange.down(&route(A));
        }
        let more = b.take(now, &route(B + 1), &first);
        assert_eq!(more.len(), expected, "{more:?}");
    }
}

/// One that sends what nothing is known to come before fills what is kept of such, and is the one that
/// makes room.
#[test]
fn early_runs_of_one_leave_room_for_those_of_others() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    for _ in 0..200 {
        net.write(B + 1, StreamKind::Journal, b"a lot");
    }
    for body in [b"one", b"two"] {
        net.write(A, StreamKind::Journal, body);
    }
    let run = |net: &Net, of: u8, seq: u64| {
        let (stream, own) = (StreamId { replica: replica(of), kind: StreamKind::Journal }, key(of));
        let mut books = LogBooks::new(&net.replicas[&of].db, Some(&own));
        books.run(stream, seq, seq, 100).unwrap().unwrap()
    };
    let mut runs: Vec<_> = (2..=200).map(|seq| (B + 1, run(&net, B + 1, seq))).collect();
    runs.push((A, run(&net, A, 2)));
    let now = net.now();
    let papers = [A, B + 1].map(|of| crate::store::papers(&net.replicas[&of].db).unwrap());
    let first = run(&net, A, 1);
    let b = net.replicas.get_mut(&B).unwrap();
    b.admit(now, &route(A), papers.concat());
    for from in [A, B + 1] {
        let mut books = LogBooks::new(&b.db, None);
        b.exchange.up(now, route(from), Pace::SHOP, &b.trust, &mut books).unwrap();
    }
    for (from, run) in runs {
        b.hear(now, &route(from), replica(from), Frame::Run(run));
    }
    let more = b.take(now, &route(A), &first);
    assert!(matches!(more.as_slice(), [Effect::Ingest { route: of, .. }] if *of == route(A)));
}
