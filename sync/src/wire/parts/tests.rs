//! Runs cut and joined: what fits, what is cut, what is lost, doubled or out of order.

use super::*;
use crate::batch::testing::batch_of;
use crate::log::MAX_BODY_BYTES;
use crate::wire::codec::{decode, encode_packed};
use crate::wire::{Answer, MAX_ASK_BYTES, MAX_FRAME_BYTES, MAX_PARTS, MAX_RUN_ENTRIES};
use proptest::prelude::*;

const FROM: ReplicaId = ReplicaId(*b"replica-of-tests");

/// Bytes that nothing compresses.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// What a receiver makes of the frames.
fn received(frames: &[Vec<u8>]) -> Batch {
    let mut joiner = Joiner::default();
    let mut runs = Vec::new();
    for frame in frames {
        assert!(frame.len() <= MAX_FRAME_BYTES, "{} bytes", frame.len());
        match decode(frame).unwrap().frame {
            Frame::Run(run) => runs.push(run),
            Frame::Part(part) => runs.extend(joiner.push(&part).unwrap()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(runs.len(), 1);
    runs.pop().unwrap()
}

fn sent(bodies: &[Vec<u8>], run: u64) -> (Batch, Vec<Vec<u8>>) {
    let batch = batch_of(bodies);
    let envelope = Envelope { from: FROM, frame: Frame::Run(batch.clone()) };
    (batch, frames(&envelope, run).unwrap())
}

#[track_caller]
fn check(bodies: &[Vec<u8>], expected: usize) {
    let (batch, frames) = sent(bodies, 7);
    assert_eq!(frames.len(), expected);
    assert_eq!(received(&frames), batch);
}

#[test]
fn cuts_what_is_longer_than_a_frame() {
    check(&[b"one".to_vec()], 1);
    check(&vec![b"alike".to_vec(); MAX_RUN_ENTRIES], 1);
    check(&[vec![7; MAX_BODY_BYTES]], 1);
    check(&[noise(MAX_FRAME_BYTES, 1)], 2);
    check(&[noise(MAX_BODY_BYTES, 1)], MAX_PARTS - 1);
    check(&[noise(90_000, 1), noise(90_000, 2)], 2);
}

#[test]
fn refuses_what_no_receiver_would_take() {
    let refused = |frame: Frame| frames(&Envelope { from: FROM, frame }, 1).unwrap_err();
    let mut gap = batch_of(&vec![b"alike".to_vec(); 3]);
    gap.entries.remove(1);
    assert!(matches!(refused(Frame::Run(gap)), WireError::Run(_)));
    let long = Answer { number: 1, ok: true, body: noise(MAX_ASK_BYTES + 1, 1) };
    refused(Frame::Answer(long));
}

#[test]
fn packs_what_has_many_like_entries() {
    let check = |what: &str, bodies: &[Vec<u8>], expected: bool| {
        let batch = batch_of(bodies);
        let packed = encode_packed(FROM, &batch).unwrap();
        assert_eq!(packed.is_some(), expected, "{what}");
        if let Some(frame) = packed {
            assert_eq!(received(&[frame]), batch, "{what}");
        }
    };
    let like = |n: u8| [&[0x83, 0x18, 24 + n], &b"\x66stable\xf6"[..]].concat();
    let like: Vec<Vec<u8>> = (0..40).map(like).collect();
    check("many", &like, true);
    check("a few", &like[..3], false);
    check("bodies of another kind", &vec![b"no CBOR".to_vec(); 40], false);
    let long = |n| [b"\x59\x27\x10", noise(10_000, n).as_slice()].concat();
    let long: Vec<Vec<u8>> = (0..20).map(long).collect();
    check("too long for a frame", &long, false);
}

/// The parts of one long run.
fn parts(run: u64) -> Vec<Part> {
    let (_, frames) = sent(&[noise(400_000, 3)], run);
    let part = |frame: &Vec<u8>| match decode(frame).unwrap().frame {
        Frame::Part(part) => part,
        other => panic!("{other:?}"),
    };
    frames.iter().map(part).collect()
}

#[test]
fn joins_in_every_order_and_takes_doubles() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let parts = parts(1);
        let mut joiner = Joiner::default();
        let mut runs = 0;
        for part in order.iter().flat_map(|&at| [&parts[at], &parts[at]]) {
            runs += usize::from(joiner.push(part).unwrap().is_some());
            runs += usize::from(joiner.push(&parts[order[0]]).unwrap().is_some());
        }
        assert_eq!(runs, 1, "{order:?}");
        // In a new session the same number is another run.
        joiner.clear();
        let again: Vec<_> = parts.iter().map(|part| joiner.push(part).unwrap()).collect();
        assert_eq!(again.iter().flatten().count(), 1);
    }
}

#[test]
fn a_run_that_lost_a_part_is_given_up_for_the_next() {
    let (lost, next) = (parts(1), parts(2));
    let mut joiner = Joiner::default();
    for part in &lost[1..] {
        assert_eq!(joiner.push(part), Ok(None));
    }
    let whole: Vec<_> = next.iter().map(|part| joiner.push(part).unwrap()).collect();
    assert_eq!(whole.iter().flatten().count(), 1);
    assert_eq!(joiner.push(&lost[0]), Ok(None), "too late");
}

#[test]
fn refuses_what_does_not_belong_together() {
    let (run, other) = (parts(1), parts(2));
    let check = |what: &str, given: &[&Part], expected: JoinError| {
        let mut joiner = Joiner::default();
        let (last, before) = given.split_last().unwrap();
        for part in before {
            assert_eq!(joiner.push(part), Ok(None), "{what}");
        }
        assert_eq!(joiner.push(last), Err(expected), "{what}");
        // Nothing stays in the way of the next run.
        let whole: Vec<_> = other.iter().map(|part| joiner.push(part).unwrap()).collect();
        assert!(whole.iter().flatten().count() == 1, "{what}");
    };
    let count = Part { of: 3, ..run[1].clone() };
    check("a count", &[&run[0], &count], JoinError::OtherCount { run: 1, of: 3, before: 4 });
    let mut long = run.clone();
    long.iter_mut().for_each(|part| part.bytes.resize(400_000, 0));
    let long: Vec<_> = long.iter().collect();
    check("too long", &long[..3], JoinError::TooLong { run: 1 });
    let changed = Part { bytes: vec![3; 3], ..run[3].clone() };
    let mut joiner = Joiner::default();
    run[..3].iter().for_each(|part| assert_eq!(joiner.push(part), Ok(None)));
    assert!(matches!(joiner.push(&changed), Err(JoinError::NotARun { run: 1, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Whatever the sizes, everything arrives.
    #[test]
    fn everything_arrives(sizes in prop::collection::vec(0_usize..90_000, 1..12)) {
        let bodies: Vec<_> = (0..).zip(&sizes).map(|(n, size)| noise(*size, n)).collect();
        let (batch, frames) = sent(&bodies, 1);
        prop_assert_eq!(received(&frames), batch);
    }
}
