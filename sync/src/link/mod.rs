//! Links: how frames travel. Each link carries opaque bytes and says when peers come and go.
//!
//! A link promises nothing about delivery, order or doubling; it only bounds what waits. Sessions
//! make it whole. This folder is the only one of the crate that names a runtime.
//!
//! | link | between | `Up` means |
//! | --- | --- | --- |
//! | [`direct`] | tills of a shop, over mutual TLS | the till is there, admitted by its key |
//! | [`mqtt`] | tills and hub, through a broker | the broker is there; to a hub also: this till spoke |
//! | [`memory`] | members inside one process | the cable is joined |
//!
//! What all have in common, the events and frames that wait and their bounds, is `mailbox`'s. A
//! link connects anew by itself, and only once `Down` was read: whoever holds it keeps reading.

mod alarms;
mod backoff;
pub mod direct;
mod mailbox;
pub mod memory;
pub mod mqtt;
#[cfg(test)]
mod testing;
pub mod tls;

use crate::log::StreamKind;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// Where a frame goes, or where it came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// The hub, from a till.
    Hub,
    /// A till.
    Till {
        /// Its store.
        store: String,
        /// Its thing name.
        thing: String,
    },
    /// Every till that receives this stream of the hub.
    Fan(StreamKind),
}

/// `hub`, `HH01/till-3`, `prices of zone 1`
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("hub"),
            Self::Till { store, thing } => write!(f, "{store}/{thing}"),
            Self::Fan(kind) => write!(f, "{kind}"),
        }
    }
}

/// The SHA-256 hash of the `SubjectPublicKeyInfo` of a certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlsKey(pub [u8; 32]);

/// What happened on a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Frames can be sent there now. Whatever was under way before may be lost.
    Up {
        /// Where.
        route: Route,
        /// The peer's TLS key, where the link talks to the peer itself and not to a broker.
        key: Option<TlsKey>,
    },
    /// Frames can't be sent there now; the link tries again by itself.
    Down {
        /// Where.
        route: Route,
        /// Why, in words for the status.
        why: String,
    },
    /// A frame came.
    Frame {
        /// From where.
        route: Route,
        /// Its bytes, at most [`crate::wire::MAX_FRAME_BYTES`].
        bytes: Vec<u8>,
        /// Given back by [`Link::done`] once what the frame holds is durable or refused.
        receipt: Receipt,
    },
    /// There is room to send again after [`SendError::Full`].
    Room,
    /// Something a person must see to: a certificate refused, a topic denied, two clients with one
    /// name.
    Alarm(String),
}

/// Told why a peer, by its name, could not be reached; each time, so it says no more than what is
/// so now. A line that was up and went down is [`Event::Down`] instead.
pub type Unreached = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// For whoever does not look at why a peer can't be reached.
fn nobody() -> Unreached {
    Arc::new(|_, _| {})
}

/// Names a received frame towards the link that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt(pub u64);

/// Why a frame was not taken for sending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Enough waits already; [`Event::Room`] says when to go on.
    #[error("the link is busy")]
    Full,
    /// The peer can't be reached now.
    #[error("{0} can't be reached now")]
    NotUp(Route),
    /// The frame is longer than any link carries: a mistake of the sender's.
    #[error("a frame of {0} bytes is longer than a link carries")]
    TooLong(usize),
}

/// A way to one or more peers.
pub trait Link: Send {
    /// What happens next. Dropping the future loses nothing.
    fn event(&mut self) -> impl Future<Output = Event> + Send;

    /// Hands a frame over. It may still be lost, doubled or overtaken on the way; an empty one says
    /// nothing and is not delivered.
    ///
    /// # Errors
    /// When it was not taken.
    fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError>;

    /// Says that a received frame was dealt with, so that the link may acknowledge it.
    fn done(&mut self, receipt: Receipt);
}
