//! The witness: a small file beside the database that remembers machine, boot and head, and the
//! decision whether the database is the one it saw.
//!
//! Reads and writes no file: the agent keeps it, written now and then and never on the way of a
//! sale, so it may lag behind. It is replaced whole (a new file, renamed) and may be synced off
//! that way. Peers' acknowledgements tell what it can't: database and witness restored together.

use crate::log::{Hash, ReplicaId};
use minicbor::{Decode, Encode};

/// The longest witness that is read, in bytes: today's is 116, and the fields of a newer version
/// have room.
pub const MAX_WITNESS_BYTES: usize = 512;

/// A machine, as its operating system names it for good. 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct MachineId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// One boot of a machine. 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct BootId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// Where the till runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// The machine.
    pub machine: MachineId,
    /// Its present boot.
    pub boot: BootId,
}

/// A place in a replica's journal chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Whose journal.
    pub replica: ReplicaId,
    /// The sequence, 0 at the beginning.
    pub seq: u64,
    /// The hash there, the genesis hash at the beginning.
    pub hash: Hash,
}

/// What was so when the witness was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// Where the till ran.
    pub at: Machine,
    /// A head of the journal that was committed before.
    pub head: Chain,
    /// The highest receipt series that was opened here, 0 when it is not known: a database that is
    /// put back a second time must not open the same one again.
    pub series: u32,
}

/// Why bytes are not a witness. The caller takes the witness as missing and says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Longer than any witness.
    #[error("the witness has {0} bytes, more than {MAX_WITNESS_BYTES}: it is damaged")]
    TooLong(usize),
    /// Not a witness's CBOR.
    #[error("the witness is damaged: {0}")]
    Malformed(String),
    /// Bytes follow the witness.
    #[error("the witness is damaged: {0} bytes follow it")]
    Trailing(usize),
}

/// The witness's fields as they are numbered: added to, never reused.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Fields {
    #[n(0)]
    machine: MachineId,
    #[n(1)]
    boot: BootId,
    #[cbor(n(2), with = "minicbor::bytes")]
    replica: [u8; 16],
    #[n(3)]
    seq: u64,
    #[cbor(n(4), with = "minicbor::bytes")]
    hash: [u8; 32],
    #[n(5)]
    series: Option<u32>,
}

impl Witness {
    /// As CBOR with numbered fields.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fields = Fields {
            machine: self.at.machine,
            boot: self.at.boot,
            replica: self.head.replica.0,
            seq: self.head.seq,
            hash: self.head.hash.0,
            series: (self.series > 0).then_some(self.series),
        };
        let mut bytes = Vec::with_capacity(128);
        let result: Result<(), minicbor::encode::Error<std::convert::Infallible>> =
            minicbor::encode(&fields, &mut bytes);
        result.expect("writing to a Vec cannot fail, and no field has an encoder that does");
        bytes
    }

    /// Reads [`Witness::encode`]'s bytes; fields of a newer version are skipped.
    ///
    /// # Errors
    /// When the bytes are too long, not a witness, or have something after it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WitnessError> {
        if bytes.len() > MAX_WITNESS_BYTES {
            return Err(WitnessError::TooLong(bytes.len()));
        }
        let mut decoder = minicbor::Decoder::new(bytes);
        let fields: Fields =
            decoder.decode().map_err(|error| WitnessError::Malformed(error.to_string()))?;
        if decoder.position() != bytes.len() {
            return Err(WitnessError::Trailing(bytes.len() - decoder.position()));
        }
        Ok(Self {
            at: Machine { machine: fields.machine, boot: fields.boot },
            head: Chain {
                replica: ReplicaId(fields.replica),
                seq: fields.seq,
                hash: Hash(fields.hash),
            },
            series: fields.series.unwrap_or(0),
        })
    }
}

/// What database and witness together say. All but the first two call for a new incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The database the witness saw, as it was or further on.
    Same,
    /// A new database with nothing in its journal, and no witness.
    FirstStart,
    /// The database is from before the witness, or its witness did not come with it.
    Restored {
        /// The head that the witness saw, `None` when there is no witness.
        witness: Option<Chain>,
        /// Where the database ends.
        head: Chain,
        /// Whether the machine has started anew since: then a disk that loses writes on a power
        /// cut is as likely as a restore. False without a witness.
        rebooted: bool,
    },
    /// The folder is on another machine than the witness was written on.
    Cloned {
        /// The machine the witness was written on.
        from: MachineId,
        /// The machine it is on now.
        to: MachineId,
    },
    /// The database has another entry where the witness saw one: it was restored and written on.
    Forked {
        /// The head that the witness saw.
        witness: Chain,
        /// The hash in this database at that place.
        here: Hash,
    },
}

/// Decides whether the database is the one that the witness saw, on the machine it saw it on.
///
/// `head` is the head of the present incarnation's journal. `chain_contains` gives the hash at a
/// replica's sequence in this database ([`super::hash_at`]), the genesis hash at 0, `None` when it
/// is not here; it is asked for the witness's own replica, which is an earlier one when the till
/// stopped between opening an incarnation and writing the witness.
pub fn judge(
    witness: Option<&Witness>,
    here: Machine,
    head: Chain,
    chain_contains: impl FnOnce(ReplicaId, u64) -> Option<Hash>,
) -> Verdict {
    let Some(&Witness { at, head: seen, .. }) = witness else {
        return if head.seq == 0 {
            Verdict::FirstStart
        } else {
            Verdict::Restored { witness: None, head, rebooted: false }
        };
    };
    if at.machine != here.machine {
        return Verdict::Cloned { from: at.machine, to: here.machine };
    }
    // Rows beyond the head are no part of the chain, whatever the table holds.
    let beyond = seen.replica == head.replica && seen.seq > head.seq;
    match Some(()).filter(|()| !beyond).and_then(|()| chain_contains(seen.replica, seen.seq)) {
        Some(hash) if hash == seen.hash => Verdict::Same,
        Some(hash) => Verdict::Forked { witness: seen, here: hash },
        None => Verdict::Restored { witness: Some(seen), head, rebooted: at.boot != here.boot },
    }
}

#[cfg(test)]
mod tests;
