//! Direct links: tills of a shop talk to each other over mutual TLS, without a broker.
//!
//! Of two tills the one whose name comes first dials and the other accepts, so there is one
//! connection a pair and nothing to negotiate. The dialler notices a dead line by silence and
//! dials again; a new connection of a peer takes the place of its old one. Who may connect is the
//! caller's [`Admission`]; how bytes are framed is `framing`'s affair, one connection `talk`'s.

mod accept;
mod dial;
mod framing;
mod greet;
mod talk;
#[cfg(test)]
mod tests;

use super::mailbox::{Limits, Mailbox};
use super::tls::{Peer, Tls, TlsError};
use super::{Event, Link, Receipt, Route, SendError, Unreached, nobody};
use crate::wire::MAX_FRAME_BYTES;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What TLS agrees on, so that a till that speaks otherwise is told apart at once.
const ALPN: &[u8] = b"till-direct/1";

/// The most peers that are dialled: more tills than a shop has.
pub const MAX_PEERS: usize = 128;

/// TCP, TLS and the greeting together; a shop's network needs a tenth of a second.
const GREETING: Duration = Duration::from_secs(5);

/// The bounds of one connection: some 4 MB each way. A session that needs more at once waits.
const LIMITS: Limits =
    Limits { queue: 32, window: 32, frame_bytes: MAX_FRAME_BYTES, acknowledges: false };

/// Says which till a verified certificate belongs to, or why it may not connect. The words end up
/// in an alarm, and they are the caller's: they should not repeat what a stranger chose freely.
pub type Admission = Arc<dyn Fn(&Peer) -> Result<Route, String> + Send + Sync>;

/// A till to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Its thing name, which stands in its certificate.
    pub thing: String,
    /// Host and port.
    pub address: String,
}

/// Why direct links can't be had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port can't be listened on.
    #[error("can't listen for other tills at {address} ({error}): free the port or set another")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// More peers than a shop has.
    #[error("{0} other tills are more than {MAX_PEERS}: name those of this shop only")]
    TooMany(usize),
    /// A name that no certificate can hold.
    #[error("`{0}` is not a thing's name: use letters, digits, dots and hyphens")]
    Name(String),
    /// TLS can't be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A port that is listened on; connections wait until [`DirectLink::start`].
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the port; 0 takes any.
    ///
    /// # Errors
    /// [`StartError::Listen`] when it is not to be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, StartError> {
        let refused = |error| StartError::Listen { address, error };
        let socket = TcpListener::bind(address).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Links to the other tills of a shop. Dropped, it closes them all.
pub struct DirectLink {
    mailbox: Mailbox,
    _tasks: JoinSet<()>,
}

impl DirectLink {
    /// Begins to accept and to dial. Needs a tokio runtime.
    ///
    /// # Errors
    /// When TLS can't be set up or a sibling's name is none.
    pub fn start(
        listener: Listener,
        tls: &Tls,
        siblings: Vec<Sibling>,
        admission: Admission,
    ) -> Result<Self, StartError> {
        Self::start_and_tell(listener, tls, siblings, admission, nobody())
    }

    /// As [`DirectLink::start`]; why a sibling that is dialled can't be reached is told by its name.
    ///
    /// # Errors
    /// When TLS can't be set up or a sibling's name is none.
    pub fn start_and_tell(
        listener: Listener,
        tls: &Tls,
        siblings: Vec<Sibling>,
        admission: Admission,
        unreached: Unreached,
    ) -> Result<Self, StartError> {
        if siblings.len() > MAX_PEERS {
            return Err(StartError::TooMany(siblings.len()));
        }
        let mailbox = Mailbox::new();
        let own = tls.own().name.clone();
        let side = Side { mailbox: mailbox.clone(), own, admission, unreached };
        let mut tasks = JoinSet::new();
        for sibling in siblings {
            let dialler = dial::Dialler::new(side.clone(), tls, sibling)?;
            if let Some(dialler) = dialler {
                tasks.spawn(dialler.run());
            }
        }
        let acceptor = accept::Acceptor::new(side, tls)?;
        tasks.spawn(acceptor.run(listener.socket));
        Ok(Self { mailbox, _tasks: tasks })
    }
}

impl Link for DirectLink {
    async fn event(&mut self) -> Event {
        self.mailbox.event().await
    }

    fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        self.mailbox.send(route, frame)
    }

    fn done(&mut self, receipt: Receipt) {
        self.mailbox.done(receipt);
    }
}

/// What accepting and dialling share.
#[derive(Clone)]
struct Side {
    mailbox: Mailbox,
    /// Our own thing.
    own: String,
    admission: Admission,
    unreached: Unreached,
}

/// Whether a till of the first name dials the one of the second.
fn dials(own: &str, other: &str) -> bool {
    own < other
}
