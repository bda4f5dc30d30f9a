//! The world of a seed: members, lines, virtual time, one event after another in one thread.

use super::history::History;
use super::hub::Hub;
use super::members::{COUNT, HUB, SHOPS, route_to, shop_of};
use super::net::{Arrival, Ends, Net, words};
use super::script::{Step, What};
use super::till::SimTill;
use crate::dice::Dice;
use crate::shop::DemoStore;
use std::collections::BTreeMap;
use std::path::Path;
use sync::link::Route;
use sync::log::{Hash, StreamId};

/// The most frames that one member sends at one instant: more is a conversation with itself.
const MAX_BURST: usize = 5_000;

/// Something to come.
#[derive(Debug)]
enum Due {
    Frame(Arrival),
    /// A till's process starts again.
    Start(usize),
    /// A till's disk has room again.
    Room(usize),
    /// Lines may come up again.
    Lines,
    /// The hub completes what it pushed.
    Manifest,
    /// A liar is gone: whoever is honest in its place begins a new connection.
    Unmasked(Ends),
}

/// Something that a till said was done.
#[derive(Debug, Clone)]
pub struct Told {
    pub till: usize,
    pub receipt: String,
    pub stream: StreamId,
    pub seq: u64,
    pub hash: Hash,
    /// The last database that held it is gone: nobody can have it.
    pub lost: bool,
}

/// What happened in a seed, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub acts: u64,
    pub refused: u64,
    pub sales: u64,
    pub returns: u64,
    pub faults: u64,
    pub frames: u64,
    pub lost: u64,
    pub anew: u64,
    pub orphans: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.acts, other.acts),
            (&mut self.refused, other.refused),
            (&mut self.sales, other.sales),
            (&mut self.returns, other.returns),
            (&mut self.faults, other.faults),
            (&mut self.frames, other.frames),
            (&mut self.lost, other.lost),
            (&mut self.anew, other.anew),
            (&mut self.orphans, other.orphans),
        ] {
            *sum += more;
        }
    }
}

/// A world.
pub struct World<'s> {
    pub ms: u64,
    pub hub: Hub,
    /// By number, from 1: `tills[0]` is till 1.
    pub tills: Vec<SimTill<'s>>,
    pub net: Net,
    pub history: History,
    pub told: Vec<Told>,
    pub tally: Tally,
    /// Tills whose folder was put back, copied or lost: their shifts tell two stories.
    pub disturbed: [bool; COUNT + 1],
    /// Tills that lost all their files once: they knew nothing of their receipts.
    pub forgetful: [bool; COUNT + 1],
    pub enrolled: bool,
    pub revoked: Option<usize>,
    /// The till whose journal holds what only a newer version can fold again.
    pub newer: Option<usize>,
    /// Whether frames are told of.
    pub listening: bool,
    /// How much later than the script says things happen, since faults took time.
    behind_ms: u64,
    due: BTreeMap<(u64, u64), Due>,
    order: u64,
    wakes: [Option<u64>; COUNT + 1],
}

/// The demo catalogue of each shop, imported once for all seeds.
pub struct Stores(Vec<DemoStore>);

impl Stores {
    pub fn import() -> Self {
        Self(SHOPS.iter().map(|code| DemoStore::import_as(code)).collect())
    }
}

impl<'s> World<'s> {
    /// Everyone starts and is linked.
    pub fn new(seed: u64, stores: &'s Stores, root: &Path) -> Self {
        let tills = 1..=COUNT;
        let tills = tills.map(|id| SimTill::new(id, &stores.0[shop_of(id)], root, seed));
        let mut world = Self {
            ms: 1_000,
            hub: Hub::new(1_000),
            tills: tills.collect(),
            net: Net::new(seed),
            history: History::new(seed),
            told: Vec::new(),
            tally: Tally::default(),
            disturbed: [false; COUNT + 1],
            forgetful: [false; COUNT + 1],
            enrolled: false,
            revoked: None,
            newer: None,
            listening: false,
            behind_ms: 0,
            due: BTreeMap::new(),
            order: 0,
            wakes: [None; COUNT + 1],
        };
        let mut dice = Dice::new(seed ^ 0x01d_7111);
        for id in 1..=COUNT {
            // Without the feature there is one version.
            world.till(id).old = dice.one_in(3) && cfg!(feature = "simulated");
            world.start(id);
        }
        world
    }

    pub fn till(&mut self, id: usize) -> &mut SimTill<'s> {
        &mut self.tills[id - 1]
    }

    /// Does a step of the script at its instant.
    pub fn step(&mut self, step: &Step) {
        self.until(step.at_ms + self.behind_ms);
        let dice = Dice::new(step.salt);
        match step.what {
            What::Act(till, act) => self.act(till, act, dice),
            What::Fault(fault) => {
                self.tally.faults += 1;
                self.fault(fault, dice);
            }
        }
    }

    /// Lets time pass that the script does not know of.
    pub fn pass(&mut self, ms: u64) {
        self.behind_ms += ms;
        self.until(self.ms + ms);
    }

    /// Lets time pass up to `ms`.
    pub fn until(&mut self, ms: u64) {
        let end = ms.max(self.ms);
        loop {
            let due = self.due.keys().next().map(|(at, _)| *at);
            let wake = self.wakes.iter().flatten().min().copied();
            let Some(next) = due.into_iter().chain(wake).min().filter(|next| *next <= end) else {
                break;
            };
            self.ms = self.ms.max(next);
            if due.is_some_and(|due| due <= next) {
                let (_, due) = self.due.pop_first().expect("looked");
                self.happen(due);
            } else if let Some(id) = self.wakes.iter().position(|wake| *wake == Some(next)) {
                self.pump(id);
            }
        }
        self.ms = end;
    }

    fn later(&mut self, at: u64, due: Due) {
        self.order += 1;
        self.due.insert((at, self.order), due);
        assert!(self.due.len() < super::net::MAX_UNDER_WAY, "the network holds ever more frames");
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Frame(arrival) => self.arrive(arrival),
            Due::Start(id) => self.start(id),
            Due::Room(id) => {
                self.till(id).shim.heal();
                self.history.tell(self.ms, &format!("till {id} has room again"));
            }
            Due::Lines => self.relink(),
            Due::Manifest => {
                self.hub.complete_pushes(self.ms);
                self.pump(HUB);
            }
            Due::Unmasked(ends) => self.reconnect(ends),
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let Arrival { from, to, epoch, bytes } = arrival;
        let line = self.net.line(Net::ends(from, to));
        if !line.up || line.epoch != epoch {
            return;
        }
        let (ms, route) = (self.ms, route_to(from));
        if to == HUB {
            self.hub.receive(ms, &route, &bytes);
            self.pump(HUB);
            return;
        }
        let till = self.till(to);
        let Some(seed) = till.cut.take() else {
            till.receive(ms, &route, &bytes);
            self.pump(to);
            return;
        };
        let recording = till.record();
        till.receive(ms, &route, &bytes);
        till.errands(ms);
        self.power_gone(to, &recording, seed);
    }

    /// The power of a till goes at some write since the recording began; nothing of it was said.
    pub fn power_gone(&mut self, id: usize, recording: &crate::vfs::Recording, seed: u64) {
        self.till(id).cut_power(recording, seed);
        self.stopped(id, 500 + seed % 20_000);
    }

    /// A till's process has ended; it comes back after a while.
    pub fn stopped(&mut self, id: usize, for_ms: u64) {
        self.till(id).shim.heal();
        self.wakes[id] = None;
        self.relink();
        self.later(self.ms + for_ms, Due::Start(id));
    }

    fn start(&mut self, id: usize) {
        let ms = self.ms;
        if self.till(id).running.is_some() {
            return;
        }
        if let Err(why) = self.till(id).start(ms) {
            panic!("till {id} does not start: {why}");
        }
        self.history.tell(ms, &format!("till {id} starts"));
        self.relink();
        self.pump(id);
    }

    /// A till's disk has room again after a while.
    pub fn room_after(&mut self, id: usize, for_ms: u64) {
        self.later(self.ms + for_ms, Due::Room(id));
    }

    /// The hub completes its push after a while.
    pub fn complete_push_after(&mut self, for_ms: u64) {
        self.later(self.ms + for_ms, Due::Manifest);
    }

    /// Looks at the lines again after a while.
    pub fn relink_after(&mut self, for_ms: u64) {
        self.later(self.ms + for_ms, Due::Lines);
    }

    /// Brings lines up that can be, and down that cannot.
    pub fn relink(&mut self) {
        let (ms, runs) =
            (self.ms, |world: &Self, id: usize| id == HUB || world.tills[id - 1].running.is_some());
        let all: Vec<_> = self.net.lines.keys().copied().collect();
        for (a, b) in all {
            let wanted = runs(self, a) && runs(self, b) && ms >= self.net.line((a, b)).cut_until;
            let line = self.net.line((a, b));
            if wanted == line.up {
                continue;
            }
            line.up = wanted;
            line.epoch += 1;
            for (id, other) in [(a, b), (b, a)] {
                match (id, wanted) {
                    (HUB, true) => self.hub.up(ms, other),
                    (HUB, false) => self.hub.down(other),
                    (_, true) => self.till(id).up(ms, other),
                    (_, false) => self.till(id).down(other),
                }
            }
            if wanted {
                self.pump(a);
                self.pump(b);
            }
        }
    }

    /// Breaks a line for a moment, so that both ends begin anew.
    pub fn reconnect(&mut self, ends: Ends) {
        self.net.line(ends).cut_until = self.ms + 1;
        self.relink();
        self.relink_after(1);
    }

    /// Lets a member do what it has to, and sends what it says.
    pub fn pump(&mut self, id: usize) {
        let ms = self.ms;
        if id == HUB {
            self.hub.errands(ms);
        } else {
            let anew = self.till(id).errands(ms);
            if anew > 0 {
                assert!(self.disturbed[id], "till {id} begins anew, and its files are its own");
                self.tally.anew += u64::from(anew);
                self.history.tell(ms, &format!("till {id} goes on as another incarnation"));
            }
            if self.till(id).running.is_none() {
                self.stopped(id, 5_000);
                return;
            }
        }
        let mut sent = 0;
        while let Some((route, bytes)) = self.next_frame(id) {
            sent += 1;
            assert!(sent < MAX_BURST, "member {id} sends without end");
            let Some(to) = member_at(&route) else { continue };
            self.history.frame(ms, id, to, &bytes);
            if let Err(broken) = super::laws::marks_are_durable(self, id, &bytes) {
                panic!("{broken}");
            }
            if self.listening {
                self.history.tell(ms, &format!("{id} to {to}: {}", words(&bytes)));
            }
            let ends = Net::ends(id, to);
            let lied = self.net.line(ends).lies == 1;
            for (at, arrival) in self.net.carry(ms, id, to, bytes) {
                self.later(at, Due::Frame(arrival));
            }
            if lied && self.net.line(ends).lies == 0 {
                self.later(ms + 500, Due::Unmasked(ends));
            }
        }
        let wake = match id {
            HUB => self.hub.wake_at(),
            _ => self.till(id).wake_at(),
        };
        self.wakes[id] = wake.map(|wake| wake.max(ms + 1));
        if id != HUB
            && let Some(blackout) = self.till(id).next_turn()
        {
            self.history.tell(ms, &format!("till {id}: the power goes"));
            let at = blackout.recording.len();
            self.till(id).cut_power_at(&blackout.recording, at, blackout.seed);
            self.stopped(id, 500 + blackout.seed % 20_000);
        }
    }

    fn next_frame(&mut self, id: usize) -> Option<(Route, Vec<u8>)> {
        let ms = self.ms;
        if id == HUB { self.hub.next_frame(ms) } else { self.till(id).next_frame(ms) }
    }

    /// Puts every row of every database into the history.
    pub fn note_contents(&mut self) {
        let ms = self.ms;
        let mut rows = super::contents::rows(&self.hub.conn);
        self.tally.orphans = rows.iter().filter(|row| row.starts_with("orphan ")).count() as u64;
        for till in &self.tills {
            rows.extend(till.conn().map(super::contents::rows).unwrap_or_default());
            rows.extend(super::contents::rows(&till.catalogue()));
        }
        for row in rows {
            self.history.note(ms, &row);
        }
    }

    /// Nobody waits at any till.
    pub fn tidy(&mut self) {
        let ms = self.ms;
        for id in 1..=COUNT {
            self.till(id).tidy(ms);
            self.till(id).refresh(ms);
            self.pump(id);
        }
    }

    /// Everything that was broken is mended, and everyone runs.
    pub fn heal(&mut self) {
        for id in 1..=COUNT {
            let till = self.till(id);
            till.shim.heal();
            (till.cut, till.blackout) = (None, None);
            till.skew_ms = 0;
            if std::mem::take(&mut till.old) && till.running.is_some() {
                till.crash();
                self.relink();
            }
            self.start(id);
        }
        self.history.tell(self.ms, "all is mended");
        let all: Vec<Ends> = self.net.lines.keys().copied().collect();
        for ends in all {
            let line = self.net.line(ends);
            (line.cut_until, line.silent_until, line.noisy_until) = (0, 0, 0);
            if std::mem::take(&mut line.lies) > 0 {
                self.reconnect(ends);
            }
        }
        self.relink();
    }
}

/// Which member a route leads to.
fn member_at(route: &Route) -> Option<usize> {
    (HUB..=COUNT).find(|id| route_to(*id) == *route)
}
