//! Who takes part: the chain's root, its hub, two shops and their tills, with keys and papers.

use commerce::fact::SeriesReason;
use std::sync::LazyLock;
use sync::link::{Route, TlsKey};
use sync::log::{ReplicaId, SealKey, SealingKey, Seed};
use sync::store::{Chain, Verdict, Witness, judge};
use sync::trust::{Statement, TillPaper, issue};

/// The hub's number; tills count from 1.
pub const HUB: usize = 0;

/// The shops, and which of them each till is in.
pub const SHOPS: [&str; 2] = ["HH01", "HH02"];
const TILLS: [(usize, u16); 5] = [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)];

/// How many tills there are.
pub const COUNT: usize = TILLS.len();

/// The till that nobody has signed for at first.
pub const LATE: usize = 3;

/// A till's shop, as an index into [`SHOPS`].
pub fn shop_of(till: usize) -> usize {
    TILLS[till - 1].0
}

/// A till's number in its shop.
pub fn number_of(till: usize) -> u16 {
    TILLS[till - 1].1
}

fn key(number: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([number; 32])).unwrap()
}

/// Made once: each is a multiplication on the curve, and they are asked for all the time.
static ROOT: LazyLock<SealingKey> = LazyLock::new(|| key(200));
static KEYS: LazyLock<Vec<SealingKey>> =
    LazyLock::new(|| (HUB..=COUNT).map(owned_key_of).collect());

pub fn root() -> &'static SealingKey {
    &ROOT
}

/// The key that a member seals with.
pub fn key_of(member: usize) -> &'static SealingKey {
    &KEYS[member]
}

/// The same, for who keeps it.
pub fn owned_key_of(member: usize) -> SealingKey {
    key(1 + u8::try_from(member).unwrap())
}

/// Who is at the other end.
pub fn route_to(member: usize) -> Route {
    match member {
        HUB => Route::Hub,
        till => Route::Till { store: SHOPS[shop_of(till)].to_owned(), thing: thing(till) },
    }
}

fn thing(till: usize) -> String {
    format!("till-{till}")
}

/// Whether two members have a line to each other.
pub fn linked(a: usize, b: usize) -> bool {
    a != b && (a == HUB || b == HUB || shop_of(a) == shop_of(b))
}

/// What the chain signed before the first day: all but the late till.
pub fn papers() -> Vec<Vec<u8>> {
    static PAPERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(issue_papers);
    PAPERS.clone()
}

fn issue_papers() -> Vec<Vec<u8>> {
    let mut all = vec![signed(&Statement::Hub { key: key_of(HUB).public(), serial: 1 })];
    for (shop, store) in SHOPS.into_iter().enumerate() {
        let key = shop_key(shop).public();
        all.push(signed(&Statement::Store { store: store.to_owned(), key, serial: 1 }));
    }
    all.extend((1..=COUNT).filter(|till| *till != LATE).map(enrolment));
    all
}

/// The key that signs for a shop's tills.
fn shop_key(shop: usize) -> SealingKey {
    key(210 + u8::try_from(shop).unwrap())
}

/// The paper by which its shop enrols a till.
pub fn enrolment(till: usize) -> Vec<u8> {
    let paper = Statement::Till(TillPaper {
        store: SHOPS[shop_of(till)].to_owned(),
        thing: thing(till),
        number: number_of(till),
        key: key_of(till).public(),
        tls: TlsKey([u8::try_from(till).unwrap(); 32]),
        serial: 1,
    });
    issue(&paper, &shop_key(shop_of(till))).unwrap()
}

/// What the chain's root says.
pub fn signed(statement: &Statement) -> Vec<u8> {
    issue(statement, root()).unwrap()
}

/// Why a till's database must begin a new series, as the agent's start decides it.
pub fn why_new(
    head: Option<Chain>,
    witness: Option<&Witness>,
    machine: sync::store::Machine,
    hash_at: impl Fn(ReplicaId, u64) -> Option<sync::log::Hash>,
) -> Option<SeriesReason> {
    let Some(head) = head else {
        let lost = witness.is_some();
        return Some(if lost { SeriesReason::Restored } else { SeriesReason::First });
    };
    match judge(witness, machine, head, hash_at) {
        Verdict::Same => None,
        Verdict::FirstStart | Verdict::Restored { .. } => Some(SeriesReason::Restored),
        Verdict::Cloned { .. } => Some(SeriesReason::Copied),
        Verdict::Forked { .. } => Some(SeriesReason::Forked),
    }
}

/// The public key of the chain's root.
pub fn root_key() -> SealKey {
    root().public()
}
