//! What was paid and what of it is tax: the same for carts and receipts.

use super::money::MoneyView;
use commerce::returns::Payout;
use commerce::tax::TaxTable;
use commerce::tender::Tendered;
use serde::Serialize;
use utoipa::ToSchema;

/// A tax on a class of goods.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TaxRow {
    /// The class's id.
    class: String,
    /// Its name.
    name: String,
    /// Without taxes.
    net: MoneyView,
    /// The taxes, one by one.
    taxes: Vec<TaxAmount>,
    /// With taxes.
    gross: MoneyView,
}

/// One tax of a class.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TaxAmount {
    /// The tax's id.
    tax: String,
    /// Its rate, such as `19 %`.
    rate: String,
    /// What it comes to.
    amount: MoneyView,
}

/// A tax table.
pub(in crate::http) fn tax_rows(table: &TaxTable) -> Vec<TaxRow> {
    let row = |row: &commerce::tax::TaxedClass| TaxRow {
        class: row.class.id.clone(),
        name: row.class.name.clone(),
        net: row.net.into(),
        taxes: row
            .class
            .taxes
            .iter()
            .zip(&row.amounts)
            .map(|(tax, amount)| TaxAmount {
                tax: tax.id.clone(),
                rate: tax.rate.to_string(),
                amount: (*amount).into(),
            })
            .collect(),
        gross: row.gross.into(),
    };
    table.classes.iter().map(row).collect()
}

/// Something handed over.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TenderLine {
    /// The tender's id.
    tender: String,
    /// Its name.
    name: String,
    /// `cash`, `card`, `voucher` or `coupon`.
    kind: &'static str,
    /// How much.
    amount: MoneyView,
    /// The number of a voucher or coupon.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// The card payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<u64>,
    /// The card, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<String>,
}

impl From<&Tendered> for TenderLine {
    fn from(tendered: &Tendered) -> Self {
        Self {
            tender: tendered.tender.id.clone(),
            name: tendered.tender.name.clone(),
            kind: tendered.tender.kind.name(),
            amount: tendered.amount.into(),
            reference: tendered.reference.clone(),
            payment: tendered.intent,
            card: tendered.card.as_ref().map(|card| card.masked_pan.clone()),
        }
    }
}

impl From<&Payout> for TenderLine {
    fn from(payout: &Payout) -> Self {
        Self {
            tender: payout.tender.id.clone(),
            name: payout.tender.name.clone(),
            kind: payout.tender.kind.name(),
            amount: payout.amount.into(),
            reference: None,
            payment: payout.intent,
            card: payout.card.as_ref().map(|card| card.masked_pan.clone()),
        }
    }
}
