//! What can be wrong with a stored stream, named so that someone can act on it.
//!
//! [`super::verify`] finds the faults; `till journal verify` and `till doctor` show them.

use crate::clock::Hlc;
use crate::log::{Hash, StreamId};
use crate::store::LogError;

/// The first thing in a stream that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The tables could not be read on.
    #[error("the {stream} cannot be read after entry {after}: {source}")]
    Unreadable {
        /// The stream.
        stream: StreamId,
        /// The last entry that was good.
        after: u64,
        /// What the store said.
        source: LogError,
    },
    /// The stream's rows in `replica` or `stream` are gone or not those it was opened with.
    #[error(
        "the {0} is declared with another key or not at all: rows in `replica` or `stream` were changed"
    )]
    Declaration(StreamId),
    /// The stream was pruned, and the checkpoint it begins at is not sealed by its key.
    #[error(
        "the {stream} begins behind entry {seq}, but that checkpoint was not sealed by the replica's key: entries were cut off"
    )]
    Checkpoint {
        /// The stream.
        stream: StreamId,
        /// The last entry that was pruned.
        seq: u64,
    },
    /// A column has a type, length or value that was never written.
    #[error("{what} in the {stream} is malformed")]
    Malformed {
        /// The stream.
        stream: StreamId,
        /// Which column of which entry.
        what: String,
    },
    /// A sequence is missing, or one is there that cannot be.
    #[error("the {stream} has entry {found} where entry {expected} should be")]
    Gap {
        /// The stream.
        stream: StreamId,
        /// The sequence that should come.
        expected: u64,
        /// The sequence found.
        found: u64,
    },
    /// The seal is good for the stored hash, but the content does not hash to it.
    #[error(
        "entry {seq} of the {stream} is not what was sealed: its clock or body was changed, or the entry before it was replaced"
    )]
    Content {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
    },
    /// The content is what was sealed, but the hash column says something else.
    #[error(
        "the stored hash of entry {seq} of the {stream} was changed; its content is what was sealed"
    )]
    Hash {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
    },
    /// Neither content nor stored hash can be shown to be what was written.
    #[error(
        "entry {seq} of the {stream} does not follow from the entry before it: its content, its hash or an earlier entry was changed, and no seal tells which"
    )]
    Previous {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
    },
    /// Content and hash agree, but the seal is not the replica's.
    #[error("the seal of entry {seq} of the {stream} was not made by the replica's key")]
    Seal {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
    },
    /// The stream ends in entries that no seal vouches for.
    #[error("the last entry of the {stream}, {seq}, carries no seal")]
    Unsealed {
        /// The stream.
        stream: StreamId,
        /// The last entry.
        seq: u64,
    },
    /// The writer's clock did not advance.
    #[error("entry {seq} of the {stream} has the clock {clock}, which is not after {before}")]
    Clock {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
        /// Its clock.
        clock: Hlc,
        /// The clock before.
        before: Hlc,
    },
    /// There are entries after the head row's.
    #[error("the {stream} holds entry {last}, but its head row ends at {head}")]
    HeadShort {
        /// The stream.
        stream: StreamId,
        /// What the head row says.
        head: u64,
        /// The entry found beyond it.
        last: u64,
    },
    /// Entries at the end are missing.
    #[error(
        "the {stream} ends at entry {last}, but its head row says {head}: the last entries were removed"
    )]
    HeadLong {
        /// The stream.
        stream: StreamId,
        /// What the head row says.
        head: u64,
        /// The last entry that is there.
        last: u64,
    },
    /// The head row's hash or clock is not the last entry's.
    #[error("the head row of the {stream} does not fit its last entry, {seq}")]
    HeadRow {
        /// The stream.
        stream: StreamId,
        /// The last entry.
        seq: u64,
    },
    /// The chain is whole but shorter than what was seen elsewhere.
    #[error(
        "the {stream} ends at entry {last}, but entry {seen} was seen elsewhere: this database is older, or was cut"
    )]
    Shorter {
        /// The stream.
        stream: StreamId,
        /// The sequence seen elsewhere.
        seen: u64,
        /// The last entry here.
        last: u64,
    },
    /// The chain is whole but is not the one that was seen elsewhere.
    #[error(
        "entry {seq} of the {stream} has the hash {here}, but {seen} was seen elsewhere: there are two histories"
    )]
    Forked {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
        /// Its hash here.
        here: Hash,
        /// Its hash there.
        seen: Hash,
    },
}
