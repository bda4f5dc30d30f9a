//! One peer: what it holds and wants, and what is under way to it. What is said to it besides runs is
//! in `words`.

mod words;

use super::{Now, Pace, policy};
use crate::link::Route;
use crate::log::{Hash, ReplicaId, StreamId};
use crate::wire::parts::Joiner;
use crate::wire::{Frame, Have, Held, Mark, Tip, Want, Wanted};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The widest window that a peer may ask for.
const MAX_WINDOW: u32 = 8 << 20;

/// The most frames that wait to be said besides runs (digests, wishes, papers, answers, pages); what
/// does not fit is not said, and asked for again. As many runs may be under way, and branches wait.
const MAX_WAITING: usize = 256;

/// The most streams that a peer is known to hold or to want: a hundred tills with 25 incarnations of
/// three streams each. Others that it names are passed over.
const MAX_KNOWN_STREAMS: usize = 8_192;

/// After so many doubts the waits between them grow no longer: half a minute in a shop, some
/// minutes towards a hub.
const MOST_DOUBTS: u32 = 5;

/// What a digest says about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is the first of this connection.
    First,
    /// The sender is known.
    Again,
    /// The sender has begun anew since.
    Anew,
}

/// A peer's part of the exchange.
#[derive(Debug)]
pub(super) struct Peer {
    pub route: Route,
    pub pace: Pace,
    /// Its replica, once it has said something.
    pub replica: Option<ReplicaId>,
    /// This side's number of the connection.
    ours: u64,
    /// Its number of this connection.
    session: Option<u64>,
    /// The highest version of the protocol that it speaks, as far as it said so.
    pub speaks: u16,
    /// What it says it holds.
    pub theirs: BTreeMap<StreamId, Held>,
    /// What it has made durable, as it marked.
    pub marked: BTreeMap<StreamId, u64>,
    /// What it wants.
    wants: BTreeMap<StreamId, Cursor>,
    window: u32,
    under_way: VecDeque<Sent>,
    under_way_bytes: u64,
    /// Frames to be said before any run.
    waiting: VecDeque<Frame>,
    /// Marks to be said, and since when the oldest waits.
    marks: BTreeMap<StreamId, u64>,
    marks_since: Option<u64>,
    /// Since when the oldest entry that it wants and has not been sent waits.
    unsent_since: Option<u64>,
    /// Streams that it may have and has not marked up to where they are here.
    unmarked: BTreeSet<StreamId>,
    /// When it last said or was told something about those.
    heard_at: u64,
    doubts: u32,
    /// How many entries back the peer's branch of a forked stream was asked for.
    looked_back: BTreeMap<StreamId, u64>,
    /// Runs of the peer that come in parts.
    pub parts: Joiner,
    /// Branches that it asked for, each with the sequence to go on from.
    branches: VecDeque<(Tip, u64)>,
}

/// Where the sending of a wanted stream stands.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    next: u64,
    to: Option<u64>,
}

/// A run under way.
#[derive(Debug)]
struct Sent {
    stream: StreamId,
    to: u64,
    bytes: u64,
}

/// What can be sent to a peer next.
pub(super) struct Sendable {
    pub stream: StreamId,
    pub from: u64,
    pub to: u64,
}

impl Peer {
    pub fn new(route: Route, pace: Pace, ours: u64) -> Self {
        Self {
            route,
            pace,
            replica: None,
            ours,
            session: None,
            speaks: 1,
            theirs: BTreeMap::new(),
            marked: BTreeMap::new(),
            wants: BTreeMap::new(),
            window: 0,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            waiting: VecDeque::new(),
            marks: BTreeMap::new(),
            marks_since: None,
            unsent_since: None,
            unmarked: BTreeSet::new(),
            heard_at: 0,
            doubts: 0,
            looked_back: BTreeMap::new(),
            parts: Joiner::default(),
            branches: VecDeque::new(),
        }
    }

    /// The peer asks for a branch; what does not fit it asks for again.
    pub fn want_branch(&mut self, tip: Tip) {
        let known = self.branches.iter().any(|(other, _)| *other == tip);
        if !known && self.branches.len() < MAX_WAITING {
            self.branches.push_back((tip, 1));
        }
    }

    /// The branch to be sent next, and from where.
    pub fn next_branch(&self) -> Option<(Tip, u64)> {
        self.branches.front().copied()
    }

    /// Notes up to where that branch was sent; `None` when there is no more of it.
    pub fn sent_branch(&mut self, to: Option<u64>) {
        match (self.branches.front_mut(), to) {
            (Some((tip, next)), Some(to)) if to < tip.seq => *next = to + 1,
            _ => drop(self.branches.pop_front()),
        }
    }

    /// Notes what the peer holds, and tells what is news about it.
    pub fn hear_have(&mut self, have: &Have) -> Heard {
        let heard = match self.session {
            None => Heard::First,
            Some(known) if known == have.session => Heard::Again,
            Some(_) => Heard::Anew,
        };
        self.session = Some(have.session);
        self.speaks = have.version;
        if heard == Heard::Anew {
            self.wants.clear();
            self.theirs.clear();
            self.parts.clear();
            self.forget_under_way();
        }
        for held in &have.streams {
            if !self.has_room_for(held.stream) {
                continue;
            }
            self.theirs.insert(held.stream, held.clone());
        }
        heard
    }

    /// Whether the peer has said what it holds, since the route is up.
    pub const fn has_said(&self) -> bool {
        self.session.is_some()
    }

    /// Notes what the peer wants: sending goes back to there.
    pub fn hear_want(&mut self, now: Now, want: &Want) {
        self.window = want.window.min(MAX_WINDOW);
        for wanted in &want.streams {
            let Wanted { stream, from, to } = *wanted;
            if self.wants.len() >= MAX_KNOWN_STREAMS && !self.wants.contains_key(&stream) {
                continue;
            }
            self.wants.insert(stream, Cursor { next: from.max(1), to });
            self.drop_under_way(|sent| sent.stream == stream);
        }
        // What it asks for it has waited for already.
        self.unsent_since = Some(now.ms.saturating_sub(self.pace.flush_ms));
        // Doubts go on growing rarer until it marks something: it may ask and ask in vain.
        self.heard_at = now.ms;
    }

    /// Notes what the peer has made durable; gives what is news.
    pub fn hear_mark(
        &mut self,
        now: Now,
        mark: &Mark,
        head: impl Fn(StreamId) -> u64,
    ) -> Vec<(StreamId, u64)> {
        let mut news = Vec::new();
        for &(stream, seq) in &mark.streams {
            if !self.has_room_for(stream) {
                continue;
            }
            let known = self.marked.entry(stream).or_default();
            if seq > *known {
                *known = seq;
                news.push((stream, seq));
            }
            self.holds_at_least(stream, seq);
            if seq >= head(stream) {
                self.unmarked.remove(&stream);
            }
            self.drop_under_way(|sent| sent.stream == stream && sent.to <= seq);
            if let Some(cursor) = self.wants.get_mut(&stream) {
                cursor.next = cursor.next.max(seq.saturating_add(1));
            }
        }
        self.heard_at = now.ms;
        if !news.is_empty() {
            self.doubts = 0;
        }
        news
    }

    /// A stream that the peer may have goes up to `head` here.
    pub fn notice(&mut self, now: Now, stream: StreamId, head: u64) {
        if self.wants.contains_key(&stream) {
            self.unsent_since.get_or_insert(now.ms);
        }
        // Nobody marks what goes to all at once, so there is nothing to doubt.
        if self.has(stream) < head && !matches!(self.route, Route::Fan(_)) {
            if self.unmarked.is_empty() {
                self.heard_at = now.ms;
            }
            self.unmarked.insert(stream);
        }
    }

    /// What may be sent now, the most pressing first; `head` gives the last sequence here.
    pub fn sendable(&mut self, now: Now, head: impl Fn(StreamId) -> u64) -> Option<Sendable> {
        let since = self.unsent_since?;
        if now.ms < since + self.pace.flush_ms
            || self.under_way_bytes >= u64::from(self.window)
            || self.under_way.len() >= MAX_WAITING
        {
            return None;
        }
        let behind = |(&stream, cursor): (&StreamId, &Cursor)| {
            let to = cursor.to.unwrap_or(u64::MAX).min(head(stream));
            (cursor.next <= to).then_some(Sendable { stream, from: cursor.next, to })
        };
        let next = self
            .wants
            .iter()
            .filter_map(behind)
            .min_by_key(|sendable| policy::priority(sendable.stream.kind));
        if next.is_none() {
            self.unsent_since = None;
        }
        next
    }

    /// Notes that a run is under way.
    pub fn sent(&mut self, stream: StreamId, to: u64, bytes: usize) {
        if let Some(cursor) = self.wants.get_mut(&stream) {
            cursor.next = cursor.next.max(to.saturating_add(1));
        }
        if matches!(self.route, Route::Fan(_)) {
            return;
        }
        let bytes = bytes as u64;
        self.under_way.push_back(Sent { stream, to, bytes });
        self.under_way_bytes += bytes;
    }

    /// A stream can't be sent from where the peer wants it.
    pub fn cannot_send(&mut self, stream: StreamId) {
        self.wants.remove(&stream);
    }

    /// Streams that were not marked for so long that the peer should be told again what is here;
    /// none when there is no doubt yet. Each doubt waits twice as long as the one before.
    pub fn doubts(&mut self, now: Now) -> Vec<StreamId> {
        if self.unmarked.is_empty() || now.ms < self.heard_at + self.patience() {
            return Vec::new();
        }
        self.heard_at = now.ms;
        self.doubts += 1;
        self.unmarked.iter().copied().collect()
    }

    /// When something is due, in milliseconds of [`Now::ms`].
    pub fn due_at(&self) -> Option<u64> {
        if !self.waiting.is_empty() || !self.branches.is_empty() {
            return Some(0);
        }
        let marks = self.marks_since.map(|since| since + self.pace.mark_ms);
        let blocked =
            self.under_way_bytes >= u64::from(self.window) || self.under_way.len() >= MAX_WAITING;
        let unsent = self.unsent_since.filter(|_| !blocked).map(|since| since + self.pace.flush_ms);
        let doubt = (!self.unmarked.is_empty()).then(|| self.heard_at + self.patience());
        [marks, unsent, doubt].into_iter().flatten().min()
    }

    /// How much of a stream the peer has made durable, as far as is known.
    pub fn has(&self, stream: StreamId) -> u64 {
        let marked = self.marked.get(&stream).copied().unwrap_or(0);
        marked.max(self.theirs.get(&stream).map_or(0, |held| held.head))
    }

    /// The peer sent an entry, so it holds the stream up to there at least.
    pub fn holds_at_least(&mut self, stream: StreamId, seq: u64) {
        if !self.has_room_for(stream) {
            return;
        }
        let unknown = Held { stream, first: 1, head: 0, hash: Hash([0; 32]), base: None };
        let held = self.theirs.entry(stream).or_insert(unknown);
        held.head = held.head.max(seq);
    }

    /// Whether what the peer says of a stream can be noted.
    fn has_room_for(&self, stream: StreamId) -> bool {
        self.theirs.len() < MAX_KNOWN_STREAMS || self.theirs.contains_key(&stream)
    }

    /// The peer's branch of a stream is to be looked for further back than before; false once that was
    /// from its beginning.
    pub fn look_further_back(&mut self, stream: StreamId, span: u64) -> bool {
        let Some(theirs) = self.theirs.get(&stream) else { return false };
        let back = self.looked_back.entry(stream).or_default();
        if *back >= theirs.head {
            return false;
        }
        *back = back.saturating_mul(4).max(span);
        true
    }

    /// From where the peer's branch of a stream was asked for, if it was looked for.
    pub fn looked_from(&self, stream: StreamId) -> Option<u64> {
        let (back, theirs) = (self.looked_back.get(&stream)?, self.theirs.get(&stream)?);
        Some(theirs.head.saturating_sub(*back).max(theirs.first))
    }

    /// Sends everything new of a stream unasked and unmarked: a topic that all tills listen to.
    pub fn fan(&mut self, stream: StreamId, next: u64) {
        self.window = MAX_WINDOW;
        self.wants.insert(stream, Cursor { next, to: None });
    }

    fn patience(&self) -> u64 {
        (self.pace.retry_ms + self.pace.flush_ms + self.pace.mark_ms)
            << self.doubts.min(MOST_DOUBTS)
    }

    fn forget_under_way(&mut self) {
        self.under_way.clear();
        self.under_way_bytes = 0;
    }

    fn drop_under_way(&mut self, gone: impl Fn(&Sent) -> bool) {
        self.under_way.retain(|sent| !gone(sent));
        self.under_way_bytes = self.under_way.iter().map(|sent| sent.bytes).sum();
    }
}
