//! The power cut: a day's trade on a till whose `till.db` lies on a disk that loses, tears and
//! reorders what was not synced. Cut at every position, the till must come back with all that
//! any client had been told, and go on selling. Run with `synchronous=OFF` the same test must
//! fail, or it would prove nothing.

mod day;
mod survivor;

use crate::shop::{DemoStore, scratch};
use crate::vfs::{Recording, Shim};
use agent::store::open::Synchronous;
use day::Told;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use survivor::Survivor;

/// Two cuts of each temper at each position; `TILL_CUT_SEEDS` sets another number.
const SEEDS: u64 = 10;

fn seeds() -> u64 {
    std::env::var("TILL_CUT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// What became of all cuts.
struct Verdict {
    positions: usize,
    cuts: usize,
    /// Cuts that left files no other cut had left at that point of the day.
    surveyed: usize,
    failures: Vec<String>,
}

/// Trades, cuts at every position under each seed, and opens what is left.
fn cut_everywhere(name: &str, synchronous: Synchronous, seeds: u64, enough: usize) -> Verdict {
    let store = DemoStore::import();
    let root = scratch();
    let shim = Shim::register(name).unwrap();
    let (recording, told) = day::trade(&store, &shim, root.path(), synchronous);
    let positions = recording.positions();
    let cuts = Cuts {
        store: &store,
        recording: &recording,
        told: &told,
        seeds,
        enough,
        next: AtomicUsize::new(0),
        surveyed: Mutex::new(HashSet::new()),
        made: AtomicUsize::new(0),
        failures: Mutex::new(Vec::new()),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| cuts.work(&positions));
        }
    });
    Verdict {
        positions: positions.len(),
        cuts: cuts.made.into_inner(),
        surveyed: cuts.surveyed.into_inner().unwrap().len(),
        failures: cuts.failures.into_inner().unwrap(),
    }
}

/// The cuts, shared by the threads that make them.
struct Cuts<'day> {
    store: &'day DemoStore,
    recording: &'day Recording,
    told: &'day [Told],
    seeds: u64,
    /// So many failures are enough to see.
    enough: usize,
    next: AtomicUsize,
    /// Hashes of what was surveyed: many cuts leave the same files.
    surveyed: Mutex<HashSet<u64>>,
    made: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Cuts<'_> {
    fn work(&self, positions: &[usize]) {
        let scratch = scratch();
        while let Some(&at) = positions.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let told = self.recording.marks_before(at).len();
            for seed in 0..self.seeds {
                if self.failures.lock().unwrap().len() >= self.enough {
                    return;
                }
                self.cut(at, seed, told, scratch.path());
            }
        }
    }

    fn cut(&self, at: usize, seed: u64, told: usize, scratch: &Path) {
        self.made.fetch_add(1, Ordering::Relaxed);
        let image = self.recording.image(at, seed).unwrap();
        let mut hasher = DefaultHasher::new();
        (told, &image).hash(&mut hasher);
        if !self.surveyed.lock().unwrap().insert(hasher.finish()) {
            return;
        }
        let left = scratch.join("left");
        std::fs::create_dir(&left).unwrap();
        for (path, bytes) in &image {
            std::fs::write(left.join(path), bytes).unwrap();
        }
        let last = told.checked_sub(1).and_then(|last| self.told.get(last));
        let survivor = Survivor { last, next: self.told.get(told) };
        if let Err(broken) = survivor.survey(self.store, &left.join("till.db")) {
            let after = last.map_or("before the first answer", |told| told.act);
            let place = self.recording.describe(at);
            self.failures.lock().unwrap().push(format!(
                "cut at {at} with seed {seed} ({place}; answered last: {told}, {after}): {broken}"
            ));
        }
        std::fs::remove_dir_all(&left).unwrap();
    }
}

#[test]
fn a_power_cut_at_any_write_of_a_day_loses_nothing_that_was_told() {
    let seeds = seeds();
    let verdict = cut_everywhere("day-full", Synchronous::Full, seeds, 5);
    let Verdict { positions, cuts, surveyed, failures } = verdict;
    println!(
        "power cut: {positions} positions, {seeds} seeds each: {cuts} cuts, {surveyed} different images opened"
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(positions > 500, "the day shrank to {positions} positions");
}

#[test]
fn without_syncs_the_same_cuts_show_the_loss() {
    let verdict = cut_everywhere("day-off", Synchronous::Off, 5, 20);
    println!(
        "power cut without syncs: {} of {} cuts lost something, for example: {}",
        verdict.failures.len(),
        verdict.cuts,
        verdict.failures.first().map_or("", String::as_str)
    );
    assert!(!verdict.failures.is_empty(), "{} cuts lost nothing", verdict.cuts);
}
