//! A peer that floods is not heard for a while, and nobody else notices; no honest one ever is.

use super::chance::noise;
use super::*;
use crate::log::StreamKind;
use crate::wire::codec::encode;
use crate::wire::{Envelope, Frame, Have, Held, MAX_STREAMS, Mark, Page, Want, Wanted};

const LIAR: u8 = B + 1;

/// What a liar says over and over: each makes the other side do something.
fn nonsense(turn: u64) -> Frame {
    let stream = |n: u64| {
        let mut name = [0; 16];
        name[..8].copy_from_slice(&(turn * 10_000 + n).to_be_bytes());
        StreamId { replica: ReplicaId(name), kind: StreamKind::Journal }
    };
    let most = MAX_STREAMS as u64;
    match turn % 3 {
        0 => {
            let held =
                |n| Held { stream: stream(n), first: 1, head: 9, hash: Hash([1; 32]), base: None };
            let (now_ms, streams) = (1_700_000_000_000, (0..most).map(held).collect());
            Frame::Have(Have { version: 1, now_ms, session: 7, reply: true, more: false, streams })
        }
        1 => {
            let wanted = |n| Wanted { stream: stream(n), from: 1, to: None };
            Frame::Want(Want { window: u32::MAX, streams: (0..most).map(wanted).collect() })
        }
        _ => Frame::Mark(Mark { streams: (0..most).map(|n| (stream(n), 5)).collect() }),
    }
}

impl Net {
    /// The liar says so many frames to A at once; what A keeps in memory for it stays bounded.
    fn flood(&mut self, frames: u64) {
        let now = self.now();
        for turn in 0..frames {
            let bytes = encode(&Envelope { from: replica(LIAR), frame: nonsense(turn) }).unwrap();
            self.replicas.get_mut(&A).unwrap().receive(now, &route(LIAR), &bytes);
        }
    }

    /// What A noticed since the last time; floods only.
    fn floods(&mut self) -> Vec<Route> {
        let noticed = std::mem::take(&mut self.replicas.get_mut(&A).unwrap().noticed);
        let route = |effect| match effect {
            Effect::Flood { route, .. } => Some(route),
            _ => None,
        };
        noticed.into_iter().filter_map(route).collect()
    }

    fn holds(&self, at: u8, of: u8) -> u64 {
        let stream = StreamId { replica: replica(of), kind: StreamKind::Journal };
        self.replicas[&at].exchange.head(stream)
    }
}

#[test]
fn a_peer_that_floods_is_told_of_once_a_pause_and_its_own_entries_come_once_it_calms_down() {
    let mut net = Net::new(&[A, B, LIAR], 1, Faults::default());
    net.connect(A, B);
    net.connect(A, LIAR);
    net.settle(1_000);
    for pause in 0..3 {
        let head = net.holds(A, LIAR);
        net.flood(2_000);
        net.write(LIAR, StreamKind::Journal, b"a sale of the liar's");
        net.write(B, StreamKind::Journal, b"a sale");
        net.settle(1_000);
        assert_eq!(net.floods(), [route(LIAR)], "pause {pause}");
        assert_eq!(net.holds(A, B), net.holds(B, B), "the honest go on");
        assert_eq!(net.holds(A, LIAR), head, "it is not heard");
        net.flood(2_000);
        assert_eq!(net.floods(), [], "it was told");
        net.settle(crate::session::floods::PAUSE_MS + 1_000);
        assert_eq!(net.holds(A, LIAR), head + 1, "as soon as the pause is over");
    }
    net.settle(3_600_000);
    assert_eq!(net.floods(), []);
    assert_eq!(net.holds(A, LIAR), 3);
    let db = &net.replicas[&A].db;
    let streams: i64 = db.query_row("SELECT count(*) FROM stream", [], |row| row.get(0)).unwrap();
    assert_eq!(streams, 2, "nothing of what it made up");
}

#[test]
fn a_new_line_is_no_new_budget() {
    let mut net = Net::new(&[A, B, LIAR], 1, Faults::default());
    net.connect(A, LIAR);
    net.flood(2_000);
    for _ in 0..20 {
        net.cut(A, LIAR);
        net.connect(A, LIAR);
        net.flood(100);
    }
    assert_eq!(net.floods(), [route(LIAR)]);
}

#[test]
fn frames_that_nobody_can_read_are_few_and_then_none() {
    let mut net = Net::new(&[A, LIAR], 1, Faults::default());
    net.connect(A, LIAR);
    net.settle(1_000);
    let now = net.now();
    let a = net.replicas.get_mut(&A).unwrap();
    for _ in 0..10_000 {
        a.receive(now, &route(LIAR), b"\x01nonsense");
    }
    let suspicious = |effect: &&Effect| matches!(effect, Effect::Suspicious { .. });
    let written = a.noticed.iter().filter(suspicious).count();
    assert!((100..=128).contains(&written), "{written} were written down");
    assert_eq!(net.floods(), [route(LIAR)]);
}

/// A week of a busy till's, a push of 100,000 prices as large as they get, and the longest snapshot,
/// as fast as lines without any delay bring them, twice.
#[test]
fn honest_peers_never_flood() {
    let mut net = Net::new(&[HUB, A, B, B + 1], 1, Faults { double: 100, ..Faults::default() });
    for n in 0..5_000_u16 {
        net.write(B, StreamKind::Journal, &noise(300 + u64::from(n % 300)));
    }
    for n in 0..30 {
        net.write(HUB, StreamKind::Settings, &noise(90_000 + n));
    }
    for (a, b) in [(HUB, A), (HUB, B), (A, B), (A, B + 1), (B, B + 1)] {
        net.connect(a, b);
    }
    net.settle(600_000);
    for number in 0..1_300 {
        let page = Page { snapshot: 1, number, of: 1_300, rows: vec![7; 1_000] };
        let b = net.replicas.get_mut(&B).unwrap();
        assert!(b.exchange.page(&route(A), page));
        if number % 8 == 0 {
            net.settle(5);
        }
    }
    net.settle(60_000);
    for (seed, it) in &mut net.replicas {
        let noticed = std::mem::take(&mut it.noticed);
        let page = |effect: &Effect| matches!(effect, Effect::Page { .. });
        assert_eq!(noticed.iter().filter(|it| !page(it)).count(), 0, "replica {seed}");
        let pages = if *seed == A { 2 * 1_300 } else { 0 };
        assert_eq!(noticed.len(), pages, "replica {seed}");
    }
    net.assert_converged();
}

/// Memory is bounded whatever a peer names: it is told of again, and passed over.
#[test]
fn a_peer_is_known_to_hold_no_more_streams_than_any_shop_has() {
    let now = Now { ms: 0, wall_ms: 0 };
    let mut peer = crate::session::peer::Peer::new(route(LIAR), Pace::SHOP, 1);
    for turn in 0..100 {
        match nonsense(turn) {
            Frame::Have(have) => {
                peer.hear_have(&have);
            }
            Frame::Want(want) => peer.hear_want(now, &want),
            Frame::Mark(mark) => {
                peer.hear_mark(now, &mark, |_| 0);
            }
            _ => unreachable!(),
        }
    }
    assert_eq!(peer.theirs.len(), 8_192);
    assert!(peer.marked.len() <= 8_192);
}

/// So many frames from the liar, at once.
fn flooded_by(net: &mut Net, frames: impl Iterator<Item = Frame>) -> Vec<Route> {
    let now = net.now();
    let a = net.replicas.get_mut(&A).unwrap();
    for frame in frames {
        a.hear(now, &route(LIAR), replica(LIAR), frame);
    }
    net.floods()
}

fn linked() -> Net {
    let mut net = Net::new(&[A, B, LIAR], 1, Faults::default());
    for kind in [StreamKind::Journal, StreamKind::Workspace] {
        for body in [b"one", b"two"] {
            net.write(LIAR, kind, body);
            net.write(B, kind, body);
        }
    }
    net.connect(A, B);
    net.connect(A, LIAR);
    net.settle(1_000);
    net
}

/// Each makes the other side say all papers and its whole digest again.
#[test]
fn a_peer_that_begins_anew_all_the_time_floods() {
    let have = |session| {
        let (now_ms, streams) = (1_700_000_000_000, Vec::new());
        Frame::Have(Have { version: 1, now_ms, session, reply: false, more: false, streams })
    };
    assert_eq!(flooded_by(&mut linked(), (0..1_000).map(|_| have(7))), [], "one session");
    assert_eq!(flooded_by(&mut linked(), (0..1_000).map(have)), [route(LIAR)]);
}

/// Each is a signature that is verified, and a look into the log.
#[test]
fn a_peer_that_makes_up_checkpoints_floods() {
    let have = |pruned: bool| {
        let stream = StreamId { replica: replica(B), kind: StreamKind::Workspace };
        let base = Checkpoint { hash: Hash([2; 32]), seal: crate::log::Seal([3; 64]) };
        let (first, base) = if pruned { (50, Some(base)) } else { (1, None) };
        let held = Held { stream, first, head: 60, hash: Hash([1; 32]), base };
        let (now_ms, streams) = (1_700_000_000_000, vec![held]);
        Frame::Have(Have { version: 1, now_ms, session: 7, reply: false, more: false, streams })
    };
    for (pruned, expected) in [(false, vec![]), (true, vec![route(LIAR)])] {
        let mut net = linked();
        assert_eq!(flooded_by(&mut net, (0..500).map(|_| have(pruned))), expected);
        let begun = &net.replicas[&A].begun;
        assert!(begun.iter().all(|begun| *begun == (route(LIAR), false)), "{begun:?}");
        assert_eq!(begun.is_empty(), !pruned);
    }
}

/// Whoever has a key can seal one branch after another; each of them is kept.
#[test]
fn a_peer_that_seals_long_branches_floods_sooner_than_one_of_short_ones() {
    let branch = |number: u32, bytes: usize| {
        let stream = StreamId { replica: replica(LIAR), kind: StreamKind::Journal };
        let mut body = vec![0; bytes];
        body[..4].copy_from_slice(&number.to_be_bytes());
        let clock = Hlc::from_ms(1_700_000_100_000);
        let entry = crate::log::Entry { seq: 3, clock, prev: Hash([9; 32]), body };
        let seal = key(LIAR).seal(stream, 3, &crate::log::entry_hash(stream, &entry));
        Frame::Run(Batch { stream, entries: vec![entry], seal })
    };
    for (bytes, expected) in [(1_000, vec![]), (100_000, vec![route(LIAR)])] {
        let mut net = linked();
        assert_eq!(flooded_by(&mut net, (0..450).map(|n| branch(n, bytes))), expected, "{bytes}");
        let count = "SELECT count(*) FROM orphan";
        let kept: i64 = net.replicas[&A].db.query_row(count, [], |row| row.get(0)).unwrap();
        assert!(kept > 300, "{kept} were kept");
    }
}

/// A digest by which the liar has pruned these streams of its own, as it can at will.
fn pruned(streams: impl Iterator<Item = (StreamId, u64)>) -> Frame {
    let held = |(stream, last)| {
        let hash = Hash([1; 32]);
        let base = Some(Checkpoint { hash, seal: key(LIAR).checkpoint(stream, last, &hash) });
        Held { stream, first: last + 1, head: last, hash, base }
    };
    let (now_ms, streams) = (1_700_000_000_000, streams.map(held).collect());
    Frame::Have(Have { version: 1, now_ms, session: 7, reply: false, more: false, streams })
}

/// Each time what is here of the stream goes, and is folded anew.
#[test]
fn a_till_that_prunes_its_stream_all_the_time_floods() {
    let stream = StreamId { replica: replica(LIAR), kind: StreamKind::Workspace };
    let mut net = linked();
    let prunes = (5..505).map(|turn| pruned([(stream, turn * 2)].into_iter()));
    assert_eq!(flooded_by(&mut net, prunes), [route(LIAR)]);
    let begun = &net.replicas[&A].begun;
    assert!((200..300).contains(&begun.len()), "{}", begun.len());
    assert!(begun.iter().all(|(_, believed)| *believed), "it is its own");
}

/// A new till hears of many, and nothing is here that would go.
#[test]
fn checkpoints_of_streams_that_are_not_here_cost_nothing() {
    let mut net = linked();
    let now = net.now();
    let lives = (0..200_u8).map(|life| ReplicaId::of(&key(LIAR).public(), [life, 1, 1, 1, 1, 1]));
    let lives: Vec<ReplicaId> = lives.collect();
    let paper = |&replica: &ReplicaId| {
        issue(&Statement::Incarnation { replica, opened: OPENED }, &key(LIAR)).unwrap()
    };
    let a = net.replicas.get_mut(&A).unwrap();
    a.admit(now, &route(LIAR), lives.iter().map(paper).collect());
    let streams = lives.iter().flat_map(|&replica| {
        [StreamKind::Workspace, StreamKind::Customers].map(|kind| (StreamId { replica, kind }, 9))
    });
    let frames = [pruned(streams), nonsense(1)];
    assert_eq!(flooded_by(&mut net, frames.into_iter()), []);
    assert_eq!(net.replicas[&A].begun.len(), 400);
}
