//! What every link has in common: events that wait for the session, frames that wait for peers,
//! and the bounds of both.
//!
//! The session's side is [`Mailbox::event`], [`Mailbox::send`] and [`Mailbox::done`]; a link's
//! tasks hold one [`Line`] for each live connection. Whatever a line holds ends with it: nothing
//! is kept for the next connection.

mod line;
mod state;
#[cfg(test)]
mod tests;

pub(super) use line::Line;
pub(super) use state::Limits;

use super::{Event, Receipt, Route, SendError};
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where a link's tasks and its session meet. Cheap to clone.
#[derive(Clone)]
pub(super) struct Mailbox {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// An event waits; the session alone listens.
    arrived: Notify,
    /// Every `Down` was read; any number of tasks may listen.
    settled: Notify,
    began: Instant,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                arrived: Notify::new(),
                settled: Notify::new(),
                began: Instant::now(),
            }),
        }
    }

    /// What happens next. Dropping the future loses nothing.
    pub(super) async fn event(&self) -> Event {
        loop {
            let (event, settled) = {
                let mut state = self.state();
                (state.next_event(), state.is_settled())
            };
            if settled {
                self.shared.settled.notify_waiters();
            }
            match event {
                Some(event) => return event,
                None => self.shared.arrived.notified().await,
            }
        }
    }

    /// Queues a frame for whatever line leads there.
    pub(super) fn send(&self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        self.state().send(route, frame)
    }

    /// Takes a receipt back. One that was given back already, or never handed out, is nothing.
    pub(super) fn done(&self, receipt: Receipt) {
        self.state().done(receipt);
    }

    /// Raises an alarm, unless the same or too many others were raised just now.
    pub(super) fn alarm(&self, words: String) {
        let now = self.shared.began.elapsed();
        self.state().alarm(words, now);
        self.shared.arrived.notify_one();
    }

    /// Waits until the session has read every `Down`. A link connects only then, so that a peer
    /// that comes and goes can't pile up events in front of a session that is slow.
    pub(super) async fn settled(&self) {
        loop {
            // Listening begins before looking, or a word in between would be missed.
            let settled = self.shared.settled.notified();
            if self.state().is_settled() {
                return;
            }
            settled.await;
        }
    }

    /// Begins a line over which nothing is reached yet.
    pub(super) fn line(&self, limits: Limits) -> Line {
        let (id, signals) = self.state().open(limits);
        Line::new(self.clone(), id, signals)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the state, and wakes the session in case it made an event.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.state());
        self.shared.arrived.notify_one();
        result
    }
}
