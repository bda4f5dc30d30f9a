//! Each operation and record as it is written, and the way in and out.
//!
//! Called by [`super::encode`] and [`super::decode`], which have checked that the bytes are plain
//! CBOR. Every array may be longer than this version knows: what is behind is passed over, and
//! [`Source`] remembers that there was something.

use super::{
    Consent, CustomerId, Erasure, Field, MAX_NOTE_BYTES, Marker, Note, NoteId, Operation, Record,
    Seen, Wish,
};
use crate::body::parts::{length, maybe_text, staff, text, value};
use crate::body::{BodyError, MAX_TEXT_BYTES};
use crate::cbor::Reader;
use crate::clock::Hlc;
use crate::log::ReplicaId;
use minicbor::Encoder;
use std::collections::BTreeMap;
use std::convert::Infallible;

pub(super) type Sink = Encoder<Vec<u8>>;
type Result<T> = std::result::Result<T, BodyError>;

const FIELDS: u64 = 1;
const NOTE: u64 = 2;
const WISH: u64 = 3;
const UNWISH: u64 = 4;
const CONSENT: u64 = 5;
const ERASED: u64 = 6;
const STATED: u64 = 7;

/// The most items of a list: fields, writers, notes, members of a set. What they come to together is
/// bounded by the body or record that holds them.
pub(super) const MAX_LISTED: usize = 4_096;

/// Writing into memory fails for no reason.
pub(super) fn ok<T>(
    written: std::result::Result<T, minicbor::encode::Error<Infallible>>,
) -> Result<()> {
    written.map(|_| ()).map_err(|error| BodyError::Fields(error.to_string()))
}

/// Writes `[kind, fields]`.
pub(super) fn write(to: &mut Sink, operation: &Operation) -> Result<()> {
    match operation {
        Operation::Fields { customer, values, clock } => {
            open(to, FIELDS, 3, *customer)?;
            list(to, values.len())?;
            for (field, text) in values {
                ok(to.array(2).and_then(|to| to.u8(field.0)))?;
                maybe(to, "a customer's field", text.as_deref())?;
            }
            match clock {
                Some(clock) => ok(to.u64(clock.number())),
                None => ok(to.null()),
            }
        }
        Operation::Note { customer, note, content, seen } => {
            open(to, NOTE, 6, *customer)?;
            match note {
                Some(note) => dot(to, *note)?,
                None => ok(to.null())?,
            }
            note_parts(to, content)?;
            write_seen(to, seen)
        }
        Operation::Wish { customer, wish } => {
            open(to, WISH, 4, *customer)?;
            wish_parts(to, wish)
        }
        Operation::Unwish { customer, sku, seen } => {
            open(to, UNWISH, 3, *customer)?;
            ok(to.str(text("a wish's SKU", sku)?))?;
            write_seen(to, seen)
        }
        Operation::Consent { customer, consent, seen } => {
            open(to, CONSENT, 7, *customer)?;
            consent_parts(to, consent)?;
            write_seen(to, seen)
        }
        Operation::Erased { customer, erasure } => {
            open(to, ERASED, 3, *customer)?;
            erasure_parts(to, erasure)
        }
        Operation::Stated { customer, record } => {
            open(to, STATED, 2, *customer)?;
            record.write(to)
        }
        Operation::Unknown { kind } => Err(BodyError::UnknownKind(*kind)),
    }
}

fn open(to: &mut Sink, kind: u64, fields: u64, customer: CustomerId) -> Result<()> {
    ok(to.array(2).and_then(|to| to.u64(kind)).and_then(|to| to.array(fields)))?;
    ok(to.bytes(&customer.0))
}

pub(super) fn list(to: &mut Sink, items: usize) -> Result<()> {
    length("a list of a customer's", items, MAX_LISTED)?;
    ok(to.array(items as u64))
}

pub(super) fn maybe(to: &mut Sink, what: &'static str, text: Option<&str>) -> Result<()> {
    ok(to.encode(maybe_text(what, text)?))
}

pub(super) fn dot(to: &mut Sink, dot: NoteId) -> Result<()> {
    ok(to.array(2).and_then(|to| to.bytes(&dot.replica.0)).and_then(|to| to.u64(dot.counter)))
}

pub(super) fn write_seen(to: &mut Sink, seen: &Seen) -> Result<()> {
    list(to, seen.len())?;
    seen.iter()
        .try_for_each(|(replica, counter)| dot(to, NoteId { replica: *replica, counter: *counter }))
}

pub(super) fn note_parts(to: &mut Sink, note: &Note) -> Result<()> {
    length("a customer's note", note.text.as_ref().map_or(0, String::len), MAX_NOTE_BYTES)?;
    ok(to.encode(note.text.as_deref()))?;
    ok(to.i64(note.at_ms).and_then(|to| to.str(note.by.as_str())))
}

pub(super) fn wish_parts(to: &mut Sink, wish: &Wish) -> Result<()> {
    ok(to.str(text("a wish's SKU", &wish.sku)?))?;
    maybe(to, "a wish's remark", wish.remark.as_deref())?;
    ok(to.i64(wish.at_ms))
}

pub(super) fn consent_parts(to: &mut Sink, consent: &Consent) -> Result<()> {
    ok(to.str(text("a consent's purpose", &consent.purpose)?))?;
    ok(to.bool(consent.given).and_then(|to| to.i64(consent.at_ms)))?;
    ok(to.str(text("a consent's source", &consent.source)?))?;
    ok(to.str(consent.by.as_str()))
}

pub(super) fn erasure_parts(to: &mut Sink, erasure: &Erasure) -> Result<()> {
    ok(to.i64(erasure.at_ms).and_then(|to| to.str(erasure.by.as_str())))
}

/// Bytes being read, and whether a newer version's were among them.
pub(super) struct Source<'b> {
    pub(super) from: Reader<'b>,
    newer: bool,
}

impl<'b> Source<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { from: Reader::new(bytes), newer: false }
    }

    pub(super) const fn newer(&self) -> bool {
        self.newer
    }

    /// Reads an entry of the given kind.
    pub(super) fn entry(&mut self, known: u64, most: usize) -> Result<Vec<Operation>> {
        self.fields("an entry on customers", 2, |this| match this.from.u64("an entry's kind")? {
            kind if kind == known => this.list("operations on customers", most, Self::operation),
            kind => Err(BodyError::UnknownKind(kind)),
        })
    }

    /// Reads an array of which `read` takes the first `known` fields, and passes over the rest.
    pub(super) fn fields<T>(
        &mut self,
        what: &'static str,
        known: u64,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let more = self.from.open(what, known)?;
        let value = read(self)?;
        self.newer |= more > 0;
        self.from.skip(more)?;
        Ok(value)
    }

    /// Reads an array of at most `most` items.
    pub(super) fn list<T>(
        &mut self,
        what: &'static str,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.from.open(what, 0)?;
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        if length > most {
            return Err(BodyError::TooLong { what, length, most });
        }
        (0..count).map(|_| item(self)).collect()
    }

    /// Reads a list whose items have keys that rise, as they are written.
    pub(super) fn rising<K: Ord, V>(
        &mut self,
        what: &'static str,
        item: impl FnMut(&mut Self) -> Result<(K, V)>,
    ) -> Result<BTreeMap<K, V>> {
        let items = self.list(what, MAX_LISTED, item)?;
        let rises = items.iter().zip(items.iter().skip(1)).all(|((a, _), (b, _))| a < b);
        if !rises {
            return Err(value(what, &"they do not stand in order, each once"));
        }
        Ok(items.into_iter().collect())
    }

    fn operation(&mut self) -> Result<Operation> {
        self.fields("an operation", 2, |this| {
            let kind = this.from.u64("an operation's kind")?;
            match kind {
                FIELDS => this.fields("fields written", 3, Self::written),
                NOTE => this.fields("a note", 6, Self::noted),
                WISH => this.fields("a wish", 4, |this| {
                    Ok(Operation::Wish { customer: this.customer()?, wish: this.wish()? })
                }),
                UNWISH => this.fields("a wish taken away", 3, |this| {
                    let (customer, sku) = (this.customer()?, this.text("a wish's SKU")?);
                    Ok(Operation::Unwish { customer, sku, seen: this.seen()? })
                }),
                CONSENT => this.fields("a consent", 7, |this| {
                    let (customer, consent) = (this.customer()?, this.consent()?);
                    Ok(Operation::Consent { customer, consent, seen: this.seen()? })
                }),
                ERASED => this.fields("an erasure", 3, |this| {
                    Ok(Operation::Erased { customer: this.customer()?, erasure: this.erasure()? })
                }),
                STATED => this.fields("a customer stated", 2, |this| {
                    let customer = this.customer()?;
                    Ok(Operation::Stated { customer, record: Box::new(Record::read(this)?) })
                }),
                kind => {
                    this.newer = true;
                    this.from.skip(1)?;
                    Ok(Operation::Unknown { kind })
                }
            }
        })
    }

    fn written(&mut self) -> Result<Operation> {
        let customer = self.customer()?;
        let values = self.rising("a customer's fields", |this| {
            this.fields("a customer's field", 2, |this| {
                let field = Field(this.from.u8("a field's number")?);
                Ok((field, this.maybe_text("a customer's field")?))
            })
        })?;
        let clock = self.from.maybe("a field's clock", |from| from.u64("a field's clock"))?;
        let clock = clock.map(clock_of).transpose()?;
        Ok(Operation::Fields { customer, values, clock })
    }

    fn noted(&mut self) -> Result<Operation> {
        let customer = self.customer()?;
        // A dot is an array, so that no text stands in its place.
        let note = match self.is_null()? {
            true => None,
            false => Some(self.dot()?),
        };
        let (content, seen) = (self.note()?, self.seen()?);
        Ok(Operation::Note { customer, note, content, seen })
    }

    /// Whether null stands here, which is then passed.
    pub(super) fn is_null(&mut self) -> Result<bool> {
        let decoder = self.from.decoder();
        let null = decoder.datatype()? == minicbor::data::Type::Null;
        if null {
            decoder.null()?;
        }
        Ok(null)
    }

    fn customer(&mut self) -> Result<CustomerId> {
        Ok(CustomerId(self.from.array("a customer's id")?))
    }

    pub(super) fn text(&mut self, what: &'static str) -> Result<String> {
        Ok(text(what, self.from.text(what)?)?.to_owned())
    }

    pub(super) fn maybe_text(&mut self, what: &'static str) -> Result<Option<String>> {
        self.maybe_long(what, MAX_TEXT_BYTES)
    }

    fn maybe_long(&mut self, what: &'static str, most: usize) -> Result<Option<String>> {
        let read = self.from.maybe(what, |from| from.text(what))?;
        length(what, read.map_or(0, str::len), most)?;
        Ok(read.map(str::to_owned))
    }

    pub(super) fn dot(&mut self) -> Result<NoteId> {
        self.fields("a dot", 2, |this| {
            let replica = ReplicaId(this.from.array("a dot's replica")?);
            match this.from.u64("a dot's counter")? {
                0 => Err(value("a dot's counter", &"0 is before the first")),
                counter => Ok(NoteId { replica, counter }),
            }
        })
    }

    pub(super) fn seen(&mut self) -> Result<Seen> {
        self.rising("what was seen", |this| this.dot().map(|dot| (dot.replica, dot.counter)))
    }

    pub(super) fn marker(&mut self) -> Result<Marker> {
        let clock = clock_of(self.from.u64("a field's clock")?)?;
        Ok(Marker { clock, replica: ReplicaId(self.from.array("a field's replica")?) })
    }

    pub(super) fn note(&mut self) -> Result<Note> {
        let text = self.maybe_long("a customer's note", MAX_NOTE_BYTES)?;
        let at_ms = self.from.i64("when a note was written")?;
        Ok(Note { text, at_ms, by: staff(self.from.text("who wrote a note")?)? })
    }

    pub(super) fn wish(&mut self) -> Result<Wish> {
        let (sku, remark) = (self.text("a wish's SKU")?, self.maybe_text("a wish's remark")?);
        Ok(Wish { sku, remark, at_ms: self.from.i64("when a wish was added")? })
    }

    pub(super) fn consent(&mut self) -> Result<Consent> {
        Ok(Consent {
            purpose: self.text("a consent's purpose")?,
            given: self.from.bool("whether a consent was given")?,
            at_ms: self.from.i64("when a consent was taken down")?,
            source: self.text("a consent's source")?,
            by: staff(self.from.text("who took a consent down")?)?,
        })
    }

    pub(super) fn erasure(&mut self) -> Result<Erasure> {
        let at_ms = self.from.i64("when a customer was erased")?;
        Ok(Erasure { at_ms, by: staff(self.from.text("who erased a customer")?)? })
    }
}

fn clock_of(number: u64) -> Result<Hlc> {
    Hlc::from_number(number).ok_or_else(|| value("a field's clock", &number))
}
