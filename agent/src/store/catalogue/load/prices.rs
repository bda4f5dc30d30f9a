//! Writing price rows.

use super::super::lookup::layer_number;
use super::super::records::ItemId;
use super::{BadRow, Load};
use crate::store::open::StoreError;
use commerce::price::Layer;
use commerce::{Currency, UnitPrice};
use jiff::Timestamp;

/// How long a price that can't count any more is kept: a till whose clock is put back by less
/// still finds what it sold at.
pub(in super::super) const KEPT_MS: i64 = 35 * 24 * 60 * 60 * 1000;

/// A price as a file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrice {
    /// The line of the file.
    pub line: u64,
    /// Whose price.
    pub sku: String,
    /// Who sets it.
    pub layer: Layer,
    /// From when; kept in whole milliseconds.
    pub starts: Timestamp,
    /// Until before when; none is no end.
    pub ends: Option<Timestamp>,
    /// The price; none withdraws it.
    pub price: Option<UnitPrice>,
}

impl Load<'_> {
    /// Writes a chunk of prices: a row of the same SKU, layer and start is replaced. Returns the
    /// rows that can't be, in the order of their lines.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn prices(
        &mut self,
        mut chunk: Vec<NewPrice>,
        currency: Currency,
    ) -> Result<Vec<BadRow>, StoreError> {
        chunk.sort_by(|a, b| a.sku.cmp(&b.sku).then(a.line.cmp(&b.line)));
        self.sql(|load| load.write_prices(&chunk, currency))
    }

    fn write_prices(
        &self,
        chunk: &[NewPrice],
        currency: Currency,
    ) -> rusqlite::Result<Vec<BadRow>> {
        let mut bad = Vec::new();
        let mut rows = Vec::with_capacity(chunk.len());
        for price in chunk {
            match self.find_item(&price.sku)? {
                Some(item) => rows.push((item, price)),
                None => bad.push(BadRow {
                    line: price.line,
                    column: "sku",
                    reason: format!("no item `{}`: import the catalogue first", price.sku),
                }),
            }
        }
        rows.sort_by_key(|(item, price)| {
            (*item, layer_number(price.layer), price.starts.as_millisecond(), price.line)
        });
        for (item, price) in rows {
            bad.extend(self.write_price(item, price, currency)?);
        }
        bad.sort_by_key(|row| row.line);
        Ok(bad)
    }

    fn write_price(
        &self,
        item: ItemId,
        price: &NewPrice,
        currency: Currency,
    ) -> rusqlite::Result<Option<BadRow>> {
        let (amount, scale, per) = price.price.map_or((None, currency.exponent(), 1), |p| {
            (Some(p.amount()), p.scale(), p.per().get())
        });
        let written = self.run(
            "INSERT INTO price(item, layer, starts, batch, ends, amount, scale, per_quantity) \
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            (
                item.0,
                layer_number(price.layer),
                price.starts.as_millisecond(),
                self.batch,
                price.ends.map(Timestamp::as_millisecond),
                amount,
                scale,
                per,
            ),
        )?;
        if written == 0 {
            return Ok(Some(BadRow {
                line: price.line,
                column: "starts",
                reason: format!(
                    "`{}` already has a price of this layer and start in this file",
                    price.sku
                ),
            }));
        }
        if self.had_prices {
            self.drop_superseded(item, price)?;
        }
        Ok(None)
    }

    /// Removes the row of the same key from an earlier import, and what stopped counting long ago.
    fn drop_superseded(&self, item: ItemId, price: &NewPrice) -> rusqlite::Result<()> {
        self.run(
            "DELETE FROM price WHERE item = ?1 AND layer = ?2 AND starts = ?3 AND batch < ?4",
            (item.0, layer_number(price.layer), price.starts.as_millisecond(), self.batch),
        )?;
        self.run(
            "DELETE FROM price WHERE item = ?1 AND layer = ?2 AND starts < (\
             SELECT max(starts) FROM price WHERE item = ?1 AND layer = ?2 AND ends IS NULL \
             AND starts <= ?3)",
            (item.0, layer_number(price.layer), self.now.as_millisecond().saturating_sub(KEPT_MS)),
        )
        .map(drop)
    }
}
