//! Paper as a picture: SVG, and PNG from it.
//!
//! The font is bundled and no other is ever used, so that the same paper gives the same pixels
//! on every machine. One SVG unit is one printer dot; all positions are whole.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use super::document::{Align, Raster, Style};
use super::paper::{Paper, Row, qr_modules};

/// Paper left and right of the print.
const MARGIN: u32 = 28;
/// Paper above the first and below the last row of a piece.
const EDGE: u32 = 26;
/// Space around each piece of paper.
const AROUND: u32 = 16;
/// A line's pitch: 24 dots of letter, 6 of space.
const LINE: u32 = 30;
/// From a line's top to its letters' foot.
const BASE: u32 = 22;
/// How far the torn edge's teeth reach.
const TOOTH: u32 = 6;
/// The tallest picture made: a roll's worth beyond it is left out, with a note.
const MAX_HEIGHT: u32 = 30_000;

const REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSansMono.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/DejaVuSansMono-Bold.ttf");

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The SVG was not understood: a fault of the renderer.
    #[error("the receipt's picture could not be drawn: {0}")]
    Svg(#[from] usvg::Error),
    /// No memory for the picture, or it could not be packed.
    #[error("the receipt's picture of {width} by {height} dots could not be made")]
    Size {
        /// Width in dots.
        width: u32,
        /// Height in dots.
        height: u32,
    },
}

/// `paper` as SVG: black print on warm white paper, a torn edge above and below each piece.
#[must_use]
pub fn render(paper: &Paper) -> String {
    let mut canvas = Canvas::new(paper);
    for row in &paper.rows {
        if canvas.y > MAX_HEIGHT {
            canvas.text("(the rest is not shown)", Style::PLAIN);
            break;
        }
        match row {
            Row::Line { text, style } => canvas.text(text, *style),
            Row::Qr { data, module, align } => canvas.qr(data, u32::from(*module), *align),
            Row::Raster { raster, align } => canvas.raster(raster, *align),
            Row::Feed(lines) => canvas.y += LINE * u32::from(*lines),
            Row::Cut => canvas.end_piece(),
        }
    }
    canvas.finish()
}

/// `paper` as PNG, one pixel a dot.
///
/// # Errors
/// [`PictureError`] when it can't be drawn.
pub fn png(paper: &Paper) -> Result<Vec<u8>, PictureError> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    });
    let options = usvg::Options { fontdb: fonts.clone(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&render(paper), &options)?;
    let size = tree.size().to_int_size();
    let failed = || PictureError::Size { width: size.width(), height: size.height() };
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(failed)?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|_| failed())
}

struct Canvas {
    columns: u32,
    dots: u32,
    /// Where the next row begins.
    y: u32,
    /// Where this piece of paper begins.
    piece: u32,
    pieces: String,
    print: String,
}

impl Canvas {
    fn new(paper: &Paper) -> Self {
        Self {
            columns: u32::from(paper.columns).max(1),
            dots: u32::from(paper.dots),
            y: AROUND + EDGE,
            piece: AROUND,
            pieces: String::new(),
            print: String::new(),
        }
    }

    const fn left(&self) -> u32 {
        AROUND + MARGIN
    }

    const fn width(&self) -> u32 {
        self.dots + 2 * (AROUND + MARGIN)
    }

    fn indent(&self, width: u32, align: Align) -> u32 {
        let room = self.dots.saturating_sub(width);
        self.left()
            + match align {
                Align::Left => 0,
                Align::Center => room / 2,
                Align::Right => room,
            }
    }

    /// One line; every letter is placed by itself, as a printer does.
    fn text(&mut self, text: &str, style: Style) {
        let (across, down) = (1 + u32::from(style.wide), 1 + u32::from(style.tall));
        let cell = self.dots / self.columns;
        let length = u32::try_from(text.chars().count()).unwrap_or(self.columns);
        let x = self.indent(length * cell * across, style.align);
        let y = self.y + BASE + 24 * (down - 1);
        if !text.is_empty() {
            let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
            write!(
                self.print,
                "<text transform=\"translate({x} {y}) scale({across} {down})\"{weight} x=\""
            )
            .ok();
            for place in 0..length {
                write!(self.print, "{} ", place * cell).ok();
            }
            self.print.push_str("\">");
            text.chars().for_each(|character| escape(&mut self.print, character));
            self.print.push_str("</text>\n");
        }
        self.y += LINE + 24 * (down - 1);
    }

    fn qr(&mut self, data: &str, module: u32, align: Align) {
        let Some(modules) = qr_modules(data) else {
            return;
        };
        let side = u32::try_from(modules.len()).unwrap_or(0) * module;
        let x = self.indent(side, align);
        self.dots(&modules, x, module);
        self.y += side + LINE / 2;
    }

    fn raster(&mut self, raster: &Raster, align: Align) {
        let rows: Vec<Vec<bool>> = raster
            .rows()
            .map(|row| {
                row.iter().flat_map(|byte| (0..8).map(move |bit| byte << bit & 0x80 != 0)).collect()
            })
            .collect();
        let x = self.indent(raster.width(), align);
        self.dots(&rows, x, 1);
        self.y += u32::from(raster.height());
    }

    /// Squares of `side` dots from `x` at the current height, neighbours in one run.
    fn dots(&mut self, rows: &[Vec<bool>], x: u32, side: u32) {
        self.print.push_str("<path shape-rendering=\"crispEdges\" d=\"");
        let mut top = self.y;
        for row in rows {
            let mut left = x;
            for run in row.chunk_by(|one, other| one == other) {
                let width = u32::try_from(run.len()).unwrap_or(0) * side;
                if run.first() == Some(&true) {
                    write!(self.print, "M{left} {top}h{width}v{side}h-{width}z").ok();
                }
                left += width;
            }
            top += side;
        }
        self.print.push_str("\"/>\n");
    }

    /// Ends this piece of paper with a torn edge; the next begins below it.
    fn end_piece(&mut self) {
        let bottom = self.y + EDGE;
        let (left, right) = (AROUND, self.width() - AROUND);
        write!(self.pieces, "<path d=\"M{left} {}", self.piece).ok();
        let teeth = (right - left) / (2 * TOOTH);
        let rest = right - left - teeth * 2 * TOOTH;
        for _ in 0..teeth {
            write!(self.pieces, "l{TOOTH} {TOOTH}l{TOOTH} -{TOOTH}").ok();
        }
        write!(self.pieces, "h{rest}V{bottom}h-{rest}").ok();
        for _ in 0..teeth {
            write!(self.pieces, "l-{TOOTH} -{TOOTH}l-{TOOTH} {TOOTH}").ok();
        }
        self.pieces.push_str("z\"/>\n");
        self.piece = bottom + AROUND;
        self.y = self.piece + EDGE;
    }

    fn finish(mut self) -> String {
        if self.y > self.piece + EDGE || self.piece == AROUND {
            self.end_piece();
        }
        let (width, height) = (self.width(), self.piece);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#6f6a63\"/>\n\
             <g fill=\"#fdfaf1\" stroke=\"#d9d3c3\">\n{}</g>\n\
             <g fill=\"#1b1917\" font-family=\"DejaVu Sans Mono\" font-size=\"20\" xml:space=\"preserve\">\n{}</g>\n</svg>\n",
            self.pieces, self.print
        )
    }
}

fn escape(svg: &mut String, character: char) {
    match character {
        '<' => svg.push_str("&lt;"),
        '>' => svg.push_str("&gt;"),
        '&' => svg.push_str("&amp;"),
        '"' => svg.push_str("&quot;"),
        _ if character.is_control() => {}
        _ => svg.push(character),
    }
}
