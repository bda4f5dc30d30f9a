//! Who is linked with this till, since when, and what each lacks.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use sync::link::Route;

/// A line to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it leads: a till of the shop, or the hub.
    pub route: Route,
    /// Whether it is up.
    pub up: bool,
    /// Since when it is as it is.
    pub since: Timestamp,
    /// Why it is down; empty while it is up.
    pub why: String,
    /// How many entries that are here and are for the peer it has not confirmed.
    pub unsent: u64,
}

/// The lines of this till, for the API and the command line. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct LinkBoard {
    thing: Option<String>,
    trouble: Arc<Mutex<Option<String>>>,
    lines: Arc<Mutex<BTreeMap<Route, Line>>>,
}

impl LinkBoard {
    /// A board without lines, of a till that is enrolled under this name, or not at all.
    #[must_use]
    pub fn new(thing: Option<String>) -> Self {
        Self { thing, ..Self::default() }
    }

    /// The name that the till is enrolled under.
    #[must_use]
    pub fn thing(&self) -> Option<&str> {
        self.thing.as_deref()
    }

    /// Why there are no links although they are configured.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_trouble(&self, why: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// All lines, by their routes.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lock().values().cloned().collect()
    }

    /// How the till stands to others, in one sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        if let Some(why) = self.trouble() {
            return why;
        }
        let lines = self.lock();
        let up = lines.values().filter(|line| line.up).count();
        match lines.len() {
            0 => "this till works on its own".to_owned(),
            all => format!("{up} of {all} other tills are linked"),
        }
    }

    /// A line that is tried and was not up yet.
    pub(super) fn expect(&self, route: Route, now: Timestamp) {
        let why = "not reached yet".to_owned();
        let line = Line { route: route.clone(), up: false, since: now, why, unsent: 0 };
        self.lock().entry(route).or_insert(line);
    }

    /// A line came up or went down. True when that is news.
    pub(super) fn set(&self, route: &Route, up: bool, why: &str, now: Timestamp) -> bool {
        let mut lines = self.lock();
        let known = lines.get(route);
        let is_news = known.is_none_or(|line| line.up != up);
        let since = if is_news { now } else { known.map_or(now, |line| line.since) };
        let unsent = known.map_or(0, |line| line.unsent);
        let line = Line { route: route.clone(), up, since, why: why.to_owned(), unsent };
        lines.insert(route.clone(), line);
        is_news
    }

    /// How much a peer lacks.
    pub(super) fn set_unsent(&self, route: &Route, unsent: u64) {
        if let Some(line) = self.lock().get_mut(route) {
            line.unsent = unsent;
        }
    }

    /// A map of lines is whole after any panic, so a poisoned lock is still good.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Route, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
