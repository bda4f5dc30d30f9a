//! Items and prices: files of up to millions of rows, written in chunks.

use super::Kind;
use super::error::{Faults, ImportError};
use super::field::digits;
use super::table::{Columns, Refused, Row, Table, may, must};
use crate::store::catalogue::{Catalogue, Load, NewItem, NewPrice, Store};
use commerce::code::Gtin;
use commerce::price::{Layer, instant_of};
use commerce::{Currency, Unit, UnitPrice};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::HashSet;

pub(super) const CATALOGUE: Columns = &[
    must("sku"),
    must("name"),
    must("unit"),
    must("tax_class"),
    may("department"),
    may("barcodes"),
    may("short_code"),
    may("in_store_item"),
    may("minimum_age"),
];

pub(super) const PRICES: Columns =
    &[must("sku"), must("price"), may("layer"), may("starts"), may("ends")];

/// Barcodes of one item: a case of sweets has a few, a mistake has hundreds.
const MAX_BARCODES: usize = 100;

/// What rows are read against.
pub(super) struct Settings {
    pub(super) currency: Option<Currency>,
    time_zone: TimeZone,
    classes: HashSet<String>,
}

impl Settings {
    /// # Errors
    /// [`ImportError::NeedsStore`] for files that hold amounts or dates, before there is a store.
    pub(super) fn read(kind: Kind, catalogue: &Catalogue) -> Result<Self, ImportError> {
        let store: Option<Store> = catalogue.view().store()?;
        if store.is_none() && matches!(kind, Kind::Prices | Kind::Tenders | Kind::Staff) {
            return Err(ImportError::NeedsStore);
        }
        let classes = catalogue.view().taxes()?.into_iter().map(|class| class.id).collect();
        Ok(Self {
            currency: store.as_ref().map(|store| store.currency),
            time_zone: store.map_or(TimeZone::UTC, |store| store.time_zone),
            classes,
        })
    }
}

pub(super) fn catalogue(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    settings: &Settings,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    while let Some((items, mut bad)) = table.chunk(|row| item(row, settings))? {
        bad.extend(load.items(items)?);
        faults.extend_sorted(bad);
    }
    faults.extend_sorted(load.finish_items()?);
    Ok(())
}

pub(super) fn prices(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    settings: &Settings,
    now: Timestamp,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let currency = settings.currency.ok_or(ImportError::NeedsStore)?;
    while let Some((prices, mut bad)) = table.chunk(|row| price(row, settings, currency, now))? {
        bad.extend(load.prices(prices, currency)?);
        faults.extend_sorted(bad);
    }
    Ok(())
}

fn item(row: &mut Row, settings: &Settings) -> Result<NewItem, Refused> {
    // Every column is read before the first refusal ends it, so that all of them are named.
    let sku = row.text("sku", 24);
    let name = row.text("name", 60);
    let unit = row.value("unit", Unit::parse);
    let tax_class = row.value("tax_class", |class| match settings.classes.get(class) {
        Some(class) => Ok(class.clone()),
        None => Err(format!("no tax class `{class}`: import taxes first")),
    });
    let department = row.optional_text("department", 60);
    let barcodes = row.optional("barcodes", barcodes);
    let short_code = row.optional("short_code", |text| {
        digits(text, 1..=6)?.parse().map_err(|_| format!("`{text}` is not a number"))
    });
    let in_store_item =
        row.optional("in_store_item", |text| digits(text, 1..=8).map(str::to_owned));
    let minimum_age = row.optional("minimum_age", age);
    Ok(NewItem {
        line: row.line,
        sku: sku?,
        name: name?,
        unit: unit?,
        tax_class: tax_class?,
        department: department?,
        barcodes: barcodes?.unwrap_or_default(),
        short_code: short_code?,
        in_store_item: in_store_item?,
        minimum_age: minimum_age?.unwrap_or(0),
    })
}

fn barcodes(text: &str) -> Result<Vec<Gtin>, String> {
    let codes: Result<Vec<_>, _> =
        text.split_whitespace().take(MAX_BARCODES + 1).map(Gtin::parse).collect();
    let codes = codes.map_err(|error| error.to_string())?;
    if codes.len() > MAX_BARCODES {
        return Err(format!("has more than {MAX_BARCODES} barcodes"));
    }
    Ok(codes)
}

fn age(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|age| (1..=120).contains(age))
        .ok_or_else(|| format!("`{text}` is not an age in whole years"))
}

fn price(
    row: &mut Row,
    settings: &Settings,
    currency: Currency,
    now: Timestamp,
) -> Result<NewPrice, Refused> {
    let instant = |text: &str| instant(text, &settings.time_zone);
    let sku = row.text("sku", 24);
    let price = row.optional("price", |text| UnitPrice::parse(text, currency));
    let layer = row.optional("layer", layer);
    let starts = row.optional("starts", instant).map(|starts| starts.unwrap_or(now));
    let ends = row.optional("ends", instant);
    if let (Ok(starts), Ok(Some(ends))) = (starts, ends)
        && ends <= starts
    {
        row.refuse("ends", "is not after the start");
    }
    Ok(NewPrice {
        line: row.line,
        sku: sku?,
        layer: layer?.unwrap_or(Layer::Headquarters),
        starts: starts?,
        ends: ends?,
        price: price?,
    })
}

fn layer(text: &str) -> Result<Layer, String> {
    Layer::BY_PRECEDENCE
        .into_iter()
        .find(|layer| layer.code() == text)
        .ok_or_else(|| format!("`{text}` is none of headquarters, zone, store"))
}

/// `2026-06-15` or `2026-06-15T17:00`, on the clock of the shop's wall.
fn instant(text: &str, time_zone: &TimeZone) -> Result<Timestamp, String> {
    let refused = || format!("`{text}` is not a date or a date and time (2026-06-15T17:00)");
    // An offset would be another clock than the shop's.
    let offset = |byte: u8| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'[');
    if text.bytes().skip(10).any(offset) {
        return Err(refused());
    }
    let local: DateTime = text.parse().map_err(|_| refused())?;
    if !(1970..=9000).contains(&local.year()) {
        return Err(refused());
    }
    Ok(instant_of(local, time_zone))
}

#[cfg(test)]
mod tests {
    use super::super::source::Input;
    use super::*;
    use crate::store::catalogue::CHUNK_ROWS;
    use std::io::Write;

    /// Reads only: writing a million prices is the benchmark's part.
    #[test]
    fn finds_the_broken_row_at_line_900_000() {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let mut text = "sku,price,layer,starts,ends\n".to_owned();
        for line in 2..=900_100 {
            text.push_str(if line == 900_000 { "A-1,oops,,,\n" } else { "A-1,1.99,,,\n" });
        }
        file.write_all(text.as_bytes()).unwrap();
        let currency = Currency::parse("EUR").unwrap();
        let settings = Settings {
            currency: Some(currency),
            time_zone: TimeZone::UTC,
            classes: HashSet::new(),
        };
        let mut reports = 0;
        let mut count = |_| reports += 1;
        let input = Input { path: file.path(), format: None, progress: &mut count };
        let mut table = Table::open(input, PRICES).unwrap();
        let (mut rows, mut faults) = (0, Vec::new());
        let read = |row: &mut Row| price(row, &settings, currency, Timestamp::UNIX_EPOCH);
        while let Some((good, bad)) = table.chunk(read).unwrap() {
            assert!(good.len() + bad.len() <= CHUNK_ROWS);
            rows += good.len();
            faults.extend(bad);
        }
        assert_eq!((rows, faults.len()), (900_098, 1));
        assert_eq!((faults[0].line, faults[0].column), (900_000, "price"));
        drop(table);
        assert!((800..1_000).contains(&reports), "{reports}");
    }
}
