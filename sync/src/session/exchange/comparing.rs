//! What a peer says it holds of a stream, compared with what is here: a mark, a wish for its branch,
//! or a later beginning follows.
//!
//! Called for each stream of a digest; what is merely lacking is `pursuit`'s.

use super::{Exchange, FORK_SPAN};
use crate::link::Route;
use crate::log::StreamId;
use crate::session::peer::Peer;
use crate::session::{Books, Effect, Now, floods, policy};
use crate::trust::Trust;
use crate::wire::{Held, Mark, Tip, Wanted};

impl Exchange {
    /// Compares what a peer holds of a stream with what is here.
    pub(super) fn compare<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        theirs: &Held,
        trust: &Trust,
        books: &mut B,
    ) -> Result<Option<Effect>, B::Error> {
        let stream = theirs.stream;
        let own = stream.replica == self.me;
        // Of its own kinds of streams a replica may not have begun each.
        let head = match self.held.get(&stream) {
            Some(ours) => ours.head,
            None if own => 0,
            None => return Ok(None),
        };
        let theirs_head = theirs.head;
        if theirs_head > head {
            // Saying that it holds more of this replica's own stream proves nothing: the entries do,
            // under this replica's seal.
            if own {
                self.ask_for_branch(route, theirs, head + 1);
            } else if !self.mark_if_beside(now, route, theirs, books)? {
                self.look_back_again(route, stream);
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
    /// Whether it is.
    fn mark_if_beside<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        theirs: &Held,
        books: &mut B,
    ) -> Result<bool, B::Error> {
        let (stream, seq) = (theirs.stream, theirs.head);
        let beside = books.has_tip(&Tip { stream, seq, hash: theirs.hash }, theirs.first)?;
        if beside && let Some(peer) = self.peers.get_mut(route) {
            self.pursuits.keep_fork(route, stream, seq);
            peer.mark(now, stream, seq);
        }
        Ok(beside)
    }

    /// Asks a peer for its branch of a stream, so that it can be kept beside; at each of its digests
    /// until it is.
    fn ask_for_branch(&mut self, route: &Route, theirs: &Held, from: u64) {
        let stream = theirs.stream;
        // What it has pruned it can't give, and would only say so again.
        let from = from.max(theirs.first);
        if self.pursuits.fork(route, stream, theirs.head)
            && let Some(peer) = self.peers.get_mut(route)
        {
            peer.say_want(&[Wanted { stream, from, to: None }]);
        }
    }

    /// What to do about a stream whose beginning a peer has pruned further than it is pruned here.
    ///
    /// Its writer states anew, at some entry behind the checkpoint, what lived before it. So either
    /// what lies between can't be had of the peer any more, or all that the writer itself holds is
    /// here: of one who relays it nobody knows whether that has what was stated anew.
    ///
    /// The writer's own line goes before all others. A checkpoint that was refused is not tried again
    /// until its peer says it anew, so that the next one's has its turn ([`Exchange::begun`]).
    pub(super) fn begin_of(&self, stream: StreamId, trust: &Trust) -> Option<Effect> {
        // Where a hub's stream was pruned, a snapshot leads past it.
        let takes = stream.replica != self.me
            && !stream.kind.is_hubs()
            && policy::takes(&self.side, trust, stream);
        let (first, head) = self.held.get(&stream).map_or((1, 0), |it| (it.first, it.head));
        let begin = |peer: &Peer| {
            let writes = peer.replica == Some(stream.replica);
            let theirs = peer.theirs.get(&stream)?;
            let over = writes && theirs.head <= head || theirs.first > head + 1;
            let (seq, checkpoint) = (theirs.first.checked_sub(1)?, theirs.base?);
            let effect = Effect::Begin { route: peer.route.clone(), stream, seq, checkpoint };
            (theirs.first > first && over).then_some((!writes, effect))
        };
        let begins = self.peers.values().filter(|_| takes).filter_map(begin);
        begins.min_by_key(|(relays, _)| *relays).map(|(_, effect)| effect)
    }

    /// Says what became of a checkpoint: what is held now that the stream begins behind it, or `None`
    /// when it was not believed. Then the next peer's is to be tried.
    pub fn begun(
        &mut self,
        now: Now,
        route: &Route,
        stream: StreamId,
        held: Option<Held>,
        trust: &Trust,
    ) -> Option<Effect> {
        let before = self.held.get(&stream).map_or((1, 0), |held| (held.first, held.head));
        if let Some(held) = held {
            if before.1 > 0 && held.first > before.0 {
                let entries = held.head.saturating_sub(held.first);
                self.floods.charge(now.ms, route, floods::begin(entries));
            }
            self.hold(now, trust, held);
            self.pursue(now, trust);
            return None;
        }
        let theirs = self.peers.get_mut(route).and_then(|peer| peer.theirs.get_mut(&stream));
        // The same may have been tried twice, and have come to be meanwhile.
        theirs.filter(|theirs| theirs.first > before.0)?.base.take()?;
        self.floods.charge(now.ms, route, floods::BEGIN);
        self.begin_of(stream, trust)
    }
}
