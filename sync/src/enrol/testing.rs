//! A shop with a till that was granted its request: for the tests of this folder.

use super::{Authority, Bundle, ConnectionKey, Own, Request, Term};
use crate::log::{SealingKey, Seed};
use jiff::Timestamp;
use ring::rand::SystemRandom;

pub(super) const FROM: Timestamp = Timestamp::constant(1_793_500_000, 0);
pub(super) const UNTIL: Timestamp = Timestamp::constant(1_825_000_000, 0);
pub(super) const TERM: Term = Term { from: FROM, until: UNTIL };
/// An instant within the term.
pub(super) const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub(super) struct Shop {
    pub authority: Authority,
    pub store: SealingKey,
    pub papers: Vec<Vec<u8>>,
    pub connection: ConnectionKey,
    pub request: Vec<u8>,
}

impl Shop {
    pub(super) fn new() -> Self {
        let rng = SystemRandom::new();
        let (authority, _) = Authority::create("Hansa Kaffee", TERM, &rng).unwrap();
        let store = key(20);
        let papers = vec![authority.store_paper("HH01", store.public(), 1).unwrap()];
        let connection = ConnectionKey::generate(&rng).unwrap();
        let request = Request::make("HH01", "hh01-till-3", 3, &log_key(), &connection).unwrap();
        Self { authority, store, papers, connection, request }
    }

    pub(super) fn bundle(&self) -> Bundle {
        let request = Request::decode(&self.request).unwrap();
        let desk = self.authority.desk(&self.store, &self.papers);
        desk.grant(&request, TERM, 7, &SystemRandom::new()).unwrap().bundle
    }

    /// What the till is.
    pub(super) fn own(&self) -> Own<'_> {
        Own {
            store: "HH01",
            thing: "hh01-till-3",
            number: 3,
            key: log_key().public(),
            tls: self.connection.hash(),
            root: None,
        }
    }
}

pub(super) fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([seed; 32])).unwrap()
}

pub(super) fn log_key() -> SealingKey {
    key(10)
}
