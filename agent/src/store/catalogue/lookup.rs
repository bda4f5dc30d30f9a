//! Point look-ups: an item by any of its codes, and the price rows of an instant.
//!
//! The hot path of a scan. Each is one cached statement of one or two searches by integer key;
//! a test holds their query plans.

use super::records::{Item, ItemId};
use crate::store::open::{StoreError, classify};
use commerce::code::Gtin;
use commerce::price::{Layer, PriceRow, Resolved, resolve};
use commerce::{Currency, Unit, UnitPrice};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, types::Type};
use std::num::NonZeroU32;
use std::path::Path;
use sync::store::prices::Standing;

/// The first column of the price in [`PRICED_BY_GTIN`].
const PRICE_AT: usize = 7;

/// The most price rows of one item read for one instant. Imports and pushes drop what they
/// supersede after a while, so a real item has a handful.
const MAX_PRICE_ROWS: u32 = 256;

pub(super) const BY_GTIN: &str = "SELECT item.id, sku, name, unit, tax_class, department, \
    minimum_age FROM barcode JOIN item ON item.id = barcode.item WHERE gtin = ?1";
pub(super) const BY_SHORT_CODE: &str = "SELECT item.id, sku, name, unit, tax_class, department, \
    minimum_age FROM short_code JOIN item ON item.id = short_code.item WHERE code = ?1";
pub(super) const BY_IN_STORE: &str = "SELECT item.id, sku, name, unit, tax_class, department, \
    minimum_age FROM in_store_item JOIN item ON item.id = in_store_item.item WHERE code = ?1";
pub(super) const BY_SKU: &str = "SELECT id, sku, name, unit, tax_class, department, minimum_age \
    FROM item WHERE sku = ?1";
pub(super) const BY_ID: &str = "SELECT id, sku, name, unit, tax_class, department, minimum_age \
    FROM item WHERE id = ?1";
pub(super) const BARCODES: &str = "SELECT gtin FROM barcode WHERE item = ?1 ORDER BY gtin";
pub(super) const PRICES: &str = "SELECT layer, batch, starts, ends, amount, scale, per_quantity \
    FROM price WHERE item = ?1 AND starts <= ?2 \
    ORDER BY layer DESC, starts DESC, batch DESC LIMIT ?3";

/// Item and prices in one statement: a statement of its own for the prices would lock the file
/// once more, which costs as much as the search. The item's columns repeat with each price.
pub(super) const PRICED_BY_GTIN: &str = "SELECT item.id, sku, name, unit, tax_class, department, \
    minimum_age, layer, batch, starts, ends, amount, scale, per_quantity \
    FROM barcode CROSS JOIN item ON item.id = barcode.item \
    LEFT JOIN price ON price.item = item.id AND starts <= ?2 \
    WHERE gtin = ?1 ORDER BY layer DESC, starts DESC, batch DESC LIMIT ?3";

/// Reads the catalogue on one connection.
#[derive(Debug, Clone, Copy)]
pub struct View<'c> {
    pub(super) connection: &'c Connection,
    pub(super) file: &'c Path,
    standing: &'c Standing,
}

impl<'c> View<'c> {
    /// A view of `file` on `connection`, which must have been opened with
    /// [`MIGRATIONS`](super::MIGRATIONS). `standing` says which pushes count; with an older one
    /// prices are what they were then.
    #[must_use]
    pub const fn new(connection: &'c Connection, file: &'c Path, standing: &'c Standing) -> Self {
        Self { connection, file, standing }
    }

    /// The item of a barcode.
    ///
    /// # Errors
    /// When the file cannot be read, here and below.
    pub fn item_by_gtin(&self, gtin: Gtin) -> Result<Option<Item>, StoreError> {
        self.item(BY_GTIN, [gtin.as_u64().cast_signed()])
    }

    /// The item of a barcode with its price at `at` (`None` when no layer has one): what every scan
    /// asks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn priced_by_gtin(
        &self,
        gtin: Gtin,
        at: Timestamp,
        currency: Currency,
    ) -> Result<Option<(Item, Option<Resolved>)>, StoreError> {
        let params = (gtin.as_u64().cast_signed(), at.as_millisecond(), MAX_PRICE_ROWS);
        let read = || {
            let mut statement = self.connection.prepare_cached(PRICED_BY_GTIN)?;
            let mut rows = statement.query(params)?;
            let (mut found, mut prices) = (None, Vec::new());
            while let Some(row) = rows.next()? {
                if found.is_none() {
                    found = Some(item(row)?);
                }
                // An item without a price has one row without a layer.
                if row.get::<_, Option<i64>>(PRICE_AT)?.is_some() {
                    prices.push(price_row(row, PRICE_AT, currency)?);
                }
            }
            self.standing.keep_last_writers(&mut prices);
            Ok(found.map(|item| (item, resolve(&prices, at))))
        };
        read().map_err(|e| classify(self.file, e))
    }

    /// The item of a keyed short code.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn item_by_short(&self, code: u32) -> Result<Option<Item>, StoreError> {
        self.item(BY_SHORT_CODE, [code])
    }

    /// The item of an in-store code's item part, zeros in front included.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn item_by_in_store(&self, digits: &str) -> Result<Option<Item>, StoreError> {
        match in_store_key(digits) {
            Some(key) => self.item(BY_IN_STORE, [key]),
            None => Ok(None),
        }
    }

    /// The item of a SKU.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn item_by_sku(&self, sku: &str) -> Result<Option<Item>, StoreError> {
        self.item(BY_SKU, [sku])
    }

    /// The item of an id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn item_by_id(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.item(BY_ID, [id.0])
    }

    /// The barcodes of an item, in rising order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn barcodes(&self, id: ItemId) -> Result<Vec<Gtin>, StoreError> {
        self.rows(BARCODES, [id.0], |row| {
            let number: i64 = row.get(0)?;
            Gtin::from_u64(number.cast_unsigned()).map_err(|e| unreadable(0, Type::Integer, e))
        })
    }

    /// The price rows of an item that are in force at `at`, nearest layer and latest first: of each
    /// layer and start the last writer's.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn price_rows(
        &self,
        id: ItemId,
        at: Timestamp,
        currency: Currency,
    ) -> Result<Vec<PriceRow>, StoreError> {
        let params = (id.0, at.as_millisecond(), MAX_PRICE_ROWS);
        let mut rows = self.rows(PRICES, params, |row| price_row(row, 0, currency))?;
        self.standing.keep_last_writers(&mut rows);
        rows.retain(|row| row.is_in_force(at));
        rows.reverse();
        Ok(rows)
    }

    /// The price of an item at `at`; `None` when no layer has one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn price_at(
        &self,
        id: ItemId,
        at: Timestamp,
        currency: Currency,
    ) -> Result<Option<Resolved>, StoreError> {
        Ok(resolve(&self.price_rows(id, at, currency)?, at))
    }

    /// How many items there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn item_count(&self) -> Result<u64, StoreError> {
        // Ids are dense and items are never deleted, so the last id is the count.
        self.one("SELECT coalesce(max(id), 0) FROM item", [], |row| row.get::<_, u32>(0))
            .map(|count| u64::from(count.unwrap_or(0)))
    }

    fn item(&self, sql: &str, params: impl Params) -> Result<Option<Item>, StoreError> {
        self.one(sql, params, item)
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(|e| classify(self.file, e))
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|e| classify(self.file, e))
    }
}

/// The integer key of an in-store item: its digits behind a leading 1. `None` unless it is 1 to
/// 8 digits.
#[must_use]
pub fn in_store_key(digits: &str) -> Option<i64> {
    let sound = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let value: i64 = sound.then(|| digits.parse().ok()).flatten()?;
    Some(10_i64.pow(u32::try_from(digits.len()).ok()?) + value)
}

pub(super) fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let unit = row.get_ref(3)?.as_str()?;
    Ok(Item {
        id: ItemId(row.get(0)?),
        sku: row.get(1)?,
        name: row.get(2)?,
        unit: Unit::parse(unit).map_err(|e| unreadable(3, Type::Text, e))?,
        tax_class: row.get(4)?,
        department: row.get(5)?,
        minimum_age: row.get(6)?,
    })
}

/// The price in the seven columns from `first` on.
fn price_row(row: &Row<'_>, first: usize, currency: Currency) -> rusqlite::Result<PriceRow> {
    let (amount, per): (Option<i64>, u32) = (row.get(first + 4)?, row.get(first + 6)?);
    let per = NonZeroU32::new(per).ok_or(rusqlite::Error::IntegralValueOutOfRange(first + 6, 0))?;
    let scale = row.get(first + 5)?;
    let price = amount
        .map(|amount| UnitPrice::new(amount, scale, per, currency))
        .transpose()
        .map_err(|e| unreadable(first + 4, Type::Integer, e))?;
    let batch: i64 = row.get(first + 1)?;
    let ends = row.get::<_, Option<i64>>(first + 3)?;
    Ok(PriceRow {
        layer: layer(row.get(first)?)?,
        batch: batch.cast_unsigned(),
        starts: instant(first + 2, row.get(first + 2)?)?,
        ends: ends.map(|ends| instant(first + 3, ends)).transpose()?,
        price,
    })
}

fn instant(column: usize, ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|e| unreadable(column, Type::Integer, e))
}

/// The number of a layer in the file: the more specific, the higher.
pub(super) const fn layer_number(layer: Layer) -> i64 {
    match layer {
        Layer::Headquarters => 0,
        Layer::Zone => 1,
        Layer::Store => 2,
    }
}

fn layer(number: i64) -> rusqlite::Result<Layer> {
    Layer::BY_PRECEDENCE
        .into_iter()
        .find(|layer| layer_number(*layer) == number)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number))
}

/// A value that no import of ours can have written.
pub(super) fn unreadable(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}
