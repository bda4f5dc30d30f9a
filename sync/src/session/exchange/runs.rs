//! Runs: given to the host in order, and marked once they are durable.
//!
//! The host verifies and keeps them, then calls [`Exchange::ingested`].

use super::{Exchange, FORK_SPAN, Outcome};
use crate::batch::Batch;
use crate::link::Route;
use crate::log::StreamId;
use crate::planted::{self, Bug};
use crate::session::{Effect, Now, Side, floods, policy};
use crate::trust::Trust;
use crate::wire::Wanted;
use std::collections::BTreeMap;

/// Runs that came before those they follow, kept in memory: a broker that reorders some frames.
/// What does not fit is asked for again. Whichever route has the most makes room for another's, so
/// that one that fills them all starves nobody.
const MAX_EARLY: usize = 64;

impl Exchange {
    pub(super) fn hear_run(
        &mut self,
        now: Now,
        route: Route,
        run: Batch,
        trust: &Trust,
    ) -> Vec<Effect> {
        let (stream, Some(first)) = (run.stream, run.entries.first()) else { return Vec::new() };
        if !policy::is_of_use(&self.side, stream.kind) {
            return Vec::new();
        }
        let seq = first.seq;
        let head = self.held.get(&stream).map_or(0, |held| held.head);
        if planted::is(Bug::MarkBeforeCommit) {
            let to = run.entries.last().map_or(0, |entry| entry.seq);
            self.mark(now, &route, stream, to);
        }
        let goes_on = self.held.get(&stream).map_or(seq == 1, |held| {
            seq == held.head + 1 && (held.head == 0 || first.prev == held.hash)
        });
        if !goes_on {
            self.floods.charge(now.ms, &route, floods::beside(&run));
        }
        let gate = !planted::is(Bug::NoGapGate);
        // More of this replica's own stream than is here is the host's to see at once.
        let own = stream.replica == self.me;
        if seq <= head + 1 || own || self.branches.awaits(stream) || !gate {
            return vec![Effect::Ingest { route, run }];
        }
        let place = (stream, seq, route.clone());
        if policy::takes(&self.side, trust, stream)
            && (self.early.contains_key(&place) || self.make_room_early(&route))
        {
            self.early.insert(place, run);
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
                self.floods.refund(now.ms, route, floods::RUN);
                self.hold(now, trust, held);
                self.pursuits.progress(now, stream);
                self.mark(now, route, stream, head);
                self.pursue(now, trust);
                let begin = self.begin_of(stream, trust);
                self.take_early(stream, head).into_iter().chain(begin).collect()
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
            Outcome::Disbelieved => {
                self.floods.charge(now.ms, route, floods::DISBELIEVED);
                Vec::new()
            }
        }
    }

    fn look_further_back(&mut self, route: &Route, stream: StreamId) {
        self.pursuits.keep_fork(route, stream, 0);
        let Some(peer) = self.peers.get_mut(route) else { return };
        if peer.look_further_back(stream, FORK_SPAN) {
            self.look_back_again(route, stream);
        }
    }

    /// Asks a peer again for where its branch of a stream parts, if it was looked for: the answer may
    /// be lost.
    pub(super) fn look_back_again(&mut self, route: &Route, stream: StreamId) {
        let Some(peer) = self.peers.get_mut(route) else { return };
        if let Some(from) = peer.looked_from(stream) {
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

    /// Whether an early run of a route may be kept; one of whoever has the most goes for it.
    fn make_room_early(&mut self, route: &Route) -> bool {
        if self.early.len() < MAX_EARLY {
            return true;
        }
        let mut of: BTreeMap<&Route, usize> = BTreeMap::new();
        self.early.keys().for_each(|(_, _, route)| *of.entry(route).or_default() += 1);
        let own = of.get(route).copied().unwrap_or(0);
        // Two with as many each do not take each other's places in turn.
        let most = of.into_iter().filter(|(_, count)| *count > own + 1).max_by_key(|it| it.1);
        let last = most.and_then(|(most, _)| self.early.keys().rev().find(|key| key.2 == *most));
        last.cloned().is_some_and(|last| self.early.remove(&last).is_some())
    }

    fn take_early(&mut self, stream: StreamId, head: u64) -> Vec<Effect> {
        // The hub is the first of all routes.
        let fits = (stream, 0, Route::Hub)..(stream, head.saturating_add(2), Route::Hub);
        let keys: Vec<_> = self.early.range(fits).map(|(key, _)| key.clone()).collect();
        let mut effects = Vec::new();
        for key in keys {
            if let Some(run) = self.early.remove(&key) {
                effects.push(Effect::Ingest { route: key.2, run });
            }
        }
        effects
    }
}
