//! The merge of price pushes on rows: chunks, manifests and withdrawals in any order, with gaps.
//!
//! Works inside the caller's transaction, one entry at a time: [`apply`] expects an entry whose seal
//! and sender the caller has verified. Bodies are [`crate::bulk`]'s, look-ups the agent's and the
//! hub's, who filter what they read through a [`Standing`].
//!
//! # How it merges
//!
//! Layers never fight: each row keeps its layer, and the look-up asks one after the other. Within
//! (item, layer, start) the last writer wins by (clock, replica) of its entry. Nothing is thrown
//! away for that: each chunk's rows carry a `batch` number of their own, and [`Standing`] tells the
//! look-up which batches count and which is the later one. So a withdrawal gives back what stood
//! before, and the order of arrival never shows.
//!
//! A push is *receiving* until its manifest and all its chunks are here, then *staged* until
//! [`activate`] latches it at its instant, in one row: no reader sees half of it. It is *refused*
//! when chunks and manifest contradict each other, and *withdrawn* by one entry. States only rise,
//! so all replicas that have seen the same entries come to the same one.

mod apply;
mod standing;
mod state;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use apply::{Applied, apply};
pub use standing::Standing;
pub use state::{PushId, PushState, Received, activate, push, refuse, sweep};

use crate::bulk::BulkError;
use crate::log::{Position, StreamId, Zone};

/// The tables `price_push` and `price_chunk`, for the caller's migration runner.
pub const PRICES_SCHEMA: &str = include_str!("schema.sql");

/// The first batch number of a chunk: those below are imports', which count their own.
pub const FIRST_BATCH: i64 = 1 << 20;

/// Why an entry of a price stream could not be merged.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// SQLite failed; the caller rolls its transaction back.
    #[error("the tables of prices could not be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// A write outside a transaction could be torn.
    #[error("prices are written inside a transaction only: begin one first")]
    NoTransaction,
    /// The stream holds something else.
    #[error("the {0} holds no prices: fold it elsewhere")]
    NotPrices(StreamId),
    /// The body is none, or a newer version's.
    #[error("{position}: {error}")]
    Body {
        /// The entry.
        position: Position,
        /// What is wrong with its body.
        error: BulkError,
    },
    /// A manifest stands in another zone's stream.
    #[error("{position} is the manifest of a push for zone {}: the hub mixed its streams up", zone.number())]
    OtherZone {
        /// The entry.
        position: Position,
        /// The zone that the manifest names.
        zone: Zone,
    },
    /// A stored row is not what this code writes.
    #[error("{0} in the table `price_push` is damaged: fetch the catalogue anew")]
    Damaged(String),
}
