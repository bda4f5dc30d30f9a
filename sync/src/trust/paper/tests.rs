use super::*;
use crate::log::Seed;
use proptest::prelude::*;

fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([seed; 32])).unwrap()
}

fn till() -> Statement {
    Statement::Till(TillPaper {
        store: "HH01".into(),
        thing: "hh01-till-3".into(),
        number: 3,
        key: SealKey([5; 32]),
        tls: TlsKey([6; 32]),
        serial: 7,
    })
}

fn revoked(ends: usize) -> Statement {
    let ends = vec![(ReplicaId([8; 16]), StreamKind::Journal, 41); ends];
    Statement::Revoked(Revocation { key: SealKey([5; 32]), why: "stolen".into(), serial: 2, ends })
}

fn statements() -> Vec<Statement> {
    vec![
        Statement::Store { store: "HH01".into(), key: SealKey([2; 32]), serial: 1 },
        Statement::Hub { key: SealKey([3; 32]), serial: 1 },
        till(),
        Statement::Incarnation {
            replica: ReplicaId(*b"replica-of-tests"),
            opened: Hlc::from_ms(1_793_491_200_000),
        },
        revoked(1),
    ]
}

/// Appended to, never changed.
#[test]
fn golden() {
    let ids: Vec<String> = statements()
        .iter()
        .map(|statement| {
            let bytes = issue(statement, &key(1)).unwrap();
            paper_id(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
        })
        .collect();
    assert_eq!(
        ids,
        [
            "fb39e677c7983af4",
            "bf38a4097522e6f9",
            "4652864142183378",
            "a2cc0effe3f5208a",
            "cf488329a9b6effb"
        ]
    );
}

/// The same structure for any reader of RFC 8949.
#[test]
fn is_plain_cbor() {
    use serde_cbor::Value;
    let bytes = issue(&till(), &key(1)).unwrap();
    let Value::Array(parts) = serde_cbor::from_slice(&bytes).unwrap() else { panic!() };
    assert_eq!(parts[0], Value::Integer(3));
    let Value::Array(fields) = &parts[1] else { panic!() };
    assert_eq!(fields[1], Value::Text("hh01-till-3".into()));
    assert_eq!(fields[3], Value::Bytes(vec![5; 32]));
    assert_eq!(parts[2], Value::Bytes(key(1).public().0.to_vec()));
    assert!(matches!(&parts[3], Value::Bytes(signature) if signature.len() == 64));
}

#[test]
fn comes_back_as_issued() {
    for statement in statements() {
        let bytes = issue(&statement, &key(1)).unwrap();
        assert_eq!(read(&bytes), Ok(Paper { statement, issuer: key(1).public() }));
    }
}

#[test]
fn what_a_newer_version_adds_is_covered_and_passed_over() {
    // A till's fields with one more behind them, signed as a newer version would.
    let (_, fields) = encode_fields(&till());
    let longer: Vec<u8> = [&[fields[0] + 1], &fields[1..], &[0x18, 0x2a]].concat();
    let sign = |fields: &[u8]| {
        let mut signed = PAPER_TAG.to_vec();
        signed.extend([0x83, 3]);
        signed.extend(fields);
        infallible(Encoder::new(&mut signed).bytes(&key(1).public().0).map(|_| ()));
        let mut paper = vec![0x84, 3];
        paper.extend(fields);
        infallible(Encoder::new(&mut paper).bytes(&key(1).public().0).map(|_| ()));
        infallible(Encoder::new(&mut paper).bytes(&key(1).sign(&signed)).map(|_| ()));
        paper
    };
    assert_eq!(read(&sign(&longer)).unwrap().statement, till());
    assert_eq!(sign(&fields), issue(&till(), &key(1)).unwrap());
    let mut changed = sign(&longer);
    let at = 2 + longer.len() - 1;
    changed[at] ^= 1;
    assert!(matches!(read(&changed), Err(PaperError::Signature(_))));
}

#[test]
fn refuses() {
    for name in ["", "a/b", "+", "#", "$aws", "ä", " ", &"x".repeat(MAX_NAME_BYTES + 1)] {
        let statement = Statement::Store { store: name.into(), key: SealKey([2; 32]), serial: 1 };
        assert!(matches!(issue(&statement, &key(1)), Err(PaperError::Name(_))), "{name}");
    }
    assert_eq!(issue(&revoked(MAX_ENDS + 1), &key(1)), Err(PaperError::TooManyEnds(MAX_ENDS + 1)));
    assert!(issue(&revoked(MAX_ENDS), &key(1)).is_ok());
    assert_eq!(read(&[0; MAX_PAPER_BYTES + 1]), Err(PaperError::TooLong(MAX_PAPER_BYTES + 1)));
    assert!(matches!(read(&[0x80]), Err(PaperError::Malformed(_))));
    let mut unknown = vec![0x84, 9, 0x80];
    let mut signed = PAPER_TAG.to_vec();
    signed.extend([0x83, 9, 0x80]);
    infallible(Encoder::new(&mut signed).bytes(&key(1).public().0).map(|_| ()));
    infallible(Encoder::new(&mut unknown).bytes(&key(1).public().0).map(|_| ()));
    infallible(Encoder::new(&mut unknown).bytes(&key(1).sign(&signed)).map(|_| ()));
    assert_eq!(read(&unknown), Err(PaperError::UnknownKind(9)));
}

proptest! {
    #[test]
    fn any_changed_bit_is_noticed(which in 0_usize..5, at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut bytes = issue(&statements()[which], &key(1)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes).is_err());
    }
}
