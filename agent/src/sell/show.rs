//! What the cashier sees, laid out for a screen of 80 columns: text in, text out.

use super::view::{Basket, Line, Problem, Table};
use std::fmt::Write as _;

/// Characters of an item's name that are shown.
const NAME: usize = 36;

/// Characters of a table's text column that are shown.
const CELL: usize = 40;

/// The width of a basket.
const WIDTH: usize = 76;

/// A basket as a small table, total and due last.
#[must_use]
pub fn basket(basket: &Basket) -> String {
    let mut text = String::new();
    for line in &basket.lines {
        row(&mut text, line);
    }
    if basket.lines.is_empty() {
        text.push_str("  (the basket is empty)\n");
    }
    for (what, amount) in &basket.discounts {
        sum(&mut text, what, &format!("-{amount}"));
    }
    writeln!(text, "{}", "─".repeat(WIDTH)).ok();
    sum(&mut text, &format!("TOTAL {}", basket.currency), &basket.total);
    for (what, amount) in &basket.tenders {
        sum(&mut text, what, &format!("-{amount}"));
    }
    sum(&mut text, "DUE", &basket.due);
    text
}

fn row(text: &mut String, line: &Line) {
    let Line { number, quantity, price, amount, .. } = line;
    let name = cut(&line.name, NAME);
    writeln!(text, "{number:>3}  {name:NAME$} {quantity:>10} {price:>12} {amount:>11}").ok();
    for (what, off) in &line.notes {
        match off {
            Some(off) => sum(text, &format!("  {what}"), &format!("-{off}")),
            None => _ = writeln!(text, "       {what}"),
        }
    }
}

fn sum(text: &mut String, what: &str, amount: &str) {
    writeln!(text, "     {:<59} {amount:>11}", cut(what, 59)).ok();
}

/// An amount to give back, in digits that can be read across a counter.
#[must_use]
pub fn change(amount: &str, currency: &str) -> String {
    let digits: Vec<[&str; 3]> = amount.chars().map(segments).collect();
    let lines = [0_usize, 1, 2].map(|line| {
        digits.iter().filter_map(|digit| digit.get(line).copied()).collect::<Vec<_>>().join(" ")
    });
    let [top, middle, bottom] = lines;
    let width = bottom.chars().count();
    let top = format!("             {top}");
    let middle = format!("  CHANGE     {middle:width$}  {currency}");
    let bottom = format!("             {bottom}");
    [top, middle, bottom].map(|line| line.trim_end().to_owned() + "\n").concat()
}

/// A character on a display of seven segments.
const fn segments(character: char) -> [&'static str; 3] {
    match character {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '-' => ["   ", " _ ", "   "],
        _ => [" ", " ", "."],
    }
}

/// What the till said no with, and what to do about it where the till's own words do not say.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    let Problem { kind, title, detail, .. } = problem;
    // The till's own words say it all, and mostly begin as the title does.
    let mut text = format!("✗ {}", if detail.is_empty() { title } else { detail });
    let help = match kind.as_str() {
        "no-shift" => "Type `open 100` to open one with 100.00 in the drawer.",
        "unknown-code" => "Type `search WORDS` to look for the item.",
        "weight-needed" => "Type the weight in front of the code: `0.482 CODE`.",
        "cart-at-till" => "Type `park LABEL` to set it aside, or `show` to look at it.",
        "unknown-reason" => "Type `reasons` to see this store's.",
        "payment-under-way" | "terminal-busy" | "still-asking" | "no-payment" => {
            "Type `payments` to see how it stands, and what to do."
        }
        "return-under-way" | "no-return" | "return-partly-paid" => "Type `return` to see it.",
        "not-logged-in" => "Start `till sell` again to log in.",
        _ => "",
    };
    if !help.is_empty() {
        write!(text, "\n  {help}").ok();
    }
    if let Some(seconds) = problem.retry_after {
        write!(text, "\n  Try again in {seconds} s.").ok();
    }
    text
}

/// A table with columns as wide as they need to be.
#[must_use]
pub fn table(table: &Table) -> String {
    let headings = table.headings.iter().map(|heading| heading.trim_start_matches('>').to_owned());
    let rows: Vec<Vec<String>> = std::iter::once(headings.collect())
        .chain(table.rows.iter().map(|row| row.iter().map(|cell| cut(cell, CELL)).collect()))
        .collect();
    let column = |place: usize| rows.iter().filter_map(move |row: &Vec<String>| row.get(place));
    let widths: Vec<usize> = (0..table.headings.len())
        .map(|place| column(place).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, width), heading) in row.iter().zip(&widths).zip(&table.headings) {
            if heading.starts_with('>') {
                write!(line, "  {cell:>width$}").ok();
            } else {
                write!(line, "  {cell:<width$}").ok();
            }
        }
        writeln!(text, "{}", line.trim_end()).ok();
    }
    text
}

/// `text` in at most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "show_tests.rs"]
mod tests;
