//! Finding customers: by the beginnings of words of their name or e-mail, by phone or loyalty number.
//!
//! Read by the API over connections of its own.

use super::record;
use crate::store::catalogue::search::fold::fold;
use crate::store::till::error::Result;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeSet;
use sync::customer::{CustomerId, Field, Record};

/// The most words of what somebody asks for; more find nobody that these don't.
const MOST_TERMS: usize = 6;

/// The most words of one customer: a long name, a long address.
const MOST_WORDS: usize = 32;

/// A customer who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub id: CustomerId,
    /// What is known of them.
    pub record: Record,
}

/// What is known of a customer; `None` for nobody. One who was erased is found, and empty.
///
/// # Errors
/// When the file cannot be read.
pub fn customer(conn: &Connection, id: CustomerId) -> Result<Option<Record>> {
    record(conn, id)
}

/// Customers of whom each word of `text` begins a word, at most `limit`, after the given one in the
/// order of their ids; nobody for a text without words.
///
/// # Errors
/// When the file cannot be read.
pub fn search(
    conn: &Connection,
    text: &str,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<Found>> {
    let terms = terms(text);
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    // A word that begins with the term stands between the term and the term before the last letter.
    let one = "SELECT customer FROM customer_word WHERE word >= ? AND word < ? || char(1114111)";
    let all = vec![one; terms.len()].join(" INTERSECT ");
    let sql =
        format!("SELECT customer FROM ({all}) WHERE customer > ? ORDER BY customer LIMIT {limit}");
    let mut values: Vec<rusqlite::types::Value> = Vec::new();
    for term in terms {
        values.extend([term.clone().into(), term.into()]);
    }
    values.push(after.map_or_else(Vec::new, |after| after.0.to_vec()).into());
    let ids: Vec<[u8; 16]> = conn
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids.into_iter().map(CustomerId) {
        if let Some(record) = record(conn, id)? {
            found.push(Found { id, record });
        }
    }
    Ok(found)
}

/// What somebody asks for, as words. A number written in groups is one.
fn terms(text: &str) -> Vec<String> {
    if is_number(text) {
        return Some(digits(text)).filter(|digits| !digits.is_empty()).into_iter().collect();
    }
    let words = fold(text);
    words.split_whitespace().take(MOST_TERMS).map(str::to_owned).collect()
}

/// The words that a customer is found by.
pub(super) fn words(record: &Record) -> BTreeSet<String> {
    let field = |field| record.field(field).unwrap_or_default();
    let texts = [Field::NAME, Field::EMAIL, Field::LOYALTY].map(|it| fold(field(it)));
    let mut words: BTreeSet<String> =
        texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    words.extend(
        [Field::PHONE, Field::LOYALTY]
            .map(field)
            .into_iter()
            .filter(|text| is_number(text))
            .map(digits),
    );
    // Of a number from abroad also what is dialled at home.
    let phone = field(Field::PHONE).trim_start();
    let abroad = phone.strip_prefix('+').or_else(|| phone.strip_prefix("00"));
    words.extend(abroad.and_then(|abroad| abroad.split_once(' ')).map(|(_, rest)| digits(rest)));
    words.remove("");
    words.into_iter().take(MOST_WORDS).collect()
}

/// Whether a text is a number as people write it.
fn is_number(text: &str) -> bool {
    let part = |letter: char| letter.is_ascii_digit() || " +-/().".contains(letter);
    text.chars().all(part)
}

/// A number without what stands between its digits; what is dialled before a country is left out.
fn digits(text: &str) -> String {
    let plain: String = text.chars().filter(char::is_ascii_digit).collect();
    let abroad = text.trim_start().starts_with("00");
    let plain = if abroad { plain.trim_start_matches('0') } else { &plain };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync::clock::Hlc;
    use sync::customer::Marker;
    use sync::log::ReplicaId;

    fn record(name: &str, phone: &str, loyalty: &str) -> Record {
        let marker = Marker { clock: Hlc::default(), replica: ReplicaId([1; 16]) };
        let field = |field, text: &str| (field, (Some(text.to_owned()), marker));
        let fields =
            [field(Field::NAME, name), field(Field::PHONE, phone), field(Field::LOYALTY, loyalty)];
        Record { fields: fields.into(), ..Record::default() }
    }

    #[test]
    fn a_customer_is_found_by_any_of_their_names() {
        let known = words(&record("Zoë Müller", "+49 40 123-45", "L 7701"));
        for (asked, finds) in [
            ("zoe", true),
            ("mül", true),
            ("muller ZOE", true),
            ("4940123", true),
            ("0049 40 12", true),
            ("+49 (40) 12345", true),
            ("40 123", true),
            ("l 7701", true),
            ("7701", true),
            ("schmidt", false),
            ("zoe schmidt", false),
            ("49 99", false),
        ] {
            let terms = terms(asked);
            assert!(!terms.is_empty());
            let found = terms.iter().all(|term| known.iter().any(|word| word.starts_with(term)));
            assert_eq!(found, finds, "{asked}: {terms:?} in {known:?}");
        }
        for nothing in ["", "  ", "+", "'!"] {
            assert_eq!(terms(nothing), [""; 0], "{nothing}");
        }
    }
}
