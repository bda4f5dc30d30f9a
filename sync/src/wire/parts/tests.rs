//! Runs cut and joined: what fits, what is cut, what is lost, doubled or out of order.

use super::*;
use crate::batch::testing::{batch_of, sealing, stream};
use crate::log::{MAX_BODY_BYTES, entry_hash};
use crate::wire::codec::decode;
use crate::wire::{MAX_FRAME_BYTES, MAX_PARTS};
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

/// Entries of these bodies; those whose place `sealed` picks carry a seal.
fn entries(bodies: &[Vec<u8>], sealed: impl Fn(usize) -> bool) -> Vec<Sealed> {
    let batch = batch_of(bodies);
    let seal = |at: usize, entry: &Entry| {
        sealed(at).then(|| sealing().seal(stream(), entry.seq, &entry_hash(stream(), entry)))
    };
    let entries = batch.entries.into_iter().enumerate();
    entries.map(|(at, entry)| Sealed { seal: seal(at, &entry), entry }).collect()
}

/// What a receiver makes of the frames.
fn received(fitted: &Fitted) -> Batch {
    let mut joiner = Joiner::default();
    let mut runs = Vec::new();
    for frame in &fitted.frames {
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

#[track_caller]
fn check(bodies: &[Vec<u8>], sealed: impl Fn(usize) -> bool, least: u64, frames: usize) {
    let all = entries(bodies, sealed);
    let fitted = fit(FROM, 7, stream(), all.clone()).unwrap();
    assert_eq!(fitted.frames.len(), frames);
    assert!(fitted.last >= least, "{} of at least {least}", fitted.last);
    let run = received(&fitted);
    assert_eq!(run.verify(&sealing().public()), Ok(()));
    assert_eq!(run.entries.len() as u64, fitted.last);
    for (sent, got) in all.iter().zip(&run.entries) {
        assert_eq!(sent.entry, *got);
    }
}

#[test]
fn takes_what_a_frame_holds() {
    let every = |_| true;
    check(&[b"one".to_vec()], every, 1, 1);
    check(&vec![b"alike".to_vec(); 5_000], every, MAX_RUN_ENTRIES as u64, 1);
    // 200 KB that nothing compresses: more than half of a frame is used.
    let hundred: Vec<_> = (0..100).map(|n| noise(2_000, n)).collect();
    check(&hundred, every, 40, 1);
    // Seals stand at every tenth entry only.
    check(&hundred, |at| at % 10 == 9, 40, 1);
    check(&hundred, |at| at == 99, 100, 2);
}

#[test]
fn cuts_an_entry_that_is_longer_than_a_frame() {
    let every = |_| true;
    check(&[noise(MAX_FRAME_BYTES, 1), b"next".to_vec()], every, 1, 2);
    check(&[noise(MAX_BODY_BYTES, 1)], every, 1, MAX_PARTS - 1);
    check(&[vec![7; MAX_BODY_BYTES]], every, 1, 1);
    // A short one before a long one goes alone.
    check(&[b"short".to_vec(), noise(MAX_BODY_BYTES, 1)], every, 1, 1);
    // The longest content that parts carry.
    let rest = MAX_PLAIN_BYTES - MAX_BODY_BYTES - RUN_BYTES - 2 * ENTRY_BYTES;
    check(&[noise(MAX_BODY_BYTES, 1), noise(rest, 2)], |at| at == 1, 2, MAX_PARTS);
}

#[test]
fn says_when_no_run_can_end() {
    let refused = |bodies: &[Vec<u8>], sealed: usize| {
        let error = fit(FROM, 1, stream(), entries(bodies, |at| at == sealed)).unwrap_err();
        assert_eq!(error, FitError::NotSealed { stream: stream() });
    };
    refused(&[], 0);
    refused(&[b"one".to_vec()], 1);
    refused(&vec![b"alike".to_vec(); MAX_RUN_ENTRIES + 1], MAX_RUN_ENTRIES);
    refused(&[noise(MAX_BODY_BYTES, 1), noise(MAX_BODY_BYTES, 2)], 1);

    let mut gap = entries(&vec![b"alike".to_vec(); 3], |_| true);
    gap.remove(1);
    assert!(matches!(fit(FROM, 1, stream(), gap), Err(FitError::Wire(WireError::Run(_)))));
}

/// The parts of one long run.
fn parts(run: u64) -> Vec<Part> {
    let all = entries(&[noise(400_000, 3)], |_| true);
    let fitted = fit(FROM, run, stream(), all).unwrap();
    let part = |frame: &Vec<u8>| match decode(frame).unwrap().frame {
        Frame::Part(part) => part,
        other => panic!("{other:?}"),
    };
    fitted.frames.iter().map(part).collect()
}

#[test]
fn joins_in_order_and_takes_doubles() {
    let parts = parts(1);
    assert_eq!(parts.len(), 4);
    let mut joiner = Joiner::default();
    let mut runs = 0;
    for part in parts.iter().flat_map(|part| [part, part]) {
        runs += usize::from(joiner.push(part).unwrap().is_some());
        // Doubles of what came before.
        runs += usize::from(joiner.push(&parts[0]).unwrap().is_some());
    }
    assert_eq!(runs, 1);
    // In a new session the same number is another run.
    joiner.clear();
    let again: Vec<_> = parts.iter().map(|part| joiner.push(part).unwrap()).collect();
    assert_eq!(again.iter().flatten().count(), 1);
}

#[test]
fn refuses_what_does_not_follow() {
    let run = parts(1);
    let other = parts(2);
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
    let out = |number, expected| JoinError::OutOfOrder { run: 1, number, expected };
    check("the first is lost", &[&run[1]], out(1, 0));
    check("one is lost", &[&run[0], &run[2]], out(2, 1));
    check("another run's", &[&other[0], &run[1]], out(1, 0));
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
    /// Whatever the sizes, everything arrives, run after run.
    #[test]
    fn everything_arrives(sizes in prop::collection::vec(0_usize..90_000, 1..12), step in 1_usize..4) {
        let bodies: Vec<_> = (0..).zip(&sizes).map(|(n, size)| noise(*size, n)).collect();
        let last = bodies.len() - 1;
        let mut left = entries(&bodies, |at| at % step == 0 || at == last);
        let mut run = 0;
        while !left.is_empty() {
            let fitted = fit(FROM, run, stream(), left.clone()).unwrap();
            let got = received(&fitted);
            prop_assert_eq!(got.verify(&sealing().public()), Ok(()));
            let sent = left.drain(..got.entries.len()).map(|sealed| sealed.entry);
            prop_assert_eq!(sent.collect::<Vec<_>>(), got.entries);
            run += 1;
        }
    }
}
