//! A body's items in the order of its bytes, each with where it ends: what the writer walks.

use super::{MAX_DEPTH, MAX_TAG};
use crate::cbor::scan;
use crate::log::MAX_BODY_BYTES;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Natural(u64),
    Negative(u64),
    Bytes(u64),
    Text(u64),
    Row(u64),
    List(u64),
    Pair(u8),
    False,
    True,
    Null,
}

/// An item, with all that is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub head: Head,
    /// Where it begins in the body.
    pub start: usize,
    /// Where what its head announces begins: a string's content, an array's items.
    pub content: usize,
    /// Where it ends.
    pub end: usize,
    /// The number of the next item beside it.
    pub next: usize,
}

/// The items of a body; `None` when it is not plain, or holds maps.
pub(super) fn items(body: &[u8], into: &mut Vec<Item>) -> Option<()> {
    scan::check(body, MAX_BODY_BYTES).ok()?;
    into.clear();
    let end = item(body, 0, MAX_DEPTH, into)?;
    (end == body.len()).then_some(())
}

/// Adds the item at `at` and those in it; gives where it ends.
fn item(body: &[u8], at: usize, depth: usize, into: &mut Vec<Item>) -> Option<usize> {
    let first = *body.get(at)?;
    let (argument, content) = argument(body, at, first & 0x1f)?;
    let string = || content.checked_add(usize::try_from(argument).ok()?);
    let (head, end) = match first >> 5 {
        0 => (Head::Natural(argument), content),
        1 => (Head::Negative(argument), content),
        2 => (Head::Bytes(argument), string()?),
        3 => (Head::Text(argument), string()?),
        4 => return array(body, (at, content), argument, depth.checked_sub(1)?, into),
        7 => match first & 0x1f {
            20 => (Head::False, content),
            21 => (Head::True, content),
            22 => (Head::Null, content),
            _ => return None,
        },
        _ => return None,
    };
    into.push(Item { head, start: at, content, end, next: into.len() + 1 });
    Some(end)
}

fn array(
    body: &[u8],
    (start, content): (usize, usize),
    count: u64,
    depth: usize,
    into: &mut Vec<Item>,
) -> Option<usize> {
    let own = into.len();
    into.push(Item { head: Head::Row(count), start, content, end: content, next: own + 1 });
    let (mut end, mut all_arrays) = (content, count > 0);
    for _ in 0..count {
        let inner = into.len();
        end = item(body, end, depth, into)?;
        all_arrays &= is_array(into.get(inner)?.head);
    }
    let head = match (into.get(own + 1).map(|it| it.head), into.get(own + 2).map(|it| it.head)) {
        (Some(Head::Natural(tag)), Some(second)) if count == 2 && is_array(second) => {
            let tag = u8::try_from(tag).ok().filter(|tag| *tag < MAX_TAG);
            tag.map_or(Head::Row(count), Head::Pair)
        }
        _ if all_arrays => Head::List(count),
        _ => Head::Row(count),
    };
    let next = into.len();
    let whole = into.get_mut(own)?;
    (whole.head, whole.end, whole.next) = (head, end, next);
    Some(end)
}

const fn is_array(head: Head) -> bool {
    matches!(head, Head::Row(_) | Head::List(_) | Head::Pair(_))
}

/// The number behind an item's first byte, and where it ends.
fn argument(body: &[u8], at: usize, info: u8) -> Option<(u64, usize)> {
    let width = match info {
        0..=23 => return Some((u64::from(info), at + 1)),
        24..=27 => 1_usize << (info - 24),
        _ => return None,
    };
    let bytes = body.get(at + 1..at + 1 + width)?;
    let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Some((value, at + 1 + width))
}
