//! Streams whose beginning was pruned: whose checkpoint is believed, and whom it is asked of.

use super::*;
use crate::log::{Seal, StreamKind};
use crate::store::LogBooks;
use crate::wire::codec::encode;
use crate::wire::{Envelope, Frame, Have, Held};

#[test]
fn who_lacks_what_was_pruned_begins_at_the_checkpoint() {
    let mut net = Net::new(&[A, B, B + 1], 1, Faults::default());
    for n in 0..10_u8 {
        net.write(A, StreamKind::Workspace, &[n]);
    }
    net.connect(A, B);
    net.settle(1_000);
    // B has all of it and prunes along; the third has nothing and begins behind it.
    let now = net.now();
    net.replicas.get_mut(&A).unwrap().compact(now, 7);
    net.settle(1_000);
    net.connect(A, B + 1);
    net.settle(1_000);
    net.write(A, StreamKind::Workspace, b"more");
    net.settle(1_000);
    net.assert_converged();
    for seed in [A, B, B + 1] {
        let rows = |sql: &str| -> i64 {
            net.replicas[&seed].db.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(rows("SELECT count(*) FROM entry"), 4, "replica {seed}");
        assert_eq!(rows("SELECT first_seq FROM stream"), 8, "replica {seed}");
    }
}

/// The workspace that the tests prune; its writer's line comes after the relays' by name.
const WRITER: u8 = B + 1;

fn stream() -> StreamId {
    StreamId { replica: replica(WRITER), kind: StreamKind::Workspace }
}

impl Net {
    /// Writer, a till that lacks its stream and two that relay it.
    fn of_four() -> Self {
        let mut net = Self::new(&[A, B, WRITER, WRITER + 1], 1, Faults::default());
        for n in 0..10_u8 {
            net.write(WRITER, StreamKind::Workspace, &[n]);
        }
        for relay in [A, WRITER + 1] {
            net.connect(relay, WRITER);
        }
        net.settle(1_000);
        net
    }

    /// A digest by which somebody has pruned the stream up to `last`.
    fn pruned(&self, last: u64, seal: Seal) -> Have {
        let (seq, hash) = self.replicas[&WRITER].state()[&stream()];
        let here = self.hash_at(last);
        let base = Some(Checkpoint { hash: here, seal });
        let held = Held { stream: stream(), first: last + 1, head: seq, hash, base };
        let (now_ms, streams) = (self.now().wall_ms, vec![held]);
        Have { version: 2, now_ms, session: 7, reply: false, more: false, streams }
    }

    fn hash_at(&self, seq: u64) -> Hash {
        let db = &self.replicas[&WRITER].db;
        let hash = crate::store::hash_at(db, replica(WRITER), StreamKind::Workspace, seq);
        hash.unwrap().unwrap()
    }

    fn begun(&self, at: u8) -> &[(Route, bool)] {
        &self.replicas[&at].begun
    }
}

/// A liar tells a run's own seal as though the writer had pruned there, and would have been asked first.
#[test]
fn a_false_checkpoint_does_not_shadow_the_true_one() {
    let mut net = Net::of_four();
    let run = key(WRITER).seal(stream(), 3, &net.hash_at(3));
    let lie = net.pruned(3, run);
    let truth = net.pruned(7, key(WRITER).checkpoint(stream(), 7, &net.hash_at(7)));
    let papers = crate::store::papers(&net.replicas[&WRITER].db).unwrap();
    let now = net.now();
    let b = net.replicas.get_mut(&B).unwrap();
    b.admit(now, &route(WRITER + 1), papers);
    for relay in [A, WRITER + 1] {
        let mut books = LogBooks::new(&b.db, None);
        b.exchange.up(now, route(relay), Pace::SHOP, &b.trust, &mut books).unwrap();
    }
    b.hear(now, &route(A), replica(A), Frame::Have(lie.clone()));
    assert_eq!(net.begun(B), [(route(A), false)]);
    let b = net.replicas.get_mut(&B).unwrap();
    b.hear(now, &route(WRITER + 1), replica(WRITER + 1), Frame::Have(truth));
    assert_eq!(
        net.begun(B)[1..],
        [(route(WRITER + 1), true)],
        "what was refused is not tried again"
    );
    let b = net.replicas.get_mut(&B).unwrap();
    b.hear(now, &route(A), replica(A), Frame::Have(lie));
    assert_eq!(net.begun(B).len(), 2, "it begins further on by now");
}

/// Both say so at once: the liar's is refused, and the next one's follows by itself.
#[test]
fn after_a_refused_checkpoint_the_next_one_is_tried() {
    let mut net = Net::of_four();
    let run = key(WRITER).seal(stream(), 3, &net.hash_at(3));
    let lie = net.pruned(3, run);
    let truth = net.pruned(7, key(WRITER).checkpoint(stream(), 7, &net.hash_at(7)));
    let papers = crate::store::papers(&net.replicas[&WRITER].db).unwrap();
    let now = net.now();
    let b = net.replicas.get_mut(&B).unwrap();
    // Nobody vouches for the writer yet, so neither can be tried before both have said it.
    for (relay, have) in [(A, lie), (WRITER + 1, truth)] {
        let mut books = LogBooks::new(&b.db, None);
        b.exchange.up(now, route(relay), Pace::SHOP, &b.trust, &mut books).unwrap();
        b.hear(now, &route(relay), replica(relay), Frame::Have(have));
    }
    assert_eq!(b.begun, []);
    b.admit(now, &route(WRITER + 1), papers);
    let mut again = net.pruned(3, run);
    again.session = 7;
    let b = net.replicas.get_mut(&B).unwrap();
    b.hear(now, &route(A), replica(A), Frame::Have(again));
    assert_eq!(b.begun, [(route(A), false), (route(WRITER + 1), true)]);
    assert_eq!(b.exchange.head(stream()), 7);
}

/// The writer is asked first, whoever comes first by name.
#[test]
fn the_writers_own_checkpoint_goes_before_a_relays() {
    let mut net = Net::of_four();
    let at =
        |net: &Net, seq| net.pruned(seq, key(WRITER).checkpoint(stream(), seq, &net.hash_at(seq)));
    let (relayed, own) = (at(&net, 5), at(&net, 7));
    let papers = crate::store::papers(&net.replicas[&WRITER].db).unwrap();
    let now = net.now();
    let b = net.replicas.get_mut(&B).unwrap();
    for (peer, have) in [(A, relayed.clone()), (WRITER, own)] {
        let mut books = LogBooks::new(&b.db, None);
        b.exchange.up(now, route(peer), Pace::SHOP, &b.trust, &mut books).unwrap();
        b.hear(now, &route(peer), replica(peer), Frame::Have(have));
    }
    b.admit(now, &route(A), papers);
    b.hear(now, &route(A), replica(A), Frame::Have(relayed));
    assert_eq!(b.begun, [(route(WRITER), true)]);
}

/// What lies between can't be had any more, or all that the writer holds is here: only then.
#[test]
fn a_stream_begins_further_on_only_where_nothing_is_lost_by_it() {
    let check =
        |what: &str, from: u8, ours: Option<(u64, u64)>, theirs: (u64, u64), begins: bool| {
            let mut it = Replica::new(B);
            let now = Now { ms: 0, wall_ms: 0 };
            let opened = OPENED;
            let writes = Statement::Incarnation { replica: replica(WRITER), opened };
            it.admit(now, &route(A), vec![issue(&writes, &key(WRITER)).unwrap()]);
            let held = |(first, head): (u64, u64)| {
                let base = Checkpoint { hash: Hash([1; 32]), seal: Seal([2; 64]) };
                let base = (first > 1).then_some(base);
                Held { stream: stream(), first, head, hash: Hash([3; 32]), base }
            };
            if let Some(ours) = ours {
                it.exchange.hold(now, &it.trust, held(ours));
            }
            let mut books = LogBooks::new(&it.db, None);
            it.exchange.up(now, route(from), Pace::SHOP, &it.trust, &mut books).unwrap();
            let streams = vec![held(theirs)];
            let have =
                Have { version: 2, now_ms: 0, session: 7, reply: false, more: false, streams };
            let frame = Frame::Have(have);
            let bytes = encode(&Envelope { from: replica(from), frame }).unwrap();
            let effects = it.exchange.receive(now, &route(from), &bytes, &it.trust, &mut books);
            let begun = effects.unwrap().into_iter().find_map(|effect| match effect {
                Effect::Begin { route, seq, .. } => Some((route, seq)),
                _ => None,
            });
            assert_eq!(begun, begins.then(|| (route(from), theirs.0 - 1)), "{what}");
        };
    check("the writer, all of whose entries are here", WRITER, Some((1, 10)), (8, 10), true);
    check("one who relays the same", A, Some((1, 10)), (8, 10), false);
    check("the writer, who still gives what lacks", WRITER, Some((1, 9)), (8, 10), false);
    check("what lies between is not to be had", A, Some((1, 6)), (8, 10), true);
    check("nothing lies between", A, Some((1, 7)), (8, 10), false);
    check("nothing is here", A, None, (8, 10), true);
    check("nothing is here, of the writer", WRITER, None, (8, 10), true);
    check("it begins there already", WRITER, Some((8, 10)), (8, 10), false);
    check("it begins further on", WRITER, Some((9, 10)), (8, 10), false);
    check("nothing was pruned", WRITER, Some((1, 10)), (1, 10), false);
}
