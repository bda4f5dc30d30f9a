//! The loop's thread over a real till.

use super::*;
use crate::till::tests::Shop;
use std::time::Duration;
use sync::store::{BootId, MachineId};
use tokio::time::timeout;

/// Only so that a test that fails ends.
const GUARD: Duration = Duration::from_secs(60);

/// A grant is written while a peer is answered, and must not wait for the till's next act.
#[tokio::test]
async fn whoever_sends_looks_at_what_was_written_after_an_event_and_after_a_peers_word() {
    let Shop { folder, till, .. } = Shop::till(1);
    let (home, feed) = (Home::at(folder.path()).unwrap(), Feed::new(1));
    let machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
    let (till, thread, _outlets, _claims) = Loop::start(till, Vec::new(), home, machine, feed);
    let written = till.written();
    till.peer(PeerWord::Marks(Vec::new())).await.unwrap();
    timeout(GUARD, written.notified()).await.expect("after a peer's word");
    till.event(Event::Operator(None)).await.ok();
    timeout(GUARD, written.notified()).await.expect("after an event");
    till.stop().await;
    thread.join().await;
}
