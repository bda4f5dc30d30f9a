//! The command line: what a person types at a till, and what an exit code says to a script.
//!
//! | exit code | says |
//! | --- | --- |
//! | 0 | it was done |
//! | 1 | it was not, and why is on standard error |
//! | 2 | the command itself was wrong |

mod authority;
mod enrol;
mod import;
mod link;
mod logging;
mod out;
mod progress;
mod replay;
mod run;
mod snapshot;
mod upkeep;

use crate::config::Config;
use crate::enrol::topics;
use crate::home::Home;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Till: a point of sale that keeps a shop selling whatever happens to the network, the power or
/// the cloud.
#[derive(Debug, Parser)]
#[command(name = "till", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// The configuration file; without one the built-in defaults. Every key can also be set as
    /// TILL_<SECTION>__<KEY> in the environment.
    #[arg(long, short, global = true, env = "TILL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Common {
    fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref(), std::env::vars_os())?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the till: store, devices, API. Ctrl-C stops it cleanly.
    Run,
    /// Checks the configuration and names every problem with file, line and remedy.
    Check,
    /// Imports master data from CSV or JSON Lines, all or nothing.
    Import(import::Import),
    /// Takes the hub's catalogue up from one file, as a new till gets it.
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    /// Looks into the journal: verify, export, rebuild.
    #[command(subcommand)]
    Journal(upkeep::Journal),
    /// Copies both databases while the till sells.
    Backup(upkeep::Backup),
    /// Puts a backup back, with the till stopped.
    Restore(upkeep::Restore),
    /// Examines everything a till needs, and says what to do.
    Doctor(upkeep::Doctor),
    /// Makes this till one of a chain: request, accept, show.
    #[command(subcommand)]
    Enrol(enrol::Enrol),
    /// Runs a chain's own authority, which says which tills belong to it.
    #[command(subcommand)]
    Authority(authority::Authority),
    /// Lists the configured devices and how they are.
    Devices,
    /// How this till stands to the shop's other tills and to the hub.
    #[command(subcommand)]
    Link(link::Link),
    /// A cashier at this terminal: scans, takes money, shows the receipt.
    Sell(Box<crate::sell::Sell>),
    /// Emulates a till's devices on their real transports.
    Emulate(Box<crate::emulate::Emulate>),
    /// Rings a folder of real baskets through the till and compares each day's Z.
    Replay(replay::Replay),
}

/// Parses the command line and carries it out.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    let done = match command {
        Command::Run => common.load().and_then(|config| run::run(&config)),
        Command::Check => return check(&common),
        Command::Import(import) => common.load().and_then(|config| import.run(&config)),
        Command::Snapshot(snapshot) => common.load().and_then(|config| snapshot.run(&config)),
        Command::Journal(journal) => common.load().and_then(|config| journal.run(&config)),
        Command::Backup(backup) => common.load().and_then(|config| backup.run(&config)),
        Command::Restore(restore) => common.load().and_then(|config| restore.run(&config)),
        Command::Link(link) => common.load().and_then(|config| link.run(&config)),
        Command::Enrol(enrol) => common.load().and_then(|config| enrol.run(&config)),
        Command::Authority(authority) => authority.run(),
        Command::Devices => common.load().and_then(|config| upkeep::devices(&config)),
        Command::Doctor(doctor) => return exit(doctor.run(&common)),
        Command::Sell(sell) => common.load().and_then(|config| sell_at(&sell, &config)),
        Command::Emulate(emulate) => emulate.run().map_err(Into::into),
        Command::Replay(replay) => replay.run(),
    };
    exit(done.map(|()| ExitCode::SUCCESS))
}

fn exit(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        out::complain(format_args!("till: {}", in_words(&error)));
        ExitCode::FAILURE
    })
}

/// An error with its causes, each said once: most texts name their cause already.
fn in_words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Sells at the configured till, or at the one named.
fn sell_at(sell: &crate::sell::Sell, config: &Config) -> anyhow::Result<()> {
    let pin = std::env::var("TILL_PIN").ok();
    let url = format!("http://{}", config.http.socket_address());
    Ok(crate::sell::run(sell, &url, pin)?)
}

/// What only the configuration and the till's folder together show. A folder that is not there yet
/// says nothing, and is not made.
fn unfit_chain(config: &Config) -> Option<String> {
    let hub = config.hub.as_ref()?;
    let folder = config.store.folder.as_path();
    let home = folder.is_dir().then(|| Home::at(folder).ok())??;
    topics::unfit(Some(hub), &home.enrolment().ok()??.chain)
}

fn check(common: &Common) -> ExitCode {
    let findings = Config::check(common.config.as_deref(), std::env::vars_os());
    for finding in &findings {
        out::complain(format_args!("{finding}"));
    }
    if !findings.is_empty() {
        return ExitCode::FAILURE;
    }
    if let Some(found) = common.load().ok().and_then(|config| unfit_chain(&config)) {
        out::complain(format_args!("{found}: {}", topics::REMEDY));
        return ExitCode::FAILURE;
    }
    let named = match &common.config {
        Some(file) => format!("{}: the configuration", file.display()),
        None => {
            "no file was named (--config FILE, or TILL_CONFIG): the built-in configuration".into()
        }
    };
    let said = out::line(format_args!("{named} is sound"));
    exit(said.map(|()| ExitCode::SUCCESS).map_err(Into::into))
}
