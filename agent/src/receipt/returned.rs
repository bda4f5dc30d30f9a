//! The receipt of a refund or a post-void: what came back, with amounts below zero.

use super::parts::{about, detail, duplicate_banner, end, header, slip, total};
use super::sale::AmountColumn;
use super::taxes::{self, Sign};
use super::writer::Writer;
use crate::store::catalogue::ReasonKind;
use crate::till::Settings;
use commerce::returns::{Return, ReturnKind, ReturnedLine};
use drivers::printer::document::{Document, Element, Style};
use sync::log::Hash;

/// The receipt of `returned`, whose journal entry has `hash`. A second copy says that it is one.
#[must_use]
pub fn returned(returned: &Return, settings: &Settings, hash: &Hash, duplicate: bool) -> Document {
    let writer = Writer::new(settings, returned.currency);
    let words = writer.words;
    let title = match returned.kind {
        ReturnKind::Refund => words.refund,
        ReturnKind::PostVoid => words.post_void,
    };
    let mut document = duplicate_banner(Document::default(), &writer, duplicate);
    document = header(document, &writer).text(Style::TITLE, title);
    document = about(document, &writer, &returned.receipt, &returned.stamp);
    document = why(document, &writer, returned).with(Element::Rule);
    document = lines(document, &writer, &returned.lines).with(Element::Rule);
    document = down_to_total(document, &writer, returned);
    document = payouts(document, &writer, returned).with(Element::Rule);
    document = taxes::table(document, &writer, &returned.taxes, Sign::Back);
    end(document, &writer, &returned.receipt, hash, duplicate)
}

fn why(mut document: Document, writer: &Writer<'_>, returned: &Return) -> Document {
    let words = writer.words;
    let kind = match returned.kind {
        ReturnKind::Refund => ReasonKind::Refund,
        ReturnKind::PostVoid => ReasonKind::Cancel,
    };
    document = document.pair(Style::PLAIN, words.original, returned.of.to_string()).pair(
        Style::PLAIN,
        words.reason,
        writer.reason(&returned.reason, kind),
    );
    match &returned.approved_by {
        Some(person) => document.pair(Style::PLAIN, words.approved_by, writer.person(person)),
        None => document,
    }
}

fn lines(mut document: Document, writer: &Writer<'_>, lines: &[ReturnedLine]) -> Document {
    let amount = |line: &ReturnedLine| writer.minor(-line.net.minor());
    let amounts =
        AmountColumn::of(lines.iter().map(|line| (line.tax_class.as_str(), amount(line))));
    for line in lines {
        let right = amounts.cell(&line.tax_class, &amount(line));
        document = document.pair(Style::PLAIN, &line.name, right);
        // One is not worth a line, and one kilogram may be a pack with its price on it.
        if line.quantity.thousandths() != 1000 {
            document = detail(document, &writer.quantity_counted(line.quantity));
        }
    }
    document
}

fn down_to_total(mut document: Document, writer: &Writer<'_>, returned: &Return) -> Document {
    let words = writer.words;
    if taxes::any_on_top(&returned.taxes) {
        let net: i64 = returned.lines.iter().map(|line| line.net.minor()).sum();
        document = document.pair(Style::PLAIN, words.subtotal, writer.minor(-net));
        document = taxes::on_top(document, writer, &returned.taxes, Sign::Back);
    }
    let label = writer.with_currency(words.total);
    total(document, &label, &writer.minor(-returned.total.minor()))
}

fn payouts(mut document: Document, writer: &Writer<'_>, returned: &Return) -> Document {
    for payout in &returned.payouts {
        let amount = writer.minor(-payout.amount.minor());
        document = document.pair(Style::PLAIN, &payout.tender.name, amount);
        if let Some(card) = &payout.card {
            document = slip(document, writer, card);
        }
    }
    document
}
