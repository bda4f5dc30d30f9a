//! Bytes that no version wrote, and bytes that a newer one did.

use super::*;
use proptest::prelude::*;
use serde_cbor::Value;

fn list(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

/// The body of a golden operation, its fields changed by hand.
fn changed(name: &str, change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let found = golden::vectors().into_iter().find(|(known, ..)| *known == name);
    let body = encode(&[found.unwrap().1]).unwrap();
    let mut body: Value = serde_cbor::from_slice(&body).unwrap();
    let operation = &mut list(&mut list(&mut body)[1])[0];
    change(list(&mut list(operation)[1]));
    serde_cbor::to_vec(&body).unwrap()
}

fn new() -> Value {
    Value::Text("new".into())
}

/// Puts something behind the last field of every array from here on down.
fn widen(value: &mut Value, depth: usize) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(|item| widen(item, depth + 1));
        // A list of dots, fields or notes is no array of fields: those are widened one by one.
        let is_list = items.iter().all(|item| matches!(item, Value::Array(_)));
        if !is_list && depth > 0 {
            items.push(new());
        }
    }
}

#[test]
fn what_a_newer_version_adds_is_passed_over_and_the_rest_is_read() {
    for (name, operation, _) in golden::vectors() {
        let plain = encode(std::slice::from_ref(&operation)).unwrap();
        let mut body: Value = serde_cbor::from_slice(&plain).unwrap();
        widen(&mut body, 0);
        let operations = list(&mut list(&mut body)[1]);
        operations.insert(0, Value::Array(vec![Value::Integer(99), Value::Map([].into())]));
        let read = decode(&serde_cbor::to_vec(&body).unwrap()).unwrap();
        assert!(read.newer, "{name}");
        assert_eq!(read.operations, [Operation::Unknown { kind: 99 }, operation], "{name}");
    }
}

#[test]
fn a_new_kind_of_entry_is_told_from_damage() {
    assert_eq!(decode(&[0x82, 0x18, 0x61, 0x81, 0xf6]), Err(BodyError::UnknownKind(97)));
    for damaged in [&[0x80][..], &[0x81, 0x18, 0x60], &[0x82, 0x18, 0x60, 0x01]] {
        assert!(matches!(decode(damaged), Err(BodyError::Fields(_))), "{damaged:02x?}");
    }
    let unknown = [Operation::Unknown { kind: 99 }];
    assert_eq!(encode(&unknown), Err(BodyError::UnknownKind(99)));
}

#[test]
fn what_no_version_writes_is_refused() {
    let check = |body: &[u8], expected: &str| {
        let error = decode(body).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    };
    let field = |name: &str, at: usize, to: Value| changed(name, |fields| fields[at] = to);
    let text = |bytes: usize| Value::Text("x".repeat(bytes));
    let bytes = |length: usize| Value::Bytes(vec![0; length]);
    let array = |items: &[Value]| Value::Array(items.to_vec());
    let dot = |counter| array(&[bytes(16), Value::Integer(counter)]);
    check(&field("1 fields", 0, bytes(15)), "a customer's id");
    check(&changed("1 fields", |it| list(&mut list(&mut it[1])[0])[1] = text(201)), "200");
    check(&changed("1 fields", |it| list(&mut it[1]).swap(0, 1)), "do not stand in order");
    check(
        &changed("1 fields", |it| list(&mut list(&mut it[1])[1])[0] = Value::Integer(1)),
        "order",
    );
    check(&field("1 fields", 2, Value::Integer(i128::from(u64::MAX))), "a field's clock");
    check(&field("2 new note", 1, new()), "a dot");
    check(&field("2 new note", 2, text(2_001)), "2000");
    check(&field("2 new note", 4, text(3)), "staff number");
    check(&field("2 note taken away", 5, array(&[dot(0)])), "before the first");
    check(&field("2 note taken away", 5, array(&[dot(1), dot(2)])), "do not stand in order");
    check(&field("2 note taken away", 5, array(&vec![dot(1); 4_097])), "4097");
    check(&field("3 wish", 1, text(201)), "a wish's SKU");
    check(&field("3 wish", 2, text(201)), "a wish's remark");
    check(&field("5 consent", 2, Value::Integer(1)), "consent was given");
    check(&field("5 consent", 4, text(201)), "a consent's source");
    check(&changed("6 erased", |fields| fields.truncate(2)), "an erasure");
    let waiting = |set| array(&[array(&[Value::Integer(set), new(), array(&[])])]);
    let record = |at: usize, to: Value| changed("7 stated", |it| list(&mut it[1])[at] = to);
    check(&record(5, waiting(3)), "a customer's set");
    check(&record(0, Value::Bool(true)), "an erasure");
    check(&record(3, array(&[])), "the wishes");
    let many = vec![array(&[Value::Integer(99), Value::Null]); MAX_OPERATIONS + 1];
    let many = array(&[Value::Integer(96), Value::Array(many)]);
    check(&serde_cbor::to_vec(&many).unwrap(), "4097");
}

#[test]
fn one_field_is_written_once_in_an_entry() {
    let (_, operation, _) = golden::vectors().swap_remove(0);
    let twice = [operation.clone(), operation];
    assert!(encode(&twice).unwrap_err().to_string().contains("written twice"));
    let mut body: Value = serde_cbor::from_slice(&encode(&twice[..1]).unwrap()).unwrap();
    let operations = list(&mut list(&mut body)[1]);
    operations.push(operations[0].clone());
    let error = decode(&serde_cbor::to_vec(&body).unwrap()).unwrap_err().to_string();
    assert!(error.contains("written twice"), "{error}");
}

#[test]
fn a_record_is_bounded() {
    let by = commerce::staff::StaffId::parse("201").unwrap();
    let mut record = Record::default();
    for counter in 1..=200 {
        let replica = ReplicaId([1; 16]);
        let text = Some("x".repeat(MAX_NOTE_BYTES));
        let note = Note { text, at_ms: 0, by: by.clone() };
        let id = NoteId { replica, counter };
        record.notes.insert(id, [([(replica, counter)].into(), note)].into());
    }
    assert!(matches!(encode_record(&record), Err(BodyError::TooLong { .. })));
    let (most, customer) = (MAX_OPERATIONS, CustomerId([1; 16]));
    let many = vec![Operation::Unwish { customer, sku: "1".into(), seen: Seen::new() }; most + 1];
    assert!(matches!(encode(&many), Err(BodyError::TooLong { .. })));
}

proptest! {
    #[test]
    fn round_trip(operations in strategy::operations()) {
        if let Ok(body) = encode(&operations) {
            prop_assert_eq!(decode(&body).unwrap(), Decoded { operations, newer: false });
        }
    }

    #[test]
    fn records_round_trip(record in strategy::record()) {
        let bytes = encode_record(&record).unwrap();
        prop_assert_eq!(decode_record(&bytes).unwrap(), record);
    }

    /// Whatever a record says, what is kept of it reads back as the same.
    #[test]
    fn any_record_settles(record in strategy::record()) {
        let kept = Record::from(&Customer::from(&record));
        prop_assert_eq!(Record::from(&Customer::from(&kept)), kept);
    }

    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (decode(&body), decode_record(&body));
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
        if let Ok(read) = decode(&body) {
            // What reads can be folded, whatever it is.
            let mut customer = Customer::default();
            let (replica, clock) = (ReplicaId([1; 16]), Hlc::from_ms(1));
            for (index, operation) in (0..).zip(&read.operations) {
                customer.apply(Place { replica, seq: 1, clock, index }, operation);
            }
            let _ = Record::from(&customer);
        }
        prop_assert!(decode(&body[..at]).is_err());
    }
}
