//! One pass over bytes before any of them is believed: are they plain, bounded CBOR?
//!
//! Bodies and frames are a small part of RFC 8949: integers and lengths in their shortest form,
//! definite lengths, text, bytes, arrays, maps, true, false and null; no floats, no tags. What
//! passes here can be walked without surprise, so that the decoder behind it, and its skipping of
//! fields it does not know, never meet a hostile length or depth. Called by every decoder of what
//! comes from outside, before it reads.

/// The deepest nesting: today's bodies need six, frames four.
const MAX_DEPTH: usize = 16;

/// Why bytes are not plain CBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotPlain {
    /// More bytes than the reader takes.
    TooLong {
        /// How many there are.
        length: usize,
    },
    /// Not plain CBOR from here on.
    At {
        /// Offset in the bytes.
        at: usize,
        /// What is wrong there.
        why: &'static str,
    },
}

/// Checks that `bytes` are one item of plain CBOR of at most `limit` bytes, and nothing behind it.
pub(crate) fn check(bytes: &[u8], limit: usize) -> Result<(), NotPlain> {
    if bytes.len() > limit {
        return Err(NotPlain::TooLong { length: bytes.len() });
    }
    let mut scan = Scan { bytes, at: 0 };
    // How many items are still to come at each level, the innermost last.
    let mut open = vec![1_u64];
    while let Some(left) = open.last_mut() {
        let Some(rest) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = rest;
        let inside = scan.item()?;
        if inside > 0 {
            if open.len() >= MAX_DEPTH {
                return Err(scan.refuse("nested too deep"));
            }
            open.push(inside);
        }
    }
    if scan.at == bytes.len() {
        Ok(())
    } else {
        Err(scan.refuse("something stands behind the end"))
    }
}

struct Scan<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Scan<'_> {
    /// Passes one item's head, and a string's content; returns how many items it holds.
    fn item(&mut self) -> Result<u64, NotPlain> {
        let start = self.at;
        let first = self.byte()?;
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return match info {
                20..=22 => Ok(0),
                _ => Err(malformed(start, "only true, false and null stand here")),
            };
        }
        let argument = self.argument(start, info)?;
        let inside = match major {
            0 | 1 => return Ok(0),
            2 => return self.pass(start, argument).map(|_| 0),
            3 => {
                let text = std::str::from_utf8(self.pass(start, argument)?);
                return text.map(|_| 0).map_err(|_| malformed(start, "text must be UTF-8"));
            }
            4 => Some(argument),
            5 => argument.checked_mul(2),
            _ => return Err(malformed(start, "tags are not used")),
        };
        // Every item takes a byte at least, so a longer claim is a lie.
        inside
            .filter(|&inside| inside <= self.left())
            .ok_or(malformed(start, "claims more items than there are bytes"))
    }

    /// The number behind an item's first byte, in its shortest form.
    fn argument(&mut self, start: usize, info: u8) -> Result<u64, NotPlain> {
        let (width, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(malformed(start, "lengths must be definite")),
        };
        let mut value = 0;
        for _ in 0..width {
            value = value << 8 | u64::from(self.byte()?);
        }
        if value < least {
            return Err(malformed(start, "a number is not in its shortest form"));
        }
        Ok(value)
    }

    fn byte(&mut self) -> Result<u8, NotPlain> {
        let byte = self.bytes.get(self.at).ok_or(self.refuse("ends too early"))?;
        self.at += 1;
        Ok(*byte)
    }

    fn pass(&mut self, start: usize, length: u64) -> Result<&[u8], NotPlain> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let content = end.and_then(|end| self.bytes.get(self.at..end));
        let content = content.ok_or(malformed(start, "claims more bytes than there are"))?;
        self.at += content.len();
        Ok(content)
    }

    fn left(&self) -> u64 {
        self.bytes.len().saturating_sub(self.at) as u64
    }

    fn refuse(&self, why: &'static str) -> NotPlain {
        malformed(self.at, why)
    }
}

const fn malformed(at: usize, why: &'static str) -> NotPlain {
    NotPlain::At { at, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    #[track_caller]
    fn refused(body: &[u8], at: usize, why: &'static str) {
        assert_eq!(check(body, LIMIT), Err(malformed(at, why)), "{body:02x?}");
    }

    #[test]
    fn passes_plain_cbor() {
        for body in [
            &[0x00][..],
            &[0x18, 0x18],
            &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x80],
            &[0xa0],
            &[0x83, 0x01, 0x63, b'a', b'b', b'c', 0x81, 0xf6],
            &[0xa1, 0x01, 0x42, 0xff, 0x00],
            &[0x82, 0xf4, 0xf5],
        ] {
            assert_eq!(check(body, LIMIT), Ok(()), "{body:02x?}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        refused(&[], 0, "ends too early");
        refused(&[0x82, 0x01], 0, "claims more items than there are bytes");
        refused(&[0x82, 0x81, 0x01], 3, "ends too early");
        refused(&[0x01, 0x01], 1, "something stands behind the end");
        refused(&[0x18, 0x17], 0, "a number is not in its shortest form");
        refused(&[0x19, 0x00, 0xff], 0, "a number is not in its shortest form");
        refused(&[0x1a, 0, 0, 0xff, 0xff], 0, "a number is not in its shortest form");
        refused(&[0x81, 0x1b, 0, 0, 0, 0, 1, 2, 3, 4], 1, "a number is not in its shortest form");
        refused(&[0x9f, 0xff], 0, "lengths must be definite");
        refused(&[0x7f, 0xff], 0, "lengths must be definite");
        refused(&[0xc0, 0x00], 0, "tags are not used");
        refused(&[0xf9, 0x3c, 0x00], 0, "only true, false and null stand here");
        refused(&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0], 0, "only true, false and null stand here");
        refused(&[0xff], 0, "only true, false and null stand here");
        refused(&[0x81, 0x62, 0xc3, b'a'], 1, "text must be UTF-8");
        refused(&[0x62, b'a'], 0, "claims more bytes than there are");
        let most = [0xff; 8];
        let claims = |first: u8| [&[first][..], &most].concat();
        refused(&claims(0x5b), 0, "claims more bytes than there are");
        refused(&claims(0x9b), 0, "claims more items than there are bytes");
        refused(&claims(0xbb), 0, "claims more items than there are bytes");
    }

    #[test]
    fn bounds_depth_and_size() {
        let nested = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
        assert_eq!(check(&nested(MAX_DEPTH - 1), LIMIT), Ok(()));
        refused(&nested(MAX_DEPTH), MAX_DEPTH, "nested too deep");
        refused(&nested(500_000), MAX_DEPTH, "nested too deep");
        let large = vec![0; LIMIT + 1];
        assert_eq!(check(&large, LIMIT), Err(NotPlain::TooLong { length: large.len() }));
    }
}
