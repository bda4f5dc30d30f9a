//! Whose keys count: a chain's root signs for stores and hubs, these sign for tills, and a till
//! signs for its own incarnations.
//!
//! A paper is kept only if its issuer may say so, or if it is a key's word about its own
//! incarnations; so whoever passes papers on says those of issuers first ([`rank`]).
//! Where papers are kept is [`crate::store`]'s; what becomes of entries by their writer's standing
//! is decided there too.

mod paper;

pub use paper::{
    MAX_NAME_BYTES, Paper, PaperError, Revocation, Statement, TillPaper, is_name, is_passed_on,
    issue, paper_id, rank, read,
};

use crate::clock::Hlc;
use crate::link::TlsKey;
use crate::log::{ReplicaId, SealKey, StreamId, StreamKind};
use std::collections::{BTreeMap, BTreeSet};

/// The most incarnations of keys that nobody has signed for: a shop's new tills, and a bound on
/// what strangers can make this replica remember.
pub const MAX_PENDING: usize = 256;

/// The most incarnations of one key: a till that was put back each night for half a year. A till that
/// makes them up leaves room for the chain's others.
pub const MAX_LIVES: u16 = 256;

/// The most papers of all kinds: the tills of a large chain, each with a few incarnations.
pub const MAX_KNOWN: usize = 100_000;

/// Who a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A hub of the chain.
    Hub,
    /// A till.
    Till {
        /// Its store's code.
        store: String,
        /// Its thing name.
        thing: String,
        /// Its number in the store.
        number: u16,
    },
}

/// What the papers say of whoever writes a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No paper names the replica.
    Unknown,
    /// The replica is a key's, but nobody has signed for the key: it sells as pending.
    Pending,
    /// A member may write the stream.
    Enrolled(Member),
    /// A member may not write such a stream: a till does not write prices.
    NotTheirs(Member),
    /// The key was revoked; entries up to `last` count, later ones wait for a manager.
    Revoked {
        /// The last sequence that counts, 0 for none.
        last: u64,
    },
}

/// What a chain's papers come to.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    root: Option<SealKey>,
    stores: BTreeMap<SealKey, (u64, String)>,
    hubs: BTreeMap<SealKey, u64>,
    tills: BTreeMap<SealKey, (SealKey, TillPaper)>,
    incarnations: BTreeMap<ReplicaId, (SealKey, Hlc)>,
    /// How many of those each key has.
    lives: BTreeMap<SealKey, u16>,
    revoked: BTreeMap<SealKey, (SealKey, Revocation)>,
    /// The ids of papers that said something new once: peers say all theirs again and again, and
    /// verifying them each time would cost more than all else that a till does.
    seen: BTreeSet<[u8; 32]>,
}

/// What admitting a paper came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// It says something new; keep its bytes.
    New,
    /// It was known, or a later one is.
    Known,
    /// Its issuer may not say such a thing, as far as is known here.
    NotTheirs {
        /// The issuer.
        issuer: SealKey,
    },
    /// It claims a replica whose id is not of the issuer's key: it is another's, or was made up.
    Unbound {
        /// The replica.
        replica: ReplicaId,
        /// The key that claims it.
        claims: SealKey,
    },
    /// It claims a replica that another key has claimed before, both in papers kept from a time when
    /// ids were not bound to keys: one of the two lied.
    Contested {
        /// The replica.
        replica: ReplicaId,
        /// The key that it belongs to here.
        known: SealKey,
        /// The key that claims it now.
        claims: SealKey,
    },
    /// Too many papers are here already.
    Full,
}

impl Trust {
    /// The trust of a chain, by its root's public key. Without one nobody is enrolled.
    #[must_use]
    pub fn new(root: Option<SealKey>) -> Self {
        Self { root, ..Self::default() }
    }

    /// Takes a paper up, whoever brought it.
    ///
    /// # Errors
    /// When the bytes are not a paper, or are not signed by the issuer they name.
    pub fn admit(&mut self, bytes: &[u8]) -> Result<Admitted, PaperError> {
        self.take(bytes, false)
    }

    /// Takes a paper up that was admitted here once and is kept: it may claim an id of a time when
    /// these were not bound to keys. So what such a replica wrote counts on where it was known.
    pub(crate) fn admit_kept(&mut self, bytes: &[u8]) -> Result<Admitted, PaperError> {
        self.take(bytes, true)
    }

    fn take(&mut self, bytes: &[u8], kept: bool) -> Result<Admitted, PaperError> {
        let id = paper_id(bytes);
        if self.seen.contains(&id) {
            return Ok(Admitted::Known);
        }
        let admitted = self.take_new(bytes, kept)?;
        if admitted == Admitted::New && self.seen.len() < MAX_KNOWN {
            self.seen.insert(id);
        }
        Ok(admitted)
    }

    fn take_new(&mut self, bytes: &[u8], kept: bool) -> Result<Admitted, PaperError> {
        let Paper { statement, issuer } = read(bytes)?;
        if !self.may_say(&issuer, &statement) {
            return Ok(Admitted::NotTheirs { issuer });
        }
        if self.known() >= MAX_KNOWN {
            return Ok(Admitted::Full);
        }
        Ok(match statement {
            Statement::Store { store, key, serial } => {
                keep_later(&mut self.stores, key, (serial, store), |(serial, _)| *serial)
            }
            Statement::Hub { key, serial } => {
                keep_later(&mut self.hubs, key, serial, |serial| *serial)
            }
            Statement::Till(till) => {
                keep_later(&mut self.tills, till.key, (issuer, till), |(_, till)| till.serial)
            }
            Statement::Revoked(revoked) => {
                let key = revoked.key;
                keep_later(&mut self.revoked, key, (issuer, revoked), |(_, paper)| paper.serial)
            }
            Statement::Incarnation { replica, .. } if !kept && !replica.is_of(&issuer) => {
                Admitted::Unbound { replica, claims: issuer }
            }
            Statement::Incarnation { replica, opened } => self.incarnate(issuer, replica, opened),
        })
    }

    /// Whether the issuer may say it: root over stores, hubs and all revocations; a store over its
    /// own tills; a hub over all tills; anyone over their own incarnations, which their ids tell.
    fn may_say(&self, issuer: &SealKey, statement: &Statement) -> bool {
        match statement {
            Statement::Store { .. } | Statement::Hub { .. } => self.is_root(issuer),
            Statement::Till(till) => self.signs_for(issuer, &till.store),
            Statement::Revoked(revoked) => {
                self.is_root(issuer)
                    || self
                        .tills
                        .get(&revoked.key)
                        .is_some_and(|(_, till)| self.signs_for(issuer, &till.store))
            }
            Statement::Incarnation { .. } => true,
        }
    }

    fn incarnate(&mut self, key: SealKey, replica: ReplicaId, opened: Hlc) -> Admitted {
        match self.incarnations.get(&replica) {
            Some(&(known, _)) if known == key => Admitted::Known,
            Some(&(known, _)) => Admitted::Contested { replica, known, claims: key },
            None if self.member(&key).is_none() && self.pending() >= MAX_PENDING => Admitted::Full,
            None => {
                let lives = self.lives.entry(key).or_default();
                if *lives >= MAX_LIVES {
                    return Admitted::Full;
                }
                *lives += 1;
                self.incarnations.insert(replica, (key, opened));
                Admitted::New
            }
        }
    }

    fn known(&self) -> usize {
        self.stores.len()
            + self.hubs.len()
            + self.tills.len()
            + self.revoked.len()
            + self.incarnations.len()
    }

    fn pending(&self) -> usize {
        self.incarnations.values().filter(|(key, _)| self.member(key).is_none()).count()
    }

    /// The key that a replica writes with, and the clock it was opened at.
    #[must_use]
    pub fn key_of(&self, replica: ReplicaId) -> Option<(SealKey, Hlc)> {
        self.incarnations.get(&replica).copied()
    }

    /// All replicas that papers name.
    pub fn replicas(&self) -> impl Iterator<Item = ReplicaId> {
        self.incarnations.keys().copied()
    }

    /// Whom a key was signed for by somebody who may, whether it was revoked since or not.
    #[must_use]
    pub fn member(&self, key: &SealKey) -> Option<Member> {
        if self.hubs.contains_key(key) {
            return Some(Member::Hub);
        }
        let till = self.till_paper(key)?;
        let (store, thing, number) = (till.store.clone(), till.thing.clone(), till.number);
        Some(Member::Till { store, thing, number })
    }

    /// Whether somebody was signed for as the hub.
    #[must_use]
    pub fn has_hub(&self) -> bool {
        !self.hubs.is_empty()
    }

    /// Whether a replica is the hub's.
    #[must_use]
    pub fn is_hub(&self, replica: ReplicaId) -> bool {
        self.key_of(replica).is_some_and(|(key, _)| self.member(&key) == Some(Member::Hub))
    }

    /// The store of the till that writes as `replica`, where somebody has signed for it.
    #[must_use]
    pub fn store_of_writer(&self, replica: ReplicaId) -> Option<&str> {
        let (key, _) = self.key_of(replica)?;
        self.till_paper(&key).map(|till| till.store.as_str())
    }

    /// What the papers say of whoever writes `stream`.
    #[must_use]
    pub fn standing(&self, stream: StreamId) -> Standing {
        let Some((key, _)) = self.key_of(stream.replica) else {
            return Standing::Unknown;
        };
        let Some(member) = self.member(&key) else {
            return Standing::Pending;
        };
        if (member == Member::Hub) != stream.kind.is_hubs() {
            return Standing::NotTheirs(member);
        }
        match self.revoked.get(&key) {
            None => Standing::Enrolled(member),
            Some((_, revoked)) => Standing::Revoked { last: end_of(revoked, stream) },
        }
    }

    /// The till that connects with this TLS key, unless its key was revoked or replaced.
    #[must_use]
    pub fn till_by_tls(&self, tls: TlsKey) -> Option<&TillPaper> {
        let paper = self.enrolled().filter(|paper| paper.tls == tls).max_by_key(|it| it.serial)?;
        let replaced = self.enrolled().any(|other| {
            other.store == paper.store && other.thing == paper.thing && other.serial > paper.serial
        });
        (!replaced && !self.is_revoked(&paper.key)).then_some(paper)
    }

    /// Whether a till that somebody has signed for had this TLS key, though it may not connect with
    /// it any more.
    #[must_use]
    pub fn has_tls(&self, tls: TlsKey) -> bool {
        self.enrolled().any(|paper| paper.tls == tls)
    }

    /// Whether the key was revoked.
    #[must_use]
    pub fn is_revoked(&self, key: &SealKey) -> bool {
        self.revoked.contains_key(key)
    }

    /// The tills that somebody has signed for who still may, revoked or not.
    pub fn enrolled(&self) -> impl Iterator<Item = &TillPaper> {
        let counts = |(issuer, till): &&(SealKey, TillPaper)| self.signs_for(issuer, &till.store);
        self.tills.values().filter(counts).map(|(_, till)| till)
    }

    fn till_paper(&self, key: &SealKey) -> Option<&TillPaper> {
        let (issuer, till) = self.tills.get(key)?;
        self.signs_for(issuer, &till.store).then_some(till)
    }

    fn is_root(&self, key: &SealKey) -> bool {
        self.root.as_ref() == Some(key)
    }

    /// Whether a key signs for the tills of a store now. A store's or a hub's own key is revoked by
    /// the root; then what it signed counts no longer, and its tills are pending until another
    /// signs for them.
    fn signs_for(&self, issuer: &SealKey, store: &str) -> bool {
        let known = self.stores.get(issuer).is_some_and(|(_, own)| own == store)
            || self.hubs.contains_key(issuer);
        known && !self.is_revoked(issuer)
    }
}

/// Keeps the later of two papers about one key.
fn keep_later<T>(
    papers: &mut BTreeMap<SealKey, T>,
    key: SealKey,
    says: T,
    serial: impl Fn(&T) -> u64,
) -> Admitted {
    match papers.get(&key) {
        Some(known) if serial(known) >= serial(&says) => Admitted::Known,
        _ => {
            papers.insert(key, says);
            Admitted::New
        }
    }
}

fn end_of(revoked: &Revocation, stream: StreamId) -> u64 {
    let named = |&&(replica, kind, _): &&(ReplicaId, StreamKind, u64)| {
        replica == stream.replica && kind == stream.kind
    };
    revoked.ends.iter().find(named).map_or(0, |&(_, _, last)| last)
}

#[cfg(test)]
mod tests;
