//! How small price changes are on the wire, and that every chunk fits a frame.

use super::{Bulk, PriceChange, PriceChunk, encode, golden, strategy};
use crate::batch::testing::batch_of;
use crate::log::ReplicaId;
use crate::wire::{Envelope, Frame, MAX_FRAME_BYTES, codec};
use proptest::prelude::*;
use std::collections::BTreeSet;

const ITEMS: u64 = 1_000_000;
const CHANGES: usize = 100_000;

/// The most bytes that so many changes take on the wire, seal, hash and header of each frame
/// included: 3.0 a change.
const MOST_BYTES: usize = 3 * CHANGES;

/// A generator good enough for uniform items and amounts, and the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// A tenth of a chain's prices at one instant: any items, 0.10 to 99.99.
fn push() -> PriceChunk {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut items = BTreeSet::new();
    while items.len() < CHANGES {
        items.insert(u32::try_from(dice.below(ITEMS)).unwrap() + 1);
    }
    let mut row = |item: u32| {
        let amount = Some(10 + i64::try_from(dice.below(9_990)).unwrap());
        PriceChange { item, amount, scale: 2, per: 1 }
    };
    PriceChunk { rows: items.into_iter().map(&mut row).collect(), ..golden::chunk() }
}

/// The frame of one chunk's entry.
fn frame(chunk: &PriceChunk) -> Vec<u8> {
    let run = batch_of(&[encode(&Bulk::Prices(chunk.clone())).unwrap()]);
    let from = ReplicaId(*b"replica-of-tests");
    codec::encode(&Envelope { from, frame: Frame::Run(run) }).unwrap()
}

#[test]
fn a_price_change_takes_at_most_three_bytes() {
    let chunks = push().cut().unwrap();
    let rows: usize = chunks.iter().map(|chunk| chunk.rows.len()).sum();
    assert_eq!(rows, CHANGES);
    let bytes: usize = chunks.iter().map(|chunk| frame(chunk).len()).sum();
    let hundredths = bytes * 100 / CHANGES;
    println!(
        "{CHANGES} changes: {} frames, {bytes} bytes, {hundredths} hundredths of a byte each",
        chunks.len()
    );
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

#[test]
fn chunks_are_as_long_as_a_frame_allows() {
    // Amounts that nothing compresses, in every number of bytes.
    let mut dice = Dice(7);
    let mut row = |item: u32| {
        let amount = Some(i64::try_from(dice.below(1 << (item % 30))).unwrap());
        PriceChange { item: item * 300, amount, scale: 2, per: 1 + item % 3 }
    };
    let rows: Vec<_> = (1..=100_000).map(&mut row).collect();
    let chunks = PriceChunk { rows: rows.clone(), ..golden::chunk() }.cut().unwrap();
    let bodies = chunks.iter().map(|chunk| encode(&Bulk::Prices(chunk.clone())).unwrap().len());
    let bodies: Vec<_> = bodies.collect();
    let (_, full) = bodies.split_last().unwrap();
    assert!(full.iter().all(|bytes| *bytes > MAX_FRAME_BYTES / 2), "{bodies:?}");
    assert!(bodies.iter().all(|bytes| *bytes < MAX_FRAME_BYTES - 512), "{bodies:?}");
    let again: Vec<_> = chunks.into_iter().flat_map(|chunk| chunk.rows).collect();
    assert_eq!(again, rows);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Whatever the rows, each chunk fits a frame, and all rows are in one of them.
    #[test]
    fn every_chunk_fits(kinds in strategy::rows(), step in 1_u32..40_000) {
        let kinds: Vec<_> = kinds.iter().cycle().take(100_000).collect();
        let row = |(at, row): (u32, &PriceChange)| PriceChange { item: 1 + at * step, ..*row };
        let rows: Vec<_> = (0..).zip(kinds).map(row).collect();
        let chunks = PriceChunk { rows: rows.clone(), ..golden::chunk() }.cut().unwrap();
        for chunk in &chunks {
            let body = encode(&Bulk::Prices(chunk.clone())).unwrap();
            prop_assert!(body.len() < MAX_FRAME_BYTES - 512);
            prop_assert!(frame(chunk).len() <= MAX_FRAME_BYTES);
        }
        prop_assert_eq!(chunks.into_iter().flat_map(|chunk| chunk.rows).collect::<Vec<_>>(), rows);
    }
}
