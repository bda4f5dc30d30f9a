//! A customer's record as it is written: in tables, and in a stream that begins anew.

use super::wire::{
    Sink, Source, consent_parts, dot, erasure_parts, list, maybe, note_parts, ok, wish_parts,
    write_seen,
};
use super::{Field, Members, Note, NoteId, Record, Removal, Seen};
use crate::body::BodyError;
use crate::body::parts::{text, value};
use std::collections::{BTreeMap, BTreeSet};

type Result<T> = std::result::Result<T, BodyError>;

/// Numbers of the sets that something is taken out of.
const WISHES: u8 = 1;
const CONSENTS: u8 = 2;

impl Record {
    pub(super) fn write(&self, to: &mut Sink) -> Result<()> {
        ok(to.array(6))?;
        match &self.erased {
            None => ok(to.null())?,
            Some(erasure) => {
                ok(to.array(2))?;
                erasure_parts(to, erasure)?;
            }
        }
        list(to, self.fields.len())?;
        for (field, (text, marker)) in &self.fields {
            ok(to.array(4).and_then(|to| to.u8(field.0)))?;
            maybe(to, "a customer's field", text.as_deref())?;
            ok(to.u64(marker.clock.number()).and_then(|to| to.bytes(&marker.replica.0)))?;
        }
        write_notes(to, &self.notes)?;
        write_set(to, &self.wishes, 3, wish_parts)?;
        write_set(to, &self.consents, 5, consent_parts)?;
        list(to, self.waiting.len())?;
        for removal in &self.waiting {
            let (set, what, key, seen) = match removal {
                Removal::Wishes { sku, seen } => (WISHES, "a wish's SKU", sku, seen),
                Removal::Consents { purpose, seen } => {
                    (CONSENTS, "a consent's purpose", purpose, seen)
                }
            };
            ok(to.array(3).and_then(|to| to.u8(set)))?;
            ok(to.str(text(what, key)?))?;
            write_seen(to, seen)?;
        }
        Ok(())
    }

    pub(super) fn read(from: &mut Source<'_>) -> Result<Self> {
        from.fields("a customer's record", 6, |from| {
            let erased = match from.is_null()? {
                true => None,
                false => Some(from.fields("an erasure", 2, Source::erasure)?),
            };
            let fields = from.rising("a customer's fields", |from| {
                from.fields("a customer's field", 4, |from| {
                    let field = Field(from.from.u8("a field's number")?);
                    Ok((field, (from.maybe_text("a customer's field")?, from.marker()?)))
                })
            })?;
            let notes = read_notes(from)?;
            let wishes = read_set(from, "the wishes", 3, Source::wish)?;
            let consents = read_set(from, "the consents", 5, Source::consent)?;
            let waiting = from.rising("what waits to be taken away", |from| {
                from.fields("what waits to be taken away", 3, read_removal)
            })?;
            let waiting: BTreeSet<Removal> = waiting.into_keys().collect();
            Ok(Self { erased, fields, notes, wishes, consents, waiting })
        })
    }
}

fn read_removal(from: &mut Source<'_>) -> Result<(Removal, ())> {
    let removal = match from.from.u8("a set's number")? {
        WISHES => Removal::Wishes { sku: from.text("a wish's SKU")?, seen: from.seen()? },
        CONSENTS => {
            Removal::Consents { purpose: from.text("a consent's purpose")?, seen: from.seen()? }
        }
        number => return Err(value("a customer's set", &format!("none has the number {number}"))),
    };
    Ok((removal, ()))
}

fn write_notes(to: &mut Sink, notes: &BTreeMap<NoteId, BTreeMap<Seen, Note>>) -> Result<()> {
    list(to, notes.len())?;
    for (id, versions) in notes {
        ok(to.array(2))?;
        dot(to, *id)?;
        list(to, versions.len())?;
        for (seen, note) in versions {
            ok(to.array(4))?;
            write_seen(to, seen)?;
            note_parts(to, note)?;
        }
    }
    Ok(())
}

fn read_notes(from: &mut Source<'_>) -> Result<BTreeMap<NoteId, BTreeMap<Seen, Note>>> {
    from.rising("a customer's notes", |from| {
        from.fields("a customer's note", 2, |from| {
            let id = from.dot()?;
            let versions = from.rising("a note's texts", |from| {
                from.fields("a note's text", 4, |from| Ok((from.seen()?, from.note()?)))
            })?;
            Ok((id, versions))
        })
    })
}

fn write_set<M: Ord>(
    to: &mut Sink,
    set: &Members<M>,
    parts: u64,
    write: impl Fn(&mut Sink, &M) -> Result<()>,
) -> Result<()> {
    ok(to.array(2))?;
    write_seen(to, &set.seen)?;
    list(to, set.members.len())?;
    for (member, seen) in &set.members {
        ok(to.array(2).and_then(|to| to.array(parts)))?;
        write(to, member)?;
        write_seen(to, seen)?;
    }
    Ok(())
}

fn read_set<'b, M: Ord>(
    from: &mut Source<'b>,
    what: &'static str,
    parts: u64,
    read: impl Fn(&mut Source<'b>) -> Result<M>,
) -> Result<Members<M>> {
    from.fields(what, 2, |from| {
        let seen = from.seen()?;
        let members = from.rising(what, |from| {
            from.fields(what, 2, |from| Ok((from.fields(what, parts, &read)?, from.seen()?)))
        })?;
        Ok(Members { seen, members })
    })
}
