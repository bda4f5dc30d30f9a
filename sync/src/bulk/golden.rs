//! Golden vectors: bulk entries as they have stood in streams since their kind was made.
//!
//! The files in `tests-data/bulk` are appended to, never changed. To add one, write its entry here,
//! run the test, and copy what it prints.

use super::push_digest;
use super::{Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn, decode, encode};
use crate::log::{Hash, ReplicaId, Zone};
use commerce::Currency;
use commerce::price::Layer;
use serde_cbor::Value;

/// Name (the kind first), the entry, how many fields it has, and the file's text.
pub(super) fn vectors() -> Vec<(&'static str, Bulk, usize, &'static str)> {
    macro_rules! vector {
        ($name:literal, $fields:literal, $bulk:expr) => {
            ($name, $bulk, $fields, include_str!(concat!("../../tests-data/bulk/", $name, ".hex")))
        };
    }
    vec![
        vector!("64-price-chunk", 10, Bulk::Prices(chunk())),
        vector!("64-price-chunk-mixed", 10, Bulk::Prices(mixed())),
        vector!("65-push-manifest", 7, Bulk::Manifest(manifest())),
        vector!("66-push-withdrawn", 2, Bulk::Withdrawn(PushWithdrawn { push: 17, replica: None })),
        vector!("66-push-withdrawn-of", 2, Bulk::Withdrawn(of_another())),
    ]
}

pub(super) fn chunk() -> PriceChunk {
    let row = |item, amount| PriceChange { item, amount: Some(amount), scale: 2, per: 1 };
    PriceChunk {
        push: 17,
        layer: Layer::Zone,
        starts_ms: 1_795_500_000_000,
        ends_ms: None,
        currency: Currency::parse("EUR").unwrap(),
        rows: vec![row(1, 99), row(2, 0), row(131, 128), row(1_000_000, 9_999)],
    }
}

/// Everything that a chunk can hold.
pub(super) fn mixed() -> PriceChunk {
    let row = |item, amount, scale, per| PriceChange { item, amount, scale, per };
    PriceChunk {
        layer: Layer::Store,
        ends_ms: Some(1_795_600_000_000),
        rows: vec![
            row(7, Some(100), 2, 1),
            row(8, None, 2, 1),
            row(10, Some(2_299), 3, 1),
            row(u32::MAX, Some(1_000), 2, 3),
        ],
        ..chunk()
    }
}

fn manifest() -> PushManifest {
    PushManifest {
        push: 17,
        name: "Week 48, dry goods".into(),
        zone: Zone::new(3).unwrap(),
        chunks: 2,
        changes: 8,
        digest: push_digest([Hash([1; 32]), Hash([2; 32])]),
        starts_ms: 1_795_500_000_000,
    }
}

fn of_another() -> PushWithdrawn {
    PushWithdrawn { push: 17, replica: Some(ReplicaId(*b"replica-of-tests")) }
}

#[test]
fn bodies_are_what_they_were() {
    for (name, bulk, _, file) in vectors() {
        let bytes = encode(&bulk).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, file.trim(), "{name}");
        assert_eq!(decode(&bytes).as_ref(), Ok(&bulk), "{name}");
    }
}

/// Another implementation of RFC 8949 reads them, and writes the same bytes.
#[test]
fn bodies_are_plain_cbor() {
    for (name, bulk, fields, _) in vectors() {
        let bytes = encode(&bulk).unwrap();
        let value: Value = serde_cbor::from_slice(&bytes).unwrap();
        let Value::Array(items) = &value else { panic!("{name}: {value:?}") };
        let [kind, Value::Array(found)] = items.as_slice() else { panic!("{name}: {value:?}") };
        assert_eq!(kind, &Value::Integer(name[..2].parse().unwrap()), "{name}");
        assert_eq!(found.len(), fields, "{name}");
        assert_eq!(serde_cbor::to_vec(&value).unwrap(), bytes, "{name}");
    }
}
