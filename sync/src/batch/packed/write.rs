//! Bodies into places: see [`super`] for the form.

use super::tree::{Head, Item, items};
use super::{
    BYTES, FALSE, KNOWN, LIST, MAX_PLACES, MIN_KNOWN_BYTES, NATURAL, NEGATIVE, NULL, PAIR, ROW,
    Slot, TEXT, TRUE,
};
use crate::bulk::columns::{push_varint, zigzag};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// The packed form of bodies; `None` when one of them is not plain, or they have too many places.
pub(in crate::batch) fn pack<'b>(bodies: impl Iterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
    let mut writer = Writer { places: vec![Place::default()] };
    let mut tree = Vec::new();
    for body in bodies {
        items(body, &mut tree)?;
        writer.item(body, &tree, 0, Holder { place: 0, slot: Slot::Any })?;
    }
    Some(writer.finish())
}

#[derive(Default)]
struct Place<'b> {
    kinds: Vec<u8>,
    numbers: Vec<u8>,
    text: Vec<u8>,
    /// The integer that stood here last.
    before: u64,
    slots: BTreeMap<Slot, usize>,
    /// What its arrays held before, looked up only, so that its order does not matter.
    known: HashMap<&'b [u8], u64>,
}

/// The place of the array that holds an item, and the item's among those of the array.
#[derive(Clone, Copy)]
struct Holder {
    place: usize,
    slot: Slot,
}

struct Writer<'b> {
    places: Vec<Place<'b>>,
}

impl<'b> Writer<'b> {
    /// Writes the item of that number; gives the number of the next beside it.
    fn item(&mut self, body: &'b [u8], tree: &[Item], at: usize, holder: Holder) -> Option<usize> {
        let item = *tree.get(at)?;
        let whole = body.get(item.start..item.end)?;
        if is_long(item.head) && whole.len() >= MIN_KNOWN_BYTES && holder.place > 0 {
            // Items under one place do not hold each other, so it is the same whether they are
            // numbered when they begin or when they end.
            let known = &mut self.place(holder.place)?.known;
            let new = known.len() as u64;
            match known.entry(whole) {
                Entry::Vacant(vacant) => drop(vacant.insert(new)),
                Entry::Occupied(there) => {
                    let number = *there.get();
                    self.put(holder, KNOWN, Some(number))?;
                    return Some(item.next);
                }
            }
        }
        match item.head {
            Head::Natural(value) => self.natural(holder, value)?,
            Head::Negative(value) => drop(self.put(holder, NEGATIVE, Some(value))?),
            Head::Bytes(length) => self.string(holder, (BYTES, length), body, item)?,
            Head::Text(length) => self.string(holder, (TEXT, length), body, item)?,
            Head::Row(count) | Head::List(count) => {
                let is_list = matches!(item.head, Head::List(_));
                let kind = if is_list { LIST } else { ROW };
                let place = self.put(holder, kind, Some(count))?;
                let mut inner = at + 1;
                for position in 0..count {
                    let slot = Slot::of(is_list, position);
                    inner = self.item(body, tree, inner, Holder { place, slot })?;
                }
            }
            Head::Pair(tag) => {
                let tagged = Holder { slot: Slot::Tagged(tag), ..holder };
                let place = self.put(tagged, PAIR + tag, None)?;
                let second = tree.get(at + 1)?.next;
                self.item(body, tree, second, Holder { place, slot: Slot::Any })?;
            }
            Head::False => drop(self.put(holder, FALSE, None)?),
            Head::True => drop(self.put(holder, TRUE, None)?),
            Head::Null => drop(self.put(holder, NULL, None)?),
        }
        Some(item.next)
    }

    fn natural(&mut self, holder: Holder, value: u64) -> Option<()> {
        let at = self.put(holder, NATURAL, None)?;
        let place = self.place(at)?;
        push_varint(&mut place.numbers, zigzag(value.wrapping_sub(place.before).cast_signed()));
        place.before = value;
        Some(())
    }

    fn string(
        &mut self,
        to: Holder,
        (kind, length): (u8, u64),
        body: &[u8],
        it: Item,
    ) -> Option<()> {
        let at = self.put(to, kind, Some(length))?;
        self.place(at)?.text.extend_from_slice(body.get(it.content..it.end)?);
        Some(())
    }

    /// Writes an item's kind and its number; gives its place.
    fn put(&mut self, holder: Holder, kind: u8, number: Option<u64>) -> Option<usize> {
        self.place(holder.place)?.kinds.push(kind);
        let at = self.at(holder)?;
        if let Some(number) = number {
            push_varint(&mut self.place(at)?.numbers, number);
        }
        Some(at)
    }

    fn at(&mut self, Holder { place, slot }: Holder) -> Option<usize> {
        if let Some(at) = self.place(place)?.slots.get(&slot) {
            return Some(*at);
        }
        let new = self.places.len();
        if new >= MAX_PLACES {
            return None;
        }
        self.place(place)?.slots.insert(slot, new);
        self.places.push(Place::default());
        Some(new)
    }

    fn place(&mut self, at: usize) -> Option<&mut Place<'b>> {
        self.places.get_mut(at)
    }

    fn finish(self) -> Vec<u8> {
        let mut packed = Vec::new();
        push_varint(&mut packed, self.places.len() as u64);
        for place in &self.places {
            for column in [&place.kinds, &place.numbers, &place.text] {
                push_varint(&mut packed, column.len() as u64);
            }
        }
        self.places.iter().for_each(|place| packed.extend_from_slice(&place.kinds));
        self.places.iter().for_each(|place| packed.extend_from_slice(&place.numbers));
        self.places.iter().for_each(|place| packed.extend_from_slice(&place.text));
        packed
    }
}

/// Whether an item can be told by its number.
const fn is_long(head: Head) -> bool {
    matches!(head, Head::Bytes(_) | Head::Text(_) | Head::Row(_) | Head::List(_) | Head::Pair(_))
}
