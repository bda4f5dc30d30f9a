//! Paper to ESC/POS bytes, and the other commands that the driver sends.
//!
//! Own encoder: text goes out on a code page that has it, never as UTF-8, and the drawer's pulse
//! has both of its times. [`super::emulator`] reads the same grammar back.

use super::codepage::CodePage;
use super::document::{Align, Document, Raster, Style};
use super::layout::lay_out;
use super::paper::{Paper, Row};
use super::profile::{Cut, DrawerPin, Profile};

/// `ESC @`: forget the job before.
pub const INITIALISE: &[u8] = b"\x1b@";
/// `GS a 15`: tell drawer, online, error and paper changes unasked. After `ESC @`, which may
/// cancel it.
pub const STATUS_BACK: &[u8] = b"\x1da\x0f";
/// `GS r 1`: tell the paper sensor once all before it is printed.
pub const ANSWER_WHEN_PRINTED: &[u8] = b"\x1dr\x01";
/// `GS r 2`: tell the drawer's sensor once all before it is done.
pub const ANSWER_WHEN_KICKED: &[u8] = b"\x1dr\x02";

/// `DLE EOT n`: tell a status at once, even when offline.
#[must_use]
pub const fn ask_status(which: u8) -> [u8; 3] {
    [0x10, 0x04, which]
}

/// `ESC p m t1 t2`: the pulse that opens a drawer.
#[must_use]
pub const fn kick(profile: &Profile, pin: DrawerPin) -> [u8; 5] {
    let (on, off) = profile.drawer_pulse;
    let connector = match pin {
        DrawerPin::Two => 0,
        DrawerPin::Five => 1,
    };
    [0x1B, b'p', connector, on, off]
}

/// A whole job: the document laid out for `profile`, from initialisation to its last row.
#[must_use]
pub fn encode(document: &Document, profile: &Profile) -> Vec<u8> {
    encode_paper(&lay_out(document, profile), profile)
}

/// A whole job from paper that was laid out for the same profile.
#[must_use]
pub fn encode_paper(paper: &Paper, profile: &Profile) -> Vec<u8> {
    let (page, number) = profile.code_pages.first().copied().unwrap_or((CodePage::Cp437, 0));
    let mut encoder = Encoder { profile, page, style: Style::PLAIN, bytes: Vec::new() };
    encoder.put(INITIALISE);
    encoder.put(STATUS_BACK);
    // ESC R 0: no national replacements within ASCII.
    encoder.put(b"\x1bR\x00");
    encoder.put(&[0x1B, b't', number]);
    for row in &paper.rows {
        encoder.row(row);
    }
    encoder.bytes
}

struct Encoder<'a> {
    profile: &'a Profile,
    page: CodePage,
    style: Style,
    bytes: Vec<u8>,
}

impl Encoder<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn row(&mut self, row: &Row) {
        match row {
            Row::Line { text, style } => {
                if !text.is_empty() {
                    self.style(*style);
                    self.text(text);
                }
                self.put(b"\n");
            }
            Row::Qr { data, module, align } => {
                self.style(Style { align: *align, ..self.style });
                self.qr(data, *module);
            }
            Row::Raster { raster, align } => {
                self.style(Style { align: *align, ..self.style });
                self.raster(raster);
            }
            Row::Feed(lines) => self.put(&[0x1B, b'd', *lines]),
            Row::Cut => self.cut(),
        }
    }

    /// Sends what differs from the style before; alignment only at the start of a line, where
    /// alone it counts.
    fn style(&mut self, style: Style) {
        let before = std::mem::replace(&mut self.style, style);
        if style.align != before.align {
            let align = match style.align {
                Align::Left => 0,
                Align::Center => 1,
                Align::Right => 2,
            };
            self.put(&[0x1B, b'a', align]);
        }
        if style.bold != before.bold {
            self.put(&[0x1B, b'E', u8::from(style.bold)]);
        }
        if (style.wide, style.tall) != (before.wide, before.tall) {
            self.put(&[0x1D, b'!', u8::from(style.wide) << 4 | u8::from(style.tall)]);
        }
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            let byte = self.page.encode(character).or_else(|| self.turn_to(character));
            self.bytes.push(byte.unwrap_or(b'?'));
        }
    }

    /// Selects the first page that has `character`.
    fn turn_to(&mut self, character: char) -> Option<u8> {
        let (page, number, byte) = self
            .profile
            .code_pages
            .iter()
            .find_map(|&(page, number)| Some((page, number, page.encode(character)?)))?;
        self.page = page;
        self.put(&[0x1B, b't', number]);
        Some(byte)
    }

    fn qr(&mut self, data: &str, module: u8) {
        let Ok(length) = u16::try_from(data.len() + 3) else {
            return;
        };
        self.put(b"\x1d(k\x04\x001A2\x00"); // model 2
        self.put(&[0x1D, b'(', b'k', 3, 0, b'1', b'C', module]);
        self.put(b"\x1d(k\x03\x001E1"); // error correction M
        self.put(b"\x1d(k");
        self.put(&length.to_le_bytes());
        self.put(b"1P0");
        self.put(data.as_bytes());
        self.put(b"\x1d(k\x03\x001Q0"); // print what was stored
    }

    fn raster(&mut self, raster: &Raster) {
        self.put(b"\x1dv0\x00");
        self.put(&raster.bytes_a_row().to_le_bytes());
        self.put(&raster.height().to_le_bytes());
        self.put(raster.bits());
    }

    /// `GS V` with the feed that brings the last line past the blade.
    fn cut(&mut self) {
        match self.profile.cut {
            Cut::Partial => self.put(b"\x1dVB\x00"),
            Cut::Full => self.put(b"\x1dVA\x00"),
            Cut::Tear => {}
        }
    }
}
