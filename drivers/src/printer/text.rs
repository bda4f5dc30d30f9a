//! Paper as plain text, for terminals, logs and tests.

use super::document::Align;
use super::paper::{Paper, Row};

/// The rows of `paper` as lines of at most its columns; QR codes and pictures are named.
#[must_use]
pub fn render(paper: &Paper) -> String {
    let mut text = String::new();
    for row in &paper.rows {
        match row {
            Row::Line { text: line, style } => push(&mut text, line, style.align, paper.columns),
            Row::Qr { data, align, .. } => {
                let name: Vec<char> = format!("[QR {data}]").chars().collect();
                for part in name.chunks(usize::from(paper.columns).max(1)) {
                    push(&mut text, &String::from_iter(part), *align, paper.columns);
                }
            }
            Row::Raster { raster, align } => {
                let name = format!("[picture {}x{}]", raster.width(), raster.height());
                push(&mut text, &name, *align, paper.columns);
            }
            Row::Feed(lines) => (0..*lines).for_each(|_| text.push('\n')),
            Row::Cut => {
                let half = "- ".repeat(usize::from(paper.columns / 4).saturating_sub(2));
                push(&mut text, &format!("{half}8< {half}"), Align::Left, paper.columns);
            }
        }
    }
    text
}

fn push(text: &mut String, line: &str, align: Align, columns: u16) {
    let room = usize::from(columns).saturating_sub(line.chars().count());
    let indent = match align {
        Align::Left => 0,
        Align::Center => room / 2,
        Align::Right => room,
    };
    text.push_str(&" ".repeat(indent));
    text.push_str(line.trim_end_matches(' '));
    text.push('\n');
}
