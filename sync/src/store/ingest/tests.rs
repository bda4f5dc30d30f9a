//! Runs as peers send them: in order, twice, with gaps, from forks, from strangers.

use super::super::testing::{self, OPENED};
use super::*;
use crate::clock::{Clock, Hlc};
use crate::link::TlsKey;
use crate::log::{SealingKey, Seed, StreamKind};
use crate::store::{alarms, find_stream, prune, verify};
use crate::trust::{Revocation, Statement, TillPaper, issue};
use proptest::prelude::*;

fn writer() -> SealingKey {
    SealingKey::from_seed(&Seed::new([3; 32])).unwrap()
}

fn replica() -> ReplicaId {
    ReplicaId::of(&writer().public(), [3; 6])
}

fn stream() -> StreamId {
    StreamId { replica: replica(), kind: StreamKind::Journal }
}

/// Papers by which the writer is a till of the chain.
fn papers() -> Vec<Vec<u8>> {
    let root = testing::key();
    let till = Statement::Till(TillPaper {
        store: "A".into(),
        thing: "a-till-3".into(),
        number: 3,
        key: writer().public(),
        tls: TlsKey([3; 32]),
        serial: 1,
    });
    vec![
        issue(&Statement::Hub { key: root.public(), serial: 1 }, &root).unwrap(),
        issue(&till, &root).unwrap(),
        issue(&Statement::Incarnation { replica: replica(), opened: OPENED }, &writer()).unwrap(),
    ]
}

fn trust(papers: &[Vec<u8>]) -> Trust {
    let mut trust = Trust::new(Some(testing::key().public()));
    for paper in papers {
        trust.admit(paper).unwrap();
    }
    trust
}

/// A chain of entries with these bodies.
fn entries(bodies: &[&[u8]]) -> Vec<Entry> {
    let mut clock = Clock::new(0, Some(OPENED)).unwrap();
    let mut prev = crate::log::genesis_hash(stream(), &writer().public());
    let mut entries = Vec::new();
    for (seq, body) in (1..).zip(bodies) {
        let entry = Entry { seq, clock: clock.tick(0), prev, body: body.to_vec() };
        prev = entry_hash(stream(), &entry);
        entries.push(entry);
    }
    entries
}

fn run(entries: &[Entry]) -> Batch {
    let last = entries.last().unwrap();
    let seal = writer().seal(stream(), last.seq, &entry_hash(stream(), last));
    Batch { stream: stream(), entries: entries.to_vec(), seal }
}

struct Receiver {
    db: Connection,
    trust: Trust,
    writing: Option<ReplicaId>,
}

impl Receiver {
    fn new() -> Self {
        Self { db: testing::database(), trust: trust(&papers()), writing: None }
    }

    fn take(&mut self, run: &Batch) -> Result<Ingested, Disbelief> {
        let tx = self.db.transaction().unwrap();
        let ingested = ingest(&tx, &self.trust, self.writing, run)?;
        tx.commit().unwrap();
        Ok(ingested)
    }

    fn head(&self) -> u64 {
        let stream = find_stream(&self.db, replica(), StreamKind::Journal).unwrap();
        stream.map_or(0, |stream| head(&self.db, &stream).unwrap().seq)
    }

    fn appended(&mut self, run: &Batch) -> (u64, u64, u64) {
        match self.take(run).unwrap() {
            Ingested::Appended { from, to, counts_to, .. } => (from, to, counts_to),
            other => panic!("{other:?}"),
        }
    }

    fn verified(&self) -> u64 {
        let stream = find_stream(&self.db, replica(), StreamKind::Journal).unwrap().unwrap();
        verify(&self.db, &stream, None, &mut |_, _| {}).unwrap().entries
    }
}

#[test]
fn in_order_twice_and_overlapping() {
    let all = entries(&[b"a", b"b", b"c", b"d"]);
    let mut receiver = Receiver::new();
    assert_eq!(receiver.appended(&run(&all[..2])), (1, 2, 2));
    assert_eq!(receiver.take(&run(&all[..2])).unwrap(), Ingested::Known);
    assert_eq!(receiver.take(&run(&all[1..2])).unwrap(), Ingested::Known);
    assert_eq!(receiver.take(&run(&all[3..])).unwrap(), Ingested::Gap { head: 2 });
    assert_eq!(receiver.appended(&run(&all[1..])), (3, 4, 4));
    assert_eq!(receiver.verified(), 4);
}

#[test]
fn outside_a_transaction_nothing_is_taken() {
    let receiver = Receiver::new();
    let refused = ingest(&receiver.db, &receiver.trust, None, &run(&entries(&[b"a"])));
    assert!(matches!(refused, Err(Disbelief::Log(LogError::NoTransaction))));
}

#[test]
fn what_is_not_believed_leaves_nothing() {
    let good = entries(&[b"a", b"b"]);
    let mut unsealed = run(&good);
    unsealed.seal = Seal([7; 64]);
    let mut changed = run(&good);
    changed.entries[0].body = b"A".to_vec();
    let mut moved = run(&good);
    moved.stream.kind = StreamKind::Workspace;
    let mut prices = run(&good);
    prices.stream.kind = StreamKind::Settings;
    let mut stranger = run(&good);
    stranger.stream.replica = ReplicaId([9; 16]);
    let mut first = run(&good);
    first.entries[0].prev = Hash([1; 32]);
    for (what, run) in [
        ("seal", unsealed),
        ("body", changed),
        ("kind", moved),
        ("another's stream", prices),
        ("stranger", stranger),
        ("genesis", first),
    ] {
        let mut receiver = Receiver::new();
        let error = receiver.take(&run).unwrap_err();
        assert!(!matches!(error, Disbelief::Log(_)), "{what}: {error}");
        assert_eq!(receiver.head(), 0, "{what}");
        assert!(alarms(&receiver.db).unwrap().is_empty(), "{what}: the caller's");
    }
}

#[test]
fn a_clock_that_goes_back_between_runs_is_not_believed() {
    let all = entries(&[b"a", b"b"]);
    let mut receiver = Receiver::new();
    receiver.appended(&run(&all[..1]));
    let late = Entry { clock: Hlc::from_ms(1), ..all[1].clone() };
    let error = receiver.take(&run(&[late])).unwrap_err();
    assert!(matches!(error, Disbelief::Clock { seq: 2, .. }), "{error}");
}

#[test]
fn another_branch_is_kept_beside() {
    let here = entries(&[b"a", b"b", b"c"]);
    let there = entries(&[b"a", b"B", b"C", b"D"]);
    let mut receiver = Receiver::new();
    receiver.appended(&run(&here));
    let Ingested::Forked { at, orphans, .. } = receiver.take(&run(&there[2..])).unwrap() else {
        panic!()
    };
    assert_eq!((at, orphans.len()), (None, 2), "where they part is not in this run");
    let Ingested::Forked { at, orphans, .. } = receiver.take(&run(&there)).unwrap() else {
        panic!()
    };
    assert_eq!((at, orphans.len()), (Some(2), 1), "each orphan once");
    assert_eq!(receiver.head(), 3);
    let count = "SELECT count(*) FROM orphan";
    let bodies: i64 = receiver.db.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(bodies, 3);
    assert_eq!(receiver.verified(), 3);
}

#[test]
fn ones_own_stream_comes_back() {
    let all = entries(&[b"a", b"b", b"c"]);
    let mut receiver = Receiver::new();
    receiver.appended(&run(&all[..2]));
    receiver.db.execute("UPDATE replica SET own = 1", []).unwrap();
    receiver.writing = Some(replica());
    assert_eq!(receiver.take(&run(&all[..2])).unwrap(), Ingested::Known);
    assert_eq!(receiver.take(&run(&all[1..])).unwrap(), Ingested::OwnAhead { to: 3 });
    let other = entries(&[b"a", b"B"]);
    assert_eq!(receiver.take(&run(&other)).unwrap(), Ingested::OwnForked { at: 2 });
    assert_eq!(receiver.head(), 2);
    // Once another incarnation writes, the rest of this one is taken back from the peer.
    receiver.writing = Some(ReplicaId([1; 16]));
    assert_eq!(receiver.appended(&run(&all[1..])), (3, 3, 3));
}

#[test]
fn entries_of_a_till_without_papers_wait_for_them() {
    let all = entries(&[b"a", b"b"]);
    let mut receiver = Receiver::new();
    receiver.trust = trust(&[papers()[2].clone()]);
    assert_eq!(receiver.appended(&run(&all)), (1, 2, 0), "stored, and not part of state");
    assert!(unfolded(&receiver.db, &receiver.trust).unwrap().is_empty());
    receiver.trust = trust(&papers());
    let waiting = unfolded(&receiver.db, &receiver.trust).unwrap();
    assert_eq!(waiting.iter().map(|it| (it.from, it.to)).collect::<Vec<_>>(), [(1, 2)]);
    set_folded(&receiver.db, &waiting[0].stream, 2).unwrap();
    assert!(unfolded(&receiver.db, &receiver.trust).unwrap().is_empty());
}

#[test]
fn what_was_pruned_while_it_waited_is_waited_for_no_more() {
    let all = entries(&[b"a", b"b", b"c"]);
    let mut receiver = Receiver::new();
    receiver.trust = trust(&[papers()[2].clone()]);
    receiver.appended(&run(&all[..2]));
    receiver.appended(&run(&all));
    let tx = receiver.db.transaction().unwrap();
    let journal = find_stream(&tx, replica(), StreamKind::Journal).unwrap().unwrap();
    let seal = writer().checkpoint(stream(), 2, &all[2].prev);
    prune(&tx, &journal, 2, seal).unwrap();
    tx.commit().unwrap();
    let waiting = unfolded(&receiver.db, &trust(&papers())).unwrap();
    assert_eq!(waiting.iter().map(|it| (it.from, it.to)).collect::<Vec<_>>(), [(3, 3)]);
}

/// A gap in this replica's own stream is no gap to wait for: who holds what comes after it may have
/// pruned what lies in it.
#[test]
fn more_of_this_replicas_own_stream_is_seen_across_a_gap() {
    let all = entries(&[b"a", b"b", b"c"]);
    let mut receiver = Receiver::new();
    receiver.appended(&run(&all[..1]));
    receiver.db.execute("UPDATE replica SET own = 1", []).unwrap();
    receiver.writing = Some(replica());
    assert_eq!(receiver.take(&run(&all[2..])).unwrap(), Ingested::OwnAhead { to: 3 });
}

#[test]
fn entries_after_a_revocation_are_held() {
    let all = entries(&[b"a", b"b", b"c"]);
    let mut receiver = Receiver::new();
    let revoked = Statement::Revoked(Revocation {
        key: writer().public(),
        why: "stolen".into(),
        serial: 1,
        ends: vec![(replica(), StreamKind::Journal, 2)],
    });
    receiver.trust.admit(&issue(&revoked, &testing::key()).unwrap()).unwrap();
    assert_eq!(receiver.appended(&run(&all)), (1, 3, 2));
}

proptest! {
    /// Whatever is lost, doubled or reordered: what is here is a prefix, and in the end all of it.
    #[test]
    fn any_delivery_comes_to_the_same(
        cuts in prop::collection::vec((0_usize..30, 1_usize..8), 0..60),
    ) {
        let bodies: Vec<Vec<u8>> = (0..30_u8).map(|n| vec![n]).collect();
        let all = entries(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut receiver = Receiver::new();
        for (start, length) in cuts {
            let end = (start + length).min(all.len());
            receiver.take(&run(&all[start..end])).unwrap();
        }
        let head = usize::try_from(receiver.head()).unwrap();
        if head < all.len() {
            receiver.appended(&run(&all[head..]));
        }
        prop_assert_eq!(receiver.verified(), 30);
    }
}

/// Whoever has a key can seal branches without end: they fill no disk, and nobody else's are refused.
#[test]
fn branches_of_one_writer_are_bounded() {
    let here = entries(&[b"a", b"b"]);
    let there = entries(&[b"a", b"B", b"C"]);
    for (key, refused) in [(writer(), true), (testing::key(), false)] {
        let whose = ReplicaId::of(&key.public(), [9; 6]);
        let mut receiver = Receiver::new();
        receiver.appended(&run(&here));
        receiver.take(&run(&there[..2])).unwrap();
        declare_peer(&receiver.db, whose, &key.public(), OPENED).unwrap();
        let full = open_stream(&receiver.db, whose, StreamKind::Workspace).unwrap();
        receiver
            .db
            .execute(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 64)
                 INSERT INTO orphan (stream, seq, clock, prev, hash, seal, body)
                 SELECT ?1, n, 1, randomblob(32), randomblob(32), NULL, zeroblob(1 << 20) FROM n",
                [full.local],
            )
            .unwrap();
        let known = receiver.take(&run(&there[..2])).unwrap();
        assert!(matches!(known, Ingested::Forked { orphans, .. } if orphans.is_empty()));
        match receiver.take(&run(&there)) {
            Err(error @ Disbelief::TooMuchBeside { .. }) => {
                assert!(refused, "{error}");
                assert_eq!(error.alarm(), AlarmKind::Fork);
            }
            kept => {
                assert!(!refused);
                assert!(matches!(kept, Ok(Ingested::Forked { orphans, .. }) if orphans.len() == 1));
            }
        }
        let kept = "SELECT count(*) FROM orphan WHERE length(body) = 1";
        let kept: i64 = receiver.db.query_row(kept, [], |row| row.get(0)).unwrap();
        assert_eq!(kept, if refused { 1 } else { 2 });
    }
}
