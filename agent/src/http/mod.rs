//! The till's API: HTTP on loopback, under `/api/v1`, over the loop.
//!
//! | module | holds |
//! | --- | --- |
//! | [`routes`] | the handlers, one file a subject |
//! | [`dto`] | what goes over the wire |
//! | [`ask`], [`params`] | what a request says, checked before a handler sees it |
//! | [`gate`] | what every request passes: host, origin, time, headers |
//! | [`problem`] | the one form of every error |
//! | [`docs`] | the OpenAPI document and its page |
//!
//! Handlers decide nothing: acts go to the till loop, lists come from readers beside it, who may
//! do what is `crate::auth`'s and the loop's. Nothing else in the agent knows axum. Called by
//! `till run`.

mod ask;
mod docs;
mod dto;
mod gate;
mod params;
mod problem;
mod routes;
mod state;
#[cfg(test)]
mod tests;

use crate::auth::{Auth, AuthError};
use crate::config::Http;
use crate::home::{Home, HomeError};
pub use dto::link::{LineShown, LinkShown, OwedShown};

use crate::link::status::LinkBoard;
use crate::runtime::{Around, DeviceStatus, Loop};
use crate::store::open::StoreError;
use axum::serve::ListenerExt;
use state::{Inner, Made};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The largest body in bytes: a count of every tender of a large shop is a tenth of it.
const MAX_BODY: usize = 64 * 1024;

/// How long requests under way may still take when the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// How often log-ins that are over are ended; until then nobody gets through with one anyway.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// What the API shows of what stands around the till.
pub trait Board: Send + Sync + 'static {
    /// Every device as it is now.
    fn devices(&self) -> Vec<DeviceStatus>;
    /// What the card terminal is doing, in words, while a payment is under way.
    fn terminal(&self) -> Option<String>;
    /// The lines to other tills and to the hub.
    fn lines(&self) -> LinkBoard;
}

impl Board for Around {
    fn devices(&self) -> Vec<DeviceStatus> {
        self.devices.status()
    }

    fn terminal(&self) -> Option<String> {
        self.devices.terminal_progress()
    }

    fn lines(&self) -> LinkBoard {
        self.lines.clone()
    }
}

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another program listens there.
    #[error("{0} is taken by another program: stop it, or set another port in [http]")]
    PortTaken(SocketAddr),
    /// The address cannot be listened at.
    #[error("{address} cannot be listened at: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The till's folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A store file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The door cannot be made.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The API of a running till.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    setup_code: Option<String>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time code for `POST /api/v1/setup`, where nobody has a PIN yet: show it to whoever
    /// started the till.
    #[must_use]
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    /// Takes no more requests, ends event streams, and waits until requests under way are
    /// answered, for [`LAST_REQUESTS`] at most.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the API ended by a mistake of its own");
        }
    }
}

/// A bound address that nobody is answered at yet. Bound before a till is opened, so that a second
/// till on one port disturbs neither devices nor files of its own.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    idle: Duration,
}

/// Binds the address of the API.
///
/// # Errors
/// When the port is taken or the address is not this machine's.
pub async fn bind(config: &Http) -> Result<Door, ServeError> {
    let wanted = config.socket_address();
    let listener = TcpListener::bind(wanted).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortTaken(wanted),
        _ => ServeError::Bind { address: wanted, source },
    })?;
    let address =
        listener.local_addr().map_err(|source| ServeError::Bind { address: wanted, source })?;
    Ok(Door { listener, address, idle: config.session_idle() })
}

/// Serves the API of a running till until [`Server::stop`].
///
/// # Errors
/// When the till's files cannot be read.
pub async fn serve(
    till: Loop,
    board: Arc<dyn Board>,
    door: Door,
    home: &Home,
) -> Result<Server, ServeError> {
    let Door { listener, address, idle } = door;
    let (stop, stopping) = watch::channel(false);
    let (router, setup_code) = service(till, board, idle, home, stopping.clone()).await?;
    // Answers are small and whole: waiting to fill a packet would cost more than the act.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays slow");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopped(stopping.clone()));
    let task = tokio::spawn(async move {
        let overdue = async {
            stopped(stopping).await;
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            served = serving => if let Err(error) = served {
                tracing::error!(%error, "the API ended");
            },
            () = overdue => tracing::warn!("requests still under way were cut off"),
        }
    });
    tracing::info!(%address, "the API listens");
    Ok(Server { address, setup_code, stop, task })
}

/// The API of a running till without a socket: what [`serve`] listens with. Beside it the code
/// for setting up, where nobody has a PIN yet. A log-in lasts for `idle` without a request; event
/// streams end when `stopping` becomes true.
///
/// # Errors
/// When the till's files cannot be read.
pub async fn service(
    till: Loop,
    board: Arc<dyn Board>,
    idle: Duration,
    home: &Home,
    stopping: watch::Receiver<bool>,
) -> Result<(axum::Router, Option<String>), ServeError> {
    let pepper = home.pepper()?;
    let (auth, setup_code) = Auth::open(till.clone(), pepper, idle).await?;
    if let Some(setup_code) = &setup_code {
        tracing::warn!(
            setup_code,
            "nobody has a PIN yet: set the first administrator's with this code (POST /api/v1/setup)"
        );
    }
    tokio::spawn(keep_tidy(auth.clone(), stopping.clone()));
    let made = Made { till, auth, board, home: home.clone(), pepper, stopping, idle };
    Ok((routes::router(Arc::new(Inner::new(made)?)), setup_code))
}

/// Ends log-ins that are over, until the server stops.
async fn keep_tidy(auth: Auth, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TIDY_EVERY) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        if let Err(error) = auth.tidy().await {
            tracing::debug!(%error, "log-ins that are over are ended later");
        }
    }
}

/// Waits until the server is told to stop, or nobody is left who could tell it.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    stopping.wait_for(|stopping| *stopping).await.ok();
}
