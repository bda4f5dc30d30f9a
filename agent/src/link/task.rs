//! The thread that the links live on. It runs on every till, with links or without: it is also the
//! writer of the hub's streams, and what the hub staged counts at its instant on a till that talks
//! to nobody.
//!
//! Whatever ends its work, but for the till's own end, is told, and it begins anew. Started by
//! [`crate::runtime`]; what it does is [`super::traffic`]'s.

use super::files::{Files, FilesError};
use super::status::{LinkBoard, Part};
use super::traffic::Traffic;
use super::wires::{Shop, Wiring};
use crate::config::Hub;
use crate::home::{Home, Identity};
use crate::runtime::{Claim, Loop, LoopError};
use crate::store::till::TillStoreError;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use sync::log::Zone;
use sync::session::Side;
use sync::trust::Trust;
use tokio::sync::{mpsc, watch};

/// How long after its work ended the thread begins anew: a disk that is full or failing gets time,
/// and the log is not flooded.
const BEGIN_ANEW: Duration = Duration::from_secs(10);

/// Why the links' work ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The till's files can't be used.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// `till.db` could not be read.
    #[error(transparent)]
    Store(#[from] TillStoreError),
    /// The system gave no random bytes.
    #[error("the system's random source failed")]
    NoRandom,
    /// The till could not begin another incarnation; the links begin anew, and ask it again.
    #[error("the till must go on under another name and can't yet: {0}")]
    Anew(LoopError),
    /// The till loop ended.
    #[error("the till is stopping")]
    Stopped,
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
    /// Its line to the shop's other tills, where it is to have one.
    pub shop: Option<Shop>,
    /// Its line to the hub, where it is to have one.
    pub hub: Option<Hub>,
    /// The price zones of its store.
    pub zones: BTreeSet<Zone>,
    /// Where people look.
    pub board: LinkBoard,
    /// Carts that other tills are to be asked for.
    pub claims: mpsc::Receiver<Claim>,
}

/// What the thread has of the till, however often it begins anew.
pub(super) struct Own {
    pub till: Loop,
    pub home: Home,
    /// Its side of every exchange.
    pub side: Side,
    pub store: String,
    pub trust: Arc<Trust>,
    pub wiring: Option<Wiring>,
    pub board: LinkBoard,
    pub claims: mpsc::Receiver<Claim>,
    /// It must begin another incarnation, and has not yet. What told it so may not be told again.
    pub wants_anew: bool,
}

/// The running thread.
pub struct LinkTask {
    stop: watch::Sender<bool>,
    thread: std::thread::JoinHandle<()>,
}

impl LinkTask {
    /// Starts the thread. What keeps links from being had is told by the board, and the till sells
    /// without them.
    #[must_use]
    pub fn start(plan: Plan<'_>) -> Self {
        let Plan { till, home, store, trust, identity, shop, hub, zones, board, claims } = plan;
        let side = Side::Till { store: store.clone(), zones: zones.clone() };
        let wiring = match identity {
            _ if shop.is_none() && hub.is_none() => None,
            Some(identity) if identity.store != store => {
                let theirs = identity.store;
                no_lines(
                    &board,
                    format!(
                        "this till is enrolled for store {theirs} and its data are of {store}: import \
                     those of {theirs}, or enrol it anew"
                    ),
                )
            }
            Some(identity) => Some(Wiring { identity, store: store.clone(), shop, hub, zones }),
            None => no_lines(&board, "this till is not enrolled: see `till enrol --help`".into()),
        };
        // What counts since the till was off counts before anything is sold.
        let files = Files::open(home);
        let home = home.clone();
        let wants_anew = false;
        let own = Own { till, home, side, store, trust, wiring, board, claims, wants_anew };
        let (stop, stopping) = watch::channel(false);
        let thread = std::thread::spawn(move || run(own, files, stopping));
        Self { stop, thread }
    }

    /// Stops the thread; what peers have confirmed is written down first.
    pub async fn stop(self) {
        // It may have ended by itself.
        self.stop.send(true).ok();
        tokio::task::spawn_blocking(move || self.thread.join().ok()).await.ok();
    }
}

/// Tells why there can be none, although they are configured.
fn no_lines(board: &LinkBoard, why: String) -> Option<Wiring> {
    tracing::error!(why, "this till has no lines to others");
    board.set_trouble(Part::All, Some(why));
    None
}

/// The thread: its own runtime, so that reading the log there holds nobody else up.
fn run(mut own: Own, files: Result<Files, FilesError>, mut stopping: watch::Receiver<bool>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the links' runtime can't be started");
            let why = format!("the links' runtime can't be started: {error}");
            return own.board.set_trouble(Part::All, Some(why));
        }
    };
    runtime.block_on(async {
        let mut opened = Some(files);
        loop {
            let files = opened.take().unwrap_or_else(|| Files::open(&own.home));
            match work(&mut own, files, &mut stopping).await {
                Ok(()) | Err(LinkError::Stopped) => return,
                Err(error) => own.board.broke(&error.to_string()),
            }
            tokio::select! {
                () = tokio::time::sleep(BEGIN_ANEW) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    });
}

/// Works until the till stops, or something of its own fails.
pub(super) async fn work(
    own: &mut Own,
    files: Result<Files, FilesError>,
    stopping: &mut watch::Receiver<bool>,
) -> Result<(), LinkError> {
    let mut traffic = Traffic::start(own, files?).await?;
    traffic.run(stopping).await
}
