//! The manifest: what a snapshot is, sealed by the hub that made it.
//!
//! `[kind, fields, sealer, signature]` in CBOR, as papers are; fields are an array by position, the
//! signature is the sealer's over a tag and `[kind, fields, sealer]`. Newer versions add fields at
//! the end; they are covered by the signature and passed over. Whose keys count is
//! [`crate::trust`]'s, asked by [`Sealed::believe`].
//!
//! Kind 1, fields from 0: schema, made in ms since 1970, currency, store or null, items, content,
//! [replica, stream kind, sequence, clock, hash, seal]…, paper…; the content is `[0, bytes, bytes after
//! decompression, SHA-256]` for a file and `[1, bytes after decompression, [bytes, SHA-256]…]` for
//! pages.

mod code;
mod error;

pub use error::{ManifestError, Unbelieved};

use crate::clock::Hlc;
use crate::log::{Hash, Seal, SealKey, SealingKey, StreamId};
use crate::trust::{Member, Standing, Trust, is_name};
use commerce::Currency;
use ring::digest;
use std::collections::BTreeSet;
use std::fmt;

/// The longest manifest in bytes: it travels as one answer.
pub const MAX_MANIFEST_BYTES: usize = crate::wire::MAX_ASK_BYTES;

/// The most streams of a hub's: each of its incarnations has one for each zone that a store sells in.
pub const MAX_HEADS: usize = 64;

/// The most papers that come with a snapshot: the hub's, and one of each of its incarnations.
pub const MAX_SNAPSHOT_PAPERS: usize = MAX_HEADS + 8;

/// The most pages: with [`MAX_HEADS`] they still fit a manifest, and hold ten million items.
pub const MAX_PAGES: usize = 1_300;

/// The most bytes of a page: a frame holds it beside its envelope.
pub const MAX_PAGE_BYTES: u32 = 119 * 1024;

/// The most bytes of a catalogue after decompression: fifty times one of a million items, and no
/// more than any till's disk.
pub const MAX_CATALOGUE_BYTES: u64 = 8 << 30;

/// What is signed first, so that a snapshot's signature is never taken for another's.
const TAG: [u8; 16] = *b"till/snapshot/v1";

/// Names a snapshot: the beginning of its manifest's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub u64);

/// `0011223344556677`
impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The schema of `catalogue.db` whose rows it has.
    pub schema: u32,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: i64,
    /// The currency of its prices.
    pub currency: Currency,
    /// The store it was made for; `None` for every store that sells in the currency.
    pub store: Option<String>,
    /// How many items it has.
    pub items: u64,
    /// What follows the manifest.
    pub form: Form,
    /// Where the hub's streams stood: entries up to there are in it, those after are not.
    pub heads: Vec<StreamHead>,
    /// The papers of whoever sealed it and wrote the streams, issuers first: a till that never met
    /// the hub needs them.
    pub papers: Vec<Vec<u8>>,
}

/// The form of a snapshot's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One zstd frame over a SQLite database.
    File {
        /// Its length.
        bytes: u64,
        /// The database's length.
        plain: u64,
        /// The SHA-256 of the frame.
        hash: Hash,
    },
    /// Pages in columns, one behind the other.
    Pages {
        /// The length of all pages after decompression.
        plain: u64,
        /// Each page.
        pages: Vec<PageMark>,
    },
}

/// One page of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageMark {
    /// Its length.
    pub bytes: u32,
    /// Its SHA-256.
    pub hash: Hash,
}

/// Where a stream stood, sealed by its writer: whoever takes the snapshot begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// The stream.
    pub stream: StreamId,
    /// Its last sequence.
    pub seq: u64,
    /// The clock there.
    pub clock: Hlc,
    /// The hash there.
    pub hash: Hash,
    /// The writer's seal over it.
    pub seal: Seal,
}

impl Manifest {
    /// How long the content behind the manifest is.
    #[must_use]
    pub fn content_bytes(&self) -> u64 {
        match &self.form {
            Form::File { bytes, .. } => *bytes,
            Form::Pages { pages, .. } => pages.iter().map(|page| u64::from(page.bytes)).sum(),
        }
    }

    /// Where each page begins in the content, with its mark; none for a file.
    pub fn pages(&self) -> impl Iterator<Item = (u64, &PageMark)> {
        let pages = match &self.form {
            Form::File { .. } => [].as_slice(),
            Form::Pages { pages, .. } => pages.as_slice(),
        };
        pages.iter().scan(0, |next, page| {
            let at = *next;
            *next += u64::from(page.bytes);
            Some((at, page))
        })
    }

    /// The manifest's bytes, sealed.
    ///
    /// # Errors
    /// When it breaks a rule that readers hold it to.
    pub fn seal(&self, key: &SealingKey) -> Result<Vec<u8>, ManifestError> {
        self.check()?;
        code::write(self, key)
    }

    /// Checks what holds in both directions.
    fn check(&self) -> Result<(), ManifestError> {
        let refuse = |what, why: String| Err(ManifestError::Value { what, why });
        if let Some(store) = self.store.as_ref().filter(|store| !is_name(store)) {
            let shown: String = store.chars().take(MAX_SHOWN).collect();
            return refuse("a snapshot's store", format!("`{shown}` is no store's code"));
        }
        let plain = match &self.form {
            Form::File { bytes, plain, .. } => {
                if *bytes > MAX_CATALOGUE_BYTES {
                    return refuse("a snapshot's length", format!("{bytes} bytes"));
                }
                *plain
            }
            Form::Pages { plain, pages } => {
                at_most("the pages of a snapshot", pages.len(), MAX_PAGES)?;
                if let Some(page) =
                    pages.iter().find(|it| !(1..=MAX_PAGE_BYTES).contains(&it.bytes))
                {
                    return refuse("a page of a snapshot", format!("{} bytes", page.bytes));
                }
                *plain
            }
        };
        if plain == 0 || plain > MAX_CATALOGUE_BYTES {
            return refuse("a snapshot's length after decompression", format!("{plain} bytes"));
        }
        at_most("the streams of a snapshot", self.heads.len(), MAX_HEADS)?;
        at_most("the papers of a snapshot", self.papers.len(), MAX_SNAPSHOT_PAPERS)?;
        let mut seen = BTreeSet::new();
        match self.heads.iter().find(|it| !it.stream.kind.is_hubs() || !seen.insert(it.stream)) {
            None => Ok(()),
            Some(head) => {
                let why = format!("the {} is no hub's, or stands twice", head.stream);
                refuse("the streams of a snapshot", why)
            }
        }
    }
}

/// The longest part of a refused text that is shown, in characters.
const MAX_SHOWN: usize = 64;

fn at_most(what: &'static str, length: usize, most: usize) -> Result<(), ManifestError> {
    if length > most {
        let why = format!("{length} where at most {most} are taken");
        return Err(ManifestError::Value { what, why });
    }
    Ok(())
}

/// A manifest with its seal, which holds; whether the sealer counts is [`Sealed::believe`]'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    manifest: Manifest,
    sealer: SealKey,
    bytes: Vec<u8>,
}

impl Sealed {
    /// Reads a manifest and verifies that whom it names sealed it.
    ///
    /// # Errors
    /// When it is malformed, a newer version's, or not sealed so.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let (manifest, sealer) = code::read(bytes)?;
        manifest.check()?;
        Ok(Self { manifest, sealer, bytes: bytes.to_vec() })
    }

    /// What it says.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its bytes, to be handed on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Which snapshot it is.
    #[must_use]
    pub fn id(&self) -> SnapshotId {
        let hash = digest::digest(&digest::SHA256, &self.bytes);
        let first = hash.as_ref().first_chunk::<8>().copied().unwrap_or_default();
        SnapshotId(u64::from_be_bytes(first))
    }

    /// Checks that a hub of the chain sealed it, and that the writer of each stream sealed where it
    /// stood. Gives `trust` with the papers that came with it, as far as they count.
    ///
    /// # Errors
    /// When it can't be believed; the error says whom to ask for what.
    pub fn believe(&self, trust: &Trust) -> Result<Trust, Unbelieved> {
        let mut trust = trust.clone();
        for paper in &self.manifest.papers {
            // One that says nothing here is passed over; what is missing then is named below.
            trust.admit(paper).ok();
        }
        if trust.is_revoked(&self.sealer) {
            return Err(Unbelieved::Revoked(self.sealer));
        }
        if trust.member(&self.sealer) != Some(Member::Hub) {
            return Err(Unbelieved::NotAHub(self.sealer));
        }
        self.manifest.heads.iter().try_for_each(|head| head.believe(&trust))?;
        Ok(trust)
    }
}

impl StreamHead {
    fn believe(&self, trust: &Trust) -> Result<(), Unbelieved> {
        let stream = self.stream;
        let key = trust.key_of(stream.replica).map(|(key, _)| key);
        let key = key.ok_or(Unbelieved::UnknownWriter(stream.replica))?;
        let counts = match trust.standing(stream) {
            Standing::Enrolled(Member::Hub) => true,
            Standing::Revoked { last } => self.seq <= last,
            _ => false,
        };
        if counts && key.verify(stream, self.seq, &self.hash, &self.seal).is_ok() {
            return Ok(());
        }
        Err(Unbelieved::Stream(stream))
    }
}

#[cfg(test)]
mod tests;
