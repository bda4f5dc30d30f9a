//! Accepts those whose turn it is to dial us.

use super::greet::{Refused, admit, converse, handshake_failed};
use super::{ALPN, GREETING, Side, dials};
use crate::link::tls::{Tls, TlsError};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at once, strangers with them: twice the peers of a full shop, for a peer that
/// comes anew may find its old connection still there.
const MAX_CONNECTIONS: usize = 2 * super::MAX_PEERS;

/// Handshakes at once: each costs some milliseconds of one core, which sales need too.
const MAX_HANDSHAKES: usize = 16;

/// How long to leave it when the system has no file handle for a connection.
const OUT_OF_HANDLES: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub(super) struct Acceptor {
    side: Side,
    acceptor: TlsAcceptor,
    handshakes: Arc<Semaphore>,
}

impl Acceptor {
    pub(super) fn new(side: Side, tls: &Tls) -> Result<Self, TlsError> {
        let acceptor = TlsAcceptor::from(tls.till_server(ALPN)?);
        Ok(Self { side, acceptor, handshakes: Arc::new(Semaphore::new(MAX_HANDSHAKES)) })
    }

    pub(super) async fn run(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((tcp, from)) = listener.accept().await else {
                sleep(OUT_OF_HANDLES).await;
                continue;
            };
            // Whoever comes when all places are taken is hung up on, and tries again.
            let handshake = self.handshakes.clone().try_acquire_owned();
            if let Ok(handshake) = handshake
                && connections.len() < MAX_CONNECTIONS
            {
                connections.spawn(self.clone().connection(tcp, from.ip(), handshake));
            }
        }
    }

    async fn connection(self, tcp: TcpStream, from: IpAddr, handshake: OwnedSemaphorePermit) {
        let greeted = timeout(GREETING, self.handshake(tcp)).await;
        drop(handshake);
        let ended = match greeted {
            Ok(Ok(stream)) => self.welcome(stream).await,
            Ok(Err(refused)) => Err(refused),
            Err(_) => Err(Refused::silent()),
        };
        if let Err(Refused::Alarm(why)) = ended {
            self.side.mailbox.alarm(format!("a connection from {from}: {why}"));
        }
    }

    async fn handshake(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Refused> {
        tcp.set_nodelay(true).map_err(|error| Refused::unreachable(&error))?;
        self.acceptor.accept(tcp).await.map_err(handshake_failed)
    }

    async fn welcome(&self, stream: TlsStream<TcpStream>) -> Result<(), Refused> {
        let (peer, route) = admit(&self.side, stream.get_ref().1)?;
        if !dials(&peer.name, &self.side.own) {
            let why =
                format!("{} dials although it is our turn: two tills of one name?", peer.name);
            return Err(Refused::Alarm(why));
        }
        converse(&self.side, stream, peer.key, route).await
    }
}
