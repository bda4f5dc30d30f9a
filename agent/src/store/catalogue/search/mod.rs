//! Finding items by what a person types: words, the start of words, a SKU, digits of a barcode.
//!
//! Every word is a prefix, in any order; case and accents do not count ([`fold`]). When little is
//! found, and nothing that holds every word whole, one wrong, missing, extra or swapped letter a
//! word is forgiven ([`fuzzy`]). Results
//! come in this order: an item whose code was typed in full; names that hold the words, those
//! with whole words first, then those that start with the first word, shorter names first;
//! SKUs and barcodes that start so; names that need forgiving.
//!
//! The index is read shortest name first and left after [`WINDOW`] matches, so one word, down to
//! a single letter, costs the same however many items there are, and the order is exact among
//! these matches. Several words that seldom meet cost one walk along the shortest of their lists:
//! 15 ms was the worst seen in a million items. A mistyped word costs at most some thousand
//! searches in the vocabulary, which is the distinct words and not the items.

pub(in crate::store) mod fold;
mod fuzzy;
pub(super) mod index;
#[cfg(test)]
mod tests;

use super::lookup::{View, item};
use super::records::{Item, ItemId};
use crate::store::open::{StoreError, classify};
use commerce::code::Gtin;
use index::{item_of, words};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Matches of one stage that are ranked: many more than a screen shows, few enough to read.
pub const WINDOW: usize = 200;

/// The most results of one search.
pub const MAX_RESULTS: usize = 100;

/// Words of a query that count; more only repeat themselves.
const MAX_QUERY_WORDS: usize = 8;

/// Fewer results than this, and mistyped letters are forgiven.
const FEW: usize = 3;

/// The longest prefix that FTS5 keeps an index for; see the schema.
const INDEXED_PREFIX: usize = 3;

/// Distinct words that stand for one typed word. A longer prefix with more of them is left to
/// FTS5, which then reads the lists of all.
const EXPANSIONS: usize = 64;

/// The fewest letters or digits with which a SKU, and a barcode, is looked for by its start.
const SKU_PREFIX: usize = 2;
const BARCODE_PREFIX: usize = 4;

pub(super) const MATCHES: &str =
    "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid LIMIT ?2";
pub(super) const WORDS_FROM: &str =
    "SELECT text FROM word WHERE text >= ?1 AND text < ?2 ORDER BY text LIMIT ?3";
pub(super) const SKUS_FROM: &str = "SELECT id, sku, name, unit, tax_class, department, \
    minimum_age FROM item WHERE sku >= ?1 AND sku < ?2 ORDER BY sku LIMIT ?3";
pub(super) const BARCODES_FROM: &str =
    "SELECT item FROM barcode WHERE gtin >= ?1 AND gtin < ?2 ORDER BY gtin LIMIT ?3";

impl View<'_> {
    /// The items that fit `text`, best first, at most `limit` (and [`MAX_RESULTS`]).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Item>, StoreError> {
        let limit = limit.min(MAX_RESULTS);
        let mut query = words(text);
        query.truncate(MAX_QUERY_WORDS);
        let mut found = Results { items: Vec::new(), seen: BTreeSet::new(), limit };
        let code = text.trim();
        found.extend(self.by_code(code)?);
        let meant = !found.items.is_empty() || self.holds_whole(&query)?;
        found.extend(self.by_words(&query)?);
        found.extend(self.by_code_prefix(code, limit)?);
        if !meant && found.items.len() < FEW {
            found.extend(self.by_similar_words(&query)?);
        }
        Ok(found.items)
    }

    /// Items whose code is just this.
    fn by_code(&self, code: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for sku in spellings(code) {
            items.extend(self.item_by_sku(&sku)?);
        }
        if let Ok(gtin) = Gtin::parse(code) {
            items.extend(self.item_by_gtin(gtin)?);
        }
        if let Some(short) = digits(code).filter(|_| code.len() <= 6) {
            items.extend(
                u32::try_from(short).ok().map(|s| self.item_by_short(s)).transpose()?.flatten(),
            );
        }
        Ok(items)
    }

    /// Items whose SKU, or one of whose barcodes, starts like this.
    fn by_code_prefix(&self, code: &str, limit: usize) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        if code.chars().count() >= SKU_PREFIX {
            for from in spellings(code) {
                items.extend(self.rows(
                    SKUS_FROM,
                    (&from, beyond(&from), limit_of(limit)),
                    item,
                )?);
            }
        }
        if let Some(number) = digits(code).filter(|_| code.len() >= BARCODE_PREFIX) {
            for (from, to) in gtin_ranges(number, code.len()) {
                let ids = self.rows(BARCODES_FROM, (from, to, limit_of(limit)), |row| {
                    row.get(0).map(ItemId)
                })?;
                items.extend(self.items(ids)?);
            }
        }
        Ok(items)
    }

    /// Items whose name holds every word, whole or as the start of one.
    fn by_words(&self, query: &[String]) -> Result<Vec<Item>, StoreError> {
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = self.matches(&whole(query), WINDOW)?;
        let mut starts = Vec::with_capacity(query.len());
        for word in query {
            match self.starting_with(word)? {
                Some(term) => starts.push(term),
                None => return Ok(Vec::new()),
            }
        }
        ids.extend(self.matches(&starts, WINDOW)?);
        self.ranked(ids, |names| {
            let whole = query.iter().filter(|word| names.contains(word)).count();
            let leads = names.first().zip(query.first()).is_some_and(|(n, q)| n.starts_with(q));
            (Reverse(whole), !leads)
        })
    }

    /// Items whose name holds every word if one letter of each is forgiven.
    fn by_similar_words(&self, query: &[String]) -> Result<Vec<Item>, StoreError> {
        let mut terms = Vec::with_capacity(query.len());
        for word in query {
            let similar = self.similar_words(word)?;
            let mut any: Vec<_> = similar.iter().map(|word| quoted(word)).collect();
            any.extend(self.starting_with(word)?);
            if any.is_empty() {
                return Ok(Vec::new());
            }
            terms.push(format!("({})", any.join(" OR ")));
        }
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let ids = self.matches(&terms, WINDOW)?;
        self.ranked(ids, |names| {
            let wrong = |word: &&String| !names.iter().any(|name| name.starts_with(word.as_str()));
            let partly = |word: &&String| !names.iter().any(|name| fuzzy::is_similar(word, name));
            (query.iter().filter(wrong).count(), query.iter().filter(partly).count())
        })
    }

    /// Whether some name holds every word whole: then nothing was mistyped.
    fn holds_whole(&self, query: &[String]) -> Result<bool, StoreError> {
        Ok(!query.is_empty() && !self.matches(&whole(query), 1)?.is_empty())
    }

    /// The items of the shortest names that fit all `terms`, at most `most`.
    fn matches(&self, terms: &[String], most: usize) -> Result<Vec<ItemId>, StoreError> {
        let expression = terms.join(" AND ");
        self.rows(MATCHES, (expression, limit_of(most)), |row| row.get(0).map(item_of))
    }

    /// A term for the words that start with `word`; `None` when there is none.
    fn starting_with(&self, word: &str) -> Result<Option<String>, StoreError> {
        if word.chars().count() <= INDEXED_PREFIX {
            return Ok(Some(format!("{} *", quoted(word))));
        }
        let all = self.words_from(word, EXPANSIONS + 1)?;
        Ok(match all.len() {
            0 => None,
            // The lists of a few whole words are read side by side and left early; those of a
            // prefix are read to their ends first.
            1..=EXPANSIONS => {
                let any: Vec<_> = all.iter().map(|word| quoted(word)).collect();
                Some(format!("({})", any.join(" OR ")))
            }
            _ => Some(format!("{} *", quoted(word))),
        })
    }

    /// The first distinct words that start with `prefix`, in order.
    fn words_from(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.rows(WORDS_FROM, (prefix, beyond(prefix), limit_of(limit)), |row| row.get(0))
    }

    /// The items of `ids`, by `key`, then the shorter name, then the name.
    fn ranked<K: Ord>(
        &self,
        ids: Vec<ItemId>,
        key: impl Fn(&[String]) -> K,
    ) -> Result<Vec<Item>, StoreError> {
        let items = self.items(ids.into_iter().collect::<BTreeSet<_>>())?;
        let mut keyed: Vec<_> = items
            .into_iter()
            .map(|item| {
                let names = words(&item.name);
                let letters: usize = names.iter().map(|word| word.chars().count()).sum();
                ((key(&names), letters, names, item.sku.clone()), item)
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(keyed.into_iter().map(|(_, item)| item).collect())
    }

    fn items(&self, ids: impl IntoIterator<Item = ItemId>) -> Result<Vec<Item>, StoreError> {
        let read = |id| self.item_by_id(id).transpose();
        ids.into_iter().filter_map(read).collect()
    }

    /// The distinct words that one letter's mistake makes `word` (or its start) of.
    fn similar_words(&self, word: &str) -> Result<Vec<String>, StoreError> {
        fuzzy::similar_words(self.connection, word, EXPANSIONS).map_err(|e| classify(self.file, e))
    }
}

/// Results in their order, each item once.
struct Results {
    items: Vec<Item>,
    seen: BTreeSet<ItemId>,
    limit: usize,
}

impl Results {
    fn extend(&mut self, items: Vec<Item>) {
        for item in items {
            if self.items.len() < self.limit && self.seen.insert(item.id) {
                self.items.push(item);
            }
        }
    }
}

fn whole(query: &[String]) -> Vec<String> {
    query.iter().map(|word| quoted(word)).collect()
}

/// A word as an FTS5 string; folded words hold letters and digits only.
fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

/// The least text that is beyond every text that starts with `prefix`.
pub(super) fn beyond(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// A code as typed and in capitals, for SKUs are mostly written so.
fn spellings(code: &str) -> BTreeSet<String> {
    if code.is_empty() { BTreeSet::new() } else { [code.to_owned(), code.to_uppercase()].into() }
}

/// The number of up to 14 digits.
fn digits(code: &str) -> Option<i64> {
    let sound = (1..=14).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| code.parse().ok()).flatten()
}

/// Where the barcodes of 8, 12, 13 and 14 digits stand that start with the `length` digits of
/// `number`.
fn gtin_ranges(number: i64, length: usize) -> impl Iterator<Item = (i64, i64)> {
    [13_usize, 12, 14, 8].into_iter().filter_map(move |whole| {
        let rest = u32::try_from(whole.checked_sub(length)?).ok()?;
        let step = 10_i64.checked_pow(rest)?;
        Some((number.checked_mul(step)?, number.checked_add(1)?.checked_mul(step)?))
    })
}

fn limit_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
