//! A till among its peers: what the owner of the links does, without links.

use super::members::{HUB, key_of, route_to};
use super::till::{Running, SimTill};
use agent::link::books::TillBooks;
use agent::link::host::Errand;
use std::collections::BTreeSet;
use sync::link::Route;
use sync::session::Pace;
use sync::store::LogBooks;

impl Running {
    /// The log in both files; nobody seals through it.
    pub fn books(&self) -> TillBooks<'_> {
        TillBooks::new(LogBooks::new(self.till.store().connection(), None), self.downstream.books())
    }
}

impl SimTill<'_> {
    /// Tells the exchange what the till has written since.
    pub fn refresh(&mut self, ms: u64) {
        let (now, _version) = (self.now(ms), self.version());
        let Some(running) = &mut self.running else { return };
        if let Ok(here) = running.books().held() {
            running.host.refresh(now, here);
        }
    }

    pub fn up(&mut self, ms: u64, member: usize) {
        let (now, _version) = (self.now(ms), self.version());
        let Some(Running { till, downstream, host }) = &mut self.running else { return };
        let pace = if member == HUB { Pace::HUB } else { Pace::SHOP };
        let log = LogBooks::new(till.store().connection(), None);
        let mut books = TillBooks::new(log, downstream.books());
        host.up(now, route_to(member), pace, &mut books).unwrap();
    }

    pub fn down(&mut self, member: usize) {
        if let Some(running) = &mut self.running {
            running.host.down(&route_to(member));
        }
    }

    pub fn receive(&mut self, ms: u64, from: &Route, bytes: &[u8]) {
        let (now, _version) = (self.now(ms), self.version());
        let Some(Running { till, downstream, host }) = &mut self.running else { return };
        let log = LogBooks::new(till.store().connection(), None);
        let mut books = TillBooks::new(log, downstream.books());
        host.receive(now, from, bytes, &mut books).unwrap();
    }

    /// Does what the exchange asks of the till; gives how often it had to begin anew.
    pub fn errands(&mut self, ms: u64) -> u32 {
        let (now, wall, _version) = (self.now(ms), self.wall(ms), self.version());
        let mut anew = 0;
        let mut any = false;
        while let Some(Running { till, downstream, host }) = &mut self.running {
            let Some(errand) = host.next_errand(now) else { break };
            any = true;
            match errand {
                Errand::Till(word, about) => {
                    let (reply, effects) = till.hear(wall, word);
                    host.answered(now, about, reply.ok());
                    let wants = host.wants_anew();
                    self.carry_out(ms, effects);
                    if wants {
                        anew += 1;
                        self.begin_anew(ms);
                    }
                }
                Errand::Catalogue(word, about) => {
                    let delivered = downstream.hear(wall, word);
                    host.delivered(now, about, delivered.ok());
                }
            }
        }
        if any {
            self.refresh(ms);
        }
        anew
    }

    fn begin_anew(&mut self, ms: u64) {
        let replica = self.draw_replica();
        let (now, wall) = (self.now(ms), self.wall(ms));
        let Some(Running { till, host, .. }) = &mut self.running else { return };
        let (word, about) = host.anew(replica);
        let (reply, effects) = till.hear(wall, word);
        // A full disk: the process ends, and its next start decides again.
        let Ok(reply) = reply else {
            self.running = None;
            return;
        };
        host.answered(now, about, Some(reply));
        self.carry_out(ms, effects);
        self.write_witness();
        self.refresh(ms);
    }

    /// The next frame that it sends.
    pub fn next_frame(&mut self, ms: u64) -> Option<(Route, Vec<u8>)> {
        let (now, _version) = (self.now(ms), self.version());
        let key = key_of(self.id);
        let Running { till, downstream, host } = self.running.as_mut()?;
        let log = LogBooks::new(till.store().connection(), Some(key));
        let mut books = TillBooks::new(log, downstream.books());
        host.next_frame(now, &mut books, &BTreeSet::new()).unwrap()
    }

    /// When time alone brings something.
    pub fn wake_at(&self) -> Option<u64> {
        self.running.as_ref().and_then(|running| running.host.wake_at(&BTreeSet::new()))
    }
}
