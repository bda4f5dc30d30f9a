//! What tests of batches, frames and merges share: a key, a stream, a sealed run.

use super::Batch;
use crate::clock::Clock;
use crate::log::{
    Entry, ReplicaId, SealingKey, Seed, StreamId, StreamKind, entry_hash, genesis_hash,
};

pub(crate) fn sealing() -> SealingKey {
    SealingKey::from_seed(&Seed::new([42; 32])).unwrap()
}

pub(crate) fn stream() -> StreamId {
    StreamId { replica: ReplicaId(*b"replica-of-tests"), kind: StreamKind::Journal }
}

/// A sealed batch of these bodies from the beginning of the stream.
pub(crate) fn batch_of(bodies: &[Vec<u8>]) -> Batch {
    let mut clock = Clock::new(1_700_000_000_000, None).unwrap();
    let mut prev = genesis_hash(stream(), &sealing().public());
    let mut entries = Vec::new();
    for (seq, body) in (1..).zip(bodies) {
        let entry = Entry { seq, clock: clock.tick(0), prev, body: body.clone() };
        prev = entry_hash(stream(), &entry);
        entries.push(entry);
    }
    Batch { stream: stream(), seal: sealing().seal(stream(), bodies.len() as u64, &prev), entries }
}
