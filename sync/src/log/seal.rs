//! Seals: Ed25519 signatures over the head of a stream, which vouch for all before it, and over the
//! last entry that its writer has pruned, behind which the stream begins.
//!
//! Where the seed is kept is the agent's affair. Called by the store when it appends and verifies.

use super::{Hash, StreamId, parse_hex, write_hex};
use ring::rand::SecureRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// What is signed first, so that a seal can never be taken for a signature of another purpose.
const SEAL_TAG: [u8; 16] = *b"till/seal/v1\0\0\0\0";

/// The same for a checkpoint: every run is sealed over its last entry, and none of those is a place
/// where its writer has pruned.
const CHECKPOINT_TAG: [u8; 16] = *b"till/base/v1\0\0\0\0";

/// Tag, replica, kind, sequence, hash.
const MESSAGE_LEN: usize = 16 + 16 + 2 + 8 + 32;

/// What can go wrong with a key or a seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system gave no random bytes.
    #[error("the system's random generator failed: no key was made, try again")]
    NoRandomness,
    /// The seed gives no key.
    #[error("the seed of the journal's key is not usable: make a new key")]
    BadSeed,
    /// The seal is not this key's over this head.
    #[error("the seal over entry {seq} of the {stream} is not by the key {key}")]
    Mismatch {
        /// The stream.
        stream: StreamId,
        /// The sequence that the seal should cover.
        seq: u64,
        /// The key that should have made it.
        key: SealKey,
    },
    /// The seal is not one of this key's over a checkpoint.
    #[error("the seal over entry {seq} of the {stream} is no checkpoint of the key {key}")]
    NotACheckpoint {
        /// The stream.
        stream: StreamId,
        /// The last sequence that should be pruned.
        seq: u64,
        /// The key that should have made it.
        key: SealKey,
    },
    /// The text is not a public key.
    #[error("`{0}` is not a journal's public key (64 hexadecimal digits)")]
    NotAKey(String),
}

/// The 32 secret bytes that a sealing key is made from, wiped when dropped and never printed.
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes the bytes over; the caller wipes its own copy.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be written to the key's file and nowhere else.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

/// The secret key of a replica's log. Keeps the expanded key only, never the seed.
pub struct SealingKey {
    pair: Ed25519KeyPair,
    public: SealKey,
}

impl SealingKey {
    /// The key of a seed.
    ///
    /// # Errors
    /// [`SealError::BadSeed`] when the library refuses it.
    pub fn from_seed(seed: &Seed) -> Result<Self, SealError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed.0).map_err(|_| SealError::BadSeed)?;
        let bytes = pair.public_key().as_ref();
        let public = SealKey(bytes.try_into().map_err(|_| SealError::BadSeed)?);
        Ok(Self { pair, public })
    }

    /// A new key, and the seed to keep.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] when `rng` fails.
    pub fn generate(rng: &dyn SecureRandom) -> Result<(Self, Seed), SealError> {
        let mut seed = Seed([0; 32]);
        rng.fill(&mut seed.0).map_err(|_| SealError::NoRandomness)?;
        Ok((Self::from_seed(&seed)?, seed))
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> SealKey {
        self.public
    }

    /// Signs bytes of another purpose; they begin with a tag of their own.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }

    /// Seals a stream whose entry `seq` has the hash `head`.
    #[must_use]
    pub fn seal(&self, stream: StreamId, seq: u64, head: &Hash) -> Seal {
        Seal(self.sign(&message(SEAL_TAG, stream, seq, head)))
    }

    /// Seals that a stream is pruned up to the entry `seq`, which has the hash `hash`.
    #[must_use]
    pub fn checkpoint(&self, stream: StreamId, seq: u64, hash: &Hash) -> Seal {
        Seal(self.sign(&message(CHECKPOINT_TAG, stream, seq, hash)))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey(of {})", self.public)
    }
}

/// The public key that a replica's seals verify with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealKey(pub [u8; 32]);

impl SealKey {
    /// Checks that `seal` is this key's over `head` at `seq`.
    ///
    /// # Errors
    /// [`SealError::Mismatch`] when it is not.
    pub fn verify(
        &self,
        stream: StreamId,
        seq: u64,
        head: &Hash,
        seal: &Seal,
    ) -> Result<(), SealError> {
        if self.signed(&message(SEAL_TAG, stream, seq, head), &seal.0) {
            Ok(())
        } else {
            Err(SealError::Mismatch { stream, seq, key: *self })
        }
    }

    /// Checks that this key's holder has pruned a stream up to the entry `seq` of this hash.
    ///
    /// # Errors
    /// [`SealError::NotACheckpoint`] when it has not.
    pub fn verify_checkpoint(
        &self,
        stream: StreamId,
        seq: u64,
        hash: &Hash,
        seal: &Seal,
    ) -> Result<(), SealError> {
        if self.signed(&message(CHECKPOINT_TAG, stream, seq, hash), &seal.0) {
            Ok(())
        } else {
            Err(SealError::NotACheckpoint { stream, seq, key: *self })
        }
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SealKey {
    type Err = SealError;
    fn from_str(text: &str) -> Result<Self, SealError> {
        parse_hex(text)
            .map(Self)
            .ok_or_else(|| SealError::NotAKey(text.chars().take(128).collect()))
    }
}

/// A signature over a stream's head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal(pub [u8; 64]);

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The signed bytes: every part has a fixed length.
fn message(tag: [u8; 16], stream: StreamId, seq: u64, head: &Hash) -> [u8; MESSAGE_LEN] {
    let parts = tag
        .into_iter()
        .chain(stream.replica.0)
        .chain(stream.kind.number().to_be_bytes())
        .chain(seq.to_be_bytes())
        .chain(head.0);
    let mut message = [0; MESSAGE_LEN];
    message.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{ReplicaId, StreamKind};
    use proptest::prelude::*;

    fn key() -> SealingKey {
        SealingKey::from_seed(&Seed::new([42; 32])).unwrap()
    }

    fn stream() -> StreamId {
        StreamId { replica: ReplicaId(*b"replica-of-tests"), kind: StreamKind::Journal }
    }

    const HEAD: Hash = Hash([5; 32]);

    /// Appended to, never changed.
    #[test]
    fn golden() {
        let key = key();
        assert_eq!(
            key.public().to_string(),
            "197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61"
        );
        assert_eq!(
            key.seal(stream(), 3, &HEAD).to_string(),
            "2f761460ca3ed5b3008cbc62b4ad040a6df206a2aeff64da76b1d7837c5ed0df56650919024b16660b2ad53497d103e5a1f1e69205074e44c8ca41fcc6177002"
        );
        let mut signed = b"till/seal/v1\0\0\0\0replica-of-tests\0\x01\0\0\0\0\0\0\0\x03".to_vec();
        signed.extend([5; 32]);
        assert_eq!(message(SEAL_TAG, stream(), 3, &HEAD).to_vec(), signed);
        assert_eq!(
            key.checkpoint(stream(), 3, &HEAD).to_string(),
            "060efb9b6cad3734b3255d08f02a07fd6723deaa785e1443088dd1ef8436b8770cd40b341e37395c2235c20281d9049dd9dd42f1d1dd8f704001844f24f83f05"
        );
        signed[..16].copy_from_slice(b"till/base/v1\0\0\0\0");
        assert_eq!(message(CHECKPOINT_TAG, stream(), 3, &HEAD).to_vec(), signed);
    }

    #[test]
    fn no_seal_is_a_checkpoint_and_no_checkpoint_a_seal() {
        let (key, public) = (key(), key().public());
        let (seal, base) = (key.seal(stream(), 3, &HEAD), key.checkpoint(stream(), 3, &HEAD));
        assert_eq!(public.verify_checkpoint(stream(), 3, &HEAD, &base), Ok(()));
        for (what, seq, hash, seal) in [
            ("a run's seal", 3, HEAD, seal),
            ("sequence", 4, HEAD, base),
            ("hash", 3, Hash([6; 32]), base),
        ] {
            let refused = public.verify_checkpoint(stream(), seq, &hash, &seal);
            assert!(matches!(refused, Err(SealError::NotACheckpoint { .. })), "{what}");
        }
        assert!(public.verify(stream(), 3, &HEAD, &base).is_err());
    }

    #[test]
    fn covers_stream_sequence_head_and_key() {
        let seal = key().seal(stream(), 3, &HEAD);
        let public = key().public();
        assert_eq!(public.verify(stream(), 3, &HEAD, &seal), Ok(()));
        let other_replica = StreamId { replica: ReplicaId([0; 16]), ..stream() };
        let other_kind = StreamId { kind: StreamKind::Workspace, ..stream() };
        let other_key = SealingKey::from_seed(&Seed::new([43; 32])).unwrap().public();
        for (what, result) in [
            ("replica", public.verify(other_replica, 3, &HEAD, &seal)),
            ("kind", public.verify(other_kind, 3, &HEAD, &seal)),
            ("sequence", public.verify(stream(), 4, &HEAD, &seal)),
            ("head", public.verify(stream(), 3, &Hash([6; 32]), &seal)),
            ("key", other_key.verify(stream(), 3, &HEAD, &seal)),
            ("zero key", SealKey([0; 32]).verify(stream(), 3, &HEAD, &seal)),
        ] {
            assert!(matches!(result, Err(SealError::Mismatch { .. })), "{what}");
        }
    }

    #[test]
    fn secrets_are_never_printed() {
        let (key, seed) = SealingKey::generate(&ring::rand::SystemRandom::new()).unwrap();
        assert_eq!(format!("{seed:?}"), "Seed(hidden)");
        assert_eq!(format!("{key:?}"), format!("SealingKey(of {})", key.public()));
        assert_eq!(SealingKey::from_seed(&seed).unwrap().public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert!(matches!("abc".parse::<SealKey>(), Err(SealError::NotAKey(_))));
    }

    proptest! {
        #[test]
        fn any_changed_bit_breaks_a_seal(byte in 0_usize..64, bit in 0_u32..8) {
            let mut seal = key().seal(stream(), 1, &HEAD);
            seal.0[byte] ^= 1 << bit;
            prop_assert!(key().public().verify(stream(), 1, &HEAD, &seal).is_err());
        }
    }
}
