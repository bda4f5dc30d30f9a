//! What of a name goes into the index, and under which rank.

use super::super::records::ItemId;
use super::fold::fold;

/// Letters of a word that are indexed: more never tells two words of a shop apart.
pub const MAX_WORD_CHARS: usize = 24;

/// Words of a text that are looked at; a name of 60 characters has at most 30.
pub const MAX_WORDS: usize = 30;

/// The folded words of a text, in their order.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split_ascii_whitespace()
        .take(MAX_WORDS)
        .map(|word| word.chars().take(MAX_WORD_CHARS).collect())
        .collect()
}

/// The rowid in the index: the name's length in folded letters above the id.
pub fn rank(words: &[String], id: ItemId) -> i64 {
    let length = words.iter().map(|word| word.chars().count()).sum::<usize>().min(1_000);
    i64::try_from(length).map_or(0, |length| length << 32) | i64::from(id.0)
}

/// The item of a rowid.
pub fn item_of(rank: i64) -> ItemId {
    ItemId(u32::try_from(rank & i64::from(u32::MAX)).unwrap_or_default())
}
