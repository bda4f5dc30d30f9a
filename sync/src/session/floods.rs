//! Floods: what one peer may make this replica do before it is not listened to for a while.
//!
//! Each route has a budget of work. What a peer says is paid from it, dearer the more it makes this
//! side do; entries that were new cost nothing in the end, so a peer may bring as much of the log as
//! it has. Who has spent all is not heard for a pause, and what it said meanwhile is lost like any
//! frame: the exchange says anew what is here once the pause is over, and both go on from there.
//!
//! [`super::Exchange`] asks before it reads a frame. What a link holds in its queues is bounded by
//! the link itself, what is sent by how fast the peer takes it.

use crate::batch::Batch;
use crate::link::Route;
use crate::store::ROW_BYTES;
use crate::wire::Frame;
use std::collections::BTreeMap;

/// What a budget holds, in units: a unit is about a tenth of a millisecond of this side's work, or
/// one small frame. An honest peer says the most when it meets a replica that is new to the chain.
/// Of these each alone stays below, most by far:
///
/// | | units |
/// | --- | --- |
/// | papers of 5,000 tills, told six times in half a minute for want of a mark | 8,500 |
/// | a digest of 1,000 streams after each of 157 frames of papers | 5,350 |
/// | questions for every page of the longest snapshot, or those pages themselves | 2,700 |
/// | a week's sales, said by a second peer as well: runs that are known already | 5,500 |
/// | checkpoints of 200 streams of which something is here already | 12,800 |
const BURST: u64 = 16_384;

/// What comes back to a budget in a second. Marks say the most in a quiet shop: one frame each 5 ms.
const UNITS_PER_S: u64 = 256;

/// How long a peer that has spent all is not listened to: as long as its budget takes to be whole
/// again, so that an alarm a minute is the most it can cause.
pub(super) const PAUSE_MS: u64 = 60_000;

/// A line that came up: papers and a digest are said.
pub(super) const UP: u64 = 32;

/// A checkpoint that was not believed, or behind which what is here of its stream is folded anew. One
/// where nothing was here costs nothing: a new till hears of thousands.
pub(super) const BEGIN: u64 = 64;

/// What folding so many entries anew behind a checkpoint costs.
pub(super) const fn begin(entries: u64) -> u64 {
    BEGIN + entries / 32
}

/// What a run that does not just go on from what is here costs besides [`RUN`]: a unit for so many
/// bytes. It may be a branch, and is kept beside the stream then.
const BESIDE_BYTES: usize = 4 << 10;

/// A frame of a newer version's kind.
pub(super) const UNHEARD: u64 = 1;

/// A run: it is verified and written. Given back when it was new.
pub(super) const RUN: u64 = 16;

/// What can't be believed: it is written down, with an alarm.
pub(super) const DISBELIEVED: u64 = 128;

/// A frame of papers of which some can't be believed; fewer than above, since papers of a newer
/// version are none of a liar's.
pub(super) const DISBELIEVED_PAPERS: u64 = 32;

/// Budgets of routes that are not full are kept though their lines are gone; from so many on, whole
/// ones are thrown away first.
const FEW_ROUTES: usize = 64;

/// Whether a frame is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listen {
    /// It is.
    Hear,
    /// The peer has just spent all: a pause begins with this frame.
    Begun,
    /// The peer is not listened to now.
    Pause,
}

/// What every peer may still make this replica do.
#[derive(Debug, Default)]
pub(super) struct Floods {
    budgets: BTreeMap<Route, Budget>,
    /// With so many budgets whole ones are thrown away next.
    tidy_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Budget {
    /// Thousandths of a unit, so that each millisecond brings a whole number of them.
    left: u64,
    /// When `left` was reckoned.
    at_ms: u64,
    paused_until: Option<u64>,
}

impl Floods {
    /// Whether to read the next frame of a route.
    pub fn listen(&mut self, now_ms: u64, route: &Route) -> Listen {
        let budget = self.budget(now_ms, route);
        if budget.paused_until.is_some_and(|until| now_ms < until) {
            return Listen::Pause;
        }
        if budget.left > 0 {
            return Listen::Hear;
        }
        budget.paused_until = Some(now_ms + PAUSE_MS);
        Listen::Begun
    }

    /// Takes from a route's budget what it made this replica do.
    pub fn charge(&mut self, now_ms: u64, route: &Route, units: u64) {
        let budget = self.budget(now_ms, route);
        budget.left = budget.left.saturating_sub(units * 1_000);
    }

    /// Gives back what turned out to be of use.
    pub fn refund(&mut self, now_ms: u64, route: &Route, units: u64) {
        let budget = self.budget(now_ms, route);
        budget.left = (budget.left + units * 1_000).min(BURST * 1_000);
    }

    /// The routes whose pause is over, each once.
    pub fn take_over(&mut self, now_ms: u64) -> Vec<Route> {
        let over = |budget: &mut Budget| budget.paused_until.take_if(|until| now_ms >= *until);
        let paused = self.budgets.iter_mut().filter_map(|(route, it)| over(it).map(|_| route));
        paused.cloned().collect()
    }

    /// When the next pause is over.
    pub fn due_at(&self) -> Option<u64> {
        self.budgets.values().filter_map(|budget| budget.paused_until).min()
    }

    fn budget(&mut self, now_ms: u64, route: &Route) -> &mut Budget {
        if !self.budgets.contains_key(route) && self.budgets.len() >= self.tidy_at {
            self.budgets.retain(|_, budget| !budget.refilled(now_ms).is_whole());
            self.tidy_at = FEW_ROUTES.max(self.budgets.len() * 2);
        }
        let whole = Budget { left: BURST * 1_000, at_ms: now_ms, paused_until: None };
        let budget = self.budgets.entry(route.clone()).or_insert(whole);
        *budget = budget.refilled(now_ms);
        budget
    }
}

impl Budget {
    /// As it is at an instant.
    fn refilled(self, now_ms: u64) -> Self {
        // Units in a second are thousandths of one in a millisecond.
        let come = now_ms.saturating_sub(self.at_ms).saturating_mul(UNITS_PER_S);
        let left = self.left.saturating_add(come).min(BURST * 1_000);
        Self { left, at_ms: self.at_ms.max(now_ms), ..self }
    }

    const fn is_whole(self) -> bool {
        self.left == BURST * 1_000 && self.paused_until.is_none()
    }
}

/// What a peer that begins anew on its line makes this replica say besides a digest that is told on a
/// line that came up: all papers, and what is here of so many streams.
pub(super) const fn anew(papers: usize, streams: usize) -> u64 {
    UP + (papers / 8 + streams / 32) as u64
}

/// What a run costs that does not just go on from what is here.
pub(super) fn beside(run: &Batch) -> u64 {
    let bytes: usize = run.entries.iter().map(|entry| entry.body.len() + ROW_BYTES).sum();
    (bytes / BESIDE_BYTES) as u64
}

/// What a frame makes this replica do, in units.
pub(super) fn cost(frame: &Frame) -> u64 {
    // Lists are weighed by their length: a look into the log each, a signature each.
    let of = |base: u64, list: usize, each: usize| base + (list / each) as u64;
    match frame {
        Frame::Have(have) => of(2, have.streams.len(), 32),
        // Each may make this side send a window of runs again.
        Frame::Want(want) => of(16, want.streams.len(), 32),
        Frame::Run(_) => RUN,
        Frame::Part(_) | Frame::Page(_) => 2,
        Frame::Mark(mark) => of(1, mark.streams.len(), 64),
        Frame::Papers(papers) => of(1, papers.len(), 8),
        Frame::Forks(forks) => of(2, forks.kept.len() + forks.wanted.len(), 4),
        // Pages are read and sent.
        Frame::Ask(_) => 16,
        Frame::Answer(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::StreamKind;

    fn till(number: usize) -> Route {
        Route::Till { store: "HH01".into(), thing: format!("till-{number}") }
    }

    #[test]
    fn who_spends_all_is_not_heard_for_a_pause_and_then_has_all_but_whole_a_budget() {
        let mut floods = Floods::default();
        let (liar, other) = (till(1), till(2));
        floods.charge(0, &liar, BURST - 1);
        assert_eq!(floods.listen(0, &liar), Listen::Hear);
        floods.charge(0, &liar, 1_000);
        assert_eq!(floods.listen(0, &liar), Listen::Begun);
        for ms in [0, 1, PAUSE_MS - 1] {
            assert_eq!(floods.listen(ms, &liar), Listen::Pause, "at {ms}");
            assert_eq!(floods.listen(ms, &other), Listen::Hear, "another's budget");
        }
        assert_eq!(floods.due_at(), Some(PAUSE_MS));
        assert_eq!(floods.take_over(PAUSE_MS - 1), []);
        assert_eq!(floods.take_over(PAUSE_MS), std::slice::from_ref(&liar));
        assert_eq!(floods.take_over(PAUSE_MS), [], "once");
        floods.charge(PAUSE_MS, &liar, UNITS_PER_S * PAUSE_MS / 1_000 - 1);
        assert_eq!(floods.listen(PAUSE_MS, &liar), Listen::Hear);
        floods.charge(PAUSE_MS, &liar, 1);
        assert_eq!(floods.listen(PAUSE_MS, &liar), Listen::Begun, "as long as before");
    }

    #[test]
    fn what_comes_back_is_never_more_than_a_whole_budget() {
        let (mut floods, route) = (Floods::default(), Route::Fan(StreamKind::Settings));
        floods.charge(0, &route, BURST);
        floods.refund(0, &route, RUN);
        assert_eq!(floods.budget(0, &route).left, RUN * 1_000);
        floods.refund(0, &route, BURST);
        assert_eq!(floods.budget(0, &route).left, BURST * 1_000);
        assert_eq!(floods.budget(u64::MAX, &route).left, BURST * 1_000);
    }

    /// A hub has thousands of tills, and whoever comes and goes leaves nothing behind.
    #[test]
    fn budgets_that_are_whole_again_are_thrown_away() {
        let mut floods = Floods::default();
        let spent = till(0);
        floods.charge(1, &spent, BURST);
        for number in 1..10_000 {
            floods.charge(u64::try_from(number).unwrap(), &till(number), 1);
        }
        assert!(floods.budgets.len() < 2 * FEW_ROUTES, "{}", floods.budgets.len());
        assert!(floods.budgets.contains_key(&spent), "a new line is no new budget");
    }
}
