//! Snapshots of the catalogue: what a till that lacks much of it gets instead of entries.
//!
//! Pure but for the bytes it reads and writes: tables are [`crate::store::catalogue`]'s, who asks for
//! which and when is the host's. A hub makes them; a till takes them up, keeps them and hands them
//! on, but can never make one that another till believes.
//!
//! # For a reader in ten years
//!
//! A snapshot is a file, or the same bytes piece by piece: the 8 bytes `TILLSNAP`, the length of the
//! [`manifest`] in 4 bytes big-endian, the manifest, and the content it vouches for. The content has
//! one of two forms:
//!
//! - **file**: one zstd frame over a SQLite database, ready to be opened. Large and quick: for disks
//!   and for a fast network.
//! - **pages**: the same rows as [`page`]s in columns, one zstd frame each, one behind the other.
//!   A third of the size: for links that cost money. Each page is vouched for by itself, so they can
//!   come in any order, from anyone.

pub mod column;
pub mod container;
pub mod manifest;
pub mod page;

#[cfg(test)]
mod tests;

pub use container::{HEAD_BYTES, MAGIC, read_head, write_head};
pub use manifest::{
    Form, MAX_MANIFEST_BYTES, MAX_PAGES, Manifest, ManifestError, PageMark, Sealed, SnapshotId,
    StreamHead, Unbelieved,
};
