//! Cutting a scanner's bytes into codes; called by [`super::driver`].

/// The longest code taken: the largest QR code of letters (4,296) is never sold by.
pub const MAX_CODE: usize = 4096;

/// What came out of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// One code, without terminator, with its symbology identifier if the scanner sends one.
    Code(String),
    /// A code went on past [`MAX_CODE`] bytes; the rest is skipped up to its end.
    TooLong,
}

/// Cuts bytes into codes at CR, LF, TAB, ETX, or where the caller says that they paused.
///
/// Empty codes vanish, so CR LF ends one code, not two. A leading STX and NULs are framing and
/// dropped; all other control characters stay (GS separates GS1 fields). Bytes that are not
/// UTF-8 are read as Latin-1.
#[derive(Debug, Default)]
pub struct ScanDecoder {
    code: Vec<u8>,
    skipping: bool,
}

impl ScanDecoder {
    /// A decoder between two codes.
    #[must_use]
    pub const fn new() -> Self {
        Self { code: Vec::new(), skipping: false }
    }

    /// Takes bytes as they come and gives what they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Decoded> {
        let mut decoded = Vec::new();
        for &byte in bytes {
            match byte {
                b'\r' | b'\n' | b'\t' | 0x03 => decoded.extend(self.pause()),
                0x00 => {}
                0x02 if self.code.is_empty() => {}
                _ if self.skipping => {}
                _ if self.code.len() == MAX_CODE => {
                    self.code.clear();
                    self.skipping = true;
                    decoded.push(Decoded::TooLong);
                }
                _ => self.code.push(byte),
            }
        }
        decoded
    }

    /// The bytes paused: what came so far was a whole code.
    pub fn pause(&mut self) -> Option<Decoded> {
        self.skipping = false;
        if self.code.is_empty() {
            return None;
        }
        let text = String::from_utf8(std::mem::take(&mut self.code))
            .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
        Some(Decoded::Code(text))
    }

    /// Forgets a part of a code: the connection broke, and half a code may be another's whole.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Whether bytes wait for their terminator or a pause.
    #[must_use]
    pub const fn is_within_code(&self) -> bool {
        self.skipping || !self.code.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Decoded {
        Decoded::Code(text.to_owned())
    }

    #[test]
    fn each_terminator_ends_a_code() {
        for (bytes, expected) in [
            (&b"4006381333931\r"[..], vec![code("4006381333931")]),
            (b"]E04006381333931\n", vec![code("]E04006381333931")]),
            (b"A\r\nB\r\n", vec![code("A"), code("B")]),
            (b"A\tB\t", vec![code("A"), code("B")]),
            (b"\x02A\x03\x02B\x03", vec![code("A"), code("B")]),
            (b"]C10104006381333931\x1d10X\r", vec![code("]C10104006381333931\u{1d}10X")]),
            (b"\0A\0B\r", vec![code("AB")]),
            (b"caf\xe9\r", vec![code("caf\u{e9}")]),
            ("café\r".as_bytes(), vec![code("café")]),
            (b"\r\n\t\x03", vec![]),
            (b"no end", vec![]),
        ] {
            assert_eq!(ScanDecoder::new().feed(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_pause_ends_a_code_and_a_reset_forgets_it() {
        let mut decoder = ScanDecoder::new();
        assert_eq!(decoder.feed(b"123"), []);
        assert!(decoder.is_within_code());
        assert_eq!(decoder.pause(), Some(code("123")));
        assert_eq!(decoder.pause(), None);
        decoder.feed(b"45");
        decoder.reset();
        assert_eq!(decoder.feed(b"67\r"), [code("67")]);
    }

    #[test]
    fn a_code_without_end_is_named_once_and_the_next_is_read() {
        let mut decoder = ScanDecoder::new();
        assert_eq!(decoder.feed(&vec![b'x'; MAX_CODE]), []);
        assert_eq!(decoder.feed(&vec![b'x'; 3 * MAX_CODE]), [Decoded::TooLong]);
        assert_eq!(decoder.feed(b"x\rnext\r"), [code("next")]);
        decoder.feed(&vec![b'x'; MAX_CODE + 1]);
        assert_eq!(decoder.pause(), None, "a pause ends what was too long, too");
        assert_eq!(decoder.feed(b"next\r"), [code("next")]);
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_split_does_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
            let whole = ScanDecoder::new().feed(&bytes);
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut decoder = ScanDecoder::new();
            let mut parts = decoder.feed(head);
            parts.extend(decoder.feed(tail));
            prop_assert_eq!(parts, whole);
        }
    }
}
