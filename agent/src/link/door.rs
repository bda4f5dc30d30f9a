//! Who may connect directly, by the papers as they are known now.
//!
//! Asked by the direct link at each greeting; taught by [`super::traffic`] whenever papers came.

use std::sync::{Arc, Mutex, PoisonError};
use sync::link::Route;
use sync::link::direct::Admission;
use sync::link::tls::Peer;
use sync::trust::Trust;

/// Who may connect, by the papers as they are known now. Cheap to clone.
#[derive(Clone)]
pub struct Doorkeeper {
    store: String,
    trust: Arc<Mutex<Arc<Trust>>>,
}

impl Doorkeeper {
    /// A doorkeeper of a store, who knows nobody yet.
    #[must_use]
    pub fn new(store: String) -> Self {
        Self { store, trust: Arc::default() }
    }

    /// From now on these papers count.
    pub fn learn(&self, trust: &Arc<Trust>) {
        *self.trust.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(trust);
    }

    /// As the direct link asks it.
    #[must_use]
    pub fn admission(&self) -> Admission {
        let keeper = self.clone();
        Arc::new(move |peer: &Peer| keeper.admit(peer))
    }

    /// A till that is known by its key, as long as its key counts; one that is not known yet by its
    /// name, for its papers are what it says first, and what it sends is judged by them.
    fn admit(&self, peer: &Peer) -> Result<Route, String> {
        let trust = Arc::clone(&*self.trust.lock().unwrap_or_else(PoisonError::into_inner));
        let (store, thing) = match trust.till_by_tls(peer.key) {
            Some(till) => (till.store.clone(), till.thing.clone()),
            None if trust.has_tls(peer.key) => {
                return Err("its key was revoked or replaced".to_owned());
            }
            None => (self.store.clone(), peer.name.clone()),
        };
        if store != self.store {
            return Err(format!("it is a till of store {store}, this is {}", self.store));
        }
        if thing.to_ascii_lowercase() != peer.name {
            return Err(format!("its papers name it {thing}"));
        }
        Ok(Route::Till { store, thing })
    }
}
