//! Items, prices, stock.

use crate::store::catalogue::{Behind, Item};
use crate::store::till::read::StockRow;
use commerce::price::Resolved;
use commerce::quantity::thousandths_text;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SearchQuery {
    /// Words, the start of words, a SKU, digits of a barcode.
    pub q: String,
    /// At most so many: 25 when nothing is said, never more than 100.
    pub limit: Option<u32>,
}

/// An item with its price now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Item)]
pub(in crate::http) struct ItemShown {
    /// The shop's own number.
    pub sku: String,
    /// Its name.
    name: String,
    /// `each`, `kg`, `lb`, `l`, `gal` or `m`.
    unit: &'static str,
    /// The id of its tax class.
    tax_class: String,
    /// Its department.
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    /// Whole years the customer must have reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_age: Option<u8>,
    /// For a unit, or for N of them: `2.299`, `3/1.00`; missing when no price is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    /// The price's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    /// Where the price comes from, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_reason: Option<String>,
    /// On hand, place by place; only where one item is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Vec<Stock>>,
}

impl ItemShown {
    /// An item with the price in force.
    pub fn new(item: Item, price: Option<&Resolved>, zone: &TimeZone) -> Self {
        Self {
            sku: item.sku,
            name: item.name,
            unit: item.unit.code(),
            tax_class: item.tax_class,
            department: item.department,
            minimum_age: (item.minimum_age > 0).then_some(item.minimum_age),
            price: price.map(|found| found.price.amount_text()),
            currency: price.map(|found| found.price.currency().code()),
            price_reason: price.map(|found| found.reason.text(zone)),
            stock: None,
        }
    }
}

/// What was found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ItemList {
    /// The items.
    pub items: Vec<ItemShown>,
    /// Only while names are still being indexed, after a snapshot of the catalogue came: a name may
    /// not be found yet. Codes are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indexing: Option<Indexing>,
}

/// How far the index of names is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Indexing {
    /// Items whose names can be found.
    indexed: u64,
    /// Items there are.
    items: u64,
}

impl From<Behind> for Indexing {
    fn from(behind: Behind) -> Self {
        Self { indexed: behind.indexed, items: behind.items }
    }
}

/// On hand of a SKU at a place.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Stock {
    /// The SKU.
    pub sku: String,
    /// The place.
    place: String,
    /// As a decimal of the item's unit.
    on_hand: String,
    /// At the latest count.
    counted: String,
}

impl From<StockRow> for Stock {
    fn from(row: StockRow) -> Self {
        Self {
            sku: row.sku,
            place: row.place,
            on_hand: thousandths_text(row.on_hand),
            counted: thousandths_text(row.counted),
        }
    }
}

/// A page of stock, by SKU.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct StockList {
    /// The rows.
    pub stock: Vec<Stock>,
    /// For `after`, to read on; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
