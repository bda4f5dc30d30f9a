//! `till journal export`: the journal as JSON Lines or as CSV, for auditors and spreadsheets.
//!
//! Entries are read one portion at a time inside one read transaction, so a running till may be
//! exported; the folder appears whole, by a rename, or not at all. `docs/journal.md` documents
//! every field and column. Whether the journal is true is left to `verify`. Called by the command
//! line.

mod csv;
mod json;
mod rows;
pub mod tables;

use super::{Progress, UpkeepError, Watch};
use crate::home::{Home, sync_folder};
use crate::plural::counted;
use crate::store::till::{Inspection, JournalStream};
use commerce::fact::Fact;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use sync::body::BodyError;
use sync::store::Stored;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// `journal.jsonl`: one object a fact.
    Jsonl,
    /// A file a table.
    Csv,
}

/// Which facts are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// Those of the latest receipt series from this sequence on.
    From(u64),
    /// Those of the shifts that count for a trading day.
    Day(Date),
    /// Those of one shift.
    Shift(u32),
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// The new folder.
    pub folder: PathBuf,
    /// How it is written.
    pub format: ExportFormat,
    /// Facts in it.
    pub facts: u64,
    /// Entries passed over, which a newer Till wrote; JSON Lines have their bytes.
    pub unknown: u64,
    /// Its files with their rows, in the order of the documentation.
    pub files: Vec<ExportedFile>,
    /// Where each journal ended when it was exported.
    pub heads: Vec<ExportedHead>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// Rows, without a header.
    pub rows: u64,
}

/// Where a journal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedHead {
    /// Its receipt series.
    pub series: Option<u32>,
    /// The last sequence.
    pub seq: u64,
    /// The last entry's hash, in hex.
    pub hash: String,
}

/// One entry on its way out.
struct Exported<'a> {
    series: u32,
    stored: &'a Stored,
    /// `None` where a newer Till wrote it.
    fact: Option<&'a Fact>,
}

/// Where entries go.
trait Sink {
    fn put(&mut self, entry: &Exported<'_>) -> Result<(), UpkeepError>;
    fn finish(self: Box<Self>) -> Result<Vec<ExportedFile>, UpkeepError>;
}

/// Exports the journal of the till in `home` into the new folder `into`.
///
/// # Errors
/// When the folder is there already, cannot be written, or the journal cannot be read. Then
/// nothing is left behind.
pub fn export(
    home: &Home,
    into: &Path,
    format: ExportFormat,
    selection: Selection,
    watch: Watch<'_>,
) -> Result<ExportReport, UpkeepError> {
    if into.exists() {
        return Err(UpkeepError::Exists(into.to_owned()));
    }
    let parent = match into.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(UpkeepError::io(parent))?;
    let looking = Inspection::open(&home.till_db())?;
    let folder = tempfile::Builder::new()
        .prefix(".till-export-")
        .tempdir_in(parent)
        .map_err(UpkeepError::io(parent))?;
    let sink: Box<dyn Sink> = match format {
        ExportFormat::Jsonl => Box::new(json::Lines::begin(folder.path())?),
        ExportFormat::Csv => Box::new(csv::Tables::begin(folder.path())?),
    };
    let mut report = write(&looking, sink, selection, watch)?;
    report.format = format;
    report.folder = into.to_owned();
    sync_folder(folder.path())?;
    let made = folder.keep();
    std::fs::rename(&made, into).map_err(UpkeepError::io(into))?;
    sync_folder(parent)?;
    Ok(report)
}

fn write(
    looking: &Inspection,
    mut sink: Box<dyn Sink>,
    selection: Selection,
    watch: Watch<'_>,
) -> Result<ExportReport, UpkeepError> {
    let streams = looking.streams()?;
    let heads = streams
        .iter()
        .map(|known| ExportedHead {
            series: known.series,
            seq: known.seq,
            hash: known.hash.to_string(),
        })
        .collect();
    let chosen = Chosen::of(selection, looking)?;
    let (mut facts, mut unknown) = (0, 0);
    for known in &streams {
        let Some(first) = chosen.first(known, &streams) else { continue };
        let series = known.series.unwrap_or(0);
        looking.for_each(&known.stream, first, &mut |stored| {
            let seq = stored.entry.seq;
            if seq.is_multiple_of(sync::store::PROGRESS_EVERY) || seq == known.seq {
                watch(Progress { what: "exporting", done: seq, total: known.seq });
            }
            let fact = decode(known, &stored)?;
            if chosen.has(fact.as_ref()) {
                let known_fact = u64::from(fact.is_some());
                (facts, unknown) = (facts + known_fact, unknown + 1 - known_fact);
                sink.put(&Exported { series, stored: &stored, fact: fact.as_ref() })?;
            }
            Ok::<_, UpkeepError>(())
        })?;
    }
    let files = sink.finish()?;
    let (folder, format) = (PathBuf::new(), ExportFormat::Jsonl);
    Ok(ExportReport { folder, format, facts, unknown, files, heads })
}

fn decode(known: &JournalStream, stored: &Stored) -> Result<Option<Fact>, UpkeepError> {
    match sync::body::decode(&stored.entry.body) {
        Ok(fact) => Ok(Some(fact)),
        Err(BodyError::UnknownKind(_) | BodyError::UnknownNumber { .. }) => Ok(None),
        Err(source) => {
            let replica = known.stream.id().replica;
            Err(UpkeepError::Body { replica, seq: stored.entry.seq, source })
        }
    }
}

/// A selection, looked up.
enum Chosen {
    All,
    From(u64),
    Shifts(BTreeSet<u32>),
}

impl Chosen {
    fn of(selection: Selection, looking: &Inspection) -> Result<Self, UpkeepError> {
        Ok(match selection {
            Selection::All => Self::All,
            Selection::From(seq) => Self::From(seq),
            Selection::Day(day) => Self::Shifts(looking.shifts_of(day)?.into_iter().collect()),
            Selection::Shift(shift) => Self::Shifts([shift].into()),
        })
    }

    /// From where a stream is read; `None` passes it over.
    fn first(&self, known: &JournalStream, all: &[JournalStream]) -> Option<u64> {
        match self {
            Self::All | Self::Shifts(_) => Some(1),
            Self::From(seq) => {
                let latest = all.iter().filter_map(|stream| stream.series).max();
                (known.series == latest).then_some(*seq)
            }
        }
    }

    fn has(&self, fact: Option<&Fact>) -> bool {
        match self {
            Self::All | Self::From(_) => true,
            Self::Shifts(shifts) => {
                fact.and_then(Fact::shift).is_some_and(|shift| shifts.contains(&shift))
            }
        }
    }
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} exported to {}",
            counted(self.facts, "fact", "facts"),
            self.folder.display()
        )?;
        for file in &self.files {
            writeln!(f, "{:>10} rows  {}", file.rows, file.name)?;
        }
        if self.unknown > 0 {
            writeln!(
                f,
                "{} written by a newer Till: update to read all",
                counted(self.unknown, "entry was", "entries were")
            )?;
        }
        Ok(())
    }
}
