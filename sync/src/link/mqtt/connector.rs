//! Connects again and again, with waits between, and tells what does not mend itself.
//!
//! What one connection is, the link says that starts this.

use super::limits;
use super::trouble::{End, Trouble};
use crate::link::Unreached;
use crate::link::backoff::{Backoff, seed};
use crate::link::mailbox::Mailbox;
use crate::link::tls::{Tls, TlsError};
use std::fmt;
use std::future::Future;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Connects again and again.
pub(super) struct Connector<D> {
    pub(super) mailbox: Mailbox,
    /// Runs one connection to its end.
    pub(super) dial: D,
    /// For words to a person.
    pub(super) broker: String,
    pub(super) tls: Tls,
    pub(super) unreached: Unreached,
}

impl<D, F> Connector<D>
where
    D: Fn() -> F + Send,
    F: Future<Output = End> + Send + 'static,
{
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new(limits::LEAST_WAIT, limits::MOST_WAIT, seed());
        let mut short = 0;
        loop {
            self.mailbox.settled().await;
            let began = Instant::now();
            let End { trouble, was_up } = self.connection().await;
            if began.elapsed() >= limits::LASTED {
                backoff.reset();
                short = 0;
            } else if was_up {
                short += 1;
            }
            if !was_up {
                (self.unreached)(&self.broker, &trouble.why);
            }
            if trouble.needs_a_person {
                self.alarm(&trouble.why);
            }
            // Not every broker says that it closed a connection for the sake of another.
            if short >= limits::SHORT_CONNECTIONS {
                short = 0;
                self.alarm(&format_args!(
                    "it took us {} times and closed the line soon after ({}): another client may \
                     use our client id",
                    limits::SHORT_CONNECTIONS,
                    trouble.why
                ));
            }
            if let Err(own @ (TlsError::Expired { .. } | TlsError::NotYet { .. })) =
                self.tls.check()
            {
                self.alarm(&own);
            }
            sleep(if trouble.wait_long { backoff.wait_longest() } else { backoff.wait() }).await;
        }
    }

    fn alarm(&self, why: &dyn fmt::Display) {
        self.mailbox.alarm(format!("broker {}: {why}", self.broker));
    }

    /// One connection, in a task of its own: should the client library panic at what a broker
    /// sends, the connection is lost and nothing else.
    async fn connection(&self) -> End {
        let mut task = JoinSet::new();
        task.spawn((self.dial)());
        match task.join_next().await {
            Some(Ok(end)) => end,
            _ => End {
                trouble: Trouble::alarm(
                    "the MQTT library failed at what the broker sent".to_owned(),
                ),
                was_up: false,
            },
        }
    }
}
