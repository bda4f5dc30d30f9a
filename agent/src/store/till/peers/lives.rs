//! This till in earlier lives that its files know nothing of: which replicas it was, and which receipt
//! series they opened, so that no number is given twice.
//!
//! What they wrote need not count for that: nobody may have signed for the key yet, or it was revoked.
//! Called by [`super`] when a stream or a paper comes, and when another incarnation begins.

use super::super::error::Result;
use commerce::fact::Fact;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use sync::log::{ReplicaId, SealKey, StreamKind};
use sync::store::{Owner, Stream, owner, peer_streams, read_one, streams};
use sync::trust::{Member, Trust};

/// The highest series that is believed of an earlier life, so that whoever has an old key of this till's
/// can't use up the numbers of carts, which end at 32,767: a till begins some a year.
const MOST_SERIES: u32 = 16_383;

/// Whether a replica is this till in an earlier life: under the same key, or before its hardware was
/// replaced.
fn lived_before(trust: &Trust, own: &SealKey, replica: ReplicaId) -> bool {
    let Some((key, _)) = trust.key_of(replica) else { return false };
    let till = |key| match trust.member(key) {
        Some(Member::Till { store, thing, .. }) => Some((store, thing)),
        _ => None,
    };
    key == *own || till(&key).is_some_and(|theirs| till(own) == Some(theirs))
}

/// Whether a stream of this till's, in an earlier life, gives receipts or carts numbers of a series.
pub(super) fn gives_series(
    tx: &Connection,
    trust: &Trust,
    own: &SealKey,
    stream: &Stream,
    series: u32,
) -> Result<bool> {
    let replica = stream.id().replica;
    if owner(tx, replica)? == Some(Owner::Own) || !lived_before(trust, own, replica) {
        return Ok(false);
    }
    Ok(series_of(tx, stream)?.contains(&series))
}

/// The series of all earlier lives that peers know of.
pub(super) fn series_given(tx: &Connection, trust: &Trust, own: &SealKey) -> Result<BTreeSet<u32>> {
    let mut given = BTreeSet::new();
    for stream in peer_streams(tx)? {
        if lived_before(trust, own, stream.id().replica) {
            given.append(&mut series_of(tx, &stream)?);
        }
    }
    Ok(given)
}

/// The most lives that papers name and nothing else is known of for which series are left free.
const MOST_UNHEARD: usize = 64;

/// How many earlier lives papers name of whose series nothing is here yet: what they wrote may be on its
/// way.
pub(super) fn lives_unheard(tx: &Connection, trust: &Trust, own: &SealKey) -> Result<u32> {
    let mut heard: BTreeSet<ReplicaId> =
        streams(tx)?.iter().map(|stream| stream.id().replica).collect();
    for stream in peer_streams(tx)? {
        if !series_of(tx, &stream)?.is_empty() {
            heard.insert(stream.id().replica);
        }
    }
    let unheard =
        trust.replicas().filter(|it| !heard.contains(it) && lived_before(trust, own, *it));
    Ok(u32::try_from(unheard.take(MOST_UNHEARD).count()).unwrap_or(u32::MAX))
}

/// A journal's first entry opens its series; one whose beginning was pruned has given receipts of it.
/// A stream of carts says it as well, and may come before.
fn series_of(tx: &Connection, stream: &Stream) -> Result<BTreeSet<u32>> {
    let sql = match stream.id().kind {
        StreamKind::Journal => {
            if let Some(first) = read_one(tx, stream, 1)?
                && let Ok(Fact::SeriesOpened(opened)) = sync::body::decode(&first.entry.body)
            {
                return Ok([opened.series].into_iter().filter(|it| *it <= MOST_SERIES).collect());
            }
            "SELECT DISTINCT series FROM peer_receipt WHERE stream = ?1"
        }
        StreamKind::Workspace => "SELECT series FROM writer WHERE holder = ?1",
        _ => return Ok(BTreeSet::new()),
    };
    let series: rusqlite::Result<BTreeSet<u32>> =
        tx.prepare_cached(sql)?.query_map(params![stream.local()], |row| row.get(0))?.collect();
    Ok(series?.into_iter().filter(|it| *it <= MOST_SERIES).collect())
}
