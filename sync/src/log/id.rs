//! Names in the log: the replica that writes, the kind of stream, a place in it.
//!
//! Where an identifier's random bytes come from is the caller's affair; what a stream's entries
//! say is [`crate::body`]'s.

use super::{SealKey, parse_hex, write_hex};
use ring::digest;
use std::fmt;
use std::str::FromStr;

/// The last sequence a stream can reach. The store keeps a stream's small number and the sequence
/// in one 64-bit row id; 40 bits are a thousand entries a second for 34 years.
pub const MAX_SEQ: u64 = (1 << 40) - 1;

/// Why a text or number is not a name in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not 32 hex digits.
    #[error("`{0}` is not a replica's id (32 hexadecimal digits)")]
    Replica(String),
    /// No stream has this number.
    #[error("no stream kind has the number {0}: it was written by a newer version of Till")]
    Kind(i64),
}

/// What is hashed before a key to name its replicas, so that no hash of one purpose can pass for
/// another's.
const REPLICA_TAG: [u8; 16] = *b"till/replica/v1\0";

/// How much of an id follows from its key: nobody finds another key whose hash begins with the same
/// 80 bits. What is left tells a key's incarnations apart, of which there are some hundreds at most.
const BOUND_BYTES: usize = 10;

/// One incarnation of a till or hub: the only writer of its streams. Ten bytes are of its key's hash,
/// so that nobody else can claim it; six are random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId(pub [u8; 16]);

impl ReplicaId {
    /// An incarnation of whoever has the key; `random` is another for each.
    #[must_use]
    pub fn of(key: &SealKey, random: [u8; 6]) -> Self {
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(&REPLICA_TAG);
        hashed.update(&key.0);
        let hash = hashed.finish();
        let bytes = hash.as_ref().iter().take(BOUND_BYTES).chain(&random);
        let mut id = [0; 16];
        id.iter_mut().zip(bytes).for_each(|(byte, from)| *byte = *from);
        Self(id)
    }

    /// Whether it is an incarnation of the key's: ids of before they were bound are nobody's.
    #[must_use]
    pub fn is_of(&self, key: &SealKey) -> bool {
        let bound = Self::of(key, [0; 6]);
        self.0.iter().zip(bound.0).take(BOUND_BYTES).all(|(ours, theirs)| *ours == theirs)
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReplicaId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self).ok_or_else(|| IdError::Replica(text.chars().take(64).collect()))
    }
}

/// What a stream holds. The numbers are hashed and stored: they never change and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// A till's money and stock facts, kept for years.
    Journal,
    /// A till's part in the shop's carts; compacted, and never leaves the shop.
    Workspace,
    /// A till's part in the chain's customers; compacted.
    Customers,
    /// The hub's items.
    Catalogue,
    /// The hub's staff: names, roles, limits.
    Staff,
    /// The hub's settings.
    Settings,
    /// The hub's prices of one zone.
    Prices(Zone),
}

/// A price zone's number, given by the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(u16);

impl Zone {
    /// The highest number of a zone.
    pub const MAX: u16 = 0x0fff;

    /// The zone with this number, `None` above [`Zone::MAX`].
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number > Self::MAX { None } else { Some(Self(number)) }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// Kinds of prices are numbered from here on, zone by zone.
const PRICES: u16 = 0x1000;

impl StreamKind {
    /// The kind's number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Journal => 1,
            Self::Workspace => 2,
            Self::Customers => 3,
            Self::Catalogue => 4,
            Self::Staff => 5,
            Self::Settings => 6,
            Self::Prices(zone) => PRICES + zone.number(),
        }
    }

    /// The kind with this number.
    ///
    /// # Errors
    /// [`IdError::Kind`] when there is none.
    pub fn from_number(number: i64) -> Result<Self, IdError> {
        match number {
            1 => Ok(Self::Journal),
            2 => Ok(Self::Workspace),
            3 => Ok(Self::Customers),
            4 => Ok(Self::Catalogue),
            5 => Ok(Self::Staff),
            6 => Ok(Self::Settings),
            other => other
                .checked_sub(i64::from(PRICES))
                .and_then(|zone| u16::try_from(zone).ok())
                .and_then(Zone::new)
                .map(Self::Prices)
                .ok_or(IdError::Kind(number)),
        }
    }

    /// Whether a hub writes it; a till writes the others.
    #[must_use]
    pub const fn is_hubs(self) -> bool {
        match self {
            Self::Journal | Self::Workspace | Self::Customers => false,
            Self::Catalogue | Self::Staff | Self::Settings | Self::Prices(_) => true,
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Workspace => "workspace",
            Self::Customers => "customers",
            Self::Catalogue => "catalogue",
            Self::Staff => "staff",
            Self::Settings => "settings",
            Self::Prices(zone) => return write!(f, "prices of zone {}", zone.number()),
        })
    }
}

/// One stream among all: a replica's, of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Who writes it.
    pub replica: ReplicaId,
    /// What it holds.
    pub kind: StreamKind,
}

/// `journal of 00112233445566778899aabbccddeeff`
impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, self.replica)
    }
}

/// One entry among all: a stream and a sequence in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The stream.
    pub stream: StreamId,
    /// The sequence, from 1; 0 is the stream's beginning.
    pub seq: u64,
}

/// `entry 7 in the journal of 00112233445566778899aabbccddeeff`
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} in the {}", self.seq, self.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replica_ids_round_trip_as_hex() {
        let id = ReplicaId([
            0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
            0xff,
        ]);
        assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
        assert_eq!("00112233445566778899AABBccddeeff".parse(), Ok(id));
        let stream = StreamId { replica: id, kind: StreamKind::Journal };
        assert_eq!(
            Position { stream, seq: 7 }.to_string(),
            "entry 7 in the journal of 00112233445566778899aabbccddeeff"
        );
    }

    /// Appended to, never changed.
    #[test]
    fn golden_ids_of_keys() {
        for (key, random, expected) in [
            ([0; 32], [0; 6], "cda318c35291e6d8fe64000000000000"),
            ([7; 32], [1, 2, 3, 4, 5, 6], "534426b2bdf2f8bbbd44010203040506"),
        ] {
            assert_eq!(ReplicaId::of(&SealKey(key), random).to_string(), expected);
        }
    }

    #[test]
    fn an_id_is_its_keys_whatever_is_random_in_it() {
        let (key, other) = (SealKey([7; 32]), SealKey([8; 32]));
        for random in [[0; 6], [255; 6]] {
            let id = ReplicaId::of(&key, random);
            assert!(id.is_of(&key));
            assert!(!id.is_of(&other));
            for at in 0..16 {
                let mut changed = id;
                changed.0[at] ^= 1;
                assert_eq!(changed.is_of(&key), at >= BOUND_BYTES, "byte {at}");
            }
        }
    }

    #[test]
    fn refuses_other_texts() {
        for text in [
            "",
            "0011",
            "0x112233445566778899aabbccddeeff",
            "+0112233445566778899aabbccddeefff",
            "ééééééééééééééééé",
        ] {
            assert!(text.parse::<ReplicaId>().is_err(), "{text}");
        }
        let IdError::Replica(shown) = "x".repeat(10_000).parse::<ReplicaId>().unwrap_err() else {
            panic!()
        };
        assert_eq!(shown.len(), 64);
    }

    #[test]
    fn the_numbers_of_kinds_never_change() {
        for (number, kind) in [
            (1, StreamKind::Journal),
            (2, StreamKind::Workspace),
            (3, StreamKind::Customers),
            (4, StreamKind::Catalogue),
            (5, StreamKind::Staff),
            (6, StreamKind::Settings),
            (0x1000, StreamKind::Prices(Zone(0))),
            (0x1fff, StreamKind::Prices(Zone(Zone::MAX))),
        ] {
            assert_eq!(StreamKind::from_number(number), Ok(kind));
            assert_eq!(i64::from(kind.number()), number);
        }
        for number in [-1, 0, 7, 0xfff, 0x2000, 65_537, i64::MIN, i64::MAX] {
            assert_eq!(StreamKind::from_number(number), Err(IdError::Kind(number)));
        }
    }
}
