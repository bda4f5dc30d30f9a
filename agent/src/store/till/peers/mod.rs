//! What peers wrote: taken up, folded as far as it counts, and kept as evidence where it can't be
//! believed.
//!
//! Called by the till loop with what the links brought. What entries do to state is [`fold`]'s.

mod facts;
mod fold;
mod lives;
mod read;
mod recount;
mod writers;

pub(super) use facts::{fold_unread, fold_unread_beside};
pub(super) use fold::{refold, refold_orphans, unfold, written_here};
pub use read::{PeerReceipt, peer_receipt};

use super::error::{Result, TillStoreError};
use super::fold as own;
use super::{NewSeries, TillStore, journal};
use commerce::fact::SeriesReason;
use fold::{Folded, counts_here, fold_countable, take_fresh, take_orphans};
use lives::{gives_series, lives_unheard, series_given};
use rusqlite::{Transaction, TransactionBehavior};
use std::collections::BTreeSet;
use sync::batch::Batch;
use sync::clock::Observed;
use sync::log::{ReplicaId, StreamId, StreamKind};
use sync::planted::{self, Bug};
use sync::session::Outcome;
use sync::store::{
    AlarmKind, Begun, Disbelief, Ingested, base, find_stream, held, ingest, keep_evidence,
    keep_mark, keep_paper, raise,
};
use sync::trust::{Admitted, Statement, Trust, issue};
use sync::wire::{Checkpoint, Held};

/// A series that another life of this till gives numbers of is left by up to so many.
const MOST_ASIDE: u8 = 8;

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// For the exchange.
    pub outcome: Outcome,
    /// Whether state changed.
    pub folded: bool,
    /// Whether somebody must see to something.
    pub alarmed: bool,
    /// This till's own stream is further at a peer than here, or it gave numbers of this series in
    /// an earlier life: it must begin a new incarnation.
    pub put_back: bool,
}

impl Received {
    const fn plain(outcome: Outcome) -> Self {
        Self { outcome, folded: false, alarmed: false, put_back: false }
    }
}

/// What became of papers.
#[derive(Debug, Default)]
pub struct Looked {
    /// Those that are new, and kept.
    pub new: Vec<Vec<u8>>,
    /// Whether what they make countable changed state.
    pub folded: bool,
    /// Whether somebody must see to something.
    pub alarmed: bool,
    /// Whether some could not be believed.
    pub disbelieved: bool,
    /// What counts by them now gave numbers of this till's series in an earlier life of it: it must
    /// begin a new incarnation.
    pub put_back: bool,
}

impl TillStore {
    /// Takes up a run that a peer sent, in one durable transaction; `sender` names it in alarms.
    ///
    /// # Errors
    /// When the file fails; then nothing was written, and the run will come again.
    pub fn receive(
        &mut self,
        now: jiff::Timestamp,
        trust: &Trust,
        sender: &str,
        run: &Batch,
    ) -> Result<Received> {
        let file = self.file.clone();
        self.receive_inner(now, trust, sender, run).map_err(|error| error.at(&file))
    }

    fn receive_inner(
        &mut self,
        now: jiff::Timestamp,
        trust: &Trust,
        sender: &str,
        run: &Batch,
    ) -> Result<Received> {
        let now_ms = now.as_millisecond();
        let writing = self.stream.id().replica;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ingested = match ingest(&tx, trust, Some(writing), run) {
            Ok(ingested) => ingested,
            Err(Disbelief::Log(error)) => return Err(error.into()),
            Err(disbelief) => {
                // What the failed attempt began to write is undone; what it was is kept.
                tx.rollback()?;
                return self.keep_disbelieved(now_ms, sender, run, &disbelief);
            }
        };
        let stream = find_stream(&tx, run.stream.replica, run.stream.kind)?;
        if let Some(stream) = &stream {
            writers::note(&tx, trust, stream)?;
        }
        let begins = begins_carts(&tx, &ingested)?;
        let (mut received, came) = take(&tx, now_ms, sender, run, ingested)?;
        let appended = matches!(received.outcome, Outcome::Appended(_));
        if let Some(stream) = stream.filter(|_| appended) {
            let own = self.key.public();
            received.put_back |= gives_series(&tx, trust, &own, &stream, self.series)?;
        }
        tx.commit()?;
        self.carts_unsure |= begins;
        self.observe(now_ms, sender, run)?;
        // What came may be what something waited for, also where it does not count.
        if appended && run.stream.kind == StreamKind::Workspace {
            self.answer_workspace(now, came.carts)?;
        }
        self.heard_customers.extend(came.customers);
        Ok(received)
    }

    /// Moves this till's clock behind what it has seen; one that is far ahead does not move it.
    fn observe(&mut self, now_ms: i64, sender: &str, run: &Batch) -> Result<()> {
        let Some(last) = run.entries.last() else { return Ok(()) };
        match self.clock.observe(last.clock, now_ms) {
            Observed::Taken => Ok(()),
            Observed::Held => {
                let why = "its clock is more than five minutes ahead of this till's";
                self.suspect(now_ms, AlarmKind::Clock, sender, why, &[])
            }
        }
    }

    fn keep_disbelieved(
        &mut self,
        now_ms: i64,
        sender: &str,
        run: &Batch,
        disbelief: &Disbelief,
    ) -> Result<Received> {
        let (kind, why) = (disbelief.alarm(), disbelief.to_string());
        let bytes = sync::batch::pack(run).unwrap_or_default();
        self.suspect(now_ms, kind, sender, &why, &bytes)?;
        Ok(Received { alarmed: true, ..Received::plain(Outcome::Disbelieved) })
    }

    /// Keeps what a peer sent that can't be believed, and raises an alarm.
    ///
    /// # Errors
    /// When the file fails.
    pub fn suspect(
        &mut self,
        now_ms: i64,
        kind: AlarmKind,
        sender: &str,
        why: &str,
        frame: &[u8],
    ) -> Result<()> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !frame.is_empty() {
            keep_evidence(&tx, now_ms, sender, why, frame)?;
        }
        raise(&tx, now_ms, kind, sender, why)?;
        Ok(tx.commit()?)
    }

    /// Takes up all papers that are kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load_trust(&self, trust: &mut Trust) -> Result<()> {
        trust.load(&self.connection).map_err(|error| TillStoreError::from(error).at(&self.file))
    }

    /// Makes sure that papers name the replica that writes, and those that this till wrote as before
    /// under the same key: what it sold then is nobody else's to tell. Gives those that are new.
    ///
    /// # Errors
    /// When the file fails, or another key has claimed the replica that writes.
    pub fn declare_self(&mut self, trust: &mut Trust) -> Result<Vec<Vec<u8>>> {
        let damaged = |why: &dyn std::fmt::Display| TillStoreError::damaged("paper", why);
        let (writing, key) = (self.stream.id().replica, self.key.public());
        let own = sync::store::streams(&self.connection)?.into_iter();
        let mine = own.filter(|stream| stream.key() == key).map(|stream| stream.id().replica);
        let replicas: BTreeSet<ReplicaId> = mine.collect();
        let mut new = Vec::new();
        for replica in replicas {
            let opened = sync::store::last_clock(&self.connection, replica)?.unwrap_or_default();
            let paper = issue(&Statement::Incarnation { replica, opened }, &self.key)
                .map_err(|error| damaged(&error))?;
            match trust.admit(&paper).map_err(|error| damaged(&error))? {
                Admitted::New => {
                    keep_paper(&self.connection, &paper)?;
                    new.push(paper);
                }
                Admitted::Known => {}
                other if replica == writing => {
                    return Err(damaged(&format!("this till's own: {other:?}")));
                }
                // One whose id is not bound to the key is told of as far as it was.
                _ => {}
            }
        }
        Ok(new)
    }

    /// Begins another incarnation with a receipt series of its own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_anew(
        &mut self,
        now: jiff::Timestamp,
        trust: &Trust,
        replica: ReplicaId,
        (store, till): (String, u16),
    ) -> Result<()> {
        // Peers may know of receipts that the lost end of the old journal gave, or an earlier life.
        let given = series_given(&self.connection, trust, &self.key.public())?;
        let highest = given.last().copied().unwrap_or(0).max(self.series);
        // Each of them went on from a series that is known here, or from another of them.
        let unheard = lives_unheard(&self.connection, trust, &self.key.public())?;
        let above = highest.saturating_add(unheard.saturating_mul(u32::from(MOST_ASIDE)));
        let taken = given.contains(&self.series);
        // Two that live under one name, and step aside for each other at once, must not meet again. The
        // last byte of an id is random, the first is their key's.
        let aside = if taken { u32::from(replica.0[15] % MOST_ASIDE) } else { 0 };
        let above = above.saturating_add(aside);
        let new = NewSeries { replica, reason: SeriesReason::Restored, store, till, above };
        journal::begin_series(&mut self.connection, &mut self.clock, &self.key, now, &new)?;
        self.stream = sync::store::open_stream(&self.connection, replica, StreamKind::Journal)?;
        self.space = sync::store::open_stream(&self.connection, replica, StreamKind::Workspace)?;
        self.series = u32::try_from(own::counter(&self.connection, "series")?)
            .map_err(|_| TillStoreError::damaged("counter", "series"))?;
        match self.currency {
            Some(currency) => self.begin_carts(now, currency),
            None => Ok(()),
        }
    }

    /// Admits papers to `trust` and keeps those that are new; what they make countable is folded.
    ///
    /// # Errors
    /// When the file fails; then `trust` may know more than the file, which peers bring again.
    pub fn admit(
        &mut self,
        now: jiff::Timestamp,
        trust: &mut Trust,
        sender: &str,
        papers: Vec<Vec<u8>>,
    ) -> Result<Looked> {
        let now_ms = now.as_millisecond();
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut looked = Looked::default();
        for paper in papers {
            match trust.admit(&paper) {
                Ok(Admitted::New) => {
                    keep_paper(&tx, &paper)?;
                    looked.new.push(paper);
                }
                Ok(Admitted::Contested { replica, known, claims }) => {
                    let detail = format!("{claims} claims it too, said {sender}; it is {known}'s");
                    raise(&tx, now_ms, AlarmKind::Contested, &replica.to_string(), &detail)?;
                    looked.alarmed = true;
                }
                Ok(Admitted::Unbound { replica, claims }) => {
                    let why =
                        format!("{claims} claims it, said {sender}; its id is of another key");
                    keep_evidence(&tx, now_ms, sender, &why, &paper)?;
                    raise(&tx, now_ms, AlarmKind::Contested, &replica.to_string(), &why)?;
                    (looked.alarmed, looked.disbelieved) = (true, true);
                }
                Ok(Admitted::Known | Admitted::NotTheirs { .. } | Admitted::Full) => {}
                Err(error) => {
                    keep_evidence(&tx, now_ms, sender, &error.to_string(), &paper)?;
                    raise(&tx, now_ms, AlarmKind::Disbelieved, sender, &error.to_string())?;
                    (looked.alarmed, looked.disbelieved) = (true, true);
                }
            }
        }
        let any = !looked.new.is_empty();
        if any {
            for stream in sync::store::peer_streams(&tx)? {
                writers::note(&tx, trust, &stream)?;
                let own = self.key.public();
                looked.put_back |= gives_series(&tx, trust, &own, &stream, self.series)?;
            }
        }
        let folded = if any { fold_countable(&tx, now_ms, trust)? } else { None };
        tx.commit()?;
        looked.folded = folded.is_some();
        self.carts_unsure |= looked.folded;
        if let Some(Folded { carts, customers, alarmed, .. }) = folded {
            looked.alarmed |= alarmed;
            self.heard_customers.extend(customers);
            self.answer_workspace(now, carts)?;
        }
        Ok(looked)
    }

    /// Lets a peer's stream begin behind a checkpoint of its writer's; gives what is held of it then,
    /// `None` when nothing changed.
    ///
    /// # Errors
    /// When the file fails.
    pub fn begin_behind(
        &mut self,
        now: jiff::Timestamp,
        trust: &Trust,
        stream: StreamId,
        seq: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Held>> {
        let me = Some(self.stream.id().replica);
        self.act(now, |act| {
            let begun = sync::store::begin_behind(&act.tx, trust, me, stream, seq, checkpoint)?;
            let stream = match begun {
                Begun::Left => return Ok(None),
                Begun::Pruned(stream) => {
                    if stream.id().kind == StreamKind::Workspace {
                        act.follow_pruned(&stream)?;
                    }
                    stream
                }
                Begun::Anew(stream) => {
                    // What was said of customers merged, and is stated again behind the checkpoint.
                    if stream.id().kind == StreamKind::Workspace {
                        act.forget_workspace(&stream)?;
                    }
                    stream
                }
            };
            Ok(Some(held(&act.tx, &stream)?))
        })
    }

    /// Notes that somebody has seen to an alarm; false when there is none of this number.
    ///
    /// # Errors
    /// When the file fails.
    pub fn see_alarm(&mut self, number: i64, now: jiff::Timestamp) -> Result<bool> {
        let seen = sync::store::see(&self.connection, number, now.as_millisecond());
        seen.map_err(|error| TillStoreError::from(error).at(&self.file))
    }

    /// Writes down how far peers say they have made streams durable.
    ///
    /// # Errors
    /// When the file fails.
    pub fn keep_marks(&mut self, marks: &[(ReplicaId, StreamId, u64)]) -> Result<()> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (peer, id, seq) in marks {
            if let Some(stream) = sync::store::find_stream(&tx, id.replica, id.kind)? {
                keep_mark(&tx, *peer, &stream, *seq)?;
            }
        }
        Ok(tx.commit()?)
    }
}

/// Whether a stream of carts begins with what was taken up. Others may have told before of carts that
/// were its writer's first, and of their end: that is forgotten by now, and would have to be known.
fn begins_carts(tx: &Transaction<'_>, ingested: &Ingested) -> Result<bool> {
    match ingested {
        Ingested::Appended { stream, from, .. } if stream.id().kind == StreamKind::Workspace => {
            Ok(base(tx, stream)?.seq + 1 == *from)
        }
        _ => Ok(false),
    }
}

/// Folds what was taken up, and raises what somebody must see to; gives what that came to.
fn take(
    tx: &Transaction<'_>,
    now_ms: i64,
    sender: &str,
    run: &Batch,
    ingested: Ingested,
) -> Result<(Received, Folded)> {
    let plain = |outcome| Ok((Received::plain(outcome), Folded::default()));
    let alarm = |kind, detail: String| {
        raise(tx, now_ms, kind, &run.stream.to_string(), &detail)?;
        let refused = Received::plain(Outcome::Refused);
        let put_back = !planted::is(Bug::OwnAheadIgnored);
        Ok((Received { alarmed: true, put_back, ..refused }, Folded::default()))
    };
    match ingested {
        Ingested::Known => plain(Outcome::Known),
        Ingested::Gap { .. } => plain(Outcome::Gap),
        Ingested::Appended { stream, from, to, counts_to } => {
            let all = planted::is(Bug::FoldedTwice);
            let fresh = run.entries.iter().filter(|entry| entry.seq >= from || all);
            let counts_to = counts_here(tx, &stream, counts_to)?.min(to);
            let came = take_fresh(tx, now_ms, &stream, fresh, (from, to), counts_to)?;
            let alarmed = came.alarmed;
            let outcome = Outcome::Appended(held(tx, &stream)?);
            let received =
                Received { folded: counts_to >= from, alarmed, ..Received::plain(outcome) };
            Ok((received, came))
        }
        Ingested::Forked { stream, at, orphans, counts_to } => {
            let counts_to = counts_here(tx, &stream, counts_to)?;
            let came = take_orphans(tx, now_ms, &stream, &orphans, counts_to)?;
            let folded = !orphans.is_empty();
            let to = run.entries.last().map_or(0, |entry| entry.seq);
            let forked = Received::plain(Outcome::Forked { at, to });
            Ok((Received { folded, alarmed: folded, ..forked }, came))
        }
        Ingested::OwnAhead { to } => {
            alarm(AlarmKind::PutBack, format!("{sender} holds entry {to} of it, which is not here"))
        }
        Ingested::OwnForked { at } => {
            alarm(AlarmKind::Cloned, format!("{sender} holds another entry {at} of it"))
        }
    }
}
