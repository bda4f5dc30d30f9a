//! Tests of [`super::decode`] with what other versions and broken disks may hand it.

use super::{BodyError, decode, encode, golden, strategy};
use commerce::fact::Fact;
use proptest::prelude::*;
use serde_cbor::Value;

/// Follows `path` into nested arrays.
fn array_at<'v>(value: &'v mut Value, path: &[usize]) -> &'v mut Vec<Value> {
    let Value::Array(items) = value else { panic!("not an array: {value:?}") };
    match path {
        [] => items,
        [first, rest @ ..] => array_at(&mut items[*first], rest),
    }
}

/// A newer version adds two fields to the `fields` of the array at `path`: `fact` still reads.
#[track_caller]
fn skips_new_fields(fact: &Fact, path: &[usize], fields: usize) {
    let mut body: Value = serde_cbor::from_slice(&encode(fact).unwrap()).unwrap();
    let array = array_at(&mut body, path);
    assert!(array.len() <= fields, "{path:?} has {} fields", array.len());
    array.resize(fields, Value::Null);
    let map = [(Value::Integer(1), Value::Array(vec![Value::Null, Value::Bool(true)]))];
    array.push(Value::Map(map.into()));
    array.push(Value::Text("new".into()));
    let newer = serde_cbor::to_vec(&body).unwrap();
    assert_eq!(decode(&newer).as_ref(), Ok(fact), "{path:?}");
}

#[test]
fn new_fields_of_a_known_kind_are_passed_over() {
    let fields = [6, 4, 6, 2, 12, 12, 8, 8, 5, 6, 6, 4];
    for (name, fact, _) in golden::vectors() {
        let kind: usize = name[..2].parse().unwrap();
        skips_new_fields(&fact, &[], 2);
        skips_new_fields(&fact, &[1], fields[kind - 1]);
    }
    let sale = Fact::Sold(golden::full_sale());
    for (path, fields) in [
        (&[1, 0][..], 4),
        (&[1, 1], 3),
        (&[1, 5, 0], 10),
        (&[1, 5, 0, 8, 0], 5),
        (&[1, 5, 0, 9], 4),
        (&[1, 6], 2),
        (&[1, 6, 1, 0], 4),
        (&[1, 6, 1, 0, 2, 0], 4),
        (&[1, 7, 0], 5),
        (&[1, 7, 0, 0], 6),
        (&[1, 7, 0, 4], 6),
        (&[1, 10, 0], 4),
    ] {
        skips_new_fields(&sale, path, fields);
    }
    let refund = Fact::Returned(golden::refund());
    skips_new_fields(&refund, &[1, 7, 0], 7);
    skips_new_fields(&refund, &[1, 9, 0], 6);
}

#[test]
fn unknown_kinds_and_numbers_are_told_from_damage() {
    let unknown = [0x82, 0x18, 0x63, 0x81, 0xa1, 0x00, 0x01];
    assert_eq!(decode(&unknown), Err(BodyError::UnknownKind(99)));
    // Cash moved in direction 3.
    let body = encode(&Fact::CashMoved(golden::cash_moved())).unwrap();
    let mut value: Value = serde_cbor::from_slice(&body).unwrap();
    array_at(&mut value, &[1])[1] = Value::Integer(3);
    let (what, number) = ("a direction of cash", 3);
    assert_eq!(
        decode(&serde_cbor::to_vec(&value).unwrap()),
        Err(BodyError::UnknownNumber { what, number })
    );
    for damaged in
        [&[0x80][..], &[0x81, 0x05], &[0x82, 0x05, 0x80], &[0x82, 0x61, 0x35, 0x80], &[0x05]]
    {
        assert!(matches!(decode(damaged), Err(BodyError::Fields(_))), "{damaged:02x?}");
    }
    let padded = [&body[..], &[0xf6]].concat();
    assert!(matches!(decode(&padded), Err(BodyError::Malformed { at, .. }) if at == body.len()));
}

/// What `fact` reads as once the field at `path` is another value.
fn altered(fact: &Fact, path: &[usize], field: usize, to: Value) -> BodyError {
    let mut body: Value = serde_cbor::from_slice(&encode(fact).unwrap()).unwrap();
    array_at(&mut body, path)[field] = to;
    decode(&serde_cbor::to_vec(&body).unwrap()).unwrap_err()
}

#[test]
fn an_altered_amount_or_class_never_reads() {
    let (sale, refund) = (Fact::Sold(golden::full_sale()), Fact::Returned(golden::refund()));
    let (some, other) = (Value::Integer(77), Value::Text("other".into()));
    for (path, field) in [
        (&[1][..], 8),
        (&[1, 5, 0], 6),
        (&[1, 5, 0, 8, 0], 1),
        (&[1, 6, 1, 0, 3], 0),
        (&[1, 7, 0], 1),
    ] {
        let error = altered(&sale, path, field, some.clone());
        assert!(matches!(error, BodyError::Sale(_)), "{path:?} {field}: {error}");
    }
    for (path, field) in [(&[1][..], 10), (&[1, 7, 0], 6), (&[1, 8, 1, 0, 3], 0), (&[1, 9, 0], 2)] {
        let error = altered(&refund, path, field, some.clone());
        let differs = matches!(error, BodyError::Differs { .. } | BodyError::Return(_));
        assert!(differs, "{path:?} {field}: {error}");
    }
    for (fact, path) in [(&sale, &[1, 5, 0][..]), (&refund, &[1, 7, 0])] {
        let field = if path[1] == 5 { 3 } else { 4 };
        let error = altered(fact, path, field, other.clone());
        assert_eq!(error, BodyError::UntabledClass("other".into()), "{path:?}");
    }
}

/// Whatever the bytes, reading them ends in a fact that can be written again, or in an error.
fn survives(body: &[u8]) -> Result<(), TestCaseError> {
    decode(body).map_or(Ok(()), |fact| strategy::assert_round_trip(&fact))
}

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&body)?;
    }

    #[test]
    fn any_mutation_of_a_body(
        fact in strategy::fact(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut body = encode(&fact).unwrap();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        survives(&body)?;
    }

    /// A prefix is never mistaken for the whole.
    #[test]
    fn no_prefix_reads(fact in strategy::fact(), cut in any::<prop::sample::Index>()) {
        let body = encode(&fact).unwrap();
        let cut = cut.index(body.len());
        let malformed = matches!(decode(&body[..cut]), Err(BodyError::Malformed { .. }));
        prop_assert!(malformed);
    }
}
