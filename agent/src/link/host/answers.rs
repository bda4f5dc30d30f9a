//! What the till and the catalogue's writer answered, and what that means for the exchange.

use super::{About, Host, RETRY_DUE_MS, Subject, suspicion};
use crate::link::claims;
use crate::store::catalogue::downstream::{Delivered, Suspicion};
use crate::till::PeerReply;
use std::sync::Arc;
use sync::link::Route;
use sync::log::StreamId;
use sync::session::{Now, Outcome};

impl Host {
    /// The till's answer to an errand; `None` when it could not keep it, and the peer shall send it
    /// again.
    pub fn answered(&mut self, now: Now, about: About, reply: Option<PeerReply>) {
        match (about.0, reply) {
            (Subject::Run { route, stream }, reply) => {
                let outcome = match reply {
                    Some(PeerReply::Received(received)) => {
                        self.put_back |= received.put_back;
                        received.outcome
                    }
                    _ => Outcome::Refused,
                };
                self.ingested(now, &route, stream, outcome);
            }
            (
                Subject::Papers { route },
                Some(PeerReply::Papers { new, trust, disbelieved, put_back }),
            ) => {
                self.trust = trust;
                self.put_back |= put_back;
                if let Some(from) = route.as_ref().filter(|_| disbelieved) {
                    self.exchange.papers_disbelieved(now, from);
                }
                if !new.is_empty() {
                    // Entries of the hub's may have waited for them.
                    self.due_ms = Some(now.wall_ms);
                    self.exchange.papers_changed(now, route.as_ref(), &new, &self.trust);
                }
            }
            (Subject::Begin { route, stream }, Some(PeerReply::Begun(held))) => {
                let trust = Arc::clone(&self.trust);
                let next = self.exchange.begun(now, &route, stream, held, &trust);
                self.waiting.extend(next);
            }
            (Subject::Claim { route, number }, reply) => {
                let granted = match reply {
                    Some(PeerReply::Claim(granted)) => granted,
                    _ => Err("the till that holds it can't write now".to_owned()),
                };
                self.exchange.answer(&route, claims::answer(number, granted));
            }
            (
                Subject::Papers { .. }
                | Subject::Begin { .. }
                | Subject::Due
                | Subject::Fetch
                | Subject::Wanted { .. }
                | Subject::Nothing,
                _,
            ) => {}
        }
    }

    /// What the catalogue's writer made of an errand; `None` when it failed, and it shall be tried
    /// again.
    pub fn delivered(&mut self, now: Now, about: About, delivered: Option<Delivered>) {
        let Some(Delivered { outcome, suspicions, due_ms, held, offer }) = delivered else {
            match about.0 {
                Subject::Run { route, stream } => {
                    self.ingested(now, &route, stream, Outcome::Refused);
                }
                Subject::Due => self.due_ms = Some(now.wall_ms.saturating_add(RETRY_DUE_MS)),
                Subject::Fetch => self.fetched(now, None),
                Subject::Wanted { route, number } => self.hand_on(&route, number, None),
                Subject::Papers { .. }
                | Subject::Begin { .. }
                | Subject::Claim { .. }
                | Subject::Nothing => {}
            }
            return;
        };
        // Papers that came meanwhile are due already.
        self.due_ms = self.due_ms.into_iter().chain(due_ms).min();
        for Suspicion { kind, subject, why, frame } in suspicions {
            self.noticed.push_back(suspicion(kind, subject, why, frame));
        }
        self.refresh(now, held);
        match (about.0, outcome) {
            (Subject::Run { route, stream }, Some(outcome)) => {
                self.ingested(now, &route, stream, outcome);
            }
            (Subject::Fetch, _) => self.fetched(now, offer),
            (Subject::Wanted { route, number }, _) => self.hand_on(&route, number, offer),
            _ => {}
        }
    }

    fn ingested(&mut self, now: Now, route: &Route, stream: StreamId, outcome: Outcome) {
        let trust = Arc::clone(&self.trust);
        let more = self.exchange.ingested(now, route, stream, outcome, &trust);
        // Runs that waited for this one come before anything newer.
        for effect in more.into_iter().rev() {
            self.waiting.push_front(effect);
        }
    }
}
