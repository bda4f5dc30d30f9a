//! What comes down from the hub: verified, kept and merged into `catalogue.db`.
//!
//! [`Downstream`] is the one writer of the hub's streams on a till, over a connection of its own: a
//! push never holds a lock that a sale waits for, and the till loop learns of what counts through
//! [`Catalogue::refresh`](super::Catalogue::refresh). What entries do to the tables is [`fold`]'s,
//! what time brings [`due`]'s. Alarms belong into `till.db`, so they are handed back. Called by the
//! owner of the links, who gets each [`Word`] from `crate::link::host`.

mod due;
mod error;
mod fold;
mod snapshots;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use error::DownstreamError;
pub use snapshots::{Offer, PAGES_AT_ONCE};

use super::MIGRATIONS;
use super::snapshot::Incoming;
use crate::store::open::{OpenOptions, Place, StoreError, open};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::Arc;
use sync::batch::Batch;
use sync::session::Outcome;
use sync::snapshot::SnapshotId;
use sync::store::{AlarmKind, Disbelief, LogBooks, ingest};
use sync::trust::Trust;
use sync::wire::{Held, Page};

type Result<T> = std::result::Result<T, DownstreamError>;

/// How long rows of a push that was withdrawn or refused stay, and how long between one chunk and
/// the next: every reader has looked at what counts since, and nobody waits for the room.
const TIDY_AFTER_MS: i64 = 10_000;

/// How long between two looks at some items' rows that stopped counting long ago: a million items
/// are looked through in a third of a day.
const TRIM_EVERY_MS: i64 = 60_000;

/// How long between one look at all items and the next: rows stop counting day by day.
const TRIM_REST_MS: i64 = 3_600_000;

/// The writer of the hub's streams.
#[derive(Debug)]
pub struct Downstream {
    connection: Connection,
    options: OpenOptions,
    place: Option<Place>,
    /// When rows that never count again are looked for; `None` while there can be none.
    tidy_at_ms: Option<i64>,
    /// The first item whose rows are looked through then.
    trim_from: i64,
    /// A snapshot that comes page by page.
    incoming: Option<Incoming>,
    /// Another catalogue took the place of the one that was open, and nobody was told yet.
    replaced: bool,
}

/// Something for it to do.
#[derive(Debug, Clone)]
pub enum Word {
    /// Entries that a peer sent.
    Run {
        /// Who, for alarms.
        sender: String,
        /// The entries, not verified yet.
        run: Batch,
        /// Whose keys count.
        trust: Arc<Trust>,
    },
    /// The time has come that [`Delivered::due_ms`] said, or other papers count now.
    Due {
        /// Whose keys count.
        trust: Arc<Trust>,
    },
    /// A peer offers a snapshot: its manifest. What is missing of it is in [`Delivered::offer`].
    Offered {
        /// The manifest, not verified yet.
        manifest: Vec<u8>,
        /// Whose keys count.
        trust: Arc<Trust>,
    },
    /// A page of the snapshot that was offered; with the last one it is taken up.
    Page {
        /// The page, not verified yet.
        page: Page,
        /// Whose keys count.
        trust: Arc<Trust>,
    },
    /// A peer asks for the snapshot that is kept here: its manifest, or pages of it.
    Wanted(Option<(SnapshotId, Vec<u32>)>),
}

/// What became of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// For the exchange, where entries were sent.
    pub outcome: Option<Outcome>,
    /// What somebody must see to; it belongs into `till.db`.
    pub suspicions: Vec<Suspicion>,
    /// When [`Word::Due`] is due, in milliseconds since 1970; `None` while nothing waits.
    pub due_ms: Option<i64>,
    /// What is held of every stream, where another catalogue took this one's place.
    pub held: Vec<Held>,
    /// What became of a snapshot, where the word was about one.
    pub offer: Option<Offer>,
}

/// Something that nobody can believe, or that a manager must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// What it is about.
    pub kind: AlarmKind,
    /// Whom or what it is about.
    pub subject: String,
    /// What is wrong.
    pub why: String,
    /// What was sent, as evidence; may be empty.
    pub frame: Vec<u8>,
}

impl Downstream {
    /// Opens the catalogue's file for the hub's streams; pushes whose instant came while the till
    /// was off count when this returns.
    ///
    /// # Errors
    /// As [`open`]; also when it cannot be written.
    pub fn open(options: &OpenOptions, now: Timestamp) -> Result<Self> {
        let place = Place::of(&options.path);
        let connection = open(options, MIGRATIONS)?;
        let place = place.or_else(|| Place::of(&options.path));
        let options = options.clone();
        let mut downstream = Self {
            connection,
            options,
            place,
            tidy_at_ms: None,
            trim_from: 0,
            incoming: None,
            replaced: false,
        };
        let read = downstream.write(|tx| {
            fold::read_again(tx)?;
            due::activate(tx, now.as_millisecond())
        });
        read.map_err(|error| error.at(&downstream.options.path))?;
        Ok(downstream)
    }

    /// Its connection, for tests to look at.
    #[cfg(test)]
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What is held of the hub's streams, for the exchange; nobody here can seal it.
    #[must_use]
    pub const fn books(&self) -> LogBooks<'_> {
        LogBooks::new(&self.connection, None)
    }

    /// Does what is asked, durably, each transaction over no more than one run.
    ///
    /// # Errors
    /// When the file fails; then nothing of the word was written.
    pub fn hear(&mut self, now: Timestamp, word: Word) -> Result<Delivered> {
        self.follow(now)?;
        let now_ms = now.as_millisecond();
        let mut suspicions = Vec::new();
        let heard = self.hear_word(now, word, &mut suspicions);
        let done = heard.and_then(|(outcome, offer)| {
            let due_ms = self.due_ms(now_ms)?;
            let held = if self.replaced { self.books().held()? } else { Vec::new() };
            self.replaced = false;
            Ok(Delivered { outcome, suspicions, due_ms, held, offer })
        });
        done.map_err(|error| error.at(&self.options.path))
    }

    /// Goes over to a catalogue that took the place of the one that was open.
    fn follow(&mut self, now: Timestamp) -> Result<()> {
        if Place::has_left(self.place, &self.options.path) {
            let incoming = self.incoming.take();
            *self = Self { incoming, replaced: true, ..Self::open(&self.options, now)? };
        }
        Ok(())
    }

    /// Begins to write; refuses once another catalogue has the place of this one, which nobody
    /// would ever read again.
    fn begin(&mut self) -> Result<Transaction<'_>> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if Place::has_left(self.place, &self.options.path) {
            return Err(StoreError::Busy { file: self.options.path.clone() }.into());
        }
        Ok(tx)
    }

    fn hear_word(
        &mut self,
        now: Timestamp,
        word: Word,
        suspicions: &mut Vec<Suspicion>,
    ) -> Result<(Option<Outcome>, Option<Offer>)> {
        let now_ms = now.as_millisecond();
        match word {
            Word::Run { sender, run, trust } => {
                let outcome = self.take(now_ms, &sender, &run, &trust, suspicions)?;
                Ok((Some(outcome), None))
            }
            Word::Offered { manifest, trust } => {
                Ok((None, Some(self.offered(&manifest, &trust, suspicions)?)))
            }
            Word::Page { page, trust } => {
                let offer = self.hear_page(&page, &trust, suspicions)?;
                // What was taken up is what is written to from here on.
                self.follow(now)?;
                Ok((None, Some(offer)))
            }
            Word::Wanted(pages) => Ok((None, Some(self.kept(pages.as_ref())))),
            Word::Due { trust } => {
                self.write(|tx| {
                    fold::take_waiting(tx, &trust, suspicions)?;
                    due::activate(tx, now_ms)
                })?;
                if self.tidy_at_ms.is_some_and(|at| at <= now_ms) {
                    self.tidy_at_ms = None;
                    let first = self.trim_from;
                    self.trim_from = self.write(|tx| {
                        due::tidy(tx)?;
                        due::trim(tx, now_ms, first)
                    })?;
                }
                Ok((None, None))
            }
        }
    }

    /// Takes up a run: verified, each entry once, merged; what is due by now counts with it.
    fn take(
        &mut self,
        now_ms: i64,
        sender: &str,
        run: &Batch,
        trust: &Trust,
        suspicions: &mut Vec<Suspicion>,
    ) -> Result<Outcome> {
        let tx = self.begin()?;
        match ingest(&tx, trust, None, run) {
            Ok(ingested) => {
                let outcome = fold::take(&tx, run, ingested, suspicions)?;
                due::activate(&tx, now_ms)?;
                tx.commit()?;
                Ok(outcome)
            }
            Err(Disbelief::Log(error)) => Err(error.into()),
            Err(disbelief) => {
                // What the attempt began to write is undone.
                tx.rollback()?;
                suspicions.push(Suspicion {
                    kind: disbelief.alarm(),
                    subject: sender.to_owned(),
                    why: disbelief.to_string(),
                    frame: sync::batch::pack(run).unwrap_or_default(),
                });
                Ok(Outcome::Disbelieved)
            }
        }
    }

    fn write<T>(&mut self, act: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let tx = self.begin()?;
        let done = act(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    fn due_ms(&mut self, now_ms: i64) -> Result<Option<i64>> {
        if due::is_untidy(&self.connection)? {
            let soon = now_ms.saturating_add(TIDY_AFTER_MS);
            self.tidy_at_ms = Some(self.tidy_at_ms.map_or(soon, |at| at.min(soon)));
        } else if self.tidy_at_ms.is_none() && due::has_pushes(&self.connection)? {
            let rest = if self.trim_from == 0 { TRIM_REST_MS } else { TRIM_EVERY_MS };
            self.tidy_at_ms = Some(now_ms.saturating_add(rest));
        }
        let instants = [due::next_activation(&self.connection)?, self.tidy_at_ms];
        Ok(instants.into_iter().flatten().min())
    }
}
