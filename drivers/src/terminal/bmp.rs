//! Bitmaps (BMP): the tagged fields inside a message, and the TLV container (section 9).
//!
//! A bitmap has no general length rule, so this file holds the length of every one in the
//! specification: a field we do not use is skipped exactly, one that nobody knows ends the
//! reading with an error, because everything after it would be a guess.

use std::ops::Range;

/// How the length of a field is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Fixed(usize),
    /// `Fx Fy`: 10x + y bytes.
    Ll,
    /// `Fx Fy Fz`: 100x + 10y + z bytes.
    Lll,
    /// As in BER.
    Tlv,
    /// Three BCD bytes, or LLL by its leading `F`; terminals differ over bitmap 37.
    ThreeOrLll,
}

/// Why fields could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BmpError {
    /// The specification has no such bitmap.
    #[error("bitmap {0:02X} is not in the ZVT specification, so its length is unknown")]
    Unknown(u8),
    /// A field is longer than what is left.
    #[error("bitmap {0:02X} ends before its {1} bytes")]
    Short(u8, usize),
    /// The length digits of a field are not `F0` to `F9`, or no BER length of up to two bytes.
    #[error("bitmap {0:02X} has a malformed length")]
    BadLength(u8),
    /// A field that must be digits is not.
    #[error("bitmap {0:02X} is not decimal")]
    NotDecimal(u8),
    /// A field stands twice; which one counts would be a guess.
    #[error("bitmap {0:02X} stands twice in one message")]
    Repeated(u8),
    /// A TLV object is longer than its container.
    #[error("TLV object {0:04X} is malformed or ends before its length")]
    Tlv(u16),
}

fn length_of(tag: u8) -> Option<Length> {
    Some(match tag {
        0x01..=0x03 | 0x05 | 0x19 | 0x27 | 0x72..=0x75 | 0x8A | 0x8C | 0xA0 => Length::Fixed(1),
        0xD0 | 0xD2 | 0xD3 | 0xE0 | 0xE9 | 0xEA | 0xF0 | 0xF9..=0xFD => Length::Fixed(1),
        0x0D | 0x0E | 0x17 | 0x3A | 0x49 | 0x87 => Length::Fixed(2),
        0x0B | 0x0C | 0x3D | 0x88 | 0xAA => Length::Fixed(3),
        0x29 | 0x70 | 0x71 => Length::Fixed(4),
        0xBA => Length::Fixed(5),
        0x04 => Length::Fixed(6),
        0x3B | 0xEB => Length::Fixed(8),
        0x2A => Length::Fixed(15),
        0x22 | 0x23 | 0x2D | 0x8B | 0xA7 | 0xD1 | 0xE1..=0xE8 | 0xF1..=0xF8 => Length::Ll,
        0x24 | 0x2E | 0x3C | 0x60 | 0x9A | 0xAF => Length::Lll,
        0x37 => Length::ThreeOrLll,
        0x06 => Length::Tlv,
        _ => return None,
    })
}

/// One field: its number and the bytes of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The bitmap's number.
    pub tag: u8,
    /// Its value, without length bytes.
    pub value: &'a [u8],
}

/// Every field of `data`, in order.
///
/// # Errors
/// The first field that can't be read, see [`BmpError`].
pub fn fields(data: &[u8]) -> Result<Vec<Field<'_>>, BmpError> {
    let mut found = Vec::new();
    let mut seen = [false; 256];
    let mut rest = data;
    while let Some((&tag, after)) = rest.split_first() {
        if seen.get_mut(usize::from(tag)).is_some_and(|seen| std::mem::replace(seen, true)) {
            return Err(BmpError::Repeated(tag));
        }
        let range = value_range(tag, after)?;
        let end = range.end;
        let value = after.get(range.clone()).ok_or(BmpError::Short(tag, range.len()))?;
        found.push(Field { tag, value });
        rest = after.get(end..).unwrap_or_default();
    }
    Ok(found)
}

/// Where the value of `tag` stands in `after`, the bytes that follow the tag.
fn value_range(tag: u8, after: &[u8]) -> Result<Range<usize>, BmpError> {
    let length = length_of(tag).ok_or(BmpError::Unknown(tag))?;
    match length {
        Length::Fixed(length) => Ok(0..length),
        Length::Ll => digits_length(tag, after, 2),
        Length::Lll => digits_length(tag, after, 3),
        Length::Tlv => {
            let (header, length) = ber_length(after).ok_or(BmpError::BadLength(tag))?;
            Ok(header..header + length)
        }
        Length::ThreeOrLll if after.first().is_some_and(|byte| byte >> 4 == 0xF) => {
            digits_length(tag, after, 3)
        }
        Length::ThreeOrLll => Ok(0..3),
    }
}

fn digits_length(tag: u8, after: &[u8], digits: usize) -> Result<Range<usize>, BmpError> {
    let bytes = after.get(..digits).ok_or(BmpError::Short(tag, digits))?;
    let length = bytes.iter().try_fold(0_usize, |length, byte| {
        (0xF0..=0xF9).contains(byte).then(|| length * 10 + usize::from(byte & 0x0F))
    });
    let length = length.ok_or(BmpError::BadLength(tag))?;
    Ok(digits..digits + length)
}

/// Bytes of the length field and the length it states: one byte below 80, `81 xx`, `82 xx xx`.
fn ber_length(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes {
        [length @ ..=0x7F, ..] => Some((1, usize::from(length))),
        [0x81, length, ..] => Some((2, usize::from(length))),
        [0x82, high, low, ..] => Some((3, usize::from(u16::from_be_bytes([high, low])))),
        _ => None,
    }
}

/// One TLV object; its value may hold further objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// One byte, or two when the lower five bits of the first are all set.
    pub tag: u16,
    /// The value's bytes.
    pub value: &'a [u8],
}

/// The objects of one level of a TLV container.
///
/// # Errors
/// [`BmpError::Tlv`] for the first malformed one.
pub fn objects(data: &[u8]) -> Result<Vec<Object<'_>>, BmpError> {
    let mut found = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (tag, after) = object_tag(rest)?;
        let (header, length) = ber_length(after).ok_or(BmpError::Tlv(tag))?;
        let value = after.get(header..header + length).ok_or(BmpError::Tlv(tag))?;
        found.push(Object { tag, value });
        rest = after.get(header + length..).unwrap_or_default();
    }
    Ok(found)
}

fn object_tag(bytes: &[u8]) -> Result<(u16, &[u8]), BmpError> {
    match bytes {
        [first, second, rest @ ..] if first & 0x1F == 0x1F => {
            let tag = u16::from_be_bytes([*first, *second]);
            // A third tag byte is allowed by BER and used by nobody.
            if second & 0x80 == 0 { Ok((tag, rest)) } else { Err(BmpError::Tlv(tag)) }
        }
        [first, rest @ ..] if first & 0x1F != 0x1F => Ok((u16::from(*first), rest)),
        _ => Err(BmpError::Tlv(0)),
    }
}

#[cfg(test)]
#[path = "tests/bmp.rs"]
mod tests;
