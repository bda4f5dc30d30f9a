//! Replicas, their streams, and where each stream's head is.
//!
//! Which replica is this till's present incarnation is the agent's to remember.

use super::LogError;
use crate::clock::Hlc;
use crate::log::{Hash, ReplicaId, Seal, SealKey, StreamId, StreamKind, genesis_hash};
use rusqlite::{Connection, OptionalExtension, Row, named_params, types::FromSql};

const FIND: &str = "SELECT stream.local, replica.id, stream.kind, replica.public_key
    FROM replica JOIN stream ON stream.replica = replica.local
    WHERE replica.id = :id AND stream.kind = :kind";

const HEAD: &str = "SELECT head_seq, head_hash, head_clock FROM stream WHERE local = :local";

const LAST_CLOCK: &str = "SELECT max(clock) FROM (
    SELECT opened_clock AS clock FROM replica WHERE id = :id
    UNION ALL
    SELECT head_clock FROM stream JOIN replica ON replica.local = stream.replica WHERE id = :id)";

/// A stream that this database holds. Only what never changes, so it outlives a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    pub(super) local: i64,
    pub(super) id: StreamId,
    pub(super) key: SealKey,
}

impl Stream {
    /// Which stream.
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// Its number in this database, for tables that refer to the log.
    #[must_use]
    pub const fn local(&self) -> i64 {
        self.local
    }

    /// The key that its seals verify with.
    #[must_use]
    pub const fn key(&self) -> SealKey {
        self.key
    }

    /// The hash before the first entry.
    #[must_use]
    pub fn genesis(&self) -> Hash {
        genesis_hash(self.id, &self.key)
    }
}

/// The end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last sequence, 0 when there is none.
    pub seq: u64,
    /// The last entry's hash, the genesis hash when there is none.
    pub hash: Hash,
    /// The last entry's clock, the clock the replica was opened at when there is none.
    pub clock: Hlc,
}

/// Whose replica it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An incarnation of the machine that this database belongs to.
    Own,
    /// Somebody else's.
    Peer,
}

/// Writes an incarnation of this machine and its public key down, before its first stream. Doing
/// it again is harmless.
///
/// # Errors
/// [`LogError::OtherKey`] when the replica is there with another key: a replica never changes keys.
pub fn declare_replica(
    tx: &Connection,
    id: ReplicaId,
    key: &SealKey,
    opened: Hlc,
) -> Result<(), LogError> {
    declare(tx, id, key, opened, Owner::Own)
}

/// The same for a peer's replica. One that is this machine's own stays so.
///
/// # Errors
/// As [`declare_replica`].
pub fn declare_peer(
    tx: &Connection,
    id: ReplicaId,
    key: &SealKey,
    opened: Hlc,
) -> Result<(), LogError> {
    declare(tx, id, key, opened, Owner::Peer)
}

fn declare(
    tx: &Connection,
    id: ReplicaId,
    key: &SealKey,
    opened: Hlc,
    owner: Owner,
) -> Result<(), LogError> {
    if let Some((_, stored, _)) = find_replica(tx, id)? {
        return if stored == *key {
            Ok(())
        } else {
            Err(LogError::OtherKey { replica: id, stored, given: *key })
        };
    }
    tx.prepare_cached(
        "INSERT INTO replica (id, public_key, opened_clock, own) VALUES (:id, :key, :opened, :own)",
    )?
    .execute(named_params! {
        ":id": id.0,
        ":key": key.0,
        ":opened": opened.to_sql(),
        ":own": owner == Owner::Own,
    })?;
    Ok(())
}

/// Whose replica it is; `None` when it is not declared here.
///
/// # Errors
/// When SQLite fails.
pub fn owner(conn: &Connection, replica: ReplicaId) -> Result<Option<Owner>, LogError> {
    let own = conn
        .prepare_cached("SELECT own FROM replica WHERE id = :id")?
        .query_row(named_params! { ":id": replica.0 }, |row| row.get::<_, bool>(0))
        .optional()?;
    Ok(own.map(|own| if own { Owner::Own } else { Owner::Peer }))
}

/// The stream of a declared replica, made when it is not there yet.
///
/// # Errors
/// [`LogError::UnknownReplica`] before [`declare_replica`].
pub fn open_stream(
    tx: &Connection,
    replica: ReplicaId,
    kind: StreamKind,
) -> Result<Stream, LogError> {
    if let Some(stream) = find_stream(tx, replica, kind)? {
        return Ok(stream);
    }
    let (row, key, opened) = find_replica(tx, replica)?.ok_or(LogError::UnknownReplica(replica))?;
    let id = StreamId { replica, kind };
    tx.prepare_cached(
        "INSERT INTO stream (replica, kind, head_seq, head_hash, head_clock)
         VALUES (:replica, :kind, 0, :hash, :clock)",
    )?
    .execute(named_params! {
        ":replica": row,
        ":kind": kind.number(),
        ":hash": genesis_hash(id, &key).0,
        ":clock": opened.to_sql(),
    })?;
    Ok(Stream { local: tx.last_insert_rowid(), id, key })
}

/// The stream when this database holds it.
///
/// # Errors
/// When SQLite fails or the row is damaged.
pub fn find_stream(
    conn: &Connection,
    replica: ReplicaId,
    kind: StreamKind,
) -> Result<Option<Stream>, LogError> {
    conn.prepare_cached(FIND)?
        .query_and_then(named_params! { ":id": replica.0, ":kind": kind.number() }, stream_of)?
        .next()
        .transpose()
}

/// The streams that this machine wrote, in all its incarnations, in the order they were made.
///
/// # Errors
/// When SQLite fails or a row is damaged, also by a kind that a newer version wrote.
pub fn streams(conn: &Connection) -> Result<Vec<Stream>, LogError> {
    streams_of(conn, Owner::Own)
}

/// The streams of peers that this database holds, in the order they were made.
///
/// # Errors
/// As [`streams`].
pub fn peer_streams(conn: &Connection) -> Result<Vec<Stream>, LogError> {
    streams_of(conn, Owner::Peer)
}

fn streams_of(conn: &Connection, owner: Owner) -> Result<Vec<Stream>, LogError> {
    conn.prepare_cached(
        "SELECT stream.local, replica.id, stream.kind, replica.public_key
         FROM stream JOIN replica ON replica.local = stream.replica
         WHERE replica.own = :own ORDER BY stream.local",
    )?
    .query_and_then(named_params! { ":own": owner == Owner::Own }, stream_of)?
    .collect()
}

/// Where the stream ends.
///
/// # Errors
/// When SQLite fails or the row is damaged or gone.
pub fn head(conn: &Connection, stream: &Stream) -> Result<Head, LogError> {
    conn.prepare_cached(HEAD)?
        .query_and_then(named_params! { ":local": stream.local }, |row| {
            let damaged = || LogError::damaged("stream", format!("the head of the {}", stream.id));
            Ok(Head {
                seq: u64::try_from(row.get::<_, i64>(0)?).map_err(|_| damaged())?,
                hash: Hash(column(row, 1).ok_or_else(damaged)?),
                clock: column(row, 2).and_then(Hlc::from_sql).ok_or_else(damaged)?,
            })
        })?
        .next()
        .unwrap_or_else(|| Err(LogError::damaged("stream", format!("the {}", stream.id))))
}

/// Where a stream begins: behind the last entry that was pruned, or at its genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// The last sequence that was pruned, 0 when none was.
    pub seq: u64,
    /// The hash there.
    pub hash: Hash,
    /// The seal over it; none at the genesis.
    pub seal: Option<Seal>,
}

/// Where the stream begins.
///
/// # Errors
/// When SQLite fails or the row is damaged or gone.
pub fn base(conn: &Connection, stream: &Stream) -> Result<Base, LogError> {
    let damaged = || LogError::damaged("stream", format!("the beginning of the {}", stream.id));
    let (first, hash, seal) = conn
        .prepare_cached("SELECT first_seq, base_hash, base_seal FROM stream WHERE local = :local")?
        .query_row(named_params! { ":local": stream.local }, |row| {
            Ok((row.get::<_, i64>(0)?, column(row, 1).map(Hash), column(row, 2).map(Seal)))
        })
        .optional()?
        .ok_or_else(damaged)?;
    let first = u64::try_from(first).map_err(|_| damaged())?;
    let seq = first.checked_sub(1).ok_or_else(damaged)?;
    match (seq, hash, seal) {
        (0, _, _) => Ok(Base { seq, hash: stream.genesis(), seal: None }),
        (seq, Some(hash), Some(seal)) => Ok(Base { seq, hash, seal: Some(seal) }),
        _ => Err(damaged()),
    }
}

/// The latest clock that a replica wrote here, from which its clock starts; what it was opened at
/// before its first entry, `None` when it is not declared.
///
/// Of one replica only: a peer's clock may be wrong, and must not become this one's floor. A new
/// incarnation is opened at a tick of the clock before it, so nothing is lost by that.
///
/// # Errors
/// When SQLite fails or a stored clock is damaged.
pub fn last_clock(conn: &Connection, replica: ReplicaId) -> Result<Option<Hlc>, LogError> {
    let mut statement = conn.prepare_cached(LAST_CLOCK)?;
    let damaged = || LogError::damaged("stream", format!("a clock of replica {replica}"));
    statement
        .query_row(named_params! { ":id": replica.0 }, |row| row.get::<_, Option<i64>>(0))?
        .map(|clock| Hlc::from_sql(clock).ok_or_else(damaged))
        .transpose()
}

/// A replica's row number, key and opening clock.
fn find_replica(conn: &Connection, id: ReplicaId) -> Result<Option<(i64, SealKey, Hlc)>, LogError> {
    let damaged = || LogError::damaged("replica", format!("replica {id}"));
    conn.prepare_cached("SELECT local, public_key, opened_clock FROM replica WHERE id = :id")?
        .query_row(named_params! { ":id": id.0 }, |row| {
            Ok((row.get(0)?, column(row, 1), column(row, 2).and_then(Hlc::from_sql)))
        })
        .optional()?
        .map(|(local, key, opened)| {
            Ok((local, SealKey(key.ok_or_else(damaged)?), opened.ok_or_else(damaged)?))
        })
        .transpose()
}

fn stream_of(row: &Row<'_>) -> Result<Stream, LogError> {
    let local = row.get(0)?;
    let damaged = |what: &str| LogError::damaged("stream", format!("{what} of stream {local}"));
    let replica = ReplicaId(column(row, 1).ok_or_else(|| damaged("the replica's id"))?);
    let kind = StreamKind::from_number(row.get(2)?).map_err(|error| damaged(&error.to_string()))?;
    let key = SealKey(column(row, 3).ok_or_else(|| damaged("the public key"))?);
    Ok(Stream { local, id: StreamId { replica, kind }, key })
}

/// A column, `None` when it is of another type or length.
fn column<T: FromSql>(row: &Row<'_>, index: usize) -> Option<T> {
    row.get(index).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, OPENED};
    use super::*;

    #[test]
    fn a_stream_is_made_once_and_found_again() {
        let mut db = testing::database();
        let (replica, key) = (testing::replica(), testing::key().public());
        let tx = db.transaction().unwrap();
        assert!(matches!(
            open_stream(&tx, replica, StreamKind::Journal),
            Err(LogError::UnknownReplica(_))
        ));
        declare_replica(&tx, replica, &key, OPENED).unwrap();
        declare_replica(&tx, replica, &key, OPENED).unwrap();
        let journal = open_stream(&tx, replica, StreamKind::Journal).unwrap();
        let workspace = open_stream(&tx, replica, StreamKind::Workspace).unwrap();
        assert_eq!(open_stream(&tx, replica, StreamKind::Journal).unwrap(), journal);
        tx.commit().unwrap();

        assert_eq!(streams(&db).unwrap(), [journal, workspace]);
        assert_eq!(find_stream(&db, replica, StreamKind::Workspace).unwrap(), Some(workspace));
        assert_eq!(find_stream(&db, ReplicaId([0; 16]), StreamKind::Journal).unwrap(), None);
        assert_eq!(
            head(&db, &journal).unwrap(),
            Head { seq: 0, hash: journal.genesis(), clock: OPENED }
        );
        assert_ne!(journal.genesis(), workspace.genesis());
    }

    #[test]
    fn a_replica_keeps_its_key() {
        let db = testing::database();
        declare_replica(&db, testing::replica(), &testing::key().public(), OPENED).unwrap();
        let error =
            declare_replica(&db, testing::replica(), &SealKey([1; 32]), OPENED).unwrap_err();
        assert!(matches!(error, LogError::OtherKey { .. }), "{error}");
    }

    #[test]
    fn the_last_clock_is_the_latest_of_the_replica_alone() {
        let (mut db, journal) = testing::with_journal();
        let stranger = ReplicaId([9; 16]);
        assert_eq!(last_clock(&db, stranger).unwrap(), None);
        assert_eq!(last_clock(&db, testing::replica()).unwrap(), Some(OPENED));
        let workspace = open_stream(&db, testing::replica(), StreamKind::Workspace).unwrap();
        testing::append_all(&mut db, &journal, &[b"a", b"b"]);
        let last = testing::append_all(&mut db, &workspace, &[b"c"])[0].clock;
        declare_replica(&db, stranger, &SealKey([1; 32]), Hlc::MAX).unwrap();
        assert_eq!(last_clock(&db, testing::replica()).unwrap(), Some(last));
        assert_eq!(last_clock(&db, stranger).unwrap(), Some(Hlc::MAX));
    }

    #[test]
    fn hot_queries_find_their_row() {
        for (sql, expected) in [
            (HEAD, "SEARCH stream USING INTEGER PRIMARY KEY"),
            (FIND, "sqlite_autoindex_stream_1 (replica=?"),
            (LAST_CLOCK, "sqlite_autoindex_stream_1 (replica=?"),
        ] {
            testing::check_plan(sql, expected);
        }
    }

    #[test]
    fn a_kind_of_a_newer_version_is_an_error() {
        let (db, _) = testing::with_journal();
        db.execute("UPDATE stream SET kind = 99", []).unwrap();
        let error = streams(&db).unwrap_err().to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}
