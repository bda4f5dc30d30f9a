//! The emulated printer itself: buffer, head, paper, cover, drawer, and what can go wrong.
//!
//! [`super`] brings it bytes and takes its answers.

use std::mem;

use super::grammar::{Command, MAX_BODY, first};
use crate::printer::codepage::CodePage;
use crate::printer::document::{Align, Raster, Style};
use crate::printer::paper::{Paper, Row};
use crate::printer::profile::Profile;

/// The receive buffer: holds the largest command, as no real printer does, but never grows.
const BUFFER: usize = MAX_BODY + 4096;
/// Rows of print kept; the oldest go, as a floor full of paper would be swept.
const MAX_ROWS: usize = 20_000;
/// Rows that pass the head between the near-end sensor's word and the end.
const NEAR_END: u32 = 20;

/// A printer's insides.
#[derive(Debug)]
pub struct Mechanism {
    profile: Profile,
    buffer: Vec<u8>,
    answers: Vec<u8>,
    paper: Paper,
    line: String,
    style: Style,
    page: CodePage,
    qr: (u8, String),
    /// Rows left on the roll; `None` is a roll without end.
    paper_left: Option<u32>,
    cover_open: bool,
    drawer_open: bool,
    kicks: u32,
    status_back: bool,
    silent: bool,
    hang_up: bool,
    hang_up_after: Option<usize>,
}

impl Mechanism {
    /// A printer with a roll without end, its cover and drawer closed.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let paper = Paper { columns: profile.columns, dots: profile.dots, rows: Vec::new() };
        let mut printer = Self {
            profile,
            buffer: Vec::new(),
            answers: Vec::new(),
            paper,
            line: String::new(),
            style: Style::PLAIN,
            page: CodePage::Cp437,
            qr: (3, String::new()),
            paper_left: None,
            cover_open: false,
            drawer_open: false,
            kicks: 0,
            status_back: false,
            silent: false,
            hang_up: false,
            hang_up_after: None,
        };
        printer.initialise();
        printer
    }

    /// Print that hangs out of the printer.
    #[must_use]
    pub const fn paper(&self) -> &Paper {
        &self.paper
    }

    /// Tears off what was printed.
    pub fn tear_off(&mut self) -> Paper {
        let rows = mem::take(&mut self.paper.rows);
        Paper { rows, ..self.paper.clone() }
    }

    /// How many pulses the drawer got.
    #[must_use]
    pub const fn kicks(&self) -> u32 {
        self.kicks
    }

    /// Whether the drawer is open.
    #[must_use]
    pub const fn drawer_open(&self) -> bool {
        self.drawer_open
    }

    /// Pushes the drawer shut.
    pub fn close_drawer(&mut self) {
        self.drawer_open = false;
        self.tell();
    }

    /// Leaves this many rows on the roll; 0 is out of paper, `None` a roll without end. A new
    /// roll lets the printer go on with what it had buffered, as real ones do.
    pub fn set_paper(&mut self, rows: Option<u32>) {
        self.paper_left = rows;
        self.tell();
        self.work();
    }

    /// Opens or closes the cover; closing lets it go on with what it had buffered.
    pub fn set_cover(&mut self, open: bool) {
        self.cover_open = open;
        self.tell();
        self.work();
    }

    /// Sends bytes that nobody asked for.
    pub fn babble(&mut self, bytes: &[u8]) {
        self.answers.extend_from_slice(bytes);
    }

    /// Makes it take everything and answer nothing, as a printer does that lost its mind.
    pub fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Makes it close the connection once this many more bytes have come; it prints nothing of
    /// the chunk that they are in.
    pub fn hang_up_after(&mut self, bytes: usize) {
        self.hang_up_after = Some(bytes);
        self.hang_up = bytes == 0;
    }

    /// A host has connected. What the last one left half sent is forgotten, but a printer that
    /// stopped for paper or cover keeps its buffer and prints it later, whoever is connected.
    pub(super) fn connected(&mut self) {
        if !self.stopped() {
            self.buffer.clear();
        }
        self.answers.clear();
        self.hang_up = false;
        self.status_back = false;
    }

    pub(super) fn take_answers(&mut self) -> Vec<u8> {
        let answers = mem::take(&mut self.answers);
        if self.silent { Vec::new() } else { answers }
    }

    pub(super) const fn hangs_up(&self) -> bool {
        self.hang_up
    }

    pub(super) const fn room(&self) -> usize {
        BUFFER - self.buffer.len()
    }

    /// Takes bytes from the host.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if let Some(left) = self.hang_up_after {
            let left = left.saturating_sub(bytes.len());
            self.hang_up = left == 0;
            self.hang_up_after = (left > 0).then_some(left);
            if self.hang_up {
                return;
            }
        }
        self.buffer.extend(bytes.iter().take(self.room()));
        self.work();
        self.answer_while_stopped();
    }

    const fn stopped(&self) -> bool {
        self.cover_open || matches!(self.paper_left, Some(0))
    }

    /// Works the buffer off, until it is empty, incomplete or the printer stops.
    fn work(&mut self) {
        let buffer = mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        while !self.stopped() {
            let Some((command, length)) = first(rest) else {
                break;
            };
            self.carry_out(command);
            rest = rest.get(length..).unwrap_or_default();
        }
        self.buffer = rest.to_vec();
    }

    /// Real-time questions are answered even when nothing else is done.
    fn answer_while_stopped(&mut self) {
        if !self.stopped() {
            return;
        }
        while let Some(at) = self.buffer.windows(2).position(|pair| pair == [0x10, 0x04]) {
            let Some(&which) = self.buffer.get(at + 2) else {
                return;
            };
            self.buffer.drain(at..at + 3);
            self.real_time(which);
        }
    }

    fn carry_out(&mut self, command: Command<'_>) {
        match command {
            Command::Print(byte) => self.print(self.page.decode(byte).unwrap_or('?')),
            Command::LineFeed => self.end_line(),
            Command::Initialise => self.initialise(),
            Command::CodePage(number) => {
                let page = self.profile.code_pages.iter().find(|(_, known)| *known == number);
                self.page = page.map_or(CodePage::Cp437, |(page, _)| *page);
            }
            Command::Align(align) => {
                self.style.align = match align {
                    1 | b'1' => Align::Center,
                    2 | b'2' => Align::Right,
                    _ => Align::Left,
                };
            }
            Command::Bold(bold) => self.style.bold = bold,
            Command::Size { wide, tall } => (self.style.wide, self.style.tall) = (wide, tall),
            Command::Feed(lines) => {
                self.finish_line();
                if lines > 0 {
                    self.push(Row::Feed(lines));
                }
            }
            Command::Cut => {
                self.finish_line();
                self.push(Row::Cut);
            }
            Command::Kick(_) => {
                self.kicks += 1;
                self.drawer_open = true;
                self.tell();
            }
            Command::AskStatus(which) => self.real_time(which),
            Command::StatusBack(which) => {
                self.status_back = which != 0;
                self.tell();
            }
            Command::AskWhenDone(which) => self.buffered(which),
            Command::QrModule(module) => self.qr.0 = module,
            Command::QrStore(data) => self.qr.1 = String::from_utf8_lossy(data).into_owned(),
            Command::QrPrint => {
                let (module, data) = self.qr.clone();
                self.push(Row::Qr { data, module, align: self.style.align });
            }
            Command::Raster { bytes_a_row, bits } => {
                if let Ok(raster) = Raster::new(bytes_a_row, bits.to_vec()) {
                    self.push(Row::Raster { raster, align: self.style.align });
                }
            }
            Command::Nothing => {}
        }
    }

    fn initialise(&mut self) {
        self.line.clear();
        self.style = Style::PLAIN;
        self.page = CodePage::Cp437;
        self.status_back = false;
    }

    fn print(&mut self, character: char) {
        let width = usize::from(self.profile.columns) / if self.style.wide { 2 } else { 1 };
        if self.line.chars().count() >= width {
            self.end_line();
        }
        self.line.push(character);
    }

    fn end_line(&mut self) {
        let line = mem::take(&mut self.line);
        self.push(Row::line(&line, self.style));
    }

    fn finish_line(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    fn push(&mut self, row: Row) {
        if self.paper.rows.len() == MAX_ROWS {
            self.paper.rows.remove(0);
        }
        self.paper.rows.push(row);
        if let Some(left) = &mut self.paper_left {
            *left = left.saturating_sub(1);
            if *left == 0 || *left == NEAR_END {
                self.tell();
            }
        }
    }

    fn near_end(&self) -> bool {
        self.paper_left.is_some_and(|left| left <= NEAR_END)
    }

    fn out_of_paper(&self) -> bool {
        self.paper_left == Some(0)
    }

    fn drawer_high(&self) -> bool {
        self.drawer_open == self.profile.drawer_open_is_high
    }

    fn real_time(&mut self, which: u8) {
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let answer = match which {
            1 => bit(self.drawer_high(), 0x04) | bit(self.stopped(), 0x08),
            2 => bit(self.cover_open, 0x04) | bit(self.out_of_paper(), 0x20),
            3 => 0,
            4 => bit(self.near_end(), 0x0C) | bit(self.out_of_paper(), 0x60),
            _ => return,
        };
        self.answers.push(0x12 | answer);
    }

    fn buffered(&mut self, which: u8) {
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        self.answers.push(match which {
            1 | b'1' => bit(self.near_end(), 0x03) | bit(self.out_of_paper(), 0x0C),
            2 | b'2' => bit(self.drawer_high(), 0x01),
            _ => return,
        });
    }

    /// Automatic status, where the host asked for it.
    fn tell(&mut self) {
        if !self.status_back {
            return;
        }
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let first = 0x10
            | bit(self.drawer_high(), 0x04)
            | bit(self.stopped(), 0x08)
            | bit(self.cover_open, 0x20);
        let third = bit(self.near_end(), 0x03) | bit(self.out_of_paper(), 0x0C);
        self.answers.extend_from_slice(&[first, 0, third, 0x0F]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_time_questions_are_answered_while_it_stands_still() {
        let mut printer = Mechanism::new(Profile::ROLL_80);
        printer.set_cover(true);
        printer.receive(b"later\n\x10\x04");
        printer.receive(b"\x02more\n\x10\x04\x01");
        assert_eq!(printer.take_answers(), [0x16, 0x1A]);
        assert!(printer.paper().rows.is_empty());
        printer.set_cover(false);
        let printed = crate::printer::text::render(&printer.tear_off());
        assert_eq!(printed, "later\nmore\n", "what was buffered is printed, as real ones do");
    }

    #[test]
    fn a_swallowed_pulse_time_swallows_the_next_command() {
        let mut printer = Mechanism::new(Profile::ROLL_80);
        // The pulse without its times takes the next two bytes for them, and prints the rest.
        printer.receive(b"\x1bp\x00\x1b@left\n");
        assert_eq!(printer.kicks(), 1);
        printer.receive(b"\x1bp\x00\x32\xfa\x1b@whole\n");
        assert_eq!(printer.kicks(), 2);
        assert_eq!(crate::printer::text::render(printer.paper()), "left\nwhole\n");
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_taken(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..20), paper in prop::option::of(0_u32..40)) {
            let mut printer = Mechanism::new(Profile::ROLL_58);
            printer.set_paper(paper);
            for piece in pieces {
                printer.receive(&piece);
                prop_assert!(printer.room() <= BUFFER);
            }
        }
    }
}
