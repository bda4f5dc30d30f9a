//! The shape of every device protocol: a machine with no I/O, no clock and no runtime.
//!
//! [`crate::task`] feeds it bytes, commands and the time, and carries out the [`Actions`] it
//! asks for; a test can do the same in a straight line. The time is a [`Duration`] since some
//! fixed instant that the caller chose, never going back.

use std::time::Duration;

/// A device's protocol.
///
/// Each call may ask for any number of actions; they are carried out in the order: health,
/// events, bytes, close.
pub trait Machine: Send + 'static {
    /// What the agent may ask of the device.
    type Command: Send + 'static;
    /// What the device reports.
    type Event: Send + 'static;

    /// A connection stands; nothing is left over from the one before.
    fn connected(&mut self, now: Duration, out: &mut Actions<Self::Event>);

    /// The device sent `bytes` (never empty).
    fn received(&mut self, bytes: &[u8], now: Duration, out: &mut Actions<Self::Event>);

    /// All bytes asked for so far have been handed to the operating system.
    fn drained(&mut self, _now: Duration, _out: &mut Actions<Self::Event>) {}

    /// The agent asks for something; comes only while connected and [`Machine::accepts`].
    fn command(&mut self, command: Self::Command, now: Duration, out: &mut Actions<Self::Event>);

    /// The instant at which [`Machine::tick`] must be called, if there is one.
    fn deadline(&self) -> Option<Duration>;

    /// The deadline has come.
    fn tick(&mut self, now: Duration, out: &mut Actions<Self::Event>);

    /// The connection is gone: whatever was under way gets its outcome now. Bytes and close
    /// asked for here are ignored.
    fn disconnected(&mut self, why: &str, out: &mut Actions<Self::Event>);

    /// A command that reached the task while no connection stood: nothing was sent.
    fn refuse(&mut self, command: Self::Command, why: &str, out: &mut Actions<Self::Event>);

    /// Whether a command can be taken now; otherwise it waits in the mailbox.
    fn accepts(&self) -> bool {
        true
    }

    /// Whether something is under way that a clean stop should wait for.
    fn busy(&self) -> bool {
        false
    }
}

/// What a machine asks its task to do.
#[derive(Debug)]
pub struct Actions<E> {
    /// Bytes to send.
    pub bytes: Vec<u8>,
    /// Events to report, in order.
    pub events: Vec<E>,
    /// The device's new state; `None` leaves it.
    pub health: Option<DeviceState>,
    /// Close the connection, with the reason; the task then connects again.
    pub close: Option<String>,
}

impl<E> Actions<E> {
    /// Nothing asked for.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), events: Vec::new(), health: None, close: None }
    }

    /// Asks for `bytes` to be sent.
    pub fn send(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Reports `event`.
    pub fn report(&mut self, event: E) {
        self.events.push(event);
    }
}

impl<E> Default for Actions<E> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a connected machine can say of its device; the task knows the rest of
/// [`crate::health::Health`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceState {
    /// Nothing is wrong.
    Online,
    /// Works, but someone should look.
    Degraded(String),
    /// Can't work until someone acts.
    Faulted(String),
}
