//! What is printed adds up to what is printed as the total: read back from the paper's elements.

use super::baskets;
use super::shop::{Basket, dublin, hamburg, hash, kuwait, new_york, tokyo};
use crate::receipt::parts::RIGHT;
use crate::receipt::{returned, sale};
use crate::till::Settings;
use commerce::returns::{ReturnKind, ReturnedSoFar};
use drivers::printer::document::{Document, Element};
use drivers::printer::layout::lay_out;
use drivers::printer::profile::Profile;
use drivers::printer::text;
use proptest::prelude::*;

/// The figures printed on a receipt, as whole minor units.
#[derive(Debug, Default)]
struct Printed {
    /// Lines, what is taken off and put on, down to the total.
    parts: i64,
    /// The total.
    total: i64,
    /// Tenders less change, or payouts.
    paid: i64,
    /// The last row of the tax table: net, tax, gross.
    table: [i64; 3],
    /// The sum of the tax table's rows.
    rows: [i64; 3],
}

fn minor(text: &str) -> Option<i64> {
    let last = text.rsplit(' ').next()?;
    last.replace(['.', ','], "").parse().ok()
}

/// Reads a receipt by its rules: about, lines, payment, taxes.
fn read(document: &Document) -> Printed {
    let mut printed = Printed::default();
    let (mut part, mut past_total) = (0, false);
    let mut table = Vec::new();
    for element in &document.elements {
        match element {
            Element::Rule => part += 1,
            Element::Columns { right, .. } if right.is_empty() => {}
            Element::Columns { left, right, style, .. } if part == 1 || part == 2 => {
                let figure = minor(right).unwrap_or_else(|| panic!("{left}: {right}"));
                if style.tall {
                    (printed.total, past_total) = (figure, true);
                } else if !past_total {
                    let again = ["Subtotal", "Zwischensumme"].contains(&left.as_str());
                    printed.parts += if again { 0 } else { figure };
                } else if ["Change", "Rückgeld"].contains(&left.as_str()) {
                    printed.paid -= figure;
                } else if !["You saved", "Sie sparen"].contains(&left.as_str()) {
                    printed.paid += figure;
                }
            }
            Element::Text { text, .. } if part == 3 => {
                let mut figures = text.split_whitespace().rev().map_while(minor);
                if let (Some(gross), Some(tax), Some(net)) =
                    (figures.next(), figures.next(), figures.next())
                {
                    table.push([net, tax, gross]);
                }
            }
            Element::Columns { left, right, .. } if part == 3 => {
                // Stacked: net, tax and gross below each other.
                match left.trim() {
                    "Net" | "Netto" => table.push([minor(right).unwrap(), 0, 0]),
                    "Tax" | "Steuer" => table.last_mut().unwrap()[1] = minor(right).unwrap(),
                    "Gross" | "Brutto" => table.last_mut().unwrap()[2] = minor(right).unwrap(),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let rows = if table.len() > 1 { table.len() - 1 } else { 1 };
    for row in table.iter().take(rows) {
        for (sum, figure) in printed.rows.iter_mut().zip(row) {
            *sum += figure;
        }
    }
    printed.table = *table.last().unwrap();
    printed
}

/// Every figure stands whole at a line's end, and every row of the tax table on one line.
fn check_whole(name: &str, document: &Document) {
    for profile in Profile::ALL {
        let shown = text::render(&lay_out(document, &profile));
        for element in &document.elements {
            let whole = match element {
                Element::Columns { right, .. } => right.rsplit(' ').next().unwrap_or(""),
                Element::Text { text, style } if *style == RIGHT => text.trim_start(),
                _ => continue,
            };
            let found = shown.lines().any(|line| line.ends_with(whole));
            assert!(found, "{name} on {}: {whole} in\n{shown}", profile.name);
        }
    }
}

fn check(name: &str, document: &Document, total: i64) {
    check_whole(name, document);
    let printed = read(document);
    assert_eq!(printed.total, total, "{name}");
    assert_eq!(printed.parts, total, "{name}: lines");
    assert_eq!(printed.paid, total, "{name}: payment");
    assert_eq!(printed.rows, printed.table, "{name}: tax table's sum");
    let [net, tax, gross] = printed.table;
    assert_eq!((net + tax, gross), (total, total), "{name}: tax table");
}

#[test]
fn golden_receipts_add_up() {
    for (name, (settings, fact)) in [
        ("five-lines", baskets::five_lines()),
        ("discounts", baskets::discounts()),
        ("card-split", baskets::card_split()),
        ("voucher-coupon", baskets::voucher_and_coupon()),
        ("taxes-on-top", baskets::taxes_on_top()),
        ("no-decimals", baskets::no_decimals()),
        ("three-decimals", baskets::three_decimals()),
        ("huge", baskets::huge()),
    ] {
        check(name, &sale(&fact, &settings, &hash(), false), fact.total.minor());
    }
    for (name, (settings, fact)) in [
        ("refund", baskets::refund()),
        ("post-void", baskets::post_void()),
        ("refund-on-top", baskets::refund_on_top()),
    ] {
        check(name, &returned(&fact, &settings, &hash(), false), -fact.total.minor());
    }
}

#[test]
fn a_days_turnover_is_its_taxes_and_its_tenders() {
    for day in [baskets::german_day(), baskets::irish_day(), baskets::american_day()] {
        let document = super::printed_day(&day, true);
        let tall = document.elements.iter().find_map(|element| match element {
            Element::Columns { right, style, .. } if style.tall => minor(right),
            _ => None,
        });
        let sum = |kinds: &[commerce::shift::TotalKind]| -> i64 {
            let of = day.totals.iter().filter(|total| kinds.contains(&total.kind));
            of.map(|total| total.amount).sum()
        };
        use commerce::shift::TotalKind::{Tax, TaxNet, Tenders};
        assert_eq!(tall, Some(sum(&[Tenders])));
        assert_eq!(tall, Some(sum(&[TaxNet, Tax])));
    }
}

fn shops() -> Vec<(&'static str, Settings)> {
    vec![
        ("hamburg", hamburg()),
        ("dublin", dublin()),
        ("new york", new_york()),
        ("tokyo", tokyo()),
        ("kuwait", kuwait()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_receipt_adds_up(
        shop in 0_usize..5,
        lines in prop::collection::vec((0_usize..3, 1_i64..300, 1_i64..9_999, 1_u32..4, 0_u32..40), 1..9),
        basket_percent in 0_u32..30,
        back in 0_usize..9,
    ) {
        let (name, settings) = shops().remove(shop);
        let classes: Vec<&String> = settings.taxes.classes.keys().collect();
        let mut basket = Basket::new(&settings);
        for (position, (class, quantity, price, per, percent)) in (1..).zip(&lines) {
            let quantity = match quantity % 2 {
                0 => quantity.to_string(),
                _ => format!("0.{quantity:03} kg"),
            };
            let class = classes[class % classes.len()];
            basket.add("Something to eat", &quantity, &format!("{per}/{price}"), class);
            if *percent > 0 && basket.cart.lines.last().unwrap().extended().unwrap().minor() > 50 {
                basket.discount(Some(position), &format!("{percent}%"), "loyalty");
            }
        }
        if basket_percent > 0 && basket.cart.extended().unwrap().minor() > 1_000 {
            basket.discount(None, &format!("{basket_percent}%"), "goodwill");
        }
        prop_assume!(basket.cart.totals(&settings.taxes).unwrap().due.minor() > 0);
        basket.pay("cash", None, None);
        let fact = basket.settle(1);
        check(name, &sale(&fact, &settings, &hash(), false), fact.total.minor());
        let line = &fact.lines[back % fact.lines.len()];
        let asked = [(line.number, line.quantity.thousandths())];
        let plan = fact.plan_return(&asked, &ReturnedSoFar::default()).unwrap();
        let fact = super::shop::return_of(&fact, plan, ReturnKind::Refund, 2);
        check(name, &returned(&fact, &settings, &hash(), false), -fact.total.minor());
    }
}
