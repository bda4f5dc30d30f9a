//! Folding the journal again: in place, or into a copy that is compared with the state as it is.
//!
//! Also readies a restored copy for its new series. Called by `crate::upkeep`; the fold itself is
//! [`super::fold`]'s.

use super::MIGRATIONS;
use super::customers::FOLDED_CUSTOMERS;
use super::error::{Result, TillStoreError};
use super::fold::{self, FOLDED};
use super::space::FOLDED_CARTS;
use crate::store::backup;
use crate::store::open::{OpenOptions, classify, open};
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;
use std::time::Duration;

/// Folds the whole journal of `file` again, in one transaction; returns how many entries.
///
/// # Errors
/// When an entry cannot be read or folded; then the state is as it was.
pub fn rebuild_in_place(file: &Path, progress: &mut dyn FnMut(u64)) -> Result<u64> {
    let mut connection = open(&OpenOptions::new(file), MIGRATIONS)?;
    refold(&mut connection, progress).map_err(|error| error.at(file))
}

fn refold(connection: &mut Connection, progress: &mut dyn FnMut(u64)) -> Result<u64> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let series = fold::counter(&tx, "series")?;
    let mut entries = 0;
    fold::rebuild(&tx, &mut |done| {
        entries = done;
        progress(done);
    })?;
    // A restored till knows of series that its own journal does not (`raise_series`).
    raise(&tx, series)?;
    tx.commit()?;
    Ok(entries)
}

/// The folded tables whose content is not what a rebuild into the new file `scratch` comes to,
/// each with how many rows differ. `file` is only read.
///
/// # Errors
/// When the copy cannot be made, or the journal cannot be folded.
pub fn rebuild_differences(
    file: &Path,
    scratch: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<(&'static str, u64)>> {
    backup::copy(file, scratch, Duration::ZERO, &mut |_, _| {})?;
    let mut connection = open(&OpenOptions::new(scratch), MIGRATIONS)?;
    let compared = compare(&mut connection, progress);
    compared.map_err(|error| error.at(scratch))
}

fn compare(
    connection: &mut Connection,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<(&'static str, u64)>> {
    for table in FOLDED.into_iter().chain(FOLDED_CARTS).chain(FOLDED_CUSTOMERS) {
        connection.execute_batch(&format!(
            "CREATE TEMP TABLE before_{table} AS SELECT * FROM {table};"
        ))?;
    }
    refold(connection, progress)?;
    let mut differences = Vec::new();
    for table in FOLDED.into_iter().chain(FOLDED_CARTS).chain(FOLDED_CUSTOMERS) {
        let (before, after) = (format!("temp.before_{table}"), format!("main.{table}"));
        let rows: i64 = connection.query_row(
            &format!(
                "SELECT (SELECT count(*) FROM (SELECT * FROM {before} EXCEPT SELECT * FROM {after}))
                      + (SELECT count(*) FROM (SELECT * FROM {after} EXCEPT SELECT * FROM {before}))"
            ),
            [],
            |row| row.get(0),
        )?;
        if rows != 0 {
            differences.push((table, rows.unsigned_abs()));
        }
    }
    Ok(differences)
}

/// Makes the next series of a restored copy come after `known`, the highest that this till is
/// known to have given; and leaves the copy as a till opens it, in one file.
///
/// # Errors
/// When the copy cannot be written.
pub fn raise_series(copy: &Path, known: u32) -> Result<()> {
    let connection = open(&OpenOptions::new(copy), MIGRATIONS)?;
    raise(&connection, i64::from(known)).map_err(|error| error.at(copy))?;
    // Closing the last connection writes the log back and removes it.
    connection.close().map_err(|(_, error)| TillStoreError::File(classify(copy, error)))
}

fn raise(connection: &Connection, series: i64) -> Result<()> {
    connection.execute(
        "INSERT INTO counter (name, value) VALUES ('series', ?1)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        params![series],
    )?;
    Ok(())
}
