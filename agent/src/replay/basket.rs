//! The baskets that are replayed, a day at a time.
//!
//! A row is checked when it is read, so whoever rings a basket can rely on it: its item exists,
//! its amounts add up, its unit price can be written. Called by the replay, which reads the file
//! twice: once to check, once to ring.

use super::error::{Faults, ReplayError};
use super::goods::{Article, Goods, MAX_SKU, unit_price};
use super::rows::{Row, Rows};
use crate::import::BadRow;
use commerce::cart::MAX_LINES;
use commerce::code::Gtin;
use commerce::{Currency, Money, Quantity, UnitPrice};
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;
use std::path::Path;

/// Lines of a day: held in memory while it is rung, some 100 MB. A large supermarket's tills
/// together ring fewer.
const MAX_DAY_LINES: usize = 500_000;
/// The most characters of a basket's name.
const MAX_BASKET: usize = 40;

const COLUMNS: [&str; 9] = [
    "basket",
    "at",
    "sku",
    "quantity",
    "regular_cents",
    "loyalty_discount_cents",
    "coupon_match_cents",
    "manufacturer_coupon_cents",
    "net_sales_cents",
];

/// A day's baskets in the order of their first lines.
#[derive(Debug, Default)]
pub(super) struct DayBaskets {
    pub baskets: Vec<Basket>,
}

/// A basket.
#[derive(Debug)]
pub(super) struct Basket {
    /// Its name in the file.
    pub id: String,
    /// When it was paid, on the shop's wall.
    pub at: DateTime,
    /// Its lines.
    pub lines: Vec<BasketLine>,
}

/// A line of a basket.
#[derive(Debug)]
pub(super) struct BasketLine {
    /// The line of the file.
    pub line: u64,
    pub sku: String,
    pub gtin: Gtin,
    pub quantity: Quantity,
    /// The extended shelf price.
    pub regular: Money,
    /// A unit price that extends to it.
    pub unit_price: UnitPrice,
    pub loyalty: Money,
    pub coupon_match: Money,
    /// The manufacturer's coupon.
    pub coupon: Money,
    pub net: Money,
}

/// A line with its basket and time.
type Found = (String, DateTime, BasketLine);

/// Reads baskets a day at a time.
pub(super) struct DayReader<'c> {
    rows: Rows,
    goods: &'c Goods,
    faults: Faults,
    /// The first line of the next day.
    ahead: Option<Found>,
    /// The time of the last row.
    last: DateTime,
}

impl<'c> DayReader<'c> {
    /// Starts reading `baskets.csv`.
    pub(super) fn open(file: &Path, goods: &'c Goods) -> Result<Self, ReplayError> {
        let rows = Rows::open(file, &COLUMNS)?;
        Ok(Self { faults: Faults::new(file), rows, goods, ahead: None, last: DateTime::MIN })
    }

    /// The day of the next line; `None` at the end.
    pub(super) fn next_date(&mut self) -> Result<Option<Date>, ReplayError> {
        if self.ahead.is_none() {
            self.ahead = self.read()?;
        }
        Ok(self.ahead.as_ref().map(|(_, at, _)| at.date()))
    }

    /// The baskets of `day`.
    pub(super) fn day(&mut self, day: Date) -> Result<DayBaskets, ReplayError> {
        let mut found = DayBaskets::default();
        let mut places = BTreeMap::new();
        let mut lines = 0;
        while self.next_date()? == Some(day) {
            let Some((id, at, line)) = self.ahead.take() else {
                break;
            };
            lines += 1;
            if lines > MAX_DAY_LINES {
                return Err(ReplayError::BadFile {
                    file: self.rows.file().to_owned(),
                    line: line.line,
                    reason: format!("{day} has more than {MAX_DAY_LINES} lines"),
                });
            }
            let place = *places.entry(id.clone()).or_insert(found.baskets.len());
            match found.baskets.get_mut(place) {
                Some(basket) => self.add(basket, at, line),
                None => found.baskets.push(Basket { id, at, lines: vec![line] }),
            }
        }
        for basket in &found.baskets {
            self.check_coupons(basket);
        }
        Ok(found)
    }

    /// Refuses the file when any row read so far was bad.
    pub(super) fn assert_sound(&mut self) -> Result<(), ReplayError> {
        self.faults.assert_none()
    }

    fn add(&mut self, basket: &mut Basket, at: DateTime, line: BasketLine) {
        let refusal = if at != basket.at {
            let reason = format!("basket {} was paid at {} in a line before", basket.id, basket.at);
            Some(("at", reason))
        } else if basket.lines.len() >= MAX_LINES {
            let reason = format!("basket {} has more than {MAX_LINES} lines", basket.id);
            Some(("basket", reason))
        } else {
            None
        };
        match refusal {
            None => basket.lines.push(line),
            Some((column, reason)) => self.faults.push(BadRow { line: line.line, column, reason }),
        }
    }

    /// Coupons pay for goods; a till pays nothing out for them.
    fn check_coupons(&mut self, basket: &Basket) {
        let sum = |of: fn(&BasketLine) -> Money| -> i64 {
            basket.lines.iter().map(|line| of(line).minor()).sum()
        };
        let (coupons, net) = (sum(|line| line.coupon), sum(|line| line.net));
        if coupons > net {
            self.faults.push(BadRow {
                line: basket.lines.first().map_or(0, |line| line.line),
                column: "manufacturer_coupon_cents",
                reason: format!(
                    "the coupons of basket {} come to {coupons}, its net sales to {net}",
                    basket.id
                ),
            });
        }
    }

    /// The next sound line.
    fn read(&mut self) -> Result<Option<Found>, ReplayError> {
        loop {
            let Some(row) = self.rows.next()? else {
                return Ok(None);
            };
            let read = match row {
                Err(bad) => Err(bad),
                Ok(row) => basket_line(&row, self.last, self.goods)?,
            };
            match read {
                Ok(found) => {
                    self.last = found.1;
                    return Ok(Some(found));
                }
                Err(bad) => self.faults.push(bad),
            }
        }
    }
}

/// Reads one row. The outer error is the catalogue's.
fn basket_line(
    row: &Row<'_>,
    last: DateTime,
    goods: &Goods,
) -> Result<Result<Found, BadRow>, ReplayError> {
    let sku = match row.text("sku", MAX_SKU) {
        Ok(sku) => sku,
        Err(bad) => return Ok(Err(bad)),
    };
    let Some(article) = goods.find(sku)? else {
        let reason = format!("catalog.csv has no item `{sku}`");
        return Ok(Err(row.refuse("sku", reason)));
    };
    Ok(checked_line(row, last, &article, goods.currency()))
}

fn checked_line(
    row: &Row<'_>,
    last: DateTime,
    article: &Article,
    currency: Currency,
) -> Result<Found, BadRow> {
    let id = row.text("basket", MAX_BASKET)?.to_owned();
    let at = row.value("at", time)?;
    if at < last {
        let reason = format!("{at} is before the line above ({last}): sort the file by time");
        return Err(row.refuse("at", reason));
    }
    let quantity = row.value("quantity", |text| Quantity::parse(text, article.unit))?;
    let money = |column| row.money(column, currency);
    let regular = money("regular_cents")?;
    let (loyalty, coupon_match) = (money("loyalty_discount_cents")?, money("coupon_match_cents")?);
    let (coupon, net) = (money("manufacturer_coupon_cents")?, money("net_sales_cents")?);
    let left = regular.minor() - loyalty.minor() - coupon_match.minor();
    if left != net.minor() {
        let reason = format!("is {}, but regular less discounts is {left}", net.minor());
        return Err(row.refuse("net_sales_cents", reason));
    }
    let unit_price = unit_price(quantity, regular).ok_or_else(|| {
        let reason = format!("no unit price of {quantity} comes to {}", regular.minor());
        row.refuse("regular_cents", reason)
    })?;
    let line = BasketLine {
        line: row.line,
        sku: article.sku.clone(),
        gtin: article.gtin,
        quantity,
        regular,
        unit_price,
        loyalty,
        coupon_match,
        coupon,
        net,
    };
    Ok((id, at, line))
}

/// A time on the shop's wall; an offset would be another clock.
fn time(text: &str) -> Result<DateTime, String> {
    let offset = |byte: u8| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'[');
    let foreign = text.bytes().skip("2017-01-31".len()).any(offset);
    let local = (!foreign).then(|| text.parse().ok()).flatten();
    local.ok_or_else(|| format!("`{text}` is not a time such as 2017-01-31 17:05:00"))
}
