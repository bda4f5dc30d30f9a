//! A run's bodies in few bytes: each field beside the same field of the other bodies, and what
//! stood there before told by its number.
//!
//! Bodies of one stream are alike: the same arrays, a clock that goes on, the same goods again and
//! again. Knows nothing of what they mean, only that they are plain CBOR ([`crate::cbor::scan`])
//! without maps; a run with any other body has no packed form. Called by [`super::columns`].
//!
//! # For a reader in ten years
//!
//! Bodies are a tree of items. Every item stands at a *place*: the bodies at the root's only one,
//! the items of an array at a place of the array's own place each. Items of like arrays share
//! places, so a place holds a column of like values. The places of an array's items are
//!
//! - one for each position, in a *row*;
//! - one for all, in a *list*: an array that holds arrays only, at least one;
//! - one for each tag, where the item is a *pair*: an array of a number below 24, its tag, and an
//!   array. The place is the second's; the pair itself has none.
//!
//! A place is numbered when it is first needed, the root's 0, in the order of the bodies. It has three
//! columns: *kinds* of the items of its arrays, a byte each; *numbers*, varints; and *text*.
//!
//! | kind | item | numbers at its place | text |
//! | --- | --- | --- | --- |
//! | 0 | an integer from 0 | its distance to the one before here, the first from 0; modulo 2^64, zigzag | |
//! | 1 | an integer below 0, as -1 - n | n | |
//! | 2, 3 | bytes, text | their length | they themselves |
//! | 4, 5 | a row, a list | how many items | |
//! | 6 | what stood before under the same array's place | which, from 0 | |
//! | 7, 8, 9 | false, true, null | | |
//! | 16 + tag | a pair | | |
//!
//! Bytes, text and arrays of [`MIN_KNOWN_BYTES`] or more are numbered at the place of the array that
//! holds them, in order, when they end; whole bodies and what kind 6 stands for are not.
//!
//! The form is the number of places, of each the lengths of its three columns, all as varints; then
//! all kinds, all numbers and all text, each in the order of places.

mod read;
mod tree;
mod write;

pub(super) use read::unpack;
pub(super) use write::pack;

/// Shorter items are written again: their number would hardly be shorter.
const MIN_KNOWN_BYTES: usize = 6;

/// The most places: today's bodies have some 130 in all kinds of facts together.
const MAX_PLACES: usize = 4_096;

/// The deepest nesting, as [`crate::cbor::scan`] has it.
const MAX_DEPTH: usize = 16;

const NATURAL: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ROW: u8 = 4;
const LIST: u8 = 5;
const KNOWN: u8 = 6;
const FALSE: u8 = 7;
const TRUE: u8 = 8;
const NULL: u8 = 9;
const PAIR: u8 = 16;

/// Tags are below.
const MAX_TAG: u8 = 24;

/// The place of an array's item among those of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Position(u64),
    Any,
    Tagged(u8),
}

impl Slot {
    /// Of the item at a position of a row or a list.
    const fn of(is_list: bool, position: u64) -> Self {
        if is_list { Self::Any } else { Self::Position(position) }
    }
}

#[cfg(test)]
mod tests;
