//! What the hub's entries do to the tables, as far as they count.
//!
//! An entry that a newer version wrote is kept and passed over, and taken up by the version that
//! can read it. One that no version can read is the hub's mistake: it is kept as well, and told.

use super::{DownstreamError, Result, Suspicion};
use rusqlite::{OptionalExtension, Transaction, params};
use sync::batch::Batch;
use sync::body::BodyError;
use sync::bulk::BulkError;
use sync::log::{Entry, Position, StreamId, StreamKind};
use sync::session::Outcome;
use sync::store::prices::{self, PricesError, PushState};
use sync::store::{
    AlarmKind, Ingested, SettingsError, Stream, apply_settings, folded, held, peer_streams, read,
    read_one, set_folded, unfolded,
};
use sync::trust::Trust;

/// Entries read at a time where they waited; a chunk of prices is up to 120 KB.
const PORTION: usize = 16;

/// The most unread entries that are tried at a start; a start must not take long, and the next goes
/// on with the rest.
const MAX_READ_AGAIN: i64 = 1_000;

/// Merges what is new of a run, and says what became of it.
pub(super) fn take(
    tx: &Transaction<'_>,
    run: &Batch,
    ingested: Ingested,
    suspicions: &mut Vec<Suspicion>,
) -> Result<Outcome> {
    match ingested {
        Ingested::Known => Ok(Outcome::Known),
        Ingested::Gap { .. } => Ok(Outcome::Gap),
        Ingested::Appended { stream, from, to, counts_to } => {
            // Entries that waited before are taken first, when their turn comes by a paper.
            if is_taken(stream.id().kind) && folded(tx, &stream)? + 1 == from && counts_to >= from {
                let fresh = run.entries.iter().filter(|it| (from..=counts_to).contains(&it.seq));
                for entry in fresh {
                    fold(tx, &stream, entry, suspicions)?;
                }
                set_folded(tx, &stream, counts_to)?;
            }
            if counts_to < to {
                let why = format!("entries {} to {to} wait for a manager", from.max(counts_to + 1));
                suspicions.push(about(stream.id(), AlarmKind::Held, why));
            }
            Ok(Outcome::Appended(held(tx, &stream)?))
        }
        Ingested::Forked { stream, at, orphans, .. } => {
            // Which branch counts is not for a till to choose: the one that came first stands.
            if let Some((first, last)) = orphans.first().zip(orphans.last()) {
                let why =
                    format!("a second branch holds other entries {} to {}", first.seq, last.seq);
                suspicions.push(about(stream.id(), AlarmKind::Fork, why));
            }
            Ok(Outcome::Forked { at, to: run.entries.last().map_or(0, |entry| entry.seq) })
        }
        // A till writes none of these streams.
        Ingested::OwnAhead { .. } | Ingested::OwnForked { .. } => Ok(Outcome::Refused),
    }
}

/// Whether this version knows what to do with entries of such a stream; others are kept for the
/// version that does.
const fn is_taken(kind: StreamKind) -> bool {
    matches!(kind, StreamKind::Prices(_) | StreamKind::Settings)
}

/// Merges what became countable by papers that came since.
pub(super) fn take_waiting(
    tx: &Transaction<'_>,
    trust: &Trust,
    suspicions: &mut Vec<Suspicion>,
) -> Result<()> {
    for waiting in unfolded(tx, trust)? {
        if !is_taken(waiting.stream.id().kind) {
            continue;
        }
        let mut next = waiting.from;
        while next <= waiting.to {
            let portion = read(tx, &waiting.stream, next, PORTION)?;
            if portion.is_empty() {
                break;
            }
            for stored in portion.into_iter().take_while(|it| it.entry.seq <= waiting.to) {
                fold(tx, &waiting.stream, &stored.entry, suspicions)?;
                next = stored.entry.seq + 1;
            }
        }
        set_folded(tx, &waiting.stream, waiting.to)?;
    }
    Ok(())
}

/// Tries entries again that an earlier version of Till could not read.
pub(super) fn read_again(tx: &Transaction<'_>) -> Result<()> {
    let unread: Vec<(i64, i64)> = tx
        .prepare("SELECT stream, seq FROM unread ORDER BY stream, seq LIMIT ?1")?
        .query_map([MAX_READ_AGAIN], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    let streams = peer_streams(tx)?;
    for (local, seq) in unread {
        let Some(stream) = streams.iter().find(|stream| stream.local() == local) else { continue };
        tx.execute("DELETE FROM unread WHERE stream = ?1 AND seq = ?2", [local, seq])?;
        if let Some(stored) = read_one(tx, stream, seq.cast_unsigned())? {
            // What is still unread is put back; what was wrong with it was told when it came.
            fold(tx, stream, &stored.entry, &mut Vec::new())?;
        }
    }
    Ok(())
}

fn fold(
    tx: &Transaction<'_>,
    stream: &Stream,
    entry: &Entry,
    suspicions: &mut Vec<Suspicion>,
) -> Result<()> {
    let id = stream.id();
    if id.kind == StreamKind::Settings {
        return fold_settings(tx, stream, entry, suspicions);
    }
    match prices::apply(tx, id, entry) {
        Ok(applied) => {
            if applied.new && applied.state == PushState::Refused {
                let why = format!("{} contradicts itself and never counts here", applied.push);
                suspicions.push(about(id, AlarmKind::Disbelieved, why));
            } else if let Some(theirs) = applied.currency
                && let Some(ours) = currency(tx)?
                && theirs.code() != ours
            {
                prices::refuse(tx, applied.push)?;
                let (push, theirs) = (applied.push, theirs.code());
                let why = format!(
                    "{push} is in {theirs}, this store sells in {ours}: the hub \
                    mixed its zones up, and the push never counts here"
                );
                suspicions.push(about(id, AlarmKind::Disbelieved, why));
            }
            Ok(())
        }
        Err(error @ PricesError::Body { error: BulkError::UnknownKind(_), .. }) => {
            put_unread(tx, stream, entry)?;
            suspicions.push(about(id, AlarmKind::Disbelieved, error.to_string()));
            Ok(())
        }
        Err(error @ (PricesError::Body { .. } | PricesError::OtherZone { .. })) => {
            let position = Position { stream: id, seq: entry.seq };
            let why = format!("{position} is kept and does not count: {error}");
            suspicions.push(about(id, AlarmKind::Disbelieved, why));
            Ok(())
        }
        Err(error) => Err(DownstreamError::Prices(error)),
    }
}

fn fold_settings(
    tx: &Transaction<'_>,
    stream: &Stream,
    entry: &Entry,
    suspicions: &mut Vec<Suspicion>,
) -> Result<()> {
    match apply_settings(tx, stream.id(), entry) {
        Ok(false) => Ok(()),
        // What is newer concerns what this version can't do; a setting unread is nobody's alarm.
        Ok(true) | Err(SettingsError::Body { error: BodyError::UnknownKind(_), .. }) => {
            put_unread(tx, stream, entry)
        }
        Err(error @ SettingsError::Body { .. }) => {
            let why = format!("it is kept and does not count: {error}");
            suspicions.push(about(stream.id(), AlarmKind::Disbelieved, why));
            Ok(())
        }
        Err(error) => Err(DownstreamError::Settings(error)),
    }
}

fn put_unread(tx: &Transaction<'_>, stream: &Stream, entry: &Entry) -> Result<()> {
    tx.prepare_cached("INSERT INTO unread(stream, seq) VALUES(?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![stream.local(), entry.seq.cast_signed()])?;
    Ok(())
}

/// What the store sells in; `None` before it was imported.
fn currency(tx: &Transaction<'_>) -> Result<Option<String>> {
    let mut statement = tx.prepare_cached("SELECT currency FROM store")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

fn about(stream: StreamId, kind: AlarmKind, why: String) -> Suspicion {
    Suspicion { kind, subject: stream.to_string(), why, frame: Vec::new() }
}
