//! Links inside one process, for tests of what is above: a mesh of members with cables that can be
//! cut and joined. Frames that were under way when a cable is cut are lost, as anywhere.

use super::mailbox::{Limits, Line, Mailbox};
use super::{Event, Link, Receipt, Route, SendError};
use crate::wire::MAX_FRAME_BYTES;
use std::collections::BTreeMap;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Small, so that tests meet a full queue soon.
const LIMITS: Limits =
    Limits { queue: 16, window: 16, frame_bytes: MAX_FRAME_BYTES, acknowledges: false };

/// One member's links to all others.
pub struct MemoryLink {
    mailbox: Mailbox,
}

/// The cables between the members; dropped, they are all cut. Every cable begins joined.
pub struct Cables {
    joined: BTreeMap<(Route, Route), watch::Sender<bool>>,
    _tasks: JoinSet<()>,
}

/// A link for each member, in the same order, and the cables between them. The names are those by
/// which the others know a member. Needs a tokio runtime.
#[must_use]
pub fn mesh(members: &[Route]) -> (Vec<MemoryLink>, Cables) {
    let boxes: Vec<Mailbox> = members.iter().map(|_| Mailbox::new()).collect();
    let mut ends = members.iter().zip(&boxes);
    let (mut joined, mut tasks) = (BTreeMap::new(), JoinSet::new());
    while let Some((near, near_box)) = ends.next() {
        for (far, far_box) in ends.clone() {
            let (switch, state) = watch::channel(true);
            let near = End { route: near.clone(), mailbox: near_box.clone() };
            let far = End { route: far.clone(), mailbox: far_box.clone() };
            joined.insert(pair(&near.route, &far.route), switch);
            tasks.spawn(cable(near, far, state));
        }
    }
    let links = boxes.into_iter().map(|mailbox| MemoryLink { mailbox }).collect();
    (links, Cables { joined, _tasks: tasks })
}

impl Cables {
    /// Cuts the cable between two members, if there is one.
    pub fn cut(&self, one: &Route, other: &Route) {
        self.switch(one, other, false);
    }

    /// Joins it again.
    pub fn join(&self, one: &Route, other: &Route) {
        self.switch(one, other, true);
    }

    fn switch(&self, one: &Route, other: &Route, on: bool) {
        if let Some(switch) = self.joined.get(&pair(one, other)) {
            switch.send_replace(on);
        }
    }
}

impl Link for MemoryLink {
    async fn event(&mut self) -> Event {
        self.mailbox.event().await
    }

    fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        self.mailbox.send(route, frame)
    }

    fn done(&mut self, receipt: Receipt) {
        self.mailbox.done(receipt);
    }
}

/// The name of a cable, whichever end is named first.
fn pair(one: &Route, other: &Route) -> (Route, Route) {
    let (one, other) = (one.clone(), other.clone());
    if one <= other { (one, other) } else { (other, one) }
}

struct End {
    route: Route,
    mailbox: Mailbox,
}

/// Carries frames while the cable is joined, for as long as its switch exists.
async fn cable(near: End, far: End, mut joined: watch::Receiver<bool>) {
    while joined.wait_for(|joined| *joined).await.is_ok() {
        near.mailbox.settled().await;
        far.mailbox.settled().await;
        let (here, there) = (near.mailbox.line(LIMITS), far.mailbox.line(LIMITS));
        here.up(far.route.clone(), None);
        there.up(near.route.clone(), None);
        tokio::select! {
            () = carry(&here, &there, &near.route) => {}
            () = carry(&there, &here, &far.route) => {}
            _ = joined.wait_for(|joined| !*joined) => {}
        }
        here.close("the cable was cut");
        there.close("the cable was cut");
    }
}

async fn carry(from: &Line, to: &Line, known_as: &Route) {
    loop {
        to.credit().await;
        let (_, frame) = from.next_frame().await;
        to.deliver(known_as.clone(), frame);
    }
}
