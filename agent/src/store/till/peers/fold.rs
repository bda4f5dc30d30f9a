//! Which of the peers' entries are part of state, and in what order they become it: new ones, those
//! that waited for a paper, other branches, and all of them in a rebuild.
//!
//! What facts do is [`super::facts`]', what carts and customers come to the store's.

use super::super::error::{Result, TillStoreError};
use super::super::{customers, doubles, space, unread};
use super::facts::{fold_facts, fold_orphans};
use super::recount::recount;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::BTreeSet;
use sync::body::BodyError;
use sync::clock::Hlc;
use sync::log::{Entry, StreamKind};
use sync::planted::{self, Bug};
use sync::store::{
    AlarmKind, Counter, Owner, Stream, folded, head, journals, owner, raise, set_folded, unfolded,
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
        let writer = Writer { stream, now_ms: Some(now_ms) };
        let counting = fresh.take_while(|entry| entry.seq <= counts_to);
        fold_entries(tx, writer, counting, &mut came)?;
        set_folded(tx, stream, counts_to)?;
        customers::settle(tx, &came.customers)?;
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
) -> Result<Folded> {
    let mut came = Folded::default();
    let Some((first, last)) = orphans.first().zip(orphans.last()) else { return Ok(came) };
    set_orphans_count(tx, stream, counts_to)?;
    let counting = orphans.iter().filter(|entry| entry.seq <= counts_to);
    let bodies = counting.clone().map(|entry| entry.body.as_slice());
    unread::add_beside(tx, stream.id().kind, bodies)?;
    if stream.id().kind == StreamKind::Customers {
        came.customers = counting.flat_map(|entry| customers::named(&entry.body)).collect();
        customers::settle(tx, &came.customers)?;
    }
    if stream.id().kind == StreamKind::Journal {
        let replica = stream.id().replica;
        let counting = orphans.iter().filter(|entry| entry.seq <= counts_to);
        let counter = |entry: &Entry| Counter { replica, clock: entry.clock };
        if !planted::is(Bug::OrphansNotFolded) {
            let counting = counting.map(|entry| (counter(entry), entry.body.as_slice()));
            for cart in fold_orphans(tx, counting)? {
                doubles::find(tx, Some(now_ms), cart)?;
            }
        }
    }
    let detail = format!("a second branch holds other entries {} to {}", first.seq, last.seq);
    raise(tx, now_ms, AlarmKind::Fork, &stream.id().to_string(), &detail)?;
    came.alarmed = true;
    Ok(came)
}

/// Folds what became countable by papers that came, and takes out what counts no longer; `None`
/// when there is nothing of either.
pub(super) fn fold_countable(
    tx: &Transaction<'_>,
    now_ms: i64,
    trust: &Trust,
) -> Result<Option<Folded>> {
    let mut came = Folded::default();
    let again = recount(tx, now_ms, trust, &mut came)?;
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
        let entries = portion.iter().map(|stored| &stored.entry);
        fold_entries(tx, Writer { stream, now_ms }, entries, came)?;
        set_folded(tx, stream, read_to)?;
        next = read_to + 1;
        progress(next - from);
    }
    customers::settle(tx, &came.customers)?;
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
        unread::forget_all(tx, stream.local())?;
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
    fold_orphans(tx, orphans.iter().map(|(counter, body)| (*counter, body.as_slice())))?;
    Ok(())
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

/// Whose entries are folded, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub stream: &'a Stream,
    /// `None` in a rebuild, which raises no alarm.
    pub now_ms: Option<i64>,
}

impl Writer<'_> {
    pub(super) const fn counter(&self, clock: Hlc) -> Counter {
        Counter { replica: self.stream.id().replica, clock }
    }
}

/// Folds entries of a peer that follow each other.
fn fold_entries<'e>(
    tx: &Connection,
    writer: Writer<'_>,
    mut entries: impl Iterator<Item = &'e Entry>,
    came: &mut Folded,
) -> Result<()> {
    match writer.stream.id().kind {
        StreamKind::Journal => came.alarmed |= fold_facts(tx, writer, entries)?,
        StreamKind::Workspace => fold_carts(tx, writer, entries, came)?,
        StreamKind::Customers => {
            entries.try_for_each(|entry| fold_customers(tx, writer, entry, came))?;
        }
        _ => {}
    }
    Ok(())
}

/// Folds what a sibling did to the shop's carts; what this till says to it comes with the next act.
fn fold_carts<'e>(
    tx: &Connection,
    writer: Writer<'_>,
    entries: impl Iterator<Item = &'e Entry>,
    came: &mut Folded,
) -> Result<()> {
    let (id, holder) = (writer.stream.id(), writer.stream.local());
    let now_ms = writer.now_ms;
    let mut place = space::Place { holder, replica: id.replica, seq: 0, own: false, now_ms };
    let mut run = Vec::new();
    for entry in entries {
        place.seq = entry.seq;
        match space::run::said(tx, place, &entry.body) {
            Ok(said) => run.extend(said),
            Err(TillStoreError::Body(error)) => {
                came.alarmed |= disbelieve(tx, writer, entry.seq, &cannot_be_read(&error))?;
            }
            Err(error) => return Err(error),
        }
    }
    let mut folded = space::run::fold_run(tx, place, &run)?;
    came.carts.append(&mut folded.carts);
    came.alarmed |= folded.alarmed;
    Ok(())
}

/// Folds what a sibling said of the chain's customers.
fn fold_customers(
    tx: &Connection,
    writer: Writer<'_>,
    entry: &Entry,
    came: &mut Folded,
) -> Result<()> {
    let Entry { seq, clock, .. } = *entry;
    let place = customers::EntryPlace { stream: writer.stream, seq, clock };
    let why = match customers::fold_body(tx, place, &entry.body) {
        Ok(mut folded) => {
            came.customers.append(&mut folded.customers);
            let Some(full) = folded.full else { return Ok(()) };
            format!("is not folded: the record of customer {full} is full")
        }
        Err(TillStoreError::Body(error)) => cannot_be_read(&error),
        Err(error) => return Err(error),
    };
    came.alarmed |= disbelieve(tx, writer, seq, &why)?;
    Ok(())
}

pub(super) fn cannot_be_read(error: &BodyError) -> String {
    format!("can't be read: {error}")
}

/// Tells what is wrong with an entry that is kept all the same.
pub(super) fn disbelieve(tx: &Connection, writer: Writer<'_>, seq: u64, why: &str) -> Result<bool> {
    let detail = format!("entry {seq} {why}");
    let subject = writer.stream.id().to_string();
    warn(tx, writer.now_ms, AlarmKind::Disbelieved, &subject, &detail)
}

pub(super) fn warn(
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
