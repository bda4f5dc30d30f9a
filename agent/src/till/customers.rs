//! Customers at the till: who they are, notes, wishes, consents, erasure; and whose cart it is.
//!
//! Every act is one entry of this till's customers stream; what several tills said at once merges
//! ([`sync::customer`]). Carts and sales bear a customer's random id, and nothing else of them.

use super::{Answer, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::till::read;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use commerce::staff::{Limited, Role, authorise};
use std::collections::BTreeMap;
use sync::body::MAX_TEXT_BYTES;
use sync::customer::{
    Consent, Customer, Erasure, Field, MAX_NOTE_BYTES, Note, NoteId, Operation, Record, Wish,
};

/// The most notes that one customer has at a time; what is kept of them stays a page or two.
const MAX_NOTES: usize = 100;

/// The most notes ever, for one that was taken away leaves its place: so a record stays bounded.
const MAX_NOTES_EVER: usize = 500;

/// The most wishes on a list.
const MAX_WISHES: usize = 200;

/// The most purposes that a customer was asked about.
const MAX_PURPOSES: usize = 50;

/// Customers named in events after a peer's entries; where it was more, `peers` alone tells it.
const MOST_TOLD: usize = 32;

/// What is done about a customer.
#[derive(Debug, Clone)]
pub enum CustomerAct {
    /// They become one: the first of their fields.
    Create(BTreeMap<Field, Option<String>>),
    /// Fields get other values; `None` empties one.
    Change(BTreeMap<Field, Option<String>>),
    /// A note is written.
    AddNote(String),
    /// A note gets another text.
    EditNote(NoteId, String),
    /// A note is taken away.
    DropNote(NoteId),
    /// An item is wished for.
    AddWish {
        /// The item.
        sku: String,
        /// A size, a colour, an occasion.
        remark: Option<String>,
    },
    /// An item is wished for no longer.
    DropWish(String),
    /// They say yes or no to something.
    Consent {
        /// To what.
        purpose: String,
        /// Yes, or no any more.
        given: bool,
        /// How they said it.
        source: String,
    },
    /// They are forgotten for good. For managers.
    Erase,
}

impl Till {
    /// Does something about a customer.
    pub(super) fn customer(
        &mut self,
        context: &Context,
        id: CustomerId,
        act: CustomerAct,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let known = read::customer(self.store.connection(), id)?;
        self.assert_can(context, id, known.as_ref(), &act)?;
        let (by, at_ms) = (context.by.staff.clone(), context.now.as_millisecond());
        let note = |text| Note { text, at_ms, by: by.clone() };
        self.act(
            context,
            |()| Answer::Customer(id),
            |doing| {
                doing.tell_customer(id, |known, clock| match act {
                    CustomerAct::Create(values) | CustomerAct::Change(values) => {
                        let clock = known.counts_from(values.keys().copied(), clock);
                        Operation::Fields { customer: id, values, clock }
                    }
                    CustomerAct::AddNote(text) => noted(id, known, None, note(Some(text))),
                    CustomerAct::EditNote(of, text) => noted(id, known, Some(of), note(Some(text))),
                    CustomerAct::DropNote(of) => noted(id, known, Some(of), note(None)),
                    CustomerAct::AddWish { sku, remark } => {
                        Operation::Wish { customer: id, wish: Wish { sku, remark, at_ms } }
                    }
                    CustomerAct::DropWish(sku) => {
                        let seen = known.seen_of_wishes(&sku);
                        Operation::Unwish { customer: id, sku, seen }
                    }
                    CustomerAct::Consent { purpose, given, source } => {
                        let seen = known.seen_of_purpose(&purpose);
                        let by = by.clone();
                        let consent = Consent { purpose, given, at_ms, source, by };
                        Operation::Consent { customer: id, consent, seen }
                    }
                    CustomerAct::Erase => {
                        let erasure = Erasure { at_ms, by: by.clone() };
                        Operation::Erased { customer: id, erasure }
                    }
                })
            },
        )?;
        effects.push(Effect::Changed(Change::Customer(id)));
        Ok(Reply::Customer(id))
    }

    /// Notes whose cart it is, or that it is nobody's.
    pub(super) fn attach(
        &mut self,
        context: &Context,
        id: CartId,
        customer: Option<CustomerId>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(customer) = customer {
            let known = read::customer(self.store.connection(), customer)?;
            alive(customer, known.as_ref())?;
        }
        let mut cart = self.cart(id)?.clone();
        cart.attach(customer)?;
        self.keep(context, cart, None, effects, |act, cart| {
            act.attach_customer(cart);
            Ok(())
        })
    }

    /// Tells of the customers that other tills said something about.
    pub(super) fn tell_of_customers(&mut self, effects: &mut Vec<Effect>) {
        let heard = self.store.take_heard_customers();
        if heard.len() <= MOST_TOLD {
            effects.extend(heard.into_iter().map(|id| Effect::Changed(Change::Customer(id))));
        }
    }

    fn assert_can(
        &self,
        context: &Context,
        id: CustomerId,
        known: Option<&Record>,
        act: &CustomerAct,
    ) -> Result<(), Refusal> {
        if let CustomerAct::Create(values) = act {
            if known.is_some() {
                return Err(Refusal::CustomerTaken(id));
            }
            self.assert_room()?;
            let given = values.values().flatten().next();
            given.ok_or(Refusal::NoField)?;
            return values.iter().try_for_each(|(field, text)| check_field(*field, text));
        }
        let known = alive(id, known)?;
        match act {
            CustomerAct::Create(_) => Ok(()),
            CustomerAct::Change(values) => {
                values.keys().next().ok_or(Refusal::NoField)?;
                values.iter().try_for_each(|(field, text)| check_field(*field, text))
            }
            CustomerAct::AddNote(text) => {
                check_text("a note", text, MAX_NOTE_BYTES)?;
                let most =
                    known.notes().count() >= MAX_NOTES || known.notes.len() >= MAX_NOTES_EVER;
                room(most, "notes", MAX_NOTES)
            }
            CustomerAct::EditNote(note, text) => {
                check_text("a note", text, MAX_NOTE_BYTES)?;
                has_note(id, known, *note)
            }
            CustomerAct::DropNote(note) => has_note(id, known, *note),
            CustomerAct::AddWish { sku, remark } => {
                remark
                    .iter()
                    .try_for_each(|it| check_text("a wish's remark", it, MAX_TEXT_BYTES))?;
                let item = self.catalogue.view().item_by_sku(sku)?;
                item.ok_or_else(|| Refusal::UnknownCode(sku.clone()))?;
                room(known.wishes.members.len() >= MAX_WISHES, "wishes", MAX_WISHES)
            }
            CustomerAct::DropWish(sku) => {
                let wished = known.wishes.members.keys().any(|wish| wish.sku == *sku);
                if wished { Ok(()) } else { Err(Refusal::NoWish(id, sku.clone())) }
            }
            CustomerAct::Consent { purpose, source, .. } => {
                check_text("a consent's purpose", purpose, MAX_TEXT_BYTES)?;
                check_text("a consent's source", source, MAX_TEXT_BYTES)?;
                room(known.consents.members.len() >= MAX_PURPOSES, "consents", MAX_PURPOSES)
            }
            CustomerAct::Erase => {
                let needs = Limited::Needs(Role::Manager);
                authorise(needs, &context.by, context.approver.as_ref())?;
                Ok(())
            }
        }
    }
}

fn noted(customer: CustomerId, known: &Customer, note: Option<NoteId>, content: Note) -> Operation {
    let seen = note.map(|note| known.seen_of_note(note)).unwrap_or_default();
    Operation::Note { customer, note, content, seen }
}

/// A customer who was not erased.
fn alive(id: CustomerId, known: Option<&Record>) -> Result<&Record, Refusal> {
    let known = known.ok_or(Refusal::NoCustomer(id))?;
    if known.erased.is_some() { Err(Refusal::CustomerErased(id)) } else { Ok(known) }
}

fn has_note(id: CustomerId, known: &Record, note: NoteId) -> Result<(), Refusal> {
    let there = known.notes().any(|(known, _)| known == note);
    if there { Ok(()) } else { Err(Refusal::NoNote(id, note)) }
}

const fn room(full: bool, what: &'static str, most: usize) -> Result<(), Refusal> {
    if full { Err(Refusal::TooManyKept { what, most }) } else { Ok(()) }
}

fn check_text(what: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.len() > most {
        return Err(Refusal::BadCustomerText { what, why: format!("it has 1 to {most} bytes") });
    }
    Ok(())
}

/// Refuses what can't be a field's text.
fn check_field(field: Field, text: &Option<String>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    let refuse = |what, why: &str| Err(Refusal::BadCustomerText { what, why: why.to_owned() });
    match field {
        Field::EMAIL => {
            check_text("an e-mail address", text, MAX_TEXT_BYTES)?;
            let parts = text
                .split_once('@')
                .filter(|(to, host)| !to.is_empty() && host.contains('.') && !host.contains('@'));
            match parts {
                Some(_) if !text.contains(char::is_whitespace) => Ok(()),
                _ => refuse("an e-mail address", "write it like name@example.com"),
            }
        }
        Field::PHONE => {
            check_text("a phone number", text, MAX_TEXT_BYTES)?;
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let plain = text.chars().all(|it| it.is_ascii_digit() || " +-/().".contains(it));
            if plain && digits > 0 {
                return Ok(());
            }
            refuse("a phone number", "it has digits, spaces and + - / ( ) .")
        }
        Field::LANGUAGE => {
            let plain = text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
            if plain && (2..=35).contains(&text.len()) {
                return Ok(());
            }
            refuse("a language", "write its tag, like de or en-GB")
        }
        Field::LOYALTY => check_text("a loyalty number", text, MAX_TEXT_BYTES),
        _ => check_text("a name", text, MAX_TEXT_BYTES),
    }
}
