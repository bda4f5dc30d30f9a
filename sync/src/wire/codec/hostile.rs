//! What broken, older, newer and hostile peers may send: each refusal by name, and nothing lost of
//! what a newer peer only added to.

use super::strategy::{empty_have, envelope};
use super::{PLAIN, WireError, ZSTD, decode, encode, golden};
use crate::batch::BatchError;
use crate::batch::testing::batch_of;
use crate::log::{Hash, MAX_SEQ, ReplicaId, Seal, StreamId, StreamKind};
use crate::squeeze::compress;
use crate::wire::{
    Ask, Checkpoint, Envelope, Frame, Have, Held, MAX_ASK_BYTES, MAX_FRAME_BYTES, MAX_PAPER_BYTES,
    MAX_PAPERS, MAX_PARTS, MAX_PLAIN_BYTES, MAX_RUN_ENTRIES, MAX_STREAMS, Mark, Page, Part, Want,
    Wanted,
};
use proptest::prelude::*;
use serde_cbor::Value;

const FROM: ReplicaId = ReplicaId(*b"replica-of-tests");

fn plain(content: &[u8]) -> Vec<u8> {
    [&[PLAIN], content].concat()
}

fn squeezed(content: &[u8]) -> Vec<u8> {
    [&[ZSTD][..], &compress(content, false).unwrap()].concat()
}

fn content(frame: &Frame) -> Value {
    let bytes = encode(&Envelope { from: FROM, frame: frame.clone() }).unwrap();
    assert_eq!(bytes[0], PLAIN);
    serde_cbor::from_slice(&bytes[1..]).unwrap()
}

fn items(value: &mut Value) -> &mut Vec<Value> {
    let Value::Array(items) = value else { panic!("not an array: {value:?}") };
    items
}

fn changed(frame: &Frame, change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut value = content(frame);
    change(items(&mut value));
    plain(&serde_cbor::to_vec(&value).unwrap())
}

#[track_caller]
fn check(what: &str, bytes: &[u8], expected: &str) {
    let error = decode(bytes).expect_err(what);
    assert!(!error.is_newer(), "{what}: {error}");
    let error = error.to_string();
    assert!(error.contains(expected), "{what}: {error}");
}

#[test]
fn refuses_what_is_no_frame() {
    check("nothing", &[], "without bytes");
    check("another form", &[3, 0x80], "byte 0 of a frame is 3");
    check("no content", &[PLAIN], "ends too early");
    check("too long as sent", &vec![PLAIN; MAX_FRAME_BYTES + 1], "a frame as sent has 122881");
    check("a bomb", &squeezed(&vec![0; 50_000_000]), "after decompression has 1114113 bytes");
    check("no zstd", &[ZSTD, 1, 2, 3], "can't be decompressed");
    let good = serde_cbor::to_vec(&content(&Frame::Have(empty_have()))).unwrap();
    let two = [squeezed(&good), compress(&good, false).unwrap()].concat();
    check("two frames", &two, "something follows it");
    check("a trailing byte", &[squeezed(&good), vec![0]].concat(), "something follows it");
    // One byte of content in a frame that names dictionary 7.
    let named = [ZSTD, 0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 0x09, 0, 0, 0x80];
    check("a dictionary", &named, "ictionary");
    // A window of 4 MiB: exponent 12 above 2^10.
    let wide = [ZSTD, 0x28, 0xb5, 0x2f, 0xfd, 0x00, 12 << 3, 0x09, 0, 0, 0x80];
    check("a wide window", &wide, "too much memory");
    let skippable = [ZSTD, 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9];
    check("a skippable frame", &skippable, "frame");

    check("trailing content", &plain(&[&good[..], &[0]].concat()), "behind the end");
    check("deep nesting", &plain(&vec![0x81; 100_000]), "nested too deep");
    check("deep, compressed", &squeezed(&vec![0x81; 1_000_000]), "nested too deep");
    let huge = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    check("a huge array", &plain(&huge), "claims more items");
    check(
        "a huge string",
        &plain(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        "claims more bytes",
    );
    check("no array", &plain(&[0x01]), "a frame, at byte 0");
    check("three fields", &plain(&[0x83, 1, 0x40, 1]), "3 fields where 4 or more belong");
    check("a short sender", &plain(&[0x84, 1, 0x41, 0, 1, 0x80]), "a frame's sender, at byte 2");
    check(
        "fields no array",
        &changed(&Frame::Have(empty_have()), |f| f[3] = Value::Null),
        "a have",
    );
    let none = |fields: &mut Vec<Value>| items(&mut fields[3]).clear();
    check("fields missing", &changed(&Frame::Have(empty_have()), none), "0 fields where 6");
    check(
        "version 0",
        &changed(&Frame::Have(empty_have()), |f| f[0] = Value::Integer(0)),
        "it is 0",
    );
}

fn stream(number: u64) -> StreamId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    StreamId { replica: ReplicaId(id), kind: StreamKind::Journal }
}

fn held(first: u64, head: u64, pruned: bool) -> Frame {
    let base = pruned.then_some(Checkpoint { hash: Hash([1; 32]), seal: Seal([2; 64]) });
    let held = Held { stream: stream(1), first, head, hash: Hash([0; 32]), base };
    Frame::Have(Have { streams: vec![held], ..empty_have() })
}

fn marks(streams: impl Iterator<Item = u64>) -> Frame {
    Frame::Mark(Mark { streams: streams.map(|number| (stream(number), 1)).collect() })
}

fn wanted(from: u64, to: Option<u64>) -> Frame {
    Frame::Want(Want { window: 0, streams: vec![Wanted { stream: stream(1), from, to }] })
}

fn paged(number: u32, of: u32) -> Frame {
    Frame::Page(Page { snapshot: 1, number, of, rows: Vec::new() })
}

fn part(number: u32, of: u32, length: usize) -> Frame {
    Frame::Part(Part { run: 1, number, of, bytes: vec![0; length] })
}

/// Each breaks one rule; a sender is told the same as a receiver.
#[test]
fn refuses_what_no_frame_may_say() {
    let ask = |length| Frame::Ask(Ask { number: 1, topic: 1, body: vec![0; length] });
    let long_run = Frame::Run(batch_of(&vec![Vec::new(); MAX_RUN_ENTRIES + 1]));
    for (what, frame, expected) in [
        ("a have of version 0", Frame::Have(Have { version: 0, ..empty_have() }), "it is 0"),
        ("first 0", held(0, 5, false), "0 does not lie between 1 and"),
        ("first beyond", held(7, 5, true), "7 does not lie between 1 and"),
        ("a head too late", held(1, MAX_SEQ + 1, false), "does not lie between 0"),
        ("pruned without a checkpoint", held(3, 5, false), "a checkpoint when entries were pruned"),
        ("a checkpoint of nothing", held(1, 5, true), "a checkpoint when entries were pruned"),
        ("a stream twice", marks([1, 2, 1].into_iter()), "stands twice"),
        ("many streams", marks(0..=MAX_STREAMS as u64), "1025 where at most 1024"),
        (
            "a mark too late",
            Frame::Mark(Mark { streams: vec![(stream(1), MAX_SEQ + 1)] }),
            "marked",
        ),
        ("wanted from 0", wanted(0, None), "0 does not lie between 1"),
        ("wanted backwards", wanted(5, Some(4)), "4 does not lie between 5"),
        ("wanted too far", wanted(5, Some(MAX_SEQ + 1)), "does not lie between 5"),
        ("many papers", Frame::Papers(vec![vec![]; MAX_PAPERS + 1]), "65 where at most 64"),
        ("a long paper", Frame::Papers(vec![vec![0; MAX_PAPER_BYTES + 1]]), "1025"),
        ("a long question", ask(MAX_ASK_BYTES + 1), "65537"),
        ("no page", paged(0, 0), "number 0 of 0"),
        ("a page beyond", paged(3, 3), "number 3 of 3"),
        ("a part beyond", part(1, 1, 1), "number 1 of 1"),
        ("many parts", part(0, u32::try_from(MAX_PARTS).unwrap() + 1, 1), "the parts of a run"),
        ("many entries", long_run, "4097 where at most 4096"),
    ] {
        let envelope = Envelope { from: FROM, frame };
        let error = encode(&envelope).expect_err(what).to_string();
        assert!(error.contains(expected), "{what}, written: {error}");
        let mut encoder = minicbor::Encoder::new(Vec::new());
        super::fields::write_head(1, FROM, &mut encoder).unwrap();
        super::fields::write(&envelope.frame, &mut encoder).unwrap();
        let error = decode(&squeezed(&encoder.into_writer())).expect_err(what);
        assert!(!error.is_newer(), "{what}: {error}");
        let (error, count) = (error.to_string(), "more than 4096 entries");
        assert!(error.contains(expected) || error.contains(count), "{what}, read: {error}");
    }
}

#[test]
fn refuses_a_run_that_is_no_chain() {
    let mut gap = batch_of(&vec![b"x".to_vec(); 3]);
    gap.entries.remove(1);
    let mut none = gap.clone();
    none.entries.clear();
    for (run, expected) in [(gap, BatchError::NotAChain { seq: 3 }), (none, BatchError::Empty)] {
        let error = encode(&Envelope { from: FROM, frame: Frame::Run(run) }).unwrap_err();
        assert_eq!(error, WireError::Run(expected));
    }
}

#[test]
fn a_frame_has_room_for_a_part_and_no_more() {
    let full = |length| encode(&Envelope { from: FROM, frame: part(8, 9, length) });
    let noise = (0..MAX_FRAME_BYTES).map(|n| u8::try_from(n * n * 7_919 / 13 % 251).unwrap());
    let bytes: Vec<_> = noise.take(crate::wire::MAX_PART_BYTES).collect();
    let largest = Part { run: u64::MAX, number: 8, of: 9, bytes };
    let envelope = Envelope { from: FROM, frame: Frame::Part(largest) };
    assert_eq!(decode(&encode(&envelope).unwrap()), Ok(envelope));
    assert!(full(crate::wire::MAX_PART_BYTES + 1).is_err());
    let rows = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes());
    let page = Page { snapshot: 1, number: 0, of: 1, rows: rows.collect() };
    let error = encode(&Envelope { from: FROM, frame: Frame::Page(page) }).unwrap_err();
    assert!(matches!(error, WireError::TooLong { limit: MAX_FRAME_BYTES, .. }), "{error}");
    let page = Page { snapshot: 1, number: 0, of: 1, rows: vec![0; MAX_PLAIN_BYTES] };
    let error = encode(&Envelope { from: FROM, frame: Frame::Page(page) }).unwrap_err();
    assert!(matches!(error, WireError::TooLong { limit: MAX_PLAIN_BYTES, .. }), "{error}");
}

#[test]
fn cut_off_anywhere_nothing_reads() {
    for (name, frame, _, _) in golden::vectors() {
        let bytes = encode(&Envelope { from: FROM, frame }).unwrap();
        for cut in 0..bytes.len() {
            check(name, &bytes[..cut], "");
        }
        let packed = squeezed(&bytes[1..]);
        for cut in 0..packed.len() {
            check(name, &packed[..cut], "");
        }
    }
}

/// A newer peer appends fields to the frame, to its fields and to what stands in them.
#[test]
fn what_a_newer_peer_appends_is_passed_over() {
    let extra = || [Value::Array(vec![Value::Null, Value::Bool(true)]), Value::Text("new".into())];
    for (name, frame, _, _) in golden::vectors() {
        let envelope = Envelope { from: FROM, frame: frame.clone() };
        let outer = changed(&frame, |fields| fields.extend(extra()));
        assert_eq!(decode(&outer).as_ref(), Ok(&envelope), "{name}");
        let inner = changed(&frame, |fields| items(&mut fields[3]).extend(extra()));
        assert_eq!(decode(&inner).as_ref(), Ok(&envelope), "{name}");
    }
    for (name, frame, _, _) in golden::vectors() {
        let at = match frame {
            Frame::Have(_) => 5,
            Frame::Want(_) => 1,
            Frame::Mark(_) => 0,
            _ => continue,
        };
        let bytes = changed(&frame, |fields| {
            let streams = items(&mut items(&mut fields[3])[at]);
            streams.iter_mut().for_each(|stream| items(stream).extend(extra()));
            if matches!(frame, Frame::Have(_)) {
                items(&mut items(&mut streams[1])[5]).extend(extra());
            }
        });
        assert_eq!(decode(&bytes), Ok(Envelope { from: FROM, frame }), "{name}");
    }
}

#[test]
fn what_only_a_newer_peer_knows_is_no_fault() {
    let have = Frame::Have(empty_have());
    let unknown = changed(&have, |fields| fields[2] = Value::Integer(99));
    assert_eq!(decode(&unknown), Err(WireError::Newer { kind: 99, version: 1 }));
    let version = changed(&have, |fields| fields[0] = Value::Integer(3));
    assert_eq!(decode(&version), Err(WireError::Newer { kind: 1, version: 3 }));
    assert!(decode(&version).unwrap_err().is_newer());
    // Fields of a newer version may be anything that is plain CBOR.
    let other = changed(&have, |fields| {
        (fields[0], fields[3]) = (Value::Integer(3), Value::Text("?".into()));
    });
    assert!(decode(&other).unwrap_err().is_newer());

    // A stream of a kind not known here is left out; the others stay.
    for (name, frame, _, _) in golden::vectors() {
        let at = match frame {
            Frame::Have(_) => 5,
            Frame::Want(_) => 1,
            Frame::Mark(_) => 0,
            _ => continue,
        };
        let bytes = changed(&frame, |fields| {
            items(&mut items(&mut items(&mut fields[3])[at])[0])[1] = Value::Integer(7);
        });
        let mut left = frame.clone();
        match &mut left {
            Frame::Have(have) => drop(have.streams.remove(0)),
            Frame::Want(want) => drop(want.streams.remove(0)),
            Frame::Mark(mark) => drop(mark.streams.remove(0)),
            _ => {}
        }
        assert_eq!(decode(&bytes), Ok(Envelope { from: FROM, frame: left }), "{name}");
    }
    let run = Frame::Run(batch_of(&[b"one".to_vec()]));
    let bytes = changed(&run, |fields| {
        let Value::Map(columns) = &mut items(&mut fields[3])[0] else { panic!("no columns") };
        columns.insert(Value::Integer(1), Value::Integer(7));
    });
    let error = decode(&bytes).unwrap_err();
    assert!(error.is_newer(), "{error}");
}

/// Whatever the bytes, reading them ends in a frame that can be written again, or in an error.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(envelope) = decode(bytes) {
        let again = encode(&envelope).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(decode(&again), Ok(envelope));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes)?;
        survives(&plain(&bytes))?;
        survives(&squeezed(&bytes))?;
    }

    #[test]
    fn any_mutation_of_a_frame(
        envelope in envelope(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let bytes = encode(&envelope).unwrap();
        let mut content = super::unwrap(&bytes).unwrap();
        for (at, byte) in &changes {
            let at = at.index(content.len());
            content[at] = *byte;
        }
        survives(&plain(&content))?;
        let mut bytes = bytes;
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        survives(&bytes)?;
    }
}
