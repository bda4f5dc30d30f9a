//! Paper as plain text, for terminals, logs and tests.

use super::document::Align;
use super::paper::{Paper, Row};

/// The rows of `paper` as lines of at most its columns; QR codes and pictures are named.
#[must_use]
pub fn render(paper: &Paper) -> String {
    let mut text = String::new();
    for row in &paper.rows {
        match row {
            Row::Line { text: line, style } if style.wide => {
                push(&mut text, &spread(line), style.align, paper.columns);
            }
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

/// A line of double width takes twice its columns on paper. Here its widest gap is widened by as
/// much, so that an amount at its end stands under the others.
fn spread(line: &str) -> String {
    let inner = line.trim();
    let gap = inner.split(|letter| letter != ' ').max_by_key(|run| run.len()).unwrap_or("");
    match inner.split_once(gap).filter(|_| gap.len() > 1) {
        Some((left, right)) => {
            let width = gap.len() + line.chars().count();
            format!("{left}{}{right}", " ".repeat(width))
        }
        None => line.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::super::document::{Document, Style};
    use super::super::layout::lay_out;
    use super::super::profile::Profile;
    use super::*;

    #[test]
    fn a_wide_total_ends_where_the_other_amounts_do() {
        let wide = Style { wide: true, ..Style::TOTAL };
        let document = Document::default()
            .pair(Style::PLAIN, "Bread", "1.79")
            .pair(wide, "TOTAL", "1.79")
            .text(Style::TITLE, "SHOP");
        let text = render(&lay_out(&document, &Profile::ROLL_80));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].len(), 48);
        assert_eq!(lines[1].len(), 48, "{text}");
        assert_eq!(lines[2].trim(), "SHOP");
    }
}
