//! The chain's customers: what stands in the entries of a customers stream, and what it comes to.
//!
//! One act on a customer is one entry, a list of operations; [`encode`] writes it and [`decode`]
//! reads it. [`Customer`] is the state: a fold of operations that comes to the same in whatever
//! order streams arrive, as long as each stream is folded from its beginning and without gaps. The
//! agent's store keeps one [`Record`] a customer and decides who may do what; the log around
//! operations is [`crate::log`]'s.
//!
//! # For a reader in ten years
//!
//! An entry is one item of CBOR, plain as [`crate::body`] has it: `[96, [operation…]]`, and an
//! operation `[kind, fields]`. Fields are arrays by position; one marked `?` is null. Newer versions
//! add fields at the end, and kinds: an older version passes over both and keeps the bytes, so that
//! it can fold them once it is updated. A register of a number that it does not know it folds like
//! any other.
//!
//! | kind | operation | fields, from 0 |
//! | --- | --- | --- |
//! | 1 | fields written | customer, [[number, text?]…], the clock they count from? (the entry's) |
//! | 2 | note written, or taken away | customer, its *dot*? (a new one), text?, at, by, *seen* |
//! | 3 | wish added | customer, SKU, remark?, at |
//! | 4 | wishes for a SKU taken away | customer, SKU, *seen* |
//! | 5 | consent given or withdrawn, in place of what was *seen* of its purpose | customer, purpose, given, at, source, by, *seen* |
//! | 6 | erased for good | customer, at, by |
//! | 7 | stated again, for a stream that begins anew | customer, *record* |
//!
//! | part | fields, from 0 |
//! | --- | --- |
//! | *dot* | replica, counter: the entry's sequence × 4096 + the operation's place in it, from 0 |
//! | *seen* | [replica, counter]…: all dots up to these, each replica's |
//! | *record* | [at, by]? of the erasure, [number, text?, clock, replica]…, [*dot*, [[*seen*, text?, at, by]…]]…, *set* of wishes [SKU, remark?, at], *set* of consents [purpose, given, at, source, by], [set (1 wishes, 2 consents), SKU or purpose, *seen*]… that wait for what they take away |
//! | *set* | *seen*, [[member, *seen*]…] |
//!
//! Fields are numbered: 1 name, 2 e-mail, 3 phone, 4 loyalty number, 5 language. Instants are
//! milliseconds since 1970-01-01 UTC.
//!
//! How each merges: a field is written last by (clock, replica); of a note written at two places at
//! once both texts stand; a wish or consent that was added while another took it away stays; an
//! erasure takes away everything, also what comes later.

mod id;
mod parts;
mod record;
mod state;
mod wire;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod strategy;

pub use crate::register::Marker;
pub use commerce::customer::CustomerId;
pub use id::{Field, NoteId, NoteIdError};
pub use record::{Consent, Erasure, Members, Note, Record, Removal, Wish};
pub use state::{Customer, Place};

use crate::body::BodyError;
use crate::cbor::scan;
use crate::clock::Hlc;
use crate::log::{MAX_BODY_BYTES, ReplicaId};
use minicbor::Encoder;
use std::collections::BTreeMap;

/// The kind of an entry that holds operations on customers.
const OPERATIONS: u64 = 96;

/// The most operations in one entry; a dot's counter has room for their places.
pub const MAX_OPERATIONS: usize = 4_096;

/// The longest note in bytes: half a page.
pub const MAX_NOTE_BYTES: usize = 2_000;

/// The largest record of one customer in bytes, as [`encode_record`] writes it: hundreds of notes.
/// What would grow it beyond is not folded, so that no stream fills a file by one customer.
pub const MAX_RECORD_BYTES: usize = 1 << 18;

/// Dots that were seen: all up to the counter, replica by replica.
pub type Seen = BTreeMap<ReplicaId, u64>;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Fields have new values.
    Fields {
        /// The customer; the first operation of any kind makes one.
        customer: CustomerId,
        /// What is written; `None` empties a field.
        values: BTreeMap<Field, Option<String>>,
        /// The clock that they count from, where it isn't the entry's ([`Customer::counts_from`]).
        clock: Option<Hlc>,
    },
    /// A note is written, or taken away.
    Note {
        /// The customer.
        customer: CustomerId,
        /// Which note; `None` for a new one.
        note: Option<NoteId>,
        /// What it says.
        content: Note,
        /// What its writer had seen of it ([`Customer::seen_of_note`]).
        seen: Seen,
    },
    /// A wish is added.
    Wish {
        /// The customer.
        customer: CustomerId,
        /// The wish.
        wish: Wish,
    },
    /// The wishes for an item are taken away.
    Unwish {
        /// The customer.
        customer: CustomerId,
        /// The item.
        sku: String,
        /// What was seen of them ([`Customer::seen_of_wishes`]).
        seen: Seen,
    },
    /// A consent is given or withdrawn.
    Consent {
        /// The customer.
        customer: CustomerId,
        /// The consent.
        consent: Consent,
        /// What was seen of its purpose, which it stands in place of
        /// ([`Customer::seen_of_purpose`]).
        seen: Seen,
    },
    /// The customer is erased for good.
    Erased {
        /// The customer.
        customer: CustomerId,
        /// When and by whom.
        erasure: Erasure,
    },
    /// All that the writer knows of a customer, for a stream that begins anew.
    Stated {
        /// The customer.
        customer: CustomerId,
        /// What is known.
        record: Box<Record>,
    },
    /// What a newer version wrote; the entry's bytes still hold it.
    Unknown {
        /// Its kind.
        kind: u64,
    },
}

impl Operation {
    /// Whom it is about; `None` when only a newer version can tell.
    #[must_use]
    pub const fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::Fields { customer, .. }
            | Self::Note { customer, .. }
            | Self::Wish { customer, .. }
            | Self::Unwish { customer, .. }
            | Self::Consent { customer, .. }
            | Self::Erased { customer, .. }
            | Self::Stated { customer, .. } => Some(*customer),
            Self::Unknown { .. } => None,
        }
    }
}

/// What an entry's body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The operations, each at its place; [`Operation::Unknown`] stands for a newer version's.
    pub operations: Vec<Operation>,
    /// Whether a newer version wrote something that was passed over: fold the entry again once this
    /// one is updated.
    pub newer: bool,
}

/// The body of an entry of these operations. Equal lists have equal bodies.
///
/// # Errors
/// When a text or list is beyond its bound, two operations write one field of one customer, one is
/// [`Operation::Unknown`], or all together are longer than a body may be.
pub fn encode(operations: &[Operation]) -> Result<Vec<u8>, BodyError> {
    check(operations)?;
    let mut encoder = Encoder::new(Vec::new());
    wire::ok(encoder.array(2))?;
    wire::ok(encoder.u64(OPERATIONS))?;
    wire::ok(encoder.array(operations.len() as u64))?;
    operations.iter().try_for_each(|operation| wire::write(&mut encoder, operation))?;
    let body = encoder.into_writer();
    if body.len() > MAX_BODY_BYTES {
        return Err(BodyError::TooLarge(body.len()));
    }
    Ok(body)
}

/// What an entry's body says.
///
/// # Errors
/// [`BodyError::UnknownKind`] when the whole entry is of a newer kind. Any other error means that
/// no version of Till wrote this.
pub fn decode(body: &[u8]) -> Result<Decoded, BodyError> {
    scan::check(body, MAX_BODY_BYTES)?;
    let mut from = wire::Source::new(body);
    let operations = from.entry(OPERATIONS, MAX_OPERATIONS)?;
    check_written_once(&operations)?;
    Ok(Decoded { operations, newer: from.newer() })
}

/// A record as tables keep it. Equal records have equal bytes.
///
/// # Errors
/// When a text or list is beyond its bound, or it is larger than [`MAX_RECORD_BYTES`].
pub fn encode_record(record: &Record) -> Result<Vec<u8>, BodyError> {
    let mut encoder = Encoder::new(Vec::new());
    record.write(&mut encoder)?;
    let bytes = encoder.into_writer();
    if bytes.len() > MAX_RECORD_BYTES {
        let (what, length) = ("a customer's record", bytes.len());
        return Err(BodyError::TooLong { what, length, most: MAX_RECORD_BYTES });
    }
    Ok(bytes)
}

/// The record that [`encode_record`] wrote.
///
/// # Errors
/// When no version of Till wrote it.
pub fn decode_record(bytes: &[u8]) -> Result<Record, BodyError> {
    scan::check(bytes, MAX_RECORD_BYTES)?;
    Record::read(&mut wire::Source::new(bytes))
}

fn check(operations: &[Operation]) -> Result<(), BodyError> {
    if operations.len() > MAX_OPERATIONS {
        let (what, length) = ("an entry's operations on customers", operations.len());
        return Err(BodyError::TooLong { what, length, most: MAX_OPERATIONS });
    }
    check_written_once(operations)
}

/// Two values of one field under one clock would have no order.
fn check_written_once(operations: &[Operation]) -> Result<(), BodyError> {
    let mut written = std::collections::BTreeSet::new();
    for operation in operations {
        let Operation::Fields { customer, values, .. } = operation else { continue };
        if let Some(field) = values.keys().find(|field| !written.insert((*customer, **field))) {
            let why = format!("field {} of {customer} is written twice in one entry", field.0);
            return Err(BodyError::Value { what: "a customer's field", why });
        }
    }
    Ok(())
}
