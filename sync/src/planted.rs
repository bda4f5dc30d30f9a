//! Deliberate faults: mistakes that an engine like this one could have, so that the simulation can
//! prove that it sees them (`make sim-planted`).
//!
//! Only the feature `simulated` compiles them in, and only in builds with debug assertions. Without
//! it [`is`] is a constant `false`, and nothing of this is left in the program. Each stands at one
//! place, beside the line that is right.

#[cfg(all(feature = "simulated", not(debug_assertions)))]
compile_error!("the feature `simulated` can plant faults: it is for the simulation only");

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// What was handed to a link counts as kept by the peer: trimming on PUBACK.
    DeliveredIsKept,
    /// Entries are appended though some before them are missing.
    NoGapGate,
    /// A run is believed without its seal.
    SealUnchecked,
    /// A run is marked as durable before it is.
    MarkBeforeCommit,
    /// A till whose own stream is further elsewhere goes on writing it.
    OwnAheadIgnored,
    /// What the other branch of a forked stream moved is kept, and moves nothing.
    OrphansNotFolded,
    /// A revoked key's entries go on counting.
    RevokedCounts,
    /// A database that is new does not step past the receipt series of the one before.
    SeriesForgotten,
    /// Of a run that overlaps, what was known is folded again.
    FoldedTwice,
    /// A count of stock that comes late forgets what was sold since.
    LateCountForgets,
    /// Of two claims of one term the one whose stream came here first counts: a tie is broken by a value
    /// that each till has another of.
    TieByArrival,
    /// Whoever is granted a cart hears of it before the grant is on disk.
    GrantNotDurable,
    /// Chunks of a push count before all of them are here.
    HalfPush,
    /// What an older version could not read is not read after the update either.
    UpdateForgets,
}

#[cfg(feature = "simulated")]
mod armed {
    use super::Bug;
    use std::cell::Cell;

    impl Bug {
        /// All of them.
        pub const ALL: [Self; 14] = [
            Self::DeliveredIsKept,
            Self::NoGapGate,
            Self::SealUnchecked,
            Self::MarkBeforeCommit,
            Self::OwnAheadIgnored,
            Self::OrphansNotFolded,
            Self::RevokedCounts,
            Self::SeriesForgotten,
            Self::FoldedTwice,
            Self::LateCountForgets,
            Self::TieByArrival,
            Self::GrantNotDurable,
            Self::HalfPush,
            Self::UpdateForgets,
        ];
    }

    std::thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a fault in this thread, in the place of any other.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether a fault is planted in this thread.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "simulated")]
pub use armed::{is, plant};

/// Whether a fault is planted: never, in this build.
#[cfg(not(feature = "simulated"))]
#[must_use]
pub const fn is(_: Bug) -> bool {
    false
}
