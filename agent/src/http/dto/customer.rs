//! Customers: what is asked about them and how they are shown.

use super::session::Approval;
use super::time;
use commerce::customer::CustomerId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sync::customer::{Consent, Field, Note, Record};
use utoipa::{IntoParams, ToSchema};

/// A customer's fields. One that is left out stays as it is; an empty text empties it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CustomerFields {
    /// What they are called.
    #[schema(example = "Zoë Müller")]
    pub name: Option<String>,
    /// Where they get mail.
    #[schema(example = "zoe@example.com")]
    pub email: Option<String>,
    /// Where they are called.
    #[schema(example = "+49 40 123 45")]
    pub phone: Option<String>,
    /// The number of their loyalty card.
    pub loyalty: Option<String>,
    /// The language they are written to in.
    #[schema(example = "de")]
    pub language: Option<String>,
}

impl CustomerFields {
    /// The fields that are to be written.
    pub fn values(&mut self) -> BTreeMap<Field, Option<String>> {
        let fields = [
            (Field::NAME, &mut self.name),
            (Field::EMAIL, &mut self.email),
            (Field::PHONE, &mut self.phone),
            (Field::LOYALTY, &mut self.loyalty),
            (Field::LANGUAGE, &mut self.language),
        ];
        let written = fields.into_iter().filter_map(|(field, given)| Some((field, given.take()?)));
        let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        written.map(|(field, given)| (field, text(given))).collect()
    }
}

/// A note's text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NoteGiven {
    /// Up to half a page.
    pub text: String,
}

/// A wish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewWish {
    /// The item.
    #[schema(example = "101")]
    pub sku: String,
    /// A size, a colour, an occasion.
    pub remark: Option<String>,
}

/// A yes or no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewConsent {
    /// To what.
    #[schema(example = "newsletter")]
    pub purpose: String,
    /// `true` for yes; `false` withdraws it.
    pub given: bool,
    /// How they said it.
    #[schema(example = "in the shop")]
    pub source: String,
}

/// An erasure.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewErasure {
    /// The approval of a manager, where the person is none.
    pub approval: Option<Approval>,
}

/// Whose cart it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CartCustomer {
    /// Their id; nothing for nobody.
    pub customer: Option<String>,
}

/// Whom somebody looks for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CustomerQuery {
    /// Beginnings of words of the name or e-mail; a phone or loyalty number.
    pub q: String,
    /// Those after this one; the `next` of the page before.
    pub after: Option<String>,
    /// At most so many: 25 when nothing is said, never more than 100.
    pub limit: Option<u32>,
}

/// Customers who were found.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CustomerList {
    /// In the order of their ids.
    pub customers: Vec<CustomerShown>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(in crate::http) struct CustomerShown {
    /// Their id, which carts and sales bear.
    customer: String,
    /// Whether they were erased; then there is nothing else.
    erased: bool,
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Where they get mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Where they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The number of their loyalty card.
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<String>,
    /// The language they are written to in.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// Notes in the order they were begun.
    notes: Vec<NoteShown>,
    /// What they wish for.
    wishes: Vec<WishShown>,
    /// What they were asked about, by purpose.
    consents: Vec<ConsentShown>,
}

/// A note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerNote)]
struct NoteShown {
    /// Its id.
    note: String,
    /// Its text; several where tills wrote it at once. Whoever writes it next puts them together.
    texts: Vec<NoteText>,
}

/// A text of a note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerNoteText)]
struct NoteText {
    /// What it says.
    text: String,
    /// When it was written.
    at: String,
    /// By whom.
    by: String,
}

/// A wish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerWish)]
struct WishShown {
    /// The item.
    sku: String,
    /// A size, a colour, an occasion.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    /// Since when.
    since: String,
}

/// What a customer was asked about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerConsent)]
struct ConsentShown {
    /// To what.
    purpose: String,
    /// Whether they agreed. Of a yes and a no at once the no counts.
    agreed: bool,
    /// What was taken down; several where tills took it down at once.
    said: Vec<ConsentSaid>,
}

/// What was taken down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerConsentSaid)]
struct ConsentSaid {
    /// Yes or no.
    given: bool,
    /// When.
    at: String,
    /// How they said it.
    source: String,
    /// Who took it down.
    by: String,
}

impl CustomerShown {
    pub fn new(id: CustomerId, record: &Record, zone: &TimeZone) -> Self {
        let field = |field| record.field(field).map(str::to_owned);
        let notes = record.notes().map(|(note, texts)| NoteShown {
            note: note.to_string(),
            texts: texts.into_iter().filter_map(|text| note_text(text, zone)).collect(),
        });
        let wishes = record.wishes.members.keys().map(|wish| WishShown {
            sku: wish.sku.clone(),
            remark: wish.remark.clone(),
            since: instant(wish.at_ms, zone),
        });
        let mut purposes: BTreeMap<&str, Vec<ConsentSaid>> = BTreeMap::new();
        for said in record.consents.members.keys() {
            purposes.entry(&said.purpose).or_default().push(said_of(said, zone));
        }
        let consents = purposes.into_iter().map(|(purpose, said)| ConsentShown {
            purpose: purpose.to_owned(),
            agreed: record.agreed_to(purpose),
            said,
        });
        Self {
            customer: id.to_string(),
            erased: record.erased.is_some(),
            name: field(Field::NAME),
            email: field(Field::EMAIL),
            phone: field(Field::PHONE),
            loyalty: field(Field::LOYALTY),
            language: field(Field::LANGUAGE),
            notes: notes.collect(),
            wishes: wishes.collect(),
            consents: consents.collect(),
        }
    }
}

fn note_text(note: &Note, zone: &TimeZone) -> Option<NoteText> {
    let text = note.text.clone()?;
    Some(NoteText { text, at: instant(note.at_ms, zone), by: note.by.to_string() })
}

fn said_of(said: &Consent, zone: &TimeZone) -> ConsentSaid {
    ConsentSaid {
        given: said.given,
        at: instant(said.at_ms, zone),
        source: said.source.clone(),
        by: said.by.to_string(),
    }
}

/// An instant that another till wrote; one beyond all calendars is shown as their end.
fn instant(at_ms: i64, zone: &TimeZone) -> String {
    let end = if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    time(Timestamp::from_millisecond(at_ms).unwrap_or(end), zone)
}
