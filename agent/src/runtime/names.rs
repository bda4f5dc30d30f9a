//! The search index brought up behind a snapshot, on a thread of its own, while the till sells.

use crate::store::catalogue::Indexer;
use crate::store::open::{OpenOptions, StoreError};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Rest between two steps: the disk is a sale's first. A million items take some seconds more.
const REST: Duration = Duration::from_millis(20);

/// How soon a catalogue that took the place of another is noticed; what it costs is one look at it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The thread; it ends when it is stopped.
pub(super) struct Names {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Names {
    /// Starts it over a catalogue.
    ///
    /// # Errors
    /// When the catalogue can't be opened.
    pub(super) fn start(catalogue: &OpenOptions) -> Result<Self, StoreError> {
        let mut indexer = Indexer::open(catalogue)?;
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut busy = false;
            loop {
                let more = indexer.step().unwrap_or_else(|error| {
                    tracing::warn!(%error, "the search index waits");
                    false
                });
                if busy && !more {
                    tracing::info!("every name can be found again");
                }
                busy = more;
                let wait = if more { REST } else { LOOK_AGAIN };
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Ok(Self { stop, thread })
    }

    /// Ends it, after the step that is under way.
    pub(super) async fn stop(self) {
        drop(self.stop);
        // A panic of the thread has been printed; there is nothing to add.
        tokio::task::spawn_blocking(move || self.thread.join().ok()).await.ok();
    }
}
