//! What the merge's tests share: a catalogue in memory, hubs that write streams, prices read back.

use super::{PRICES_SCHEMA, Standing, apply};
use crate::bulk::{
    Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn, encode, push_digest,
};
use crate::clock::Hlc;
use crate::log::{Entry, Hash, ReplicaId, StreamId, StreamKind, Zone, entry_hash};
use commerce::price::{Layer, PriceRow, resolve};
use commerce::{Currency, UnitPrice};
use jiff::Timestamp;
use rusqlite::Connection;
use std::num::NonZeroU32;

/// The table `price`, which a catalogue defines itself.
const PRICE_SCHEMA: &str = include_str!("price.sql");

pub(super) fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

pub(super) fn zone() -> Zone {
    Zone::new(3).unwrap()
}

pub(super) fn catalogue() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(PRICE_SCHEMA).unwrap();
    db.execute_batch(PRICES_SCHEMA).unwrap();
    db
}

/// The same in a file, as durable as a till's.
pub(super) fn catalogue_at(file: &std::path::Path) -> Connection {
    let db = Connection::open(file).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    db.execute_batch(PRICE_SCHEMA).unwrap();
    db.execute_batch(PRICES_SCHEMA).unwrap();
    db
}

/// An incarnation of the hub that writes one stream.
pub(super) struct Hub {
    pub stream: StreamId,
    prev: Hash,
    seq: u64,
    clock: u64,
}

impl Hub {
    pub(super) fn new(name: u8) -> Self {
        let stream = StreamId { replica: ReplicaId([name; 16]), kind: StreamKind::Prices(zone()) };
        Self { stream, prev: Hash([name; 32]), seq: 0, clock: 0 }
    }

    /// Writes an entry, `later` ticks of the clock after the one before.
    pub(super) fn write(&mut self, later: u64, bulk: &Bulk) -> Entry {
        self.seq += 1;
        self.clock += later.max(1);
        let clock = Hlc::from_number(self.clock).unwrap();
        let entry = Entry { seq: self.seq, clock, prev: self.prev, body: encode(bulk).unwrap() };
        self.prev = entry_hash(self.stream, &entry);
        entry
    }

    /// Writes a whole push: its chunks, then its manifest.
    pub(super) fn push(
        &mut self,
        push: u64,
        starts_ms: i64,
        chunks: Vec<PriceChunk>,
    ) -> Vec<Entry> {
        let changes = chunks.iter().map(|chunk| chunk.rows.len() as u64).sum();
        let count = u32::try_from(chunks.len()).unwrap();
        let chunks = chunks.into_iter().map(|chunk| Bulk::Prices(PriceChunk { push, ..chunk }));
        let mut entries: Vec<_> = chunks.map(|chunk| self.write(1, &chunk)).collect();
        let digest = push_digest(entries.iter().map(|entry| entry_hash(self.stream, entry)));
        let name = format!("push {push}");
        let (zone, chunks) = (zone(), count);
        let manifest = PushManifest { push, name, zone, chunks, changes, digest, starts_ms };
        entries.push(self.write(1, &Bulk::Manifest(manifest)));
        entries
    }

    pub(super) fn withdraw(&mut self, push: u64) -> Entry {
        self.write(1, &Bulk::Withdrawn(PushWithdrawn { push, replica: None }))
    }
}

/// A chunk of headquarters' prices from `starts_ms` on: items with their amounts.
pub(super) fn chunk(starts_ms: i64, prices: &[(u32, Option<i64>)]) -> PriceChunk {
    let row = |(item, amount)| PriceChange { item, amount, scale: 2, per: 1 };
    let rows = prices.iter().copied().map(row).collect();
    let (layer, currency) = (Layer::Headquarters, eur());
    PriceChunk { push: 0, layer, starts_ms, ends_ms: None, currency, rows }
}

/// Applies one entry in a transaction of its own.
pub(super) fn receive(db: &mut Connection, stream: StreamId, entry: &Entry) -> super::Applied {
    let tx = db.transaction().unwrap();
    let applied = apply(&tx, stream, entry).unwrap();
    tx.commit().unwrap();
    applied
}

/// The amount that an item sells at, as a look-up finds it.
pub(super) fn price(db: &Connection, standing: &Standing, item: u32, at_ms: i64) -> Option<i64> {
    let mut statement = db
        .prepare_cached(
            "SELECT layer, batch, starts, ends, amount, scale, per_quantity FROM price
             WHERE item = ?1",
        )
        .unwrap();
    let instant = |ms| Timestamp::from_millisecond(ms).unwrap();
    let rows = statement.query_map([item], |row| {
        let (amount, per): (Option<i64>, u32) = (row.get(4)?, row.get(6)?);
        let (scale, per) = (row.get(5)?, NonZeroU32::new(per).unwrap());
        let layer = match row.get(0)? {
            0 => Layer::Headquarters,
            1 => Layer::Zone,
            _ => Layer::Store,
        };
        Ok(PriceRow {
            layer,
            batch: row.get::<_, i64>(1)?.cast_unsigned(),
            starts: instant(row.get(2)?),
            ends: row.get::<_, Option<i64>>(3)?.map(instant),
            price: amount.map(|amount| UnitPrice::new(amount, scale, per, eur()).unwrap()),
        })
    });
    let mut rows = rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    standing.keep_last_writers(&mut rows);
    resolve(&rows, instant(at_ms)).map(|resolved| resolved.price.amount())
}
