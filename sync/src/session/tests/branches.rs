//! Tills that were put back or cloned: they are told, and what they wrote is kept by all.

use super::*;
use crate::log::StreamKind;
use crate::store::LogBooks;
use crate::wire::codec::decode;
use crate::wire::{Forks, Frame, Have, Held, MAX_TIPS};
use std::collections::{BTreeMap, BTreeSet};

/// Also by a stream of a kind that it never began, which another machine under its identity did.
#[test]
fn a_till_put_back_is_told_by_its_sibling() {
    for kind in [StreamKind::Journal, StreamKind::Customers] {
        let mut net = Net::new(&[A, B], 1, Faults::default());
        net.write(A, StreamKind::Journal, b"one");
        net.write(A, kind, b"two");
        net.connect(A, B);
        net.settle(1_000);
        net.cut(A, B);
        // Last night's backup: the first entry only.
        let mut back = Replica::new(A);
        back.write(net.now(), StreamKind::Journal, b"one");
        net.replicas.insert(A, back);
        net.connect(A, B);
        net.settle(1_000);
        assert!(net.replicas[&A].overtaken, "{kind}");
    }
}

#[test]
fn a_lie_about_ones_own_stream_is_none_without_its_entries() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"one");
    net.connect(A, B);
    net.settle(1_000);
    let stream = StreamId { replica: replica(A), kind: StreamKind::Journal };
    for (session, head) in [(1, 1), (2, 900)] {
        let held = Held { stream, first: 1, head, hash: Hash([6; 32]), base: None };
        let have = Have {
            version: 1,
            now_ms: net.now().wall_ms,
            session,
            reply: false,
            more: false,
            streams: vec![held],
        };
        let now = net.now();
        let it = net.replicas.get_mut(&A).unwrap();
        it.hear(now, &route(B), replica(B), Frame::Have(have));
        net.settle(1_000);
        assert!(!net.replicas[&A].overtaken);
    }
}

#[test]
fn a_cloned_till_is_told_and_its_branch_is_kept_beside() {
    let mut net = Net::new(&[A, B], 1, Faults::default());
    for n in 0..100_u8 {
        net.write(A, StreamKind::Journal, &[n]);
    }
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    let mut clone = Replica::new(A);
    for n in 0..100_u8 {
        clone.write(net.now(), StreamKind::Journal, &[if n < 10 { n } else { 200 }]);
    }
    net.replicas.insert(A, clone);
    net.connect(A, B);
    net.settle(100_000);
    assert!(net.replicas[&A].overtaken);
    let count =
        |sql: &str| -> i64 { net.replicas[&B].db.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM orphan"), 90);
    assert_eq!(count("SELECT min(seq) FROM orphan"), 11);
}

/// The branch is as short as can be, its writer is gone for good, and a third has it from the second.
#[test]
fn a_branch_is_handed_on_by_who_keeps_it() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    net.write(A, StreamKind::Journal, b"both");
    net.write(A, StreamKind::Journal, b"first");
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    let mut clone = Replica::new(A);
    for body in [&b"both"[..], b"second", b"and more"] {
        clone.write(net.now(), StreamKind::Journal, body);
    }
    net.replicas.insert(A, clone);
    net.connect(A, B);
    net.settle(100_000);
    net.cut(A, B);
    net.connect(B, B + 1);
    net.settle(100_000);
    for seed in [B, B + 1] {
        let db = &net.replicas[&seed].db;
        let mut statement = db.prepare("SELECT body FROM orphan ORDER BY seq").unwrap();
        let bodies = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let bodies: Vec<Vec<u8>> = bodies.map(Result::unwrap).collect();
        assert_eq!(bodies, [&b"second"[..], b"and more"], "replica {seed}");
    }
    let before = net.frames;
    net.settle(3_600_000);
    assert!(net.frames - before < 10, "all is kept, and nobody doubts it");
}

/// Where the branches part nobody has any more: what there is of the other is kept, and nobody doubts
/// or asks for ever.
#[test]
fn a_branch_whose_beginning_was_pruned_everywhere_is_kept_as_far_as_it_goes() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    for n in 0..10_u8 {
        net.write(A, StreamKind::Workspace, &[n]);
    }
    net.connect(A, B + 1);
    net.settle(1_000);
    net.cut(A, B + 1);
    let mut clone = Replica::new(A);
    for n in 0..14_u8 {
        clone.write(net.now(), StreamKind::Workspace, &[if n < 3 { n } else { 200 }]);
    }
    clone.compact(net.now(), 7);
    net.replicas.insert(A, clone);
    net.connect(A, B);
    net.settle(1_000);
    net.cut(A, B);
    net.connect(B, B + 1);
    net.settle(100_000);
    let rows = |seed: u8, sql: &str| -> i64 {
        net.replicas[&seed].db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(B, "SELECT min(position & 255) FROM entry"), 8);
    assert_eq!(rows(B + 1, "SELECT count(*) FROM orphan"), 7, "8 to 14");
    let before = net.frames;
    net.settle(3_600_000);
    assert!(net.frames - before < 10, "{} frames", net.frames - before);
}

/// A liar makes up as many branches as it likes: those that others keep are asked for all the same.
#[test]
fn branches_that_one_makes_up_leave_room_for_those_of_others() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    for other in [B, B + 1] {
        net.write(other, StreamKind::Journal, b"sale");
        net.connect(A, other);
    }
    net.settle(1_000);
    let stream = StreamId { replica: replica(B), kind: StreamKind::Journal };
    let most = u64::try_from(MAX_TIPS).unwrap();
    let tips =
        |from: u64, count| (from..).map(|seq| Tip { stream, seq, hash: Hash([6; 32]) }).take(count);
    let now = net.now();
    let it = net.replicas.get_mut(&A).unwrap();
    for frame in 0..4 {
        let kept = tips(10 + frame * most, MAX_TIPS).collect();
        let forks = Forks { kept, wanted: Vec::new() };
        it.hear(now, &route(B), replica(B), Frame::Forks(forks));
    }
    let kept = tips(5_000, 1).collect();
    let forks = Forks { kept, wanted: Vec::new() };
    it.hear(now, &route(B + 1), replica(B + 1), Frame::Forks(forks));
    let mut asked: BTreeMap<Route, usize> = BTreeMap::new();
    let mut books = LogBooks::new(&it.db, None);
    let mut next = || it.exchange.next_frame(now, &it.trust, &mut books, &BTreeSet::new());
    while let Some((to, bytes)) = next().unwrap() {
        if let Frame::Forks(forks) = decode(&bytes).unwrap().frame {
            *asked.entry(to).or_default() += forks.wanted.len();
        }
    }
    assert_eq!(asked, [(route(B), MAX_TIPS), (route(B + 1), 1)].into());
}
