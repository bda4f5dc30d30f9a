//! Exporting: every Z again from the CSVs alone, JSON Lines, selections, whole or not at all.

use super::zed::{Tables, minor, recompute, stated, tables};
use super::*;
use crate::store::till::read;
use crate::upkeep::export::{ExportFormat, ExportReport, Selection, export};
use commerce::discount::DiscountValue;
use commerce::fact::CashDirection;
use commerce::tax::Rate;

/// A shift with something of everything that a Z counts.
fn busy_shift(shop: &mut Shop) {
    shop.sell();
    let cart = shop.scan("101");
    shop.scan("9520000100377");
    shop.scan("102");
    let value = DiscountValue::Percent(Rate::parse_percent("10").unwrap());
    let discount = |line| Command::Discount { cart, line, value, reason: "damaged".into() };
    shop.ok(discount(Some(2)));
    shop.ok(discount(None));
    shop.ok(Command::VoidLine { cart, line: 3, reason: Some("wrong-item".into()) });
    let currency = shop.till().settings().store.currency;
    let price = commerce::UnitPrice::parse("0.32", currency).unwrap();
    shop.ok(Command::OverridePrice { cart, line: 1, price, reason: "shelf-price".into() });
    let sold = shop.pay(cart);
    let (intent, due) = shop.begin_card();
    shop.approve(intent, due);
    let lines = vec![(2, "1".to_owned())];
    let refund = Command::Refund { of: sold, lines, reason: "faulty".into() };
    assert!(matches!(shop.ok(refund), Reply::Returned(_)));
    let of = shop.sell();
    shop.ok(Command::PostVoid { of, reason: "staff-mistake".into() });
    for (direction, reason, text) in
        [(CashDirection::In, "change-float", "20.00"), (CashDirection::Out, "postage", "3.70")]
    {
        let amount = shop.money(text);
        shop.ok(Command::MoveCash { direction, amount, reason: reason.into() });
    }
    shop.ok(Command::OpenDrawer { reason: "give-change".into() });
    let cart = shop.scan("103");
    shop.ok(Command::Cancel { cart, reason: Some("training".into()) });
    shop.close_shift();
}

fn csv_export(shop: &Shop, name: &str, selection: Selection) -> (ExportReport, Tables) {
    let into = shop.folder.path().join(name);
    let report = export(&shop.home, &into, ExportFormat::Csv, selection, &mut quiet).unwrap();
    (report, tables(&into))
}

#[test]
fn every_z_comes_out_of_the_csv_files_alone() {
    let mut shop = Shop::open();
    busy_shift(&mut shop);
    let float = shop.money("50.00");
    shop.ok(Command::OpenShift { float });
    shop.sell();
    shop.close_shift();
    let (report, tables) = csv_export(&shop, "out", Selection::All);
    let stated = stated(&tables);
    assert_eq!(recompute(&tables), stated);
    let kinds: std::collections::BTreeSet<_> = stated.keys().map(|(_, total, _)| total).collect();
    assert_eq!(kinds.len(), commerce::shift::TotalKind::ALL.len(), "{kinds:?}");
    let connection = Connection::open(shop.home.till_db()).unwrap();
    let folded: i64 = [1, 2]
        .iter()
        .flat_map(|shift| read::shift_totals(&connection, *shift).unwrap())
        .map(|total| total.amount)
        .sum();
    assert_eq!(stated.values().map(|(_, amount)| amount).sum::<i64>(), folded);
    let counted = &tables["counted"][0];
    let difference = minor(&counted["counted"]) - minor(&counted["expected"]);
    assert_eq!(minor(&counted["difference"]), difference);
    let sales = report.files.iter().find(|file| file.name == "sales.csv").unwrap();
    assert_eq!(sales.rows, 5);
}

#[test]
fn json_lines_name_every_fact() {
    let mut shop = Shop::open();
    busy_shift(&mut shop);
    let into = shop.folder.path().join("lines");
    let report =
        export(&shop.home, &into, ExportFormat::Jsonl, Selection::All, &mut quiet).unwrap();
    let text = std::fs::read_to_string(into.join("journal.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, report.facts);
    let sequences: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=report.facts).collect::<Vec<_>>());
    let sold = lines.iter().find(|line| line["kind"] == "sold").unwrap();
    assert_eq!(sold["receipt"], "HH01-1-1-000001");
    assert_eq!(sold["tenders"][0]["amount"], serde_json::json!({"minor": 20000, "text": "200.00"}));
    assert_eq!(sold["lines"].as_array().unwrap().len(), 3);
    assert!(!text.contains("null"), "a field without a value is left out");
    let docs = include_str!("../../../../docs/journal.md");
    let mut names = std::collections::BTreeSet::new();
    lines.iter().for_each(|line| fields_of(line, &mut names));
    names.extend(lines.iter().map(|line| line["kind"].as_str().unwrap().to_owned()));
    for name in names {
        let known = docs.contains(&format!("`{name}`")) || docs.contains(&format!("\"{name}\":"));
        assert!(known, "{name} is not documented");
    }
    assert_eq!(report.heads[0].hash, lines.last().unwrap()["hash"]);
}

/// Every field's name, however deep.
fn fields_of(value: &serde_json::Value, names: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                fields_of(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields_of(item, names)),
        _ => {}
    }
}

#[test]
fn a_selection_takes_what_it_names() {
    let mut shop = Shop::open();
    shop.sell();
    shop.close_shift();
    shop.now += jiff::SignedDuration::from_hours(24);
    let float = shop.money("50.00");
    shop.ok(Command::OpenShift { float });
    shop.sell();
    for (name, selection, sales, facts) in [
        ("all", Selection::All, 2, 6),
        ("first", Selection::Shift(1), 1, 3),
        ("second", Selection::Shift(2), 1, 2),
        ("none", Selection::Shift(9), 0, 0),
        ("day", Selection::Day("2026-11-23".parse().unwrap()), 1, 2),
        ("from", Selection::From(4), 1, 3),
    ] {
        let (report, tables) = csv_export(&shop, name, selection);
        assert_eq!((tables["sales"].len(), report.facts), (sales, facts), "{name}");
    }
    let (_, tables) = csv_export(&shop, "open", Selection::Shift(2));
    assert_eq!((&*tables["shifts"][0]["shift"], &*tables["shifts"][0]["z"]), ("2", ""));
}

#[test]
fn an_export_appears_whole_or_not_at_all() {
    let mut shop = Shop::open();
    shop.sell();
    shop.stop();
    let into = shop.folder.path().join("there");
    std::fs::create_dir(&into).unwrap();
    let run = |into: &Path| export(&shop.home, into, ExportFormat::Csv, Selection::All, &mut quiet);
    assert!(matches!(run(&into), Err(UpkeepError::Exists(_))));
    // An entry that cannot be read, met after rows were written.
    shop.tamper("UPDATE entry SET body = x'00' WHERE position = (SELECT max(position) FROM entry WHERE position >> 40 = 1)");
    let parent = shop.folder.path().join("new");
    assert!(matches!(run(&parent.join("out")), Err(UpkeepError::Body { seq: 3, .. })));
    assert_eq!(std::fs::read_dir(&parent).unwrap().count(), 0);
}
