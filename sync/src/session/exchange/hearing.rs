//! What a frame brings: whether its sender may say it, and what follows from it.
//!
//! Digests are weighed in `comparing`, entries taken up in `runs`. The host calls
//! [`Exchange::receive`] with each frame that a link brings.

use super::{Exchange, head_in};
use crate::batch::Batch;
use crate::link::Route;
use crate::log::{ReplicaId, StreamId};
use crate::session::floods::{self, Listen, PAUSE_MS};
use crate::session::peer::Heard;
use crate::session::{Books, CLOCKS_APART_MS, Effect, Now, policy};
use crate::trust::Trust;
use crate::wire::codec::decode;
use crate::wire::{Envelope, Forks, Frame, Have, Part};
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
        match self.floods.listen(now.ms, route) {
            Listen::Hear => {}
            Listen::Begun => return Ok(self.pause(route)),
            Listen::Pause => return Ok(Vec::new()),
        }
        let Envelope { from, frame } = match decode(bytes) {
            Ok(envelope) => envelope,
            // A newer peer says what this version can't hear; it says the rest as well.
            Err(error) if error.is_newer() => {
                self.floods.charge(now.ms, route, floods::UNHEARD);
                return Ok(Vec::new());
            }
            Err(error) => return Ok(self.suspect(now, route, error.to_string(), bytes)),
        };
        self.floods.charge(now.ms, route, floods::cost(&frame));
        if let Frame::Papers(papers) = frame {
            return Ok(vec![Effect::Papers { route: route.clone(), papers }]);
        }
        if !policy::is_at(trust, route, from) {
            let why = format!("replica {from} is not at {route}");
            return Ok(self.suspect(now, route, why, bytes));
        }
        self.hear(now, route.clone(), from, frame, trust, books)
    }

    /// A pause begins for a peer that has spent its budget; its runs that wait are as good as lost.
    fn pause(&mut self, route: &Route) -> Vec<Effect> {
        self.early.retain(|(_, _, from), _| from != route);
        vec![Effect::Flood { route: route.clone(), pause_ms: PAUSE_MS }]
    }

    fn suspect(&mut self, now: Now, route: &Route, why: String, bytes: &[u8]) -> Vec<Effect> {
        self.floods.charge(now.ms, route, floods::DISBELIEVED);
        vec![Effect::Suspicious { route: route.clone(), why, frame: bytes.to_vec() }]
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
                Frame::Part(part) => self.hear_part(now, &route, &part),
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
            Frame::Part(part) => {
                let run = self.hear_part(now, &route, &part);
                Ok(run.map_or(Vec::new(), |run| self.hear_run(now, route, run, trust)))
            }
            Frame::Mark(mark) => {
                // Of names that nobody vouches for there is no end.
                let known = trust.key_of(from).is_some();
                let marked = |(stream, seq)| Effect::Marked { peer: from, stream, seq };
                let news = peer.hear_mark(now, &mark, head_in(&self.held));
                self.pursue(now, trust);
                Ok(news.into_iter().filter(|_| known).map(marked).collect())
            }
            Frame::Forks(forks) => self.hear_forks(now, &route, forks, trust, books),
            Frame::Ask(ask) => Ok(vec![Effect::Asked { route, ask }]),
            Frame::Answer(answer) => Ok(vec![Effect::Answered { route, answer }]),
            Frame::Page(page) => Ok(vec![Effect::Page { route, page }]),
            Frame::Papers(_) => Ok(Vec::new()),
        }
    }

    /// The run that a part completes. What is lost of one is asked for again like any other.
    fn hear_part(&mut self, now: Now, route: &Route, part: &Part) -> Option<Batch> {
        let parts = match route {
            Route::Fan(_) => &mut self.fan_parts,
            Route::Hub | Route::Till { .. } => &mut self.peers.get_mut(route)?.parts,
        };
        let run = parts.push(part).ok().flatten()?;
        self.floods.charge(now.ms, route, floods::RUN);
        Some(run)
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
            Heard::Anew => {
                self.pursuits.forget(route);
                // What it was told before it may have lost.
                let papers = books.papers()?;
                self.floods.charge(now.ms, route, floods::anew(papers.len(), offer.len()));
                peer.say_papers(&papers);
            }
            // Whoever doubts asks about what it names.
            Heard::Again => {
                let named: BTreeSet<StreamId> = have.streams.iter().map(|it| it.stream).collect();
                offer.retain(|held| named.contains(&held.stream));
            }
        }
        if have.reply {
            peer.say_have(now, false, offer);
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
            if policy::takes(&self.side, trust, tip.stream) && !books.has_tip(&tip, 1)? {
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
