//! The proof that the simulation sees: mistakes planted in the engine, each of which must break a
//! law within [`MOST_SEEDS`] seeds.

use super::run::run;
use super::script::Size;
use super::world::Stores;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use sync::planted::{Bug, plant};

/// By then each must be seen.
const MOST_SEEDS: u64 = 500;

/// Less than a full seed, and thick with faults.
const SIZE: Size = Size { acts: 300, faults: 90 };

/// Called by `make sim-planted`.
#[test]
#[ignore = "minutes: make sim-planted"]
fn every_planted_fault_breaks_a_law() {
    let stores = Stores::import();
    // `BUG=NoGapGate` plants that one alone.
    let named = std::env::var("BUG").ok();
    let wanted = |bug: &Bug| named.as_ref().is_none_or(|named| *named == format!("{bug:?}"));
    let bugs: Vec<Bug> = Bug::ALL.into_iter().filter(wanted).collect();
    assert!(!bugs.is_empty(), "no such mistake: {named:?}");
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
            match first_seen(*bug, &stores) {
                Some((seed, broken)) => {
                    let law = broken.lines().next().unwrap_or_default();
                    println!("{bug:?}: seen in seed {seed}: {law}");
                }
                None => {
                    println!("{bug:?}: NOT SEEN in {MOST_SEEDS} seeds");
                    missed.lock().unwrap().push(*bug);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "no law sees {missed:?}");
}

/// The first seed in which a mistake breaks a law, and how. A seed that breaks one with nothing
/// planted proves nothing, and is told of.
fn first_seen(bug: Bug, stores: &Stores) -> Option<(u64, String)> {
    (1..=MOST_SEEDS).find_map(|seed| {
        plant(Some(bug));
        let broken = run(seed, SIZE, stores).broken;
        plant(None);
        let broken = broken?;
        if run(seed, SIZE, stores).broken.is_some() {
            println!("{bug:?}: seed {seed} breaks a law with nothing planted, and does not count");
            return None;
        }
        Some((seed, broken))
    })
}
