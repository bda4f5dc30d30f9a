//! The simulation: two shops of real tills and a hub in virtual time, everything that can go wrong
//! going wrong, and then every invariant. One seed is one history, byte for byte.
//!
//! The engine is the real one: the till loop, its host of links, the exchange, SQLite files on a
//! disk that the VFS breaks. Only clocks, dice, lines and the card terminal are the simulation's.
//! `make sim SEEDS=n FIRST_SEED=k` runs many full seeds; `cargo test` a few small ones.

mod acts;
mod carts;
mod contents;
mod customers;
mod disk;
mod faults;
mod history;
mod hub;
mod laws;
mod liar;
mod members;
mod net;
mod oracle;
#[cfg(feature = "simulated")]
mod planted;
mod pushes;
mod run;
mod script;
mod talk;
mod till;
mod world;

use run::{Outcome, Plan, run, run_all};
use script::Size;
use world::Stores;

/// A full seed.
const FULL: Size = Size { acts: 2_000, faults: 200 };

/// What `cargo test` runs.
const SMALL: Size = Size { acts: 250, faults: 40 };

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn a_few_small_seeds_keep_every_invariant() {
    run_all(Plan { first: 3, seeds: 5, size: SMALL });
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let stores = Stores::import();
    let hash = || match run(3, SMALL, &stores) {
        Outcome { history, broken: None, .. } => history,
        Outcome { broken: Some(broken), .. } => panic!("{broken}"),
    };
    assert_eq!(hash(), hash());
}

/// Called by `make sim`.
#[test]
#[ignore = "minutes: make sim"]
fn many_full_seeds() {
    let (first, seeds) = (number("FIRST_SEED").unwrap_or(1), number("SEEDS").unwrap_or(200));
    let acts = number("ACTS").unwrap_or(FULL.acts);
    let faults = number("FAULTS").unwrap_or(FULL.faults);
    run_all(Plan { first, seeds, size: Size { acts, faults } });
}
