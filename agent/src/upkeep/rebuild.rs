//! `till journal rebuild`: the state folded again from the journal.
//!
//! For a till whose state was found to differ from its journal. Open and parked carts, print jobs
//! and PINs are no fold and stay as they are. Called by the command line, with the till stopped.

use super::{Progress, UpkeepError, Watch};
use crate::home::{Home, Lock};
use crate::plural::counted;
use crate::store::till::{Inspection, rebuild_in_place};
use serde::Serialize;
use std::fmt;

/// What was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RebuildReport {
    /// Entries folded.
    pub entries: u64,
}

/// Folds the journal of the till in `home` again, all or nothing; `_lock` keeps a till from
/// running meanwhile.
///
/// # Errors
/// When an entry cannot be read or folded; then the state is as it was.
pub fn rebuild(home: &Home, _lock: &Lock, watch: Watch<'_>) -> Result<RebuildReport, UpkeepError> {
    let file = home.till_db();
    let looking = Inspection::open(&file)?;
    let total = looking.streams()?.iter().map(|known| known.seq).sum();
    drop(looking);
    let entries = rebuild_in_place(&file, &mut |done| {
        watch(Progress { what: "folding", done, total });
    })?;
    Ok(RebuildReport { entries })
}

impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = counted(self.entries, "entry", "entries");
        writeln!(f, "The state was folded again from {entries}.")
    }
}
