//! Words that one mistake away from what was typed.
//!
//! The vocabulary is walked as if it were a tree of letters: at each place of the typed word the
//! letters that really follow there are found by one search each, and only these are tried. So
//! the work depends on the word's length and the alphabet, not on the size of the vocabulary.

use super::{WORDS_FROM, beyond};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// Shorter words are too few letters to forgive one.
const SHORTEST: usize = 3;

/// Letters tried at one place: every Latin letter and digit; of larger alphabets the first ones.
const LETTERS_TRIED: usize = 64;

/// Words read below one corrected start, and in all, before the best are chosen.
const WORDS_A_START: usize = 64;
const WORDS_IN_ALL: usize = 1_024;

const NEXT_WORD: &str = "SELECT text FROM word WHERE text >= ?1 ORDER BY text LIMIT 1";

/// Up to `limit` words of the vocabulary that `word` becomes, or becomes the start of, by one
/// letter changed, added, dropped or swapped with the next. Those it becomes as a whole come
/// first, then the shorter.
pub(super) fn similar_words(
    connection: &Connection,
    word: &str,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < SHORTEST {
        return Ok(Vec::new());
    }
    let mut walk = Walk { connection, found: BTreeSet::new() };
    for (at, letter) in letters.iter().enumerate() {
        let (before, after) = (text(&letters, ..at), text(&letters, at + 1..));
        walk.take(&format!("{before}{after}"))?;
        if let Some(next) = letters.get(at + 1) {
            walk.take(&format!("{before}{next}{letter}{}", text(&letters, at + 2..)))?;
        }
        for tried in walk.letters_after(&before)? {
            walk.take(&format!("{before}{tried}{after}"))?;
            walk.take(&format!("{before}{tried}{letter}{after}"))?;
        }
    }
    let mut found: Vec<_> = walk.found.into_iter().collect();
    found.sort_by_cached_key(|w| (!is_similar(word, w), w.chars().count(), w.clone()));
    found.truncate(limit);
    Ok(found)
}

/// Whether one mistake, or none, makes one of the other.
pub(super) fn is_similar(one: &str, other: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = |a: &[char], b: &[char]| {
        a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
    };
    let (a, b) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let same = tail(a, b);
    let rest = (a.len() - same, b.len() - same);
    match rest {
        (0 | 1, 0 | 1) => true,
        (2, 2) => a.first() == b.get(1) && a.get(1) == b.first(),
        _ => false,
    }
}

struct Walk<'c> {
    connection: &'c Connection,
    found: BTreeSet<String>,
}

impl Walk<'_> {
    /// Takes the words that start with `start`.
    fn take(&mut self, start: &str) -> rusqlite::Result<()> {
        if start.is_empty() || self.found.len() >= WORDS_IN_ALL {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(WORDS_FROM)?;
        let limit = i64::try_from(WORDS_A_START).unwrap_or(i64::MAX);
        let mut rows = statement.query((start, beyond(start), limit))?;
        while let Some(row) = rows.next()? {
            self.found.insert(row.get(0)?);
        }
        Ok(())
    }

    /// The letters that follow `before` somewhere in the vocabulary.
    fn letters_after(&self, before: &str) -> rusqlite::Result<Vec<char>> {
        let mut statement = self.connection.prepare_cached(NEXT_WORD)?;
        let mut letters = Vec::new();
        let mut from = before.to_owned();
        while letters.len() < LETTERS_TRIED {
            let word: Option<String> = statement.query_row([&from], |row| row.get(0)).optional()?;
            let Some(rest) = word.as_deref().and_then(|word| word.strip_prefix(before)) else {
                break;
            };
            match rest.chars().next() {
                Some(letter) => {
                    letters.push(letter);
                    from = beyond(&format!("{before}{letter}"));
                }
                // The start itself is a word: what follows it comes right after.
                None => from = format!("{before}\u{1}"),
            }
        }
        Ok(letters)
    }
}

fn text(letters: &[char], range: impl std::slice::SliceIndex<[char], Output = [char]>) -> String {
    letters.get(range).unwrap_or_default().iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mistake_and_no_more() {
        for (one, other, expected) in [
            ("milk", "milk", true),
            ("milk", "mlik", true),
            ("milk", "mil", true),
            ("milk", "milke", true),
            ("milk", "malk", true),
            ("milk", "ilk", true),
            ("milk", "amilk", true),
            ("milk", "limk", false),
            ("milk", "mikle", false),
            ("milk", "mal", false),
            ("aab", "aba", true),
            ("", "a", true),
            ("", "ab", false),
        ] {
            assert_eq!(is_similar(one, other), expected, "{one} {other}");
            assert_eq!(is_similar(other, one), expected, "{other} {one}");
        }
    }
}
