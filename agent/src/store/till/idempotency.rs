//! Requests that were carried out, so that one sent twice is done once.

use super::Act;
use super::error::Result;
use rusqlite::{Connection, OptionalExtension, params};

/// How long a key is kept: a client that retries after a night without power still finds it.
const KEPT_MS: i64 = 48 * 60 * 60 * 1000;

/// Old keys dropped with each new one: the table never grows beyond what two days bring.
const DROPPED_AT_ONCE: i64 = 4;

/// What a request key was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// A hash of everything the request said.
    pub request: [u8; 32],
    /// The answer, in the till loop's short form.
    pub answer: String,
}

impl Act<'_> {
    /// Remembers the answer to a named request.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn remember(&self, key: &str, request: &[u8; 32], answer: &str) -> Result<()> {
        let now = self.now.as_millisecond();
        self.tx
            .prepare_cached(
                "DELETE FROM idempotency WHERE key IN
                   (SELECT key FROM idempotency WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )?
            .execute(params![now.saturating_sub(KEPT_MS), DROPPED_AT_ONCE])?;
        self.tx
            .prepare_cached(
                "INSERT INTO idempotency (key, request, answer, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![key, &request[..], answer, now])?;
        Ok(())
    }
}

/// What a request key was answered with.
pub(super) fn remembered(conn: &Connection, key: &str) -> Result<Option<Remembered>> {
    Ok(conn
        .prepare_cached("SELECT request, answer FROM idempotency WHERE key = ?1")?
        .query_row([key], |row| Ok(Remembered { request: row.get(0)?, answer: row.get(1)? }))
        .optional()?)
}
