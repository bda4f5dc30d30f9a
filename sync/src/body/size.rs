//! How small bodies are, measured on baskets from the demo store's own catalogue: five lines,
//! names and taxes, cash with change, batches of a hundred.

use super::{encode, strategy};
use commerce::cart::{Cart, CartId, Item};
use commerce::code::Gtin;
use commerce::fact::Fact;
use commerce::sale::{ReceiptNumber, Stamp};
use commerce::staff::StaffId;
use commerce::tax::{Rate, Tax, TaxClass, TaxRounding, TaxRules};
use commerce::tender::TenderKind;
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;
use jiff::civil::date;
use std::collections::BTreeMap;

const CATALOGUE: &str = include_str!("../../../config/stores/demo/catalogue.csv");
const PRICES: &str = include_str!("../../../config/stores/demo/prices.csv");

const BATCH: u32 = 100;
const LEVEL: i32 = 3;
/// The most bytes a sale: raw bodies stand in SQLite, compressed ones go over the wire.
const MOST_RAW: usize = 420;
const MOST_COMPRESSED: usize = 180;

/// A generator good enough to fill baskets, and the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

struct Shelf {
    items: Vec<(Item, Unit, UnitPrice)>,
    currency: Currency,
    rules: TaxRules,
}

/// Columns of a line; the demo's own fields hold commas only within quotes.
fn columns(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    let safe: String = quoted
        .map(|(i, part)| if i % 2 == 1 { part.replace(',', "\u{1}") } else { part.to_owned() })
        .collect();
    safe.split(',').map(|column| column.replace('\u{1}', ",")).collect()
}

fn shelf() -> Shelf {
    let currency = Currency::parse("EUR").unwrap();
    let mut prices = BTreeMap::new();
    for line in PRICES.lines().skip(1) {
        let row = columns(line);
        if row[2] == "headquarters" {
            prices.insert(row[0].clone(), UnitPrice::parse(&row[1], currency).unwrap());
        }
    }
    let items = CATALOGUE.lines().skip(1).map(columns).filter_map(|row| {
        let gtin = row[5].split(' ').next().filter(|code| !code.is_empty());
        let item = Item {
            sku: row[0].clone(),
            gtin: gtin.map(|code| Gtin::parse(code).unwrap()),
            name: row[1].clone(),
            tax_class: row[3].clone(),
        };
        Some((item, Unit::parse(&row[2]).unwrap(), *prices.get(&row[0])?))
    });
    Shelf { items: items.collect(), currency, rules: tax_rules() }
}

/// The taxes of the demo store.
fn tax_rules() -> TaxRules {
    let class = |id: &str, name: &str, tax: &str, millionths| {
        let rate = Rate::from_millionths(millionths).unwrap();
        let taxes = vec![Tax { id: tax.into(), name: "VAT".into(), rate, inclusive: true }];
        (id.to_owned(), TaxClass { id: id.into(), name: name.into(), taxes })
    };
    let classes = [
        class("A", "Standard", "vat-standard", 190_000),
        class("B", "Reduced", "vat-reduced", 70_000),
        class("C", "No tax", "vat-zero", 0),
    ];
    TaxRules { classes: classes.into(), rounding: TaxRounding::Receipt }
}

fn basket(shelf: &Shelf, dice: &mut Dice, number: u32, at: i64) -> Fact {
    let mut cart = Cart::new(CartId(u64::from(number) + 40), shelf.currency);
    for _ in 0..5 {
        let pick = usize::try_from(dice.below(shelf.items.len() as u64)).unwrap();
        let (item, unit, price) = &shelf.items[pick];
        let thousandths = match unit {
            Unit::Each if dice.below(4) > 0 => 1_000,
            Unit::Each => 2_000 + 1_000 * i64::try_from(dice.below(5)).unwrap(),
            _ => 80 + i64::try_from(dice.below(2_400)).unwrap(),
        };
        let quantity = Quantity::new(thousandths, *unit).unwrap();
        cart.add(item.clone(), quantity, *price, None).unwrap();
    }
    let due = cart.totals(&shelf.rules).unwrap().due.minor();
    let given = Money::new((due / 500 + 1) * 500, shelf.currency).unwrap();
    let mut cash = strategy::tendered(TenderKind::Cash, given);
    cash.tender.limit = Some(250_000);
    cart.tender(cash, &shelf.rules).unwrap();
    let cashiers = ["101", "102", "103"];
    let by = StaffId::parse(cashiers[usize::try_from(dice.below(3)).unwrap()]).unwrap();
    let stamp = Stamp { at: Timestamp::from_millisecond(at).unwrap(), shift: 12, by };
    let receipt = ReceiptNumber { store: "HH01".into(), till: 2, series: 1, number };
    Fact::Sold(cart.settle(&shelf.rules, receipt, stamp, date(2026, 11, 22)).unwrap())
}

#[test]
fn a_five_line_cash_sale_is_small() {
    let shelf = shelf();
    assert!(shelf.items.len() > 250, "the demo catalogue has prices");
    let mut dice = Dice(7);
    let (mut at, mut number) = (1_795_335_619_123, 123);
    let (mut raw, mut compressed, mut largest) = (0, 0, 0);
    let batches = 20;
    for _ in 0..batches {
        let mut batch = Vec::new();
        for _ in 0..BATCH {
            let body = encode(&basket(&shelf, &mut dice, number, at)).unwrap();
            largest = largest.max(body.len());
            batch.extend(body);
            number += 1;
            at += 20_000 + i64::try_from(dice.below(300_000)).unwrap();
        }
        raw += batch.len();
        compressed += zstd::bulk::compress(&batch, LEVEL).unwrap().len();
    }
    let sales = usize::try_from(batches * BATCH).unwrap();
    let (raw, compressed) = (raw.div_ceil(sales), compressed.div_ceil(sales));
    println!("five-line cash sale: {raw} bytes raw (largest {largest}), {compressed} compressed");
    assert!(raw <= MOST_RAW, "{raw} bytes raw");
    assert!(compressed <= MOST_COMPRESSED, "{compressed} bytes compressed");
}
