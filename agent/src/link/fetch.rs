//! A snapshot fetched over a line: what was asked of whom, and when it is asked again.
//!
//! Questions travel as those about carts do ([`super::claims`]). Topic 2 asks for the manifest of the
//! snapshot that a peer keeps; its question is empty, its answer the manifest. Topic 3 asks for pages:
//! the snapshot, 8 bytes, and page numbers, 4 bytes each, big-endian; they come as pages, and only what
//! can't be had is answered. Pages that are lost are asked for again.

use crate::store::catalogue::downstream::PAGES_AT_ONCE;
use sync::link::Route;
use sync::snapshot::SnapshotId;
use sync::wire::{Answer, Ask, Page};

/// The topic of the question for a manifest.
const MANIFEST: u16 = 2;
/// The topic of the question for pages.
const PAGES: u16 = 3;

/// Numbers of these questions begin here, so that no answer to a claim is taken for one to them.
const FIRST_NUMBER: u64 = 1 << 32;

/// How long an answer, or the next page, is waited for: a megabyte over a slow line to the hub.
const PATIENCE_MS: u64 = 30_000;

/// How often the same is asked again before entries are asked for instead.
const TRIES: u32 = 5;

/// What a peer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The manifest of what is kept here.
    Manifest,
    /// Pages of a snapshot.
    Pages(SnapshotId, Vec<u32>),
}

/// What follows from time, or from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask this.
    Ask(Route, Ask),
    /// A manifest came.
    Offered(Vec<u8>),
    /// It is not to be had.
    GiveUp,
}

/// The snapshot that is fetched, if any.
#[derive(Debug, Default)]
pub struct Fetch {
    last: u64,
    under_way: Option<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    route: Route,
    number: u64,
    topic: u16,
    /// The pages that were asked for and did not come yet.
    pages: Option<(SnapshotId, Vec<u32>)>,
    due: u64,
    /// How often the same was asked for, or came and was no good.
    tries: u32,
    /// The first pages that were missing when last looked at.
    missing: Vec<u32>,
}

impl Fetch {
    /// Asks a peer for a snapshot.
    pub fn begin(&mut self, now_ms: u64, route: Route) -> Step {
        self.ask(now_ms, route, (MANIFEST, Vec::new()), None, (0, Vec::new()))
    }

    /// Asks for the pages that are missing; `None` while some of those asked for may still come, or
    /// nobody is asked any more. Whoever sends pages that are no good is given up in the end.
    pub fn want(&mut self, now_ms: u64, snapshot: SnapshotId, missing: Vec<u32>) -> Option<Step> {
        let under_way = self.under_way.as_mut()?;
        if under_way.missing == missing {
            under_way.tries += 1;
        } else {
            (under_way.tries, under_way.missing) = (0, missing.clone());
        }
        if under_way.tries > TRIES {
            self.under_way = None;
            return Some(Step::GiveUp);
        }
        if let Some((asked, pages)) = &under_way.pages
            && *asked == snapshot
            && pages.iter().any(|page| missing.contains(page))
        {
            return None;
        }
        let (route, tries) = (under_way.route.clone(), under_way.tries);
        Some(self.ask_pages(now_ms, route, snapshot, missing.clone(), (tries, missing)))
    }

    /// Notes a page; false when nobody asked for it.
    pub fn came(&mut self, now_ms: u64, route: &Route, page: &Page) -> bool {
        let asked = self.under_way.as_mut().filter(|it| it.route == *route);
        let Some(UnderWay { pages: Some((snapshot, pages)), due, .. }) = asked else {
            return false;
        };
        let Some(at) = pages.iter().position(|it| *it == page.number) else { return false };
        if snapshot.0 != page.snapshot {
            return false;
        }
        pages.remove(at);
        *due = now_ms + PATIENCE_MS;
        true
    }

    /// What an answer says; `None` when it is to none of these questions.
    pub fn answered(&mut self, route: &Route, answer: &Answer) -> Option<Step> {
        let asked = self.under_way.as_ref()?;
        if asked.route != *route || asked.number != answer.number {
            return None;
        }
        if answer.ok && asked.topic == MANIFEST {
            return Some(Step::Offered(answer.body.clone()));
        }
        self.under_way = None;
        Some(Step::GiveUp)
    }

    /// It is here, or given up.
    pub fn over(&mut self) {
        self.under_way = None;
    }

    /// A line is down; true when a snapshot was fetched over it.
    pub fn cut(&mut self, route: &Route) -> bool {
        self.under_way.take_if(|it| it.route == *route).is_some()
    }

    /// What is to be done about what did not come in time.
    pub fn late(&mut self, now_ms: u64) -> Option<Step> {
        let late = self.under_way.take_if(|it| now_ms >= it.due)?;
        if late.tries >= TRIES {
            return Some(Step::GiveUp);
        }
        let UnderWay { route, pages, tries, missing, .. } = late;
        let so_far = (tries + 1, missing);
        Some(match pages {
            // What came of them is not sent again.
            Some((snapshot, pages)) => self.ask_pages(now_ms, route, snapshot, pages, so_far),
            None => self.ask(now_ms, route, (MANIFEST, Vec::new()), None, so_far),
        })
    }

    /// When the next is late.
    #[must_use]
    pub fn due_at(&self) -> Option<u64> {
        self.under_way.as_ref().map(|under_way| under_way.due)
    }

    fn ask_pages(
        &mut self,
        now_ms: u64,
        route: Route,
        snapshot: SnapshotId,
        pages: Vec<u32>,
        so_far: (u32, Vec<u32>),
    ) -> Step {
        let mut body = snapshot.0.to_be_bytes().to_vec();
        body.extend(pages.iter().flat_map(|page| page.to_be_bytes()));
        self.ask(now_ms, route, (PAGES, body), Some((snapshot, pages)), so_far)
    }

    fn ask(
        &mut self,
        now_ms: u64,
        route: Route,
        (topic, body): (u16, Vec<u8>),
        pages: Option<(SnapshotId, Vec<u32>)>,
        (tries, missing): (u32, Vec<u32>),
    ) -> Step {
        self.last += 1;
        let number = FIRST_NUMBER + self.last;
        let (to, due) = (route.clone(), now_ms + PATIENCE_MS);
        self.under_way = Some(UnderWay { route, number, topic, pages, due, tries, missing });
        Step::Ask(to, Ask { number, topic, body })
    }
}

/// What a question asks for; `None` when it is about something else.
#[must_use]
pub fn asked_for(ask: &Ask) -> Option<Wanted> {
    match ask.topic {
        MANIFEST => Some(Wanted::Manifest),
        PAGES => {
            let (snapshot, pages) = ask.body.split_first_chunk::<8>()?;
            let pages = pages.as_chunks::<4>();
            let numbers = pages.0.iter().map(|page| u32::from_be_bytes(*page));
            let sound = pages.1.is_empty() && pages.0.len() <= PAGES_AT_ONCE;
            let snapshot = SnapshotId(u64::from_be_bytes(*snapshot));
            sound.then(|| Wanted::Pages(snapshot, numbers.collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(till: u8) -> Route {
        Route::Till { store: "HH01".into(), thing: format!("till-{till}") }
    }

    fn asked(step: Option<Step>) -> Ask {
        let Some(Step::Ask(to, ask)) = step else { panic!("{step:?}") };
        assert_eq!(to, route(1));
        ask
    }

    fn page(number: u32) -> Page {
        Page { snapshot: 7, number, of: 9, rows: Vec::new() }
    }

    #[test]
    fn pages_are_asked_for_in_portions_and_again_when_they_are_lost() {
        let mut fetch = Fetch::default();
        let first = asked(Some(fetch.begin(0, route(1))));
        assert_eq!(asked_for(&first), Some(Wanted::Manifest));
        let answer = Answer { number: first.number, ok: true, body: b"manifest".to_vec() };
        assert_eq!(fetch.answered(&route(2), &answer), None, "another's word");
        let offered = fetch.answered(&route(1), &answer);
        assert_eq!(offered, Some(Step::Offered(b"manifest".to_vec())));
        let ask = asked(fetch.want(10, SnapshotId(7), vec![0, 3]));
        assert_eq!(asked_for(&ask), Some(Wanted::Pages(SnapshotId(7), vec![0, 3])));
        assert!(!fetch.came(20, &route(1), &page(1)), "nobody asked for it");
        assert!(!fetch.came(20, &route(2), &page(0)), "not of this one");
        assert!(!fetch.came(20, &route(1), &Page { snapshot: 8, ..page(0) }));
        assert!(fetch.came(20, &route(1), &page(0)));
        assert_eq!(fetch.want(20, SnapshotId(7), vec![3, 4]), None, "page 3 is on its way");
        assert_eq!(fetch.late(20 + PATIENCE_MS - 1), None);
        let again = asked(fetch.late(20 + PATIENCE_MS));
        let left = Some(Wanted::Pages(SnapshotId(7), vec![3]));
        assert_eq!(asked_for(&again), left, "what came is not sent again");
        assert!(fetch.came(60_000, &route(1), &page(3)));
        let next = asked(fetch.want(60_000, SnapshotId(7), vec![4]));
        assert_eq!(asked_for(&next), Some(Wanted::Pages(SnapshotId(7), vec![4])));
        fetch.over();
        assert_eq!(fetch.due_at(), None);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let mut fetch = Fetch::default();
        let ask = asked(Some(fetch.begin(0, route(1))));
        let none = Answer { number: ask.number, ok: false, body: Vec::new() };
        assert_eq!(fetch.answered(&route(1), &none), Some(Step::GiveUp));
        assert_eq!(fetch.answered(&route(1), &none), None, "once");
        fetch.begin(0, route(1));
        for nth in 1..=u64::from(TRIES) {
            asked(fetch.late(nth * PATIENCE_MS));
        }
        assert_eq!(fetch.late(u64::from(TRIES + 1) * PATIENCE_MS), Some(Step::GiveUp));
        fetch.begin(0, route(1));
        assert!(!fetch.cut(&route(2)));
        assert!(fetch.cut(&route(1)));
    }

    #[test]
    fn who_sends_pages_that_are_no_good_is_given_up() {
        let mut fetch = Fetch::default();
        fetch.begin(0, route(1));
        asked(fetch.want(0, SnapshotId(7), vec![0, 3]));
        assert!(fetch.came(1, &route(1), &page(0)), "a good one");
        assert_eq!(fetch.want(1, SnapshotId(7), vec![3]), None);
        for nth in 1..=u64::from(TRIES) {
            assert!(fetch.came(nth, &route(1), &page(3)));
            asked(fetch.want(nth, SnapshotId(7), vec![3]));
        }
        assert!(fetch.came(9, &route(1), &page(3)));
        assert_eq!(fetch.want(9, SnapshotId(7), vec![3]), Some(Step::GiveUp));
        assert_eq!(fetch.due_at(), None);
    }

    #[test]
    fn other_questions_are_none_of_these() {
        let many = vec![0; 8 + 4 * (PAGES_AT_ONCE + 1)];
        for (topic, body) in
            [(1, vec![0; 8]), (PAGES, vec![0; 7]), (PAGES, vec![0; 9]), (PAGES, many)]
        {
            assert_eq!(asked_for(&Ask { number: 1, topic, body }), None);
        }
    }
}
