//! From a document to rows that fit a printer's paper and characters that it has.
//!
//! Called before every rendering, so that ESC/POS, text and picture agree line by line.

use super::codepage::transliterate;
use super::document::{Align, Document, Element, MAX_QR, Style};
use super::paper::{Paper, Row, qr_modules};
use super::profile::{Cut, Profile};

/// Lines fed where there is no cutter, so that the print clears the tear bar.
const TEAR_FEED: u8 = 4;

/// Lays `document` out for `profile`.
#[must_use]
pub fn lay_out(document: &Document, profile: &Profile) -> Paper {
    let mut layout = Layout { profile, rows: Vec::new() };
    for element in &document.elements {
        layout.element(element);
    }
    Paper { columns: profile.columns, dots: profile.dots, rows: layout.rows }
}

struct Layout<'a> {
    profile: &'a Profile,
    rows: Vec<Row>,
}

impl Layout<'_> {
    fn element(&mut self, element: &Element) {
        match element {
            Element::Text { text, style } => self.text(text, *style),
            Element::Columns { left, middle, right, style } => {
                let style = Style { align: Align::Left, ..*style };
                self.columns(left, middle.as_deref().unwrap_or(""), right, style);
            }
            Element::Rule => {
                let rule = "-".repeat(usize::from(self.profile.columns));
                self.rows.push(Row::line(&rule, Style::PLAIN));
            }
            Element::Qr(data) => self.qr(data),
            Element::Raster(raster) => self.rows.push(Row::Raster {
                raster: raster.cropped(self.profile.dots),
                align: Align::Center,
            }),
            Element::Feed(0) => {}
            Element::Feed(lines) => self.rows.push(Row::Feed(*lines)),
            Element::Cut if self.profile.cut == Cut::Tear => self.rows.push(Row::Feed(TEAR_FEED)),
            Element::Cut => self.rows.push(Row::Cut),
        }
    }

    fn width(&self, style: Style) -> usize {
        usize::from(self.profile.columns) / if style.wide { 2 } else { 1 }
    }

    fn text(&mut self, text: &str, style: Style) {
        for paragraph in text.split('\n') {
            for line in wrap(&printable(paragraph, self.profile), self.width(style)) {
                self.rows.push(Row::line(&line, style));
            }
        }
    }

    /// The parts on one line where they fit; else the left part is wrapped, its indent kept, and
    /// the others stand at the end of its last line or, when they are long, below it.
    fn columns(&mut self, left: &str, middle: &str, right: &str, style: Style) {
        let [left, middle, right] = [left, middle, right]
            .map(|part| printable(&part.replace('\n', " "), self.profile).trim_end().to_owned());
        let width = self.width(style);
        let tail = tail(middle.trim_start(), right.trim_start(), width);
        let room = width.saturating_sub(length(&tail) + usize::from(!tail.is_empty()));
        let shared = length(&tail) <= width && (length(&left) <= room || room >= width / 2);
        let mut lines = wrap_indented(&left, if shared { room } else { width });
        let last = if shared { lines.pop().unwrap_or_default() } else { String::new() };
        if lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        self.rows.extend(lines.iter().map(|line| Row::line(line, style)));
        let gap = width.saturating_sub(length(&last));
        let below = if shared { vec![tail] } else { wrap(&tail, width) };
        self.rows.extend(below.iter().map(|part| Row::line(&format!("{last}{part:>gap$}"), style)));
    }

    fn qr(&mut self, data: &str) {
        let modules = (data.len() <= MAX_QR).then(|| qr_modules(data)).flatten();
        let size = modules.and_then(|modules| u16::try_from(modules.len()).ok());
        let Some(size) = size.filter(|_| !data.is_empty()) else {
            return self.text(data, Style::CENTERED);
        };
        // Four light modules on each side belong to the code.
        let fitting = u8::try_from(self.profile.dots / (size + 8)).unwrap_or(u8::MAX);
        let module = self.profile.qr_module.min(fitting).clamp(1, 16);
        self.rows.push(Row::Qr { data: data.to_owned(), module, align: Align::Center });
    }
}

/// `text` in characters that the printer has.
fn printable(text: &str, profile: &Profile) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\t' {
            printable.push(' ');
        } else if character.is_control() {
            // Neither printed nor sent: an item's name must not command the printer.
        } else if profile.prints(character) {
            printable.push(character);
        } else {
            printable.push_str(transliterate(character).unwrap_or("?"));
        }
    }
    printable
}

/// Middle and right part as one, in thirds of the line where they fit those.
fn tail(middle: &str, right: &str, width: usize) -> String {
    let third = width / 3;
    if middle.is_empty() {
        right.to_owned()
    } else if length(middle) <= third && length(right) < third {
        format!("{middle:>third$}{right:>third$}").trim_start().to_owned()
    } else {
        format!("{middle} {right}")
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// As [`wrap`], with the first line's indent before every line, up to a quarter of the width.
fn wrap_indented(text: &str, width: usize) -> Vec<String> {
    let bare = text.trim_start_matches(' ');
    let indent = (length(text) - length(bare)).min(width / 4);
    let lines = wrap(bare, width - indent);
    lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
}

/// Breaks `text` at spaces, and words longer than a line wherever they must.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let text = text.trim_end_matches(' ');
    if length(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && length(&line) + 1 + length(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            if length(&line) == width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: Document, expected: &[&str]) {
        let profile = Profile { columns: 16, dots: 192, ..Profile::ROLL_80 };
        let paper = lay_out(&document, &profile);
        let text = super::super::text::render(&paper);
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn text_wraps_at_spaces_and_within_long_words() {
        check(
            Document::default()
                .text(Style::PLAIN, "Thank you for shopping\nhere")
                .text(Style::PLAIN, "Donaudampfschifffahrt")
                .text(Style::TITLE, "Corner shop"),
            &[
                "Thank you for",
                "shopping",
                "here",
                "Donaudampfschiff",
                "fahrt",
                "     Corner",
                "      shop",
            ],
        );
    }

    #[test]
    fn amounts_are_never_cut_off() {
        let three = |left: &str, middle: &str, right: &str| {
            Document::default().with(Element::Columns {
                left: left.to_owned(),
                middle: Some(middle.to_owned()),
                right: right.to_owned(),
                style: Style::PLAIN,
            })
        };
        check(Document::default().pair(Style::PLAIN, "Milk", "1.09"), &["Milk        1.09"]);
        check(
            Document::default().pair(Style::PLAIN, "  Milk of happy cows", "1.09"),
            &["  Milk of", "  happy", "  cows      1.09"],
        );
        check(
            Document::default().pair(Style::PLAIN, "A long name", "1,000,000.09"),
            &["A long name", "    1,000,000.09"],
        );
        check(
            Document::default().pair(Style::PLAIN, "A", "123456789012345678"),
            &["A", "1234567890123456", "              78"],
        );
        check(three("19%", "8.4", "1.6"), &["19%     8.4  1.6"]);
        check(three("19%", "8403.36", "1596.64"), &["19%", " 8403.36 1596.64"]);
    }

    #[test]
    fn what_the_printer_lacks_is_replaced() {
        check(
            Document::default().text(Style::PLAIN, "5 € Łódź ☃ \u{1b}@a\u{301}\u{7}b"),
            &["5 € Łódź ? @ab"],
        );
    }
}
