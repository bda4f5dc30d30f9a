//! How fast a push merges next to plain rusqlite, printed and never asserted: `cargo test --release
//! -p sync merges_per_second -- --ignored --nocapture`.

use super::testing::{catalogue_at, eur, zone};
use super::{Standing, activate, apply};
use crate::batch::Batch;
use crate::batch::testing::sealing;
use crate::bulk::{Bulk, PriceChange, PriceChunk, encode};
use crate::clock::Hlc;
use crate::log::{Entry, ReplicaId, StreamId, StreamKind, entry_hash, genesis_hash};
use crate::wire::{Envelope, Frame, codec};
use commerce::price::Layer;
use rusqlite::Connection;
use std::time::{Duration, Instant};

const ITEMS: u32 = 1_000_000;
/// Every so many items change, more or less.
const STEP: u32 = 10;
const ROUNDS: u64 = 5;

/// A push of a tenth of all items as chunks, another one each round.
fn chunks(round: u64) -> Vec<PriceChunk> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ round;
    let mut below = |most: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state % u64::from(most)).unwrap()
    };
    let mut row = |nth: u32| {
        let (item, amount) = (nth * STEP + below(STEP) + 1, 10 + i64::from(below(9_990)));
        PriceChange { item, amount: Some(amount), scale: 2, per: 1 }
    };
    let rows = (0..ITEMS / STEP).map(&mut row).collect();
    let (layer, starts_ms) = (Layer::Headquarters, 1_795_500_000_000 + round.cast_signed());
    PriceChunk { push: round, layer, starts_ms, ends_ms: None, currency: eur(), rows }
        .cut()
        .unwrap()
}

/// The frames of a stream, one sealed chunk in each.
fn frames(rounds: &[Vec<PriceChunk>]) -> Vec<Vec<Vec<u8>>> {
    let kind = StreamKind::Prices(zone());
    let stream = StreamId { replica: ReplicaId([1; 16]), kind };
    let (mut prev, mut seq) = (genesis_hash(stream, &sealing().public()), 0);
    let mut frame = |chunk: &PriceChunk| {
        seq += 1;
        let body = encode(&Bulk::Prices(chunk.clone())).unwrap();
        let entry = Entry { seq, clock: Hlc::from_ms(1_700_000_000_000 + seq), prev, body };
        prev = entry_hash(stream, &entry);
        let run = Batch { stream, seal: sealing().seal(stream, seq, &prev), entries: vec![entry] };
        codec::encode(&Envelope { from: stream.replica, frame: Frame::Run(run) }).unwrap()
    };
    rounds.iter().map(|chunks| chunks.iter().map(&mut frame).collect()).collect()
}

/// Decompressed, decoded, its seal verified, merged and durable.
fn merge(db: &mut Connection, frame: &[u8]) {
    let Frame::Run(run) = codec::decode(frame).unwrap().frame else { panic!("not a run") };
    run.verify(&sealing().public()).unwrap();
    let tx = db.transaction().unwrap();
    for entry in &run.entries {
        apply(&tx, run.stream, entry).unwrap();
    }
    tx.commit().unwrap();
}

/// The same rows as anyone would write them.
fn upsert(db: &mut Connection, chunk: &PriceChunk) {
    let tx = db.transaction().unwrap();
    let mut statement = tx
        .prepare_cached(
            "INSERT INTO plain (item, amount, starts) VALUES (?1, ?2, ?3) ON CONFLICT (item)
             DO UPDATE SET amount = excluded.amount, starts = excluded.starts
             WHERE excluded.starts > starts",
        )
        .unwrap();
    for row in &chunk.rows {
        statement.execute((row.item, row.amount, chunk.starts_ms)).unwrap();
    }
    drop(statement);
    tx.commit().unwrap();
}

fn median(mut times: Vec<Duration>) -> u128 {
    times.sort_unstable();
    let rows = u128::from(ITEMS / STEP);
    rows * 1_000_000 / times[times.len() / 2].as_micros().max(1)
}

#[test]
#[ignore = "a measurement: minutes in a debug build"]
fn merges_per_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = catalogue_at(&folder.path().join("catalogue.db"));
    let mut plain = catalogue_at(&folder.path().join("plain.db"));
    plain
        .execute_batch(
            "CREATE TABLE plain (item INTEGER PRIMARY KEY, amount INTEGER, starts INTEGER)",
        )
        .unwrap();
    for (db, sql) in [
        (
            &db,
            "INSERT INTO price SELECT value, 0, 0, 1, NULL, 999, 2, 1 FROM generate_series(1, ?1)",
        ),
        (&plain, "INSERT INTO plain SELECT value, 999, 0 FROM generate_series(1, ?1)"),
    ] {
        let series = "WITH RECURSIVE generate_series(value) AS
            (SELECT 1 UNION ALL SELECT value + 1 FROM generate_series WHERE value < ?1) ";
        let sql = sql.replace("generate_series(1, ?1)", "generate_series");
        db.execute(&format!("{series}{sql}"), [ITEMS]).unwrap();
    }
    let rounds: Vec<_> = (0..ROUNDS).map(chunks).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (chunks, frames) in rounds.iter().zip(frames(&rounds)) {
        let begun = Instant::now();
        chunks.iter().for_each(|chunk| upsert(&mut plain, chunk));
        theirs.push(begun.elapsed());
        let begun = Instant::now();
        frames.iter().for_each(|frame| merge(&mut db, frame));
        ours.push(begun.elapsed());
    }
    activate(&db, i64::MAX).unwrap();
    assert!(!Standing::load(&db).unwrap().is_plain(), "no manifest came");
    let (ours, theirs) = (median(ours), median(theirs));
    println!("merged {ours} changes/s, plain upsert {theirs}: {} %", ours * 100 / theirs);
}
