//! `till replay FOLDER`.

use super::out;
use super::progress::Bar;
use crate::replay::{ReplayEvent, ReplayOptions, report, run};
use clap::Args;
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// Rings a folder of real baskets through the till's own path, on an injected clock and a scratch
/// store, and compares each day's Z with what the folder says.
#[derive(Debug, Args)]
#[command(after_long_help = report::HELP)]
pub(super) struct Replay {
    /// The folder with catalog.csv, baskets.csv and days.csv.
    folder: PathBuf,
    /// Prints the summary as JSON, for machines.
    #[arg(long)]
    json: bool,
    /// The time zone of the shop's clock, by its IANA name.
    #[arg(long, default_value = "Etc/UTC", value_name = "ZONE")]
    time_zone: String,
    /// Keeps the scratch store in this new folder, for a look at its journal.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Decides which notes customers hand over.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Replay {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let time_zone = TimeZone::get(&self.time_zone)?;
        let options =
            ReplayOptions { folder: self.folder, keep: self.keep, time_zone, seed: self.seed };
        let mut bar = Bar::new("{wide_bar} {pos}/{len} baskets {eta}");
        let json = self.json;
        let summary = run(&options, &mut |event| match event {
            ReplayEvent::Checked { .. } if !json => bar.println(&report::heading()),
            ReplayEvent::Basket { done, total } => bar.show(done, total),
            ReplayEvent::Day(day) if !json => bar.println(&report::day(day)),
            ReplayEvent::Checked { .. } | ReplayEvent::Day(_) => {}
        })?;
        bar.finish();
        out::write(|out| match json {
            true => report::print_json(&summary, out),
            false => report::print(&summary, out),
        })?;
        anyhow::ensure!(summary.agrees(), "not every day agrees");
        Ok(())
    }
}
