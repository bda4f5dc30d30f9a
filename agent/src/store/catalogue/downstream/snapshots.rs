//! Snapshots on the line: one that a peer offers is collected and taken up, one that is kept is
//! handed on.
//!
//! Whom to ask, and when again, is `crate::link`'s affair.

use super::super::snapshot::{Incoming, Kept, TakeError, Taken, is_wanted, take};
use super::{Downstream, DownstreamError, Result, Suspicion};
use std::sync::Arc;
use sync::snapshot::{Sealed, SnapshotId};
use sync::store::AlarmKind;
use sync::trust::Trust;
use sync::wire::Page;

/// Pages asked for at once: a megabyte under way, and an answer before a line is held up long.
pub const PAGES_AT_ONCE: usize = 8;

/// What became of a snapshot that was offered, or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// Pages are missing, these first.
    Missing {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Pages to ask for, at most [`PAGES_AT_ONCE`].
        pages: Vec<u32>,
    },
    /// It is the catalogue now.
    Taken,
    /// It is of no use here: not believed, older, of another store.
    Declined,
    /// The manifest of the one that is kept here.
    Manifest(Vec<u8>),
    /// Pages of it.
    Pages(Vec<Page>),
    /// None is kept here, or another one.
    None,
}

impl Downstream {
    /// Looks at an offer, and begins or goes on to collect it.
    pub(super) fn offered(
        &mut self,
        manifest: &[u8],
        trust: &Arc<Trust>,
        suspicions: &mut Vec<Suspicion>,
    ) -> Result<Offer> {
        let sealed = match Sealed::read(manifest) {
            Ok(sealed) => sealed,
            Err(error) => {
                suspicions.push(disbelieved(error.to_string(), manifest));
                return Ok(Offer::Declined);
            }
        };
        match is_wanted(&self.connection, &self.options, &sealed, trust) {
            // One without pages comes as a file, by hand.
            Ok(true) if sealed.manifest().pages().next().is_some() => {
                let begun = Incoming::begin(&self.options.path, sealed).map_err(failed)?;
                self.go_on(begun, trust, suspicions)
            }
            Ok(_) => Ok(Offer::Declined),
            Err(error @ TakeError::Stage { .. }) => {
                suspicions.push(disbelieved(error.to_string(), manifest));
                Ok(Offer::Declined)
            }
            // One that is older, or another store's, harms nobody.
            Err(error) => {
                tracing::info!(%error, "a snapshot that was offered is of no use here");
                Ok(Offer::Declined)
            }
        }
    }

    /// Takes a page up, and the snapshot with its last.
    pub(super) fn hear_page(
        &mut self,
        page: &Page,
        trust: &Arc<Trust>,
        suspicions: &mut Vec<Suspicion>,
    ) -> Result<Offer> {
        let Some(mut incoming) = self.incoming.take() else { return Ok(Offer::Declined) };
        let put = incoming.put(page);
        if !put.map_err(failed)? {
            let id = incoming.id();
            let why = format!("page {} of snapshot {id} is not what the hub sealed", page.number);
            suspicions.push(disbelieved(why, &[]));
        }
        self.go_on(incoming, trust, suspicions)
    }

    /// Says what is missing, or takes it up when nothing is.
    fn go_on(
        &mut self,
        incoming: Incoming,
        trust: &Arc<Trust>,
        suspicions: &mut Vec<Suspicion>,
    ) -> Result<Offer> {
        let (snapshot, pages) = (incoming.id(), incoming.missing(PAGES_AT_ONCE));
        if !pages.is_empty() {
            self.incoming = Some(incoming);
            return Ok(Offer::Missing { snapshot, pages });
        }
        match take(&self.options, incoming.path(), trust, &mut |_, _| {}) {
            Ok(Taken::Replaced { entries }) => {
                tracing::info!(%snapshot, entries, "a snapshot is the catalogue now");
                incoming.keep(&self.options.path).map_err(failed)?;
                Ok(Offer::Taken)
            }
            Ok(Taken::Known) => Ok(Offer::Declined),
            Err(TakeError::Store(error)) => Err(error.into()),
            Err(TakeError::Busy(file)) => Err(crate::store::open::StoreError::Busy { file }.into()),
            Err(error) => {
                suspicions.push(disbelieved(error.to_string(), &[]));
                Ok(Offer::Declined)
            }
        }
    }

    /// What a peer gets of the snapshot that is kept here.
    pub(super) fn kept(&self, wanted: Option<&(SnapshotId, Vec<u32>)>) -> Offer {
        let Some(kept) = Kept::open(&self.options) else { return Offer::None };
        match wanted {
            None => Offer::Manifest(kept.sealed().bytes().to_vec()),
            Some((snapshot, _)) if *snapshot != kept.sealed().id() => Offer::None,
            Some((_, numbers)) => {
                let numbers = numbers.iter().take(PAGES_AT_ONCE);
                Offer::Pages(numbers.filter_map(|number| kept.page(*number)).collect())
            }
        }
    }
}

fn failed(error: TakeError) -> DownstreamError {
    DownstreamError::Snapshot(Box::new(error))
}

fn disbelieved(why: String, frame: &[u8]) -> Suspicion {
    let subject = "a snapshot of the catalogue".to_owned();
    Suspicion { kind: AlarmKind::Disbelieved, subject, why, frame: frame.to_vec() }
}
