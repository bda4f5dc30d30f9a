//! A catalogue built of a snapshot's pages: decoded on one thread, written on another.

use super::stage::StageError;
use super::tables::{TABLES, Table, bind};
use super::{CATALOGUE_SCHEMA, CATALOGUE_VERSION};
use crate::snapshot::PageMark;
use crate::snapshot::column::{Column, Stored};
use crate::snapshot::page::{Page, PageError};
use ring::digest;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, Transaction};
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Pages decoded ahead of the one that is written: some megabytes.
const AHEAD: usize = 4;

/// The page cache in KiB while rows are written: indexes that are not written in their order fit.
const CACHE_KIB: i64 = 48 * 1024;

/// Rows written by one statement: beginning one costs as much as a row.
const ROWS_AT_ONCE: usize = 16;

/// The index that a catalogue built of pages comes without, for it takes a fifth of the time and no
/// scan looks into it: from an item to its codes, which without it are found by reading all codes.
const WITHOUT_INDEX: &str = "DROP INDEX barcode_item";

/// Makes the index that a catalogue built of pages comes without; where it is, nothing happens. As long
/// as it may be missing there is a row in `indexing`: whoever takes items from there calls this first,
/// and whoever imports, for an import asks for the codes of each item.
///
/// # Errors
/// When SQLite fails.
pub fn complete(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("CREATE INDEX IF NOT EXISTS barcode_item ON barcode(item)")
}

/// A page that was verified and decoded: its number, its length after decompression, its rows.
type Decoded = Result<(usize, usize, Page), StageError>;

/// Builds the new database `into` of the pages that `content` has one behind the other. They are
/// `plain` bytes after decompression.
pub(super) fn build(
    content: impl Read,
    pages: &[PageMark],
    plain: u64,
    into: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StageError> {
    let mut connection = begin(into)?;
    let tx = connection.transaction()?;
    std::thread::scope(|scope| {
        // Both ends on this side go with the closure, so that a refusal ends the other thread too.
        let (raw, to_decode) = sync_channel(AHEAD);
        let (decoded, writing) = sync_channel(AHEAD);
        scope.spawn(move || decode(&to_decode, &decoded));
        let mut feed = Feed { content, pages: pages.iter().enumerate(), raw: Some(raw) };
        write(&tx, &writing, &mut || feed.next(), (pages.len(), plain), progress)
    })?;
    tx.execute("INSERT INTO indexing(one, next) VALUES(1, 1)", [])?;
    tx.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// A new database with the tables; a crash loses it whole, so it is never synced before the end.
fn begin(into: &Path) -> Result<Connection, StageError> {
    let connection = Connection::open(into)?;
    connection.execute_batch(
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
         PRAGMA temp_store=MEMORY; PRAGMA threads=1;",
    )?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    for step in CATALOGUE_SCHEMA {
        connection.execute_batch(step)?;
    }
    connection.execute_batch(WITHOUT_INDEX)?;
    connection.pragma_update(None, "user_version", CATALOGUE_VERSION)?;
    Ok(connection)
}

/// A page's bytes as they were read, with what vouches for them.
type Raw = (usize, PageMark, Vec<u8>);

/// Reads pages and hands them to the thread that decodes.
struct Feed<'p, R> {
    content: R,
    pages: std::iter::Enumerate<std::slice::Iter<'p, PageMark>>,
    raw: Option<SyncSender<Raw>>,
}

impl<R: Read> Feed<'_, R> {
    /// Hands the next page over, if there is one.
    fn next(&mut self) -> Result<(), StageError> {
        let (Some((number, page)), Some(raw)) = (self.pages.next(), &self.raw) else {
            self.raw = None;
            return Ok(());
        };
        let mut bytes = vec![0; usize::try_from(page.bytes).unwrap_or(usize::MAX)];
        self.content.read_exact(&mut bytes).map_err(StageError::Content)?;
        // When nobody decodes any more, whoever writes knows why.
        raw.send((number, *page, bytes)).ok();
        Ok(())
    }
}

fn decode(raw: &Receiver<Raw>, to: &SyncSender<Decoded>) {
    for (number, mark, bytes) in raw {
        let decoded = if digest::digest(&digest::SHA256, &bytes).as_ref() == &mark.hash.0[..] {
            let page = Page::decode(&bytes);
            page.map(|(plain, page)| (number, plain, page))
                .map_err(|source| StageError::Page { number, source })
        } else {
            Err(StageError::Changed)
        };
        if to.send(decoded).is_err() {
            return;
        }
    }
}

/// Writes pages as they come, each table's rows in one piece; keeps some pages ahead of itself.
fn write(
    tx: &Transaction<'_>,
    decoded: &Receiver<Decoded>,
    feed: &mut dyn FnMut() -> Result<(), StageError>,
    (count, plain): (usize, u64),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StageError> {
    for _ in 0..AHEAD {
        feed()?;
    }
    let (mut done, mut table, mut next_row) = (0_u64, 0_u16, 0_u64);
    for _ in 0..count {
        let Ok(page) = decoded.recv() else { break };
        let (number, bytes, page) = page?;
        feed()?;
        let at = |why: String| {
            let source = PageError::Value { what: "the rows of the page", why };
            StageError::Page { number, source }
        };
        if page.table > table {
            (table, next_row) = (page.table, 0);
        }
        if page.table < table || page.first != next_row {
            let why = format!("row {} of table {} does not come next", page.first, page.table);
            return Err(at(why));
        }
        let known = TABLES.get(usize::from(table));
        let known = known.ok_or_else(|| at(format!("no table {table}")))?;
        insert(tx, known, &page).map_err(|error| match error {
            Insert::Sql(error) => at(error.to_string()),
            Insert::Columns => at(format!("{} columns", page.columns.len())),
        })?;
        next_row += page.rows() as u64;
        done += bytes as u64;
        progress(done, plain);
    }
    if done == plain { Ok(()) } else { Err(StageError::Length { said: plain }) }
}

/// Why a page's rows can't be written.
enum Insert {
    Sql(rusqlite::Error),
    Columns,
}

impl From<rusqlite::Error> for Insert {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

fn insert(tx: &Transaction<'_>, table: &Table, page: &Page) -> Result<(), Insert> {
    let shared: Vec<bool> = page.columns.iter().map(Column::is_constant).collect();
    let (once, varying): (Vec<&Column>, Vec<&Column>) =
        page.columns.iter().partition(|column| column.is_constant());
    let mut row = 0;
    for at_once in [ROWS_AT_ONCE, 1] {
        let sql = table.insert_rows(&shared, at_once).ok_or(Insert::Columns)?;
        let mut insert = tx.prepare_cached(&sql)?;
        for (at, column) in once.iter().enumerate() {
            bind_value(&mut insert, at, column.get(0))?;
        }
        while row + at_once <= page.rows() {
            let mut at = once.len();
            for row in row..row + at_once {
                for column in &varying {
                    bind_value(&mut insert, at, column.get(row))?;
                    at += 1;
                }
            }
            insert.raw_execute()?;
            row += at_once;
        }
    }
    Ok(())
}

fn bind_value(insert: &mut Statement<'_>, at: usize, value: Stored<'_>) -> rusqlite::Result<()> {
    let value = match value {
        Stored::Null => ValueRef::Null,
        Stored::Integer(number) => ValueRef::Integer(number),
        Stored::Text(text) => ValueRef::Text(text),
        Stored::Bytes(bytes) => ValueRef::Blob(bytes),
    };
    bind(insert, at, ToSqlOutput::Borrowed(value))
}
