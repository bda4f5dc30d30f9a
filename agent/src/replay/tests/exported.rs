//! Every Z again from what `till journal export` wrote: text files, and nothing else of the till.

use super::*;
use crate::home::Home;
use crate::upkeep::export::{ExportFormat, Selection, export};
use crate::upkeep::tests::zed::{Totals, recompute, stated, tables};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The columns of `days.csv`, by day.
pub(super) type Columns = BTreeMap<String, [i64; 7]>;

/// Exports the journal of a kept scratch store and sums each day, from the CSV files and from the
/// JSON Lines; the Zs that both state must be the ones that the CSV files come to.
pub(super) fn summed(store: &Path) -> [Columns; 2] {
    let home = Home::at(store).unwrap();
    let written = |name: &str, format| {
        let into = store.join(name);
        export(&home, &into, format, Selection::All, &mut |_| {}).unwrap();
        into
    };
    let tables = tables(&written("csv", ExportFormat::Csv));
    let lines = written("jsonl", ExportFormat::Jsonl).join("journal.jsonl");
    let lines: Vec<Value> = fs::read_to_string(lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();

    let zs = recompute(&tables);
    assert_eq!(zs, stated(&tables));
    assert_eq!(zs, stated_in(&lines));
    let days = tables["shifts"].iter().map(|shift| {
        assert_eq!(shift["z"], shift["shift"], "one shift a day, each closed");
        (shift["business_day"].clone(), columns(&zs, &shift["shift"]))
    });
    [days.collect(), sold(&lines)]
}

/// A day's columns among the totals of its shift.
fn columns(zs: &Totals, shift: &str) -> [i64; 7] {
    let find = |total: &str, key: &str| {
        zs.get(&(shift.into(), total.into(), key.into())).copied().unwrap_or_default()
    };
    let ((baskets, net), (lines, regular)) = (find("sales", ""), find("lines", ""));
    let (loyalty, matched) = (find("discounts", "loyalty").1, find("discounts", "coupon-match").1);
    [baskets, lines, regular, loyalty, matched, net, find("tenders", "coupon").1]
}

/// Every Z as the JSON Lines state it.
fn stated_in(lines: &[Value]) -> Totals {
    let mut zs = Totals::new();
    for closed in lines.iter().filter(|line| line["kind"] == "shift_closed") {
        for total in closed["totals"].as_array().unwrap() {
            let text = |field: &str| total[field].as_str().unwrap_or_default().to_owned();
            let key = (closed["shift"].to_string(), text("total"), text("key"));
            zs.insert(key, (minor(&total["count"]), minor(&total["minor"])));
        }
    }
    zs
}

/// The columns of each day from its sales in the JSON Lines.
fn sold(lines: &[Value]) -> Columns {
    let mut days = Columns::new();
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for sale in lines.iter().filter(|line| line["kind"] == "sold") {
        let day = days.entry(sale["business_day"].as_str().unwrap().to_owned()).or_default();
        day[0] += 1;
        for line in rows(&sale["lines"]) {
            day[1] += 1;
            day[2] += minor(&line["extended"]["minor"]);
            for discount in rows(&line["discounts"]) {
                let column = match discount["reason"].as_str() {
                    Some("loyalty") => 3,
                    Some("coupon-match") => 4,
                    other => panic!("{other:?} on {line}"),
                };
                day[column] += minor(&discount["amount"]["minor"]);
            }
        }
        day[5] += minor(&sale["total"]["minor"]);
        for tender in rows(&sale["tenders"]) {
            if tender["tender"]["kind"] == "coupon" {
                day[6] += minor(&tender["amount"]["minor"]);
            }
        }
    }
    days
}

fn minor(value: &Value) -> i64 {
    value.as_i64().unwrap()
}
