//! Counts and movements of three tills in every order, held against the crate `crdts`.

use super::super::testing;
use super::*;
use crate::body::encode;
use crate::body::golden::{sales, stock_counted};
use crate::clock::Clock;
use crate::log::{SealingKey, Seed};
use crate::store::{append, declare_peer, declare_replica, open_stream, read_one, set_folded};
use commerce::Quantity;
use commerce::Unit;
use crdts::{CmRDT, CvRDT, LWWReg, PNCounter};
use proptest::prelude::*;

const SKUS: [&str; 2] = ["BAK-013", "DRI-001"];
const TILLS: usize = 3;

/// What a till does: sells pieces of a SKU, takes some back, or counts it.
#[derive(Debug, Clone, Copy)]
enum Act {
    Sell(usize),
    TakeBack(usize),
    Count(usize, i64),
    /// A count of the next round.
    Recount(usize, i64),
}

fn fact(act: Act) -> Fact {
    match act {
        Act::Sell(sku) => {
            let mut sale = sales::cash_sale();
            for (index, line) in sale.lines.iter_mut().enumerate() {
                line.sku = if index == 0 { SKUS[sku].into() } else { "PRO-001".into() };
            }
            Fact::Sold(sale)
        }
        Act::TakeBack(sku) => {
            let mut returned = sales::refund();
            for line in &mut returned.lines {
                line.sku = SKUS[sku].into();
            }
            Fact::Returned(returned)
        }
        Act::Count(sku, thousandths) | Act::Recount(sku, thousandths) => {
            let mut counted = stock_counted();
            counted.place = SHOP.into();
            counted.items = vec![(SKUS[sku].into(), thousandths)];
            counted.round = u32::from(matches!(act, Act::Recount(..)));
            Fact::StockCounted(counted)
        }
    }
}

fn replica(till: usize) -> ReplicaId {
    ReplicaId([u8::try_from(till + 1).unwrap(); 16])
}

fn key(till: usize) -> SealingKey {
    SealingKey::from_seed(&Seed::new([u8::try_from(till + 1).unwrap(); 32])).unwrap()
}

/// What each till wrote, with its clock.
type Journals = Vec<Vec<(Hlc, Fact)>>;

/// Tills act at the given wall clocks, which may agree, jump or lie; nobody hears of another.
fn journals_of(acts: &[(usize, i64, Act)]) -> Journals {
    let mut clocks = vec![Clock::new(0, None).unwrap(); TILLS];
    let mut written: Journals = vec![Vec::new(); TILLS];
    for &(till, now, act) in acts {
        written[till].push((clocks[till].tick(now), fact(act)));
    }
    written
}

fn database() -> Connection {
    let db = testing::database();
    db.execute_batch(STOCK_SCHEMA).unwrap();
    for till in 0..TILLS {
        let (id, key) = (replica(till), key(till).public());
        match till {
            0 => declare_replica(&db, id, &key, Hlc::default()).unwrap(),
            _ => declare_peer(&db, id, &key, Hlc::default()).unwrap(),
        }
        open_stream(&db, id, StreamKind::Journal).unwrap();
    }
    db
}

/// Folds the next entries of a till's journal, as a store does when they come.
fn deliver(db: &mut Connection, till: usize, run: &[(Hlc, Fact)]) {
    let tx = db.transaction().unwrap();
    let all = journals(&tx).unwrap();
    let stream = *all.iter().find(|stream| stream.id.replica == replica(till)).unwrap();
    let before = folded(&tx, &stream).unwrap();
    for (clock, fact) in run {
        append(&tx, &stream, *clock, &encode(fact).unwrap(), &key(till)).unwrap();
    }
    // A peer's entries are stored before they are folded, and counted as folded after it.
    set_folded(&tx, &stream, before).unwrap();
    let mut moves = Moves::default();
    for (clock, fact) in run {
        let at = Counter { replica: replica(till), clock: *clock };
        moves.fold(&tx, at, fact, journals).unwrap();
    }
    moves.write(&tx).unwrap();
    let last = before + run.len() as u64;
    set_folded(&tx, &stream, last).unwrap();
    assert!(read_one(&tx, &stream, last).unwrap().is_some());
    tx.commit().unwrap();
}

/// Delivers all journals, each in its order, mixed as `mix` says: runs of one to three entries.
fn deliver_all(written: &Journals, mix: &[usize]) -> Vec<(String, i64)> {
    let mut db = database();
    let mut next = [0; TILLS];
    let turns = mix.iter().copied().chain((0..TILLS).cycle());
    for (turn, till) in turns.enumerate() {
        let rest = &written[till][next[till]..];
        let run = &rest[..rest.len().min(1 + turn % 3)];
        if !run.is_empty() {
            deliver(&mut db, till, run);
            next[till] += run.len();
        }
        if (0..TILLS).all(|till| next[till] == written[till].len()) {
            break;
        }
    }
    on_hand(&db)
}

fn on_hand(db: &Connection) -> Vec<(String, i64)> {
    db.prepare("SELECT sku, on_hand FROM stock WHERE sku <> 'PRO-001' ORDER BY sku")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The same by the definitions of `crdts`: a last-writer-wins register for the count, a counter of
/// each replica for what moved after it.
fn oracle(written: &Journals) -> Vec<(String, i64)> {
    let mut result = Vec::new();
    for sku in SKUS {
        let mut count: LWWReg<i64, (u32, u64, [u8; 16])> = LWWReg::default();
        let mut seen = false;
        for (till, (clock, fact)) in all(written) {
            if let Fact::StockCounted(counted) = fact
                && counted.items[0].0 == sku
            {
                let marker = (counted.round, clock.number(), replica(till).0);
                count.merge(LWWReg { val: counted.items[0].1, marker });
                seen = true;
            }
        }
        let mut moved: PNCounter<usize> = PNCounter::new();
        for (till, (clock, fact)) in all(written) {
            for (_, thousandths) in movements(fact).filter(|(moved, _)| *moved == sku) {
                seen = true;
                if clock.number() > count.marker.1 {
                    let steps = thousandths.unsigned_abs();
                    let op = match thousandths {
                        1.. => moved.inc_many(till, steps),
                        _ => moved.dec_many(till, steps),
                    };
                    moved.apply(op);
                }
            }
        }
        let moved: i64 = moved.read().to_string().parse().unwrap();
        if seen {
            result.push((sku.to_owned(), count.val + moved));
        }
    }
    result
}

fn all(written: &Journals) -> impl Iterator<Item = (usize, &(Hlc, Fact))> {
    written.iter().enumerate().flat_map(|(till, entries)| entries.iter().map(move |it| (till, it)))
}

#[test]
fn the_facts_of_these_tests_move_one_piece() {
    let one = Quantity::one(Unit::Each).thousandths();
    let sold = fact(Act::Sell(0));
    assert!(movements(&sold).any(|moved| moved == (SKUS[0], -one)));
    assert!(movements(&fact(Act::Count(0, 5))).next().is_none());
    assert!(movements(&fact(Act::TakeBack(1))).all(|(_, thousandths)| thousandths > 0));
}

#[test]
fn a_count_that_comes_late_finds_what_moved_since() {
    let acts = [
        (0, 10, Act::Sell(0)),
        (1, 20, Act::Count(0, 50_000)),
        (0, 30, Act::Sell(0)),
        (2, 40, Act::Sell(0)),
    ];
    let written = journals_of(&acts);
    for mix in [[0, 1, 0, 2], [0, 0, 2, 1], [1, 2, 0, 0], [2, 0, 0, 1]] {
        assert_eq!(deliver_all(&written, &mix), [(SKUS[0].to_owned(), 48_000)], "{mix:?}");
    }
}

#[test]
fn a_count_that_stands_between_the_movements_of_a_run_parts_them() {
    let mut db = database();
    let sold = |clock: u64| (Hlc::from_number(clock).unwrap(), fact(Act::Sell(0)));
    deliver(&mut db, 1, &[(Hlc::from_number(20).unwrap(), fact(Act::Count(0, 50_000)))]);
    deliver(&mut db, 0, &[sold(10), sold(30), sold(40)]);
    assert_eq!(on_hand(&db), [(SKUS[0].to_owned(), 48_000)]);
}

#[test]
fn counts_of_one_instant_agree_everywhere() {
    let written = journals_of(&[(0, 10, Act::Count(0, 1_000)), (1, 10, Act::Count(0, 2_000))]);
    for mix in [[0, 1], [1, 0]] {
        assert_eq!(
            deliver_all(&written, &mix),
            [(SKUS[0].to_owned(), 2_000)],
            "the higher replica's"
        );
    }
}

/// A till whose clock was ten years ahead counted: without rounds its count would stand for as long.
#[test]
fn a_count_replaces_one_of_a_clock_that_was_ahead() {
    let mut db = database();
    let at = |ms: u64| Hlc::from_ms(ms);
    let sold = |ms: u64| (at(ms), fact(Act::Sell(0)));
    deliver(&mut db, 1, &[(at(9_000_000), fact(Act::Count(0, 50_000)))]);
    deliver(&mut db, 0, &[sold(1_000)]);
    assert_eq!(on_hand(&db), [(SKUS[0].to_owned(), 50_000)], "it seems to be counted");
    let round = |db: &Connection, sku, clock| round_of(db, SHOP, [sku].into_iter(), clock).unwrap();
    assert_eq!(round(&db, SKUS[0], at(9_000_001)), 0);
    assert_eq!(round(&db, SKUS[1], at(2_000)), 0);
    assert_eq!(round(&db, SKUS[0], at(2_000)), 1);
    deliver(&mut db, 0, &[(at(2_000), fact(Act::Recount(0, 7_000))), sold(3_000)]);
    assert_eq!(on_hand(&db), [(SKUS[0].to_owned(), 6_000)]);
    assert_eq!(round(&db, SKUS[0], at(4_000)), 1, "the next stays in its round");
}

#[test]
fn a_movement_of_another_place_is_left_alone() {
    let mut db = database();
    let mut counted = stock_counted();
    counted.place = "cellar".into();
    counted.items = vec![(SKUS[0].into(), 9_000)];
    let mut clock = Clock::new(0, None).unwrap();
    deliver(&mut db, 0, &[(clock.tick(10), fact(Act::Sell(0)))]);
    deliver(&mut db, 0, &[(clock.tick(20), Fact::StockCounted(counted))]);
    deliver(&mut db, 0, &[(clock.tick(30), fact(Act::Sell(0)))]);
    assert_eq!(on_hand(&db), [(SKUS[0].to_owned(), 9_000), (SKUS[0].to_owned(), -2_000)]);
}

fn act() -> impl Strategy<Value = Act> {
    let sku = 0..SKUS.len();
    prop_oneof![
        4 => sku.clone().prop_map(Act::Sell),
        1 => sku.clone().prop_map(Act::TakeBack),
        2 => (sku.clone(), 0_i64..100_000).prop_map(|(sku, count)| Act::Count(sku, count)),
        1 => (sku, 0_i64..100_000).prop_map(|(sku, count)| Act::Recount(sku, count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_order_comes_to_what_the_definitions_say(
        acts in prop::collection::vec((0..TILLS, 0_i64..40, act()), 1..40),
        mix in prop::collection::vec(0..TILLS, 0..80),
    ) {
        let written = journals_of(&acts);
        prop_assert_eq!(deliver_all(&written, &mix), oracle(&written));
    }
}
