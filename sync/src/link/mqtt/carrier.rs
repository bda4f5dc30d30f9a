//! What a connection does whichever client it speaks through: lines that come up, frames that go out
//! at the broker's pace, frames that come in and whose they are.
//!
//! Acknowledgements and packets are the connection's own.

use super::grant::shown;
use super::pace::Pace;
use super::trouble::Trouble;
use super::{Role, Side};
use crate::link::Route;
use crate::link::mailbox::{Line, Mailbox};
use crate::wire::MAX_FRAME_BYTES;
use futures_util::{Stream, StreamExt};
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Frames that wait for the client; those beyond wait in the session.
pub(super) const QUEUE: usize = 64;

/// The session's line through a connection.
pub(super) struct Carrier {
    pub(super) mailbox: Mailbox,
    pub(super) side: Side,
    pub(super) line: Line,
    pub(super) is_up: bool,
}

impl Carrier {
    pub(super) const fn new(mailbox: Mailbox, side: Side, line: Line) -> Self {
        Self { mailbox, side, line, is_up: false }
    }

    /// What we hear was granted: the routes are up.
    pub(super) fn up(&mut self) {
        self.is_up = true;
        for route in self.side.reached() {
            self.line.up(route, None);
        }
        if matches!(self.side.role, Role::Hub { .. }) {
            self.line.reaches_every_till();
        }
    }

    /// Where a publish came from; `None` when it is no frame, which is told.
    pub(super) fn heard(&self, topic: &str, bytes: usize) -> Option<Route> {
        let route = self.side.heard(topic).filter(|_| (1..=MAX_FRAME_BYTES).contains(&bytes));
        if route.is_none() {
            let topic = shown(topic);
            self.mailbox.alarm(format!("{bytes} bytes in {topic} are no frame: dropped"));
        }
        route
    }

    /// Whether frames of a route go on to the session: a till is up with its first.
    pub(super) fn admits(&self, route: &Route) -> bool {
        let admits = !matches!(route, Route::Till { .. }) || self.line.up(route.clone(), None);
        if !admits {
            self.mailbox.alarm(format!("more tills than a hub serves: {route} is not heard"));
        }
        admits
    }
}

/// The frame that goes out next, at the broker's pace.
pub(super) struct Outgoing {
    pace: Option<Pace>,
    began: Instant,
    frame: Option<(Route, Vec<u8>)>,
}

impl Outgoing {
    pub(super) fn new(side: &Side) -> Self {
        let pace = side.paced.then(|| Pace::new(Duration::ZERO));
        Self { pace, began: Instant::now(), frame: None }
    }

    /// Takes what a frame costs.
    fn pay(&mut self, frame: &[u8]) -> Result<(), Duration> {
        let now = self.began.elapsed();
        self.pace.as_mut().map_or(Ok(()), |pace| pace.take(frame.len(), now))
    }

    /// The next frame, once there is one and it may go; none is taken while there is no room.
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self, line: &Line, has_room: bool) -> (Route, Vec<u8>) {
        loop {
            match self.frame.take() {
                None if has_room => self.frame = Some(line.next_frame().await),
                None => pending().await,
                Some(frame) => match self.pay(&frame.1) {
                    Ok(()) => return frame,
                    Err(wait) => {
                        self.frame = Some(frame);
                        sleep(wait).await;
                    }
                },
            }
        }
    }
}

/// A client's events, which end with the line.
pub(super) type Packets<'a, S> = Pin<&'a mut S>;

/// The next of the client's events. Dropping the future loses nothing.
pub(super) async fn next<S, E, X>(
    packets: &mut Packets<'_, S>,
    deadline: Instant,
) -> Result<E, Trouble>
where
    S: Stream<Item = Result<E, X>>,
    Trouble: From<X>,
{
    match timeout_at(deadline, packets.next()).await {
        Ok(Some(Ok(event))) => Ok(event),
        Ok(Some(Err(error))) => Err(error.into()),
        Ok(None) => Err(Trouble::passing("the line was closed".to_owned())),
        Err(_) => Err(Trouble::passing("it does not answer any more".to_owned())),
    }
}
