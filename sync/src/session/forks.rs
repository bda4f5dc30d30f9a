//! Branches of streams that forked: whoever keeps one hands it on, so that it comes to all who have
//! the stream, though its writer may be gone.
//!
//! Both sides say which branches they keep. What one lacks it asks for; it comes as runs, which the
//! host keeps beside the stream like any other branch.

use super::peer::Peer;
use super::{Books, Now};
use crate::link::Route;
use crate::log::StreamId;
use crate::wire::{Forks, Frame, MAX_TIPS, Tip};
use std::collections::{BTreeMap, BTreeSet};

/// The most branches that are asked for at a time of what one route says; the others when they are
/// told of again. Of each route by itself, so that one that makes branches up leaves room for what
/// others keep.
const MAX_MISSING: usize = MAX_TIPS;

/// The waits between two askings grow up to that many doublings.
const MOST_TRIES: u32 = 6;

/// How often a branch is asked for: where its keepers have pruned its beginning, it never is whole.
/// When somebody tells of it again it is asked for again.
const MOST_ASKED: u32 = 12;

/// A branch that somebody keeps and that is not here.
#[derive(Debug)]
struct Missing {
    routes: BTreeSet<Route>,
    due_at: u64,
    tries: u32,
}

/// The branches that others keep.
#[derive(Debug, Default)]
pub(super) struct Branches {
    missing: BTreeMap<Tip, Missing>,
    /// How many of those each route keeps.
    told: BTreeMap<Route, usize>,
    /// A branch was kept since the peers were told.
    grew: bool,
}

impl Branches {
    /// Something was kept beside a stream.
    pub const fn grow(&mut self) {
        self.grew = true;
    }

    /// Whether peers are to be told, which is asked once.
    pub const fn take_grown(&mut self) -> bool {
        std::mem::replace(&mut self.grew, false)
    }

    /// A peer keeps a branch that is not here.
    pub fn miss(&mut self, now: Now, route: &Route, tip: Tip) {
        let told = self.told.entry(route.clone()).or_default();
        if *told < MAX_MISSING {
            let fresh = Missing { routes: BTreeSet::new(), due_at: now.ms, tries: 0 };
            let is_new = self.missing.entry(tip).or_insert(fresh).routes.insert(route.clone());
            *told += usize::from(is_new);
        }
    }

    /// A branch is not asked for any more.
    fn give_up(&mut self, tip: &Tip) {
        for route in self.missing.remove(tip).into_iter().flat_map(|missing| missing.routes) {
            if let Some(told) = self.told.get_mut(&route) {
                *told = told.saturating_sub(1);
            }
        }
    }

    /// Whether entries of a stream's branches are waited for.
    pub fn awaits(&self, stream: StreamId) -> bool {
        self.missing.keys().any(|tip| tip.stream == stream)
    }

    /// A peer is gone.
    pub fn forget(&mut self, route: &Route) {
        self.told.remove(route);
        self.missing.retain(|_, missing| {
            missing.routes.remove(route);
            !missing.routes.is_empty()
        });
    }

    /// Asks for what is due, each time another of those who keep it.
    pub fn ask<B: Books>(
        &mut self,
        now: Now,
        books: &mut B,
        peers: &mut BTreeMap<Route, Peer>,
    ) -> Result<(), B::Error> {
        let due: Vec<Tip> =
            self.missing.iter().filter(|it| it.1.due_at <= now.ms).map(|it| *it.0).collect();
        for tip in due {
            let Some(missing) = self.missing.get_mut(&tip) else { continue };
            if missing.tries >= MOST_ASKED || books.has_tip(&tip, 1)? {
                self.give_up(&tip);
                continue;
            }
            let turn = usize::try_from(missing.tries).unwrap_or(0) % missing.routes.len().max(1);
            let Some(peer) = missing.routes.iter().nth(turn).and_then(|it| peers.get_mut(it))
            else {
                self.give_up(&tip);
                continue;
            };
            peer.say(Frame::Forks(Forks { kept: Vec::new(), wanted: vec![tip] }));
            missing.due_at = now.ms + (peer.pace.retry_ms << missing.tries.min(MOST_TRIES));
            missing.tries += 1;
        }
        Ok(())
    }

    /// When something is to be asked for, or told.
    pub fn due_at(&self) -> Option<u64> {
        if self.grew {
            return Some(0);
        }
        self.missing.values().map(|missing| missing.due_at).min()
    }
}
