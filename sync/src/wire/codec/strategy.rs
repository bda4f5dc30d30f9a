//! Arbitrary valid frames for property tests, here and in the modules that send them.

use crate::batch::testing::batch_of;
use crate::log::{Hash, MAX_SEQ, ReplicaId, Seal, StreamId, StreamKind, Zone};
use crate::wire::{
    Answer, Ask, Checkpoint, Envelope, Forks, Frame, Have, Held, Mark, Page, Part, Tip, VERSION,
    Want, Wanted,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Any envelope.
pub(crate) fn envelope() -> impl Strategy<Value = Envelope> {
    (replica(), frame()).prop_map(|(from, frame)| Envelope { from, frame })
}

fn frame() -> impl Strategy<Value = Frame> {
    let run = vec(bytes(300), 1..30).prop_map(|bodies| Frame::Run(batch_of(&bodies)));
    let mark = btree_map(stream(), 0..=MAX_SEQ, 0..20)
        .prop_map(|streams| Frame::Mark(Mark { streams: streams.into_iter().collect() }));
    let ask = (any::<u64>(), any::<u16>(), bytes(2_000))
        .prop_map(|(number, topic, body)| Frame::Ask(Ask { number, topic, body }));
    let answer = (any::<u64>(), any::<bool>(), bytes(2_000))
        .prop_map(|(number, ok, body)| Frame::Answer(Answer { number, ok, body }));
    let page = (any::<u64>(), numbered(u32::MAX), bytes(2_000)).prop_map(
        |(snapshot, (number, of), rows)| Frame::Page(Page { snapshot, number, of, rows }),
    );
    let part = (any::<u64>(), numbered(9), bytes(2_000))
        .prop_map(|(run, (number, of), bytes)| Frame::Part(Part { run, number, of, bytes }));
    let papers = vec(bytes(1_024), 0..8).prop_map(Frame::Papers);
    let forks = (vec(tip(), 0..8), vec(tip(), 0..8))
        .prop_map(|(kept, wanted)| Frame::Forks(Forks { kept, wanted }));
    let have = have().prop_map(Frame::Have);
    prop_oneof![have, want(), run, mark, papers, ask, answer, page, part, forks]
}

fn have() -> impl Strategy<Value = Have> {
    let head = (1..=u16::MAX, any::<i64>(), any::<u64>(), any::<bool>(), any::<bool>());
    (head, btree_map(stream(), held(), 0..20)).prop_map(
        |((version, now_ms, session, reply, more), streams)| {
            let streams = streams.into_iter().map(|(stream, held)| Held { stream, ..held });
            Have { version, now_ms, session, reply, more, streams: streams.collect() }
        },
    )
}

fn held() -> impl Strategy<Value = Held> {
    (0..MAX_SEQ, any::<u64>(), any::<[u8; 32]>(), any::<u8>()).prop_map(
        |(head, first, hash, any)| {
            let first = if any < 128 { 1 } else { first % (head + 1) + 1 };
            let checkpoint = Checkpoint { hash: Hash([any; 32]), seal: Seal([any; 64]) };
            let stream = StreamId { replica: ReplicaId([0; 16]), kind: StreamKind::Journal };
            let base = (first > 1).then_some(checkpoint);
            Held { stream, first, head, hash: Hash(hash), base }
        },
    )
}

fn tip() -> impl Strategy<Value = Tip> {
    (stream(), 1..=MAX_SEQ, any::<[u8; 32]>()).prop_map(|(stream, seq, hash)| Tip {
        stream,
        seq,
        hash: Hash(hash),
    })
}

fn want() -> impl Strategy<Value = Frame> {
    let wanted = (1..=MAX_SEQ, prop::option::of(0..=MAX_SEQ));
    (any::<u32>(), btree_map(stream(), wanted, 0..20)).prop_map(|(window, streams)| {
        let wanted = |(stream, (from, more)): (_, (u64, Option<u64>))| Wanted {
            stream,
            from,
            to: more.map(|more| (from + more).min(MAX_SEQ)),
        };
        Frame::Want(Want { window, streams: streams.into_iter().map(wanted).collect() })
    })
}

fn stream() -> impl Strategy<Value = StreamId> {
    let kind = prop_oneof![
        (1_i64..=6).prop_map(|number| StreamKind::from_number(number).unwrap()),
        (0..=Zone::MAX).prop_map(|zone| StreamKind::Prices(Zone::new(zone).unwrap())),
    ];
    (replica(), kind).prop_map(|(replica, kind)| StreamId { replica, kind })
}

fn replica() -> impl Strategy<Value = ReplicaId> {
    any::<[u8; 16]>().prop_map(ReplicaId)
}

fn numbered(most: u32) -> impl Strategy<Value = (u32, u32)> {
    (1..=most).prop_flat_map(|of| (0..of, Just(of)))
}

/// Bytes that compress, and bytes that don't.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..=most),
        (any::<u8>(), 0..=most).prop_map(|(byte, length)| vec![byte; length]),
    ]
}

/// What an empty have says, for tests that change one thing of it.
pub(crate) fn empty_have() -> Have {
    Have { version: VERSION, now_ms: 0, session: 1, reply: true, more: false, streams: Vec::new() }
}
