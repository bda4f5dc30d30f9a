//! Bytes that no version wrote, and bytes that a newer one did.

use super::*;
use crate::log::MAX_BODY_BYTES;
use proptest::prelude::*;
use serde_cbor::Value;

fn open(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Array(fields) => fields,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_newer_version_adds_is_passed_over_and_the_rest_is_kept() {
    for (name, operations, _) in golden::vectors() {
        let mut body: Value = serde_cbor::from_slice(&encode(&operations).unwrap()).unwrap();
        open(&mut body).push(Value::Text("new".into()));
        let list = open(&mut open(&mut body)[1]);
        // Something more beside the fields of each operation, and a new kind before all.
        for operation in &mut list[1..] {
            open(operation).push(Value::Text("new".into()));
        }
        let newer = Value::Array(vec![Value::Integer(99), Value::Map([].into())]);
        list.insert(1, newer);
        let read = decode(&serde_cbor::to_vec(&body).unwrap()).unwrap();
        assert_eq!(read[0], Operation::Unknown { kind: 99 }, "{name}");
        assert_eq!(read[1..], operations, "{name}");
    }
}

#[test]
fn a_new_kind_of_entry_is_told_from_damage() {
    let newer = [0x82, 0x02, 0x81, 0xf6];
    assert_eq!(decode(&newer), Err(BodyError::UnknownKind(2)));
    for damaged in [&[0x80][..], &[0x81, 0x01], &[0x82, 0x01, 0x80], &[0x82, 0x01, 0x01]] {
        assert!(matches!(decode(damaged), Err(BodyError::Fields(_))), "{damaged:02x?}");
    }
    let unknown = [Operation::Unknown { kind: 99 }];
    assert_eq!(encode(&unknown), Err(BodyError::UnknownKind(99)));
}

/// One field of the golden operations changed to what no version writes.
#[test]
fn each_bound_is_kept_when_reading() {
    let check = |name: &str, field: usize, to: Value, expected: &str| {
        let found = golden::vectors().into_iter().find(|(known, _, _)| *known == name);
        let (_, operations, _) = found.unwrap();
        let mut body: Value = serde_cbor::from_slice(&encode(&operations).unwrap()).unwrap();
        let operation = &mut open(&mut open(&mut body)[1])[1];
        open(&mut open(operation)[1])[field] = to;
        let error = decode(&serde_cbor::to_vec(&body).unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected), "{name} {field}: {error}");
    };
    let long = || Value::Text("x".repeat(201));
    check("01 held", 4, long(), "a cart's label");
    check("03 line", 1, Value::Integer(1_000), "1 to 999");
    check("03 line", 1, Value::Integer(0), "1 to 999");
    check("04 discount in percent", 2, Value::Integer(9), "1 to 8");
    check("04 discount in percent", 3, Value::Integer(5), "either an amount or a percentage");
    check("05 tendered", 1, Value::Integer(21), "1 to 20");
    check("07 paid", 1, Value::Integer(9), "number 9");
    check("07 paid", 2, Value::Null, "names no receipt");
    check("08 granted", 1, Value::Bytes(vec![0; 15]), "fields of its kind");
}

#[test]
fn amounts_need_their_currency() {
    let (_, operations, _) = golden::vectors().swap_remove(2);
    let mut body: Value = serde_cbor::from_slice(&encode(&operations).unwrap()).unwrap();
    open(&mut open(&mut body)[1])[0] = Value::Null;
    let error = decode(&serde_cbor::to_vec(&body).unwrap()).unwrap_err().to_string();
    assert!(error.contains("names no currency"), "{error}");
}

#[test]
fn an_entry_is_bounded() {
    let label = Some("x".repeat(200));
    let one = Operation::Labelled { cart: CartId(1), label };
    let many = vec![one; MAX_BODY_BYTES / 200];
    assert!(matches!(encode(&many), Err(BodyError::TooLarge(_))));
}

proptest! {
    #[test]
    fn round_trip(operations in strategy::operations()) {
        let body = encode(&operations).unwrap();
        prop_assert_eq!(decode(&body).unwrap(), operations);
    }

    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&body);
    }

    #[test]
    fn no_changed_byte_panics_and_no_prefix_reads(
        operations in strategy::operations(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = encode(&operations).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decode(&body);
        prop_assert!(decode(&body[..at]).is_err());
    }
}
