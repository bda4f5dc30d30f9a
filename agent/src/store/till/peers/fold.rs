//! What peers' entries do to state: they move the shop's stock and fill the list of its receipts;
//! they never touch this till's own shifts, payments and numbers.

use super::super::error::{Result, TillStoreError};
use super::super::{customers, space};
use super::recount::recount;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use commerce::fact::Fact;
use commerce::returns::ReturnKind;
use commerce::sale::{ReceiptNumber, Stamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::BTreeSet;
use sync::body::BodyError;
use sync::clock::Hlc;
use sync::log::{Entry, StreamKind};
use sync::planted::{self, Bug};
use sync::store::{
    AlarmKind, Counter, Owner, Stream, fold_stock, folded, head, journals, owner, raise,
    set_folded, unfolded,
};
use sync::trust::Trust;

/// What folding came to, for whoever shows it.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Somebody must see to something.
    pub alarmed: bool,
    /// The carts that operations were about.
    pub carts: BTreeSet<CartId>,
    /// The customers.
    pub customers: BTreeSet<CustomerId>,
}

/// Entries folded at a time once their writer's papers came.
const PORTION: usize = 256;

/// Up to where entries of a stream count here: what this till sold it sold, whoever has signed for it.
pub(super) fn counts_here(tx: &Connection, stream: &Stream, counts_to: u64) -> Result<u64> {
    let own = owner(tx, stream.id().replica)? == Some(Owner::Own);
    Ok(if own { u64::MAX } else { counts_to })
}

/// Folds what is new of a peer's stream, as far as it counts.
pub(super) fn take_fresh<'e>(
    tx: &Transaction<'_>,
    now_ms: i64,
    stream: &Stream,
    fresh: impl Iterator<Item = &'e Entry>,
    (from, to): (u64, u64),
    counts_to: u64,
) -> Result<Folded> {
    if owner(tx, stream.id().replica)? == Some(Owner::Own) {
        tx.prepare_cached(
            "INSERT INTO given_back (stream, from_seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![stream.local(), from.cast_signed()])?;
    }
    let mut came = Folded::default();
    // Entries that waited before are folded first, when their turn comes by a paper.
    if folded(tx, stream)? + 1 == from && counts_to >= from {
        for entry in fresh.take_while(|entry| entry.seq <= counts_to) {
            let place = PeerPlace { stream, seq: entry.seq, clock: entry.clock };
            fold_peer(tx, Some(now_ms), place, &entry.body, &mut came)?;
        }
        set_folded(tx, stream, counts_to)?;
    }
    if counts_to < to && counts_to > 0 {
        let detail = format!("entries {} to {to} wait for a manager", from.max(counts_to + 1));
        raise(tx, now_ms, AlarmKind::Held, &stream.id().to_string(), &detail)?;
        came.alarmed = true;
    }
    Ok(came)
}

pub(super) fn take_orphans(
    tx: &Transaction<'_>,
    now_ms: i64,
    stream: &Stream,
    orphans: &[Entry],
    counts_to: u64,
) -> Result<()> {
    let Some((first, last)) = orphans.first().zip(orphans.last()) else { return Ok(()) };
    set_orphans_count(tx, stream, counts_to)?;
    if stream.id().kind == StreamKind::Journal {
        let replica = stream.id().replica;
        let counting = orphans.iter().filter(|entry| entry.seq <= counts_to);
        let counter = |entry: &Entry| Counter { replica, clock: entry.clock };
        if !planted::is(Bug::OrphansNotFolded) {
            fold_orphans(tx, counting.map(|entry| (counter(entry), entry.body.as_slice())))?;
        }
    }
    let detail = format!("a second branch holds other entries {} to {}", first.seq, last.seq);
    raise(tx, now_ms, AlarmKind::Fork, &stream.id().to_string(), &detail)?;
    Ok(())
}

/// Folds what became countable by papers that came, and takes out what counts no longer; `None`
/// when there is nothing of either.
pub(super) fn fold_countable(
    tx: &Transaction<'_>,
    now_ms: i64,
    trust: &Trust,
) -> Result<Option<Folded>> {
    let mut came = Folded::default();
    let again = recount(tx, trust, &mut came)?;
    let waiting = unfolded(tx, trust)?;
    for it in &waiting {
        fold_range(tx, Some(now_ms), &it.stream, (it.from, it.to), &mut came, &mut |_| {})?;
    }
    Ok((again || !waiting.is_empty()).then_some(came))
}

/// Folds entries of a peer's stream that are in the log; gives how many.
fn fold_range(
    tx: &Connection,
    now_ms: Option<i64>,
    stream: &Stream,
    (from, to): (u64, u64),
    came: &mut Folded,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    let mut next = from;
    while next <= to {
        let limit = usize::try_from(to - next + 1).unwrap_or(PORTION).min(PORTION);
        let portion = sync::store::read(tx, stream, next, limit)?;
        let Some(read_to) = portion.last().map(|stored| stored.entry.seq) else { break };
        for stored in portion {
            let place = PeerPlace { stream, seq: stored.entry.seq, clock: stored.entry.clock };
            fold_peer(tx, now_ms, place, &stored.entry.body, came)?;
        }
        set_folded(tx, stream, read_to)?;
        next = read_to + 1;
        progress(next - from);
    }
    Ok(next - from)
}

/// Before state is folded anew: takes note of how far each stream counts, and that nothing of it
/// is part of state. Gives what [`refold`] is to fold of each, after this till's own entries.
pub fn unfold(tx: &Connection) -> Result<Vec<(Stream, u64, u64)>> {
    let mut counted = Vec::new();
    for stream in journals(tx)? {
        let from = written_here(tx, &stream)?.saturating_add(1);
        counted.push((stream, from, folded(tx, &stream)?));
        set_folded(tx, &stream, 0)?;
    }
    Ok(counted)
}

/// The last entry of a stream that was written here: none of a peer's; of an own one all, but for
/// what a peer gave back.
pub fn written_here(conn: &Connection, stream: &Stream) -> Result<u64> {
    if owner(conn, stream.id().replica)? != Some(Owner::Own) {
        return Ok(0);
    }
    let given_back: Option<i64> = conn
        .prepare_cached("SELECT from_seq FROM given_back WHERE stream = ?1")?
        .query_row([stream.local()], |row| row.get(0))
        .optional()?;
    match given_back {
        Some(from) => Ok(from.cast_unsigned().saturating_sub(1)),
        None => Ok(head(conn, stream)?.seq),
    }
}

/// Folds what peers wrote, or gave back, again.
pub fn refold(
    tx: &Connection,
    stream: &Stream,
    from: u64,
    to: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    fold_range(tx, None, stream, (from, to), &mut Folded::default(), progress)
}

/// Folds the other branches of streams that forked again; before anything else is folded, for what
/// they moved is part of every count.
pub fn refold_orphans(tx: &Connection) -> Result<()> {
    let mut orphans = Vec::new();
    for stream in journals(tx)? {
        let mut statement = tx.prepare_cached(
            "SELECT clock, body FROM orphan WHERE stream = ?1 AND counts = 1 ORDER BY local",
        )?;
        let mut rows = statement.query([stream.local()])?;
        while let Some(row) = rows.next()? {
            let clock = Hlc::from_number(row.get::<_, i64>(0)?.cast_unsigned())
                .ok_or_else(|| TillStoreError::damaged("orphan", "a clock"))?;
            let replica = stream.id().replica;
            orphans.push((Counter { replica, clock }, row.get::<_, Vec<u8>>(1)?));
        }
    }
    fold_orphans(tx, orphans.iter().map(|(counter, body)| (*counter, body.as_slice())))
}

/// Notes which orphans of a stream count; whether that changed.
pub(super) fn set_orphans_count(tx: &Connection, stream: &Stream, counts_to: u64) -> Result<bool> {
    let counts_to = i64::try_from(counts_to).unwrap_or(i64::MAX);
    let changed = tx
        .prepare_cached(
            "UPDATE orphan SET counts = seq <= ?2 WHERE stream = ?1 AND counts <> (seq <= ?2)",
        )?
        .execute(params![stream.local(), counts_to])?;
    Ok(changed > 0)
}

/// Where a peer's entry stands.
#[derive(Debug, Clone, Copy)]
struct PeerPlace<'a> {
    stream: &'a Stream,
    seq: u64,
    clock: Hlc,
}

/// Folds an entry of a peer. It raises alarms but in a rebuild, where there is no `now`.
fn fold_peer(
    tx: &Connection,
    now_ms: Option<i64>,
    place: PeerPlace<'_>,
    body: &[u8],
    came: &mut Folded,
) -> Result<()> {
    match place.stream.id().kind {
        StreamKind::Journal => came.alarmed |= fold_journal(tx, now_ms, place, body)?,
        StreamKind::Workspace => fold_carts(tx, now_ms, place, body, came)?,
        StreamKind::Customers => fold_customers(tx, now_ms, place, body, came)?,
        _ => {}
    }
    Ok(())
}

/// Folds what a sibling did to the shop's carts; what this till says to it comes with the next act.
fn fold_carts(
    tx: &Connection,
    now_ms: Option<i64>,
    place: PeerPlace<'_>,
    body: &[u8],
    came: &mut Folded,
) -> Result<()> {
    let (holder, replica) = (place.stream.local(), place.stream.id().replica);
    let at = space::Place { holder, replica, seq: place.seq, own: false, now_ms };
    match space::fold_body(tx, at, body) {
        Ok(mut folded) => {
            came.carts.append(&mut folded.carts);
            came.alarmed |= folded.alarmed;
        }
        Err(TillStoreError::Body(error)) => {
            came.alarmed |= disbelieve(tx, now_ms, place, &cannot_be_read(&error))?;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Folds what a sibling said of the chain's customers.
fn fold_customers(
    tx: &Connection,
    now_ms: Option<i64>,
    place: PeerPlace<'_>,
    body: &[u8],
    came: &mut Folded,
) -> Result<()> {
    let PeerPlace { stream, seq, clock } = place;
    let why = match customers::fold_body(tx, customers::EntryPlace { stream, seq, clock }, body) {
        Ok(mut folded) => {
            came.customers.append(&mut folded.customers);
            let Some(full) = folded.full else { return Ok(()) };
            format!("is not folded: the record of customer {full} is full")
        }
        Err(TillStoreError::Body(error)) => cannot_be_read(&error),
        Err(error) => return Err(error),
    };
    came.alarmed |= disbelieve(tx, now_ms, place, &why)?;
    Ok(())
}

fn fold_journal(
    tx: &Connection,
    now_ms: Option<i64>,
    place: PeerPlace<'_>,
    body: &[u8],
) -> Result<bool> {
    let fact = match sync::body::decode(body) {
        Ok(fact) => fact,
        Err(error) => {
            put_unread(tx, place)?;
            if matches!(error, BodyError::UnknownKind(_) | BodyError::UnknownNumber { .. }) {
                return Ok(false);
            }
            return disbelieve(tx, now_ms, place, &cannot_be_read(&error));
        }
    };
    let counter = Counter { replica: place.stream.id().replica, clock: place.clock };
    fold_stock(tx, counter, &fact, journals)?;
    let Some((receipt, kind, stamp, total)) = receipt_of(&fact) else { return Ok(false) };
    let put = tx
        .prepare_cached(
            "INSERT INTO peer_receipt (till, series, number, kind, stream, seq, at, total)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            receipt.till,
            receipt.series,
            receipt.number,
            kind,
            place.stream.local(),
            place.seq.cast_signed(),
            stamp.at.as_millisecond(),
            total,
        ])?;
    if put == 1 {
        return Ok(false);
    }
    let detail = format!("entry {} of the {} gives it again", place.seq, place.stream.id());
    warn(tx, now_ms, AlarmKind::Fork, &format!("receipt {receipt}"), &detail)
}

fn cannot_be_read(error: &BodyError) -> String {
    format!("can't be read: {error}")
}

/// Tells what is wrong with an entry that is kept all the same.
fn disbelieve(
    tx: &Connection,
    now_ms: Option<i64>,
    place: PeerPlace<'_>,
    why: &str,
) -> Result<bool> {
    let detail = format!("entry {} {why}", place.seq);
    warn(tx, now_ms, AlarmKind::Disbelieved, &place.stream.id().to_string(), &detail)
}

fn warn(
    tx: &Connection,
    now_ms: Option<i64>,
    kind: AlarmKind,
    subject: &str,
    detail: &str,
) -> Result<bool> {
    if let Some(now_ms) = now_ms {
        raise(tx, now_ms, kind, subject, detail)?;
    }
    Ok(now_ms.is_some())
}

/// Folds entries of other branches of journals: what was moved was moved, and what was counted was
/// counted. Movements come first, for a count takes all that the table of orphans holds for folded.
fn fold_orphans<'o>(
    tx: &Connection,
    orphans: impl Iterator<Item = (Counter, &'o [u8])>,
) -> Result<()> {
    let mut counts = Vec::new();
    for (counter, body) in orphans {
        match sync::body::decode(body) {
            Ok(fact @ Fact::StockCounted(_)) => counts.push((counter, fact)),
            Ok(fact) => fold_stock(tx, counter, &fact, journals)?,
            // A newer version's moves nothing that this one could know of.
            Err(_) => {}
        }
    }
    counts.iter().try_for_each(|(counter, fact)| Ok(fold_stock(tx, *counter, fact, journals)?))
}

fn receipt_of(fact: &Fact) -> Option<(&ReceiptNumber, u8, &Stamp, i64)> {
    match fact {
        Fact::Sold(sale) => Some((&sale.receipt, 1, &sale.stamp, sale.total.minor())),
        Fact::Returned(returned) => {
            let kind = match returned.kind {
                ReturnKind::Refund => 2,
                ReturnKind::PostVoid => 3,
            };
            Some((&returned.receipt, kind, &returned.stamp, returned.total.minor()))
        }
        _ => None,
    }
}

/// Folds what an earlier version of Till could not read and this one can.
pub fn fold_unread(tx: &Connection, now_ms: i64) -> Result<()> {
    for stream in journals(tx)? {
        let mut rows =
            tx.prepare_cached("SELECT seq FROM unread WHERE stream = ?1 ORDER BY seq")?;
        let waiting: Vec<i64> =
            rows.query_map([stream.local()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for seq in waiting.into_iter().map(i64::cast_unsigned) {
            let stored = sync::store::read_one(tx, &stream, seq)?;
            let Some(stored) = stored.filter(|it| sync::body::decode(&it.entry.body).is_ok())
            else {
                continue;
            };
            let place = PeerPlace { stream: &stream, seq, clock: stored.entry.clock };
            fold_journal(tx, Some(now_ms), place, &stored.entry.body)?;
            tx.execute(
                "DELETE FROM unread WHERE stream = ?1 AND seq = ?2",
                params![stream.local(), seq.cast_signed()],
            )?;
        }
    }
    Ok(())
}

fn put_unread(tx: &Connection, place: PeerPlace<'_>) -> Result<()> {
    tx.prepare_cached("INSERT INTO unread (stream, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![place.stream.local(), place.seq.cast_signed()])?;
    Ok(())
}
