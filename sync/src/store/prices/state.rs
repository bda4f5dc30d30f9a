//! What becomes of a push: settled when something of it comes, activated at its instant, swept
//! when it counts no more.

use super::PricesError;
use crate::bulk::push_digest;
use crate::log::{Hash, ReplicaId, Zone};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::fmt;

/// Names a push: its number is its replica's in one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PushId {
    /// The hub's incarnation that wrote it.
    pub replica: ReplicaId,
    /// The zone.
    pub zone: Zone,
    /// Its number.
    pub push: u64,
}

/// `push 17 of zone 3 by 00112233445566778899aabbccddeeff`
impl fmt::Display for PushId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "push {} of zone {} by {}", self.push, self.zone.number(), self.replica)
    }
}

/// How far a push is. It only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PushState {
    /// Something of it is missing.
    Receiving,
    /// It is whole and waits for its instant.
    Staged,
    /// Its prices count.
    Active,
    /// Its chunks and its manifest contradict each other: a person must see to the hub.
    Refused,
    /// It counts no longer.
    Withdrawn,
}

impl PushState {
    const ALL: [Self; 5] =
        [Self::Receiving, Self::Staged, Self::Active, Self::Refused, Self::Withdrawn];

    /// Its number in the tables.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Receiving => 0,
            Self::Staged => 1,
            Self::Active => 2,
            Self::Refused => 3,
            Self::Withdrawn => 4,
        }
    }

    fn read(number: i64) -> Result<Self, PricesError> {
        let found = Self::ALL.into_iter().find(|state| state.number() == number);
        found.ok_or_else(|| PricesError::Damaged(format!("a state {number}")))
    }

    /// Whether it will never count again.
    #[must_use]
    pub const fn is_dead(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn)
    }

    /// Latches the state; one that is lower than the stored one changes nothing.
    pub(super) fn set(self, tx: &Connection, local: i64) -> Result<(), PricesError> {
        tx.prepare_cached("UPDATE price_push SET state = max(state, :state) WHERE local = :local")?
            .execute(named_params! { ":local": local, ":state": self.number() })?;
        Ok(())
    }
}

/// A push as far as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// How far it is.
    pub state: PushState,
    /// How many of its chunks are here.
    pub here: u32,
    /// How many it has, once its manifest is here.
    pub chunks: Option<u32>,
    /// What headquarters calls it, once its manifest is here.
    pub name: Option<String>,
    /// Its instant in milliseconds since 1970, once its manifest is here.
    pub starts_ms: Option<i64>,
}

/// How far a push is; `None` when nothing of it is here.
///
/// # Errors
/// When SQLite fails or the row is damaged.
pub fn push(conn: &Connection, id: PushId) -> Result<Option<Received>, PricesError> {
    let row = conn
        .prepare_cached(
            "SELECT state, here, chunks, name, starts FROM price_push
             WHERE replica = ?1 AND zone = ?2 AND push = ?3",
        )?
        .query_row(key(&id), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    row.map(|(state, here, chunks, name, starts_ms)| {
        Ok(Received { state: PushState::read(state)?, here, chunks, name, starts_ms })
    })
    .transpose()
}

/// Makes every staged push active whose instant has come: one row each, once and for all. Returns
/// which.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn activate(tx: &Connection, now_ms: i64) -> Result<Vec<PushId>, PricesError> {
    let mut statement = tx.prepare_cached(
        "UPDATE price_push SET state = 2 WHERE state = 1 AND starts <= :now
         RETURNING replica, zone, push",
    )?;
    let rows = statement.query_map(named_params! { ":now": now_ms }, |row| {
        Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, u16>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut active = Vec::new();
    for row in rows {
        let (replica, zone, push) = row?;
        let zone = Zone::new(zone).ok_or_else(|| PricesError::Damaged(format!("zone {zone}")))?;
        active.push(PushId { replica: ReplicaId(replica), zone, push: push.cast_unsigned() });
    }
    active.sort_unstable();
    Ok(active)
}

/// Lets a push never count here, whatever else comes of it: its prices are none that this till or
/// hub can sell at.
///
/// # Errors
/// When SQLite fails or the row is damaged.
pub fn refuse(tx: &Connection, id: PushId) -> Result<(), PricesError> {
    let (local, _) = find_or_make(tx, id)?;
    PushState::Refused.set(tx, local)
}

/// Deletes the rows of one chunk that never counts again; returns whether there was one. Call it
/// when little else is to do and every reader has loaded its [`super::Standing`] since the push
/// was withdrawn or refused.
///
/// # Errors
/// When SQLite fails.
pub fn sweep(tx: &Connection) -> Result<bool, PricesError> {
    let dead = tx
        .prepare_cached(
            "SELECT batch, first_item, last_item FROM price_chunk
             JOIN price_push ON price_push.local = price_chunk.push WHERE state >= 3 LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((batch, first, last)) = dead else { return Ok(false) };
    let (batch, first, last): (i64, i64, i64) = (batch, first, last);
    tx.prepare_cached("DELETE FROM price WHERE item BETWEEN ?1 AND ?2 AND batch = ?3")?
        .execute((first, last, batch))?;
    tx.prepare_cached("DELETE FROM price_chunk WHERE batch = ?1")?.execute([batch])?;
    Ok(true)
}

/// The row of a push and its state, made when it is not there yet.
pub(super) fn find_or_make(tx: &Connection, id: PushId) -> Result<(i64, PushState), PricesError> {
    let found = tx
        .prepare_cached(
            "SELECT local, state FROM price_push
             WHERE replica = ?1 AND zone = ?2 AND push = ?3",
        )?
        .query_row(key(&id), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((local, state)) = found {
        return Ok((local, PushState::read(state)?));
    }
    tx.prepare_cached("INSERT INTO price_push (replica, zone, push) VALUES (?1, ?2, ?3)")?
        .execute(key(&id))?;
    Ok((tx.last_insert_rowid(), PushState::Receiving))
}

/// Compares what is here of a push with its manifest, and latches what that comes to.
pub(super) fn settle(tx: &Connection, local: i64) -> Result<PushState, PricesError> {
    let (state, here, here_changes, chunks, changes, digest) = tx
        .prepare_cached(
            "SELECT state, here, here_changes, chunks, changes, digest FROM price_push
             WHERE local = ?1",
        )?
        .query_row([local], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
                row.get::<_, Option<i64>>(4)?,
                row.get::<_, Option<[u8; 32]>>(5)?,
            ))
        })?;
    let state = PushState::read(state)?;
    let Some((chunks, (changes, digest))) = chunks.zip(changes.zip(digest)) else {
        return Ok(state);
    };
    let now = match here.cmp(&chunks) {
        std::cmp::Ordering::Less => return Ok(state),
        std::cmp::Ordering::Greater => PushState::Refused,
        std::cmp::Ordering::Equal if here_changes != changes => PushState::Refused,
        std::cmp::Ordering::Equal if chunk_digest(tx, local)? != Hash(digest) => PushState::Refused,
        std::cmp::Ordering::Equal => PushState::Staged,
    };
    now.set(tx, local)?;
    Ok(state.max(now))
}

/// The digest over the hashes of the chunks that are here.
fn chunk_digest(tx: &Connection, local: i64) -> Result<Hash, PricesError> {
    let mut statement =
        tx.prepare_cached("SELECT hash FROM price_chunk WHERE push = ?1 ORDER BY seq")?;
    let hashes = statement.query_map([local], |row| row.get(0).map(Hash))?;
    Ok(push_digest(hashes.collect::<Result<Vec<_>, _>>()?))
}

/// The columns that name a push.
const fn key(id: &PushId) -> ([u8; 16], u16, i64) {
    (id.replica.0, id.zone.number(), id.push.cast_signed())
}
