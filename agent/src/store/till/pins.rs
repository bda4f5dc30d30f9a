//! PIN verifiers and lock-outs: what must outlive the catalogue.

use super::error::Result;
use super::{Act, TillStore};
use rusqlite::{Connection, OptionalExtension, params};

/// What is kept of a person's PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The argon2id verifier, in PHC string form.
    pub verifier: String,
    /// Wrong PINs since the last right one.
    pub failures: u32,
    /// Unix milliseconds before which no PIN is looked at.
    pub locked_until: i64,
}

impl Act<'_> {
    /// Sets a person's PIN and clears failures.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_pin(&self, staff: &str, verifier: &str) -> Result<()> {
        set_pin(&self.tx, staff, verifier)
    }

    /// Writes how often a PIN was wrong and until when its owner is locked out.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_failures(&self, staff: &str, failures: u32, locked_until: i64) -> Result<()> {
        set_failures(&self.tx, staff, failures, locked_until)
    }
}

/// PINs are no facts: each change is one statement, durable by itself.
impl TillStore {
    /// Everybody's verifiers.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn verifiers(&self) -> Result<Vec<String>> {
        verifiers(&self.connection)
    }

    /// Sets a person's PIN and clears failures.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_pin(&self, staff: &str, verifier: &str) -> Result<()> {
        set_pin(&self.connection, staff, verifier).map_err(|error| error.at(&self.file))
    }

    /// Writes how often a PIN was wrong and until when its owner is locked out.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_failures(&self, staff: &str, failures: u32, locked_until: i64) -> Result<()> {
        set_failures(&self.connection, staff, failures, locked_until)
            .map_err(|error| error.at(&self.file))
    }
}

fn set_pin(conn: &Connection, staff: &str, verifier: &str) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO pin (staff, verifier) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET verifier = excluded.verifier, failures = 0, locked_until = 0",
    )?
    .execute(params![staff, verifier])?;
    Ok(())
}

fn set_failures(conn: &Connection, staff: &str, failures: u32, locked_until: i64) -> Result<()> {
    conn.prepare_cached("UPDATE pin SET failures = ?2, locked_until = ?3 WHERE staff = ?1")?
        .execute(params![staff, failures, locked_until])?;
    Ok(())
}

/// Everybody's verifiers.
pub(super) fn verifiers(conn: &Connection) -> Result<Vec<String>> {
    let found = conn
        .prepare_cached("SELECT verifier FROM pin ORDER BY staff")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// A person's PIN, where one was set.
pub(super) fn pin(conn: &Connection, staff: &str) -> Result<Option<Pin>> {
    Ok(conn
        .prepare_cached("SELECT verifier, failures, locked_until FROM pin WHERE staff = ?1")?
        .query_row([staff], |row| {
            Ok(Pin { verifier: row.get(0)?, failures: row.get(1)?, locked_until: row.get(2)? })
        })
        .optional()?)
}
