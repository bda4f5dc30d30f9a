//! A snapshot that comes page by page, in any order, and the one that is kept for others.
//!
//! The pages stand in a file as they will be read, each at its place; what a till that was stopped
//! has of them is found by their hashes. Nothing of it waits for the disk: a page that a power cut
//! took is asked for again. Whoever asks for pages, and whom, is `crate::link`'s affair.

use super::{TakeError, look, with_suffix};
use crate::store::open::OpenOptions;
use ring::digest;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use sync::snapshot::{HEAD_BYTES, Manifest, PageMark, Sealed, SnapshotId, write_head};
use sync::wire::Page;

/// A snapshot under way.
#[derive(Debug)]
pub struct Incoming {
    sealed: Sealed,
    file: File,
    path: PathBuf,
    missing: BTreeSet<u32>,
}

impl Incoming {
    /// Begins to collect the pages of a snapshot for the catalogue at `catalogue`; goes on where it
    /// was left if it is the one that was under way.
    ///
    /// # Errors
    /// When the file can't be made.
    pub fn begin(catalogue: &Path, sealed: Sealed) -> Result<Self, TakeError> {
        let path = with_suffix(catalogue, ".incoming");
        let before = look(&path).ok().filter(|(found, _)| *found == sealed);
        let failed = TakeError::writing(&path);
        let file = match before {
            Some(_) => File::options().read(true).write(true).open(&path).map_err(failed)?,
            None => create(&path, &sealed).map_err(failed)?,
        };
        let mut incoming = Self { sealed, file, path, missing: BTreeSet::new() };
        incoming.missing = incoming.lacking();
        Ok(incoming)
    }

    /// Which snapshot it is.
    #[must_use]
    pub fn id(&self) -> SnapshotId {
        self.sealed.id()
    }

    /// Pages that are not here, the first of them, at most `most`.
    #[must_use]
    pub fn missing(&self, most: usize) -> Vec<u32> {
        self.missing.iter().copied().take(most).collect()
    }

    /// Takes a page up; false when it is none of this snapshot's, or not what the hub sealed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put(&mut self, page: &Page) -> Result<bool, TakeError> {
        let manifest = self.sealed.manifest();
        let Some((at, mark)) = place(manifest, page.number) else { return Ok(false) };
        if page.snapshot != self.id().0 || !is_page(mark, &page.rows) {
            return Ok(false);
        }
        let at = begin_of(&self.sealed) + at;
        self.file.write_all_at(&page.rows, at).map_err(TakeError::writing(&self.path))?;
        self.missing.remove(&page.number);
        Ok(true)
    }

    /// Its file, complete once nothing is missing.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it for others, in the place of the one before.
    ///
    /// # Errors
    /// When it can't be renamed.
    pub fn keep(self, catalogue: &Path) -> Result<(), TakeError> {
        let kept = with_suffix(catalogue, KEPT);
        fs::rename(&self.path, &kept).map_err(TakeError::writing(&kept))
    }

    fn lacking(&self) -> BTreeSet<u32> {
        let begin = begin_of(&self.sealed);
        let here = |at: u64, mark: &PageMark| {
            let mut bytes = vec![0; usize::try_from(mark.bytes).unwrap_or_default()];
            self.file.read_exact_at(&mut bytes, begin + at).is_ok() && is_page(mark, &bytes)
        };
        let pages = (0_u32..).zip(self.sealed.manifest().pages());
        pages.filter(|(_, (at, mark))| !here(*at, mark)).map(|(number, _)| number).collect()
    }
}

/// What the file of the snapshot that is kept for others ends with.
const KEPT: &str = ".snapshot";

/// A snapshot that was taken up as pages, handed on as the hub sealed it.
#[derive(Debug)]
pub struct Kept {
    sealed: Sealed,
    file: File,
}

impl Kept {
    /// The one beside a catalogue; `None` when there is none that can be read.
    #[must_use]
    pub fn open(catalogue: &OpenOptions) -> Option<Self> {
        let (sealed, file) = look(&with_suffix(&catalogue.path, KEPT)).ok()?;
        Some(Self { sealed, file })
    }

    /// Which it is, with its manifest.
    #[must_use]
    pub const fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// A page of it; `None` when it has no such page, or the file is damaged there.
    #[must_use]
    pub fn page(&self, number: u32) -> Option<Page> {
        let manifest = self.sealed.manifest();
        let (at, mark) = place(manifest, number)?;
        let mut rows = vec![0; usize::try_from(mark.bytes).ok()?];
        self.file.read_exact_at(&mut rows, begin_of(&self.sealed) + at).ok()?;
        let of = u32::try_from(manifest.pages().count()).ok()?;
        is_page(mark, &rows).then(|| Page { snapshot: self.sealed.id().0, number, of, rows })
    }
}

/// Keeps a copy of a snapshot's file for others, if it is one of pages.
pub(super) fn keep_copy(
    catalogue: &Path,
    snapshot: &Path,
    sealed: &Sealed,
) -> Result<(), TakeError> {
    if sealed.manifest().pages().next().is_none() {
        return Ok(());
    }
    let (kept, copy) = (with_suffix(catalogue, KEPT), with_suffix(catalogue, ".incoming"));
    if snapshot == copy {
        return Ok(());
    }
    fs::copy(snapshot, &copy).map_err(TakeError::writing(&copy))?;
    fs::rename(&copy, &kept).map_err(TakeError::writing(&kept))
}

/// A page's place in the content, and what vouches for it.
fn place(manifest: &Manifest, number: u32) -> Option<(u64, &PageMark)> {
    manifest.pages().nth(usize::try_from(number).ok()?)
}

fn is_page(mark: &PageMark, bytes: &[u8]) -> bool {
    bytes.len() as u64 == u64::from(mark.bytes)
        && digest::digest(&digest::SHA256, bytes).as_ref() == &mark.hash.0[..]
}

/// Where the content begins in the file.
fn begin_of(sealed: &Sealed) -> u64 {
    HEAD_BYTES + sealed.bytes().len() as u64
}

/// A file with all its room, without pages.
fn create(path: &Path, sealed: &Sealed) -> std::io::Result<File> {
    let options = File::options().create(true).truncate(true).read(true).write(true).clone();
    let mut file = options.open(path)?;
    write_head(sealed.bytes(), &mut file)?;
    file.flush()?;
    let begin = file.stream_position()?;
    file.set_len(begin + sealed.manifest().content_bytes())?;
    Ok(file)
}
