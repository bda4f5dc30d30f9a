//! Golden vectors: one frame of each kind, as peers in the field send them.
//!
//! The files in `tests-data/frames` are appended to, never changed. To add one, write its frame
//! here, run the test, and copy what it prints.

use super::{PLAIN, ZSTD, decode, encode, encode_packed};
use crate::batch::testing::batch_of;
use crate::log::{Hash, ReplicaId, Seal, StreamId, StreamKind, Zone};
use crate::wire::{
    Answer, Ask, Checkpoint, Envelope, Forks, Frame, Have, Held, Mark, Page, Part, Tip, Want,
    Wanted,
};
use serde_cbor::Value;

/// Name (the kind first), the frame, how many fields it has, and the file's text.
pub(super) fn vectors() -> Vec<(&'static str, Frame, usize, &'static str)> {
    macro_rules! vector {
        ($name:literal, $fields:literal, $frame:expr) => {
            (
                $name,
                $frame,
                $fields,
                include_str!(concat!("../../../tests-data/frames/", $name, ".hex")),
            )
        };
    }
    vec![
        vector!("1-have", 6, Frame::Have(have())),
        vector!("2-want", 2, Frame::Want(want())),
        vector!("3-run", 1, Frame::Run(batch_of(&[b"one".to_vec(), b"two".to_vec()]))),
        vector!("4-mark", 1, Frame::Mark(Mark { streams: vec![(journal(), 12), (prices(), 0)] })),
        vector!("5-papers", 1, Frame::Papers(vec![b"signed".to_vec(), Vec::new()])),
        vector!("6-ask", 3, Frame::Ask(Ask { number: 300, topic: 2, body: b"who?".to_vec() })),
        vector!("7-answer", 3, Frame::Answer(answer())),
        vector!("8-page", 4, Frame::Page(page())),
        vector!("9-part", 4, Frame::Part(part())),
        vector!("11-forks", 2, Frame::Forks(forks())),
    ]
}

const SENDER: ReplicaId = ReplicaId(*b"replica-of-tests");

fn journal() -> StreamId {
    StreamId { replica: SENDER, kind: StreamKind::Journal }
}

fn prices() -> StreamId {
    let kind = StreamKind::Prices(Zone::new(3).unwrap());
    StreamId { replica: ReplicaId([0xab; 16]), kind }
}

fn have() -> Have {
    let hash = Hash([7; 32]);
    let base = Some(Checkpoint { hash: Hash([8; 32]), seal: Seal([9; 64]) });
    let streams = vec![
        Held { stream: journal(), first: 1, head: 0, hash, base: None },
        Held { stream: prices(), first: 100, head: 300, hash, base },
    ];
    let now_ms = 1_795_335_619_123;
    Have { version: 1, now_ms, session: 77, reply: true, more: false, streams }
}

fn want() -> Want {
    let streams = vec![
        Wanted { stream: journal(), from: 1, to: None },
        Wanted { stream: prices(), from: 301, to: Some(301) },
    ];
    Want { window: 1 << 20, streams }
}

fn forks() -> Forks {
    let kept = vec![Tip { stream: journal(), seq: 12, hash: Hash([7; 32]) }];
    Forks { kept, wanted: vec![Tip { stream: prices(), seq: 300, hash: Hash([8; 32]) }] }
}

fn answer() -> Answer {
    Answer { number: 300, ok: false, body: b"nobody".to_vec() }
}

fn page() -> Page {
    Page { snapshot: 5, number: 2, of: 3, rows: b"rows".to_vec() }
}

fn part() -> Part {
    Part { run: 9, number: 0, of: 2, bytes: b"first half".to_vec() }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.trim().as_bytes();
    let pair = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

#[test]
fn frames_are_what_they_were() {
    for (name, frame, _, file) in vectors() {
        let envelope = Envelope { from: SENDER, frame };
        let bytes = encode(&envelope).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, file.trim(), "{name}");
        assert_eq!(decode(&bytes).as_ref(), Ok(&envelope), "{name}");
    }
}

/// Another implementation of RFC 8949 reads them, and writes the same bytes.
#[test]
fn frames_are_plain_cbor() {
    for (name, _, fields, file) in vectors() {
        let bytes = unhex(file);
        let (form, content) = bytes.split_first().unwrap();
        assert_eq!(*form, PLAIN, "{name}");
        let value: Value = serde_cbor::from_slice(content).unwrap();
        let Value::Array(items) = &value else { panic!("{name}: {value:?}") };
        let [version, sender, kind, Value::Array(found)] = items.as_slice() else {
            panic!("{name}: {value:?}")
        };
        assert_eq!(version, &Value::Integer(1), "{name}");
        assert_eq!(sender, &Value::Bytes(SENDER.0.to_vec()), "{name}");
        let number = name.split('-').next().unwrap();
        assert_eq!(kind, &Value::Integer(number.parse().unwrap()), "{name}");
        assert_eq!(found.len(), fields, "{name}");
        assert_eq!(serde_cbor::to_vec(&value).unwrap(), content, "{name}");
    }
}

/// A compressed frame that a peer once sent is still read; a newer zstd may write other bytes.
#[test]
fn a_compressed_frame_is_still_read() {
    let file = include_str!("../../../tests-data/frames/zstd-papers.hex");
    let bytes = unhex(file);
    assert_eq!(bytes[0], ZSTD);
    let papers = vec![b"the same paper ten times".repeat(10), b"another".to_vec()];
    let envelope = Envelope { from: SENDER, frame: Frame::Papers(papers) };
    assert_eq!(decode(&bytes), Ok(envelope.clone()));
    assert_eq!(encode(&envelope).unwrap()[0], ZSTD);
}

/// A packed run that a peer once sent is still read.
#[test]
fn a_packed_run_is_still_read() {
    let bytes = unhex(include_str!("../../../tests-data/frames/12-packed-run.hex"));
    let body = |n| [&[0x82, n], &b"\x66stable"[..]].concat();
    let run = batch_of(&(0..16).map(body).collect::<Vec<_>>());
    let envelope = Envelope { from: SENDER, frame: Frame::Run(run.clone()) };
    assert_eq!(decode(&bytes), Ok(envelope.clone()));
    let packed = encode_packed(SENDER, &run).unwrap().unwrap();
    assert_eq!((packed[0], decode(&packed)), (ZSTD, Ok(envelope)));
}
