//! Dials one sibling for as long as the link lives.

use super::greet::{Refused, admit, converse, handshake_failed};
use super::{ALPN, GREETING, Sibling, Side, StartError, dials};
use crate::link::backoff::{Backoff, seed};
use crate::link::tls::Tls;
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The waits between tries: a till that restarts is back soon, one that is off costs little.
const LEAST_WAIT: Duration = Duration::from_millis(200);
const MOST_WAIT: Duration = Duration::from_secs(10);

/// A connection that lasted so long was a good one, and the next try comes soon.
const LASTED: Duration = Duration::from_secs(1);

pub(super) struct Dialler {
    side: Side,
    sibling: Sibling,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Dialler {
    /// `None` when it is the sibling's turn to dial us.
    pub(super) fn new(side: Side, tls: &Tls, sibling: Sibling) -> Result<Option<Self>, StartError> {
        let bad = || StartError::Name(sibling.thing.chars().take(64).collect());
        let thing = sibling.thing.to_ascii_lowercase();
        let ServerName::DnsName(name) = ServerName::try_from(thing.clone()).map_err(|_| bad())?
        else {
            return Err(bad());
        };
        if !dials(&side.own, &thing) {
            return Ok(None);
        }
        let connector = TlsConnector::from(tls.till_client(ALPN)?);
        Ok(Some(Self { side, sibling, name: ServerName::DnsName(name), connector }))
    }

    pub(super) async fn run(self) {
        let mut backoff = Backoff::new(LEAST_WAIT, MOST_WAIT, seed());
        loop {
            self.side.mailbox.settled().await;
            let began = Instant::now();
            match self.connection().await {
                Ok(()) if began.elapsed() >= LASTED => backoff.reset(),
                Ok(()) => {}
                Err(Refused::Away(why)) => (self.side.unreached)(&self.sibling.thing, &why),
                Err(Refused::Alarm(why)) => {
                    let Sibling { thing, address } = &self.sibling;
                    (self.side.unreached)(thing, &why);
                    self.side.mailbox.alarm(format!("till {thing} at {address}: {why}"));
                }
            }
            sleep(backoff.wait()).await;
        }
    }

    /// One connection from its first byte to its last.
    async fn connection(&self) -> Result<(), Refused> {
        let stream = match timeout(GREETING, self.connect()).await {
            Ok(stream) => stream?,
            Err(_) => return Err(Refused::silent()),
        };
        let (peer, route) = admit(&self.side, stream.get_ref().1)?;
        converse(&self.side, stream, peer.key, route).await
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, Refused> {
        let address = self.sibling.address.as_str();
        let tcp = TcpStream::connect(address).await;
        let tcp = tcp.map_err(|error| Refused::unreachable(&error))?;
        // Frames are whole when they are written: waiting for more would only delay them.
        tcp.set_nodelay(true).map_err(|error| Refused::unreachable(&error))?;
        let connected = self.connector.connect(self.name.clone(), tcp).await;
        connected.map_err(handshake_failed)
    }
}
