//! A receipt as its author sees it: elements with a meaning, no paper width yet.
//!
//! The agent's receipt builder writes documents; [`super::layout`] lays them out for a printer.

/// A receipt, or anything else printed on the roll.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// From top to bottom.
    pub elements: Vec<Element>,
}

/// One part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// Text, wrapped at spaces; `\n` starts a new line.
    Text {
        /// The text.
        text: String,
        /// How it looks.
        style: Style,
    },
    /// A left part, an optional middle part and a right part on one line: item and amount, or a
    /// row of the tax table. What does not fit goes on lines of its own; nothing is cut off.
    Columns {
        /// Flush left, wrapped when long.
        left: String,
        /// Flush right in the middle third.
        middle: Option<String>,
        /// Flush right.
        right: String,
        /// How all parts look; its alignment is not used.
        style: Style,
    },
    /// A line across the paper.
    Rule,
    /// A QR code, centred; at most [`MAX_QR`] bytes, else it is printed as text.
    Qr(String),
    /// A picture, centred; what is wider than the paper is cut off at the right.
    Raster(Raster),
    /// Empty lines.
    Feed(u8),
    /// The receipt ends here.
    Cut,
}

/// The longest QR text: a code of it still fits 58 mm paper.
pub const MAX_QR: usize = 300;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Bold.
    pub bold: bool,
    /// Double width.
    pub wide: bool,
    /// Double height.
    pub tall: bool,
    /// Where on the line.
    pub align: Align,
}

/// Where on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Flush left.
    #[default]
    Left,
    /// Centred.
    Center,
    /// Flush right.
    Right,
}

impl Style {
    /// Normal text, flush left.
    pub const PLAIN: Self = Self { bold: false, wide: false, tall: false, align: Align::Left };
    /// Normal text, centred.
    pub const CENTERED: Self = Self { align: Align::Center, ..Self::PLAIN };
    /// Bold, flush left.
    pub const BOLD: Self = Self { bold: true, ..Self::PLAIN };
    /// Bold, double width and height, centred: the shop's name.
    pub const TITLE: Self = Self { bold: true, wide: true, tall: true, align: Align::Center };
    /// Bold, double height, flush left: the total.
    pub const TOTAL: Self = Self { bold: true, tall: true, ..Self::PLAIN };
}

impl Document {
    /// Adds text in a style.
    #[must_use]
    pub fn text(mut self, style: Style, text: impl Into<String>) -> Self {
        self.elements.push(Element::Text { text: text.into(), style });
        self
    }

    /// Adds a line of a left and a right part.
    #[must_use]
    pub fn pair(mut self, style: Style, left: impl Into<String>, right: impl Into<String>) -> Self {
        let (left, right) = (left.into(), right.into());
        self.elements.push(Element::Columns { left, middle: None, right, style });
        self
    }

    /// Adds any element.
    #[must_use]
    pub fn with(mut self, element: Element) -> Self {
        self.elements.push(element);
        self
    }
}

/// A one-bit picture, rows of whole bytes, the highest bit leftmost, 1 is black.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    bytes_a_row: u16,
    bits: Vec<u8>,
}

/// The widest picture in bytes a row: twice the widest paper.
const MAX_RASTER_BYTES: u16 = 144;
/// The highest picture: 25 cm.
const MAX_RASTER_ROWS: usize = 2000;

/// Why bytes are no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RasterError {
    /// The width is zero or too large.
    #[error("a picture of {0} bytes a row can't be printed (1 to 144)")]
    Width(u16),
    /// The bits are no whole number of rows, none, or too many.
    #[error("{bits} bytes are no picture of {bytes_a_row} bytes a row and 1 to 2000 rows")]
    Rows {
        /// The length of the bits in bytes.
        bits: usize,
        /// The width asked for.
        bytes_a_row: u16,
    },
}

impl Raster {
    /// A picture of `bits`, `bytes_a_row` to each row.
    ///
    /// # Errors
    /// When it is empty, ragged or larger than 144 bytes by 2000 rows.
    pub fn new(bytes_a_row: u16, bits: Vec<u8>) -> Result<Self, RasterError> {
        if bytes_a_row == 0 || bytes_a_row > MAX_RASTER_BYTES {
            return Err(RasterError::Width(bytes_a_row));
        }
        let rows = bits.len() / usize::from(bytes_a_row);
        if rows == 0 || rows > MAX_RASTER_ROWS || rows * usize::from(bytes_a_row) != bits.len() {
            return Err(RasterError::Rows { bits: bits.len(), bytes_a_row });
        }
        Ok(Self { bytes_a_row, bits })
    }

    /// Bytes a row.
    #[must_use]
    pub const fn bytes_a_row(&self) -> u16 {
        self.bytes_a_row
    }

    /// All rows, top to bottom.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The rows, top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.bits.chunks(usize::from(self.bytes_a_row))
    }

    /// Width in dots.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.bytes_a_row as u32 * 8
    }

    /// Height in dots.
    #[must_use]
    pub fn height(&self) -> u16 {
        u16::try_from(self.rows().count()).unwrap_or(u16::MAX)
    }

    /// The left part that fits `dots`.
    #[must_use]
    pub fn cropped(&self, dots: u16) -> Self {
        let kept = (dots / 8).clamp(1, self.bytes_a_row);
        let bits =
            self.rows().flat_map(|row| row.iter().take(usize::from(kept)).copied()).collect();
        Self { bytes_a_row: kept, bits }
    }
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raster({}x{})", self.width(), self.height())
    }
}
