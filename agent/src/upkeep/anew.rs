//! `till restore --without-backup`: a till whose journal is lost, and of which no backup is left,
//! begins a new one. An explicit act: nothing else lets a till that has sold begin from nothing.

use super::UpkeepError;
use super::restore::{former_series, set_files_aside};
use crate::home::{Home, Lock};
use crate::store::till::Head;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sync::log::{Hash, ReplicaId};
use sync::store::Machine;

/// The head of a journal that has nothing in it: a till that finds it in its witness may begin.
const NOTHING: Head = Head { replica: ReplicaId([0; 16]), seq: 0, hash: Hash([0; 32]) };

/// A till that may begin anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnewReport {
    /// Where what was left of the till's journal was set aside.
    pub set_aside: Option<PathBuf>,
    /// The highest receipt series this till is known to have given; its next is one higher.
    pub known_series: u32,
}

/// Sets aside what is left of `till.db` and lets the next start begin a new journal, in a receipt
/// series above every one that is known here. The catalogue stays.
///
/// # Errors
/// When a file cannot be read, moved or written.
pub fn begin_anew(
    home: &Home,
    _lock: &Lock,
    machine: Machine,
    now: Timestamp,
) -> Result<AnewReport, UpkeepError> {
    let seen = home.witness()?.map_or(0, |witness| witness.series);
    let known_series = former_series(home, seen)?;
    // Before anything moves: cut short, the till still refuses or has its own database.
    home.write_witness(machine, NOTHING, known_series)?;
    let set_aside = set_files_aside(home, &["till.db"], now)?;
    Ok(AnewReport { set_aside, known_series })
}

impl fmt::Display for AnewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = &self.set_aside {
            writeln!(f, "What was left of till.db is in {}", folder.display())?;
        }
        let series = self.known_series + 1;
        writeln!(f, "The next `till run` begins a new journal, in receipt series {series}.")?;
        writeln!(f, "PINs are to be set anew: `till run` shows the code for an administrator's.")
    }
}
