//! What a frame brings: whether its sender may say it, and what follows from it.
//!
//! Digests are weighed in `comparing`, entries taken up in `runs`. The host calls
//! [`Exchange::receive`] with each frame that a link brings.

use super::{Exchange, head_in};
use crate::link::Route;
use crate::log::{ReplicaId, StreamId};
use crate::session::peer::Heard;
use crate::session::{Books, CLOCKS_APART_MS, Effect, Now, policy};
use crate::trust::Trust;
use crate::wire::codec::{WireError, decode};
use crate::wire::{Envelope, Forks, Frame, Have};
use std::collections::BTreeSet;

impl Exchange {
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
            effects.extend(self.begin_of(theirs.stream, trust));
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
}
