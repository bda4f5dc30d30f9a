//! The bytes of a file: which format, how far we are, and how long one row may be.

use super::error::ImportError;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

/// The longest row in bytes. Real ones have some hundred; a quote that is never closed would
/// otherwise read the whole file into memory.
pub(super) const MAX_ROW_BYTES: u64 = 256 * 1024;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header row.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// The format of a file by its name: `.csv`, `.jsonl`, `.ndjson`.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub bytes: u64,
    /// Bytes of the file.
    pub total: u64,
    /// Rows read.
    pub rows: u64,
}

/// A file to import.
pub struct Input<'p> {
    /// Where it is.
    pub path: &'p Path,
    /// How it is written; `None` goes by its name.
    pub format: Option<Format>,
    /// Told now and then how far it is.
    pub progress: &'p mut dyn FnMut(Progress),
}

/// Bytes read so far, in all and since the row began; shared by the reader below the parser and
/// the table above it.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) total: Cell<u64>,
    pub(super) row: Cell<u64>,
}

/// A file that counts, and refuses a row without end. Line ends of two characters read as one: the
/// parser counts lines by the second, after a row has begun.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    meter: Rc<Meter>,
    /// A carriage return ended the last piece; what follows decides on it.
    held: bool,
    /// Whether the last byte ended a line: the end of the file always does.
    at_line_end: bool,
}

impl Source {
    /// Opens a file; gives its length too.
    pub(super) fn open(path: &Path, meter: Rc<Meter>) -> Result<(Self, u64), ImportError> {
        let named = |source| ImportError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(named)?;
        let length = file.metadata().map_err(named)?.len();
        let mut mark = Vec::with_capacity(2);
        Read::by_ref(&mut file).take(2).read_to_end(&mut mark).map_err(named)?;
        if mark == [0xff, 0xfe] || mark == [0xfe, 0xff] {
            return Err(ImportError::BadFile {
                file: path.to_owned(),
                line: 1,
                reason: "the file is UTF-16; save it as UTF-8".to_owned(),
            });
        }
        file.seek(SeekFrom::Start(0)).map_err(named)?;
        Ok((Self { file, meter, held: false, at_line_end: true }, length))
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.row.get() > MAX_ROW_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a row is longer than {MAX_ROW_BYTES} bytes: is a quote not closed?"),
            ));
        }
        loop {
            let held = usize::from(std::mem::take(&mut self.held));
            let Some((carried, room)) = buffer.split_at_mut_checked(held) else { return Ok(0) };
            carried.fill(b'\r');
            let count = self.file.read(room)?;
            if count == 0 {
                return Ok(held + self.end_last_line(room));
            }
            let read = u64::try_from(count).unwrap_or(u64::MAX);
            self.meter.total.set(self.meter.total.get() + read);
            self.meter.row.set(self.meter.row.get() + read);
            let piece = buffer.get_mut(..held + count).unwrap_or_default();
            let kept = self.join_line_ends(piece);
            // Nothing but a carriage return is no end of the file.
            if kept > 0 {
                self.at_line_end = piece.get(kept - 1) == Some(&b'\n');
                return Ok(kept);
            }
        }
    }
}

impl Source {
    /// Ends the last line of the file where the file does not. Returns how much was written.
    fn end_last_line(&mut self, room: &mut [u8]) -> usize {
        match room.first_mut() {
            Some(place) if !self.at_line_end => {
                *place = b'\n';
                self.at_line_end = true;
                1
            }
            _ => 0,
        }
    }

    /// Drops each carriage return before a line feed, and holds one at the end back. Returns how
    /// much is left.
    fn join_line_ends(&mut self, piece: &mut [u8]) -> usize {
        if !piece.contains(&b'\r') {
            return piece.len();
        }
        let mut kept = 0;
        for at in 0..piece.len() {
            let next = piece.get(at + 1).copied();
            let Some(&byte) = piece.get(at) else { break };
            if byte == b'\r' && (next.is_none() || next == Some(b'\n')) {
                self.held = next.is_none();
                continue;
            }
            if let Some(place) = piece.get_mut(kept) {
                *place = byte;
            }
            kept += 1;
        }
        kept
    }
}
