//! The tables of a `till.db` as a whole: sound, equal to what the journal says, equal to another
//! state. The parent module re-exports it.

use super::{Broken, text};
use agent::store::till::{FOLDED, FOLDED_CARTS, rebuild};
use rusqlite::Connection;
use rusqlite::types::Value;

/// Work under way, and what is this till's own business.
const UNDER_WAY: [&str; 10] = [
    "payment_mark",
    "contested",
    "settlement",
    "open_return",
    "open_return_line",
    "open_return_payout",
    "job",
    "register",
    "pin",
    "idempotency",
];

/// The most rows of each kind that a difference names.
const SHOWN: usize = 6;

/// Whether SQLite finds the file whole.
///
/// # Errors
/// What it found.
pub fn whole(conn: &Connection) -> Result<(), Broken> {
    let found: String =
        conn.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)).map_err(text)?;
    if found == "ok" { Ok(()) } else { Err(format!("integrity: {found}")) }
}

/// Whether the folded tables are what the journal says. Leaves the file as it was.
///
/// # Errors
/// The first row that differs.
pub fn state_is_the_journals(conn: &Connection) -> Result<(), Broken> {
    let folded = [&FOLDED[..], &FOLDED_CARTS].concat();
    let live = rows(conn, &folded)?;
    let trial = conn.unchecked_transaction().map_err(text)?;
    rebuild(&trial, &mut |_| {}).map_err(text)?;
    let rebuilt = rows(&trial, &folded)?;
    trial.rollback().map_err(text)?;
    differ("the rebuilt state", &live, &rebuilt)
}

/// Every row of every table but the log's, as text: equal dumps are equal states.
///
/// # Errors
/// When a table cannot be read.
pub fn dump(conn: &Connection) -> Result<Vec<String>, Broken> {
    let mut all = rows(conn, &FOLDED)?;
    all.extend(rows(conn, &FOLDED_CARTS)?);
    all.extend(rows(conn, &UNDER_WAY)?);
    Ok(all)
}

/// Compares two dumps.
///
/// # Errors
/// The first rows that differ.
pub fn differ(what: &str, expected: &[String], found: &[String]) -> Result<(), Broken> {
    if expected == found {
        return Ok(());
    }
    let only = |rows: &[String], others: &[String]| -> String {
        let only = rows.iter().filter(|row| !others.contains(row)).take(SHOWN);
        only.fold(String::new(), |text, row| text + "\n    " + row)
    };
    let (missing, added) = (only(expected, found), only(found, expected));
    Err(format!("{what} differs: missing {missing}\n  instead {added}"))
}

fn rows(conn: &Connection, tables: &[&str]) -> Result<Vec<String>, Broken> {
    let mut all = Vec::new();
    for table in tables {
        let sql = format!("SELECT * FROM {table}");
        let mut statement = conn.prepare_cached(&sql).map_err(text)?;
        let columns = statement.column_count();
        let mut rows = statement.query(()).map_err(text)?;
        let mut of_table = Vec::new();
        while let Some(row) = rows.next().map_err(text)? {
            let values: Result<Vec<Value>, _> = (0..columns).map(|at| row.get(at)).collect();
            of_table.push(format!("{table} {:?}", values.map_err(text)?));
        }
        of_table.sort_unstable();
        all.append(&mut of_table);
    }
    Ok(all)
}
