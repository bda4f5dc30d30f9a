//! The mailbox as plain data: no waiting, no clock. [`super::Mailbox`] locks it and wakes.

use crate::link::alarms::Alarms;
use crate::link::{Event, Receipt, Route, SendError, TlsKey};
use crate::wire::MAX_FRAME_BYTES;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Alarms that wait to be read at most; later ones come again after a minute if they still hold.
const MAX_ALARMS: usize = 32;

/// Routes over one line at most: more tills than a chain on one hub has.
pub(in crate::link) const MAX_ROUTES: usize = 65_536;

/// The bounds of one line.
#[derive(Debug, Clone, Copy)]
pub(in crate::link) struct Limits {
    /// Frames that wait to be sent.
    pub(in crate::link) queue: usize,
    /// Received frames that the session has not given back.
    pub(in crate::link) window: usize,
    /// The longest frame in bytes that this line takes, at most [`MAX_FRAME_BYTES`].
    pub(in crate::link) frame_bytes: usize,
    /// Whether the line wants to hear of receipts that come back, in order to acknowledge them.
    pub(in crate::link) acknowledges: bool,
}

/// What a line's tasks wait for; each has one listener.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// A frame waits to be sent.
    pub(super) queued: Notify,
    /// A receipt came back.
    pub(super) returned: Notify,
    /// A newer line has taken its place.
    pub(super) replaced: Notify,
}

struct LineState {
    limits: Limits,
    signals: Arc<Signals>,
    queue: VecDeque<(Route, Vec<u8>)>,
    /// The session was told that this line is full.
    starved: bool,
    /// Receipts that the session holds.
    held: BTreeSet<u64>,
    /// Receipts that came back and are not acknowledged yet.
    returned: VecDeque<Receipt>,
    routes: BTreeSet<Route>,
}

/// Events, lines, and which route goes over which line.
#[derive(Default)]
pub(super) struct State {
    events: VecDeque<Event>,
    unread_downs: usize,
    unread_alarms: usize,
    room_unread: bool,
    alarms: Alarms,
    lines: BTreeMap<u64, LineState>,
    routes: BTreeMap<Route, u64>,
    /// The line that reaches any till, as a broker does for a hub.
    every_till: Option<u64>,
    receipts: BTreeMap<u64, u64>,
    last_line: u64,
    last_receipt: u64,
}

impl State {
    pub(super) fn next_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        match &event {
            Event::Down { .. } => self.unread_downs = self.unread_downs.saturating_sub(1),
            Event::Alarm(_) => self.unread_alarms = self.unread_alarms.saturating_sub(1),
            Event::Room => self.room_unread = false,
            Event::Up { .. } | Event::Frame { .. } => {}
        }
        Some(event)
    }

    pub(super) const fn is_settled(&self) -> bool {
        self.unread_downs == 0
    }

    pub(super) fn alarm(&mut self, words: String, now: Duration) {
        if self.unread_alarms < MAX_ALARMS && self.alarms.admit(&words, now) {
            self.unread_alarms += 1;
            self.events.push_back(Event::Alarm(words));
        }
    }

    pub(super) fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(SendError::TooLong(frame.len()));
        }
        let to_till = matches!(route, Route::Till { .. });
        let id = self.routes.get(route).copied().or(self.every_till.filter(|_| to_till));
        let line = id.and_then(|id| self.lines.get_mut(&id));
        let line = line.ok_or_else(|| SendError::NotUp(route.clone()))?;
        if frame.len() > line.limits.frame_bytes {
            return Err(SendError::TooLong(frame.len()));
        }
        if line.queue.len() >= line.limits.queue {
            line.starved = true;
            return Err(SendError::Full);
        }
        if !frame.is_empty() {
            line.queue.push_back((route.clone(), frame));
            line.signals.queued.notify_one();
        }
        Ok(())
    }

    pub(super) fn done(&mut self, receipt: Receipt) {
        let Some(id) = self.receipts.remove(&receipt.0) else { return };
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.held.remove(&receipt.0);
        if line.limits.acknowledges {
            line.returned.push_back(receipt);
        }
        line.signals.returned.notify_one();
    }

    pub(super) fn open(&mut self, limits: Limits) -> (u64, Arc<Signals>) {
        self.last_line += 1;
        let signals = Arc::new(Signals::default());
        let line = LineState {
            limits,
            signals: signals.clone(),
            queue: VecDeque::new(),
            starved: false,
            held: BTreeSet::new(),
            returned: VecDeque::new(),
            routes: BTreeSet::new(),
        };
        self.lines.insert(self.last_line, line);
        (self.last_line, signals)
    }

    /// The route goes over this line from now on. `false` when the line has too many already.
    pub(super) fn up(&mut self, id: u64, route: Route, key: Option<TlsKey>) -> bool {
        let Some(line) = self.lines.get_mut(&id) else { return false };
        if line.routes.contains(&route) {
            return true;
        }
        if line.routes.len() >= MAX_ROUTES {
            return false;
        }
        line.routes.insert(route.clone());
        if let Some(older) = self.routes.insert(route.clone(), id)
            && let Some(older) = self.lines.get_mut(&older)
        {
            older.routes.remove(&route);
            older.signals.replaced.notify_one();
            self.down(route.clone(), "a newer connection took its place".to_owned());
        }
        self.events.push_back(Event::Up { route, key });
        true
    }

    pub(super) const fn every_till(&mut self, id: u64) {
        self.every_till = Some(id);
    }

    /// A frame for the session. `None` when it holds as many as it may.
    pub(super) fn deliver(&mut self, id: u64, route: Route, bytes: Vec<u8>) -> Option<Receipt> {
        let line = self.lines.get_mut(&id)?;
        if line.held.len() >= line.limits.window {
            return None;
        }
        self.last_receipt += 1;
        let receipt = Receipt(self.last_receipt);
        line.held.insert(receipt.0);
        self.receipts.insert(receipt.0, id);
        self.events.push_back(Event::Frame { route, bytes, receipt });
        Some(receipt)
    }

    pub(super) fn has_credit(&self, id: u64) -> bool {
        self.lines.get(&id).is_some_and(|line| line.held.len() < line.limits.window)
    }

    pub(super) fn next_frame(&mut self, id: u64) -> Option<(Route, Vec<u8>)> {
        let line = self.lines.get_mut(&id)?;
        let frame = line.queue.pop_front()?;
        // Half empty, so that a busy session is not woken for every frame.
        if line.starved && line.queue.len() <= line.limits.queue / 2 {
            line.starved = false;
            self.room();
        }
        Some(frame)
    }

    pub(super) fn next_returned(&mut self, id: u64) -> Option<Receipt> {
        self.lines.get_mut(&id)?.returned.pop_front()
    }

    /// Ends a line: its routes are down, and what it held is gone.
    pub(super) fn close(&mut self, id: u64, why: &str) {
        let Some(line) = self.lines.remove(&id) else { return };
        for receipt in &line.held {
            self.receipts.remove(receipt);
        }
        if self.every_till == Some(id) {
            self.every_till = None;
        }
        for route in line.routes {
            self.routes.remove(&route);
            self.down(route, why.to_owned());
        }
        if line.starved {
            self.room();
        }
    }

    fn down(&mut self, route: Route, why: String) {
        self.unread_downs += 1;
        self.events.push_back(Event::Down { route, why });
    }

    fn room(&mut self) {
        if !self.room_unread {
            self.room_unread = true;
            self.events.push_back(Event::Room);
        }
    }
}
