//! Every Z again from exported CSV files, which are read as any spreadsheet would read them.

use crate::upkeep::export::tables::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rows of each file, by its name without `.csv`; a row by its columns.
pub(crate) type Tables = BTreeMap<&'static str, Vec<BTreeMap<String, String>>>;
/// Count and minor units of each total, by shift, name and key.
pub(crate) type Totals = BTreeMap<(String, String, String), (i64, i64)>;

/// Reads all files of an export.
pub(crate) fn tables(folder: &Path) -> Tables {
    let rows = Table::ALL.into_iter().map(|table| {
        let mut reader = csv::Reader::from_path(folder.join(table.file_name())).unwrap();
        (table.name(), reader.deserialize().map(Result::unwrap).collect())
    });
    rows.collect()
}

/// An exported amount in minor units, of a currency with two decimals.
pub(crate) fn minor(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

/// Every Z from the other tables, by the formulas of `docs/journal.md`.
pub(crate) fn recompute(tables: &Tables) -> Totals {
    let mut totals = Totals::new();
    let mut add = |shift: &str, total: &str, key: &str, count: i64, amount: i64| {
        let sum = totals.entry((shift.into(), total.into(), key.into())).or_default();
        *sum = (sum.0 + count, sum.1 + amount);
    };
    for row in &tables["shifts"] {
        add(&row["shift"], "float", "", 1, minor(&row["float"]));
        add(&row["shift"], "drawer_cash", "", 0, minor(&row["float"]));
    }
    for row in &tables["sales"] {
        add(&row["shift"], "sales", "", 1, minor(&row["total"]));
    }
    for row in &tables["returns"] {
        add(&row["shift"], &format!("{}s", row["kind"]), "", 1, minor(&row["total"]));
    }
    for row in &tables["lines"] {
        add(&row["shift"], "lines", "", 1, minor(&row["extended"]));
        if !row["override_reason"].is_empty() {
            let less = minor(&row["listed_extended"]) - minor(&row["extended"]);
            add(&row["shift"], "overrides", &row["override_reason"], 1, less);
        }
    }
    let mut on_basket = BTreeSet::new();
    for row in &tables["discounts"] {
        let given = row["basket"] != "yes" || on_basket.insert((&row["receipt"], &row["reason"]));
        add(&row["shift"], "discounts", &row["reason"], i64::from(given), minor(&row["amount"]));
    }
    for row in &tables["voided_lines"] {
        add(&row["shift"], "voided_lines", "", 1, minor(&row["amount"]));
    }
    for row in &tables["return_lines"] {
        add(&row["shift"], "returned_lines", "", 1, minor(&row["net"]));
    }
    for row in &tables["tax_classes"] {
        add(&row["shift"], "tax_net", &row["class"], 0, minor(&row["net"]));
    }
    for row in &tables["taxes"] {
        let key = format!("{}/{}", row["class"], row["tax"]);
        add(&row["shift"], "tax", &key, 0, minor(&row["amount"]));
    }
    for row in &tables["tenders"] {
        add(&row["shift"], "tenders", &row["tender"], 1, minor(&row["kept"]));
        if row["tender_kind"] == "cash" {
            add(&row["shift"], "drawer_cash", "", 0, minor(&row["kept"]));
        }
    }
    for row in &tables["cash_moves"] {
        let (total, sign) =
            if row["direction"] == "in" { ("paid_in", 1) } else { ("paid_out", -1) };
        add(&row["shift"], total, &row["reason"], 1, minor(&row["amount"]));
        add(&row["shift"], "drawer_cash", "", 0, sign * minor(&row["amount"]));
    }
    for row in &tables["no_sales"] {
        add(&row["shift"], "no_sales", &row["reason"], 1, 0);
    }
    for row in &tables["cancelled_carts"] {
        add(&row["shift"], "cancelled_carts", "", 1, minor(&row["amount"]));
    }
    totals
}

/// Every Z as `z_totals.csv` states it.
pub(crate) fn stated(tables: &Tables) -> Totals {
    let rows = tables["z_totals"].iter();
    rows.map(|row| {
        let key = (row["shift"].clone(), row["total"].clone(), row["key"].clone());
        (key, (row["count"].parse().unwrap(), minor(&row["amount"])))
    })
    .collect()
}
