//! Paper with print on it, row by row: what a layout wants and what an emulated printer printed.
//!
//! [`super::layout`] and [`super::emulator`] make it, [`super::escpos`], [`super::text`] and
//! [`super::svg`] render it; so one can be compared with the other.

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;

use super::document::{Align, Raster, Style};

/// A length of paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Characters a line in the normal font.
    pub columns: u16,
    /// Dots a line.
    pub dots: u16,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// One row of print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A line of text that fits the paper.
    Line {
        /// The text, without trailing spaces.
        text: String,
        /// How it looks; plain when there is no text.
        style: Style,
    },
    /// A QR code.
    Qr {
        /// Its text.
        data: String,
        /// Dots of a module.
        module: u8,
        /// Where on the paper.
        align: Align,
    },
    /// A picture.
    Raster {
        /// The picture.
        raster: Raster,
        /// Where on the paper.
        align: Align,
    },
    /// Empty lines, at least one.
    Feed(u8),
    /// A cut through the paper.
    Cut,
}

impl Row {
    /// A line of text; trailing spaces and the style of nothing are dropped.
    #[must_use]
    pub fn line(text: &str, style: Style) -> Self {
        let text = text.trim_end_matches(' ').to_owned();
        let style = if text.is_empty() { Style::PLAIN } else { style };
        Self::Line { text, style }
    }
}

/// A QR code's modules, row by row, true is dark; `None` when the text is too long for any code.
///
/// Error correction M: what [`super::escpos`] asks of a printer.
#[must_use]
pub fn qr_modules(data: &str) -> Option<Vec<Vec<bool>>> {
    let code = QRBuilder::new(data).ecl(ECL::M).build().ok()?;
    Some(
        (0..code.size)
            .map(|row| code[row].iter().take(code.size).map(|module| module.value()).collect())
            .collect(),
    )
}
