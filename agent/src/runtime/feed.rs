//! What has changed, for screens: numbered notices that a client can resume from.

use crate::till::Change;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// Notices kept for a client that comes back: some minutes of a busy till.
const KEPT: usize = 1_024;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number, rising from 1 with each start of the agent.
    pub number: u64,
    /// What it says.
    pub what: What,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something of the till changed.
    Till(Change),
    /// A device's health changed.
    Device {
        /// The device.
        name: String,
        /// `online`, `degraded`, `offline` or `faulted`.
        health: &'static str,
        /// Why, in words.
        why: Option<String>,
    },
    /// What the card terminal is doing, in words.
    Terminal(String),
    /// A line to another till or to the hub came up or went down.
    Link {
        /// Where it leads.
        to: String,
        /// Whether it is up.
        up: bool,
        /// Why it is down.
        why: String,
    },
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    notices: VecDeque<Notice>,
}

/// The notices of one running agent.
#[derive(Debug, Clone)]
pub struct Feed {
    kept: Arc<Mutex<Kept>>,
    live: broadcast::Sender<Notice>,
    /// Names this start, so that numbers of an earlier one are not mistaken for this one's.
    start: u64,
}

/// What a subscriber gets first, and where the rest comes from.
pub struct Subscription {
    /// Notices missed since the number given; empty for a new client.
    pub missed: Vec<Notice>,
    /// Whether some are missing: the client must read everything anew.
    pub reset: bool,
    /// What comes from now on.
    pub live: broadcast::Receiver<Notice>,
}

impl Feed {
    /// A feed without notices; `start` names this start of the agent.
    #[must_use]
    pub fn new(start: u64) -> Self {
        Self { kept: Arc::default(), live: broadcast::channel(KEPT).0, start }
    }

    /// The name of this start.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Says something to everyone.
    pub fn say(&self, what: What) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.next += 1;
        let notice = Notice { number: kept.next, what };
        if kept.notices.len() >= KEPT {
            kept.notices.pop_front();
        }
        kept.notices.push_back(notice.clone());
        // Nobody listening is fine.
        self.live.send(notice).ok();
    }

    /// Begins to listen: after notice `since` of start `start`, or from now on.
    #[must_use]
    pub fn subscribe(&self, since: Option<(u64, u64)>) -> Subscription {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let live = self.live.subscribe();
        let Some((start, number)) = since else {
            return Subscription { missed: Vec::new(), reset: false, live };
        };
        let oldest = kept.notices.front().map_or(kept.next + 1, |notice| notice.number);
        if start != self.start || number > kept.next || number + 1 < oldest {
            return Subscription { missed: Vec::new(), reset: true, live };
        }
        let missed = kept.notices.iter().filter(|notice| notice.number > number).cloned().collect();
        Subscription { missed, reset: false, live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(subscription: &Subscription) -> Vec<u64> {
        subscription.missed.iter().map(|notice| notice.number).collect()
    }

    #[test]
    fn a_client_resumes_or_is_told_to_begin_anew() {
        let feed = Feed::new(7);
        for _ in 0..5 {
            feed.say(What::Till(Change::Spool));
        }
        assert_eq!(numbers(&feed.subscribe(None)), [0_u64; 0]);
        assert_eq!(numbers(&feed.subscribe(Some((7, 3)))), [4, 5]);
        assert!(numbers(&feed.subscribe(Some((7, 5)))).is_empty());
        assert!(!feed.subscribe(Some((7, 5))).reset);
        assert!(feed.subscribe(Some((6, 3))).reset, "another start");
        assert!(feed.subscribe(Some((7, 9))).reset, "a number never given");
        for _ in 0..KEPT {
            feed.say(What::Till(Change::Spool));
        }
        assert!(feed.subscribe(Some((7, 3))).reset, "too long ago");
        assert_eq!(numbers(&feed.subscribe(Some((7, 5)))).len(), KEPT);
    }
}
