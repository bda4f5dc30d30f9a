//! The exchange, the till and its catalogue, side by side: what frames mean for the till loop and
//! for the writer of the hub's streams, and what their answers mean for the exchange.
//!
//! Without I/O: whoever owns the links ([`super::task`], the simulation) passes frames and the
//! time in, carries each [`Errand`] out, and gives the answer back.

mod answers;
mod snapshots;

use super::claims::{self, Claims, Refused};
use super::fetch::{self, Fetch};
use crate::store::catalogue::downstream::Word;
use crate::till::PeerWord;
use commerce::cart::CartId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use sync::link::Route;
use sync::log::{ReplicaId, StreamId};
use sync::session::{Books, Effect, Exchange, Now, Pace, Side};
use sync::store::AlarmKind;
use sync::trust::Trust;
use sync::wire::Held;

/// How long marks of peers may wait in memory before they are written down. One that is lost is
/// said again.
const KEEP_MARKS_MS: u64 = 10_000;

/// The most marks that wait: a shop's tills and their streams, many times over.
const MAX_MARKS: usize = 1_024;

/// While a push waits for its instant, the wall clock is looked at so often: somebody may set it.
const LOOK_AT_CLOCK_MS: u64 = 30_000;

/// How soon the catalogue is asked again for what it could not do.
const RETRY_DUE_MS: i64 = 1_000;

/// Something to be told, and what its answer will be about.
#[derive(Debug)]
pub enum Errand {
    /// For the till loop ([`crate::till::Till::hear`]); its answer goes to [`Host::answered`].
    Till(PeerWord, About),
    /// For the writer of the hub's streams
    /// ([`Downstream::hear`](crate::store::catalogue::Downstream::hear)), which no sale waits for;
    /// its answer goes to [`Host::delivered`].
    Catalogue(Word, About),
}

/// What an answer is about.
#[derive(Debug)]
pub struct About(Subject);

#[derive(Debug)]
enum Subject {
    Run { route: Route, stream: StreamId },
    Papers { route: Option<Route> },
    Begin { route: Route, stream: StreamId },
    Claim { route: Route, number: u64 },
    Due,
    Fetch,
    Wanted { route: Route, number: u64 },
    Nothing,
}

/// The exchange of a till.
#[derive(Debug)]
pub struct Host {
    exchange: Exchange,
    trust: Arc<Trust>,
    waiting: VecDeque<Effect>,
    /// What the catalogue's writer noticed, for the till.
    noticed: VecDeque<Errand>,
    /// The wall clock at which the catalogue's writer has something to do; `None` while nothing
    /// waits, or it is at it.
    due_ms: Option<i64>,
    /// The time as it was looked at last.
    now: Now,
    marks: BTreeMap<(ReplicaId, StreamId), u64>,
    marks_since: Option<u64>,
    /// Whose clock is wrong was said already; once a connection is enough.
    clocks: BTreeSet<Route>,
    /// This till's stream is further elsewhere: it begins another incarnation.
    put_back: bool,
    claims: Claims,
    fetch: Fetch,
    /// Claims that came to nothing, which the till is told.
    refused: Vec<Refused>,
}

impl Host {
    /// The host of replica `me`, over what is held. `session` is a number of this start; `side` is
    /// always a till's.
    #[must_use]
    pub fn new(
        me: ReplicaId,
        session: u64,
        side: Side,
        trust: Arc<Trust>,
        now: Now,
        held: Vec<Held>,
    ) -> Self {
        let exchange = Exchange::new(me, session, side);
        let mut host = Self {
            exchange,
            trust,
            waiting: VecDeque::new(),
            noticed: VecDeque::new(),
            // What it has waiting since the last start is asked first.
            due_ms: Some(now.wall_ms),
            now,
            marks: BTreeMap::new(),
            marks_since: None,
            clocks: BTreeSet::new(),
            put_back: false,
            claims: Claims::default(),
            fetch: Fetch::default(),
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
        self.fetch_cut(route);
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

    /// What shall be told next, and to whom. Its answer is given back before anything else is done.
    pub fn next_errand(&mut self, now: Now) -> Option<Errand> {
        self.now = now;
        // A push counts at its instant, however much comes in.
        if self.due_ms.is_some_and(|due| now.wall_ms >= due) {
            self.due_ms = None;
            let trust = Arc::clone(&self.trust);
            return Some(Errand::Catalogue(Word::Due { trust }, About(Subject::Due)));
        }
        if let Some(noticed) = self.noticed.pop_front() {
            return Some(noticed);
        }
        while let Some(effect) = self.waiting.pop_front() {
            if let Some(errand) = self.errand_of(now, effect) {
                return Some(errand);
            }
        }
        if let Some(errand) = self.fetch.late(now.ms).and_then(|step| self.fetch_step(now, step)) {
            return Some(errand);
        }
        let late = self.claims.late(now.ms);
        self.refused.extend(late);
        if let Some(refused) = self.refused.pop() {
            return Some(refusal(refused));
        }
        let due = self.marks_since.is_some_and(|since| now.ms >= since + KEEP_MARKS_MS);
        if due || self.marks.len() >= MAX_MARKS {
            return self.kept_marks().map(|(word, about)| Errand::Till(word, about));
        }
        None
    }

    /// The marks that are not written down yet, at the end.
    pub fn kept_marks(&mut self) -> Option<(PeerWord, About)> {
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
    pub fn anew(&mut self, replica: ReplicaId) -> (PeerWord, About) {
        self.exchange.rename(replica);
        (PeerWord::Anew(replica), About(Subject::Papers { route: None }))
    }

    fn errand_of(&mut self, now: Now, effect: Effect) -> Option<Errand> {
        Some(match effect {
            Effect::Ingest { route, run } => {
                let about = Subject::Run { route: route.clone(), stream: run.stream };
                let sender = route.to_string();
                if run.stream.kind.is_hubs() {
                    let trust = Arc::clone(&self.trust);
                    return Some(Errand::Catalogue(Word::Run { sender, run, trust }, About(about)));
                }
                Errand::Till(PeerWord::Run { sender, run }, About(about))
            }
            Effect::Papers { route, papers } => {
                let sender = route.to_string();
                let about = Subject::Papers { route: Some(route) };
                Errand::Till(PeerWord::Papers { sender, papers }, About(about))
            }
            Effect::Begin { route, stream, seq, checkpoint } => {
                let about = About(Subject::Begin { route, stream });
                Errand::Till(PeerWord::Begin { stream, seq, checkpoint }, about)
            }
            Effect::Marked { peer, stream, seq } => {
                self.marks.insert((peer, stream), seq);
                self.marks_since.get_or_insert(now.ms);
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
            Effect::Flood { route, pause_ms } => {
                let why = format!(
                    "it asks and says far more than a till or hub ever would; what it sends is \
                     not read for {} s each time: look at its log, and update or stop it",
                    pause_ms / 1_000
                );
                suspicion(AlarmKind::Flood, route.to_string(), why, Vec::new())
            }
            Effect::Behind { route } => {
                self.fall_behind(now, route);
                return None;
            }
            Effect::Page { route, page } => return self.hear_page(now, &route, page),
            Effect::Asked { route, ask } => {
                if let Some(wanted) = fetch::asked_for(&ask) {
                    return Some(Self::wanted(route, ask.number, wanted));
                }
                let from = self.exchange.replica_at(&route);
                let Some((from, cart)) = from.zip(claims::asked_for(&ask)) else {
                    let unknown = "this version of Till does not know such a question".to_owned();
                    self.exchange.answer(&route, claims::answer(ask.number, Err(unknown)));
                    return None;
                };
                let about = Subject::Claim { route, number: ask.number };
                Errand::Till(PeerWord::ClaimAsked { from, cart }, About(about))
            }
            Effect::Answered { route, answer } => {
                if let Some(step) = self.fetch.answered(&route, &answer) {
                    return self.fetch_step(now, step);
                }
                let refused = self.claims.answered(&route, &answer);
                return refused.map(refusal);
            }
        })
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

    /// When something is due, in milliseconds of [`Now::ms`]; not what waits for a `busy` route.
    #[must_use]
    pub fn wake_at(&self, busy: &BTreeSet<Route>) -> Option<u64> {
        let marks = self.marks_since.map(|since| since + KEEP_MARKS_MS);
        let claims = if self.refused.is_empty() { self.claims.due_at() } else { Some(0) };
        let due = self.due_ms.map(|due_ms| {
            let wait = u64::try_from(due_ms.saturating_sub(self.now.wall_ms)).unwrap_or(0);
            self.now.ms.saturating_add(wait.min(LOOK_AT_CLOCK_MS))
        });
        [self.exchange.wake_at(busy), marks, claims, self.fetch.due_at(), due]
            .into_iter()
            .flatten()
            .min()
    }

    /// The routes that are up, the peer's replica where it is known, and how many entries it
    /// lacks, where it has said what it holds.
    #[must_use]
    pub fn peers(&self) -> Vec<(Route, Option<ReplicaId>, Option<u64>)> {
        let peers = self.exchange.peers(&self.trust);
        peers.map(|(route, replica, lacks)| (route.clone(), replica, lacks)).collect()
    }
}

fn refusal((cart, why): Refused) -> Errand {
    Errand::Till(PeerWord::ClaimRefused { cart, why }, About(Subject::Nothing))
}

const fn suspicion(kind: AlarmKind, sender: String, why: String, frame: Vec<u8>) -> Errand {
    Errand::Till(PeerWord::Suspicious { kind, sender, why, frame }, About(Subject::Nothing))
}

#[cfg(test)]
mod tests;
