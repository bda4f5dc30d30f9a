//! The log's tables in SQLite, used inside the caller's transaction, and what a witness says.
//!
//! Opens no file, begins no transaction, runs no migration: the agent's and the hub's stores do.
//! They call [`append`] from the one writer and read through any connection. Statements are cached
//! on the connection; give it a capacity that holds the store's own as well.

mod alarm;
mod append;
mod books;
pub mod catalogue;
mod ingest;
mod papers;
pub mod prices;
mod prune;
mod read;
mod settings;
mod stock;
mod streams;
mod verify;
mod witness;

#[cfg(test)]
mod testing;

pub use alarm::{Alarm, AlarmKind, MAX_EVIDENCE, alarms, keep_evidence, raise, see};
pub use append::{Appended, append, append_unsealed};
pub use books::{LogBooks, held};
pub(crate) use ingest::ROW_BYTES;
pub use ingest::{
    Disbelief, Ingested, Unfolded, counting, folded, ingest, overfolded, set_folded, unfolded,
};
pub use papers::{Peers, keep_mark, keep_paper, mark_of_hub, marks, papers};
pub use prune::{Begun, begin_behind, prune};
pub use read::{MAX_READ_BYTES, MAX_READ_ENTRIES, Stored, hash_at, read, read_one};
pub use settings::{SettingsError, apply_settings, settings_kept};
pub use stock::{Counter, Moves, SHOP, STOCK_SCHEMA, fold_stock, journals, movements, round_of};
pub use streams::{
    Base, Head, Owner, Stream, base, declare_peer, declare_replica, find_stream, head, last_clock,
    open_stream, owner, peer_streams, streams,
};
pub use verify::{Fault, Mark, PROGRESS_EVERY, Verified, verify};
pub use witness::{
    BootId, Chain, MAX_WITNESS_BYTES, Machine, MachineId, Verdict, Witness, WitnessError, judge,
};

use crate::clock::Hlc;
use crate::log::{MAX_BODY_BYTES, MAX_SEQ, Position, ReplicaId, SealKey, StreamId};

/// The tables `replica`, `stream` and `entry`, for the caller's migration runner.
pub const SCHEMA: &str = include_str!("schema.sql");

/// The second step: peers' streams, papers, marks, orphans, evidence and alarms.
pub const SCHEMA_2: &str = include_str!("schema_2.sql");

/// The third step of the log's tables, for whoever folds journals.
pub const SCHEMA_3: &str = include_str!("schema_3.sql");

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// SQLite failed; the caller rolls its transaction back.
    #[error("the log's tables could not be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// A write outside a transaction could be torn.
    #[error("the log is written inside a transaction only: begin one first")]
    NoTransaction,
    /// No such replica was declared.
    #[error("replica {0} is not in this database: declare it before its streams")]
    UnknownReplica(ReplicaId),
    /// The replica was declared with another key.
    #[error(
        "replica {replica} has the key {stored} in this database, not {given}: open a new incarnation"
    )]
    OtherKey {
        /// The replica.
        replica: ReplicaId,
        /// The key it was declared with.
        stored: SealKey,
        /// The key given now.
        given: SealKey,
    },
    /// The body is longer than [`MAX_BODY_BYTES`].
    #[error("a body of {bytes} bytes is too long for {position}: at most {MAX_BODY_BYTES}")]
    BodyTooLong {
        /// Where it should have gone.
        position: Position,
        /// Its length.
        bytes: usize,
    },
    /// The clock does not advance; the writer's clock was not started from [`last_clock`].
    #[error(
        "{position} cannot have the clock {clock}: the one before has {head}; start the clock from the last stored value"
    )]
    ClockNotAfter {
        /// Where it should have gone.
        position: Position,
        /// The clock given.
        clock: Hlc,
        /// The clock of the head.
        head: Hlc,
    },
    /// The stream holds [`MAX_SEQ`] entries.
    #[error("the {0} is full: open a new incarnation")]
    Full(StreamId),
    /// A stored row is not what this code writes. `till journal verify` says more.
    #[error(
        "{what} in the log's table `{table}` is damaged: verify the journal, then restore from a backup"
    )]
    Damaged {
        /// The table.
        table: &'static str,
        /// What in it, with where.
        what: String,
    },
}

impl LogError {
    fn damaged(table: &'static str, what: impl Into<String>) -> Self {
        Self::Damaged { table, what: what.into() }
    }
}

/// The row id of an entry: the stream's local number above 40 bits of sequence.
const fn row_of(stream_local: i64, seq: u64) -> i64 {
    let seq = if seq > MAX_SEQ { MAX_SEQ } else { seq };
    stream_local << 40 | seq.cast_signed()
}

/// The sequence in a row id of a stream.
const fn seq_of(row: i64) -> u64 {
    row.cast_unsigned() & MAX_SEQ
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers in `schema.sql` are those of the code.
    #[test]
    fn the_last_row_is_the_last_of_the_last_stream() {
        assert_eq!(row_of(8_388_607, MAX_SEQ), i64::MAX);
        for number in [MAX_SEQ, 8_388_607, MAX_BODY_BYTES as u64] {
            assert!(SCHEMA.contains(&number.to_string()), "{number}");
        }
        for (stream, seq) in [(1, 0), (1, MAX_SEQ), (2, 1), (8_388_607, 7)] {
            assert_eq!(seq_of(row_of(stream, seq)), seq);
            assert_eq!(row_of(stream, seq) >> 40, stream);
        }
    }
}
