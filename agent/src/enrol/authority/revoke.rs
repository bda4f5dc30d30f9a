//! `till authority revoke`: a key that counts no longer, such as that of a till that was stolen.

use super::grant::{described, serial_at};
use super::{AuthorityFolder, EnrolError};
use crate::home::replace_file;
use crate::upkeep::Manifest;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use sync::log::{ReplicaId, StreamKind};
use sync::trust::{Revocation, TillPaper};

/// The longest reason in bytes: it stands in a paper of at most 1 KB, beside the ends of streams.
const MAX_WHY_BYTES: usize = 200;

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokeReport {
    /// The till.
    pub till: String,
    /// Its journals that count up to an entry.
    pub ends: usize,
    /// The paper.
    pub paper: PathBuf,
}

impl AuthorityFolder {
    /// Revokes the key of a till, and writes the paper to `out`. What stands in its last `backup`
    /// goes on counting; without one nothing it wrote does, until a manager has looked.
    ///
    /// # Errors
    /// When no such till is enrolled, the backup is another's, or a file can't be written.
    pub fn revoke(
        &self,
        thing: &str,
        why: &str,
        backup: Option<&Path>,
        out: &Path,
        now: Timestamp,
    ) -> Result<RevokeReport, EnrolError> {
        let tills = self.tills()?;
        let found = tills.get(thing).map(|(_, paper)| paper);
        let paper = found.ok_or_else(|| EnrolError::NoSuchTill(thing.to_owned()))?;
        let ends = backup.map(|folder| ends(folder, paper)).transpose()?.unwrap_or_default();
        let mut why = why.to_owned();
        why.truncate(why.floor_char_boundary(MAX_WHY_BYTES));
        let serial = serial_at(now);
        let count = ends.len();
        let revoked = Revocation { key: paper.key, why, serial, ends };
        let bytes = self.authority.revocation(revoked)?;
        let file = self.file("revoked", &format!("{thing}-{serial}.paper"));
        replace_file(&file, &bytes)?;
        self.retire(paper)?;
        replace_file(out, &bytes)?;
        Ok(RevokeReport { till: described(paper), ends: count, paper: out.to_owned() })
    }
}

/// Where the journals in a till's backup end.
fn ends(folder: &Path, paper: &TillPaper) -> Result<Vec<(ReplicaId, StreamKind, u64)>, EnrolError> {
    let manifest = Manifest::read(folder)?;
    if manifest.store != paper.store || manifest.till != paper.number {
        let (store, till) = (manifest.store, manifest.till);
        return Err(EnrolError::OtherBackup { folder: folder.to_owned(), store, till });
    }
    let end = |journal: &crate::upkeep::BackupJournal| {
        let replica = journal.replica.parse().map_err(|error: sync::log::IdError| {
            EnrolError::BadRegister { file: folder.to_owned(), detail: error.to_string() }
        })?;
        Ok((replica, StreamKind::Journal, journal.seq))
    };
    manifest.journals.iter().map(end).collect()
}

impl fmt::Display for RevokeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is revoked.", self.till)?;
        if self.ends == 0 {
            writeln!(f, "Nothing it wrote counts by itself any more; a manager decides.")?;
        } else {
            writeln!(f, "What stands in the backup counts; a manager decides about the rest.")?;
        }
        let paper = self.paper.display();
        writeln!(f, "Take {paper} to one till of each store, stop it, and run:")?;
        writeln!(f, "till enrol paper {paper}")?;
        writeln!(f, "Tills that are linked pass it on by themselves.")
    }
}
