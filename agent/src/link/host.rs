//! The exchange and the till, side by side: what frames mean for the till loop, and what its
//! answers mean for the exchange.
//!
//! Without I/O: whoever owns the links ([`super::task`], the simulation) passes frames and the
//! time in, tells the till each [`Errand`], and gives the answer back.

use super::claims::{self, Claims, Refused};
use crate::till::{PeerReply, PeerWord};
use commerce::cart::CartId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use sync::link::Route;
use sync::log::{ReplicaId, StreamId};
use sync::session::{Books, Effect, Exchange, Now, Outcome, Pace, Side};
use sync::store::AlarmKind;
use sync::trust::Trust;
use sync::wire::Held;

/// How long marks of peers may wait in memory before they are written down. One that is lost is
/// said again.
const KEEP_MARKS_MS: u64 = 10_000;

/// The most marks that wait: a shop's tills and their streams, many times over.
const MAX_MARKS: usize = 1_024;

/// Something for the till loop: what it is told, and what its answer will be about.
pub type Errand = (PeerWord, About);

/// What an answer is about.
#[derive(Debug)]
pub struct About(Subject);

#[derive(Debug)]
enum Subject {
    Run { route: Route, stream: StreamId },
    Papers { route: Option<Route> },
    Begin,
    Claim { route: Route, number: u64 },
    Nothing,
}

/// The exchange of a till.
#[derive(Debug)]
pub struct Host {
    exchange: Exchange,
    trust: Arc<Trust>,
    waiting: VecDeque<Effect>,
    marks: BTreeMap<(ReplicaId, StreamId), u64>,
    marks_since: Option<u64>,
    /// Whose clock is wrong was said already; once a connection is enough.
    clocks: BTreeSet<Route>,
    /// This till's stream is further elsewhere: it begins another incarnation.
    put_back: bool,
    claims: Claims,
    /// Claims that came to nothing, which the till is told.
    refused: Vec<Refused>,
}

impl Host {
    /// The host of replica `me` of a store, over what is held. `session` is a number of this start.
    #[must_use]
    pub fn new(
        me: ReplicaId,
        session: u64,
        store: String,
        trust: Arc<Trust>,
        now: Now,
        held: Vec<Held>,
    ) -> Self {
        let exchange = Exchange::new(me, session, Side::Till { store });
        let mut host = Self {
            exchange,
            trust,
            waiting: VecDeque::new(),
            marks: BTreeMap::new(),
            marks_since: None,
            clocks: BTreeSet::new(),
            put_back: false,
            claims: Claims::default(),
            refused: Vec::new(),
        };
        host.refresh(now, held);
        host
    }

    /// What the papers say now.
    #[must_use]
    pub const fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// Takes note of what is held now, after the till wrote something.
    pub fn refresh(&mut self, now: Now, held: Vec<Held>) {
        for held in held {
            if self.exchange.head(held.stream) != held.head {
                self.exchange.hold(now, &self.trust, held);
            }
        }
    }

    /// A route is up.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn up<B: Books>(
        &mut self,
        now: Now,
        route: Route,
        pace: Pace,
        books: &mut B,
    ) -> Result<(), B::Error> {
        self.clocks.remove(&route);
        self.exchange.up(now, route, pace, &self.trust, books)
    }

    /// A route is down.
    pub fn down(&mut self, route: &Route) {
        self.exchange.down(route);
        let cut = self.claims.cut(route);
        self.refused.extend(cut);
    }

    /// Asks whoever holds a cart for it; that nobody can be asked is told as a refusal.
    pub fn claim(&mut self, now: Now, holder: ReplicaId, cart: CartId) {
        let route = self.exchange.route_to(&self.trust, holder);
        let asked = route.and_then(|route| {
            let ask = self.claims.ask(now.ms, route.clone(), cart)?;
            self.exchange.ask(&route, ask).then_some(())
        });
        if asked.is_none() {
            let why = "the till that holds it can't be reached: a manager can take it by force";
            self.refused.push((cart, why.to_owned()));
        }
    }

    /// Takes a frame; what follows are [`Host::next_errand`]s.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn receive<B: Books>(
        &mut self,
        now: Now,
        route: &Route,
        bytes: &[u8],
        books: &mut B,
    ) -> Result<(), B::Error> {
        let effects = self.exchange.receive(now, route, bytes, &self.trust, books)?;
        self.waiting.extend(effects);
        Ok(())
    }

    /// What the till shall be told next. Its answer goes to [`Host::answered`] before anything else.
    pub fn next_errand(&mut self, now: Now) -> Option<Errand> {
        while let Some(effect) = self.waiting.pop_front() {
            if let Some(errand) = self.errand_of(now, effect) {
                return Some(errand);
            }
        }
        let late = self.claims.late(now.ms);
        self.refused.extend(late);
        if let Some(refused) = self.refused.pop() {
            return Some(refusal(refused));
        }
        let due = self.marks_since.is_some_and(|since| now.ms >= since + KEEP_MARKS_MS);
        if due || self.marks.len() >= MAX_MARKS {
            return self.kept_marks();
        }
        None
    }

    /// The marks that are not written down yet, at the end.
    pub fn kept_marks(&mut self) -> Option<Errand> {
        self.marks_since = None;
        let marks = std::mem::take(&mut self.marks);
        if marks.is_empty() {
            return None;
        }
        let marks = marks.into_iter().map(|((peer, stream), seq)| (peer, stream, seq)).collect();
        Some((PeerWord::Marks(marks), About(Subject::Nothing)))
    }

    /// Whether the till must begin another incarnation, under an id that its host draws.
    pub const fn wants_anew(&mut self) -> bool {
        let wants = self.put_back;
        self.put_back = false;
        wants
    }

    /// The till shall go on as `replica`.
    #[must_use]
    pub fn anew(&mut self, replica: ReplicaId) -> Errand {
        self.exchange.rename(replica);
        (PeerWord::Anew(replica), About(Subject::Papers { route: None }))
    }

    fn errand_of(&mut self, now: Now, effect: Effect) -> Option<Errand> {
        Some(match effect {
            Effect::Ingest { route, run } => {
                let about = Subject::Run { route: route.clone(), stream: run.stream };
                (PeerWord::Run { sender: route.to_string(), run }, About(about))
            }
            Effect::Papers { route, papers } => {
                let sender = route.to_string();
                let about = Subject::Papers { route: Some(route) };
                (PeerWord::Papers { sender, papers }, About(about))
            }
            Effect::Begin { stream, seq, checkpoint, .. } => {
                (PeerWord::Begin { stream, seq, checkpoint }, About(Subject::Begin))
            }
            Effect::Marked { peer, stream, seq } => {
                self.marks.insert((peer, stream), seq);
                self.marks_since.get_or_insert(now.ms);
                return None;
            }
            Effect::PutBack { .. } => {
                self.put_back = true;
                return None;
            }
            Effect::ClockDiffers { route, ahead_ms } => {
                if !self.clocks.insert(route.clone()) {
                    return None;
                }
                let why = format!("its wall clock is {} s ahead of this till's", ahead_ms / 1_000);
                suspicion(AlarmKind::Clock, route.to_string(), why, Vec::new())
            }
            Effect::Suspicious { route, why, frame } => {
                suspicion(AlarmKind::Disbelieved, route.to_string(), why, frame)
            }
            Effect::Asked { route, ask } => {
                let from = self.exchange.replica_at(&route);
                let Some((from, cart)) = from.zip(claims::asked_for(&ask)) else {
                    let unknown = "this version of Till does not know such a question".to_owned();
                    self.exchange.answer(&route, claims::answer(ask.number, Err(unknown)));
                    return None;
                };
                let about = Subject::Claim { route, number: ask.number };
                (PeerWord::ClaimAsked { from, cart }, About(about))
            }
            Effect::Answered { route, answer } => {
                let refused = self.claims.answered(&route, &answer);
                return refused.map(refusal);
            }
        })
    }

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
                let trust = Arc::clone(&self.trust);
                let more = self.exchange.ingested(now, &route, stream, outcome, &trust);
                // Runs that waited for this one come before anything newer.
                for effect in more.into_iter().rev() {
                    self.waiting.push_front(effect);
                }
            }
            (Subject::Papers { route }, Some(PeerReply::Papers { new, trust })) => {
                self.trust = trust;
                if !new.is_empty() {
                    self.exchange.papers_changed(now, route.as_ref(), &new, &self.trust);
                }
            }
            (Subject::Begin, Some(PeerReply::Begun(Some(held)))) => {
                let trust = Arc::clone(&self.trust);
                self.exchange.hold(now, &trust, held);
                self.exchange.resume(now, &trust);
            }
            (Subject::Claim { route, number }, reply) => {
                let granted = match reply {
                    Some(PeerReply::Claim(granted)) => granted,
                    _ => Err("the till that holds it can't write now".to_owned()),
                };
                self.exchange.answer(&route, claims::answer(number, granted));
            }
            (Subject::Papers { .. } | Subject::Begin | Subject::Nothing, _) => {}
        }
    }

    /// The next frame to send, and where. `busy` are routes that take nothing now.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn next_frame<B: Books>(
        &mut self,
        now: Now,
        books: &mut B,
        busy: &BTreeSet<Route>,
    ) -> Result<Option<(Route, Vec<u8>)>, B::Error> {
        self.exchange.next_frame(now, &self.trust, books, busy)
    }

    /// When something is due, in milliseconds of [`Now::ms`].
    #[must_use]
    pub fn wake_at(&self) -> Option<u64> {
        let marks = self.marks_since.map(|since| since + KEEP_MARKS_MS);
        let claims = if self.refused.is_empty() { self.claims.due_at() } else { Some(0) };
        [self.exchange.wake_at(), marks, claims].into_iter().flatten().min()
    }

    /// The routes that are up, the peer's replica where it is known, and how many entries it lacks.
    #[must_use]
    pub fn peers(&self) -> Vec<(Route, Option<ReplicaId>, u64)> {
        let peers = self.exchange.peers(&self.trust);
        peers.map(|(route, replica, lacks)| (route.clone(), replica, lacks)).collect()
    }
}

fn refusal((cart, why): Refused) -> Errand {
    (PeerWord::ClaimRefused { cart, why }, About(Subject::Nothing))
}

const fn suspicion(kind: AlarmKind, sender: String, why: String, frame: Vec<u8>) -> Errand {
    (PeerWord::Suspicious { kind, sender, why, frame }, About(Subject::Nothing))
}

#[cfg(test)]
mod tests;
