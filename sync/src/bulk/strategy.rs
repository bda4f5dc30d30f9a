//! Arbitrary valid bulk entries for property tests, here and where they are merged.

use super::{Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn};
use crate::log::{Hash, ReplicaId, Zone};
use commerce::Currency;
use commerce::price::Layer;
use proptest::collection::btree_map;
use proptest::prelude::*;

/// Any bulk entry.
pub(crate) fn bulk() -> impl Strategy<Value = Bulk> {
    let withdrawn =
        (any::<u64>(), prop::option::of(any::<[u8; 16]>())).prop_map(|(push, replica)| {
            Bulk::Withdrawn(PushWithdrawn { push, replica: replica.map(ReplicaId) })
        });
    prop_oneof![
        4 => chunk().prop_map(Bulk::Prices),
        1 => manifest().prop_map(Bulk::Manifest),
        1 => withdrawn,
    ]
}

pub(crate) fn chunk() -> impl Strategy<Value = PriceChunk> {
    let layer = prop::sample::select(&Layer::BY_PRECEDENCE[..]);
    let currency = prop::sample::select(&["EUR", "USD", "JPY", "KWD"][..])
        .prop_map(|code| Currency::parse(code).unwrap());
    let head = (any::<u64>(), layer, instant(), prop::option::of(1..1_000_000_000_i64), currency);
    (head, rows()).prop_map(|((push, layer, starts_ms, lasts, currency), rows)| {
        let ends_ms = lasts.map(|lasts| starts_ms + lasts);
        PriceChunk { push, layer, starts_ms, ends_ms, currency, rows }
    })
}

pub(crate) fn rows() -> impl Strategy<Value = Vec<PriceChange>> {
    let item = prop_oneof![1_u32..200, 1..=u32::MAX];
    let amount = prop_oneof![0_i64..10_000, 0..1_000_000_000_i64];
    let scale = prop_oneof![9 => Just((2_u8, 1_u32)), 1 => (0..=4_u8, 1..=u32::MAX)];
    btree_map(item, (prop::option::weighted(0.9, amount), scale), 1..60).prop_map(|rows| {
        let row = |(item, (amount, (scale, per)))| PriceChange { item, amount, scale, per };
        rows.into_iter().map(row).collect()
    })
}

fn manifest() -> impl Strategy<Value = PushManifest> {
    let sizes = (1..=super::MAX_PUSH_CHUNKS, 1..60_000_u64);
    let zone = (0..=Zone::MAX).prop_map(|zone| Zone::new(zone).unwrap());
    (any::<u64>(), ".{0,50}", zone, sizes, any::<[u8; 32]>(), instant()).prop_map(
        |(push, name, zone, (chunks, changes), digest, starts_ms)| {
            let (changes, digest) = (u64::from(chunks) * changes, Hash(digest));
            PushManifest { push, name, zone, chunks, changes, digest, starts_ms }
        },
    )
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![1_700_000_000_000..1_900_000_000_000_i64, -1_000_000_000_000..0_i64]
}
