//! `till authority`: a chain's own authority, on a machine that is no till.

use super::out;
use crate::enrol::authority::{AuthorityFolder, GrantOptions};
use crate::enrol::{read_file, topics};
use crate::home::wall_clock;
use clap::Subcommand;
use std::path::PathBuf;
use sync::enrol::MAX_REQUEST_BYTES;

/// Runs a chain's own authority, in a folder: it says which tills belong to the chain. For chains
/// without a hub. No configuration is read.
///
/// Whoever holds the folder can let any till in. Keep it on a machine that is no till, and a copy
/// of it locked away: without it no till can be enrolled or revoked any more.
#[derive(Debug, Subcommand)]
pub(super) enum Authority {
    /// Makes a chain's authority, once.
    New {
        /// The folder to make.
        folder: PathBuf,
        /// The chain's name, which stands in every certificate and in the topics of a hub's broker:
        /// best without spaces, /, +, # and $.
        #[arg(long, value_name = "NAME")]
        chain: String,
    },
    /// Grants a till's request: signs for its keys and writes the bundle that it accepts. Granting
    /// it again renews the certificate.
    Enrol {
        /// The authority's folder.
        folder: PathBuf,
        /// The file that `till enrol request` wrote.
        request: PathBuf,
        /// The bundle to write; THING.bundle when nothing is said.
        #[arg(long, value_name = "BUNDLE")]
        out: Option<PathBuf>,
        /// How many days the certificate is valid.
        #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        /// The till takes the place of the one that has its name or number. What that one sold
        /// still counts. Its receipts end where its last backup does: restore that backup on the
        /// new machine first, or give the new till a number of its own.
        #[arg(long)]
        replace: bool,
    },
    /// Revokes a till's key, such as that of one that was stolen; writes the paper that tells the
    /// others.
    Revoke {
        /// The authority's folder.
        folder: PathBuf,
        /// The till's name.
        thing: String,
        /// Why, in a few words.
        #[arg(long)]
        why: String,
        /// The till's last backup: what stands in its journals goes on counting. Without one,
        /// nothing that it wrote does until a manager has looked.
        #[arg(long, value_name = "FOLDER")]
        backup: Option<PathBuf>,
        /// The paper to write; THING.revoked when nothing is said.
        #[arg(long, value_name = "PAPER")]
        out: Option<PathBuf>,
    },
    /// Lists the tills that are enrolled and the keys that are revoked.
    List {
        /// The authority's folder.
        folder: PathBuf,
        /// Prints it as JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Authority {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New { folder, chain } => {
                let made = AuthorityFolder::create(&folder, &chain, wall_clock())?;
                out::line(format_args!("{}: the authority of {chain}", folder.display()))?;
                out::line(format_args!("root key {}", made.authority().root()))?;
                if let Some(warning) = topics::warning(&chain) {
                    out::complain(format_args!("till: {warning}"));
                }
                out::line(format_args!(
                    "Lock a copy of the folder away, and keep it off every till."
                ))?;
            }
            Self::Enrol { folder, request, out, days, replace } => {
                let authority = AuthorityFolder::open(&folder)?;
                let bytes = read_file(&request, MAX_REQUEST_BYTES)?;
                let options = GrantOptions { days, replace, now: wall_clock() };
                out::text(&authority.grant(&bytes, out.as_deref(), options)?)?;
            }
            Self::Revoke { folder, thing, why, backup, out } => {
                let authority = AuthorityFolder::open(&folder)?;
                let out = out.unwrap_or_else(|| format!("{thing}.revoked").into());
                let backup = backup.as_deref();
                out::text(&authority.revoke(&thing, &why, backup, &out, wall_clock())?)?;
            }
            Self::List { folder, json } => {
                super::upkeep::show(&AuthorityFolder::open(&folder)?.list()?, json)?;
            }
        }
        Ok(())
    }
}
