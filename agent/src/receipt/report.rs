//! The report of a shift: X while it is open, Z once it is closed.
//!
//! Every figure is a total of the shift or a plain sum of such; what was counted stands in the
//! closing fact.

use super::parts::{header, total};
use super::taxes::{self, TaxRow};
use super::writer::Writer;
use crate::store::catalogue::ReasonKind;
use crate::store::till::read::Shift;
use crate::till::Settings;
use commerce::fact::ShiftClosed;
use commerce::shift::{ShiftTotal, TotalKind};
use drivers::printer::document::{Document, Element, Style};
use jiff::Timestamp;

/// A shift to report on.
#[derive(Debug, Clone, Copy)]
pub struct Reported<'a> {
    /// The shift.
    pub shift: &'a Shift,
    /// The till's number in the store.
    pub till: u16,
    /// What it came to: so far, or when it was closed.
    pub totals: &'a [ShiftTotal],
    /// The closing fact; without it the report is an X.
    pub closed: Option<&'a ShiftClosed>,
    /// The instant of an X.
    pub now: Timestamp,
}

/// The X or Z report of a shift.
#[must_use]
pub fn report(reported: &Reported<'_>, settings: &Settings) -> Document {
    let report = Report { writer: Writer::new(settings, settings.store.currency), reported };
    let mut document = report.head();
    document = report.turnover(document);
    document = report.taxes(document);
    document = report.tenders(document);
    document = report.drawer(document);
    document = report.counted(document);
    report.events(document).with(Element::Cut)
}

struct Report<'a> {
    writer: Writer<'a>,
    reported: &'a Reported<'a>,
}

impl<'a> Report<'a> {
    fn head(&self) -> Document {
        let (writer, words) = (&self.writer, self.writer.words);
        let Reported { shift, till, closed, now, .. } = *self.reported;
        let title = match closed {
            Some(closed) => format!("{} {}", words.z_report, closed.z),
            None => words.x_report.to_owned(),
        };
        let mut document = header(Document::default(), writer)
            .text(Style::TITLE, title)
            .pair(
                Style::PLAIN,
                format!("{} {till}", words.till),
                format!("{} {}", words.shift, shift.number),
            )
            .pair(Style::PLAIN, words.business_day, writer.day(shift.business_day))
            .pair(Style::PLAIN, words.opened, writer.time(shift.opened_at))
            .pair(Style::PLAIN, "", writer.person(&shift.opened_by));
        document = match closed {
            Some(closed) => document
                .pair(Style::PLAIN, words.closed, writer.time(closed.stamp.at))
                .pair(Style::PLAIN, "", writer.person(&closed.stamp.by)),
            None => document.pair(Style::PLAIN, words.as_of, writer.time(now)),
        };
        document.with(Element::Rule)
    }

    /// Sales less what was paid back.
    fn turnover(&self, mut document: Document) -> Document {
        let words = self.writer.words;
        let (sales, refunds, voids) = (
            self.total(TotalKind::Sales),
            self.total(TotalKind::Refunds),
            self.total(TotalKind::PostVoids),
        );
        document = self.row(document, words.sales, sales);
        for (word, (count, minor)) in [(words.refunds, refunds), (words.post_voids, voids)] {
            if count != 0 {
                document = self.row(document, word, (count, -minor));
            }
        }
        let turnover = self.writer.minor(sales.1 - refunds.1 - voids.1);
        let label = self.writer.with_currency(words.turnover);
        total(document, &label, &turnover).with(Element::Rule)
    }

    fn taxes(&self, mut document: Document) -> Document {
        let rows = self.tax_rows(true);
        if rows.is_empty() {
            return document;
        }
        document = document.text(Style::BOLD, self.writer.words.taxes);
        let named = taxes::fits(&self.writer, &rows);
        let rows = if named { rows } else { self.tax_rows(false) };
        document = taxes::rows(document, &self.writer, &rows);
        for class in self.of(TotalKind::TaxNet) {
            let several: Vec<_> = self.taxes_of(&class.key).collect();
            for (id, minor) in several.iter().filter(|_| several.len() > 1) {
                let name = format!("{} {}", class.key, self.tax_name(&class.key, id));
                document = document.pair(Style::PLAIN, name, self.writer.minor(*minor));
            }
        }
        document.with(Element::Rule)
    }

    fn tax_rows(&self, named: bool) -> Vec<TaxRow> {
        self.of(TotalKind::TaxNet)
            .map(|class| {
                let tax = self.taxes_of(&class.key).map(|(_, minor)| minor).sum();
                let known = self.writer.settings.taxes.classes.get(&class.key);
                let label = match known.filter(|_| named) {
                    Some(known) => format!("{} {}", class.key, known.name),
                    None => class.key.clone(),
                };
                TaxRow { label, net: class.amount, tax, gross: class.amount + tax }
            })
            .collect()
    }

    fn taxes_of(&self, class: &str) -> impl Iterator<Item = (&'a str, i64)> {
        self.of(TotalKind::Tax).filter_map(move |total| {
            let (of, tax) = total.key.split_once('/')?;
            (of == class).then_some((tax, total.amount))
        })
    }

    fn tax_name(&self, class: &str, id: &'a str) -> &str {
        let class = self.writer.settings.taxes.classes.get(class);
        let tax = class.and_then(|class| class.taxes.iter().find(|tax| tax.id == id));
        tax.map_or(id, |tax| &tax.name)
    }

    fn tenders(&self, mut document: Document) -> Document {
        if self.of(TotalKind::Tenders).next().is_none() {
            return document;
        }
        document = document.text(Style::BOLD, self.writer.words.tenders);
        for total in self.of(TotalKind::Tenders) {
            let name = self.tender_name(&total.key);
            document = self.row(document, name, (total.count, total.amount));
        }
        document.with(Element::Rule)
    }

    fn tender_name(&self, id: &'a str) -> &str {
        self.writer.settings.tender(id).map_or(id, |tender| &tender.name)
    }

    /// The cash: what it began with, what went in and out without a sale, what should be there.
    fn drawer(&self, mut document: Document) -> Document {
        let (writer, words) = (&self.writer, self.writer.words);
        document = document.text(Style::BOLD, words.drawer);
        document =
            document.pair(Style::PLAIN, words.float, writer.minor(self.total(TotalKind::Float).1));
        document =
            self.by_reason(document, words.paid_in, TotalKind::PaidIn, ReasonKind::PaidIn, 1);
        document =
            self.by_reason(document, words.paid_out, TotalKind::PaidOut, ReasonKind::PaidOut, -1);
        let in_drawer = writer.minor(self.total(TotalKind::DrawerCash).1);
        document.pair(Style::BOLD, words.in_drawer, in_drawer).with(Element::Rule)
    }

    fn counted(&self, mut document: Document) -> Document {
        let (writer, words) = (&self.writer, self.writer.words);
        let counted = self.reported.closed.map_or(&[][..], |closed| &closed.counted);
        if counted.is_empty() {
            return document;
        }
        for count in counted {
            let difference = count.counted.minor() - count.expected.minor();
            let style = if difference == 0 { Style::PLAIN } else { Style::BOLD };
            document = document
                .text(Style::BOLD, self.tender_name(&count.tender))
                .pair(Style::PLAIN, format!("  {}", words.expected), writer.money(count.expected))
                .pair(Style::PLAIN, format!("  {}", words.counted), writer.money(count.counted))
                .pair(style, format!("  {}", words.difference), writer.minor(difference));
        }
        document.with(Element::Rule)
    }

    /// What a manager looks at: discounts, overrides, voids, the drawer opened without a sale.
    fn events(&self, mut document: Document) -> Document {
        let words = self.writer.words;
        for (word, kind) in [
            (words.lines, TotalKind::Lines),
            (words.returned_lines, TotalKind::ReturnedLines),
            (words.voided_lines, TotalKind::VoidedLines),
            (words.cancelled_carts, TotalKind::CancelledCarts),
        ] {
            let total = self.total(kind);
            if total.0 != 0 {
                document = self.row(document, word, total);
            }
        }
        document = self.by_reason(
            document,
            words.discounts,
            TotalKind::Discounts,
            ReasonKind::Discount,
            -1,
        );
        document = self.by_reason(
            document,
            words.overrides,
            TotalKind::Overrides,
            ReasonKind::Override,
            -1,
        );
        self.by_reason(document, words.no_sales, TotalKind::NoSales, ReasonKind::NoSale, 1)
    }

    /// A heading, then a row for each reason; nothing where there was none.
    fn by_reason(
        &self,
        mut document: Document,
        word: &str,
        kind: TotalKind,
        reasons: ReasonKind,
        sign: i64,
    ) -> Document {
        for (position, total) in self.of(kind).enumerate() {
            if position == 0 {
                document = document.text(Style::PLAIN, word);
            }
            let name = format!("  {}", self.writer.reason(&total.key, reasons));
            document = match kind {
                TotalKind::NoSales => document.pair(Style::PLAIN, name, total.count.to_string()),
                _ => self.row(document, &name, (total.count, sign * total.amount)),
            };
        }
        document
    }

    /// A name, how often, how much.
    fn row(&self, document: Document, name: &str, (count, minor): (i64, i64)) -> Document {
        document.with(Element::Columns {
            left: name.to_owned(),
            middle: Some(count.to_string()),
            right: self.writer.minor(minor),
            style: Style::PLAIN,
        })
    }

    fn of(&self, kind: TotalKind) -> impl Iterator<Item = &'a ShiftTotal> {
        self.reported.totals.iter().filter(move |total| total.kind == kind)
    }

    /// Count and amount of a total that is not split.
    fn total(&self, kind: TotalKind) -> (i64, i64) {
        self.of(kind).next().map_or((0, 0), |total| (total.count, total.amount))
    }
}
