//! Runs seeds: one in one thread, many side by side, and a failing one again and again until its
//! script is short.

use super::laws::assert_laws;
use super::members::COUNT;
use super::script::{Size, Step, script};
use super::world::{Stores, Tally, World};
use crate::shop::scratch;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a failing script is run again to shorten it.
const SHRINKING_RUNS: u32 = 80;

/// The most failing seeds that are looked into in one run.
const MAX_FAILURES: usize = 3;

/// Which seeds run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub first: u64,
    pub seeds: u64,
    pub size: Size,
}

/// What a seed came to.
pub struct Outcome {
    pub history: String,
    pub tally: Tally,
    /// The invariant that does not hold, with the last of what led to it.
    pub broken: Option<String>,
}

/// Runs a seed.
pub fn run(seed: u64, size: Size, stores: &Stores) -> Outcome {
    run_script(seed, &script(seed, size, COUNT), stores)
}

fn run_script(seed: u64, steps: &[Step], stores: &Stores) -> Outcome {
    let folder = scratch();
    let mut world = World::new(seed, stores, folder.path());
    let ended = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            world.step(step);
        }
        assert_laws(&mut world)
    }));
    let broken = match ended {
        Ok(Ok(())) => None,
        Ok(Err(broken)) => Some(broken),
        Err(panic) => Some(format!("a panic: {}", words(panic.as_ref()))),
    };
    let broken = broken.map(|why| format!("{why}\n{}", world.history.last()));
    world.tally.frames = world.history.frames;
    world.note_contents();
    let World { history, tally, .. } = world;
    Outcome { history: history.finish(), tally, broken }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

/// Runs seeds on all cores, each in one thread, and fails with the short story of those that broke
/// an invariant.
pub fn run_all(plan: Plan) {
    let stores = Stores::import();
    let (next, done) = (AtomicU64::new(plan.first), Mutex::new((0, Tally::default())));
    let failures = Mutex::new(Vec::new());
    let began = std::time::Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= plan.first + plan.seeds || failures.lock().unwrap().len() >= MAX_FAILURES {
                return;
            }
            let outcome = run(seed, plan.size, &stores);
            let mut done = done.lock().unwrap();
            done.0 += 1;
            done.1.add(&outcome.tally);
            let (seeds, tally) = *done;
            drop(done);
            let took = began.elapsed().as_secs();
            println!("seed {seed} {} | {seeds} seeds in {took} s: {tally:?}", outcome.history);
            if let Some(broken) = outcome.broken {
                println!("SEED {seed} BROKE: {broken}");
                failures.lock().unwrap().push((seed, broken));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    let Some((seed, _)) = failures.first() else { return };
    let (steps, broken) = shrink(*seed, plan.size, &stores);
    // Once more: the last trace that is written tells the shortest story.
    let broken = run_script(*seed, &steps, &stores).broken.unwrap_or(broken);
    let seeds: Vec<u64> = failures.iter().map(|(seed, _)| *seed).collect();
    panic!("seeds {seeds:?} broke an invariant; {seed} in {} steps: {broken}", steps.len());
}

/// Drops steps, in halves and then in ever smaller parts, as long as something still breaks.
fn shrink(seed: u64, size: Size, stores: &Stores) -> (Vec<Step>, String) {
    let mut steps = script(seed, size, COUNT);
    let mut broken = run_script(seed, &steps, stores).broken.unwrap_or_default();
    let mut part = steps.len() / 2;
    let mut runs = 0;
    while part > 0 && runs < SHRINKING_RUNS {
        let mut from = 0;
        while from < steps.len() && runs < SHRINKING_RUNS {
            let kept = |at: &usize| *at < from || *at >= from + part;
            let fewer: Vec<Step> =
                (0..steps.len()).filter(kept).map(|at| steps[at].clone()).collect();
            runs += 1;
            match run_script(seed, &fewer, stores).broken {
                Some(why) if same_law(&why, &broken) => (steps, broken) = (fewer, why),
                _ => from += part,
            }
        }
        part /= 2;
    }
    (steps, broken)
}

/// Whether two failures are of one kind: their first words are the same, numbers aside.
fn same_law(one: &str, other: &str) -> bool {
    let first = |text: &str| -> String {
        let line = text.lines().next().unwrap_or_default();
        line.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(24).collect()
    };
    first(one) == first(other)
}
