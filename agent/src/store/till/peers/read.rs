//! Receipts of the shop's other tills, as this one knows them.

use super::super::error::{Result, TillStoreError};
use super::super::read::ReceiptKind;
use commerce::fact::Fact;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use sync::log::Hash;
use sync::store::{peer_streams, read_one, streams};

/// A receipt of another till.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerReceipt {
    /// What it is.
    pub kind: ReceiptKind,
    /// When.
    pub at: Timestamp,
    /// What was paid, or paid back, in minor units.
    pub total: i64,
    stream: i64,
    seq: u64,
}

/// The receipt of another till with this number; `None` when it has not come here.
///
/// # Errors
/// When it cannot be read.
pub fn peer_receipt(
    conn: &Connection,
    till: u16,
    series: u32,
    number: u32,
) -> Result<Option<PeerReceipt>> {
    let row = conn
        .prepare_cached(
            "SELECT kind, at, total, stream, seq FROM peer_receipt
             WHERE till = ?1 AND series = ?2 AND number = ?3",
        )?
        .query_row((till, series, number), |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, i64>(4)?,
            ))
        })
        .optional()?;
    row.map(|(kind, at, total, stream, seq)| {
        let damaged = |what| TillStoreError::damaged("peer_receipt", what);
        Ok(PeerReceipt {
            kind: ReceiptKind::from_number(kind).ok_or_else(|| damaged("a kind"))?,
            at: Timestamp::from_millisecond(at).map_err(|_| damaged("an instant"))?,
            total,
            stream,
            seq: seq.cast_unsigned(),
        })
    })
    .transpose()
}

impl PeerReceipt {
    /// The fact it stands for, with its entry's hash, from this till's copy of the other's journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fact(&self, conn: &Connection) -> Result<(Fact, Hash)> {
        let missing = || TillStoreError::damaged("entry", format!("entry {} of a peer", self.seq));
        // One that a peer gave back stands in this till's own stream.
        let mut all = peer_streams(conn)?.into_iter().chain(streams(conn)?);
        let stream = all.find(|stream| stream.local() == self.stream).ok_or_else(missing)?;
        let stored = read_one(conn, &stream, self.seq)?.ok_or_else(missing)?;
        Ok((sync::body::decode(&stored.entry.body)?, stored.hash))
    }
}
