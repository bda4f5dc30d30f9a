//! The receipt of a sale.

use super::parts::{about, detail, duplicate_banner, end, header, slip, total};
use super::taxes::{self, Sign};
use super::writer::Writer;
use crate::store::catalogue::ReasonKind;
use crate::till::Settings;
use commerce::Unit;
use commerce::sale::{Sale, SoldLine};
use commerce::tender::Tendered;
use drivers::printer::document::{Document, Element, Style};
use std::collections::BTreeMap;
use sync::log::Hash;

/// The receipt of `sale`, whose journal entry has `hash`. A second copy says that it is one.
///
/// Printed lines less printed discounts plus printed taxes on top are the total, and the tax
/// table comes to it as well: all of it is what the fact says.
#[must_use]
pub fn sale(sale: &Sale, settings: &Settings, hash: &Hash, duplicate: bool) -> Document {
    let writer = Writer::new(settings, sale.currency);
    let mut document = duplicate_banner(Document::default(), &writer, duplicate);
    document = header(document, &writer);
    document = about(document, &writer, &sale.receipt, &sale.stamp).with(Element::Rule);
    document = lines(document, &writer, &sale.lines).with(Element::Rule);
    document = down_to_total(document, &writer, sale);
    document = tenders(document, &writer, sale).with(Element::Rule);
    document = taxes::table(document, &writer, &sale.taxes, Sign::In);
    end(document, &writer, &sale.receipt, hash, duplicate)
}

fn lines(mut document: Document, writer: &Writer<'_>, lines: &[SoldLine]) -> Document {
    let amounts = AmountColumn::of(
        lines.iter().map(|line| (line.tax_class.as_str(), writer.money(line.extended))),
    );
    for line in lines {
        let right = amounts.cell(&line.tax_class, &writer.money(line.extended));
        document = document.pair(Style::PLAIN, &line.name, right);
        document = details(document, writer, line);
    }
    document
}

/// Below a line: how its amount came about, and what was taken off it.
fn details(mut document: Document, writer: &Writer<'_>, line: &SoldLine) -> Document {
    let one_piece = line.quantity.thousandths() == 1000 && line.quantity.unit() == Unit::Each;
    // The amount of a price-coded label is not quantity times price, so neither is printed.
    let says_it = line.price.extend(line.quantity).is_ok_and(|amount| amount == line.extended);
    if !one_piece && says_it {
        document = detail(document, &writer.quantity_at(line.quantity, line.price));
    }
    if let Some(change) = &line.price_override {
        let listed = writer.unit_price(change.listed);
        let reason = writer.reason(&change.reason, ReasonKind::Override);
        let text = format!("{} {listed}: {reason}", writer.words.instead_of);
        document = detail(document, &text);
    }
    for discount in line.discounts.iter().filter(|discount| !discount.basket) {
        let reason = writer.reason(&discount.reason, ReasonKind::Discount);
        let taken = writer.minor(-discount.amount.minor());
        document = document.pair(Style::PLAIN, format!("  {reason}"), taken);
    }
    document
}

/// From the lines to the total: what was taken off the basket, and taxes on top. A basket
/// discount is one line for each reason, the sum of its shares: a customer was given one.
fn down_to_total(mut document: Document, writer: &Writer<'_>, sale: &Sale) -> Document {
    let mut off = BTreeMap::<&str, i64>::new();
    let all = || sale.lines.iter().flat_map(|line| &line.discounts);
    for discount in all().filter(|discount| discount.basket) {
        *off.entry(&discount.reason).or_default() += discount.amount.minor();
    }
    let taxed_on_top = taxes::any_on_top(&sale.taxes);
    if !off.is_empty() || taxed_on_top {
        let own = all().filter(|discount| !discount.basket);
        let own: i64 = own.map(|discount| discount.amount.minor()).sum();
        let extended: i64 = sale.lines.iter().map(|line| line.extended.minor()).sum();
        let subtotal = writer.minor(extended - own);
        document = document.pair(Style::PLAIN, writer.words.subtotal, subtotal);
    }
    for (reason, minor) in &off {
        let reason = writer.reason(reason, ReasonKind::Discount);
        document = document.pair(Style::PLAIN, reason, writer.minor(-minor));
    }
    document = taxes::on_top(document, writer, &sale.taxes, Sign::In);
    let label = writer.with_currency(writer.words.total);
    total(document, &label, &writer.money(sale.total))
}

fn tenders(mut document: Document, writer: &Writer<'_>, sale: &Sale) -> Document {
    for tendered in &sale.tenders {
        document = tender(document, writer, tendered);
    }
    let words = writer.words;
    if !sale.change.is_zero() {
        document = document.pair(Style::BOLD, words.change, writer.money(sale.change));
    }
    let discounts = sale.lines.iter().flat_map(|line| &line.discounts);
    let saved: i64 = discounts.map(|discount| discount.amount.minor()).sum();
    if saved > 0 {
        document =
            document.with(Element::Feed(1)).pair(Style::PLAIN, words.saved, writer.minor(saved));
    }
    document
}

fn tender(mut document: Document, writer: &Writer<'_>, tendered: &Tendered) -> Document {
    let amount = writer.money(tendered.amount);
    document = document.pair(Style::PLAIN, &tendered.tender.name, amount);
    if let Some(reference) = &tendered.reference {
        document = detail(document, &format!("{} {reference}", writer.words.number));
    }
    match &tendered.card {
        Some(card) => slip(document, writer, card),
        None => document,
    }
}

/// Tax classes and amounts of all lines, each in a column of its own.
pub(super) struct AmountColumn {
    class: usize,
    amount: usize,
}

impl AmountColumn {
    pub fn of<'a>(cells: impl Iterator<Item = (&'a str, String)>) -> Self {
        let (mut class, mut amount) = (0, 0);
        for (id, text) in cells {
            class = class.max(id.chars().count());
            amount = amount.max(text.chars().count());
        }
        Self { class, amount }
    }

    /// `B   1.35`
    pub fn cell(&self, class: &str, amount: &str) -> String {
        format!("{class:0$} {amount:>1$}", self.class, self.amount)
    }
}
