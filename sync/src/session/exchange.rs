//! The exchange: all peers of a replica at once.

use super::forks::Branches;
use super::peer::{Heard, Peer, Sendable};
use super::pursuit::Pursuits;
use super::shortcut::Shortcut;
use super::{Books, CLOCKS_APART_MS, Effect, Now, Pace, RUN_BYTES, Side, policy};
use crate::batch::Batch;
use crate::link::Route;
use crate::log::{ReplicaId, StreamId, StreamKind};
use crate::trust::Trust;
use crate::wire::codec::{WireError, decode};
use crate::wire::parts::{Joiner, frames};
use crate::wire::{Answer, Ask, Envelope, Forks, Frame, Have, Held, Mark, Page, Tip, Wanted};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Runs that came before those they follow, kept in memory: a broker that reorders some frames.
/// What does not fit is asked for again.
const MAX_EARLY: usize = 64;

/// How many entries back a fork is looked for first.
const FORK_SPAN: u64 = 64;

/// What the host made of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The stream goes up to here now, durably.
    Appended(Held),
    /// Nothing of it was new.
    Known,
    /// Entries before it are missing.
    Gap,
    /// It is another branch of the stream; where they part, when that is known.
    Forked {
        /// The first sequence that differs.
        at: Option<u64>,
        /// The last of the run, which is kept beside.
        to: u64,
    },
    /// It was not believed, or not kept: it is not marked, and its sender keeps it.
    Refused,
}

/// The exchange of a replica with all its peers.
#[derive(Debug)]
pub struct Exchange {
    me: ReplicaId,
    session: u64,
    side: Side,
    held: BTreeMap<StreamId, Held>,
    peers: BTreeMap<Route, Peer>,
    pursuits: Pursuits,
    branches: Branches,
    shortcut: Shortcut,
    early: BTreeMap<(StreamId, u64), (Route, Batch)>,
    /// The peer that was served last, so that each has its turn.
    last: Option<Route>,
    /// Frames cut from the last thing said.
    cut: VecDeque<(Route, Vec<u8>)>,
    /// The number of the last run sent, which its parts carry.
    runs: u64,
    /// Parts of runs that came by topics.
    fan_parts: Joiner,
}

impl Exchange {
    /// An exchange of `me`, without peers. `session` is a number that no earlier one of this
    /// replica had, as good as certainly.
    #[must_use]
    pub fn new(me: ReplicaId, session: u64, side: Side) -> Self {
        Self {
            me,
            session,
            side,
            held: BTreeMap::new(),
            peers: BTreeMap::new(),
            pursuits: Pursuits::default(),
            branches: Branches::default(),
            shortcut: Shortcut::default(),
            early: BTreeMap::new(),
            last: None,
            cut: VecDeque::new(),
            runs: 0,
            fan_parts: Joiner::default(),
        }
    }

    /// Says what is here of a stream: at the start, and whenever something was added.
    pub fn hold(&mut self, now: Now, trust: &Trust, held: Held) {
        let stream = held.stream;
        let before = self.held.insert(stream, held.clone());
        let is_new = before.is_none();
        // Whoever lacks what was pruned must learn that it is not to be had any more.
        let announce = before.is_none_or(|before| before.first < held.first);
        for peer in self.peers.values_mut() {
            if !policy::gives(&self.side, trust, &peer.route, stream) {
                continue;
            }
            match peer.route {
                Route::Fan(_) if is_new => peer.fan(stream, 1),
                Route::Hub | Route::Till { .. } if announce => {
                    peer.say_have(now, self.session, false, vec![held.clone()]);
                }
                _ => {}
            }
            peer.notice(now, stream, held.head);
        }
    }

    /// The replica writes under another name from now on: a new incarnation.
    pub fn rename(&mut self, me: ReplicaId) {
        // What peers hold of the name before is nobody's own any more, and to be had of them.
        self.pursuits.forget_forks(self.me);
        self.me = me;
    }

    /// A route is up: both begin anew.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn up<B: Books>(
        &mut self,
        now: Now,
        route: Route,
        pace: Pace,
        trust: &Trust,
        books: &mut B,
    ) -> Result<(), B::Error> {
        self.down(&route);
        let mut peer = Peer::new(route.clone(), pace);
        if matches!(route, Route::Fan(_)) {
            for held in self.offer(trust, &route) {
                peer.fan(held.stream, held.head + 1);
            }
        } else {
            peer.say_papers(&books.papers()?);
            let offer = self.offer(trust, &route);
            for held in &offer {
                peer.notice(now, held.stream, held.head);
            }
            peer.say_have(now, self.session, true, offer);
            let gives = |tip: &Tip| policy::gives(&self.side, trust, &route, tip.stream);
            peer.say_kept(books.tips()?.into_iter().filter(gives).collect());
        }
        self.peers.insert(route, peer);
        Ok(())
    }

    /// A route is down: what was under way is lost.
    pub fn down(&mut self, route: &Route) {
        self.peers.remove(route);
        self.cut.retain(|(to, _)| to != route);
        self.pursuits.forget(route);
        self.branches.forget(route);
        self.shortcut.forget(route);
    }

    /// What is here that a peer may know of.
    fn offer(&self, trust: &Trust, to: &Route) -> Vec<Held> {
        let gives = |held: &&Held| policy::gives(&self.side, trust, to, held.stream);
        self.held.values().filter(gives).cloned().collect()
    }

    /// Takes a frame's bytes; what follows from it is for the host to do, in order.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn receive<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        bytes: &[u8],
        trust: &Trust,
        books: &mut B,
    ) -> Result<Vec<Effect>, B::Error> {
        let suspicious = |why: String| {
            vec![Effect::Suspicious { route: route.clone(), why, frame: bytes.to_vec() }]
        };
        let Envelope { from, frame } = match decode(bytes) {
            Ok(envelope) => envelope,
            // A newer peer says what this version can't hear; it says the rest as well.
            Err(WireError::Newer { .. }) => return Ok(Vec::new()),
            Err(error) => return Ok(suspicious(error.to_string())),
        };
        if let Frame::Papers(papers) = frame {
            return Ok(vec![Effect::Papers { route: route.clone(), papers }]);
        }
        if !policy::is_at(trust, route, from) {
            return Ok(suspicious(format!("replica {from} is not at {route}")));
        }
        self.hear(now, route.clone(), from, frame, trust, books)
    }

    fn hear<B: Books>(
        &mut self,
        now: Now,
        route: Route,
        from: ReplicaId,
        frame: Frame,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Vec<Effect>, B::Error> {
        if let Route::Fan(_) = route {
            let run = match frame {
                Frame::Run(run) => Some(run),
                Frame::Part(part) => self.fan_parts.push(&part).ok().flatten(),
                _ => None,
            };
            return Ok(run.map_or(Vec::new(), |run| self.hear_run(now, route, run, trust)));
        }
        let Some(peer) = self.peers.get_mut(&route) else { return Ok(Vec::new()) };
        peer.replica = Some(from);
        match frame {
            Frame::Have(have) => self.hear_have(now, &route, &have, trust, books),
            Frame::Want(want) => {
                peer.hear_want(now, &want);
                Ok(Vec::new())
            }
            Frame::Run(run) => Ok(self.hear_run(now, route, run, trust)),
            // What is lost of a run in parts is asked for again like any other.
            Frame::Part(part) => match peer.parts.push(&part) {
                Ok(Some(run)) => Ok(self.hear_run(now, route, run, trust)),
                Ok(None) | Err(_) => Ok(Vec::new()),
            },
            Frame::Mark(mark) => {
                let marked = |(stream, seq)| Effect::Marked { peer: from, stream, seq };
                let news = peer.hear_mark(now, &mark, head_in(&self.held));
                self.pursue(now, trust);
                Ok(news.into_iter().map(marked).collect())
            }
            Frame::Forks(forks) => self.hear_forks(now, &route, forks, trust, books),
            Frame::Ask(ask) => Ok(vec![Effect::Asked { route, ask }]),
            Frame::Answer(answer) => Ok(vec![Effect::Answered { route, answer }]),
            Frame::Page(page) => Ok(vec![Effect::Page { route, page }]),
            Frame::Papers(_) => Ok(Vec::new()),
        }
    }

    fn hear_have<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        have: &Have,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Vec<Effect>, B::Error> {
        let mut offer = self.offer(trust, route);
        let Some(peer) = self.peers.get_mut(route) else { return Ok(Vec::new()) };
        match peer.hear_have(have) {
            Heard::First => {}
            Heard::Anew => self.pursuits.forget(route),
            // Whoever doubts asks about what it names.
            Heard::Again => {
                let named: BTreeSet<StreamId> = have.streams.iter().map(|it| it.stream).collect();
                offer.retain(|held| named.contains(&held.stream));
            }
        }
        if have.reply {
            peer.say_have(now, self.session, false, offer);
        }
        let mut effects = Vec::new();
        let ahead_ms = have.now_ms.saturating_sub(now.wall_ms);
        if ahead_ms.unsigned_abs() > CLOCKS_APART_MS {
            effects.push(Effect::ClockDiffers { route: route.clone(), ahead_ms });
        }
        for theirs in &have.streams {
            effects.extend(self.compare(now, route, theirs, trust, books)?);
        }
        let takes = |stream| policy::takes(&self.side, trust, stream);
        let theirs = self.peers.get(route).map(|peer| &peer.theirs).filter(|_| !have.more);
        if theirs.is_some_and(|it| self.shortcut.consider(route, it, &self.held, takes)) {
            effects.push(Effect::Behind { route: route.clone() });
        }
        self.pursue(now, trust);
        Ok(effects)
    }

    /// A peer says which branches it keeps, or asks for some.
    fn hear_forks<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        forks: Forks,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Vec<Effect>, B::Error> {
        for tip in forks.kept {
            if policy::takes(&self.side, trust, tip.stream) && !books.has_tip(&tip)? {
                self.branches.miss(now, route, tip);
            }
        }
        let Some(peer) = self.peers.get_mut(route) else { return Ok(Vec::new()) };
        for tip in forks.wanted {
            if policy::gives(&self.side, trust, route, tip.stream) {
                peer.want_branch(tip);
            }
        }
        Ok(Vec::new())
    }

    /// Tells peers which branches are kept here, once there are more of them.
    fn tell_branches<B: Books>(&mut self, trust: &Trust, books: &mut B) -> Result<(), B::Error> {
        if !self.branches.take_grown() {
            return Ok(());
        }
        let tips = books.tips()?;
        for peer in self.peers.values_mut().filter(|it| !matches!(it.route, Route::Fan(_))) {
            let gives = |tip: &&Tip| policy::gives(&self.side, trust, &peer.route, tip.stream);
            let kept = tips.iter().filter(gives).copied().collect();
            peer.say_kept(kept);
        }
        Ok(())
    }

    /// Compares what a peer holds of a stream with what is here.
    fn compare<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        theirs: &Held,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Option<Effect>, B::Error> {
        let stream = theirs.stream;
        if let Some(begin) = self.begin_of(route, theirs, trust) {
            return Ok(Some(begin));
        }
        let Some(ours) = self.held.get(&stream) else { return Ok(None) };
        let own = stream.replica == self.me;
        let (head, theirs_head) = (ours.head, theirs.head);
        if theirs_head > head {
            // Saying that it holds more of this replica's own stream proves nothing: the entries do,
            // under this replica's seal.
            if own {
                self.ask_for_branch(route, theirs, head + 1);
            } else {
                self.mark_if_beside(now, route, theirs, books)?;
            }
            return Ok(None);
        }
        let Some(here) = books.hash_at(stream, theirs_head)? else { return Ok(None) };
        if here != theirs.hash {
            self.mark_if_beside(now, route, theirs, books)?;
            if own || policy::takes(&self.side, trust, stream) {
                let from = theirs_head.saturating_sub(FORK_SPAN - 1).max(1);
                self.ask_for_branch(route, theirs, from);
            }
        } else if let Some(peer) = self.peers.get_mut(route)
            && let Some(replica) = peer.replica
        {
            // A digest to a hub does not name what came from there, so a mark says it: without one
            // that started anew, or whose mark was lost, would ask for ever.
            if !policy::gives(&self.side, trust, route, stream) {
                peer.mark(now, stream, theirs_head);
            }
            // What it holds it has made durable: a mark that was lost is made good.
            let mark = Mark { streams: vec![(stream, theirs_head)] };
            let news = peer.hear_mark(now, &mark, |_| head);
            let seq = theirs_head;
            return Ok((!news.is_empty()).then_some(Effect::Marked { peer: replica, stream, seq }));
        }
        Ok(None)
    }

    /// What a peer went on with may be kept beside already, from somebody else: it need not doubt that.
    fn mark_if_beside<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        theirs: &Held,
        books: &mut B,
    ) -> Result<(), B::Error> {
        let (stream, seq) = (theirs.stream, theirs.head);
        if books.has_tip(&Tip { stream, seq, hash: theirs.hash })?
            && let Some(peer) = self.peers.get_mut(route)
        {
            self.pursuits.keep_fork(route, stream, seq);
            peer.mark(now, stream, seq);
        }
        Ok(())
    }

    /// Asks a peer for its branch of a stream, so that it can be kept beside; at each of its digests
    /// until it is.
    fn ask_for_branch(&mut self, route: &Route, theirs: &Held, from: u64) {
        let stream = theirs.stream;
        if self.pursuits.fork(route, stream, theirs.head)
            && let Some(peer) = self.peers.get_mut(route)
        {
            peer.say_want(&[Wanted { stream, from, to: None }]);
        }
    }

    /// What to do about a stream whose beginning the peer has pruned further than it is pruned here.
    fn begin_of(&self, route: &Route, theirs: &Held, trust: &Trust) -> Option<Effect> {
        let checkpoint = theirs.base?;
        let stream = theirs.stream;
        let first = self.held.get(&stream).map_or(1, |ours| ours.first);
        // Where a hub's stream was pruned, a snapshot leads past it.
        let takes = stream.replica != self.me
            && !stream.kind.is_hubs()
            && policy::takes(&self.side, trust, stream);
        let seq = theirs.first.checked_sub(1).filter(|_| takes && theirs.first > first)?;
        Some(Effect::Begin { route: route.clone(), stream, seq, checkpoint })
    }

    fn hear_run(&mut self, now: Now, route: Route, run: Batch, trust: &Trust) -> Vec<Effect> {
        let (stream, Some(first)) = (run.stream, run.entries.first()) else { return Vec::new() };
        if !policy::is_of_use(&self.side, stream.kind) {
            return Vec::new();
        }
        let seq = first.seq;
        let head = self.held.get(&stream).map_or(0, |held| held.head);
        if seq <= head + 1 || self.branches.awaits(stream) {
            return vec![Effect::Ingest { route, run }];
        }
        if self.early.len() < MAX_EARLY && policy::takes(&self.side, trust, stream) {
            self.early.insert((stream, seq), (route.clone(), run));
        }
        // Somebody holds more than is known here: what lies between is asked for in time.
        if let Some(peer) = self.peers.get_mut(&route) {
            peer.holds_at_least(stream, seq);
        }
        self.pursue(now, trust);
        Vec::new()
    }

    /// Says what became of a run; runs that waited for it are to be taken up next.
    pub fn ingested(
        &mut self,
        now: Now,
        route: &Route,
        stream: StreamId,
        outcome: Outcome,
        trust: &Trust,
    ) -> Vec<Effect> {
        match outcome {
            Outcome::Appended(held) => {
                let head = held.head;
                self.hold(now, trust, held);
                self.pursuits.progress(now, stream);
                self.mark(now, route, stream, head);
                self.pursue(now, trust);
                self.take_early(stream, head)
            }
            Outcome::Known => {
                let head = self.held.get(&stream).map_or(0, |held| held.head);
                self.mark(now, route, stream, head);
                Vec::new()
            }
            Outcome::Gap => {
                self.pursue(now, trust);
                Vec::new()
            }
            Outcome::Forked { at: None, .. } => {
                self.branches.grow();
                self.look_further_back(route, stream);
                Vec::new()
            }
            Outcome::Forked { at: Some(_), to } => {
                self.branches.grow();
                self.pursuits.keep_fork(route, stream, to);
                Vec::new()
            }
            Outcome::Refused => Vec::new(),
        }
    }

    fn look_further_back(&mut self, route: &Route, stream: StreamId) {
        self.pursuits.keep_fork(route, stream, 0);
        let Some(peer) = self.peers.get_mut(route) else { return };
        if let Some(from) = peer.further_back(stream, FORK_SPAN) {
            peer.say_want(&[Wanted { stream, from, to: None }]);
        }
    }

    /// Whoever sent it learns how far a stream is durable here, so do all in the shop: its writer
    /// may forget then, whoever relays it need not, and who lacks it knows whom to ask. Towards the
    /// hub or from it each message costs, so only the sender hears.
    fn mark(&mut self, now: Now, route: &Route, stream: StreamId, head: u64) {
        let in_shop = matches!(self.side, Side::Till { .. });
        for peer in self.peers.values_mut() {
            let sibling = in_shop && matches!(peer.route, Route::Till { .. });
            if peer.route == *route || (sibling && peer.theirs.contains_key(&stream)) {
                peer.mark(now, stream, head);
            }
        }
    }

    fn take_early(&mut self, stream: StreamId, head: u64) -> Vec<Effect> {
        let range = (stream, 0)..=(stream, head + 1);
        let fits: Vec<(StreamId, u64)> = self.early.range(range).map(|(key, _)| *key).collect();
        let mut effects = Vec::new();
        for key in fits {
            if let Some((route, run)) = self.early.remove(&key) {
                effects.push(Effect::Ingest { route, run });
            }
        }
        effects
    }

    /// Papers came that were not known: other peers learn of them, and of streams that they make
    /// known; what could not be asked for before is asked for.
    pub fn papers_changed(
        &mut self,
        now: Now,
        from: Option<&Route>,
        new: &[Vec<u8>],
        trust: &Trust,
    ) {
        let routes: Vec<Route> = self.peers.keys().cloned().collect();
        for route in routes {
            let offer = self.offer(trust, &route);
            let Some(peer) = self.peers.get_mut(&route) else { continue };
            if matches!(route, Route::Fan(_)) {
                continue;
            }
            if Some(&route) != from {
                peer.say_papers(new);
            }
            peer.say_have(now, self.session, false, offer);
        }
        self.pursue(now, trust);
    }

    /// Asks a peer something; false when it can't be reached or too much waits.
    pub fn ask(&mut self, route: &Route, ask: Ask) -> bool {
        self.peers.get_mut(route).is_some_and(|peer| peer.say(Frame::Ask(ask)))
    }

    /// Answers a question; false when whoever asked is gone.
    pub fn answer(&mut self, route: &Route, answer: Answer) -> bool {
        self.peers.get_mut(route).is_some_and(|peer| peer.say(Frame::Answer(answer)))
    }

    /// Sends a page of a snapshot that a peer asked for; false when it is gone or too much waits.
    pub fn page(&mut self, route: &Route, page: Page) -> bool {
        self.peers.get_mut(route).is_some_and(|peer| peer.say(Frame::Page(page)))
    }

    /// Whether streams of this kind are of any use to this side: prices of other zones are none.
    #[must_use]
    pub fn has_use_for(&self, kind: StreamKind) -> bool {
        policy::is_of_use(&self.side, kind)
    }

    /// The snapshot of [`super::Effect::Behind`] is here and its streams are held, or it is not to be
    /// had of that peer: what is lacking still is asked for entry by entry.
    pub fn snapshot_over(&mut self, now: Now, trust: &Trust, helped: bool) {
        self.shortcut.close(helped);
        self.pursue(now, trust);
    }

    /// Asks for what is lacking and was not asked for yet.
    pub fn pursue(&mut self, now: Now, trust: &Trust) {
        let waits = self.shortcut.is_open();
        let takes = |stream: StreamId| {
            !(waits && stream.kind.is_hubs()) && policy::takes(&self.side, trust, stream)
        };
        self.pursuits.pursue(now, self.me, takes, trust, &self.held, &mut self.peers);
    }

    /// The next frame to send, and where; each peer in its turn. `busy` says which routes take
    /// nothing now.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn next_frame<B: Books>(
        &mut self,
        now: Now,
        trust: &Trust,
        books: &mut B,
        busy: &BTreeSet<Route>,
    ) -> Result<Option<(Route, Vec<u8>)>, B::Error> {
        self.tick(now, trust, books)?;
        loop {
            let cut = self.cut.iter().position(|(route, _)| !busy.contains(route));
            if let Some(next) = cut.and_then(|at| self.cut.remove(at)) {
                return Ok(Some(next));
            }
            let Some((route, frame)) = self.next_said(now, trust, books, busy)? else {
                return Ok(None);
            };
            self.cut_up(&route, frame);
        }
    }

    /// Makes bytes of a frame, which wait to be sent.
    fn cut_up(&mut self, route: &Route, frame: Frame) {
        self.runs += 1;
        // What this replica says is within the bounds of frames: its own lists are cut, and runs
        // are of entries that were bounded when they were written.
        let said = frames(&Envelope { from: self.me, frame }, self.runs);
        debug_assert!(said.is_ok(), "{said:?}");
        for bytes in said.unwrap_or_default() {
            self.cut.push_back((route.clone(), bytes));
        }
    }

    fn next_said<B: Books>(
        &mut self,
        now: Now,
        trust: &Trust,
        books: &mut B,
        busy: &BTreeSet<Route>,
    ) -> Result<Option<(Route, Frame)>, B::Error> {
        let start = self.last.take();
        let after = |route: &Route| start.as_ref().is_none_or(|last| route > last);
        let mut turns: Vec<Route> =
            self.peers.keys().filter(|route| after(route)).cloned().collect();
        turns.extend(self.peers.keys().filter(|route| !after(route)).cloned());
        for route in turns.into_iter().filter(|route| !busy.contains(route)) {
            if let Some(frame) = self.next_for(now, &route, trust, books)? {
                self.last = Some(route.clone());
                return Ok(Some((route, frame)));
            }
        }
        Ok(None)
    }

    fn next_for<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Option<Frame>, B::Error> {
        let Some(peer) = self.peers.get_mut(route) else { return Ok(None) };
        if let Some(word) = peer.next_word(now) {
            return Ok(Some(word));
        }
        while let Some((tip, from)) = peer.next_branch() {
            let run = books.branch(&tip, from, RUN_BYTES)?;
            let to = run.as_ref().and_then(|run| run.entries.last()).map(|entry| entry.seq);
            peer.sent_branch(to);
            if let Some(run) = run {
                return Ok(Some(Frame::Run(run)));
            }
        }
        let head = head_in(&self.held);
        // Each turn either sends or strikes a stream off, so it ends.
        while let Some(Sendable { stream, from, to }) = peer.sendable(now, &head) {
            if !policy::gives(&self.side, trust, route, stream) {
                peer.cannot_send(stream);
                continue;
            }
            match books.run(stream, from, to, RUN_BYTES)? {
                Some(run) => {
                    let last = run.entries.last().map_or(from, |entry| entry.seq);
                    let bytes = run.entries.iter().map(|entry| entry.body.len() + 16).sum();
                    peer.sent(stream, last, bytes);
                    return Ok(Some(Frame::Run(run)));
                }
                None => {
                    // What was pruned is not to be had: the peer learns where the stream begins.
                    peer.cannot_send(stream);
                    if let Some(held) = self.held.get(&stream).filter(|held| held.first > from) {
                        peer.say_have(now, self.session, false, vec![held.clone()]);
                        return Ok(peer.next_word(now));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What time alone brings: doubts about what was not marked, wishes that were not answered.
    fn tick<B: Books>(&mut self, now: Now, trust: &Trust, books: &mut B) -> Result<(), B::Error> {
        for peer in self.peers.values_mut() {
            let doubted = peer.doubts(now);
            let held = doubted.iter().filter_map(|stream| self.held.get(stream)).cloned();
            let held: Vec<Held> = held.collect();
            if !held.is_empty() {
                // Without papers nothing of it would be believed, and these may be lost as well.
                peer.say_papers(&books.papers()?);
                peer.say_have(now, self.session, true, held);
            }
        }
        if self.pursuits.due_at(&self.held, &self.peers).is_some_and(|due| now.ms >= due) {
            self.pursue(now, trust);
        }
        self.tell_branches(trust, books)?;
        self.branches.ask(now, books, &mut self.peers)
    }

    /// When [`Exchange::next_frame`] should be called at the latest, in milliseconds of
    /// [`Now::ms`]; `None` when only a frame, an entry or room on a line brings something new. What
    /// is due on a `busy` route waits for room, not for time.
    #[must_use]
    pub fn wake_at(&self, busy: &BTreeSet<Route>) -> Option<u64> {
        if self.cut.iter().any(|(route, _)| !busy.contains(route)) {
            return Some(0);
        }
        let free = self.peers.values().filter(|peer| !busy.contains(&peer.route));
        let peers = free.filter_map(Peer::due_at).min();
        let pursuits = self.pursuits.due_at(&self.held, &self.peers);
        [peers, pursuits, self.branches.due_at()].into_iter().flatten().min()
    }

    /// The routes that are up, with the peer's replica where it is known and what each lacks of
    /// the streams here that it may have: entries.
    pub fn peers<'a>(
        &'a self,
        trust: &'a Trust,
    ) -> impl Iterator<Item = (&'a Route, Option<ReplicaId>, u64)> {
        self.peers.iter().filter(|(route, _)| !matches!(route, Route::Fan(_))).map(
            move |(route, peer)| {
                let lacks = self
                    .held
                    .values()
                    .filter(|held| policy::gives(&self.side, trust, route, held.stream))
                    .map(|held| held.head.saturating_sub(peer.has(held.stream)))
                    .sum();
                (route, peer.replica, lacks)
            },
        )
    }

    /// The replica that speaks at a route, once it has.
    #[must_use]
    pub fn replica_at(&self, route: &Route) -> Option<ReplicaId> {
        self.peers.get(route).and_then(|peer| peer.replica)
    }

    /// The route at which whoever wrote as `replica` speaks now, be it under another incarnation.
    #[must_use]
    pub fn route_to(&self, trust: &Trust, replica: ReplicaId) -> Option<Route> {
        let (key, _) = trust.key_of(replica)?;
        let speaks = |peer: &&Peer| {
            let now = peer.replica.and_then(|now| trust.key_of(now));
            now.is_some_and(|(other, _)| other == key)
        };
        self.peers.values().find(speaks).map(|peer| peer.route.clone())
    }

    /// How far a stream is held here.
    #[must_use]
    pub fn head(&self, stream: StreamId) -> u64 {
        head_in(&self.held)(stream)
    }
}

/// The last sequence held of a stream.
fn head_in(held: &BTreeMap<StreamId, Held>) -> impl Fn(StreamId) -> u64 {
    |stream| held.get(&stream).map_or(0, |held| held.head)
}
