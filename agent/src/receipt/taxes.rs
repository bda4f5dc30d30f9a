//! The tax table, and taxes that come on top of prices.
//!
//! The figures are the fact's own; the sums beneath them are plain sums of what stands above.

use super::parts::{NARROWEST, RIGHT};
use super::writer::Writer;
use commerce::tax::{Tax, TaxTable, TaxedClass};
use drivers::printer::document::{Document, Style};

/// Which way the amounts of a document count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// As they stand: money in.
    In,
    /// With the other sign: money back.
    Back,
}

impl Sign {
    pub const fn of(self, minor: i64) -> i64 {
        match self {
            Self::In => minor,
            Self::Back => -minor,
        }
    }
}

/// One row of the table, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaxRow {
    pub label: String,
    pub net: i64,
    pub tax: i64,
    pub gross: i64,
}

/// Taxes not yet in the prices, each on its own line above the total.
pub(super) fn on_top(
    mut document: Document,
    writer: &Writer<'_>,
    taxes: &TaxTable,
    sign: Sign,
) -> Document {
    for (row, tax, minor) in amounts(taxes).filter(|(_, tax, minor)| !tax.inclusive && *minor != 0)
    {
        document = tax_line(document, writer, row, tax, sign.of(minor));
    }
    document
}

/// Whether some tax comes on top of the prices.
pub(super) fn any_on_top(taxes: &TaxTable) -> bool {
    amounts(taxes).any(|(_, tax, minor)| !tax.inclusive && minor != 0)
}

/// The tax table of a receipt.
pub(super) fn table(
    document: Document,
    writer: &Writer<'_>,
    taxes: &TaxTable,
    sign: Sign,
) -> Document {
    let mut document = rows(document, writer, &tax_rows(writer, taxes, sign));
    // Several taxes of one class are one figure in the table; those in the price are told apart
    // here, those on top stand above the total.
    for (row, tax, minor) in
        amounts(taxes).filter(|(row, tax, _)| tax.inclusive && row.amounts.len() > 1)
    {
        document = tax_line(document, writer, row, tax, sign.of(minor));
    }
    document
}

fn amounts(taxes: &TaxTable) -> impl Iterator<Item = (&TaxedClass, &Tax, i64)> {
    taxes.classes.iter().flat_map(|row| {
        let pairs = row.class.taxes.iter().zip(&row.amounts);
        pairs.map(move |(tax, amount)| (row, tax, amount.minor()))
    })
}

fn tax_line(
    document: Document,
    writer: &Writer<'_>,
    row: &TaxedClass,
    tax: &Tax,
    minor: i64,
) -> Document {
    let name = format!("{} {} {}", row.class.id, tax.name, writer.rate(tax.rate));
    document.pair(Style::PLAIN, name, writer.minor(minor))
}

fn tax_rows(writer: &Writer<'_>, taxes: &TaxTable, sign: Sign) -> Vec<TaxRow> {
    let rate_of = |row: &TaxedClass| match row.class.taxes.as_slice() {
        [tax] => writer.rate(tax.rate),
        _ => String::new(),
    };
    let ids = taxes.classes.iter().map(|row| chars(&row.class.id)).max().unwrap_or(0);
    let rates = taxes.classes.iter().map(|row| chars(&rate_of(row))).max().unwrap_or(0);
    taxes
        .classes
        .iter()
        .map(|row| TaxRow {
            label: format!("{:ids$} {:>rates$}", row.class.id, rate_of(row)),
            net: sign.of(row.net.minor()),
            tax: sign.of(row.amounts.iter().map(|amount| amount.minor()).sum()),
            gross: sign.of(row.gross.minor()),
        })
        .collect()
}

/// Rows as a table that fits the narrowest paper, flush right below the amounts above it; with
/// figures too long for that, as lines of one figure each.
pub(super) fn rows(mut document: Document, writer: &Writer<'_>, rows: &[TaxRow]) -> Document {
    let rows = with_sum(writer, rows);
    let Some(widths) = Widths::of(writer, &rows) else {
        return stacked(document, writer, &rows);
    };
    let words = writer.words;
    let head = [words.class, words.net, words.tax, words.gross];
    document = document.text(RIGHT, widths.line(head.map(str::to_owned)));
    for row in &rows {
        document = document.text(RIGHT, widths.line(cells(writer, row)));
    }
    document
}

/// Whether rows fit the narrowest paper as a table.
pub(super) fn fits(writer: &Writer<'_>, rows: &[TaxRow]) -> bool {
    Widths::of(writer, &with_sum(writer, rows)).is_some()
}

fn with_sum(writer: &Writer<'_>, rows: &[TaxRow]) -> Vec<TaxRow> {
    let mut all = rows.to_vec();
    if rows.len() > 1 {
        all.push(TaxRow {
            label: writer.words.sum.to_owned(),
            net: rows.iter().map(|row| row.net).sum(),
            tax: rows.iter().map(|row| row.tax).sum(),
            gross: rows.iter().map(|row| row.gross).sum(),
        });
    }
    all
}

fn cells(writer: &Writer<'_>, row: &TaxRow) -> [String; 4] {
    let [net, tax, gross] = [row.net, row.tax, row.gross].map(|minor| writer.minor(minor));
    [row.label.clone(), net, tax, gross]
}

fn stacked(mut document: Document, writer: &Writer<'_>, rows: &[TaxRow]) -> Document {
    let words = writer.words;
    for row in rows {
        let [label, net, tax, gross] = cells(writer, row);
        document = document.text(Style::PLAIN, format!("{} {label}", words.class));
        for (word, figure) in [(words.net, net), (words.tax, tax), (words.gross, gross)] {
            document = document.pair(Style::PLAIN, format!("  {word}"), figure);
        }
    }
    document
}

/// Widths of the four columns, the narrowest paper in all.
struct Widths([usize; 4]);

impl Widths {
    /// `None` when the cells and a space between each two do not fit.
    fn of(writer: &Writer<'_>, rows: &[TaxRow]) -> Option<Self> {
        let words = writer.words;
        let mut widths = [words.class, words.net, words.tax, words.gross].map(chars);
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(cells(writer, row)) {
                *width = chars(&cell).max(*width);
            }
        }
        let spare = NARROWEST.checked_sub(widths.iter().sum::<usize>() + 3)?;
        // A space stands before each figure; where there is room, up to two more.
        let more = (spare / 3).min(2);
        let [label, figures @ ..] = &mut widths;
        *label += spare - 3 * more;
        for width in figures {
            *width += 1 + more;
        }
        Some(Self(widths))
    }

    fn line(&self, [label, net, tax, gross]: [String; 4]) -> String {
        let [l, n, t, g] = self.0;
        format!("{label:l$}{net:>n$}{tax:>t$}{gross:>g$}")
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}
