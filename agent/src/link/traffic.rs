//! The traffic: frames between links and exchange, errands to till and catalogue, and the clock and
//! the log around them. It never holds the till up.
//!
//! What frames mean is [`super::host`]'s, which has no I/O; which links there are is
//! [`super::wires`]'s.

use super::door::Doorkeeper;
use super::files::{Files, FilesError};
use super::host::{Errand, Host};
use super::status::Part;
use super::task::{LinkError, Own};
use super::wires::{Way, Wires};
use crate::home::{new_replica, wall_clock};
use crate::runtime::{LoopError, What};
use crate::store::catalogue::downstream::{Delivered, Word};
use crate::store::till::TillStoreError;
use crate::till::PeerWord;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::link::{Event, Receipt, Route, SendError};
use sync::log::ReplicaId;
use sync::session::{Now, Pace};
use sync::store::AlarmKind;
use tokio::sync::{Notify, watch};

/// How long nothing is read when the till could not keep what came: its disk may be full.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

/// The traffic of a till.
pub(super) struct Traffic<'o> {
    own: &'o mut Own,
    files: Files,
    wires: Wires,
    keeper: Doorkeeper,
    host: Host,
    written: Arc<Notify>,
    started: Instant,
    /// Frames that their link had no room for, one a route.
    held_back: BTreeMap<Route, Vec<u8>>,
}

impl<'o> Traffic<'o> {
    /// Starts the links over the till's files.
    ///
    /// # Errors
    /// When a file can't be read, or there are no random bytes.
    pub async fn start(own: &'o mut Own, files: Files) -> Result<Self, LinkError> {
        let now = Now { ms: 0, wall_ms: wall_clock().as_millisecond() };
        let me = files.shelf.writes_as()?.unwrap_or(ReplicaId([0; 16]));
        let session = u64::from_be_bytes(random()?);
        let held = files.books().held().map_err(TillStoreError::from)?;
        let host = Host::new(me, session, own.side.clone(), Arc::clone(&own.trust), now, held);
        let keeper = Doorkeeper::new(own.store.clone());
        keeper.learn(&own.trust);
        let wires = Wires::start(own.wiring.clone(), keeper.clone(), own.board.clone()).await;
        own.board.set_trouble(Part::Work, None);
        let (written, started) = (own.till.written(), Instant::now());
        let held_back = BTreeMap::new();
        Ok(Self { own, files, wires, keeper, host, written, started, held_back })
    }

    fn now(&self) -> Now {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { ms, wall_ms: wall_clock().as_millisecond() }
    }

    /// Works until the till stops.
    ///
    /// # Errors
    /// When the till's files can't be read, or the till loop has ended.
    pub async fn run(&mut self, stopping: &mut watch::Receiver<bool>) -> Result<(), LinkError> {
        if self.own.wants_anew {
            self.begin_anew().await?;
        }
        loop {
            self.send()?;
            let wait = self
                .host
                .wake_at(&self.held_back.keys().cloned().collect())
                .map(|at| Duration::from_millis(at.saturating_sub(self.now().ms)));
            tokio::select! {
                (way, event) = self.wires.event() => self.take(way, event).await?,
                // Whoever talks to nobody need not look at what was written.
                () = self.written.notified(), if self.wires.is_any() => {
                    let held = self.files.shelf.held()?;
                    let now = self.now();
                    self.host.refresh(now, held);
                }
                () = sleep(wait) => self.errands().await?,
                Some((holder, cart)) = self.own.claims.recv() => {
                    let now = self.now();
                    self.host.claim(now, holder, cart);
                    self.errands().await?;
                }
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        self.keep_marks().await;
        Ok(())
    }

    /// Writes down what peers have confirmed; what can't be is said again by them.
    async fn keep_marks(&mut self) {
        if let Some((word, _)) = self.host.kept_marks() {
            self.own.till.peer(word).await.ok();
        }
    }

    /// Sends what is to be said, until there is nothing or no room.
    fn send(&mut self) -> Result<(), LinkError> {
        let routes: Vec<Route> = self.held_back.keys().cloned().collect();
        for route in routes {
            if let Some(frame) = self.held_back.remove(&route) {
                self.hand_over(route, frame);
            }
        }
        loop {
            let busy: BTreeSet<Route> = self.held_back.keys().cloned().collect();
            let now = self.now();
            let mut books = self.files.books();
            let next =
                self.host.next_frame(now, &mut books, &busy).map_err(TillStoreError::from)?;
            let Some((route, frame)) = next else { break };
            self.hand_over(route, frame);
        }
        for (route, _, unsent) in self.host.peers() {
            if let Some(unsent) = unsent {
                self.own.board.set_unsent(&route, unsent);
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, route: Route, frame: Vec<u8>) {
        match self.wires.send(&route, frame.clone()) {
            Err(SendError::Full) => {
                self.held_back.insert(route, frame);
            }
            // What is lost with a line is said again when it is up.
            Ok(()) | Err(SendError::NotUp(_)) => {}
            Err(error @ SendError::TooLong(_)) => tracing::error!(%error, "a frame was not sent"),
        }
    }

    async fn take(&mut self, way: Way, event: Event) -> Result<(), LinkError> {
        let now = self.now();
        match event {
            Event::Up { route, .. } => {
                let mut books = self.files.books();
                self.host
                    .up(now, route.clone(), pace(&route), &mut books)
                    .map_err(TillStoreError::from)?;
                self.tell(&route, true, "");
            }
            Event::Down { route, why } => {
                self.host.down(&route);
                self.held_back.remove(&route);
                // From now on only what is written down says what the peer has.
                self.keep_marks().await;
                self.tell(&route, false, &why);
            }
            Event::Frame { route, bytes, receipt } => {
                self.hear(way, &route, &bytes, receipt).await?;
            }
            Event::Room => {}
            Event::Alarm(why) => {
                tracing::warn!(%why, "a link needs someone");
                let (kind, sender) = (AlarmKind::Link, "links".to_owned());
                let word = PeerWord::Suspicious { kind, sender, why, frame: Vec::new() };
                self.own.till.peer(word).await.ok();
            }
        }
        Ok(())
    }

    async fn hear(
        &mut self,
        way: Way,
        route: &Route,
        bytes: &[u8],
        receipt: Receipt,
    ) -> Result<(), LinkError> {
        let now = self.now();
        let mut books = self.files.books();
        self.host.receive(now, route, bytes, &mut books).map_err(TillStoreError::from)?;
        self.errands().await?;
        // Only now is what it brought durable here.
        self.wires.done(way, receipt);
        Ok(())
    }

    /// Tells the till what follows from what came.
    async fn errands(&mut self) -> Result<(), LinkError> {
        loop {
            let now = self.now();
            let (word, about) = match self.host.next_errand(now) {
                None => break,
                Some(Errand::Till(word, about)) => (word, about),
                Some(Errand::Catalogue(word, about)) => {
                    let delivered = self.deliver(word).await;
                    self.host.delivered(self.now(), about, delivered);
                    continue;
                }
            };
            let reply = match self.own.till.peer(word).await {
                Ok(reply) => Some(reply),
                Err(LoopError::Stopped) => return Err(LinkError::Stopped),
                Err(error) => {
                    tracing::error!(%error, "what a peer sent cannot be kept yet");
                    tokio::time::sleep(KEEP_AGAIN).await;
                    None
                }
            };
            self.host.answered(now, about, reply);
            self.own.wants_anew |= self.host.wants_anew();
            if self.own.wants_anew {
                self.begin_anew().await?;
            }
            self.own.trust = Arc::clone(self.host.trust());
            self.keeper.learn(&self.own.trust);
        }
        Ok(())
    }

    /// Takes up what the hub wrote; `None` when it can't be kept now.
    async fn deliver(&mut self, word: Word) -> Option<Delivered> {
        match self.files.downstream.hear(wall_clock(), word) {
            Ok(delivered) => Some(delivered),
            Err(error) => {
                tracing::error!(%error, "what the hub sent cannot be kept yet");
                tokio::time::sleep(KEEP_AGAIN).await;
                None
            }
        }
    }

    /// The till's own stream is further elsewhere: it goes on under a new id.
    async fn begin_anew(&mut self) -> Result<(), LinkError> {
        let replica = new_replica(&self.own.home.sealing_key().map_err(FilesError::from)?)
            .map_err(FilesError::from)?;
        let (word, about) = self.host.anew(replica);
        let reply = self.own.till.peer(word).await.map_err(|error| match error {
            LoopError::Stopped => LinkError::Stopped,
            error => LinkError::Anew(error),
        })?;
        self.own.wants_anew = false;
        let held = self.files.shelf.held()?;
        let now = self.now();
        self.host.answered(now, about, Some(reply));
        self.host.refresh(now, held);
        Ok(())
    }

    fn tell(&self, route: &Route, up: bool, why: &str) {
        if self.own.board.set(route, up, why, wall_clock()) {
            tracing::info!(%route, up, why, "line");
            let (to, why) = (route.to_string(), why.to_owned());
            self.own.till.feed().say(What::Link { to, up, why });
        }
    }
}

/// Siblings cost nothing; each message to the hub does.
const fn pace(route: &Route) -> Pace {
    match route {
        Route::Till { .. } => Pace::SHOP,
        Route::Hub | Route::Fan(_) => Pace::HUB,
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn random<const N: usize>() -> Result<[u8; N], LinkError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| LinkError::NoRandom)?;
    Ok(bytes)
}
