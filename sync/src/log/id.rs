//! Names in the log: the replica that writes, the kind of stream, a place in it.
//!
//! Where an identifier's random bytes come from is the caller's affair; what a stream's entries
//! say is [`crate::body`]'s.

use super::{parse_hex, write_hex};
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

/// One incarnation of a till or hub: the only writer of its streams. 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId(pub [u8; 16]);

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
#[repr(u16)]
pub enum StreamKind {
    /// Money and stock facts, kept for years.
    Journal = 1,
    /// Carts, customers, tasks; compacted.
    Workspace = 2,
}

impl StreamKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 2] = [Self::Journal, Self::Workspace];

    /// The kind's number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The kind with this number.
    ///
    /// # Errors
    /// [`IdError::Kind`] when there is none.
    pub fn from_number(number: i64) -> Result<Self, IdError> {
        Self::ALL
            .into_iter()
            .find(|kind| i64::from(kind.number()) == number)
            .ok_or(IdError::Kind(number))
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Workspace => "workspace",
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
        for (number, kind) in [(1, StreamKind::Journal), (2, StreamKind::Workspace)] {
            assert_eq!(StreamKind::from_number(number), Ok(kind));
            assert_eq!(i64::from(kind.number()), number);
        }
        for number in [-1, 0, 3, 65_537] {
            assert_eq!(StreamKind::from_number(number), Err(IdError::Kind(number)));
        }
    }
}
