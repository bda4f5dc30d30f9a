//! Snapshots between the exchange and the catalogue's writer: fetched where much is missing, handed
//! on where somebody asks.

use super::{About, Errand, Host, Subject};
use crate::link::fetch::{Step, Wanted};
use crate::store::catalogue::downstream::{Offer, Word};
use std::sync::Arc;
use sync::link::Route;
use sync::session::Now;
use sync::snapshot::{Sealed, StreamHead};
use sync::wire::{Answer, Page};

/// What a peer learns who asks for what is not here.
const NONE: &str = "this till keeps no such snapshot";

impl Host {
    /// A snapshot is the shorter way to what a peer holds.
    pub(super) fn fall_behind(&mut self, now: Now, route: Route) {
        let step = self.fetch.begin(now.ms, route);
        self.fetch_step(now, step);
    }

    /// Does what the fetch says; a manifest is for the catalogue's writer to look at.
    pub(super) fn fetch_step(&mut self, now: Now, step: Step) -> Option<Errand> {
        match step {
            Step::Ask(route, ask) => {
                // One that can't be said now is late in time, and asked again.
                self.exchange.ask(&route, ask);
                None
            }
            // One with other zones' prices would sell at them; what is no manifest is evidence.
            Step::Offered(manifest) if self.is_of_other_zones(&manifest) => {
                self.fetch_over(now, false);
                None
            }
            Step::Offered(manifest) => {
                let trust = Arc::clone(&self.trust);
                let word = Word::Offered { manifest, trust };
                Some(Errand::Catalogue(word, About(Subject::Fetch)))
            }
            Step::GiveUp => {
                self.fetch_over(now, false);
                None
            }
        }
    }

    /// A page that came, where it was asked for.
    pub(super) fn hear_page(&mut self, now: Now, route: &Route, page: Page) -> Option<Errand> {
        let trust = Arc::clone(&self.trust);
        let asked = self.fetch.came(now.ms, route, &page);
        asked.then_some(Errand::Catalogue(Word::Page { page, trust }, About(Subject::Fetch)))
    }

    /// What a peer asks of the snapshot that is kept here.
    pub(super) fn wanted(route: Route, number: u64, wanted: Wanted) -> Errand {
        let pages = match wanted {
            Wanted::Manifest => None,
            Wanted::Pages(snapshot, pages) => Some((snapshot, pages)),
        };
        Errand::Catalogue(Word::Wanted(pages), About(Subject::Wanted { route, number }))
    }

    /// What the catalogue's writer made of an offer or of a page; `None` when it failed.
    pub(super) fn fetched(&mut self, now: Now, offer: Option<Offer>) {
        match offer {
            Some(Offer::Missing { snapshot, pages }) => {
                if let Some(step) = self.fetch.want(now.ms, snapshot, pages) {
                    self.fetch_step(now, step);
                }
            }
            Some(Offer::Taken) => self.fetch_over(now, true),
            _ => self.fetch_over(now, false),
        }
    }

    /// What the catalogue's writer has for a peer.
    pub(super) fn hand_on(&mut self, route: &Route, number: u64, offer: Option<Offer>) {
        match offer {
            Some(Offer::Manifest(body)) => {
                self.exchange.answer(route, Answer { number, ok: true, body });
            }
            Some(Offer::Pages(pages)) => {
                for page in pages {
                    self.exchange.page(route, page);
                }
            }
            _ => {
                let body = NONE.as_bytes().to_vec();
                self.exchange.answer(route, Answer { number, ok: false, body });
            }
        }
    }

    /// The line that a snapshot came over is down: what is here of it stays.
    pub(super) fn fetch_cut(&mut self, route: &Route) {
        self.fetch.cut(route);
    }

    pub(super) fn is_of_other_zones(&self, manifest: &[u8]) -> bool {
        let heads = Sealed::read(manifest).map(|sealed| sealed.manifest().heads.clone());
        let other = |head: &StreamHead| !self.exchange.has_use_for(head.stream.kind);
        heads.is_ok_and(|heads| heads.iter().any(other))
    }

    fn fetch_over(&mut self, now: Now, helped: bool) {
        self.fetch.over();
        let trust = Arc::clone(&self.trust);
        self.exchange.snapshot_over(now, &trust, helped);
    }
}
