//! `till journal`, `backup`, `restore`, `doctor`, `devices`.

use super::Common;
use super::out;
use super::progress::watching;
use crate::config::Config;
use crate::home::{BUILD_MS, Home, HomeError, machine_at, wall_clock};
use crate::upkeep::anew::begin_anew;
use crate::upkeep::backup::{BackupOptions, backup};
use crate::upkeep::devices::{DevicesReport, PATIENCE, ask_running, probe};
use crate::upkeep::doctor::{DoctorOptions, examine};
use crate::upkeep::export::{ExportFormat, Selection, export};
use crate::upkeep::rebuild::rebuild;
use crate::upkeep::restore::{RestoreOptions, restore};
use crate::upkeep::verify::{VerifyOptions, verify};
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

/// Looks into the journal, on a stopped or a running till.
#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Verifies every entry: hashes, seals, receipt numbers, sums.
    Verify {
        /// Also folds the journal into a copy and compares the state with it.
        #[arg(long)]
        rebuild_check: bool,
        /// Prints the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Exports the journal as JSON Lines or as CSV tables; docs/journal.md describes them.
    Export(Export),
    /// Folds the state from the journal again; the till must be stopped.
    Rebuild,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The folder to make.
    folder: PathBuf,
    /// Its form.
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
    /// Only one trading day.
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["shift", "from"])]
    day: Option<Date>,
    /// Only one shift.
    #[arg(long, conflicts_with = "from")]
    shift: Option<u32>,
    /// Only entries from this sequence on.
    #[arg(long, value_name = "SEQUENCE")]
    from: Option<u64>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Jsonl,
    Csv,
}

/// Copies both databases while the till sells; secrets stay out.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the new folder is made; the till's own backups/ when nothing is said.
    into: Option<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Puts a backup back; the till must be stopped. Present files are set aside, never deleted.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// A folder that `till backup` made.
    #[arg(required_unless_present = "without_backup")]
    from: Option<PathBuf>,
    /// No backup is left: begins a new journal, in a receipt series of its own.
    #[arg(long, conflicts_with = "from")]
    without_backup: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Examines everything a till needs and says what is wrong and what to do.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Verifies the whole journal and every page, however long that takes.
    #[arg(long)]
    full: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

fn home(config: &Config) -> anyhow::Result<Home> {
    Ok(Home::at(&config.store.folder)?)
}

pub(super) fn show(report: &(impl Display + Serialize), json: bool) -> anyhow::Result<()> {
    if json {
        out::line(format_args!("{}", serde_json::to_string_pretty(report)?))?;
    } else {
        out::text(report)?;
    }
    Ok(())
}

impl Journal {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let home = home(config)?;
        match self {
            Self::Verify { rebuild_check, json } => {
                let options = VerifyOptions { rebuild_check };
                show(&watching(|watch| verify(&home, options, watch))?, json)
            }
            Self::Export(wanted) => wanted.run(&home),
            Self::Rebuild => {
                let lock = home.lock()?;
                show(&watching(|watch| rebuild(&home, &lock, watch))?, false)
            }
        }
    }
}

impl Export {
    fn run(self, home: &Home) -> anyhow::Result<()> {
        let format = match self.format {
            Form::Jsonl => ExportFormat::Jsonl,
            Form::Csv => ExportFormat::Csv,
        };
        let selection = match (self.day, self.shift, self.from) {
            (Some(day), ..) => Selection::Day(day),
            (None, Some(shift), _) => Selection::Shift(shift),
            (None, None, Some(seq)) => Selection::From(seq),
            (None, None, None) => Selection::All,
        };
        show(&watching(|watch| export(home, &self.folder, format, selection, watch))?, self.json)
    }
}

impl Backup {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let home = home(config)?;
        let into = self.into.unwrap_or_else(|| home.file("backups"));
        let keep_free = config.store.disk_watermark_bytes();
        let options = BackupOptions { now: wall_clock(), keep_free };
        show(&watching(|watch| backup(&home, &into, options, watch))?, self.json)
    }
}

impl Restore {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let home = home(config)?;
        let lock = home.lock()?;
        let options = RestoreOptions {
            machine: machine_at(&config.till.machine_id_file),
            now: wall_clock(),
            keep_free: config.store.disk_watermark_bytes(),
        };
        match self.from {
            Some(from) => {
                show(&watching(|watch| restore(&home, &lock, &from, options, watch))?, self.json)
            }
            None => show(&begin_anew(&home, &lock, options.machine, options.now)?, self.json),
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime cannot be started")
}

impl Doctor {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let config = Config::load(common.config.as_deref(), std::env::vars_os());
        let options = DoctorOptions {
            now: wall_clock(),
            zone: TimeZone::try_system().ok(),
            built: Timestamp::from_millisecond(BUILD_MS.cast_signed())?,
            full: self.full,
            patience: PATIENCE,
        };
        let runtime = runtime()?;
        let report = watching(|watch| runtime.block_on(examine(config.as_ref(), &options, watch)));
        show(&report, self.json)?;
        Ok(ExitCode::from(report.exit_code()))
    }
}

/// Lists the configured devices and how they are: of a running till by asking it, else by
/// asking the devices.
pub(super) fn devices(config: &Config) -> anyhow::Result<()> {
    let home = home(config)?;
    let report = match home.lock() {
        Ok(_lock) => {
            let currency = home.catalogue()?.view().store()?.map(|store| store.currency);
            let devices = runtime()?.block_on(probe(config, currency, PATIENCE));
            DevicesReport { from_running_till: false, devices }
        }
        Err(HomeError::InUse(_)) => {
            let devices = ask_running(config.http.socket_address())?;
            DevicesReport { from_running_till: true, devices }
        }
        Err(error) => return Err(error.into()),
    };
    show(&report, false)
}
