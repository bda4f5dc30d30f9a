//! `make bench`: every figure of speed and memory that Till promises, with its target and a
//! baseline of plain rusqlite measured in the same run, in turn with it.
//!
//! Prints the figures, writes `docs/benchmarks.md` with its charts and `target/bench.json`. It is
//! no part of continuous integration: a shared machine says little about a till's. Words given
//! after `--` choose figures whose name holds one of them; then nothing is written.

#![allow(clippy::float_arithmetic, reason = "times and ratios; no money is counted here")]

mod chart;
mod client;
mod data;
mod figures;
mod goods;
mod hub;
mod live;
mod measure;
mod peer;
mod plain;
mod report;
mod shop;

use anyhow::Result;
use data::Data;
use measure::Samples;

fn main() -> Result<()> {
    // Cargo passes `--bench`; words are the reader's.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let data = Data::build()?;
    let scratch = data.scratch()?;
    let mut disk = Samples::default();
    let mut found = Vec::new();
    for (name, measure) in figures::ALL {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            eprintln!("{name} …");
            // Disks have moods: its own time is taken beside each figure.
            let now = measure::fdatasync(scratch.path(), 300)?;
            eprintln!("     fdatasync {:.0} µs", now.median_us());
            disk.extend(now);
            for figure in measure(&data)? {
                println!("{}", report::line(&figure));
                found.push(figure);
            }
        }
    }
    if wanted.is_empty() {
        report::write(&found, &disk)?;
    }
    Ok(())
}
