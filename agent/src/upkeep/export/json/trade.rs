//! Sales and returns as JSON.

use super::{money, stamped};
use commerce::code::Gtin;
use commerce::quantity::Quantity;
use commerce::returns::{Payout, Return, ReturnKind, ReturnedLine};
use commerce::sale::{Sale, SoldDiscount, SoldLine, VoidedLine};
use commerce::tax::{TaxRounding, TaxTable};
use commerce::tender::{CardSlip, TenderType, Tendered};
use commerce::unit_price::UnitPrice;
use serde_json::{Value, json};

/// A sale's fields.
pub(super) fn sold(sale: &Sale) -> Value {
    let fields = json!({
        "receipt": sale.receipt.to_string(),
        "business_day": sale.business_day.to_string(),
        "cart": sale.cart.0,
        "customer": sale.customer.map(|customer| customer.to_string()),
        "currency": sale.currency.code(),
        "lines": sale.lines.iter().map(line).collect::<Vec<_>>(),
        "voided": sale.voided.iter().map(voided).collect::<Vec<_>>(),
        "taxes": taxes(&sale.taxes),
        "tenders": sale.tenders.iter().map(tendered).collect::<Vec<_>>(),
        "change": money(sale.change),
        "total": money(sale.total),
    });
    stamped(&sale.stamp, fields)
}

/// A return's fields. Amounts are positive: what left the till.
pub(super) fn returned(returned: &Return) -> Value {
    let kind = match returned.kind {
        ReturnKind::Refund => "refund",
        ReturnKind::PostVoid => "post_void",
    };
    let fields = json!({
        "receipt": returned.receipt.to_string(),
        "of_receipt": returned.of.to_string(),
        "return": kind,
        "business_day": returned.business_day.to_string(),
        "reason": returned.reason,
        "approved_by": returned.approved_by.as_ref().map(|by| by.as_str()),
        "currency": returned.currency.code(),
        "lines": returned.lines.iter().map(returned_line).collect::<Vec<_>>(),
        "taxes": taxes(&returned.taxes),
        "payouts": returned.payouts.iter().map(payout).collect::<Vec<_>>(),
        "total": money(returned.total),
    });
    stamped(&returned.stamp, fields)
}

/// A terminal's slip.
pub(super) fn card(card: &CardSlip) -> Value {
    json!({
        "name": card.card_name,
        "masked_number": card.masked_pan,
        "authorisation": card.authorisation,
        "terminal": card.terminal_id,
        "trace": card.trace,
        "terminal_receipt": card.receipt_number,
    })
}

fn gtin(gtin: Option<Gtin>) -> Option<String> {
    gtin.map(|gtin| gtin.to_string())
}

fn price(price: UnitPrice) -> Value {
    json!({ "text": price.amount_text(), "per": price.per() })
}

fn quantity(quantity: Quantity) -> Value {
    json!({
        "thousandths": quantity.thousandths(),
        "text": quantity.amount_text(),
        "unit": quantity.unit().code(),
    })
}

fn line(line: &SoldLine) -> Value {
    let price_override = line.price_override.as_ref().map(|change| {
        json!({
            "listed": price(change.listed),
            "reason": change.reason,
            "by": change.by.as_str(),
            "approved_by": change.approved_by.as_ref().map(|by| by.as_str()),
        })
    });
    json!({
        "line": line.number,
        "sku": line.sku,
        "gtin": gtin(line.gtin),
        "name": line.name,
        "quantity": quantity(line.quantity),
        "price": price(line.price),
        "override": price_override,
        "extended": money(line.extended),
        "discounts": line.discounts.iter().map(discount).collect::<Vec<_>>(),
        "net": money(line.net),
        "tax_class": line.tax_class,
    })
}

fn discount(discount: &SoldDiscount) -> Value {
    json!({
        "reason": discount.reason,
        "amount": money(discount.amount),
        "basket": discount.basket,
        "by": discount.by.as_str(),
        "approved_by": discount.approved_by.as_ref().map(|by| by.as_str()),
    })
}

fn voided(void: &VoidedLine) -> Value {
    json!({
        "sku": void.sku,
        "amount": money(void.amount),
        "by": void.by.as_str(),
        "reason": void.reason,
    })
}

fn returned_line(line: &ReturnedLine) -> Value {
    json!({
        "line": line.line,
        "sku": line.sku,
        "gtin": gtin(line.gtin),
        "name": line.name,
        "quantity": quantity(line.quantity),
        "net": money(line.net),
        "tax_class": line.tax_class,
    })
}

fn taxes(table: &TaxTable) -> Value {
    let classes: Vec<Value> = table
        .classes
        .iter()
        .map(|class| {
            let taxes = class.class.taxes.iter().zip(&class.amounts).map(|(tax, amount)| {
                json!({
                    "tax": tax.id,
                    "name": tax.name,
                    "rate_millionths": tax.rate.millionths(),
                    "inclusive": tax.inclusive,
                    "amount": money(*amount),
                })
            });
            json!({
                "class": class.class.id,
                "name": class.class.name,
                "net": money(class.net),
                "taxes": taxes.collect::<Vec<_>>(),
                "gross": money(class.gross),
            })
        })
        .collect();
    let rounded = match table.rounding {
        TaxRounding::Line => "line",
        TaxRounding::Receipt => "receipt",
    };
    json!({ "rounded": rounded, "classes": classes })
}

fn tender(tender: &TenderType) -> Value {
    json!({ "tender": tender.id, "name": tender.name, "kind": tender.kind.name() })
}

fn tendered(tendered: &Tendered) -> Value {
    json!({
        "tender": tender(&tendered.tender),
        "amount": money(tendered.amount),
        "gives_change": tendered.tender.gives_change,
        "reference": tendered.reference,
        "intent": tendered.intent,
        "card": tendered.card.as_ref().map(card),
    })
}

fn payout(payout: &Payout) -> Value {
    json!({
        "against": payout.against,
        "tender": tender(&payout.tender),
        "amount": money(payout.amount),
        "intent": payout.intent,
        "card": payout.card.as_ref().map(card),
        "approved_by": payout.approved_by.as_ref().map(|by| by.as_str()),
    })
}
