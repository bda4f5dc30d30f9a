//! Parts put together again: one unfinished run for each peer.

use crate::batch::Batch;
use crate::wire::codec::{WireError, decode_run};
use crate::wire::{MAX_PLAIN_BYTES, Part};

/// The most bytes of an unfinished run: the longest content behind its form.
const MAX_JOINED_BYTES: usize = MAX_PLAIN_BYTES + 1;

/// Puts the parts of one peer's runs together, one run at a time.
///
/// A part that comes twice changes nothing. One that comes too early means that another was lost:
/// the run is dropped, and what it held is asked for again.
#[derive(Debug, Default)]
pub struct Joiner {
    unfinished: Option<Unfinished>,
    /// The last run that was whole, so that its doubled parts are known.
    finished: Option<u64>,
}

#[derive(Debug)]
struct Unfinished {
    run: u64,
    of: u32,
    /// The part that comes next.
    next: u32,
    bytes: Vec<u8>,
}

/// Why a part was not taken. The unfinished run it would belong to is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Parts before it are missing.
    #[error("part {number} of run {run} came where part {expected} belongs: ask for it again")]
    OutOfOrder {
        /// The run.
        run: u64,
        /// The part that came.
        number: u32,
        /// The part that belongs there.
        expected: u32,
    },
    /// The parts of one run disagree.
    #[error("a part of run {run} says it has {of} parts, the first said {before}")]
    OtherCount {
        /// The run.
        run: u64,
        /// What this part says.
        of: u32,
        /// What the first said.
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
    /// Takes the next part; gives the run when it was the last.
    ///
    /// # Errors
    /// When the part does not follow, or the run is none.
    pub fn push(&mut self, part: &Part) -> Result<Option<Batch>, JoinError> {
        let Part { run, number, of, .. } = *part;
        if self.finished == Some(run) {
            return Ok(None);
        }
        match self.unfinished.as_ref().filter(|unfinished| unfinished.run == run) {
            Some(unfinished) if number < unfinished.next => return Ok(None),
            None if number == 0 => {
                self.unfinished = Some(Unfinished { run, of, next: 0, bytes: Vec::new() });
            }
            // A stray of another run leaves the unfinished one alone.
            None => return Err(JoinError::OutOfOrder { run, number, expected: 0 }),
            Some(_) => {}
        }
        let Some(mut unfinished) = self.unfinished.take() else { return Ok(None) };
        unfinished.add(part)?;
        if unfinished.next < of {
            self.unfinished = Some(unfinished);
            return Ok(None);
        }
        self.finished = Some(run);
        decode_run(&unfinished.bytes).map(Some).map_err(|error| JoinError::NotARun { run, error })
    }

    /// Forgets everything: the peer began a new session, and numbers its runs anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Unfinished {
    fn add(&mut self, part: &Part) -> Result<(), JoinError> {
        let Part { run, number, of, .. } = *part;
        if number != self.next {
            return Err(JoinError::OutOfOrder { run, number, expected: self.next });
        }
        if of != self.of {
            return Err(JoinError::OtherCount { run, of, before: self.of });
        }
        if self.bytes.len().saturating_add(part.bytes.len()) > MAX_JOINED_BYTES {
            return Err(JoinError::TooLong { run });
        }
        self.bytes.extend_from_slice(&part.bytes);
        self.next = self.next.saturating_add(1);
        Ok(())
    }
}
