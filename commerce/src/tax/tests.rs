//! Figures of tax tables, and that every table sums.

use super::*;
use proptest::prelude::*;

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn class(id: &str, taxes: &[(&str, &str, bool)]) -> (String, TaxClass) {
    let taxes = taxes
        .iter()
        .map(|&(id, rate, inclusive)| Tax {
            id: id.into(),
            name: id.into(),
            rate: Rate::parse_percent(rate).unwrap(),
            inclusive,
        })
        .collect();
    (id.to_owned(), TaxClass { id: id.into(), name: id.into(), taxes })
}

fn rules(rounding: TaxRounding) -> TaxRules {
    let classes = BTreeMap::from([
        class("A", &[("vat", "19", true)]),
        class("B", &[("vat", "7", true)]),
        class("C", &[]),
        class("N", &[("state", "4", false), ("city", "4.5", false), ("mctd", "0.375", false)]),
        class("Q", &[("gst", "5", true), ("qst", "9.975", true), ("levy", "1", false)]),
    ]);
    TaxRules { classes, rounding }
}

fn row(rounding: TaxRounding, class: &str, lines: &[i64]) -> (i64, Vec<i64>, i64) {
    let lines: Vec<_> =
        lines.iter().map(|&minor| (class, Money::new(minor, eur()).unwrap())).collect();
    let table = rules(rounding).table(eur(), lines).unwrap();
    let row = &table.classes[0];
    (row.net.minor(), row.amounts.iter().map(|amount| amount.minor()).collect(), row.gross.minor())
}

#[test]
fn tables_of_figures() {
    use TaxRounding::{Line, Receipt};
    assert_eq!(row(Receipt, "A", &[1190]), (1000, vec![190], 1190));
    assert_eq!(row(Receipt, "B", &[99, 99, 99]), (278, vec![19], 297));
    assert_eq!(row(Line, "B", &[99, 99, 99]), (279, vec![18], 297));
    assert_eq!(row(Receipt, "C", &[500]), (500, vec![], 500));
    assert_eq!(row(Receipt, "N", &[1000]), (1000, vec![40, 45, 4], 1089));
    assert_eq!(row(Receipt, "Q", &[11498]), (10000, vec![500, 998, 100], 11598));
    assert_eq!(row(Receipt, "A", &[-1190]), (-1000, vec![-190], -1190));
}

#[test]
fn unknown_class_and_bad_rates_are_named() {
    let line = [("Z", Money::zero(eur()))];
    assert_eq!(
        rules(TaxRounding::Line).table(eur(), line),
        Err(TaxError::UnknownClass("Z".into()))
    );
    for text in ["", "-1", "19,5", "1.23456", "1001", "x"] {
        assert_eq!(Rate::parse_percent(text), Err(TaxError::BadRate(text.into())), "{text}");
    }
}

proptest! {
    #[test]
    fn every_table_sums(
        lines in prop::collection::vec((prop::sample::select(vec!["A", "B", "C", "N", "Q"]), -50_000_i64..500_000), 0..30),
        by_line in any::<bool>(),
    ) {
        let rounding = if by_line { TaxRounding::Line } else { TaxRounding::Receipt };
        let table = rules(rounding)
            .table(eur(), lines.iter().map(|&(class, minor)| (class, Money::new(minor, eur()).unwrap())))
            .unwrap();
        let mut entered = 0;
        for row in &table.classes {
            let taxes: i64 = row.amounts.iter().map(|amount| amount.minor()).sum();
            prop_assert_eq!(row.net.minor() + taxes, row.gross.minor());
            let exclusive: i64 = row.class.taxes.iter().zip(&row.amounts)
                .filter(|(tax, _)| !tax.inclusive).map(|(_, amount)| amount.minor()).sum();
            entered += row.gross.minor() - exclusive;
        }
        prop_assert_eq!(entered, lines.iter().map(|line| line.1).sum::<i64>());
        prop_assert_eq!(table.rules().table(eur(), lines.iter().map(|&(class, minor)| (class, Money::new(minor, eur()).unwrap()))).unwrap(), table);
    }
}
