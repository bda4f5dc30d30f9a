//! One live connection's end of the mailbox.

use super::Mailbox;
use super::state::Signals;
use crate::link::{Receipt, Route, TlsKey};
use std::sync::Arc;

/// A live connection. Dropped, it ends: what it reached is down.
pub(in crate::link) struct Line {
    mailbox: Mailbox,
    id: u64,
    signals: Arc<Signals>,
}

impl Line {
    pub(super) const fn new(mailbox: Mailbox, id: u64, signals: Arc<Signals>) -> Self {
        Self { mailbox, id, signals }
    }

    /// The route is reached over this line from now on, and over no older one. `false` when the
    /// line reaches as many as it may.
    pub(in crate::link) fn up(&self, route: Route, key: Option<TlsKey>) -> bool {
        self.mailbox.change(|state| state.up(self.id, route, key))
    }

    /// Any till is reached over this line.
    pub(in crate::link) fn reaches_every_till(&self) {
        self.mailbox.state().every_till(self.id);
    }

    /// The next frame to send. Dropping the future loses nothing.
    pub(in crate::link) async fn next_frame(&self) -> (Route, Vec<u8>) {
        loop {
            if let Some(frame) = self.mailbox.change(|state| state.next_frame(self.id)) {
                return frame;
            }
            self.signals.queued.notified().await;
        }
    }

    /// Waits until the session may be given one more frame.
    pub(in crate::link) async fn credit(&self) {
        while !self.has_credit() {
            self.signals.returned.notified().await;
        }
    }

    /// Whether the session may be given one more frame now.
    pub(in crate::link) fn has_credit(&self) -> bool {
        self.mailbox.state().has_credit(self.id)
    }

    /// Gives the session a frame. `None` when it holds as many as it may.
    pub(in crate::link) fn deliver(&self, route: Route, bytes: Vec<u8>) -> Option<Receipt> {
        self.mailbox.change(|state| state.deliver(self.id, route, bytes))
    }

    /// The next receipt that came back, for lines that acknowledge. Dropping the future loses
    /// nothing.
    pub(in crate::link) async fn returned(&self) -> Receipt {
        loop {
            if let Some(receipt) = self.mailbox.state().next_returned(self.id) {
                return receipt;
            }
            self.signals.returned.notified().await;
        }
    }

    /// Waits until a newer line has taken this one's place.
    pub(in crate::link) async fn replaced(&self) {
        self.signals.replaced.notified().await;
    }

    /// Ends the line.
    pub(in crate::link) fn close(self, why: &str) {
        self.mailbox.change(|state| state.close(self.id, why));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Nothing is left to close after `close`.
        self.mailbox.change(|state| state.close(self.id, "the link was stopped"));
    }
}
