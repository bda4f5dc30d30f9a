//! What a device's task says of its device; published by [`crate::task`], shown by the agent.

use std::fmt;

use tokio::time::Instant;

/// The state of one device as its task last knew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Connected, and nothing is wrong.
    Online,
    /// It answers and may work, but someone should look (paper near its end).
    Degraded {
        /// What is wrong, in words for the cashier.
        why: String,
    },
    /// No connection; the task keeps trying.
    Offline {
        /// Why the last attempt or connection failed.
        why: String,
        /// When the connection was lost, or the first attempt began.
        since: Instant,
    },
    /// It can't work until someone acts (cover open, no paper, task failed).
    Faulted {
        /// What is wrong, in words for the cashier.
        why: String,
    },
}

impl Health {
    /// Whether a command sent now has a chance.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self, Self::Online | Self::Degraded { .. })
    }

    /// The state's name: `online`, `degraded`, `offline`, `faulted`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Degraded { .. } => "degraded",
            Self::Offline { .. } => "offline",
            Self::Faulted { .. } => "faulted",
        }
    }

    /// The reason, where there is one.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Online => None,
            Self::Degraded { why } | Self::Offline { why, .. } | Self::Faulted { why } => Some(why),
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why() {
            Some(why) => write!(f, "{}: {why}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}
