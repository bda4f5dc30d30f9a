//! The baskets that are replayed, a day at a time.
//!
//! A row is checked when it is read, so whoever rings a basket can rely on it: its item exists,
//! its amounts add up, its unit price can be written. Called by the replay, which reads the file
//! twice: once to check, once to ring.

use super::error::ReplayError;
use super::goods::{Article, Goods, MAX_SKU, unit_price};
use crate::import::table::{Columns, Refused, Row, Table, must};
use crate::import::{BadRow, Faults};
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

const COLUMNS: Columns = &[
    must("basket"),
    must("at"),
    must("sku"),
    must("quantity"),
    must("regular_cents"),
    must("loyalty_discount_cents"),
    must("coupon_match_cents"),
    must("manufacturer_coupon_cents"),
    must("net_sales_cents"),
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
    table: Table<'static>,
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
        let table = Table::open_some(file, COLUMNS).map_err(ReplayError::file)?;
        Ok(Self { table, goods, faults: Faults::default(), ahead: None, last: DateTime::MIN })
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
                    file: self.table.file().to_owned(),
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
        ReplayError::assert_none(self.table.file(), &mut self.faults)
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
            Some((column, reason)) => {
                self.faults.extend([BadRow { line: line.line, column, reason }]);
            }
        }
    }

    /// Coupons pay for goods; a till pays nothing out for them.
    fn check_coupons(&mut self, basket: &Basket) {
        let sum = |of: fn(&BasketLine) -> Money| -> i64 {
            basket.lines.iter().map(|line| of(line).minor()).sum()
        };
        let (coupons, net) = (sum(|line| line.coupon), sum(|line| line.net));
        if coupons > net {
            self.faults.extend([BadRow {
                line: basket.lines.first().map_or(0, |line| line.line),
                column: "manufacturer_coupon_cents",
                reason: format!(
                    "the coupons of basket {} come to {coupons}, its net sales to {net}",
                    basket.id
                ),
            }]);
        }
    }

    /// The next sound line.
    fn read(&mut self) -> Result<Option<Found>, ReplayError> {
        loop {
            let Some(row) = self.table.next().map_err(ReplayError::file)? else {
                return Ok(None);
            };
            let article = self.goods.find(row.get("sku"))?;
            let (last, currency) = (self.last, self.goods.currency());
            match row.read(|row| basket_line(row, last, article.as_ref(), currency)) {
                Ok(found) => {
                    self.last = found.1;
                    return Ok(Some(found));
                }
                Err(bad) => self.faults.extend(bad),
            }
        }
    }
}

/// Reads one row; `article` is the item that it names, if there is one.
fn basket_line(
    row: &mut Row,
    last: DateTime,
    article: Option<&Article>,
    currency: Currency,
) -> Result<Found, Refused> {
    let id = row.text("basket", MAX_BASKET);
    let at = row.value("at", |text| time(text, last));
    let article = match (row.text("sku", MAX_SKU), article) {
        (Ok(_), Some(article)) => Ok(article),
        (Ok(sku), None) => Err(row.refuse("sku", format!("catalog.csv has no item `{sku}`"))),
        (Err(refused), _) => Err(refused),
    };
    // What can be sold in parts only the item knows.
    let quantity = article
        .and_then(|article| row.value("quantity", |text| Quantity::parse(text, article.unit)));
    let mut money = |column| {
        let minor = row.number(column)?;
        Money::new(minor, currency).map_err(|reason| row.refuse(column, reason))
    };
    let regular = money("regular_cents");
    let (loyalty, coupon_match) = (money("loyalty_discount_cents"), money("coupon_match_cents"));
    let (coupon, net) = (money("manufacturer_coupon_cents"), money("net_sales_cents"));
    let (regular, loyalty, coupon_match, net) = (regular?, loyalty?, coupon_match?, net?);
    let left = regular.minor() - loyalty.minor() - coupon_match.minor();
    if left != net.minor() {
        let reason = format!("is {}, but regular less discounts is {left}", net.minor());
        row.refuse("net_sales_cents", reason);
    }
    let (article, quantity) = (article?, quantity?);
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
        coupon: coupon?,
        net,
    };
    Ok((id?, at?, line))
}

/// A time on the shop's wall, not before that of the row above; an offset would be another clock.
fn time(text: &str, last: DateTime) -> Result<DateTime, String> {
    let offset = |byte: u8| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'[');
    let foreign = text.bytes().skip("2017-01-31".len()).any(offset);
    let local: Option<DateTime> = (!foreign).then(|| text.parse().ok()).flatten();
    match local {
        None => Err(format!("`{text}` is not a time such as 2017-01-31 17:05:00")),
        Some(at) if at < last => {
            Err(format!("{at} is before the line above ({last}): sort the file by time"))
        }
        Some(at) => Ok(at),
    }
}
