//! The rows of sales and returns, their lines, taxes and tenders.

use super::super::tables::Table;
use super::{Row, amount, minor, optional, text, yes};
use commerce::Money;
use commerce::returns::{Return, ReturnKind};
use commerce::sale::{ReceiptNumber, Sale, SoldLine};
use commerce::tax::TaxTable;
use commerce::tender::{CardSlip, TenderType};
use sync::store::Stored;

/// The rows of a sale.
pub(super) fn sold(sale: &Sale, stored: &Stored) -> Vec<Row> {
    let (receipt, shift) = (&sale.receipt, sale.stamp.shift);
    let extended = sale.lines.iter().map(|line| line.extended.minor()).sum();
    let tendered = sale.tenders.iter().map(|tender| tender.amount.minor()).sum();
    let mut rows = vec![(
        Table::Sales,
        vec![
            text(receipt),
            text(stored.entry.seq),
            text(stored.hash),
            text(sale.stamp.at),
            text(sale.business_day),
            text(shift),
            text(&sale.stamp.by),
            text(sale.cart.0),
            text(sale.currency),
            text(sale.lines.len()),
            minor(extended, sale.total),
            minor(tendered, sale.total),
            amount(sale.change),
            amount(sale.total),
            optional(sale.customer),
        ],
    )];
    for line in &sale.lines {
        rows.push((Table::Lines, line_row(line, receipt, shift)));
        rows.extend(line.discounts.iter().map(|discount| {
            let row = vec![
                text(receipt),
                text(shift),
                text(line.number),
                discount.reason.clone(),
                amount(discount.amount),
                yes(discount.basket),
                text(&discount.by),
                optional(discount.approved_by.as_ref()),
            ];
            (Table::Discounts, row)
        }));
    }
    rows.extend(sale.voided.iter().map(|void| {
        let row = vec![
            text(receipt),
            text(shift),
            void.sku.clone(),
            amount(void.amount),
            text(&void.by),
            optional(void.reason.as_ref()),
        ];
        (Table::VoidedLines, row)
    }));
    taxes(&mut rows, &sale.taxes, receipt, "sale", shift);
    let mut change = sale.change.minor();
    for (position, tendered) in sale.tenders.iter().enumerate() {
        let whole = tendered.amount.minor();
        let given = if tendered.tender.gives_change { change.min(whole) } else { 0 };
        change -= given;
        let moved = Moved { position, amount: whole, change: given, kept: whole - given };
        let who = (receipt, "sale", shift);
        let extra = (tendered.reference.as_deref(), tendered.intent, tendered.card.as_ref());
        rows.push(tender_row(who, &tendered.tender, &moved, sale.total, extra));
    }
    rows
}

fn line_row(line: &SoldLine, receipt: &ReceiptNumber, shift: u32) -> Vec<String> {
    let over = line.price_override.as_ref();
    let listed = over.and_then(|over| over.listed.extend(line.quantity).ok());
    let discount = line.discounts.iter().map(|discount| discount.amount.minor()).sum();
    vec![
        text(receipt),
        text(shift),
        text(line.number),
        line.sku.clone(),
        optional(line.gtin),
        line.name.clone(),
        line.quantity.amount_text(),
        text(line.quantity.unit()),
        line.price.amount_text(),
        text(line.price.per()),
        amount(line.extended),
        minor(discount, line.extended),
        amount(line.net),
        line.tax_class.clone(),
        optional(over.map(|over| over.listed.amount_text())),
        optional(over.map(|over| over.listed.per())),
        optional(listed.map(Money::amount_text)),
        optional(over.map(|over| &over.reason)),
        optional(over.map(|over| &over.by)),
        optional(over.and_then(|over| over.approved_by.as_ref())),
    ]
}

/// Rows of a tax table. Returns have negative amounts: they are taken off.
fn taxes(rows: &mut Vec<Row>, table: &TaxTable, receipt: &ReceiptNumber, kind: &str, shift: u32) {
    let signed = |money: Money| {
        let money = if kind == "sale" { money } else { money.negated() };
        money.amount_text()
    };
    for class in &table.classes {
        let head = || vec![text(receipt), kind.to_owned(), text(shift), class.class.id.clone()];
        let mut row = head();
        row.extend([class.class.name.clone(), signed(class.net), signed(class.gross)]);
        rows.push((Table::TaxClasses, row));
        for (tax, amount) in class.class.taxes.iter().zip(&class.amounts) {
            let mut row = head();
            row.extend([
                tax.id.clone(),
                tax.name.clone(),
                text(tax.rate).trim_end_matches(" %").to_owned(),
                yes(tax.inclusive),
                signed(*amount),
            ]);
            rows.push((Table::Taxes, row));
        }
    }
}

/// What moved by a tender, in minor units; negative when it left the till.
struct Moved {
    position: usize,
    amount: i64,
    change: i64,
    kept: i64,
}

fn tender_row(
    (receipt, kind, shift): (&ReceiptNumber, &str, u32),
    tender: &TenderType,
    moved: &Moved,
    like: Money,
    (reference, intent, card): (Option<&str>, Option<u64>, Option<&CardSlip>),
) -> Row {
    let row = vec![
        text(receipt),
        kind.to_owned(),
        text(shift),
        text(moved.position),
        tender.id.clone(),
        tender.name.clone(),
        tender.kind.name().to_owned(),
        minor(moved.amount, like),
        minor(moved.change, like),
        minor(moved.kept, like),
        optional(reference),
        optional(intent),
        optional(card.map(|card| &card.card_name)),
        optional(card.map(|card| &card.masked_pan)),
        optional(card.map(|card| &card.authorisation)),
        optional(card.map(|card| &card.terminal_id)),
        optional(card.map(|card| card.trace)),
        optional(card.map(|card| card.receipt_number)),
    ];
    (Table::Tenders, row)
}

const fn return_kind(kind: ReturnKind) -> &'static str {
    match kind {
        ReturnKind::Refund => "refund",
        ReturnKind::PostVoid => "post_void",
    }
}

/// The rows of a refund or post-void.
pub(super) fn returned(returned: &Return, stored: &Stored) -> Vec<Row> {
    let (receipt, shift) = (&returned.receipt, returned.stamp.shift);
    let kind = return_kind(returned.kind);
    let mut rows = vec![(
        Table::Returns,
        vec![
            text(receipt),
            text(&returned.of),
            kind.to_owned(),
            text(stored.entry.seq),
            text(stored.hash),
            text(returned.stamp.at),
            text(returned.business_day),
            text(shift),
            text(&returned.stamp.by),
            optional(returned.approved_by.as_ref()),
            returned.reason.clone(),
            text(returned.currency),
            amount(returned.total),
        ],
    )];
    rows.extend(returned.lines.iter().map(|line| {
        let row = vec![
            text(receipt),
            text(&returned.of),
            text(shift),
            text(line.line),
            line.sku.clone(),
            optional(line.gtin),
            line.name.clone(),
            line.quantity.amount_text(),
            text(line.quantity.unit()),
            amount(line.net),
            line.tax_class.clone(),
        ];
        (Table::ReturnLines, row)
    }));
    taxes(&mut rows, &returned.taxes, receipt, kind, shift);
    for (position, payout) in returned.payouts.iter().enumerate() {
        let out = -payout.amount.minor();
        let moved = Moved { position, amount: out, change: 0, kept: out };
        let extra = (None, payout.intent, payout.card.as_ref());
        let who = (receipt, kind, shift);
        rows.push(tender_row(who, &payout.tender, &moved, returned.total, extra));
    }
    rows
}
