//! Bodies out of their places: see [`super`] for the form. Whatever the bytes claim, no more comes
//! out than the caller takes, and nothing but plain CBOR.

use super::{
    BYTES, FALSE, KNOWN, LIST, MAX_DEPTH, MAX_PLACES, MAX_TAG, MIN_KNOWN_BYTES, NATURAL, NEGATIVE,
    NULL, PAIR, ROW, Slot, TEXT, TRUE,
};
use crate::bulk::columns::{Varints, unzigzag};
use std::collections::BTreeMap;
use std::ops::Range;

/// The bodies of [`super::pack`]'s form, of `limit` bytes at most together.
///
/// # Errors
/// What is wrong with them.
pub(in crate::batch) fn unpack(
    packed: &[u8],
    count: usize,
    limit: usize,
) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut reader = Reader::open(packed, limit)?;
    let mut bodies = Vec::new();
    for _ in 0..count {
        let start = reader.out.len();
        reader.item(Holder { place: 0, slot: Slot::Any }, MAX_DEPTH)?;
        bodies.push(reader.out.get(start..).unwrap_or_default().to_vec());
    }
    reader.end()?;
    Ok(bodies)
}

struct Place<'p> {
    kinds: &'p [u8],
    numbers: Varints<'p>,
    text: &'p [u8],
    before: u64,
    slots: BTreeMap<Slot, usize>,
    /// Where in what came out so far that stands which its arrays held before.
    known: Vec<Range<usize>>,
}

#[derive(Clone, Copy)]
struct Holder {
    place: usize,
    slot: Slot,
}

struct Reader<'p> {
    /// Those that were needed so far.
    places: Vec<Place<'p>>,
    /// The columns of the others, in their order, the next last.
    others: Vec<Place<'p>>,
    out: Vec<u8>,
    limit: usize,
}

impl<'p> Reader<'p> {
    fn open(packed: &'p [u8], limit: usize) -> Result<Self, &'static str> {
        let mut head = Varints::new("places", packed);
        let mut length = || {
            let length = head.next().map_err(|_| "its places are cut off")?;
            usize::try_from(length).map_err(|_| "a column is too long")
        };
        let count = length()?;
        if count > MAX_PLACES {
            return Err("it has too many places");
        }
        let lengths: Result<Vec<[usize; 3]>, &'static str> =
            (0..count).map(|_| Ok([length()?, length()?, length()?])).collect();
        let lengths = lengths?;
        let mut rest = head.rest();
        let mut column = |length: usize| {
            let (column, after) = rest.split_at_checked(length).ok_or("a column is cut off")?;
            rest = after;
            Ok::<_, &'static str>(column)
        };
        let kinds =
            lengths.iter().map(|[length, ..]| column(*length)).collect::<Result<Vec<_>, _>>()?;
        let numbers =
            lengths.iter().map(|[_, length, _]| column(*length)).collect::<Result<Vec<_>, _>>()?;
        let text =
            lengths.iter().map(|[.., length]| column(*length)).collect::<Result<Vec<_>, _>>()?;
        if !rest.is_empty() {
            return Err("something stands behind the columns");
        }
        let places = kinds.into_iter().zip(numbers).zip(text).map(|((kinds, numbers), text)| {
            let numbers = Varints::new("numbers", numbers);
            Place { kinds, numbers, text, before: 0, slots: BTreeMap::new(), known: Vec::new() }
        });
        let mut others: Vec<_> = places.rev().collect();
        let root = others.pop().ok_or("it has no places")?;
        Ok(Self { places: vec![root], others, out: Vec::new(), limit })
    }

    /// Reads an item and writes it as CBOR.
    fn item(&mut self, holder: Holder, depth: usize) -> Result<(), &'static str> {
        let start = self.out.len();
        let kind = self.kind(holder.place)?;
        if let Some(tag) = kind.checked_sub(PAIR) {
            self.pair(holder, tag, depth)?;
        } else {
            let at = self.at(holder)?;
            match kind {
                NATURAL => self.natural(at)?,
                NEGATIVE => {
                    let number = self.number(at)?;
                    self.head(1, number)?;
                }
                BYTES => self.string(at, 2)?,
                TEXT => self.string(at, 3)?,
                ROW => self.array(at, false, depth)?,
                LIST => self.array(at, true, depth)?,
                KNOWN => return self.known(holder.place, at),
                FALSE => self.put(&[0xf4])?,
                TRUE => self.put(&[0xf5])?,
                NULL => self.put(&[0xf6])?,
                _ => return Err("an item is of no known kind"),
            }
            if matches!(kind, NATURAL | NEGATIVE | FALSE | TRUE | NULL) {
                return Ok(());
            }
        }
        let end = self.out.len();
        if holder.place > 0 && end - start >= MIN_KNOWN_BYTES {
            self.place(holder.place)?.known.push(start..end);
        }
        Ok(())
    }

    fn pair(&mut self, holder: Holder, tag: u8, depth: usize) -> Result<(), &'static str> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deep")?;
        if tag >= MAX_TAG {
            return Err("an item is of no known kind");
        }
        let place = self.at(Holder { slot: Slot::Tagged(tag), ..holder })?;
        self.put(&[0x82, tag])?;
        self.item(Holder { place, slot: Slot::Any }, depth)
    }

    fn array(&mut self, place: usize, is_list: bool, depth: usize) -> Result<(), &'static str> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deep")?;
        let count = self.number(place)?;
        self.head(4, count)?;
        // Each item takes a kind at least, so a false count ends with the column.
        for position in 0..count {
            self.item(Holder { place, slot: Slot::of(is_list, position) }, depth)?;
        }
        Ok(())
    }

    fn natural(&mut self, at: usize) -> Result<(), &'static str> {
        let step = self.number(at)?;
        let place = self.place(at)?;
        place.before = place.before.wrapping_add(unzigzag(step).cast_unsigned());
        let value = place.before;
        self.head(0, value)
    }

    fn string(&mut self, at: usize, major: u8) -> Result<(), &'static str> {
        let length = self.number(at)?;
        self.head(major, length)?;
        let place = self.place(at)?;
        let length = usize::try_from(length).map_err(|_| "a text is cut off")?;
        let (text, after) = place.text.split_at_checked(length).ok_or("a text is cut off")?;
        place.text = after;
        if major == 3 && std::str::from_utf8(text).is_err() {
            return Err("text must be UTF-8");
        }
        self.put(text)
    }

    fn known(&mut self, holder: usize, at: usize) -> Result<(), &'static str> {
        let number = usize::try_from(self.number(at)?).ok();
        let known = number.and_then(|number| self.places.get(holder)?.known.get(number).cloned());
        let known = known.ok_or("what stood before is not there")?;
        self.room(known.len())?;
        self.out.extend_from_within(known);
        Ok(())
    }

    /// Writes an item's head in its shortest form.
    fn head(&mut self, major: u8, argument: u64) -> Result<(), &'static str> {
        let bytes = argument.to_be_bytes();
        let [.., lowest] = bytes;
        let (info, width) = match argument {
            0..=23 => (lowest, 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.put(&[major << 5 | info])?;
        self.put(bytes.get(8 - width..).unwrap_or_default())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.room(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn room(&self, more: usize) -> Result<(), &'static str> {
        let fits = self.limit.checked_sub(self.out.len()).is_some_and(|left| more <= left);
        if fits { Ok(()) } else { Err("more comes out of it than a run may hold") }
    }

    fn kind(&mut self, at: usize) -> Result<u8, &'static str> {
        let place = self.place(at)?;
        let (kind, after) = place.kinds.split_first().ok_or("an array is cut off")?;
        place.kinds = after;
        Ok(*kind)
    }

    fn number(&mut self, at: usize) -> Result<u64, &'static str> {
        self.place(at)?.numbers.next().map_err(|_| "a number is cut off or too long")
    }

    fn at(&mut self, Holder { place, slot }: Holder) -> Result<usize, &'static str> {
        if let Some(at) = self.place(place)?.slots.get(&slot) {
            return Ok(*at);
        }
        let new = self.places.len();
        let next = self.others.pop().ok_or("a place is missing")?;
        self.places.push(next);
        self.place(place)?.slots.insert(slot, new);
        Ok(new)
    }

    fn place(&mut self, at: usize) -> Result<&mut Place<'p>, &'static str> {
        self.places.get_mut(at).ok_or("a place is missing")
    }

    /// Checks that nothing is left.
    fn end(&self) -> Result<(), &'static str> {
        let is_read = |place: &Place<'_>| {
            place.kinds.is_empty() && place.numbers.end().is_ok() && place.text.is_empty()
        };
        if self.others.is_empty() && self.places.iter().all(is_read) {
            Ok(())
        } else {
            Err("something is left behind the last body")
        }
    }
}
