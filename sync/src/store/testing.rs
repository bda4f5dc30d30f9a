//! What the store's tests share: a database in memory, a key, a journal with entries.

use super::{
    Appended, SCHEMA, SCHEMA_2, SCHEMA_3, Stream, append, declare_replica, hash_at, last_clock,
    open_stream,
};
use crate::clock::{Clock, Hlc};
use crate::log::{ReplicaId, Seal, SealingKey, Seed, StreamKind};
use rusqlite::Connection;

pub const OPENED: Hlc = Hlc::from_ms(1_700_000_000_000);

pub fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA).unwrap();
    db.execute_batch(SCHEMA_2).unwrap();
    db.execute_batch(SCHEMA_3).unwrap();
    db
}

pub fn replica() -> ReplicaId {
    ReplicaId(*b"replica-of-tests")
}

pub fn key() -> SealingKey {
    SealingKey::from_seed(&Seed::new([42; 32])).unwrap()
}

pub fn with_journal() -> (Connection, Stream) {
    let db = database();
    declare_replica(&db, replica(), &key().public(), OPENED).unwrap();
    let journal = open_stream(&db, replica(), StreamKind::Journal).unwrap();
    (db, journal)
}

/// A checkpoint over an entry that is here.
pub fn checkpoint(db: &Connection, stream: &Stream, seq: u64) -> Seal {
    let id = stream.id();
    let hash = hash_at(db, id.replica, id.kind, seq).unwrap().unwrap();
    key().checkpoint(id, seq, &hash)
}

pub fn append_all(db: &mut Connection, stream: &Stream, bodies: &[&[u8]]) -> Vec<Appended> {
    let mut clock = Clock::new(0, last_clock(db, stream.id().replica).unwrap()).unwrap();
    let tx = db.transaction().unwrap();
    let appended = bodies
        .iter()
        .map(|body| append(&tx, stream, clock.tick(0), body, &key()).unwrap())
        .collect();
    tx.commit().unwrap();
    appended
}

/// Expects that SQLite searches as `expected` for `sql`, and scans no table.
pub fn check_plan(sql: &str, expected: &str) {
    let db = database();
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let plan: Vec<String> =
        statement.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap();
    assert!(plan.iter().any(|step| step.contains(expected)), "{sql}\n{plan:?}");
    for table in ["replica", "stream", "entry"] {
        assert!(
            !plan.iter().any(|step| step.contains(&format!("SCAN {table}"))),
            "{sql}\n{plan:?}"
        );
    }
}
