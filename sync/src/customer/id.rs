//! Names: of the fields that every customer has, and of a note.

use crate::log::ReplicaId;
use std::fmt;
use std::str::FromStr;

/// A field that a customer has one text in. A number that this version has no name for is a newer
/// one's field; it merges like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(pub u8);

impl Field {
    /// What the customer is called.
    pub const NAME: Self = Self(1);
    /// Where they get mail.
    pub const EMAIL: Self = Self(2);
    /// Where they are called.
    pub const PHONE: Self = Self(3);
    /// The number of their loyalty card.
    pub const LOYALTY: Self = Self(4);
    /// The language they are written to in, as a BCP 47 tag.
    pub const LANGUAGE: Self = Self(5);
}

/// A note: where it was first written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId {
    /// By whom.
    pub replica: ReplicaId,
    /// The counter of its dot.
    pub counter: u64,
}

/// `00112233445566778899aabbccddeeff-4096`
impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.replica, self.counter)
    }
}

impl FromStr for NoteId {
    type Err = NoteIdError;
    fn from_str(text: &str) -> Result<Self, NoteIdError> {
        let parsed = text.split_once('-').and_then(|(replica, counter)| {
            // Only the one form that is written: no sign, no zeros in front.
            let counter = counter.parse().ok().filter(|number: &u64| number.to_string() == counter);
            Some(Self { replica: replica.parse().ok()?, counter: counter? })
        });
        parsed.ok_or_else(|| NoteIdError(text.chars().take(64).collect()))
    }
}

/// Why a text is no note's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a note's id (a replica's 32 hexadecimal digits, a hyphen, a number)")]
pub struct NoteIdError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_as_text() {
        let note = NoteId { replica: ReplicaId([7; 16]), counter: 4_097 };
        assert_eq!(note.to_string(), "07070707070707070707070707070707-4097");
        assert_eq!(note.to_string().parse(), Ok(note));
    }

    #[test]
    fn refuses_other_texts() {
        let hex = "07070707070707070707070707070707";
        for text in [hex, &format!("{hex}-"), &format!("{hex}-+1"), &format!("{hex}-01"), "-1"] {
            let error = text.parse::<NoteId>().unwrap_err().to_string();
            assert!(error.contains("not a note's id"), "{text}: {error}");
        }
    }
}
