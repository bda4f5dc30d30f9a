//! Pursuits: of whom each missing stretch of a stream is asked, and when it is asked again.

use super::Now;
use super::peer::Peer;
use crate::link::Route;
use crate::log::{MAX_SEQ, ReplicaId, StreamId, StreamKind};
use crate::trust::Trust;
use crate::wire::{Held, Wanted};
use std::collections::{BTreeMap, BTreeSet};

/// A stream that was asked for.
#[derive(Debug)]
struct Pursuit {
    route: Route,
    asked_at: u64,
    tries: u32,
}

/// A wish for what never comes: ends one that stands, since somebody else is asked now.
const NO_MORE: Wanted = Wanted {
    stream: StreamId { replica: ReplicaId([0; 16]), kind: StreamKind::Journal },
    from: MAX_SEQ,
    to: Some(MAX_SEQ),
};

/// What is asked for, of whom.
#[derive(Debug, Default)]
pub(super) struct Pursuits {
    streams: BTreeMap<StreamId, Pursuit>,
    /// Streams of which a peer holds another branch, and up to where that is kept beside: going on
    /// from what is here brings nothing.
    forked: BTreeMap<(Route, StreamId), u64>,
}

/// Whether a stream's writer is the peer itself.
fn is_writer(trust: &Trust, peer: &Peer, stream: StreamId) -> bool {
    if stream.kind.is_hubs() {
        return peer.route == Route::Hub;
    }
    let key = |replica| trust.key_of(replica).map(|(key, _)| key);
    let writes = peer.replica.and_then(key);
    writes.is_some() && writes == key(stream.replica)
}

/// Whether what a peer holds goes on from what is here. What it has pruned it can't give: then the
/// stream begins behind its checkpoint first.
const fn goes_on(theirs: &Held, head: u64) -> bool {
    theirs.head > head && theirs.first <= head + 1
}

impl Pursuits {
    /// Asks for everything that somebody has and this replica lacks.
    pub fn pursue(
        &mut self,
        now: Now,
        me: ReplicaId,
        takes: impl Fn(StreamId) -> bool,
        trust: &Trust,
        held: &BTreeMap<StreamId, Held>,
        peers: &mut BTreeMap<Route, Peer>,
    ) {
        let mut wishes: BTreeMap<Route, Vec<Wanted>> = BTreeMap::new();
        let known: BTreeSet<StreamId> =
            peers.values().flat_map(|peer| peer.theirs.keys().copied()).collect();
        // By papers that came since, a stream may be none of this replica's any more.
        self.streams.retain(|stream, _| stream.replica != me && takes(*stream));
        // What this replica writes it has from nobody.
        for stream in known.into_iter().filter(|it| it.replica != me && takes(*it)) {
            let head = held.get(&stream).map_or(0, |held| held.head);
            let before = self.streams.get(&stream).map(|pursuit| pursuit.route.clone());
            let Some(route) = self.choose(now, trust, peers, stream, head) else { continue };
            if let Some(before) = before.filter(|before| *before != route) {
                wishes.entry(before).or_default().push(Wanted { stream, ..NO_MORE });
            }
            let wanted = Wanted { stream, from: head + 1, to: None };
            wishes.entry(route).or_default().push(wanted);
        }
        for (route, wishes) in wishes {
            if let Some(peer) = peers.get_mut(&route) {
                peer.say_want(&wishes);
            }
        }
    }

    /// Whom to ask for a stream now; `None` when nobody can help, or somebody was asked who may
    /// still answer.
    fn choose(
        &mut self,
        now: Now,
        trust: &Trust,
        peers: &BTreeMap<Route, Peer>,
        stream: StreamId,
        head: u64,
    ) -> Option<Route> {
        let mut able: Vec<(bool, bool, &Route)> = Vec::new();
        for (route, peer) in peers {
            let Some(theirs) = peer.theirs.get(&stream) else { continue };
            let writer = is_writer(trust, peer, stream);
            let forked = self.forked.contains_key(&(route.clone(), stream));
            if !forked && (goes_on(theirs, head) || writer && theirs.first <= head + 1) {
                able.push((!writer, *route == Route::Hub, route));
            }
        }
        able.sort();
        let tries = match self.streams.get(&stream) {
            None => 0,
            Some(pursuit) => {
                let peer = peers.get(&pursuit.route);
                let lacks = peer
                    .and_then(|peer| peer.theirs.get(&stream))
                    .is_some_and(|theirs| goes_on(theirs, head));
                let late = peer.is_none_or(|peer| now.ms >= due(pursuit, peer));
                let relays = peer.is_none_or(|peer| !is_writer(trust, peer, stream));
                let better = able.first().is_some_and(|(relayed, ..)| relays && !relayed);
                // Another has it already, and the one who was asked does not.
                let ahead = !lacks && able.iter().any(|(_, _, route)| **route != pursuit.route);
                if peer.is_some() && !better && !((lacks || ahead) && late) {
                    return None;
                }
                if peer.is_some() && !better { pursuit.tries + 1 } else { 0 }
            }
        };
        if able.is_empty() {
            self.streams.remove(&stream);
            return None;
        }
        // Whoever did not answer is passed over for the next, and comes round again.
        let turn = usize::try_from(tries).unwrap_or(0) % able.len();
        let (_, _, route) = able.into_iter().nth(turn)?;
        self.streams.insert(stream, Pursuit { route: route.clone(), asked_at: now.ms, tries });
        Some(route.clone())
    }

    /// Entries of a stream came.
    pub fn progress(&mut self, now: Now, stream: StreamId) {
        if let Some(pursuit) = self.streams.get_mut(&stream) {
            pursuit.asked_at = now.ms;
            pursuit.tries = 0;
        }
    }

    /// A peer holds another branch of the stream, up to `head`; whether that is not all kept yet.
    pub fn fork(&mut self, route: &Route, stream: StreamId, head: u64) -> bool {
        *self.forked.entry((route.clone(), stream)).or_default() < head
    }

    /// A peer's branch of a stream is kept up to there.
    pub fn keep_fork(&mut self, route: &Route, stream: StreamId, to: u64) {
        let kept = self.forked.entry((route.clone(), stream)).or_default();
        *kept = to.max(*kept);
    }

    /// What peers hold of these streams is asked for like any other again.
    pub fn forget_forks(&mut self, of: impl Fn(StreamId) -> bool) {
        self.forked.retain(|(_, stream), _| !of(*stream));
    }

    /// A peer is gone: what it was asked for is asked of another.
    pub fn forget(&mut self, gone: &Route) {
        self.streams.retain(|_, pursuit| pursuit.route != *gone);
        self.forked.retain(|(route, _), _| route != gone);
    }

    /// When something should be asked for again.
    pub fn due_at(
        &self,
        held: &BTreeMap<StreamId, Held>,
        peers: &BTreeMap<Route, Peer>,
    ) -> Option<u64> {
        let ahead = |stream: &StreamId, route: &Route, peer: &Peer| {
            let head = held.get(stream).map_or(0, |held| held.head);
            let lacks = peer.theirs.get(stream).is_some_and(|theirs| goes_on(theirs, head));
            lacks && !self.forked.contains_key(&(route.clone(), *stream))
        };
        let late = |(stream, pursuit): (&StreamId, &Pursuit)| {
            let asked = peers.get(&pursuit.route)?;
            let anyone = peers.iter().any(|(route, peer)| ahead(stream, route, peer));
            anyone.then(|| due(pursuit, asked))
        };
        self.streams.iter().filter_map(late).min()
    }
}

/// When a pursuit counts as unanswered. Each try waits twice as long as the one before.
fn due(pursuit: &Pursuit, peer: &Peer) -> u64 {
    pursuit.asked_at + (peer.pace.retry_ms << pursuit.tries.min(5))
}
