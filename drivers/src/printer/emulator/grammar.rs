//! ESC/POS bytes into commands, the real grammar as far as receipts use it.
//!
//! A command that is known but not emulated is skipped with its arguments, so that its bytes do
//! not print. [`super::mechanism`] carries commands out.

/// The largest command body taken; longer ones are skipped byte by byte, as noise.
pub const MAX_BODY: usize = 300 * 1024;

/// One command, or one byte of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// A byte to print, on the page in force.
    Print(u8),
    /// `LF`: print the line.
    LineFeed,
    /// `ESC @`.
    Initialise,
    /// `ESC t n`.
    CodePage(u8),
    /// `ESC a n`.
    Align(u8),
    /// `ESC E n`.
    Bold(bool),
    /// `GS ! n`: width and height.
    Size {
        /// Double width or more.
        wide: bool,
        /// Double height or more.
        tall: bool,
    },
    /// `ESC d n`.
    Feed(u8),
    /// `GS V`.
    Cut,
    /// `ESC p m t1 t2`: the connector, 0 or 1.
    Kick(u8),
    /// `DLE EOT n`.
    AskStatus(u8),
    /// `GS a n`.
    StatusBack(u8),
    /// `GS r n`.
    AskWhenDone(u8),
    /// `GS ( k`, function 67: the size of a QR module in dots.
    QrModule(u8),
    /// `GS ( k`, function 80: the QR code's data.
    QrStore(&'a [u8]),
    /// `GS ( k`, function 81: print the QR code.
    QrPrint,
    /// `GS v 0`: a picture.
    Raster {
        /// Bytes a row.
        bytes_a_row: u16,
        /// The rows.
        bits: &'a [u8],
    },
    /// A command without effect here, or a byte that begins none.
    Nothing,
}

/// The first command in `bytes` and its length; `None` when more bytes are needed.
#[must_use]
pub fn first(bytes: &[u8]) -> Option<(Command<'_>, usize)> {
    match bytes {
        [] | [0x10 | 0x1B | 0x1D] => None,
        [b'\n', ..] => Some((Command::LineFeed, 1)),
        [0x10, rest @ ..] => data_link(rest),
        [0x1B, rest @ ..] => escape(rest),
        [0x1D, rest @ ..] => group(rest),
        [byte @ (0x20..=0x7E | 0x80..=0xFF), ..] => Some((Command::Print(*byte), 1)),
        _ => Some((Command::Nothing, 1)),
    }
}

/// `DLE …`.
fn data_link(rest: &[u8]) -> Option<(Command<'_>, usize)> {
    match rest {
        [0x04, which, ..] => Some((Command::AskStatus(*which), 3)),
        [0x14, _, _, _, ..] => Some((Command::Nothing, 5)),
        [0x05, _, ..] => Some((Command::Nothing, 3)),
        [0x04 | 0x05 | 0x14, ..] => None,
        _ => Some((Command::Nothing, 1)),
    }
}

/// `ESC …`.
fn escape(rest: &[u8]) -> Option<(Command<'_>, usize)> {
    let command = match rest {
        [b'@', ..] => return Some((Command::Initialise, 2)),
        [b'2', ..] => return Some((Command::Nothing, 2)),
        [b'p', connector, _, _, ..] => return Some((Command::Kick(*connector & 1), 5)),
        [b'p', ..] => return None,
        [b't', page, ..] => Command::CodePage(*page),
        [b'a', align, ..] => Command::Align(*align),
        [b'E', bold, ..] => Command::Bold(bold & 1 == 1),
        [b'd', lines, ..] => Command::Feed(*lines),
        [b'R' | b'!' | b'-' | b'M' | b'3' | b'J' | b' ' | b'G' | b'V' | b'{' | b'=', _, ..] => {
            Command::Nothing
        }
        [
            b't' | b'a' | b'E' | b'd' | b'R' | b'!' | b'-' | b'M' | b'3' | b'J' | b' ' | b'G'
            | b'V' | b'{' | b'=',
        ] => return None,
        _ => return Some((Command::Nothing, 2)),
    };
    Some((command, 3))
}

/// `GS …`.
fn group(rest: &[u8]) -> Option<(Command<'_>, usize)> {
    let command = match rest {
        [b'(', function, low, high, body @ ..] => {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            let body = body.get(..length)?;
            let command = if *function == b'k' { symbol(body) } else { Command::Nothing };
            return Some((command, 5 + length));
        }
        [b'v', b'0', _, rest @ ..] => return raster(rest),
        [b'V', 65..=66 | 97..=98, _, ..] => return Some((Command::Cut, 4)),
        [b'V', 65..=66 | 97..=98] | [b'(' | b'v', ..] => return None,
        [b'L' | b'W' | b'$', _, _, ..] => return Some((Command::Nothing, 4)),
        [b'L' | b'W' | b'$', ..] => return None,
        [b'V', _, ..] => Command::Cut,
        [b'!', size, ..] => Command::Size { wide: size & 0x70 != 0, tall: size & 0x07 != 0 },
        [b'a', which, ..] => Command::StatusBack(*which),
        [b'r', which, ..] => Command::AskWhenDone(*which),
        [b'B' | b'b' | b'h' | b'w' | b'H' | b'f', _, ..] => Command::Nothing,
        [b'V' | b'!' | b'a' | b'r' | b'B' | b'b' | b'h' | b'w' | b'H' | b'f'] => return None,
        _ => return Some((Command::Nothing, 2)),
    };
    Some((command, 3))
}

/// The body of `GS ( k` for a QR code.
fn symbol(body: &[u8]) -> Command<'_> {
    match body {
        [b'1', b'C', module, ..] => Command::QrModule(*module),
        [b'1', b'P', b'0', data @ ..] => Command::QrStore(data),
        [b'1', b'Q', ..] => Command::QrPrint,
        _ => Command::Nothing,
    }
}

/// Behind `GS v 0 m`: width, height, bits.
fn raster(rest: &[u8]) -> Option<(Command<'_>, usize)> {
    let [x_low, x_high, y_low, y_high, bits @ ..] = rest else {
        return None;
    };
    let bytes_a_row = u16::from_le_bytes([*x_low, *x_high]);
    let rows = u16::from_le_bytes([*y_low, *y_high]);
    let length = usize::from(bytes_a_row) * usize::from(rows);
    if length > MAX_BODY {
        return Some((Command::Nothing, 8));
    }
    Some((Command::Raster { bytes_a_row, bits: bits.get(..length)? }, 8 + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_take_all_their_bytes() {
        for (bytes, expected) in [
            (&b"A"[..], Some((Command::Print(b'A'), 1))),
            (b"\x1b@A", Some((Command::Initialise, 2))),
            (b"\x1bp\x00\x32\xfaA", Some((Command::Kick(0), 5))),
            (b"\x1bp\x00\x32", None),
            (b"\x1dVB\x00A", Some((Command::Cut, 4))),
            (b"\x1dVB", None),
            (b"\x1dV\x01A", Some((Command::Cut, 3))),
            (b"\x10\x04\x02", Some((Command::AskStatus(2), 3))),
            (b"\x1d(k\x05\x001P0AB!", Some((Command::QrStore(b"AB"), 10))),
            (b"\x1d(k\x05\x001P0A", None),
            (
                b"\x1dv0\x00\x01\x00\x02\x00\xff\x81",
                Some((Command::Raster { bytes_a_row: 1, bits: b"\xff\x81" }, 10)),
            ),
            (b"\x1dv0\x00\xff\xff\xff\xff", Some((Command::Nothing, 8))),
            (b"\x07A", Some((Command::Nothing, 1))),
            (b"", None),
        ] {
            assert_eq!(first(bytes), expected, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_go_on(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
            if let Some((_, length)) = first(&bytes) {
                prop_assert!(length >= 1 && length <= bytes.len().max(8));
            }
        }
    }
}
