//! Counts of what SQLite moves to and from each file. The shim's state owns the live counts;
//! tests and benchmarks read snapshots and subtract them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The smallest database page, in bytes: a shorter transfer moves a header, not a page.
const SMALLEST_PAGE: usize = 512;

/// A snapshot: the counts of each file by its name without folder. SQLite's temporary files
/// share the name `(temporary)`; files of one name in two folders share their counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// File name to its counts.
    pub files: BTreeMap<String, FileCounters>,
}

/// What was moved to and from one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileCounters {
    /// Read calls of a page or more. Shorter ones, of headers, count in `bytes_read` alone.
    pub pages_read: u64,
    /// Bytes asked for by all reads.
    pub bytes_read: u64,
    /// Write calls of a page or more. A frame of the write-ahead log is one, its 24-byte header
    /// counts in `bytes_written` alone.
    pub pages_written: u64,
    /// Bytes of all writes that succeeded.
    pub bytes_written: u64,
    /// Syncs that succeeded.
    pub syncs: u64,
}

impl Counters {
    /// What happened since `earlier`, a snapshot of the same shim. Files without change are
    /// left out.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let files = self.files.iter().filter_map(|(name, now)| {
            let then = earlier.files.get(name).copied().unwrap_or_default();
            let change = now.since(then);
            (change != FileCounters::default()).then(|| (name.clone(), change))
        });
        Self { files: files.collect() }
    }

    /// The counts of the file `name`; zeros when it was never touched.
    #[must_use]
    pub fn file(&self, name: &str) -> FileCounters {
        self.files.get(name).copied().unwrap_or_default()
    }

    /// The sum over all files.
    #[must_use]
    pub fn total(&self) -> FileCounters {
        self.files.values().fold(FileCounters::default(), |sum, file| FileCounters {
            pages_read: sum.pages_read + file.pages_read,
            bytes_read: sum.bytes_read + file.bytes_read,
            pages_written: sum.pages_written + file.pages_written,
            bytes_written: sum.bytes_written + file.bytes_written,
            syncs: sum.syncs + file.syncs,
        })
    }
}

impl FileCounters {
    fn since(self, earlier: Self) -> Self {
        Self {
            pages_read: self.pages_read.saturating_sub(earlier.pages_read),
            bytes_read: self.bytes_read.saturating_sub(earlier.bytes_read),
            pages_written: self.pages_written.saturating_sub(earlier.pages_written),
            bytes_written: self.bytes_written.saturating_sub(earlier.bytes_written),
            syncs: self.syncs.saturating_sub(earlier.syncs),
        }
    }
}

/// The live counts of one file, shared by its handles. Relaxed: each count stands alone.
#[derive(Debug, Default)]
pub(super) struct LiveCounts {
    pages_read: AtomicU64,
    bytes_read: AtomicU64,
    pages_written: AtomicU64,
    bytes_written: AtomicU64,
    syncs: AtomicU64,
}

impl LiveCounts {
    pub(super) fn read(&self, bytes: usize) {
        tally(&self.pages_read, &self.bytes_read, bytes);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        tally(&self.pages_written, &self.bytes_written, bytes);
    }

    pub(super) fn synced(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> FileCounters {
        FileCounters {
            pages_read: self.pages_read.load(Ordering::Relaxed),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            pages_written: self.pages_written.load(Ordering::Relaxed),
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
            syncs: self.syncs.load(Ordering::Relaxed),
        }
    }
}

fn tally(pages: &AtomicU64, total: &AtomicU64, bytes: usize) {
    if bytes >= SMALLEST_PAGE {
        pages.fetch_add(1, Ordering::Relaxed);
    }
    total.fetch_add(bytes as u64, Ordering::Relaxed);
}
