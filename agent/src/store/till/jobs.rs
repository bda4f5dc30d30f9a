//! The print spool: what is to be printed, and drawers to be opened, in order and exactly once.
//!
//! A job stands here from the act that caused it until the printer said that it was printed. A
//! job names its receipt; the paper is laid out from the journal when it is sent.

use super::Act;
use super::error::{Result, TillStoreError};
use rusqlite::{Connection, Row, params};
use std::ops::RangeInclusive;

/// Papers that may wait for a printer: a busy day of them.
const MOST_PAPERS: i64 = 2_000;

/// A drawer that waited so long, because nothing could open it, is of no interest to anybody.
const DRAWER_FORGOTTEN_MS: i64 = 60 * 60 * 1000;

/// Every so many jobs the spool's length is looked after.
const PAPERS_LOOKED_AFTER: i64 = 64;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Opens the drawer.
    Drawer,
    /// Prints a receipt: series and number name it.
    Receipt,
    /// Prints the report of a shift: number names it.
    Report,
}

impl JobKind {
    const fn number(self) -> i64 {
        match self {
            Self::Drawer => 1,
            Self::Receipt => 2,
            Self::Report => 3,
        }
    }
}

/// Where a job stands. A printed one is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// To be sent.
    Waiting,
    /// Handed to the device; after a crash it may or may not have been printed.
    Sent,
    /// Nobody knows whether it was printed: ask the paper, then reprint or drop it.
    Unknown,
    /// It was not printed, and why. A receipt is tried again when the printer is back, a drawer is
    /// not: it would open for nobody.
    NotPrinted,
}

impl JobState {
    const fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Sent => 1,
            Self::Unknown => 2,
            Self::NotPrinted => 3,
        }
    }
}

/// A job of the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, rising.
    pub id: u64,
    /// What it does.
    pub kind: JobKind,
    /// The receipt's series.
    pub series: u32,
    /// The receipt's or shift's number.
    pub number: u32,
    /// Whether it must be marked as a duplicate.
    pub duplicate: bool,
    /// Where it stands.
    pub state: JobState,
    /// Why, in words.
    pub why: String,
    /// When it was put on the spool, in Unix milliseconds.
    pub at: i64,
}

fn job_of(row: &Row<'_>) -> Result<Job> {
    let kind = match row.get::<_, i64>("kind")? {
        1 => JobKind::Drawer,
        2 => JobKind::Receipt,
        3 => JobKind::Report,
        other => return Err(TillStoreError::damaged("job", format!("kind {other}"))),
    };
    let state = match row.get::<_, i64>("state")? {
        0 => JobState::Waiting,
        1 => JobState::Sent,
        2 => JobState::Unknown,
        3 => JobState::NotPrinted,
        other => return Err(TillStoreError::damaged("job", format!("state {other}"))),
    };
    Ok(Job {
        id: row.get::<_, i64>("id")?.cast_unsigned(),
        kind,
        series: row.get("series")?,
        number: row.get("number")?,
        duplicate: row.get::<_, i64>("duplicate")? != 0,
        state,
        why: row.get("why")?,
        at: row.get("at")?,
    })
}

impl Act<'_> {
    /// Puts a job at the end of the spool and returns its number.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_job(&self, kind: JobKind, series: u32, number: u32, duplicate: bool) -> Result<u64> {
        self.tx
            .prepare_cached(
                "INSERT INTO job (kind, series, number, duplicate, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                kind.number(),
                series,
                number,
                duplicate,
                self.now.as_millisecond()
            ])?;
        let id = self.tx.last_insert_rowid();
        // Now and then is often enough, and costs a sale nothing.
        if id % PAPERS_LOOKED_AFTER == 0 {
            self.give_up_old_papers()?;
        }
        Ok(id.cast_unsigned())
    }

    /// Takes the oldest papers that nobody printed, and drawers that nobody opened, off a spool that
    /// has grown too long, as it does while a printer stays away. Receipts and reports can be
    /// printed again at any time.
    fn give_up_old_papers(&self) -> Result<()> {
        self.tx
            .prepare_cached(
                "DELETE FROM job WHERE kind <> 1 AND state IN (0, 3) AND id <=
                   (SELECT id FROM job WHERE kind <> 1 AND state IN (0, 3)
                    ORDER BY id DESC LIMIT 1 OFFSET ?1)",
            )?
            .execute([MOST_PAPERS])?;
        self.tx
            .prepare_cached("DELETE FROM job WHERE kind = 1 AND state = 0 AND at < ?1")?
            .execute([self.now.as_millisecond().saturating_sub(DRAWER_FORGOTTEN_MS)])?;
        Ok(())
    }

    /// Ends every waiting drawer that was asked for outside of `within`, in Unix milliseconds: it
    /// would open for nobody.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn give_up_drawers(&self, within: RangeInclusive<i64>, why: &str) -> Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE job SET state = 3, why = ?3
                 WHERE state = 0 AND kind = 1 AND at NOT BETWEEN ?1 AND ?2",
            )?
            .execute(params![within.start(), within.end(), why])?;
        Ok(())
    }

    /// Moves a job on.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_job(&self, id: u64, state: JobState, why: &str) -> Result<()> {
        self.tx
            .prepare_cached("UPDATE job SET state = ?2, why = ?3 WHERE id = ?1")?
            .execute(params![id.cast_signed(), state.number(), why])?;
        Ok(())
    }

    /// Puts a job back among those that wait, as of now.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn renew_job(&self, id: u64) -> Result<()> {
        self.tx
            .prepare_cached("UPDATE job SET state = 0, why = '', at = ?2 WHERE id = ?1")?
            .execute(params![id.cast_signed(), self.now.as_millisecond()])?;
        Ok(())
    }

    /// Marks that a job's next copy may be a second one.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn mark_duplicate(&self, id: u64) -> Result<()> {
        self.tx
            .prepare_cached("UPDATE job SET duplicate = 1 WHERE id = ?1")?
            .execute([id.cast_signed()])?;
        Ok(())
    }

    /// Takes drawers that did not open, or of which nobody knows, off the spool.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn drop_stuck_drawers(&self) -> Result<()> {
        self.tx.prepare_cached("DELETE FROM job WHERE kind = 1 AND state > 1")?.execute([])?;
        Ok(())
    }

    /// Takes every job off the spool.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn drop_jobs(&self) -> Result<()> {
        self.tx.prepare_cached("DELETE FROM job")?.execute([])?;
        Ok(())
    }

    /// Takes a job off the spool: it was done, or someone gave it up.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn drop_job(&self, id: u64) -> Result<()> {
        self.tx.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([id.cast_signed()])?;
        Ok(())
    }
}

/// The spool, in order; at most `limit`.
pub(super) fn jobs(conn: &Connection, limit: u32) -> Result<Vec<Job>> {
    conn.prepare_cached("SELECT * FROM job ORDER BY id LIMIT ?1")?
        .query_and_then([limit], job_of)?
        .collect()
}

/// Papers whose printing nobody knows of, once this database is put back or copied: they may have
/// been printed by the life before. Drawers are nobody's any more.
pub(super) fn distrust(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM job WHERE kind = 1", [])?;
    conn.execute(
        "UPDATE job SET state = 2, why = 'it may have been printed before this database was put back'",
        [],
    )?;
    Ok(())
}

/// The spool for a person to look at: what is stuck first, then in order; at most `limit`.
pub(super) fn to_look_at(conn: &Connection, limit: u32) -> Result<Vec<Job>> {
    conn.prepare_cached("SELECT * FROM job ORDER BY state < 2, id LIMIT ?1")?
        .query_and_then([limit], job_of)?
        .collect()
}

/// How many jobs wait or are with the printer, and how many are stuck.
pub(super) fn counts(conn: &Connection) -> Result<(u32, u32)> {
    let counts = conn
        .prepare_cached("SELECT count(*) FILTER (WHERE state IN (0, 1)), count(*) FILTER (WHERE state > 1) FROM job")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counts)
}

/// The job the printer is to be given next; none while one is with it. A drawer goes before
/// receipts: a customer waits for it, and it comes too late behind a roll of them.
pub(super) fn next(conn: &Connection) -> Result<Option<Job>> {
    if !sent(conn)?.is_empty() {
        return Ok(None);
    }
    for sql in [
        "SELECT * FROM job WHERE state = 0 AND kind = 1 ORDER BY id LIMIT 1",
        "SELECT * FROM job WHERE state IN (0, 3) AND kind <> 1 ORDER BY id LIMIT 1",
    ] {
        let found = conn.prepare_cached(sql)?.query_and_then([], job_of)?.next().transpose()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// One job.
pub(super) fn find(conn: &Connection, id: u64) -> Result<Option<Job>> {
    conn.prepare_cached("SELECT * FROM job WHERE id = ?1")?
        .query_and_then([id.cast_signed()], job_of)?
        .next()
        .transpose()
}

/// Jobs that were with the printer when the till stopped.
pub(super) fn sent(conn: &Connection) -> Result<Vec<Job>> {
    conn.prepare_cached("SELECT * FROM job WHERE state = 1 ORDER BY id")?
        .query_and_then([], job_of)?
        .collect()
}
