//! A hub for tests: an incarnation that writes one zone's prices, its log in memory.

use crate::store::Connection;
use commerce::Currency;
use commerce::price::Layer;
use sync::batch::Batch;
use sync::bulk::{Bulk, PriceChange, PriceChunk, PushManifest, PushWithdrawn, encode, push_digest};
use sync::clock::Hlc;
use sync::log::{ReplicaId, SealingKey, Seed, StreamKind, Zone};
use sync::session::Books;
use sync::settings::{Scope, Setting, Value};
use sync::store::{
    Appended, LogBooks, SCHEMA, SCHEMA_2, Stream, append, declare_replica, open_stream,
};
use sync::trust::{Statement, issue};

/// The chain's root.
pub(crate) fn root() -> SealingKey {
    SealingKey::from_seed(&Seed::new([200; 32])).unwrap()
}

/// The zone whose prices it writes.
pub(crate) const ZONE: Zone = Zone::new(3).unwrap();

pub(crate) struct Hub {
    pub log: Connection,
    pub key: SealingKey,
    pub stream: Stream,
    /// What its clock says.
    pub ms: u64,
    pushes: u64,
}

impl Hub {
    pub fn new(name: u8, ms: u64) -> Self {
        let key = SealingKey::from_seed(&Seed::new([name; 32])).unwrap();
        let mut log = Connection::open_in_memory().unwrap();
        log.execute_batch(SCHEMA).unwrap();
        log.execute_batch(SCHEMA_2).unwrap();
        let replica = ReplicaId::of(&key.public(), [name; 6]);
        let tx = log.transaction().unwrap();
        declare_replica(&tx, replica, &key.public(), Hlc::from_ms(ms)).unwrap();
        let kind = StreamKind::Prices(ZONE);
        let stream = open_stream(&tx, replica, kind).unwrap();
        tx.commit().unwrap();
        Self { log, key, stream, ms, pushes: 0 }
    }

    /// The papers that make it a hub of the chain.
    pub fn papers(&self) -> Vec<Vec<u8>> {
        let hub = Statement::Hub { key: self.key.public(), serial: 1 };
        let opened = sync::store::last_clock(&self.log, self.stream.id().replica).unwrap();
        let replica = self.stream.id().replica;
        let incarnation = Statement::Incarnation { replica, opened: opened.unwrap_or_default() };
        vec![issue(&hub, &root()).unwrap(), issue(&incarnation, &self.key).unwrap()]
    }

    /// Writes an entry with any body.
    pub fn write_body(&mut self, body: &[u8]) -> Appended {
        self.ms += 1;
        let tx = self.log.transaction().unwrap();
        let clock = Hlc::from_ms(self.ms);
        let appended = append(&tx, &self.stream, clock, body, &self.key).unwrap();
        tx.commit().unwrap();
        appended
    }

    fn write(&mut self, bulk: &Bulk) -> Appended {
        self.write_body(&encode(bulk).unwrap())
    }

    /// Writes a whole push: its chunks, then its manifest. Gives its number.
    pub fn push(&mut self, starts_ms: i64, chunks: Vec<PriceChunk>) -> u64 {
        self.pushes += 1;
        let push = self.pushes;
        let changes = chunks.iter().map(|chunk| chunk.rows.len() as u64).sum();
        let count = u32::try_from(chunks.len()).unwrap();
        let written =
            chunks.into_iter().map(|chunk| self.write(&Bulk::Prices(PriceChunk { push, ..chunk })));
        let digest = push_digest(written.map(|appended| appended.hash).collect::<Vec<_>>());
        let (name, zone, chunks) = (format!("push {push}"), Zone::new(3).unwrap(), count);
        let manifest = PushManifest { push, name, zone, chunks, changes, digest, starts_ms };
        self.write(&Bulk::Manifest(manifest));
        push
    }

    pub fn withdraw(&mut self, push: u64) {
        self.write(&Bulk::Withdrawn(PushWithdrawn { push, replica: None }));
    }

    /// Writes an entry of its settings stream, and gives it as a run.
    pub fn set_body(&mut self, body: &[u8]) -> Batch {
        self.ms += 1;
        let tx = self.log.transaction().unwrap();
        let replica = self.stream.id().replica;
        let stream = open_stream(&tx, replica, StreamKind::Settings).unwrap();
        let clock = Hlc::from_ms(self.ms);
        let seq = append(&tx, &stream, clock, body, &self.key).unwrap().seq;
        tx.commit().unwrap();
        let mut books = LogBooks::new(&self.log, Some(&self.key));
        books.run(stream.id(), seq, seq, sync::session::RUN_BYTES).unwrap().unwrap()
    }

    /// Sets something.
    pub fn set(&mut self, scope: Scope, key: &str, value: Option<Value>) -> Batch {
        let setting = Setting { scope, key: key.to_owned(), value };
        self.set_body(&sync::settings::encode(&[setting]).unwrap())
    }

    /// Its entries from `from` on, each a run of its own.
    pub fn runs(&self, from: u64) -> Vec<Batch> {
        let id = self.stream.id();
        let mut books = LogBooks::new(&self.log, Some(&self.key));
        (from..)
            .map_while(|seq| books.run(id, seq, seq, sync::session::RUN_BYTES).unwrap())
            .collect()
    }
}

/// A chunk of prices in euros from `starts_ms` on: items with their amounts.
pub(crate) fn chunk(layer: Layer, starts_ms: i64, prices: &[(u32, Option<i64>)]) -> PriceChunk {
    let row = |(item, amount)| PriceChange { item, amount, scale: 2, per: 1 };
    let (rows, currency) = (prices.iter().copied().map(row).collect(), eur());
    PriceChunk { push: 0, layer, starts_ms, ends_ms: None, currency, rows }
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}
