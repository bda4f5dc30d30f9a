//! zstd, bounded: one frame, one window, no dictionary, nothing behind it.
//!
//! What is compressed and what it means is left to [`crate::batch`] and [`crate::wire`].

use std::io::{Error, Read};

/// zstd's own default: an archive is packed once, and a frame's bytes cost more than its time.
const LEVEL: i32 = 3;

/// What reading may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes after decompression.
    pub bytes: usize,
    /// zstd's window, as a power of two: memory that a frame makes its reader hold.
    pub window_log: u32,
}

/// Why bytes could not be compressed or decompressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SqueezeError {
    /// There is more in it than the bound.
    #[error("more than {0} bytes come out of it")]
    TooLong(usize),
    /// zstd refuses it, or something stands behind it.
    #[error("{0}")]
    Damaged(String),
}

/// One frame over `raw`, with a checksum where damage is to be told apart from forgery.
pub(crate) fn compress(raw: &[u8], checksum: bool) -> Result<Vec<u8>, SqueezeError> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(damaged)?;
    compressor.include_checksum(checksum).map_err(damaged)?;
    compressor.compress(raw).map_err(damaged)
}

/// Decompresses exactly one frame; memory grows with what really comes, not with what the frame
/// announces.
pub(crate) fn decompress(frame: &[u8], bounds: Bounds) -> Result<Vec<u8>, SqueezeError> {
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(frame).map_err(damaged)?.single_frame();
    decoder.window_log_max(bounds.window_log).map_err(damaged)?;
    let mut raw = Vec::new();
    let enough = (bounds.bytes as u64).saturating_add(1);
    decoder.by_ref().take(enough).read_to_end(&mut raw).map_err(damaged)?;
    if raw.len() > bounds.bytes {
        return Err(SqueezeError::TooLong(bounds.bytes));
    }
    if !decoder.into_inner().is_empty() {
        return Err(SqueezeError::Damaged("something follows it".to_owned()));
    }
    Ok(raw)
}

fn damaged(error: Error) -> SqueezeError {
    SqueezeError::Damaged(error.to_string())
}
