//! Parts put together again: one unfinished run for each peer.

use crate::batch::Batch;
use crate::wire::codec::{WireError, decode_run};
use crate::wire::{MAX_PLAIN_BYTES, Part};
use std::collections::BTreeMap;

/// The most bytes of an unfinished run: the longest content behind its form.
const MAX_JOINED_BYTES: usize = MAX_PLAIN_BYTES + 1;

/// Puts the parts of one peer's runs together, in whatever order they come.
///
/// A part that comes twice changes nothing. Runs are numbered upwards: a part of a later run means
/// that the unfinished one is given up, and what it held is asked for again.
#[derive(Debug, Default)]
pub struct Joiner {
    run: u64,
    of: u32,
    parts: BTreeMap<u32, Vec<u8>>,
    bytes: usize,
    /// The run was whole already: what still comes of it is doubled.
    finished: bool,
}

/// Why a part was not taken. The run it belongs to is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The parts of one run disagree.
    #[error("a part of run {run} says it has {of} parts, another said {before}")]
    OtherCount {
        /// The run.
        run: u64,
        /// What this part says.
        of: u32,
        /// What the one before said.
        before: u32,
    },
    /// The run is longer than runs are.
    #[error("the parts of run {run} have more than {MAX_JOINED_BYTES} bytes")]
    TooLong {
        /// The run.
        run: u64,
    },
    /// The parts are all here, but no run.
    #[error("the parts of run {run} are no run: {error}")]
    NotARun {
        /// The run.
        run: u64,
        /// Why not.
        error: WireError,
    },
}

impl Joiner {
    /// Takes a part; gives the run when no more are missing.
    ///
    /// # Errors
    /// When the part does not belong to the others, or all of them are no run.
    pub fn push(&mut self, part: &Part) -> Result<Option<Batch>, JoinError> {
        if part.run < self.run || (part.run == self.run && self.finished) {
            return Ok(None);
        }
        if part.run > self.run {
            *self = Self { run: part.run, of: part.of, ..Self::default() };
        }
        let joined = self.add(part);
        if joined.is_err() {
            self.finish();
        }
        joined
    }

    fn add(&mut self, part: &Part) -> Result<Option<Batch>, JoinError> {
        let Part { run, number, of, .. } = *part;
        if of != self.of && !self.parts.is_empty() {
            return Err(JoinError::OtherCount { run, of, before: self.of });
        }
        self.of = of;
        if self.parts.contains_key(&number) {
            return Ok(None);
        }
        self.bytes = self.bytes.saturating_add(part.bytes.len());
        if self.bytes > MAX_JOINED_BYTES {
            return Err(JoinError::TooLong { run });
        }
        self.parts.insert(number, part.bytes.clone());
        if self.parts.len() as u64 != u64::from(of) {
            return Ok(None);
        }
        let whole: Vec<u8> = std::mem::take(&mut self.parts).into_values().flatten().collect();
        self.finish();
        decode_run(&whole).map(Some).map_err(|error| JoinError::NotARun { run, error })
    }

    fn finish(&mut self) {
        self.finished = true;
        self.parts.clear();
        self.bytes = 0;
    }

    /// Forgets everything: the peer began a new session, and numbers its runs anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
