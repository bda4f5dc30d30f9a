//! The tables that a snapshot carries, and rows from one file to another.
//!
//! The log's tables are not among them: where streams stand is said by the manifest. Nor is the
//! search index, which every till builds for itself.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Statement};

/// A table as snapshots carry it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// The columns at the front that order the rows: the order in which the file has them.
    pub key: usize,
    /// Whether it is a set of the shop's own: a snapshot for many stores leaves it empty, and what
    /// a till had there stays.
    pub own: bool,
}

const fn hubs(name: &'static str, columns: &'static [&'static str], key: usize) -> Table {
    Table { name, columns, key, own: false }
}

const fn own(name: &'static str, columns: &'static [&'static str], key: usize) -> Table {
    Table { name, columns, key, own: true }
}

/// All of them. Columns are appended to, never moved: pages name them by their place.
pub(super) const TABLES: [Table; 15] = [
    hubs("item", &["id", "sku", "name", "unit", "tax_class", "department", "minimum_age"], 1),
    hubs("barcode", &["gtin", "item"], 1),
    hubs("short_code", &["code", "item"], 1),
    hubs("in_store_item", &["code", "item"], 1),
    hubs("batch", &["id", "made"], 1),
    hubs(
        "price",
        &["item", "layer", "starts", "batch", "ends", "amount", "scale", "per_quantity"],
        4,
    ),
    hubs(
        "price_push",
        &[
            "local",
            "replica",
            "zone",
            "push",
            "state",
            "here",
            "here_changes",
            "manifest_seq",
            "name",
            "chunks",
            "changes",
            "digest",
            "starts",
        ],
        1,
    ),
    hubs("price_chunk", &["batch", "push", "seq", "clock", "hash", "first_item", "last_item"], 1),
    own(
        "store",
        &[
            "one",
            "code",
            "name",
            "address",
            "postcode",
            "city",
            "country",
            "phone",
            "tax_number",
            "currency",
            "time_zone",
            "tax_rounding",
            "day_starts",
            "in_store_patterns",
            "receipt_footer",
        ],
        1,
    ),
    own("tax_class", &["id", "position", "name"], 1),
    own("tax", &["class", "position", "id", "name", "rate", "inclusive"], 2),
    own(
        "tender",
        &["id", "position", "name", "kind", "opens_drawer", "gives_change", "amount_limit"],
        1,
    ),
    own("reason", &["id", "position", "kind", "name"], 1),
    own(
        "staff",
        &["id", "position", "name", "role", "discount_limit", "override_limit", "refund_limit"],
        1,
    ),
    hubs("setting", &["scope", "store", "till", "key", "value", "clock", "replica", "change"], 4),
];

impl Table {
    /// Reads every row, in the order of the key.
    pub(super) fn select(&self) -> String {
        let columns = self.columns.join(", ");
        let key = self.columns.get(..self.key).unwrap_or_default().join(", ");
        format!("SELECT {columns} FROM {} ORDER BY {key}", self.name)
    }

    /// Writes a row.
    fn insert(&self) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO {}({}) VALUES({marks})", self.name, self.columns.join(", "))
    }

    /// Writes `rows` rows of the first columns at once; columns that came later keep their default.
    /// `shared` says of which columns all rows have the same value: those are bound once, the others
    /// behind them, row by row. `None` when there are more columns than the table has.
    pub(super) fn insert_rows(&self, shared: &[bool], rows: usize) -> Option<String> {
        let columns = self.columns.get(..shared.len())?.join(", ");
        let once = shared.iter().filter(|shared| **shared).count();
        let mut next = once;
        let mut row = || {
            let mut fixed = 0;
            let mark = |shared: &bool| {
                let number = if *shared { &mut fixed } else { &mut next };
                *number += 1;
                format!("?{number}")
            };
            shared.iter().map(mark).collect::<Vec<_>>().join(", ")
        };
        let values: Vec<String> = (0..rows).map(|_| format!("({})", row())).collect();
        Some(format!("INSERT INTO {}({columns}) VALUES{}", self.name, values.join(", ")))
    }

    /// Writes every row of `from` into `to`, where there are none; returns how many.
    pub(super) fn copy(&self, from: &Connection, to: &Connection) -> rusqlite::Result<u64> {
        let mut select = from.prepare(&self.select())?;
        let mut insert = to.prepare(&self.insert())?;
        let mut rows = select.query([])?;
        let mut copied = 0;
        while let Some(row) = rows.next()? {
            for at in 0..self.columns.len() {
                bind(&mut insert, at, ToSqlOutput::Borrowed(row.get_ref(at)?))?;
            }
            insert.raw_execute()?;
            copied += 1;
        }
        Ok(copied)
    }
}

/// Binds the column at `at`, counted from 0.
pub(super) fn bind(
    insert: &mut Statement<'_>,
    at: usize,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(at + 1, value)
}
