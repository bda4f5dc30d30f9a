//! `till enrol`: this till becomes one of a chain.

use super::out;
use crate::config::Config;
use crate::enrol::accept::{accept, admit_paper};
use crate::enrol::ask::request;
use crate::enrol::show::show;
use crate::enrol::{EnrolError, Who, read_file};
use crate::home::{Home, HomeError, Lock, machine_at, wall_clock};
use crate::till::SettingsError;
use clap::Subcommand;
use std::io;
use std::path::{Path, PathBuf};
use sync::enrol::MAX_BUNDLE_BYTES;
use sync::wire::MAX_PAPER_BYTES;

/// Makes this till one of a chain, so that it syncs with others. It sells before, meanwhile and
/// after all the same, and keeps everything it sold.
///
/// 1. `till enrol request` here writes a file; take it to whoever runs the chain's authority.
///
/// 2. `till authority enrol` there answers with a bundle; take that back.
///
/// 3. `till enrol accept` here checks it and takes it up, with the till stopped.
///
/// The same three steps renew a certificate. Keys never leave the till, and no backup holds them.
#[derive(Debug, Subcommand)]
pub(super) enum Enrol {
    /// Writes what this till asks for: its name, its number and its public keys. Works while it
    /// sells; makes tls.key if there is none.
    Request {
        /// The file to write; THING.request when nothing is said.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Checks a bundle against this till's keys and takes it up, all or nothing. The till must be
    /// stopped.
    Accept {
        /// The file that `till authority enrol` or a hub wrote.
        bundle: PathBuf,
    },
    /// Takes up one paper, such as the revocation of a stolen till. The till must be stopped;
    /// linked tills pass it on.
    Paper {
        /// The file that `till authority revoke` wrote.
        paper: PathBuf,
    },
    /// Shows who this till is, until when its certificate is valid, and which papers it holds.
    Show {
        /// Prints it as JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Enrol {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let home = Home::at(&config.store.folder)?;
        let machine = || machine_at(&config.till.machine_id_file);
        match self {
            Self::Request { out } => {
                let who = who(&home, config)?;
                let out = out.unwrap_or_else(|| format!("{}.request", who.thing).into());
                request(&home, &who, &out)?;
                print_next(&who, &out)?;
            }
            Self::Accept { bundle } => {
                let bytes = read_file(&bundle, MAX_BUNDLE_BYTES)?;
                let (lock, who) = (lock(&home)?, who(&home, config)?);
                out::text(&accept(&home, &lock, &who, machine(), &bytes, wall_clock())?)?;
            }
            Self::Paper { paper } => {
                let bytes = read_file(&paper, MAX_PAPER_BYTES)?;
                let (lock, who) = (lock(&home)?, who(&home, config)?);
                let said = admit_paper(&home, &lock, &who, machine(), &bytes, wall_clock())?;
                out::line(format_args!("{said}"))?;
            }
            Self::Show { json } => super::upkeep::show(&show(&home)?, json)?,
        }
        Ok(())
    }
}

fn print_next(who: &Who, file: &Path) -> io::Result<()> {
    let Who { store, thing, number } = who;
    let file = file.display();
    out::line(format_args!(
        "{file}: `{thing}`, till {number} of store {store}, asks to be one of the chain.\n\
         It holds no secret. Take it to the chain's authority, where somebody runs\n  \
         till authority enrol FOLDER {file}\n\
         and bring back what that writes; then stop this till and run\n  \
         till enrol accept {thing}.bundle"
    ))
}

fn lock(home: &Home) -> Result<Lock, EnrolError> {
    home.lock().map_err(|error| match error {
        HomeError::InUse(_) => EnrolError::Running,
        other => other.into(),
    })
}

/// Who the till is: its number and name by the configuration, its store by what was imported.
fn who(home: &Home, config: &Config) -> anyhow::Result<Who> {
    let store = home.catalogue()?.view().store()?.ok_or(SettingsError::Missing("store"))?.code;
    let thing = config.till.thing_in(&store);
    Ok(Who { store, thing, number: config.till.number.get() })
}
