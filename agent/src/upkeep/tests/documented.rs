//! `docs/journal.md` documents every table and column, in order.

use crate::upkeep::export::tables::Table;

const DOCS: &str = include_str!("../../../../docs/journal.md");

/// The columns listed under a table's heading.
fn documented(table: Table) -> Vec<String> {
    let heading = format!("### {}\n", table.file_name());
    let (_, section) = DOCS.split_once(&heading).expect("a heading for each table");
    let section = section.split("\n### ").next().unwrap().split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_column_is_documented_in_its_place() {
    for table in Table::ALL {
        assert_eq!(documented(table), table.columns(), "{}", table.file_name());
    }
}

#[test]
fn no_other_table_is_documented() {
    let headings = DOCS.lines().filter(|line| line.starts_with("### ") && line.ends_with(".csv"));
    assert_eq!(headings.count(), Table::ALL.len());
}
