//! From a finished TLS handshake to a line that is up: admission, then a first word from each side.
//!
//! In TLS 1.3 a client is done before the server has looked at its certificate, so neither side
//! counts the other as there before it has said something.

use super::framing::Broken;
use super::talk::{End, talk};
use super::{GREETING, LIMITS, Side, framing};
use crate::link::tls::{Peer, cause, explain};
use crate::link::{Route, TlsKey};
use rustls::CommonState;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Why a peer did not get a line, or lost it.
pub(super) enum Refused {
    /// It can't be reached, as a till that is switched off: why.
    Away(String),
    /// A person must see to it.
    Alarm(String),
}

impl Refused {
    /// It did not answer in time.
    pub(super) fn silent() -> Self {
        Self::Away("it does not answer".to_owned())
    }

    /// There was no connection, or no use of it.
    pub(super) fn unreachable(error: &io::Error) -> Self {
        Self::Away(format!("it can't be reached ({error})"))
    }
}

/// Who is at the other end, by TLS and by the caller's word.
pub(super) fn admit(side: &Side, tls: &CommonState) -> Result<(Peer, Route), Refused> {
    let certificate = tls.peer_certificates().and_then(<[_]>::first);
    let peer = Peer::of(certificate)
        .ok_or_else(|| Refused::Alarm("its certificate holds no name".to_owned()))?;
    let route = (side.admission)(&peer)
        .map_err(|why| Refused::Alarm(format!("{} is refused: {why}", peer.name)))?;
    Ok((peer, route))
}

/// Says a first word, hears one, and then talks until the connection ends. `Ok` means that the
/// peer was up.
pub(super) async fn converse(
    side: &Side,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    key: TlsKey,
    route: Route,
) -> Result<(), Refused> {
    let greeting = async {
        framing::write(&mut stream, &[]).await.map_err(Broken::Io)?;
        framing::read(&mut stream).await
    };
    match timeout(GREETING, greeting).await {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(_))) => return Err(Refused::Alarm("it did not greet".to_owned())),
        Ok(Err(broken)) => return Err(Refused::Alarm(unwelcome(&broken))),
        Err(_) => return Err(Refused::silent()),
    }
    side.mailbox.settled().await;
    let line = side.mailbox.line(LIMITS);
    line.up(route.clone(), Some(key));
    let end = talk(&mut stream, &line, &route).await;
    // Politeness only: the peer notices either way.
    let _ = timeout(GREETING, stream.shutdown()).await;
    match end {
        End::Gone(why) => line.close(&why),
        End::Wrong(why) => {
            side.mailbox.alarm(format!("{route} was cut off: {why}"));
            line.close(&why);
        }
    }
    Ok(())
}

/// A peer that breaks off instead of greeting has refused us, and TLS may say why.
fn unwelcome(broken: &Broken) -> String {
    match cause(broken) {
        Some(tls) => explain(tls),
        None => "it closed the connection at once: its own alarms say why".to_owned(),
    }
}

/// What a failed handshake tells.
pub(super) fn handshake_failed(error: io::Error) -> Refused {
    match cause(&error) {
        Some(tls) => Refused::Alarm(explain(tls)),
        None => Refused::Away(Broken::from(error).to_string()),
    }
}
