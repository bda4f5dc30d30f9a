//! The exchange: all peers of a replica at once.
//!
//! Here is its state, and what changes it from this side: lines that come and go, entries and papers
//! that came to be here. What a frame brings is in `hearing`, `comparing` and `runs`, what is said
//! next in `sending`.

mod comparing;
mod hearing;
mod runs;
mod sending;

use super::floods::{self, Floods};
use super::forks::Branches;
use super::peer::Peer;
use super::pursuit::Pursuits;
use super::shortcut::Shortcut;
use super::{Books, Now, Pace, Side, policy};
use crate::batch::Batch;
use crate::link::Route;
use crate::log::{ReplicaId, StreamId, StreamKind};
use crate::trust::Trust;
use crate::wire::parts::Joiner;
use crate::wire::{Answer, Ask, Frame, Held, Page, Tip};
use sending::Packed;
use std::collections::{BTreeMap, VecDeque};

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
    /// It was not kept, though nothing is wrong with it: it is not marked, and its sender keeps it.
    Refused,
    /// It was not believed: it is not marked either, and its sender should not have sent it.
    Disbelieved,
}

/// The exchange of a replica with all its peers.
#[derive(Debug)]
pub struct Exchange {
    me: ReplicaId,
    /// Peers take another number as a new beginning: each pause ends with one.
    session: u64,
    side: Side,
    held: BTreeMap<StreamId, Held>,
    peers: BTreeMap<Route, Peer>,
    pursuits: Pursuits,
    branches: Branches,
    shortcut: Shortcut,
    floods: Floods,
    /// Runs before which something is missing, each with who brought it.
    early: BTreeMap<(StreamId, u64, Route), Batch>,
    /// The peer that was served last, so that each has its turn.
    last: Option<Route>,
    /// Frames cut from the last thing said.
    cut: VecDeque<(Route, Vec<u8>)>,
    /// The last run that was packed, at most a frame: the next peer mostly lacks the same.
    last_packed: Option<(Packed, Vec<u8>)>,
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
            floods: Floods::default(),
            early: BTreeMap::new(),
            last: None,
            cut: VecDeque::new(),
            last_packed: None,
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
        if announce {
            // It begins where a peer's does: what parted before lies behind it.
            self.pursuits.forget_forks(|id| id == stream);
        }
        for peer in self.peers.values_mut() {
            if !policy::gives(&self.side, trust, &peer.route, stream) {
                continue;
            }
            match peer.route {
                Route::Fan(_) if is_new => peer.fan(stream, 1),
                Route::Hub | Route::Till { .. } if announce => {
                    peer.say_have(now, false, vec![held.clone()]);
                }
                _ => {}
            }
            peer.notice(now, stream, held.head);
        }
    }

    /// The replica writes under another name from now on: a new incarnation.
    pub fn rename(&mut self, me: ReplicaId) {
        // What peers hold of the name before is nobody's own any more, and to be had of them.
        let former = self.me;
        self.pursuits.forget_forks(|stream| stream.replica == former);
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
        self.floods.charge(now.ms, &route, floods::UP);
        let mut peer = Peer::new(route.clone(), pace, self.session);
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
            peer.say_have(now, true, offer);
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
        self.early.retain(|(_, _, from), _| from != route);
        self.pursuits.forget(route);
        self.branches.forget(route);
        self.shortcut.forget(route);
    }

    /// What is here that a peer may know of.
    fn offer(&self, trust: &Trust, to: &Route) -> Vec<Held> {
        let gives = |held: &&Held| policy::gives(&self.side, trust, to, held.stream);
        self.held.values().filter(gives).cloned().collect()
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
            peer.say_have(now, false, offer);
        }
        self.pursue(now, trust);
    }

    /// Papers of a peer could not be believed.
    pub fn papers_disbelieved(&mut self, now: Now, from: &Route) {
        self.floods.charge(now.ms, from, floods::DISBELIEVED_PAPERS);
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
        self.peers.get_mut(route).is_some_and(|peer| peer.say_page(page))
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

    /// The routes that are up, with the peer's replica where it is known and how many entries it
    /// lacks of the streams here that it may have; `None` until it has said what it holds.
    pub fn peers<'a>(
        &'a self,
        trust: &'a Trust,
    ) -> impl Iterator<Item = (&'a Route, Option<ReplicaId>, Option<u64>)> {
        self.peers.iter().filter(|(route, _)| !matches!(route, Route::Fan(_))).map(
            move |(route, peer)| {
                let lacks = || {
                    let may_have =
                        |held: &&Held| policy::gives(&self.side, trust, route, held.stream);
                    let lacks = |held: &Held| held.head.saturating_sub(peer.has(held.stream));
                    self.held.values().filter(may_have).map(lacks).sum()
                };
                (route, peer.replica, peer.has_said().then(lacks))
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
