//! What broken disks, newer and hostile hubs may hand [`super::decode`].

use super::golden::{chunk, mixed, vectors};
use super::{
    Bulk, BulkError, MAX_CHUNK_ROWS, MAX_PUSH_CHUNKS, PriceChange, PriceChunk, PushManifest,
    decode, encode, strategy,
};
use crate::body::{self, BodyError, MAX_TEXT_BYTES};
use proptest::prelude::*;
use serde_cbor::Value;

fn items(value: &mut Value) -> &mut Vec<Value> {
    let Value::Array(items) = value else { panic!("not an array: {value:?}") };
    items
}

fn changed(bulk: &Bulk, change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut value: Value = serde_cbor::from_slice(&encode(bulk).unwrap()).unwrap();
    change(items(&mut items(&mut value)[1]));
    serde_cbor::to_vec(&value).unwrap()
}

fn array(items: &[i128]) -> Value {
    Value::Array(items.iter().map(|item| Value::Integer(*item)).collect())
}

/// What a chunk reads as once the field at `at` is another value.
#[track_caller]
fn check(what: &str, at: usize, to: Value, expected: &str) {
    let body = changed(&Bulk::Prices(mixed()), |fields| fields[at] = to);
    let error = decode(&body).expect_err(what).to_string();
    assert!(error.contains(expected), "{what}: {error}");
}

#[test]
fn refuses_columns_that_do_not_agree() {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    check("another layer", 1, Value::Integer(3), "does not know");
    check("an instant beyond the calendar", 2, Value::Integer(1 << 60), "a price chunk's start");
    check("an end before the start", 3, Value::Integer(0), "not after its start");
    check("no currency", 4, Value::Text("EURO".into()), "currency");
    check("no rows", 5, Value::Integer(0), "");
    check("a row less", 5, Value::Integer(3), "a byte for each number");
    check("too many rows", 5, Value::Integer(MAX_CHUNK_ROWS as i128 + 1), "are claimed");
    check("an item short", 6, bytes(&[6, 0, 1]), "items: ends too early");
    check("an item more", 6, bytes(&[6, 0, 1, 0, 0]), "behind the last row");
    check("a long form", 6, bytes(&[6, 0x80, 0, 1, 0]), "shortest form");
    check("an item out of range", 6, bytes(&[6, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]), "range");
    let planes = |planes: &[&[u8]]| Value::Array(planes.iter().map(|plane| bytes(plane)).collect());
    check("an amount short", 7, planes(&[&[1, 2, 3], &[1, 2]]), "a byte for each number");
    check("an amount more", 7, planes(&[&[1, 2, 3, 4]]), "a byte for each number");
    check("an empty plane", 7, planes(&[&[1, 2, 3], &[0, 0, 0]]), "highest plane is empty");
    check("many planes", 7, planes(&[&[1, 2, 3][..]; 9]), "at most 8");
    check("an amount out of range", 7, planes(&[&[0, 0, 0xff][..]; 8]), "an amount");
    check("an amount beyond money", 7, planes(&[&[0, 0, 0xff][..]; 6]), "item 4294967295");
    check("a bit behind", 8, bytes(&[0x12]), "behind the last row");
    check("no bit", 8, bytes(&[0]), "none is at all");
    check("bits short", 8, bytes(&[]), "a bit for each row");
    let runs = |runs: &[[i128; 3]]| Value::Array(runs.iter().map(|run| array(run)).collect());
    check("runs short", 9, runs(&[[3, 2, 1]]), "do not stand for 4");
    check("runs alike", 9, runs(&[[2, 2, 1], [2, 2, 1]]), "do not stand for 4");
    check("an empty run", 9, runs(&[[4, 2, 1], [0, 3, 1]]), "do not stand for 4");
    check("many runs", 9, runs(&[[1, 2, 1]; 5]), "at most 4");
    check("five decimals", 9, runs(&[[4, 5, 1]]), "more than four decimals");
    check("for no units", 9, runs(&[[4, 2, 0]]), "for no units");
}

#[test]
fn refuses_to_write_what_does_not_read() {
    let row = |item, amount| PriceChange { item, amount, scale: 2, per: 1 };
    for (what, rows) in [
        ("no rows", vec![]),
        ("item 0", vec![row(0, None)]),
        ("twice", vec![row(1, None), row(1, Some(1))]),
        ("falling", vec![row(2, None), row(1, None)]),
        ("negative", vec![row(1, Some(-1))]),
        ("too many", (1..).map(|item| row(item, None)).take(MAX_CHUNK_ROWS + 1).collect()),
    ] {
        let error = encode(&Bulk::Prices(PriceChunk { rows, ..chunk() })).expect_err(what);
        assert!(matches!(error, BulkError::Value { .. }), "{what}: {error}");
    }
    let twice = PriceChunk { rows: vec![row(1, None), row(1, Some(1))], ..chunk() };
    assert!(matches!(twice.cut(), Err(BulkError::Value { .. })));

    let good = vectors().into_iter().find_map(|(_, bulk, _, _)| match bulk {
        Bulk::Manifest(manifest) => Some(manifest),
        _ => None,
    });
    let good = good.unwrap();
    for (what, manifest) in [
        ("a name", PushManifest { name: "x".repeat(MAX_TEXT_BYTES + 1), ..good.clone() }),
        ("no chunks", PushManifest { chunks: 0, ..good.clone() }),
        ("many chunks", PushManifest { chunks: MAX_PUSH_CHUNKS + 1, ..good.clone() }),
        ("few changes", PushManifest { changes: 1, ..good.clone() }),
        ("many changes", PushManifest { changes: 200_000, ..good.clone() }),
        ("an instant", PushManifest { starts_ms: i64::MAX, ..good }),
    ] {
        let error = encode(&Bulk::Manifest(manifest)).expect_err(what);
        assert!(matches!(error, BulkError::Value { .. }), "{what}: {error}");
    }
}

#[test]
fn refuses_what_is_no_body_and_knows_what_is_newer() {
    for (bytes, expected) in [
        (&[][..], "ends too early"),
        (&[0x80], "0 fields where 2"),
        (&[0x82, 0x18, 64, 0x80], "0 fields where 10"),
        (&[0x82, 0x18, 66, 0xf6], "a push's withdrawal"),
        (&[0x82, 0x18, 66, 0x82, 0x01, 0x41, 0], "1 bytes where 16 belong"),
    ] {
        let error = decode(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{bytes:02x?}: {error}");
    }
    assert_eq!(decode(&[0x82, 0x18, 99, 0x01]), Err(BulkError::UnknownKind(99)));
    for (name, bulk, _, _) in vectors() {
        let newer = changed(&bulk, |fields| fields.extend([Value::Null, array(&[1])]));
        assert_eq!(decode(&newer), Ok(bulk.clone()), "{name}");
        // A bulk entry is no fact, and no fact a bulk entry.
        assert!(matches!(body::decode(&newer), Err(BodyError::UnknownKind(64..=66))), "{name}");
        let bytes = encode(&bulk).unwrap();
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err(), "{name} {cut}");
        }
    }
}

fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(bulk) = decode(bytes) {
        let again = encode(&bulk).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(decode(&again), Ok(bulk));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes)?;
    }

    #[test]
    fn any_mutation(
        bulk in strategy::bulk(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = encode(&bulk).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(&bytes)?;
    }
}
