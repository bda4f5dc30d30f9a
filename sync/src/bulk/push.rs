//! What stands beside a push's chunks: the manifest that completes it, and its withdrawal.

use super::BulkError;
use super::prices::{MAX_CHUNK_ROWS, instant};
use crate::body::MAX_TEXT_BYTES;
use crate::cbor::Reader;
use crate::log::{Hash, ReplicaId, Zone};
use minicbor::Encoder;
use ring::digest;

/// The most chunks of one push: of some 40,000 rows each, far more than any chain has prices.
pub const MAX_PUSH_CHUNKS: u32 = 4_096;

/// What is hashed first, so that no hash of another purpose can pass for a push's digest.
const PUSH_TAG: [u8; 16] = *b"till/push/v1\0\0\0\0";

/// All there is to a push: once its chunks are here and agree, it counts from its instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushManifest {
    /// The push, numbered by the hub.
    pub push: u64,
    /// What headquarters calls it.
    pub name: String,
    /// The zone whose stream it stands in.
    pub zone: Zone,
    /// How many chunks it has.
    pub chunks: u32,
    /// How many changes they hold together.
    pub changes: u64,
    /// The [`push_digest`] of its chunks' entries.
    pub digest: Hash,
    /// The instant at which it becomes active, in milliseconds since 1970.
    pub starts_ms: i64,
}

/// A push that counts no longer, wherever and whenever its chunks arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushWithdrawn {
    /// The push.
    pub push: u64,
    /// The hub's incarnation that wrote it, where that is not the one that withdraws it.
    pub replica: Option<ReplicaId>,
}

/// The digest over the hashes of a push's chunk entries, in the order of their sequence.
#[must_use]
pub fn push_digest(hashes: impl IntoIterator<Item = Hash>) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&PUSH_TAG);
    hashes.into_iter().for_each(|hash| context.update(&hash.0));
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

impl PushManifest {
    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), BulkError> {
        self.check()?;
        to.array(7)?.u64(self.push)?.str(&self.name)?.u16(self.zone.number())?;
        to.u32(self.chunks)?.u64(self.changes)?.bytes(&self.digest.0)?.i64(self.starts_ms)?;
        Ok(())
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, BulkError> {
        from.open("a push's manifest", 7)?;
        let push = from.u64("a manifest's push")?;
        let name = from.text("a push's name")?.to_owned();
        let zone = from.u16("a push's zone")?;
        let zone = Zone::new(zone).ok_or_else(|| BulkError::value("a push's zone", zone))?;
        let manifest = Self {
            push,
            name,
            zone,
            chunks: from.u32("a push's number of chunks")?,
            changes: from.u64("a push's number of changes")?,
            digest: Hash(from.array("a push's digest")?),
            starts_ms: from.i64("a push's instant")?,
        };
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), BulkError> {
        instant("a push's instant", self.starts_ms)?;
        if self.name.len() > MAX_TEXT_BYTES {
            let why = format!("{} bytes where at most {MAX_TEXT_BYTES} are taken", self.name.len());
            return Err(BulkError::value("a push's name", why));
        }
        if self.chunks == 0 || self.chunks > MAX_PUSH_CHUNKS {
            let why = format!("{} does not lie between 1 and {MAX_PUSH_CHUNKS}", self.chunks);
            return Err(BulkError::value("a push's number of chunks", why));
        }
        let least = u64::from(self.chunks);
        let most = least.saturating_mul(MAX_CHUNK_ROWS as u64);
        if !(least..=most).contains(&self.changes) {
            let why = format!("{} does not lie between {least} and {most}", self.changes);
            return Err(BulkError::value("a push's number of changes", why));
        }
        Ok(())
    }
}

impl PushWithdrawn {
    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), BulkError> {
        to.array(2)?.u64(self.push)?;
        match self.replica {
            Some(replica) => to.bytes(&replica.0)?,
            None => to.null()?,
        };
        Ok(())
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, BulkError> {
        from.open("a push's withdrawal", 2)?;
        let push = from.u64("a withdrawn push")?;
        let what = "the replica of a withdrawn push";
        let replica = from.maybe(what, |from| from.array(what))?.map(ReplicaId);
        Ok(Self { push, replica })
    }
}
