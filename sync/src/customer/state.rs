//! A customer as replicas merge it: registers, multi-value notes, observed-remove sets.
//!
//! The crate `crdts` has the definitions; here they are put together, and kept from its traps:
//! registers of equal markers take the greater value, what is taken out of a set waits until all
//! that its writer saw is here, and dots rise within a stream. Called by whoever folds entries; how
//! a [`Record`] is written is [`super::wire`]'s.

use super::{
    Consent, Erasure, Field, Marker, Members, Note, NoteId, Operation, Record, Removal, Seen, Wish,
};
use crate::clock::Hlc;
use crate::log::ReplicaId;
use crate::register::{self, Register};
use crdts::orswot::Op as SetOp;
use crdts::{CmRDT, CvRDT, Dot, LWWReg, MVReg, Orswot, VClock, mvreg};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Who wrote it.
    pub replica: ReplicaId,
    /// The entry's sequence.
    pub seq: u64,
    /// The entry's clock.
    pub clock: Hlc,
    /// Its place in the entry, from 0, below [`super::MAX_OPERATIONS`].
    pub index: u16,
}

impl Place {
    /// The operation's dot: it rises within a stream.
    #[must_use]
    pub const fn note(self) -> NoteId {
        // 40 bits of sequence and 12 of the place, for an entry has at most MAX_OPERATIONS.
        let counter = (self.seq << 12).saturating_add(self.index as u64);
        NoteId { replica: self.replica, counter }
    }

    fn dot(self) -> Dot<ReplicaId> {
        let NoteId { replica, counter } = self.note();
        Dot::new(replica, counter)
    }
}

/// One text of a note. What its writer had seen, and its own dot, stand in it because a register
/// does not tell them apart.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    seen: Seen,
    note: Note,
}

impl Version {
    fn put(self) -> mvreg::Op<Self, ReplicaId> {
        mvreg::Op::Put { clock: to_clock(&self.seen), val: self }
    }
}

/// All that is known of a customer.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    erased: Option<Erasure>,
    fields: BTreeMap<Field, Register<String>>,
    notes: BTreeMap<NoteId, MVReg<Version, ReplicaId>>,
    wishes: Orswot<Wish, ReplicaId>,
    consents: Orswot<Consent, ReplicaId>,
    waiting: BTreeSet<Removal>,
}

impl Customer {
    /// Folds an operation on this customer. Of each stream they are folded in order, each once or
    /// again; between streams there is no order.
    pub fn apply(&mut self, place: Place, operation: &Operation) {
        match operation {
            Operation::Fields { values, clock, .. } => {
                let clock = clock.unwrap_or(place.clock);
                let marker = Marker { clock, replica: place.replica };
                for (field, text) in values {
                    self.write(*field, text.clone(), marker);
                }
            }
            Operation::Note { note, content, seen, .. } => {
                let mut seen = seen.clone();
                let dot = place.note();
                seen.insert(dot.replica, dot.counter);
                let version = Version { seen, note: content.clone() };
                self.notes.entry(note.unwrap_or(dot)).or_default().apply(version.put());
            }
            Operation::Wish { wish, .. } => {
                self.wishes.apply(SetOp::Add { dot: place.dot(), members: vec![wish.clone()] });
            }
            Operation::Unwish { sku, seen, .. } => {
                let (sku, seen) = (sku.clone(), seen.clone());
                self.waiting.insert(Removal::Wishes { sku, seen });
            }
            Operation::Consent { consent, seen, .. } => {
                let dot = place.dot();
                self.consents.apply(SetOp::Add { dot, members: vec![consent.clone()] });
                if !seen.is_empty() {
                    let (purpose, seen) = (consent.purpose.clone(), seen.clone());
                    self.waiting.insert(Removal::Consents { purpose, seen });
                }
            }
            Operation::Erased { erasure, .. } => self.erase(erasure.clone()),
            Operation::Stated { record, .. } => self.merge(Self::from(&**record)),
            Operation::Unknown { .. } => {}
        }
        self.settle();
    }

    /// Merges what another knows of this customer.
    pub fn merge(&mut self, other: Self) {
        for (field, register) in other.fields {
            self.write(field, register.val, register.marker);
        }
        for (id, note) in other.notes {
            self.notes.entry(id).or_default().merge(note);
        }
        self.wishes.merge(other.wishes);
        self.consents.merge(other.consents);
        self.waiting.extend(other.waiting);
        if let Some(erasure) = other.erased {
            self.erase(erasure);
        }
        self.settle();
    }

    /// Whether they were erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.erased.is_some()
    }

    /// The clock that fields written at `clock` must state, `None` where the entry's does: whoever
    /// writes a field after seeing it writes it last, even where the clock of the one before him was
    /// ahead.
    #[must_use]
    pub fn counts_from(&self, fields: impl IntoIterator<Item = Field>, clock: Hlc) -> Option<Hlc> {
        let known = fields.into_iter().filter_map(|field| self.fields.get(&field));
        let latest = known.map(|register| register.marker.clock).max()?;
        (latest >= clock).then(|| latest.next())
    }

    /// What is seen of a note by whoever writes it now.
    #[must_use]
    pub fn seen_of_note(&self, note: NoteId) -> Seen {
        let register = self.notes.get(&note);
        register.map(|register| from_clock(&register.read_ctx().add_clock)).unwrap_or_default()
    }

    /// What is seen of the wishes for an item by whoever takes them away now; empty when there are
    /// none.
    #[must_use]
    pub fn seen_of_wishes(&self, sku: &str) -> Seen {
        seen_of(&self.wishes, |wish| wish.sku == sku)
    }

    /// What is seen of a purpose by whoever takes down a consent now.
    #[must_use]
    pub fn seen_of_purpose(&self, purpose: &str) -> Seen {
        seen_of(&self.consents, |consent| consent.purpose == purpose)
    }

    fn write(&mut self, field: Field, text: Option<String>, marker: Marker) {
        match self.fields.entry(field) {
            Entry::Vacant(empty) => {
                empty.insert(LWWReg { val: text, marker });
            }
            Entry::Occupied(mut known) => register::write(known.get_mut(), text, marker),
        }
    }

    fn erase(&mut self, erasure: Erasure) {
        let earliest = self.erased.take().map_or(erasure.clone(), |known| known.min(erasure));
        self.erased = Some(earliest);
    }

    /// Takes away what was waited for; of one who is erased, everything.
    fn settle(&mut self) {
        if let Some(erased) = self.erased.take() {
            *self = Self { erased: Some(erased), ..Self::default() };
            return;
        }
        let (wishes, consents) = (&mut self.wishes, &mut self.consents);
        self.waiting.retain(|removal| match removal {
            Removal::Wishes { sku, seen } => !take_away(wishes, seen, |wish| wish.sku == *sku),
            Removal::Consents { purpose, seen } => {
                !take_away(consents, seen, |consent| consent.purpose == *purpose)
            }
        });
    }
}

/// Takes the matching members out of a set as far as they were seen; false while some of what was
/// seen has not come.
fn take_away<M: Hash + Eq + Clone>(
    set: &mut Orswot<M, ReplicaId>,
    seen: &Seen,
    matches: impl Fn(&M) -> bool,
) -> bool {
    let clock = to_clock(seen);
    if set.clock() < clock || set.clock().concurrent(&clock) {
        return false;
    }
    let members = set.iter().map(|member| member.val).filter(|member| matches(member));
    let members: Vec<M> = members.cloned().collect();
    set.apply(SetOp::Rm { clock, members });
    true
}

fn versions(note: &MVReg<Version, ReplicaId>) -> BTreeMap<Seen, Note> {
    note.read().val.into_iter().map(|version| (version.seen, version.note)).collect()
}

fn seen_of<M: Hash + Eq + Clone>(set: &Orswot<M, ReplicaId>, matches: impl Fn(&M) -> bool) -> Seen {
    let mut seen = VClock::new();
    for member in set.iter().filter(|member| matches(member.val)) {
        seen.merge(member.rm_clock);
    }
    from_clock(&seen)
}

fn to_clock(seen: &Seen) -> VClock<ReplicaId> {
    seen.iter().map(|(replica, counter)| Dot::new(*replica, *counter)).collect()
}

fn from_clock(clock: &VClock<ReplicaId>) -> Seen {
    clock.iter().map(|dot| (*dot.actor, dot.counter)).collect()
}

impl<M: Hash + Eq + Clone + Ord> From<&Orswot<M, ReplicaId>> for Members<M> {
    fn from(set: &Orswot<M, ReplicaId>) -> Self {
        let members =
            set.iter().map(|member| (member.val.clone(), from_clock(&member.rm_clock))).collect();
        Self { seen: from_clock(&set.clock()), members }
    }
}

impl<M: Hash + Eq + Clone + Ord> From<&Members<M>> for Orswot<M, ReplicaId> {
    fn from(written: &Members<M>) -> Self {
        let mut dots: BTreeMap<(u64, ReplicaId), Vec<M>> = BTreeMap::new();
        for (member, seen) in &written.members {
            for (replica, counter) in seen {
                dots.entry((*counter, *replica)).or_default().push(member.clone());
            }
        }
        let mut set = Self::new();
        // A set drops a dot below one that it has seen of the same writer: so they rise.
        for ((counter, replica), members) in dots {
            set.apply(SetOp::Add { dot: Dot::new(replica, counter), members });
        }
        for (replica, counter) in &written.seen {
            set.apply(SetOp::Add { dot: Dot::new(*replica, *counter), members: Vec::new() });
        }
        set
    }
}

impl From<&Record> for Customer {
    fn from(record: &Record) -> Self {
        let fields = record
            .fields
            .iter()
            .map(|(field, (text, marker))| (*field, LWWReg { val: text.clone(), marker: *marker }));
        let notes = record.notes.iter().map(|(id, versions)| {
            let mut register = MVReg::new();
            for (seen, note) in versions {
                register.apply(Version { seen: seen.clone(), note: note.clone() }.put());
            }
            (*id, register)
        });
        let mut customer = Self {
            erased: record.erased.clone(),
            fields: fields.collect(),
            notes: notes.collect(),
            wishes: (&record.wishes).into(),
            consents: (&record.consents).into(),
            waiting: record.waiting.clone(),
        };
        customer.settle();
        customer
    }
}

impl From<&Customer> for Record {
    fn from(customer: &Customer) -> Self {
        let fields = customer
            .fields
            .iter()
            .map(|(field, register)| (*field, (register.val.clone(), register.marker)));
        Self {
            erased: customer.erased.clone(),
            fields: fields.collect(),
            notes: customer.notes.iter().map(|(id, note)| (*id, versions(note))).collect(),
            wishes: (&customer.wishes).into(),
            consents: (&customer.consents).into(),
            waiting: customer.waiting.clone(),
        }
    }
}
