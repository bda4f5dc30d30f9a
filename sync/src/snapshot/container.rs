//! What stands before a snapshot's content in a file: a magic word and the manifest.

use super::manifest::{MAX_MANIFEST_BYTES, ManifestError, Sealed};
use std::io::{self, Read, Write};

/// The first bytes of a snapshot's file.
pub const MAGIC: [u8; 8] = *b"TILLSNAP";

/// How long the head is beside the manifest: the magic word, and the manifest's length.
pub const HEAD_BYTES: u64 = 12;

/// Why a snapshot's head can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The file ends too early, or can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another kind of file.
    #[error("it is no snapshot of a catalogue: it does not begin with `TILLSNAP`")]
    NotASnapshot,
    /// The manifest is none.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// Writes what stands before the content.
///
/// # Errors
/// When `to` fails, or the manifest is longer than any.
pub fn write_head(manifest: &[u8], mut to: impl Write) -> io::Result<()> {
    let length = u32::try_from(manifest.len()).map_err(io::Error::other)?;
    to.write_all(&MAGIC)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(manifest)
}

/// Reads what stands before the content; `from` stands at the content then.
///
/// # Errors
/// When it is no snapshot, or its seal does not hold.
pub fn read_head(mut from: impl Read) -> Result<Sealed, HeadError> {
    let mut magic = [0; MAGIC.len()];
    match from.read_exact(&mut magic) {
        Ok(()) if magic == MAGIC => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error.into()),
        _ => return Err(HeadError::NotASnapshot),
    }
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_MANIFEST_BYTES {
        return Err(ManifestError::TooLong(length).into());
    }
    let mut manifest = vec![0; length];
    from.read_exact(&mut manifest)?;
    Ok(Sealed::read(&manifest)?)
}
