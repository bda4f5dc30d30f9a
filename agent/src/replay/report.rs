//! What a replay shows: a line a day and a summary for people, one JSON document for machines,
//! and the documentation of the files that the command line prints.

use super::{DayReport, ReplaySummary};
use crate::plural::counted;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The long help of `till replay`: what it does and the columns of the three files.
pub const HELP: &str = "\
Rings a shop's past baskets through this till's own path (prices, scans by GTIN, discounts,
coupons, cash) on a scratch store and an injected clock, and holds each day's Z against what
the folder says it must show. Exits 0 only when every day agrees to the cent.

FOLDER holds three CSV files in UTF-8 with a header row. Columns may stand in any order;
others than these are ignored. Amounts are whole cents, without a sign.

catalog.csv, one item a row:
  sku         the shop's own number, up to 24 characters, once
  gtin        its barcode: 8, 12, 13 or 14 digits with their check digit
  name        as printed, up to 60 characters
  department  up to 60 characters; may be empty
  unit        what it is sold by: each, kg, lb, l, gal or m

baskets.csv, one line of a basket a row, in order of time:
  basket                     the basket's name; its lines have one time
  at                         when it was paid, on the shop's clock: 2017-01-31 17:05:00
  sku                        an item of catalog.csv
  quantity                   in the item's unit, up to three decimals; more than nothing
  regular_cents              what the quantity costs at the shelf price
  loyalty_discount_cents     taken off for the loyalty card
  coupon_match_cents         taken off because the shop matches a coupon
  manufacturer_coupon_cents  paid by a manufacturer's coupon: a tender, not a discount
  net_sales_cents            regular less the two discounts: what the shop takes

days.csv, one day a row, with what its Z must show:
  day                        2017-01-31; from 00:00 to 00:00 on the shop's clock
  baskets                    how many were paid
  lines                      how many they had
  regular_cents, loyalty_discount_cents, coupon_match_cents, net_sales_cents,
  manufacturer_coupon_cents  the sums of the lines

Unit prices are found from quantity and regular price: whole cents where that works, N for a
price where it does not (three for 1.00), up to four decimals for measured goods. They become
price rows from the day's start; where a line of the same day has another, it is overridden
with a reason. A day that only one of baskets.csv and days.csv has is rung or closed all the
same, and compared.";

/// The heading over the lines of days.
#[must_use]
pub fn heading() -> String {
    format!(
        "{:<10} {:>5} {:>7} {:>7} {:>12} {:>10} {:>10} {:>12} {:>10}",
        "day", "Z", "baskets", "lines", "regular", "loyalty", "match", "net sales", "coupons"
    )
}

/// A day's line; what differs follows on lines of its own.
#[must_use]
pub fn day(report: &DayReport) -> String {
    let got = &report.got;
    let mut text = format!(
        "{:<10} {:>5} {:>7} {:>7} {:>12} {:>10} {:>10} {:>12} {:>10}  {}",
        report.day.to_string(),
        report.z,
        got.baskets,
        got.lines,
        cents(got.regular),
        cents(got.loyalty_discount),
        cents(got.coupon_match),
        cents(got.net_sales),
        cents(got.manufacturer_coupon),
        if report.differences.is_empty() { "agrees" } else { "DIFFERS" },
    );
    for difference in &report.differences {
        let column = &difference.column;
        let said = match difference.expected {
            Some(expected) => format!("{expected} expected"),
            None => "days.csv has no such day".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {column}: {said}, the Z says {}", difference.got);
    }
    text
}

/// Writes the summary that ends a replay: whether every day agrees, else what differs.
///
/// # Errors
/// When `out` refuses.
pub fn print(summary: &ReplaySummary, out: &mut dyn Write) -> io::Result<()> {
    let ReplaySummary { days, baskets, lines, price_rows, overrides, commands } = summary;
    writeln!(
        out,
        "{}, {}, {}: {}, {}, {}",
        counted(days.len(), "day", "days"),
        counted(*baskets, "basket", "baskets"),
        counted(*lines, "line", "lines"),
        counted(*commands, "command", "commands"),
        counted(*price_rows, "price row", "price rows"),
        counted(*overrides, "override", "overrides"),
    )?;
    let differing = days.iter().filter(|day| !day.differences.is_empty()).count();
    match differing {
        0 => writeln!(out, "every day agrees to the cent"),
        _ => writeln!(out, "{differing} of {} days differ", days.len()),
    }
}

/// Writes the whole summary as one JSON document.
///
/// `agrees`, the counts, and `days`: each with `day`, `z`, `got` (the columns of `days.csv`) and
/// `differences` (`column`, `expected`, `got`; amounts in whole cents).
///
/// # Errors
/// When `out` refuses.
pub fn print_json(summary: &ReplaySummary, out: &mut dyn Write) -> io::Result<()> {
    let document = json!({
        "agrees": summary.agrees(),
        "baskets": summary.baskets,
        "lines": summary.lines,
        "price_rows": summary.price_rows,
        "overrides": summary.overrides,
        "commands": summary.commands,
        "days": summary.days,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Whole cents as major units.
fn cents(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let whole = amount.unsigned_abs();
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}
