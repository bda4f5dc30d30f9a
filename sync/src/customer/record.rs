//! What is known of a customer as plain data, sorted: the form of tables, statements and tests.
//!
//! [`Record`] and [`super::Customer`] come from each other; merging is the latter's. How it is
//! written is [`super::wire`]'s.

use super::{Field, Marker, NoteId, Seen};
use commerce::staff::StaffId;
use std::collections::{BTreeMap, BTreeSet};

/// When a customer was erased, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Erasure {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// By whom.
    pub by: StaffId,
}

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Its text; `None` when it was taken away.
    pub text: Option<String>,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: i64,
    /// By whom.
    pub by: StaffId,
}

/// An item that a customer would like to have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wish {
    /// The item.
    pub sku: String,
    /// A size, a colour, an occasion.
    pub remark: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What a customer said yes or no to. It is kept as evidence: when, how, and who took it down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Consent {
    /// For what, `newsletter` for example.
    pub purpose: String,
    /// Given, or withdrawn.
    pub given: bool,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How it was said: in the shop, on a form, by mail.
    pub source: String,
    /// Who took it down.
    pub by: StaffId,
}

/// Something that is to be taken out of a set as soon as all of it that its writer saw is here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removal {
    /// Wishes for an item.
    Wishes {
        /// The item.
        sku: String,
        /// What its writer saw.
        seen: Seen,
    },
    /// Consents of a purpose.
    Consents {
        /// The purpose.
        purpose: String,
        /// What its writer saw.
        seen: Seen,
    },
}

/// A set as it is written: what was ever seen of it, and its members with their dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members<M: Ord> {
    /// All dots up to these were seen; a member of a dot that is not here was taken away.
    pub seen: Seen,
    /// The members.
    pub members: BTreeMap<M, Seen>,
}

impl<M: Ord> Default for Members<M> {
    fn default() -> Self {
        Self { seen: Seen::new(), members: BTreeMap::new() }
    }
}

/// All that is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Set when they were erased; then there is nothing else.
    pub erased: Option<Erasure>,
    /// Texts with their markers.
    pub fields: BTreeMap<Field, (Option<String>, Marker)>,
    /// Notes: each text that stands, with all that its writer had seen of the note and its own dot.
    pub notes: BTreeMap<NoteId, BTreeMap<Seen, Note>>,
    /// The wish list.
    pub wishes: Members<Wish>,
    /// What they said yes or no to.
    pub consents: Members<Consent>,
    /// What waits for other streams.
    pub waiting: BTreeSet<Removal>,
}

impl Record {
    /// A field's text.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(&field)?.0.as_deref()
    }

    /// The texts of each note that was not taken away; more than one where several wrote at once.
    pub fn notes(&self) -> impl Iterator<Item = (NoteId, Vec<&Note>)> {
        self.notes.iter().filter_map(|(id, versions)| {
            let standing: Vec<_> = versions.values().filter(|note| note.text.is_some()).collect();
            (!standing.is_empty()).then_some((*id, standing))
        })
    }

    /// Whether they agreed to something: somebody took it down as given, and nobody as withdrawn.
    #[must_use]
    pub fn agreed_to(&self, purpose: &str) -> bool {
        let mut said =
            self.consents.members.keys().filter(|said| said.purpose == purpose).peekable();
        said.peek().is_some() && said.all(|said| said.given)
    }
}
