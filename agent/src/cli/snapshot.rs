//! `till snapshot`: a catalogue from the hub in one file, as a new till gets it from a stick.

use super::progress::Bar;
use super::upkeep::show;
use crate::config::Config;
use crate::home::Home;
use crate::snapshot::{TakenReport, look_at, take_up};
use clap::Subcommand;
use std::path::PathBuf;

/// Takes the hub's catalogue up from one file: items, codes, prices, taxes, tenders, staff.
///
/// For a new till, or one that was off for long: within a second it has what would come entry by
/// entry. The hub makes such files; a till believes only those that a hub of its own chain sealed,
/// so it does not matter who brings them, or on what stick.
#[derive(Debug, Subcommand)]
pub(super) enum Snapshot {
    /// Verifies a snapshot and puts it in the place of the catalogue. The till may be running and
    /// goes on selling. Carts, receipts and stock are not touched; searching by name follows some
    /// seconds behind.
    Take {
        /// The snapshot's file.
        file: PathBuf,
        /// Prints the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows what a snapshot is: of when, of what, and whether this till believes it.
    Show {
        /// The snapshot's file.
        file: PathBuf,
        /// Prints it as JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Snapshot {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let home = Home::at(&config.store.folder)?;
        match self {
            Self::Take { file, json } => {
                let mut bar = Bar::new("{wide_bar} {bytes}/{total_bytes} {eta}");
                let zones = config.till.price_zones.zones();
                let taken = take_up(&home, &file, &zones, &mut |done, total| bar.show(done, total));
                bar.finish();
                let report: TakenReport = taken?;
                show(&report, json)
            }
            Self::Show { file, json } => show(&look_at(&home, &file)?, json),
        }
    }
}
