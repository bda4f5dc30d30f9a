//! When a snapshot is a shorter way than entries, and whom it is asked of.
//!
//! While one is on its way, entries of the hub's streams are not asked for: most would come twice.

use crate::link::Route;
use crate::log::StreamId;
use crate::wire::Held;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer entries than this are shorter than any snapshot: some megabytes of price changes.
const FEW: u64 = 32;

/// A snapshot is asked for when so great a part is missing: one in this many.
const PART: u64 = 5;

/// Whether a snapshot is asked for, and of whom it is not to be had.
#[derive(Debug, Default)]
pub(super) struct Shortcut {
    asked: Option<Route>,
    without: BTreeSet<Route>,
}

impl Shortcut {
    /// Whether one is on its way.
    pub const fn is_open(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether to ask a peer for one now, who holds `theirs` while `held` is here; `takes` says which
    /// streams are of any use.
    pub fn consider(
        &mut self,
        route: &Route,
        theirs: &BTreeMap<StreamId, Held>,
        held: &BTreeMap<StreamId, Held>,
        takes: impl Fn(StreamId) -> bool,
    ) -> bool {
        if self.is_open() || self.without.contains(route) {
            return false;
        }
        let (mut all, mut missing, mut pruned) = (0_u64, 0_u64, false);
        for their in theirs.values().filter(|it| it.stream.kind.is_hubs() && takes(it.stream)) {
            let ours = held.get(&their.stream).map_or(0, |held| held.head);
            all = all.saturating_add(their.head);
            missing = missing.saturating_add(their.head.saturating_sub(ours));
            pruned |= their.first > ours.saturating_add(1);
        }
        let far = missing >= FEW && missing.saturating_mul(PART) >= all;
        if far || pruned {
            self.asked = Some(route.clone());
        }
        self.is_open()
    }

    /// The one that was asked for is here, or did not come; a peer that could not help is not asked
    /// again on this line.
    pub fn close(&mut self, helped: bool) {
        if let Some(route) = self.asked.take().filter(|_| !helped) {
            self.without.insert(route);
        }
    }

    /// A line is gone, or both begin anew on it.
    pub fn forget(&mut self, gone: &Route) {
        self.asked.take_if(|route| route == gone);
        self.without.remove(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Hash, ReplicaId, StreamKind, Zone};

    fn held(kind: StreamKind, first: u64, head: u64) -> BTreeMap<StreamId, Held> {
        let stream = StreamId { replica: ReplicaId([9; 16]), kind };
        [(stream, Held { stream, first, head, hash: Hash([0; 32]), base: None })].into()
    }

    #[test]
    fn asked_for_when_a_fifth_is_missing_or_cannot_be_had() {
        let prices = StreamKind::Prices(Zone::new(1).unwrap());
        for (kind, first, theirs, ours, expected) in [
            (prices, 1, 1_000, 801, false),
            (prices, 1, 1_000, 800, true),
            (prices, 1, 1_000, 0, true),
            (prices, 1, FEW - 1, 0, false),
            (prices, 1, FEW, 0, true),
            (prices, 10, 11, 8, true),
            (prices, 10, 11, 9, false),
            (StreamKind::Journal, 1, 1_000, 0, false),
        ] {
            let (route, theirs) = (Route::Hub, held(kind, first, theirs));
            let ours = held(kind, 1, ours);
            let asked = Shortcut::default().consider(&route, &theirs, &ours, |_| true);
            assert_eq!(asked, expected, "{kind} from {first}, {theirs:?} and {ours:?}");
            assert!(!Shortcut::default().consider(&route, &theirs, &ours, |_| false));
        }
    }

    #[test]
    fn one_at_a_time_and_not_twice_of_whom_has_none() {
        let (theirs, mut shortcut) = (held(StreamKind::Staff, 1, 100), Shortcut::default());
        let ask = |shortcut: &mut Shortcut, route: &Route| {
            shortcut.consider(route, &theirs, &BTreeMap::new(), |_| true)
        };
        let till = Route::Till { store: "HH01".into(), thing: "till-2".into() };
        assert!(ask(&mut shortcut, &till));
        assert!(!ask(&mut shortcut, &Route::Hub), "one is on its way");
        shortcut.close(false);
        assert!(!ask(&mut shortcut, &till), "it has none");
        assert!(ask(&mut shortcut, &Route::Hub));
        shortcut.forget(&till);
        assert!(shortcut.is_open(), "another line");
        shortcut.forget(&Route::Hub);
        assert!(ask(&mut shortcut, &till), "it may have one by now");
    }
}
