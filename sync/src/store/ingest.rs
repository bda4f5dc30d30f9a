//! Taking up entries that others wrote: verified, without gaps, each once, in the caller's
//! transaction.
//!
//! A run that can't be believed is refused with its reason; the caller keeps it as evidence. Two
//! branches of one stream, both sealed by its key, are both kept. What entries mean is folded by
//! the caller, up to where this module says that they count.

mod beside;
pub(crate) use beside::ROW_BYTES;

use super::{
    AlarmKind, Base, Head, LogError, Owner, Stream, base, declare_peer, head, open_stream, owner,
    read, row_of,
};
use crate::batch::{Batch, BatchError};
use crate::log::{Entry, Hash, ReplicaId, Seal, StreamId, entry_hash};
use crate::planted::{self, Bug};
use crate::trust::{Member, Standing, Trust};
use beside::{branch_at, keep_orphans};
use rusqlite::{Connection, named_params};

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// Entries are new and stored.
    Appended {
        /// The stream.
        stream: Stream,
        /// The first new sequence.
        from: u64,
        /// The last.
        to: u64,
        /// Up to where entries of the stream count now; those above wait.
        counts_to: u64,
    },
    /// All of it was here.
    Known,
    /// Entries before it are missing.
    Gap {
        /// The last sequence that is here.
        head: u64,
    },
    /// It belongs to another branch of the stream than what is here. Its entries are kept beside.
    Forked {
        /// The stream.
        stream: Stream,
        /// Where this run leaves what is here; `None` when it does so before its first entry, and
        /// earlier ones are needed to see where.
        at: Option<u64>,
        /// The entries that are new in the other branch.
        orphans: Vec<Entry>,
        /// Up to where entries of the stream count now; those above wait.
        counts_to: u64,
    },
    /// A peer holds entries of the stream that this machine is writing which are not here: the
    /// database was put back.
    OwnAhead {
        /// The last sequence that the peer holds.
        to: u64,
    },
    /// Another machine writes the stream that this one is writing.
    OwnForked {
        /// The first sequence that differs.
        at: u64,
    },
}

/// Why a run is not believed. It is evidence, and nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum Disbelief {
    /// Nobody says who writes the replica.
    #[error("no paper names replica {0}: ask its sender for its papers")]
    UnknownWriter(ReplicaId),
    /// The writer may not write such a stream.
    #[error("whoever writes replica {replica} may not write the {stream}")]
    NotTheirs {
        /// The replica.
        replica: ReplicaId,
        /// The stream.
        stream: StreamId,
    },
    /// The chain or the seal does not hold.
    #[error(transparent)]
    Broken(#[from] BatchError),
    /// The clock goes back behind the entry before.
    #[error("entry {seq} of the {stream} has a clock before that of the entry before it")]
    Clock {
        /// The stream.
        stream: StreamId,
        /// The entry.
        seq: u64,
    },
    /// Too much is kept beside its writer's streams.
    #[error(
        "of branches of the {stream} and of its writer's other streams 64 MiB are kept, and no more is: \
         its key is in several hands, so look at who uses it, and revoke it"
    )]
    TooMuchBeside {
        /// The stream.
        stream: StreamId,
    },
    /// The replica has another key here.
    #[error("replica {0} has another key here than its papers say")]
    OtherKey(ReplicaId),
    /// The tables failed; the caller rolls back and tries again.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Disbelief {
    /// What it is an alarm about.
    #[must_use]
    pub const fn alarm(&self) -> AlarmKind {
        match self {
            Self::UnknownWriter(_) | Self::NotTheirs { .. } => AlarmKind::Stranger,
            Self::OtherKey(_) => AlarmKind::Contested,
            Self::TooMuchBeside { .. } => AlarmKind::Fork,
            Self::Broken(_) | Self::Clock { .. } | Self::Log(_) => AlarmKind::Disbelieved,
        }
    }
}

impl From<rusqlite::Error> for Disbelief {
    fn from(error: rusqlite::Error) -> Self {
        Self::Log(error.into())
    }
}

/// Takes up a run. `writing` is the replica that this machine writes as.
///
/// # Errors
/// [`Disbelief`]; then nothing was written.
pub fn ingest(
    tx: &Connection,
    trust: &Trust,
    writing: Option<ReplicaId>,
    run: &Batch,
) -> Result<Ingested, Disbelief> {
    if tx.is_autocommit() {
        return Err(LogError::NoTransaction.into());
    }
    let id = run.stream;
    let (key, opened) = trust.key_of(id.replica).ok_or(Disbelief::UnknownWriter(id.replica))?;
    let counts = counts_to(trust, id)?;
    if !planted::is(Bug::SealUnchecked) {
        run.verify(&key)?;
    }
    declare_peer(tx, id.replica, &key, opened).map_err(|error| match error {
        LogError::OtherKey { replica, .. } => Disbelief::OtherKey(replica),
        other => other.into(),
    })?;
    let stream = open_stream(tx, id.replica, id.kind)?;
    let place = Place { begin: base(tx, &stream)?, end: head(tx, &stream)? };
    let is_own = owner(tx, id.replica)? == Some(Owner::Own) && writing == Some(id.replica);
    match place.compare(tx, &stream, run)? {
        Compared::Follows([]) => Ok(Ingested::Known),
        // With a gap as well: what lies before it may be pruned wherever it was.
        Compared::Follows(_) | Compared::Beyond if is_own => {
            Ok(Ingested::OwnAhead { to: run.entries.last().map_or(0, |entry| entry.seq) })
        }
        Compared::Follows(fresh) => append_run(tx, &stream, place.end, fresh, &run.seal, counts),
        Compared::Beyond => Ok(Ingested::Gap { head: place.end.seq }),
        Compared::Leaves { at, rest } if is_own => {
            let first = rest.first().map_or(0, |entry| entry.seq);
            Ok(Ingested::OwnForked { at: at.unwrap_or(first) })
        }
        Compared::Leaves { at, rest } => {
            let orphans = keep_orphans(tx, &stream, rest, &run.seal)?;
            Ok(Ingested::Forked { stream, at, orphans, counts_to: counts })
        }
    }
}

/// Up to where entries of a stream count, by its writer's standing.
fn counts_to(trust: &Trust, stream: StreamId) -> Result<u64, Disbelief> {
    match trust.standing(stream) {
        Standing::Unknown => Err(Disbelief::UnknownWriter(stream.replica)),
        Standing::NotTheirs(_) => Err(Disbelief::NotTheirs { replica: stream.replica, stream }),
        // A stranger can't be a hub: what the hub's streams say counts for money.
        Standing::Pending if stream.kind.is_hubs() => {
            Err(Disbelief::NotTheirs { replica: stream.replica, stream })
        }
        Standing::Pending => Ok(0),
        Standing::Enrolled(Member::Hub | Member::Till { .. }) => Ok(u64::MAX),
        Standing::Revoked { .. } if planted::is(Bug::RevokedCounts) => Ok(u64::MAX),
        Standing::Revoked { last } => Ok(last),
    }
}

/// Where the stream stands here.
struct Place {
    begin: Base,
    end: Head,
}

/// How a run lies to what is here.
enum Compared<'run> {
    /// It goes on from the head; what is new of it, which may be nothing.
    Follows(&'run [Entry]),
    /// It begins behind a gap.
    Beyond,
    /// It is another branch: where they part, if this run shows it, and what differs.
    Leaves { at: Option<u64>, rest: &'run [Entry] },
}

impl Place {
    fn compare<'run>(
        &self,
        tx: &Connection,
        stream: &Stream,
        run: &'run Batch,
    ) -> Result<Compared<'run>, LogError> {
        let Some(first) = run.entries.first() else {
            return Ok(Compared::Follows(&[]));
        };
        if let Some(at) = branch_at(tx, stream, first)? {
            return Ok(Compared::Leaves { at: Some(at), rest: &run.entries });
        }
        if first.seq > self.end.seq + 1 {
            let gate = !planted::is(Bug::NoGapGate);
            return Ok(if gate { Compared::Beyond } else { Compared::Follows(&run.entries) });
        }
        let overlap = usize::try_from(self.end.seq + 1 - first.seq).unwrap_or(usize::MAX);
        let (old, new) = run.entries.split_at(overlap.min(run.entries.len()));
        let hash_before = |seq: u64| self.hash_at(tx, stream, seq);
        if hash_before(first.seq - 1)?.is_some_and(|here| here != first.prev) {
            return Ok(Compared::Leaves { at: None, rest: &run.entries });
        }
        for (index, entry) in old.iter().enumerate() {
            if hash_before(entry.seq)?.is_some_and(|here| here != hash_of(run, index)) {
                let rest = run.entries.get(index..).unwrap_or_default();
                return Ok(Compared::Leaves { at: Some(entry.seq), rest });
            }
        }
        Ok(Compared::Follows(new))
    }

    /// The hash here at a sequence up to the head; `None` where it was pruned.
    fn hash_at(
        &self,
        tx: &Connection,
        stream: &Stream,
        seq: u64,
    ) -> Result<Option<Hash>, LogError> {
        if seq == self.end.seq {
            return Ok(Some(self.end.hash));
        }
        if seq <= self.begin.seq {
            return Ok((seq == self.begin.seq).then_some(self.begin.hash));
        }
        read::hash_of(tx, stream, seq)
    }
}

/// The hash of a run's entry: the next one states it.
fn hash_of(run: &Batch, index: usize) -> Hash {
    match (run.entries.get(index + 1), run.entries.get(index)) {
        (Some(next), _) => next.prev,
        (None, Some(last)) => entry_hash(run.stream, last),
        (None, None) => Hash([0; 32]),
    }
}

fn append_run(
    tx: &Connection,
    stream: &Stream,
    end: Head,
    fresh: &[Entry],
    seal: &Seal,
    counts: u64,
) -> Result<Ingested, Disbelief> {
    let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else {
        return Ok(Ingested::Known);
    };
    if first.clock <= end.clock && end.seq > 0 {
        return Err(Disbelief::Clock { stream: stream.id, seq: first.seq });
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO entry (position, clock, hash, seal, body)
         VALUES (:position, :clock, :hash, :seal, :body)",
    )?;
    let mut hash = end.hash;
    for (index, entry) in fresh.iter().enumerate() {
        hash = match fresh.get(index + 1) {
            Some(next) => next.prev,
            None => entry_hash(stream.id, entry),
        };
        insert.execute(named_params! {
            ":position": row_of(stream.local, entry.seq),
            ":clock": entry.clock.to_sql(),
            ":hash": &hash.0[..],
            ":seal": (entry.seq == last.seq).then_some(&seal.0[..]),
            ":body": entry.body,
        })?;
    }
    tx.prepare_cached(
        "UPDATE stream SET head_seq = :seq, head_hash = :hash, head_clock = :clock
         WHERE local = :local",
    )?
    .execute(named_params! {
        ":seq": last.seq.cast_signed(),
        ":hash": &hash.0[..],
        ":clock": last.clock.to_sql(),
        ":local": stream.local,
    })?;
    let counts_to = counts.min(last.seq);
    Ok(Ingested::Appended { stream: *stream, from: first.seq, to: last.seq, counts_to })
}

/// Up to where a stream's entries are part of state.
///
/// # Errors
/// When SQLite fails or the row is damaged.
pub fn folded(conn: &Connection, stream: &Stream) -> Result<u64, LogError> {
    let seq: i64 = conn
        .prepare_cached("SELECT folded_seq FROM stream WHERE local = :local")?
        .query_row(named_params! { ":local": stream.local }, |row| row.get(0))?;
    u64::try_from(seq).map_err(|_| LogError::damaged("stream", format!("a mark of {}", stream.id)))
}

/// Writes down that a stream's entries up to `seq` are part of state.
///
/// # Errors
/// When SQLite fails.
pub fn set_folded(tx: &Connection, stream: &Stream, seq: u64) -> Result<(), LogError> {
    tx.prepare_cached("UPDATE stream SET folded_seq = :seq WHERE local = :local")?
        .execute(named_params! { ":seq": seq.cast_signed(), ":local": stream.local })?;
    Ok(())
}

/// Entries of a peer's stream that count by now and are not part of state yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfolded {
    /// The stream.
    pub stream: Stream,
    /// The first of them.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// Peers' streams, each with up to where its entries count by now.
///
/// # Errors
/// When SQLite fails.
pub fn counting(conn: &Connection, trust: &Trust) -> Result<Vec<(Stream, u64)>, LogError> {
    let peers = super::peer_streams(conn)?.into_iter();
    Ok(peers.filter_map(|it| Some((it, counts_to(trust, it.id).ok()?))).collect())
}

/// Peers' streams of which more is part of state than counts by now, with how far each counts: a
/// revocation may come after what it cuts off.
///
/// # Errors
/// When SQLite fails.
pub fn overfolded(conn: &Connection, trust: &Trust) -> Result<Vec<(Stream, u64)>, LogError> {
    let mut found = Vec::new();
    for (stream, counts) in counting(conn, trust)? {
        if folded(conn, &stream)? > counts {
            found.push((stream, counts));
        }
    }
    Ok(found)
}

/// What became countable by papers that came since: a till that sold before it was enrolled.
///
/// # Errors
/// When SQLite fails.
pub fn unfolded(conn: &Connection, trust: &Trust) -> Result<Vec<Unfolded>, LogError> {
    let mut found = Vec::new();
    for (stream, counts) in counting(conn, trust)? {
        // What was pruned before it could count is stated anew behind the checkpoint.
        let done = folded(conn, &stream)?.max(base(conn, &stream)?.seq);
        let to = counts.min(head(conn, &stream)?.seq);
        if to > done {
            found.push(Unfolded { stream, from: done + 1, to });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
