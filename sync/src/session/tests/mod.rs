//! Replicas over real tables and a network that loses, doubles and reorders.

mod branches;
mod chance;
mod floods;
mod net;
mod pruned;
mod replica;
mod sharing;
mod strangers;

use super::*;
use crate::clock::Hlc;
use crate::link::TlsKey;
use crate::log::{SealingKey, Seed};
use crate::trust::{Statement, TillPaper, issue};
use net::{Faults, Net};
use replica::Replica;

const OPENED: Hlc = Hlc::from_ms(1_700_000_000_000);
const STORE: &str = "HH01";

fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([seed; 32])).unwrap()
}

fn replica(seed: u8) -> ReplicaId {
    ReplicaId::of(&key(seed).public(), [seed; 6])
}

fn route(seed: u8) -> Route {
    match seed {
        HUB => Route::Hub,
        till => Route::Till { store: STORE.into(), thing: format!("till-{till}") },
    }
}

const HUB: u8 = 1;
const A: u8 = 2;
const B: u8 = 3;

/// Papers by which seeds 2 and up are tills of the store.
fn chain_papers() -> Vec<Vec<u8>> {
    let root = key(99);
    let mut papers =
        vec![issue(&Statement::Hub { key: key(HUB).public(), serial: 1 }, &root).unwrap()];
    for till in A..A + 4 {
        let paper = TillPaper {
            store: STORE.into(),
            thing: format!("till-{till}"),
            number: u16::from(till),
            key: key(till).public(),
            tls: TlsKey([till; 32]),
            serial: 1,
        };
        papers.push(issue(&Statement::Till(paper), &key(HUB)).unwrap());
    }
    papers
}
