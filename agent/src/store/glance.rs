//! A glance at `catalogue.db` for `till doctor`: whether there is anything to sell.
//!
//! Reads on a connection of its own, so that a till may be running. What is in the catalogue is
//! left to [`super::catalogue`].

use super::catalogue::MIGRATIONS;
use super::open::{OpenOptions, StoreError, classify, open};
use std::path::Path;

/// How much is in a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Items.
    pub items: u64,
    /// Whether any item has a price row.
    pub priced: bool,
    /// Items whose tax class the store has not, where it has any: they cannot be sold.
    pub untaxed: u64,
}

/// Looks into the catalogue in `file`.
///
/// # Errors
/// When it cannot be opened or read; it is never made or migrated.
pub fn glance(file: &Path) -> Result<Glance, StoreError> {
    let connection = open(&OpenOptions::new(file).read_only(), MIGRATIONS)?;
    connection
        .query_row(
            "SELECT (SELECT count(*) FROM item), EXISTS (SELECT 1 FROM price),
               (SELECT count(*) FROM item WHERE tax_class NOT IN (SELECT id FROM tax_class)
                  AND EXISTS (SELECT 1 FROM tax_class))",
            [],
            |row| {
                Ok(Glance {
                    items: row.get::<_, i64>(0)?.unsigned_abs(),
                    priced: row.get(1)?,
                    untaxed: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            },
        )
        .map_err(|error| classify(file, error))
}
