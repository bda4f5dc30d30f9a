//! Receipts: sales, refunds and post-voids as the journal holds them.

use super::money::MoneyView;
use super::paid::{TaxRow, TenderLine, tax_rows};
use super::time;
use crate::http::problem::Problem;
use crate::store::till::read::{ReceiptKind, ReceiptRow};
use commerce::Currency;
use commerce::returns::{Return, ReturnKind};
use commerce::sale::{Sale, SoldLine};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

/// A receipt in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiptRow)]
pub(in crate::http) struct ReceiptListed {
    /// Its number.
    #[schema(example = "HH01-1-1-000001")]
    receipt: String,
    /// `sale`, `refund` or `post_void`.
    kind: &'static str,
    /// When.
    at: String,
    /// Its shift.
    shift: u32,
    /// What was paid, or paid back.
    total: MoneyView,
}

impl ReceiptListed {
    /// A row of a series that belongs to `(store, till)`.
    pub fn new(
        row: &ReceiptRow,
        owner: &(String, u16),
        currency: Currency,
        zone: &TimeZone,
    ) -> Result<Self, Problem> {
        let (store, till) = owner.clone();
        let number =
            commerce::sale::ReceiptNumber { store, till, series: row.series, number: row.number };
        Ok(Self {
            receipt: number.to_string(),
            kind: match row.kind {
                ReceiptKind::Sale => "sale",
                ReceiptKind::Refund => "refund",
                ReceiptKind::PostVoid => "post_void",
            },
            at: time(row.at, zone),
            shift: row.shift,
            total: MoneyView::of(row.total, currency)?,
        })
    }
}

/// A page of receipts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ReceiptList {
    /// The receipts.
    pub receipts: Vec<ReceiptListed>,
    /// For `before`, to read on; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A line as sold or as it came back.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ReceiptLine {
    /// Its number; what a refund names.
    line: u32,
    /// The shop's own number of the item.
    sku: String,
    /// The barcode it was sold by.
    #[serde(skip_serializing_if = "Option::is_none")]
    gtin: Option<String>,
    /// As printed.
    name: String,
    /// As a decimal.
    quantity: String,
    /// `each`, `kg`, `lb`, `l`, `gal` or `m`.
    unit: &'static str,
    /// The price charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    /// Before discounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    extended: Option<MoneyView>,
    /// After discounts.
    net: MoneyView,
    /// How much of it came back so far, as a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<String>,
}

/// A receipt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(in crate::http) struct ReceiptShown {
    /// Its number.
    #[schema(example = "HH01-1-1-000001")]
    receipt: String,
    /// `sale`, `refund` or `post_void`.
    kind: &'static str,
    /// The sale it gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    /// The reason's id, of a return.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When.
    at: String,
    /// The trading day it counts for.
    business_day: String,
    /// Its shift.
    shift: u32,
    /// Who made it.
    by: String,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// Whose sale it was, where they said so: the id of a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// The lines.
    pub lines: Vec<ReceiptLine>,
    /// The tax table.
    taxes: Vec<TaxRow>,
    /// What was handed over, or paid back.
    tenders: Vec<TenderLine>,
    /// What went back to the customer at a sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<MoneyView>,
    /// What was paid, or paid back.
    total: MoneyView,
    /// The hash of its journal entry; the receipt's code shows the start of it.
    hash: String,
}

impl ReceiptShown {
    /// A sale.
    pub fn sale(sale: &Sale, hash: String, zone: &TimeZone) -> Self {
        Self {
            receipt: sale.receipt.to_string(),
            kind: "sale",
            of: None,
            reason: None,
            at: time(sale.stamp.at, zone),
            business_day: sale.business_day.to_string(),
            shift: sale.stamp.shift,
            by: sale.stamp.by.to_string(),
            approved_by: None,
            customer: sale.customer.map(|customer| customer.to_string()),
            lines: sale.lines.iter().map(sold).collect(),
            taxes: tax_rows(&sale.taxes),
            tenders: sale.tenders.iter().map(TenderLine::from).collect(),
            change: Some(sale.change.into()),
            total: sale.total.into(),
            hash,
        }
    }

    /// A refund or post-void.
    pub fn returned(fact: &Return, hash: String, zone: &TimeZone) -> Self {
        Self {
            receipt: fact.receipt.to_string(),
            kind: match fact.kind {
                ReturnKind::Refund => "refund",
                ReturnKind::PostVoid => "post_void",
            },
            of: Some(fact.of.to_string()),
            reason: Some(fact.reason.clone()),
            at: time(fact.stamp.at, zone),
            business_day: fact.business_day.to_string(),
            shift: fact.stamp.shift,
            by: fact.stamp.by.to_string(),
            approved_by: fact.approved_by.as_ref().map(ToString::to_string),
            customer: None,
            lines: fact.lines.iter().map(came_back).collect(),
            taxes: tax_rows(&fact.taxes),
            tenders: fact.payouts.iter().map(TenderLine::from).collect(),
            change: None,
            total: fact.total.into(),
            hash,
        }
    }
}

fn sold(line: &SoldLine) -> ReceiptLine {
    ReceiptLine {
        line: line.number,
        sku: line.sku.clone(),
        gtin: line.gtin.map(|gtin| gtin.to_string()),
        name: line.name.clone(),
        quantity: line.quantity.amount_text(),
        unit: line.quantity.unit().code(),
        price: Some(line.price.amount_text()),
        extended: Some(line.extended.into()),
        net: line.net.into(),
        returned: None,
    }
}

fn came_back(line: &commerce::returns::ReturnedLine) -> ReceiptLine {
    ReceiptLine {
        line: line.line,
        sku: line.sku.clone(),
        gtin: line.gtin.map(|gtin| gtin.to_string()),
        name: line.name.clone(),
        quantity: line.quantity.amount_text(),
        unit: line.quantity.unit().code(),
        price: None,
        extended: None,
        net: line.net.into(),
        returned: None,
    }
}

impl ReceiptLine {
    /// The line's number.
    pub const fn number(&self) -> u32 {
        self.line
    }
}
