//! A hub that pushes a tenth of a chain's prices at a time, as the frames that reach a till.

use crate::goods::{Dice, ITEMS};
use agent::store::catalogue::Downstream;
use agent::store::catalogue::downstream::Word;
use anyhow::{Result, bail, ensure};
use commerce::Currency;
use commerce::price::Layer;
use jiff::Timestamp;
use std::sync::Arc;
use sync::batch::Batch;
use sync::bulk::{Bulk, PriceChange, PriceChunk, PushManifest, encode, push_digest};
use sync::clock::Hlc;
use sync::log::{
    Entry, Hash, ReplicaId, SealingKey, Seed, StreamId, StreamKind, Zone, entry_hash, genesis_hash,
};
use sync::session::Outcome;
use sync::trust::{Statement, Trust, issue};
use sync::wire::{Envelope, Frame, codec};

/// Price changes of one push.
pub const CHANGES: u64 = 100_000;
/// One of so many neighbouring items changes.
const STEP: u64 = ITEMS / CHANGES;
const ZONE: u16 = 3;

/// The hub, its log as far as the next entry needs it.
pub struct Hub {
    key: SealingKey,
    stream: StreamId,
    zone: Zone,
    prev: Hash,
    seq: u64,
    clock_ms: u64,
    dice: Dice,
    trust: Arc<Trust>,
}

/// A push: its rows sorted by item, and its frames, the manifest's last.
pub struct Push {
    pub starts_ms: i64,
    pub chunks: Vec<PriceChunk>,
    pub frames: Vec<Vec<u8>>,
}

impl Hub {
    pub fn new() -> Result<Self> {
        let key = SealingKey::from_seed(&Seed::new([9; 32]))?;
        let Some(zone) = Zone::new(ZONE) else { bail!("no zone {ZONE}") };
        let stream = StreamId {
            replica: ReplicaId::of(&key.public(), [9; 6]),
            kind: StreamKind::Prices(zone),
        };
        let root = SealingKey::from_seed(&Seed::new([200; 32]))?;
        let mut trust = Trust::new(Some(root.public()));
        let (replica, opened) = (stream.replica, Hlc::default());
        trust.admit(&issue(&Statement::Hub { key: key.public(), serial: 1 }, &root)?)?;
        trust.admit(&issue(&Statement::Incarnation { replica, opened }, &key)?)?;
        let prev = genesis_hash(stream, &key.public());
        let (dice, trust) = (Dice::new(21), Arc::new(trust));
        Ok(Self { key, stream, zone, prev, seq: 0, clock_ms: 1_700_000_000_000, dice, trust })
    }

    /// A push of a tenth of all items, any of ten neighbours each, that counts at `starts_ms`.
    pub fn push(&mut self, starts_ms: i64) -> Result<Push> {
        let push = self.seq + 1;
        let mut rows = Vec::new();
        for nth in 0..CHANGES {
            let item = u32::try_from(nth * STEP + self.dice.below(STEP) + 1)?;
            let amount = Some(10 + i64::try_from(self.dice.below(9_990))?);
            rows.push(PriceChange { item, amount, scale: 2, per: 1 });
        }
        let (layer, currency) = (Layer::Headquarters, Currency::parse("EUR")?);
        let whole = PriceChunk { push, layer, starts_ms, ends_ms: None, currency, rows };
        let chunks = whole.cut()?;
        let (mut frames, mut hashes) = (Vec::new(), Vec::new());
        for chunk in &chunks {
            frames.push(self.write(&Bulk::Prices(chunk.clone()))?);
            hashes.push(self.prev);
        }
        let (name, zone, changes) = (format!("push {push}"), self.zone, CHANGES);
        let (count, digest) = (u32::try_from(chunks.len())?, push_digest(hashes));
        let manifest = PushManifest { push, name, zone, chunks: count, changes, digest, starts_ms };
        frames.push(self.write(&Bulk::Manifest(manifest))?);
        Ok(Push { starts_ms, chunks, frames })
    }

    /// The frame of one entry, sealed.
    fn write(&mut self, bulk: &Bulk) -> Result<Vec<u8>> {
        self.seq += 1;
        self.clock_ms += 1;
        let (clock, prev) = (Hlc::from_ms(self.clock_ms), self.prev);
        let entry = Entry { seq: self.seq, clock, prev, body: encode(bulk)? };
        self.prev = entry_hash(self.stream, &entry);
        let seal = self.key.seal(self.stream, self.seq, &self.prev);
        let run = Batch { stream: self.stream, entries: vec![entry], seal };
        Ok(codec::encode(&Envelope { from: self.stream.replica, frame: Frame::Run(run) })?)
    }

    /// What seals its snapshots.
    pub const fn key(&self) -> &SealingKey {
        &self.key
    }

    /// Whose keys count, for the till.
    pub fn trust(&self) -> Arc<Trust> {
        Arc::clone(&self.trust)
    }
}

/// What a till does with a frame of the hub's: decompressed, verified, merged, durable.
pub fn deliver(
    downstream: &mut Downstream,
    now: Timestamp,
    trust: &Arc<Trust>,
    frame: &[u8],
) -> Result<()> {
    let Frame::Run(run) = codec::decode(frame)?.frame else { bail!("the hub sent no run") };
    let word = Word::Run { sender: "the hub".to_owned(), run, trust: Arc::clone(trust) };
    let delivered = downstream.hear(now, word)?;
    let kept = matches!(delivered.outcome, Some(Outcome::Appended(_)));
    ensure!(kept && delivered.suspicions.is_empty(), "a frame came to {delivered:?}");
    Ok(())
}
