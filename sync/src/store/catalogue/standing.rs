//! Whether a snapshot is further than what is here.

use crate::log::StreamId;
use crate::snapshot::Manifest;
use crate::store::{LogError, head, peer_streams, streams};
use rusqlite::Connection;

/// How a snapshot lies to a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// It has entries that are not here, and lacks none that are: so many.
    Ahead {
        /// Entries that it has and that are not here.
        entries: u64,
    },
    /// Both stand at the same place.
    Same,
    /// What is here has entries that it lacks.
    Behind {
        /// The stream.
        stream: StreamId,
        /// Where it stands here.
        here: u64,
        /// Where the snapshot has it; 0 when it has it not.
        there: u64,
    },
    /// Both end at the same entry of a stream, which is not the same one.
    Forked {
        /// The stream.
        stream: StreamId,
    },
}

/// Compares a snapshot with the catalogue on `conn`.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn compare(conn: &Connection, manifest: &Manifest) -> Result<Compared, LogError> {
    let mut missing: u64 = manifest.heads.iter().map(|head| head.seq).sum();
    for stream in streams(conn)?.into_iter().chain(peer_streams(conn)?) {
        let (id, here) = (stream.id(), head(conn, &stream)?);
        let theirs = manifest.heads.iter().find(|head| head.stream == id);
        let there = theirs.map_or(0, |head| head.seq);
        if here.seq > there {
            return Ok(Compared::Behind { stream: id, here: here.seq, there });
        }
        if theirs.is_some_and(|head| head.seq == here.seq && head.hash != here.hash) {
            return Ok(Compared::Forked { stream: id });
        }
        missing = missing.saturating_sub(here.seq);
    }
    Ok(if missing == 0 && !manifest.heads.is_empty() {
        Compared::Same
    } else {
        Compared::Ahead { entries: missing }
    })
}
