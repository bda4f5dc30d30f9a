//! The log as the exchange reads it: what tills write is in `till.db`, what the hub writes in
//! `catalogue.db`.
//!
//! Made anew by whoever owns the links, over connections for reading, whenever the host asks for
//! books.

use sync::batch::Batch;
use sync::log::{Hash, StreamId};
use sync::session::Books;
use sync::store::{LogBooks, LogError};
use sync::wire::{Held, MAX_TIPS, Tip};

/// The books of a till.
#[derive(Debug)]
pub struct TillBooks<'a> {
    till: LogBooks<'a>,
    catalogue: LogBooks<'a>,
}

impl<'a> TillBooks<'a> {
    /// The books over both files. `till` seals what this till wrote, where it has the key; the
    /// hub's entries are only passed on, with the hub's own seals.
    #[must_use]
    pub const fn new(till: LogBooks<'a>, catalogue: LogBooks<'a>) -> Self {
        Self { till, catalogue }
    }

    /// What is held of every stream: for the host's start.
    ///
    /// # Errors
    /// When a file cannot be read or a row is damaged.
    pub fn held(&self) -> Result<Vec<Held>, LogError> {
        let mut held = self.till.held()?;
        held.extend(self.catalogue.held()?);
        Ok(held)
    }

    const fn of(&mut self, stream: StreamId) -> &mut LogBooks<'a> {
        if stream.kind.is_hubs() { &mut self.catalogue } else { &mut self.till }
    }
}

impl Books for TillBooks<'_> {
    type Error = LogError;

    fn run(
        &mut self,
        stream: StreamId,
        from: u64,
        to: u64,
        budget: usize,
    ) -> Result<Option<Batch>, LogError> {
        self.of(stream).run(stream, from, to, budget)
    }

    fn hash_at(&mut self, stream: StreamId, seq: u64) -> Result<Option<Hash>, LogError> {
        self.of(stream).hash_at(stream, seq)
    }

    fn tips(&mut self) -> Result<Vec<Tip>, LogError> {
        let mut tips = self.till.tips()?;
        tips.extend(self.catalogue.tips()?);
        tips.truncate(MAX_TIPS);
        Ok(tips)
    }

    fn has_tip(&mut self, tip: &Tip, from: u64) -> Result<bool, LogError> {
        self.of(tip.stream).has_tip(tip, from)
    }

    fn branch(&mut self, tip: &Tip, from: u64, budget: usize) -> Result<Option<Batch>, LogError> {
        self.of(tip.stream).branch(tip, from, budget)
    }

    /// Papers are `till.db`'s: they outlive the catalogue.
    fn papers(&mut self) -> Result<Vec<Vec<u8>>, LogError> {
        self.till.papers()
    }
}
