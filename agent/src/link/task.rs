//! The links at work: one task on a thread of its own passes frames between links, exchange, till
//! and catalogue, and never holds the till up.

use super::books::TillBooks;
use super::host::{Errand, Host};
use super::status::LinkBoard;
use crate::config::Sibling;
use crate::home::{BUILD_MS, Home, HomeError, Identity, wall_clock};
use crate::runtime::{Claim, Loop, LoopError, What};
use crate::store::catalogue::Downstream;
use crate::store::catalogue::downstream::{Delivered, Word};
use crate::store::open::OpenOptions;
use crate::store::till::{Shelf, TillStoreError};
use crate::till::PeerWord;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sync::link::direct::{self, Admission, DirectLink, Listener, StartError};
use sync::link::tls::{Peer, Tls, TlsError, TlsFiles};
use sync::link::{Event, Link, Receipt, Route, SendError};
use sync::log::ReplicaId;
use sync::session::{Now, Pace};
use sync::store::AlarmKind;
use sync::trust::Trust;
use tokio::sync::{Notify, mpsc, watch};

/// How long nothing is read when the till could not keep what came: its disk may be full.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

/// Why the links ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// `till.db` could not be read.
    #[error(transparent)]
    Store(#[from] TillStoreError),
    /// The system gave no random bytes.
    #[error("the system's random source failed")]
    NoRandom,
    /// No runtime for them.
    #[error("the links' runtime can't be started: {0}")]
    Runtime(std::io::Error),
    /// The port, or the names.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The till loop ended.
    #[error("the till is stopping")]
    Stopped,
}

/// Who may connect, by the papers as they are known now.
#[derive(Clone)]
pub struct Doorkeeper {
    store: String,
    trust: Arc<Mutex<Arc<Trust>>>,
}

impl Doorkeeper {
    /// A doorkeeper of a store, who knows nobody yet.
    #[must_use]
    pub fn new(store: String) -> Self {
        Self { store, trust: Arc::default() }
    }

    fn learn(&self, trust: &Arc<Trust>) {
        *self.trust.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(trust);
    }

    /// As the direct link asks it.
    #[must_use]
    pub fn admission(&self) -> Admission {
        let keeper = self.clone();
        Arc::new(move |peer: &Peer| keeper.admit(peer))
    }

    /// A till that is known by its key, as long as its key counts; one that is not known yet by its
    /// name, for its papers are what it says first, and what it sends is judged by them.
    fn admit(&self, peer: &Peer) -> Result<Route, String> {
        let trust = Arc::clone(&*self.trust.lock().unwrap_or_else(PoisonError::into_inner));
        let (store, thing) = match trust.till_by_tls(peer.key) {
            Some(till) => (till.store.clone(), till.thing.clone()),
            None if trust.has_tls(peer.key) => {
                return Err("its key was revoked or replaced".to_owned());
            }
            None => (self.store.clone(), peer.name.clone()),
        };
        if store != self.store {
            return Err(format!("it is a till of store {store}, this is {}", self.store));
        }
        if thing.to_ascii_lowercase() != peer.name {
            return Err(format!("its papers name it {thing}"));
        }
        Ok(Route::Till { store, thing })
    }
}

/// What links are made from.
pub struct Plan<'h> {
    /// The till.
    pub till: Loop,
    /// Its folder.
    pub home: &'h Home,
    /// Its store's code.
    pub store: String,
    /// What its papers say.
    pub trust: Arc<Trust>,
    /// Who it is in its chain; `None` when it is not enrolled.
    pub identity: Option<Identity>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The shop's other tills.
    pub siblings: Vec<Sibling>,
    /// Where people look.
    pub board: LinkBoard,
    /// Carts that other tills are to be asked for.
    pub claims: mpsc::Receiver<Claim>,
}

/// The running task, on a thread of its own.
pub struct LinkTask {
    stop: watch::Sender<bool>,
    thread: std::thread::JoinHandle<()>,
}

impl LinkTask {
    /// Starts the task. `None` when there can be no links now, for a reason that the board tells.
    ///
    /// # Errors
    /// When the till's own files can't be read.
    pub fn start(plan: Plan<'_>) -> Result<Option<Self>, HomeError> {
        let Plan { till, home, store, trust, identity, listen, siblings, board, claims } = plan;
        let no_links = |why: String| {
            tracing::error!(%why, "this till has no links to others");
            board.set_trouble(why);
            Ok(None)
        };
        let Some(identity) = identity else {
            return no_links("this till is not enrolled: see `till enrol --help`".to_owned());
        };
        let tls = match tls(&identity) {
            Ok(tls) => tls,
            Err(error) => return no_links(error.to_string()),
        };
        let shelf = Shelf::open(&OpenOptions::new(home.till_db()), home.sealing_key()?)?;
        // What counts since the till was off counts before anything is heard.
        let catalogue = OpenOptions::new(home.catalogue_db());
        let downstream = match Downstream::open(&catalogue, wall_clock()) {
            Ok(downstream) => downstream,
            Err(error) => return no_links(error.to_string()),
        };
        let own = Own { till, shelf, downstream, store, trust, board: board.clone(), claims };
        let (stop, stopping) = watch::channel(false);
        let (ready, started) = std::sync::mpsc::channel();
        let thread =
            std::thread::spawn(move || run(own, &tls, listen, &siblings, &ready, stopping));
        match started.recv() {
            Ok(Ok(())) => Ok(Some(Self { stop, thread })),
            Ok(Err(error)) => no_links(error.to_string()),
            Err(_) => no_links("the links' thread did not start".to_owned()),
        }
    }

    /// Stops the task; what peers have confirmed is written down first.
    pub async fn stop(self) {
        // The task may have ended by itself.
        self.stop.send(true).ok();
        tokio::task::spawn_blocking(move || self.thread.join().ok()).await.ok();
    }
}

fn tls(identity: &Identity) -> Result<Tls, TlsError> {
    let files = TlsFiles {
        chain: &identity.certificate_pem,
        key: &identity.key_pem,
        roots: &identity.ca_pem,
    };
    // A clock without a battery begins in 1970; certificates are judged by the build's date then.
    let built = i64::try_from(BUILD_MS).unwrap_or(i64::MAX);
    let floor = jiff::Timestamp::from_millisecond(built).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let tls = Tls::load(files, floor)?;
    tls.check()?;
    Ok(tls)
}

/// The thread: its own runtime, so that reading the log there holds nobody else up.
fn run(
    own: Own,
    tls: &Tls,
    listen: SocketAddr,
    siblings: &[Sibling],
    ready: &std::sync::mpsc::Sender<Result<(), LinkError>>,
    stopping: watch::Receiver<bool>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(LinkError::Runtime(error)))),
    };
    runtime.block_on(async {
        let linked = Linked::start(own, tls, listen, siblings).await;
        let mut linked = match linked {
            Ok(linked) => linked,
            Err(error) => return drop(ready.send(Err(error))),
        };
        // Whoever waits for it is there, or has failed itself.
        ready.send(Ok(())).ok();
        if let Err(error) = linked.run(stopping).await {
            tracing::error!(%error, "the links ended");
            linked.own.board.set_trouble(error.to_string());
        }
    });
}

/// What the task has of the till.
struct Own {
    till: Loop,
    shelf: Shelf,
    /// Its connection is this thread's: what it writes holds up no sale.
    downstream: Downstream,
    store: String,
    trust: Arc<Trust>,
    board: LinkBoard,
    claims: mpsc::Receiver<Claim>,
}

impl Own {
    /// The books over both files.
    fn books(&self) -> TillBooks<'_> {
        TillBooks::new(self.shelf.books(), self.downstream.books())
    }
}

/// The task's own.
struct Linked {
    own: Own,
    direct: DirectLink,
    keeper: Doorkeeper,
    host: Host,
    written: Arc<Notify>,
    started: Instant,
    /// Frames that their link had no room for, one a route.
    held_back: BTreeMap<Route, Vec<u8>>,
}

impl Linked {
    async fn start(
        own: Own,
        tls: &Tls,
        listen: SocketAddr,
        siblings: &[Sibling],
    ) -> Result<Self, LinkError> {
        let keeper = Doorkeeper::new(own.store.clone());
        keeper.learn(&own.trust);
        let dialled = siblings.iter().map(|sibling| direct::Sibling {
            thing: sibling.thing.as_str().to_owned(),
            address: sibling.address.as_str().to_owned(),
        });
        let listener = Listener::bind(listen).await?;
        let address = listener.address();
        tracing::info!(%address, "other tills reach this one here");
        let direct = DirectLink::start(listener, tls, dialled.collect(), keeper.admission())?;
        let now = Now { ms: 0, wall_ms: wall_clock().as_millisecond() };
        let me = own.shelf.writes_as()?.unwrap_or(ReplicaId([0; 16]));
        let session = u64::from_be_bytes(random()?);
        let (store, trust) = (own.store.clone(), Arc::clone(&own.trust));
        let held = own.books().held().map_err(TillStoreError::from)?;
        let host = Host::new(me, session, store, trust, now, held);
        for sibling in siblings {
            let (store, thing) = (own.store.clone(), sibling.thing.as_str().to_owned());
            own.board.expect(Route::Till { store, thing }, wall_clock());
        }
        let (written, started) = (own.till.written(), Instant::now());
        Ok(Self { own, direct, keeper, host, written, started, held_back: BTreeMap::new() })
    }

    fn now(&self) -> Now {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { ms, wall_ms: wall_clock().as_millisecond() }
    }

    async fn run(&mut self, mut stopping: watch::Receiver<bool>) -> Result<(), LinkError> {
        loop {
            self.send()?;
            let wait = self
                .host
                .wake_at(&self.held_back.keys().cloned().collect())
                .map(|at| Duration::from_millis(at.saturating_sub(self.now().ms)));
            tokio::select! {
                event = self.direct.event() => self.take(event).await?,
                () = self.written.notified() => {
                    let held = self.own.shelf.held()?;
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
        if let Some((word, _)) = self.host.kept_marks() {
            self.own.till.peer(word).await.ok();
        }
        Ok(())
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
            let mut books = self.own.books();
            let next =
                self.host.next_frame(now, &mut books, &busy).map_err(TillStoreError::from)?;
            let Some((route, frame)) = next else { break };
            self.hand_over(route, frame);
        }
        for (route, _, unsent) in self.host.peers() {
            self.own.board.set_unsent(&route, unsent);
        }
        Ok(())
    }

    fn hand_over(&mut self, route: Route, frame: Vec<u8>) {
        match self.direct.send(&route, frame.clone()) {
            Err(SendError::Full) => {
                self.held_back.insert(route, frame);
            }
            // What is lost with a line is said again when it is up.
            Ok(()) | Err(SendError::NotUp(_)) => {}
            Err(error @ SendError::TooLong(_)) => tracing::error!(%error, "a frame was not sent"),
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), LinkError> {
        let now = self.now();
        match event {
            Event::Up { route, .. } => {
                let mut books = self.own.books();
                self.host
                    .up(now, route.clone(), Pace::SHOP, &mut books)
                    .map_err(TillStoreError::from)?;
                self.tell(&route, true, "");
            }
            Event::Down { route, why } => {
                self.host.down(&route);
                self.held_back.remove(&route);
                self.tell(&route, false, &why);
            }
            Event::Frame { route, bytes, receipt } => self.hear(&route, &bytes, receipt).await?,
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
        route: &Route,
        bytes: &[u8],
        receipt: Receipt,
    ) -> Result<(), LinkError> {
        let now = self.now();
        let mut books = self.own.books();
        self.host.receive(now, route, bytes, &mut books).map_err(TillStoreError::from)?;
        self.errands().await?;
        // Only now is what it brought durable here.
        self.direct.done(receipt);
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
            if self.host.wants_anew() {
                self.begin_anew().await?;
            }
            self.keeper.learn(self.host.trust());
        }
        Ok(())
    }

    /// Takes up what the hub wrote; `None` when it can't be kept now.
    async fn deliver(&mut self, word: Word) -> Option<Delivered> {
        match self.own.downstream.hear(wall_clock(), word) {
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
        let (word, about) = self.host.anew(ReplicaId(random()?));
        let reply = self.own.till.peer(word).await.map_err(|_| LinkError::Stopped)?;
        let held = self.own.shelf.held()?;
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
