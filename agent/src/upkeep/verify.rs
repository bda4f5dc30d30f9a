//! `till journal verify`: that the journal is what was written, and that it adds up.
//!
//! First every stream of `till.db` against its key (chain, seals, sequence, head) and against the
//! witness; then what its facts must keep: receipt numbers without gap or double, sales that add
//! up, Zs equal to the facts of their shift; and when asked, that the state is what the journal
//! folds into. All in one read transaction, also while a till runs. The chain itself is left to
//! `sync`. Called by the command line, after a restore, and by `doctor`.

mod facts;

use super::{Progress, Seen, UpkeepError, Watch, seen};
use crate::home::Home;
use crate::plural::counted;
use crate::store::till::{Inspection, JournalStream, rebuild_differences};
use facts::Facts;
use serde::Serialize;
use std::fmt;
use sync::store::Mark;

/// What is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyOptions {
    /// Also folds the journal into a temporary copy and compares the state with it.
    pub rebuild_check: bool,
}

/// A journal in which everything holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Each incarnation's journal, in the order they were begun.
    pub journals: Vec<VerifiedJournal>,
    /// What the witness said.
    pub witness: WitnessSays,
    /// Closed shifts whose Z is the sum of their facts.
    pub zs: u64,
    /// Entries that a newer Till wrote: sealed, but not understood by this one.
    pub unknown: u64,
    /// Whether the state was compared with a rebuild, and is equal.
    pub state_compared: bool,
}

/// One incarnation's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedJournal {
    /// The replica that wrote it, in hex.
    pub replica: String,
    /// Its receipt series, where its first entry says so.
    pub series: Option<u32>,
    /// Entries, which is the last sequence as well.
    pub entries: u64,
    /// Seals among them.
    pub seals: u64,
    /// The last entry's hash, in hex.
    pub head: String,
    /// Receipts: sales and returns.
    pub receipts: u64,
    /// The last receipt's number, as printed.
    pub last_receipt: Option<String>,
}

/// What the witness said of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessSays {
    /// It saw this entry, and it is here.
    Agrees(u64),
    /// There is none; the next start begins a new series.
    Missing,
    /// A backup was put back; the next start begins a new series.
    Restored,
    /// It cannot be read; the next start begins a new series.
    Unreadable(String),
}

/// Verifies the journal of the till in `home`.
///
/// # Errors
/// The first fault, precisely, or why the files cannot be read.
pub fn verify(
    home: &Home,
    options: VerifyOptions,
    watch: Watch<'_>,
) -> Result<VerifyReport, UpkeepError> {
    let seen = seen(home)?;
    let looking = Inspection::open(&home.till_db())?;
    let mut report = verify_inspection(&looking, &seen, watch)?;
    drop(looking);
    if options.rebuild_check {
        assert_state(home, watch)?;
        report.state_compared = true;
    }
    Ok(report)
}

/// Verifies what is looked into, against what was seen of it.
pub(super) fn verify_inspection(
    looking: &Inspection,
    seen: &Seen,
    watch: Watch<'_>,
) -> Result<VerifyReport, UpkeepError> {
    let streams = looking.streams()?;
    let witness = match seen {
        Seen::Witness(witness) => {
            let chain = witness.head;
            if streams.iter().all(|known| known.stream.id().replica != chain.replica) {
                return Err(UpkeepError::Elsewhere { replica: chain.replica, seq: chain.seq });
            }
            WitnessSays::Agrees(chain.seq)
        }
        Seen::Nothing => WitnessSays::Missing,
        Seen::Restored => WitnessSays::Restored,
        Seen::Unreadable(why) => WitnessSays::Unreadable(why.clone()),
    };
    let mut facts = Facts::default();
    let mut journals = Vec::with_capacity(streams.len());
    for known in &streams {
        journals.push(verify_stream(looking, known, seen, &mut facts, watch)?);
    }
    for workspace in looking.workspaces()? {
        looking.verify(&workspace, None, &mut |done, total| {
            watch(Progress { what: "verifying carts", done, total });
        })?;
    }
    let Facts { zs, unknown, .. } = facts;
    Ok(VerifyReport { journals, witness, zs, unknown, state_compared: false })
}

fn verify_stream(
    looking: &Inspection,
    known: &JournalStream,
    seen: &Seen,
    facts: &mut Facts,
    watch: Watch<'_>,
) -> Result<VerifiedJournal, UpkeepError> {
    let id = known.stream.id();
    let mark = match seen {
        Seen::Witness(witness) if witness.head.replica == id.replica => {
            Some(Mark { seq: witness.head.seq, hash: witness.head.hash })
        }
        _ => None,
    };
    let verified = looking.verify(&known.stream, mark, &mut |done, total| {
        watch(Progress { what: "verifying seals", done, total });
    })?;
    facts.begin_stream();
    let written_here = looking.written_here(&known.stream)?;
    looking.for_each(&known.stream, 1, &mut |stored| {
        let seq = stored.entry.seq;
        if seq.is_multiple_of(sync::store::PROGRESS_EVERY) || seq == known.seq {
            watch(Progress { what: "verifying facts", done: seq, total: known.seq });
        }
        facts.check(id.replica, &stored, seq > written_here)
    })?;
    let (receipts, last) = facts.receipts();
    Ok(VerifiedJournal {
        replica: id.replica.to_string(),
        series: known.series,
        entries: verified.entries,
        seals: verified.sealed,
        head: verified.hash.to_string(),
        receipts,
        last_receipt: last.map(ToString::to_string),
    })
}

/// Folds the journal into a temporary copy in the till's folder and compares.
fn assert_state(home: &Home, watch: Watch<'_>) -> Result<(), UpkeepError> {
    let folder = tempfile::Builder::new()
        .prefix(".rebuild-")
        .tempdir_in(home.folder())
        .map_err(UpkeepError::io(home.folder()))?;
    let scratch = folder.path().join("till.db");
    let differences = rebuild_differences(&home.till_db(), &scratch, &mut |done| {
        watch(Progress { what: "folding again", done, total: done });
    })?;
    if differences.is_empty() {
        return Ok(());
    }
    let tables: Vec<String> =
        differences.iter().map(|(table, rows)| format!("{rows} rows of table {table}")).collect();
    Err(UpkeepError::State(tables.join(", ")))
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The journal verifies.")?;
        for journal in &self.journals {
            let series = journal.series.map_or_else(|| "-".to_owned(), |series| series.to_string());
            writeln!(
                f,
                "series {series}: {}, {}, {} (last {}), head {}",
                counted(journal.entries, "entry", "entries"),
                counted(journal.seals, "seal", "seals"),
                counted(journal.receipts, "receipt", "receipts"),
                journal.last_receipt.as_deref().unwrap_or("none"),
                journal.head,
            )?;
        }
        let are = counted(self.zs, "Z is", "Zs are");
        writeln!(f, "{are} the sum of their shift's facts")?;
        match &self.witness {
            WitnessSays::Agrees(seq) => writeln!(f, "the witness saw entry {seq}, which is here")?,
            WitnessSays::Missing => {
                writeln!(f, "there is no witness: the next `till run` begins a new series")?;
            }
            WitnessSays::Restored => {
                writeln!(f, "a backup was put back: the next `till run` begins a new series")?;
            }
            WitnessSays::Unreadable(why) => {
                writeln!(f, "{why}: the next `till run` begins a new series")?;
            }
        }
        if self.unknown > 0 {
            writeln!(
                f,
                "{} entries were written by a newer Till and not looked into",
                self.unknown
            )?;
        }
        if self.state_compared {
            writeln!(f, "the state equals a rebuild from the journal")?;
        }
        Ok(())
    }
}
