//! What the replayed shop sells: items from `catalog.csv`, and price rows made of the baskets.
//!
//! The folder states what a line came to, not what a unit cost. [`unit_price`] finds a price that
//! extends to it; each day gets rows for the prices that changed, as a shop's price file has. An
//! item sold at several prices on one day is listed at its dearest, so that the others are
//! overrides downwards, which a till can always approve.

use super::basket::{BasketLine, DayBaskets};
use super::error::ReplayError;
use crate::import::table::{Columns, Refused, Row, Table, must};
use crate::import::{BadRow, Faults};
use crate::store::catalogue::{CHUNK_ROWS, Catalogue, NewItem, NewPrice};
use crate::store::open::StoreError;
use commerce::code::Gtin;
use commerce::price::Layer;
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

/// The most characters of a SKU, a name and a department.
pub(super) const MAX_SKU: usize = 24;
const MAX_NAME: usize = 60;

/// The one tax class of the scratch store.
const TAX_CLASS: &str = "N";

const COLUMNS: Columns =
    &[must("sku"), must("gtin"), must("name"), must("department"), must("unit")];

/// An item as a basket line needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Article {
    pub sku: String,
    pub gtin: Gtin,
    pub unit: Unit,
}

/// The scratch catalogue.
pub(super) struct Goods {
    catalogue: Catalogue,
    currency: Currency,
}

impl Goods {
    pub(super) const fn new(catalogue: Catalogue, currency: Currency) -> Self {
        Self { catalogue, currency }
    }

    /// The currency of every amount.
    pub(super) const fn currency(&self) -> Currency {
        self.currency
    }

    /// The item of a SKU.
    pub(super) fn find(&self, sku: &str) -> Result<Option<Article>, StoreError> {
        let view = self.catalogue.view();
        let Some(item) = view.item_by_sku(sku)? else {
            return Ok(None);
        };
        let gtin = view.barcodes(item.id)?.into_iter().next();
        Ok(gtin.map(|gtin| Article { sku: item.sku, gtin, unit: item.unit }))
    }

    /// Imports the price rows that `day` needs, from `starts` on; says how many.
    pub(super) fn import_prices(
        &mut self,
        starts: Timestamp,
        day: &DayBaskets,
        file: &Path,
    ) -> Result<u64, ReplayError> {
        let mut rows = Vec::new();
        for line in dearest(day) {
            if !self.listed(line, starts)? {
                rows.push(NewPrice {
                    line: line.line,
                    sku: line.sku.clone(),
                    layer: Layer::Headquarters,
                    starts,
                    ends: None,
                    price: Some(line.unit_price),
                });
            }
        }
        let count = rows.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let mut load = self.catalogue.load(starts)?;
        let mut faults = Faults::default();
        while !rows.is_empty() {
            let chunk = rows.split_off(rows.len().saturating_sub(CHUNK_ROWS));
            faults.extend(load.prices(chunk, self.currency)?);
        }
        ReplayError::assert_none(file, &mut faults)?;
        load.commit()?;
        Ok(count)
    }

    /// Whether the price in force already makes the line what it came to.
    fn listed(&self, line: &BasketLine, at: Timestamp) -> Result<bool, StoreError> {
        let view = self.catalogue.view();
        let Some(item) = view.item_by_sku(&line.sku)? else {
            return Ok(false);
        };
        let found = view.price_at(item.id, at, self.currency)?;
        Ok(found.is_some_and(|found| found.price.extend(line.quantity) == Ok(line.regular)))
    }
}

/// Of each item sold that day the line with the highest price a unit, the first of equals.
fn dearest(day: &DayBaskets) -> impl Iterator<Item = &BasketLine> {
    let mut found: BTreeMap<&str, &BasketLine> = BTreeMap::new();
    for line in day.baskets.iter().flat_map(|basket| &basket.lines) {
        let listed = found.entry(&line.sku).or_insert(line);
        if rate(line, listed) > rate(listed, line) {
            *listed = line;
        }
    }
    found.into_values()
}

/// `a`'s price a unit over that of `b`, on their common denominator.
fn rate(a: &BasketLine, b: &BasketLine) -> i128 {
    i128::from(a.regular.minor()) * i128::from(b.quantity.thousandths())
}

/// A unit price at which `quantity` comes to `total`: whole minor units where that works, else
/// N for a price; of measured goods the price with the fewest decimals. `None` when there is none.
pub(super) fn unit_price(quantity: Quantity, total: Money) -> Option<UnitPrice> {
    match quantity.pieces() {
        Some(pieces) => exact(total, pieces),
        None => measured(quantity, total),
    }
    .filter(|price| price.extend(quantity) == Ok(total))
}

/// `6` at 2.00 is 3 for 1.00; `4` at 2.00 is 0.50.
fn exact(total: Money, pieces: NonZeroU32) -> Option<UnitPrice> {
    let common = greatest_common_divisor(total.minor(), i64::from(pieces.get()));
    let per = NonZeroU32::new(u32::try_from(i64::from(pieces.get()) / common).ok()?)?;
    let currency = total.currency();
    UnitPrice::new(total.minor() / common, currency.exponent(), per, currency).ok()
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

/// Four decimals reach every amount up to 100 units in cents; beyond, the price is for several.
fn measured(quantity: Quantity, total: Money) -> Option<UnitPrice> {
    let currency = total.currency();
    let scales = (currency.exponent()..=commerce::unit_price::MAX_SCALE).map(|scale| (scale, 1));
    let several = [10, 100].map(|per| (commerce::unit_price::MAX_SCALE, per));
    scales.chain(several).find_map(|(scale, per)| {
        let per = NonZeroU32::new(per)?;
        let units = i128::from(total.minor()) * 10_i128.pow(scale) * i128::from(per.get()) * 1000;
        let each = i128::from(currency.minor_per_major()) * i128::from(quantity.thousandths());
        let amount = commerce::rounding::div_half_away(units, each)?;
        let price = UnitPrice::new(amount, scale, per, currency).ok()?;
        (price.extend(quantity) == Ok(total)).then_some(price)
    })
}

/// Loads `catalog.csv`; all of it or nothing.
pub(super) fn load_catalogue(
    file: &Path,
    catalogue: &mut Catalogue,
    now: Timestamp,
) -> Result<(), ReplayError> {
    let mut table = Table::open_some(file, COLUMNS).map_err(ReplayError::file)?;
    let mut load = catalogue.load(now)?;
    let mut faults = Faults::default();
    while let Some((items, bad)) = table.chunk(item).map_err(ReplayError::file)? {
        faults.extend(bad);
        faults.extend(load.items(items)?.into_iter().map(as_stated));
    }
    faults.extend(load.finish_items()?.into_iter().map(as_stated));
    ReplayError::assert_none(file, &mut faults)?;
    Ok(load.commit()?)
}

/// Names the column as the file does.
fn as_stated(mut row: BadRow) -> BadRow {
    if row.column == "barcodes" {
        row.column = "gtin";
    }
    row
}

fn item(row: &mut Row) -> Result<NewItem, Refused> {
    let sku = row.text("sku", MAX_SKU);
    let gtin = row.value("gtin", Gtin::parse);
    let name = row.text("name", MAX_NAME);
    let department = row.optional_text("department", MAX_NAME);
    let unit = row.value("unit", Unit::parse);
    Ok(NewItem {
        line: row.line,
        sku: sku?,
        name: name?,
        unit: unit?,
        tax_class: TAX_CLASS.to_owned(),
        department: department?,
        barcodes: vec![gtin?],
        short_code: None,
        in_store_item: None,
        minimum_age: 0,
    })
}
