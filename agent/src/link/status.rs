//! Who is linked with this till, since when, and what each lacks.

use crate::home::wall_clock;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use sync::link::Route;

/// The longest reason that is shown, in characters: a peer's certificate may hold many names.
const MAX_WHY: usize = 300;

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
    /// How many entries that are here and are for the peer it has not confirmed; of a line that is
    /// down, when it went down. `None` until the peer has said what it holds.
    pub unsent: Option<u64>,
}

/// What of the links can be in trouble by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The till's right to have any.
    All,
    /// The work between them and the till.
    Work,
    /// The line to the shop's other tills.
    Shop,
    /// The line to the hub.
    Hub,
}

/// Read after "a line to".
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All | Self::Work => "others",
            Self::Shop => "other tills",
            Self::Hub => "the hub",
        })
    }
}

/// The lines of this till, for the API and the command line. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct LinkBoard {
    thing: Option<String>,
    troubles: Arc<Mutex<BTreeMap<Part, String>>>,
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

    /// Why links that are configured can't be had.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<&str> = troubles.values().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    pub(super) fn set_trouble(&self, part: Part, why: Option<String>) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => troubles.insert(part, why),
            None => troubles.remove(&part),
        };
    }

    /// The work has ended, and with it every line.
    pub(super) fn broke(&self, why: &str) {
        tracing::error!(why, "the links ended, and begin anew");
        self.set_trouble(Part::Work, Some(why.to_owned()));
        for line in self.lock().values_mut().filter(|line| line.up) {
            (line.up, line.since, line.why) = (false, wall_clock(), why.to_owned());
        }
    }

    /// All lines, by their routes.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lock().values().cloned().collect()
    }

    /// Whether there is a line to the hub, up or not.
    #[must_use]
    pub fn has_hub(&self) -> bool {
        self.lock().contains_key(&Route::Hub)
    }

    /// How the till stands to others, in one sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        if let Some(why) = self.trouble() {
            return why;
        }
        let lines = self.lock();
        let hub = lines.get(&Route::Hub).map(|line| match line.up {
            true => "the line to the hub is up".to_owned(),
            false => format!("the line to the hub is down ({})", line.why),
        });
        let tills: Vec<bool> =
            lines.values().filter(|line| line.route != Route::Hub).map(|line| line.up).collect();
        let linked = tills.iter().filter(|up| **up).count();
        let tills = (!tills.is_empty())
            .then(|| format!("{linked} of {} other tills are linked", tills.len()));
        let words: Vec<String> = tills.into_iter().chain(hub).collect();
        match words.is_empty() {
            true => "this till works on its own".to_owned(),
            false => words.join(", "),
        }
    }

    /// A line that is tried and was not up yet.
    pub(super) fn expect(&self, route: Route, now: Timestamp) {
        let why = "not reached yet".to_owned();
        let line = Line { route: route.clone(), up: false, since: now, why, unsent: None };
        self.lock().entry(route).or_insert(line);
    }

    /// A line came up or went down. True when that is news.
    pub(super) fn set(&self, route: &Route, up: bool, why: &str, now: Timestamp) -> bool {
        let mut lines = self.lock();
        let known = lines.get(route);
        let is_news = known.is_none_or(|line| line.up != up);
        let since = if is_news { now } else { known.map_or(now, |line| line.since) };
        let unsent = known.and_then(|line| line.unsent);
        let line = Line { route: route.clone(), up, since, why: why.to_owned(), unsent };
        lines.insert(route.clone(), line);
        is_news
    }

    /// A line could not be had. Since when it is down stays as it was.
    pub(super) fn failed(&self, route: &Route, why: &str) {
        if let Some(line) = self.lock().get_mut(route).filter(|line| !line.up) {
            line.why = why.chars().take(MAX_WHY).collect();
        }
    }

    /// How much a peer lacks. What was known of it holds until it says anew.
    pub(super) fn set_unsent(&self, route: &Route, unsent: u64) {
        if let Some(line) = self.lock().get_mut(route) {
            line.unsent = Some(unsent);
        }
    }

    /// A map of lines is whole after any panic, so a poisoned lock is still good.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Route, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_line_is_down_is_told_as_it_is_now() {
        let board = LinkBoard::default();
        let route = Route::Till { store: "HH01".into(), thing: "hh01-till-2".into() };
        let at = |second| Timestamp::from_second(second).unwrap();
        let shown = |board: &LinkBoard| {
            let line = board.lines().pop().unwrap();
            (line.up, line.since, line.why)
        };
        board.failed(&route, "nobody expects it");
        assert_eq!(board.lines(), []);
        board.expect(route.clone(), at(1));
        assert_eq!(shown(&board), (false, at(1), "not reached yet".into()));
        board.failed(&route, "it can't be reached");
        assert_eq!(shown(&board), (false, at(1), "it can't be reached".into()));
        board.set(&route, true, "", at(2));
        // Of a try before, told late.
        board.failed(&route, "it can't be reached");
        assert_eq!(shown(&board), (true, at(2), String::new()));
        board.set(&route, false, "the other till closed the line", at(3));
        board.failed(&route, &"x".repeat(MAX_WHY + 1));
        assert_eq!(shown(&board), (false, at(3), "x".repeat(MAX_WHY)));
    }
}
