//! Batches: round trip, the size of like entries, bombs, damage, forgeries.

use super::columns::{encode, field};
use super::testing::{batch_of, sealing, stream};
use super::*;
use crate::log::{SealingKey, Seed};
use proptest::prelude::*;

/// A frame as `pack` makes it, over any content.
fn framed(raw: &[u8]) -> Vec<u8> {
    let mut packed = MAGIC.to_vec();
    packed.extend(compress(raw, false).unwrap());
    packed
}

fn raw_of(batch: &Batch) -> Vec<u8> {
    let mut raw = Vec::new();
    encode(batch, &batch.entries[0], &mut Encoder::new(&mut raw)).unwrap();
    raw
}

/// The content's bytes; the frame around them may differ by the version of zstd. Appended to,
/// never changed.
#[test]
fn golden() {
    let batch = batch_of(&[b"one".to_vec(), b"two".to_vec()]);
    let hex: String = raw_of(&batch).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "a900507265706c6963612d6f662d74657374730101020103582051991170999094dbc912901ee404ac5f1c4838fc598d6478d4c57445ef0e0d730458403b0d94210594d2a0ea9f25d024cad3665c641f00830f30fc98104df7266e639aad423746b406f1bddcd46e3f0f3030918217ca3cea847b17e0dea2709b337e0505821b0000018bcfe5680000068201020782030308466f6e6574776f"
    );
    let fields: serde_cbor::Value = serde_cbor::from_slice(&raw_of(&batch)).unwrap();
    let serde_cbor::Value::Map(fields) = fields else { panic!("not a map") };
    assert_eq!(fields.len() as u64, field::COUNT);
    let bodies = &fields[&serde_cbor::Value::Integer(i128::from(field::BODIES))];
    assert_eq!(bodies, &serde_cbor::Value::Bytes(b"onetwo".to_vec()));
}

#[test]
fn like_entries_take_few_bytes() {
    let bodies: Vec<_> = (0..100)
        .map(|n| format!("five lines of a sale of everyday things, number {n}").into_bytes())
        .collect();
    let packed = pack(&batch_of(&bodies)).unwrap();
    // Replica, genesis and seal are some 110 bytes that nothing can make smaller.
    assert!(packed.len() < 600, "{} bytes", packed.len());
}

#[test]
fn refuses_what_is_no_chain() {
    let good = batch_of(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    let check = |what: &str, change: &dyn Fn(&mut Batch), expected: BatchError| {
        let mut batch = good.clone();
        change(&mut batch);
        assert_eq!(pack(&batch), Err(expected.clone()), "{what}");
        assert_eq!(batch.verify(&sealing().public()), Err(expected), "{what}");
    };
    check("empty", &|batch| batch.entries.clear(), BatchError::Empty);
    check("gap", &|batch| drop(batch.entries.remove(1)), BatchError::NotAChain { seq: 3 });
    check("body", &|batch| batch.entries[1].body.push(0), BatchError::NotAChain { seq: 3 });
    check("zero", &|batch| batch.entries[0].seq = 0, BatchError::NotAChain { seq: 0 });
    check(
        "clock",
        &|batch| batch.entries[2].clock = batch.entries[1].clock,
        BatchError::NotAChain { seq: 3 },
    );
    let long = BatchError::BodyTooLong { seq: 3, bytes: MAX_BODY_BYTES + 1 };
    check("long", &|batch| batch.entries[2].body.resize(MAX_BODY_BYTES + 1, 0), long);
}

#[test]
fn believes_the_replicas_key_only() {
    let good = batch_of(&[b"one".to_vec(), b"two".to_vec()]);
    let key = sealing().public();
    assert_eq!(good.verify(&key), Ok(()));
    let tail = Batch { entries: good.entries[1..].to_vec(), ..good.clone() };
    assert_eq!(tail.verify(&key), Ok(()));
    assert_eq!(unpack(&pack(&tail).unwrap(), &Limits::default()), Ok(tail));

    let mut changed = good.clone();
    changed.entries[1].body.push(0);
    assert_eq!(changed.verify(&key), Err(BatchError::Seal { stream: stream(), seq: 2, key }));
    let cut = Batch { entries: good.entries[..1].to_vec(), ..good.clone() };
    assert!(matches!(cut.verify(&key), Err(BatchError::Seal { seq: 1, .. })));
    let other = SealingKey::from_seed(&Seed::new([1; 32])).unwrap().public();
    assert_eq!(good.verify(&other), Err(BatchError::NotAChain { seq: 1 }));
}

#[test]
fn refuses_bombs_and_what_is_left_over() {
    let limits = Limits { packed: 10_000, unpacked: 100_000, entries: 100 };
    let check = |what: &str, bytes: &[u8], expected: &str| {
        let error = unpack(bytes, &limits).expect_err(what).to_string();
        assert!(error.contains(expected), "{what}: {error}");
    };
    let good = pack(&batch_of(&[b"one".to_vec()])).unwrap();
    assert!(unpack(&good, &limits).is_ok());

    check("nothing", &[], "not a batch");
    check("another form", b"TLB\x02....", "not a batch");
    check("no frame", &MAGIC, "damaged");
    check("too many bytes", &vec![0; 10_001], "more than 10000 bytes as packed");
    check("a bomb", &framed(&vec![0; 50_000_000]), "more than 100000 bytes unpacked");
    check("one byte over", &framed(&vec![0; 100_001]), "more than 100000 bytes unpacked");
    check("trailing byte", &[&good[..], b"x"].concat(), "something follows it");
    check("second frame", &[&good[..], &good[4..]].concat(), "something follows it");
    check(
        "trailing content",
        &framed(&[&raw_of(&batch_of(&[vec![1]]))[..], &[0]].concat()),
        "follows the fields",
    );
    check("101 entries", &framed(&raw_of(&batch_of(&vec![vec![1]; 101]))), "more than 100 entries");
    // 2^60 entries are announced, none are there.
    let mut announced = raw_of(&batch_of(&[vec![1]]));
    let at = announced.windows(2).position(|pair| pair == [field::MILLISECONDS, 0x81]).unwrap() + 1;
    announced.splice(at..=at, [0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    check("announced", &framed(&announced), "more than 100 entries");
    // A skippable frame of zstd, which holds nothing.
    check("skippable", &[&MAGIC[..], &[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]].concat(), "damaged");
}

proptest! {
    #[test]
    fn round_trips(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..40)) {
        let batch = batch_of(&bodies);
        let unpacked = unpack(&pack(&batch).unwrap(), &Limits::default()).unwrap();
        prop_assert_eq!(unpacked.verify(&sealing().public()), Ok(()));
        prop_assert_eq!(unpacked, batch);
    }

    /// A changed byte is refused, or gives the same batch (zstd has bits without meaning).
    #[test]
    fn any_changed_byte_is_noticed(at in 0_usize..1_000, mask in 1_u8..) {
        let batch = batch_of(&[b"one".to_vec(), b"two".to_vec(), b"two and a half".to_vec()]);
        let mut packed = pack(&batch).unwrap();
        let at = at % packed.len();
        packed[at] ^= mask;
        if let Ok(unpacked) = unpack(&packed, &Limits::default()) {
            prop_assert_eq!(unpacked, batch);
        }
    }

    /// Also content that was changed before compression, where no checksum helps.
    #[test]
    fn changed_content_never_verifies(at in 0_usize..1_000, mask in 1_u8..) {
        let batch = batch_of(&[b"one".to_vec(), b"two".to_vec(), b"two and a half".to_vec()]);
        let mut raw = raw_of(&batch);
        let at = at % raw.len();
        raw[at] ^= mask;
        if let Ok(unpacked) = unpack(&framed(&raw), &Limits::default()) {
            prop_assert!(unpacked.verify(&sealing().public()).is_err());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = unpack(&bytes, &Limits::default());
        let _ = unpack(&framed(&bytes), &Limits::default());
        let _ = unpack(&[&MAGIC[..], &bytes].concat(), &Limits::default());
    }
}
