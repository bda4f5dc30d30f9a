//! What is sent next, to whom, and when: each peer in its turn, its words before its runs.
//!
//! The host calls [`Exchange::next_frame`] until nothing is left, and again at
//! [`Exchange::wake_at`].

use super::{Exchange, head_in};
use crate::batch::Batch;
use crate::link::Route;
use crate::log::{ReplicaId, Seal, StreamId};
use crate::planted::{self, Bug};
use crate::session::peer::{Peer, Sendable};
use crate::session::{Books, Now, policy};
use crate::trust::Trust;
use crate::wire::codec::encode_packed;
use crate::wire::parts::frames;
use crate::wire::{Envelope, Frame, Held, Mark, READS_PACKED, Tip};
use std::collections::BTreeSet;

/// Which run a frame holds in its packed form. The seal stands for all that is before its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    from: ReplicaId,
    stream: StreamId,
    first: u64,
    seal: Seal,
}

impl Packed {
    fn of(from: ReplicaId, run: &Batch) -> Option<Self> {
        let first = run.entries.first()?.seq;
        Some(Self { from, stream: run.stream, first, seal: run.seal })
    }
}

impl Exchange {
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
        if let Some(packed) = self.packed(route, &frame) {
            self.cut.push_back((route.clone(), packed));
            return;
        }
        self.runs += 1;
        // What this replica says is within the bounds of frames: its own lists are cut, and runs
        // are of entries that were bounded when they were written.
        let said = frames(&Envelope { from: self.me, frame }, self.runs);
        debug_assert!(said.is_ok(), "{said:?}");
        for bytes in said.unwrap_or_default() {
            self.cut.push_back((route.clone(), bytes));
        }
    }

    /// A run in its packed form, where it has one and the peer reads it.
    fn packed(&mut self, route: &Route, frame: &Frame) -> Option<Vec<u8>> {
        let Frame::Run(run) = frame else { return None };
        if self.peers.get(route)?.speaks < READS_PACKED {
            return None;
        }
        let which = Packed::of(self.me, run)?;
        if let Some((last, bytes)) = &self.last_packed
            && *last == which
        {
            return Some(bytes.clone());
        }
        let bytes = encode_packed(self.me, run).ok()??;
        self.last_packed = Some((which, bytes.clone()));
        Some(bytes)
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
            let run = books.branch(&tip, from, policy::run_bytes(tip.stream.kind))?;
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
            match books.run(stream, from, to, policy::run_bytes(stream.kind))? {
                Some(run) => {
                    let last = run.entries.last().map_or(from, |entry| entry.seq);
                    let bytes = run.entries.iter().map(|entry| entry.body.len() + 16).sum();
                    peer.sent(stream, last, bytes);
                    if planted::is(Bug::DeliveredIsKept) {
                        peer.hear_mark(now, &Mark { streams: vec![(stream, last)] }, &head);
                    }
                    return Ok(Some(Frame::Run(run)));
                }
                None => {
                    // What was pruned is not to be had: the peer learns where the stream begins.
                    peer.cannot_send(stream);
                    if let Some(held) = self.held.get(&stream).filter(|held| held.first > from) {
                        peer.say_have(now, false, vec![held.clone()]);
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
                peer.say_have(now, true, held);
            }
        }
        for route in self.floods.take_over(now.ms) {
            self.begin_again(now, route, trust, books)?;
        }
        if self.pursuits.due_at(&self.held, &self.peers).is_some_and(|due| now.ms >= due) {
            self.pursue(now, trust);
        }
        self.tell_branches(trust, books)?;
        self.branches.ask(now, books, &mut self.peers)
    }

    /// After a pause both begin anew, as on a new line: neither knows what the other did not hear.
    fn begin_again<B: Books>(
        &mut self,
        now: Now,
        route: Route,
        trust: &Trust,
        books: &mut B,
    ) -> Result<(), B::Error> {
        let Some(pace) = self.peers.get(&route).map(|peer| peer.pace) else { return Ok(()) };
        self.session = self.session.wrapping_add(1);
        self.up(now, route, pace, trust, books)
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
        [peers, pursuits, self.branches.due_at(), self.floods.due_at()].into_iter().flatten().min()
    }
}
