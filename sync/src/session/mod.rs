//! The conversation between replicas, without I/O: who says what when.
//!
//! [`Exchange`] holds one [`peer`] for each route that is up. Frames go in by
//! [`Exchange::receive`], what follows comes out as [`Effect`]s and by [`Exchange::next_frame`].
//! It reads no clock, no socket and no table: the host passes the time, the papers ([`Trust`]) and
//! its [`Books`]. Loss, doubling, delay and reordering are normal input.
//!
//! 1. On connecting each says what it holds (**have**) and passes its papers on.
//! 2. Each asks for what it lacks (**want**): of the writer itself, else of a sibling, else of the
//!    hub. A wish of the writer stands: what the writer adds later is sent without being asked for.
//! 3. Entries come as **runs**; the host makes them durable, and only then says so (**mark**).
//! 4. Who lacks a great part of what the hub wrote asks for a **snapshot** first: a question, an
//!    answer, and **pages**.
//! 5. Who makes this side do far more than an honest peer ever would is not listened to for a while.
//! 6. What was not marked in time makes the sender say again what it has; what was wanted and did
//!    not come is wanted again, of the next who has it.

mod exchange;
mod floods;
mod forks;
mod peer;
mod policy;
mod pursuit;
mod shortcut;

pub use exchange::{Exchange, Outcome};
pub use policy::Side;

use crate::batch::Batch;
use crate::link::Route;
use crate::log::{Hash, ReplicaId, StreamId};
#[cfg(doc)]
use crate::wire::MAX_TIPS;
use crate::wire::{Answer, Ask, Checkpoint, Page, Tip};

/// An instant as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never jumps; only differences count.
    pub ms: u64,
    /// The wall clock in milliseconds since 1970.
    pub wall_ms: i64,
}

/// How eagerly a peer is talked to. A sibling in the shop costs nothing; a message to the hub
/// costs money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a new entry may wait for others to share its frame.
    pub flush_ms: u64,
    /// How long a mark may wait for others.
    pub mark_ms: u64,
    /// How long an answer may take before it counts as lost; longer than both.
    pub retry_ms: u64,
    /// How many bytes of runs may be under way to this replica.
    pub window: u32,
}

impl Pace {
    /// Between tills of a shop.
    pub const SHOP: Self = Self { flush_ms: 0, mark_ms: 5, retry_ms: 1_000, window: 512 << 10 };

    /// Between a till and its hub, within what AWS IoT Core takes and at little cost: a sale is at
    /// the hub within 5 s.
    pub const HUB: Self =
        Self { flush_ms: 2_000, mark_ms: 2_000, retry_ms: 20_000, window: 2 << 20 };
}

/// What a host reads for the exchange.
pub trait Books {
    /// Why it could not be read.
    type Error;

    /// A run of a stream from a sequence to at most another, sealed over its last entry: as many
    /// entries as fit `budget` bytes of bodies, at least one. `None` when the first is not here.
    ///
    /// # Errors
    /// When it can't be read.
    fn run(
        &mut self,
        stream: StreamId,
        from: u64,
        to: u64,
        budget: usize,
    ) -> Result<Option<Batch>, Self::Error>;

    /// The hash at a sequence; `None` when it is not here.
    ///
    /// # Errors
    /// When it can't be read.
    fn hash_at(&mut self, stream: StreamId, seq: u64) -> Result<Option<Hash>, Self::Error>;

    /// The ends of the branches that are kept beside streams, at most [`MAX_TIPS`].
    ///
    /// # Errors
    /// When they can't be read.
    fn tips(&mut self) -> Result<Vec<Tip>, Self::Error>;

    /// Whether a branch is here up to its end, in its stream or beside it: from where it parts, or
    /// from the entry `from` on where its keeper has pruned what came before.
    ///
    /// # Errors
    /// When it can't be read.
    fn has_tip(&mut self, tip: &Tip, from: u64) -> Result<bool, Self::Error>;

    /// A run of a branch that is kept beside a stream, from a sequence on, as many entries as fit
    /// `budget`. `None` when nothing of it is here from there on.
    ///
    /// # Errors
    /// When it can't be read.
    fn branch(&mut self, tip: &Tip, from: u64, budget: usize)
    -> Result<Option<Batch>, Self::Error>;

    /// All papers, issuers first.
    ///
    /// # Errors
    /// When they can't be read.
    fn papers(&mut self) -> Result<Vec<Vec<u8>>, Self::Error>;
}

/// What the host shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Take these entries up, then call [`Exchange::ingested`].
    Ingest {
        /// Who sent them.
        route: Route,
        /// The entries, not verified yet.
        run: Batch,
    },
    /// A peer's stream begins behind a checkpoint past what is here, or past the beginning of what
    /// is here: begin there too, then call [`Exchange::begun`].
    Begin {
        /// Who says so.
        route: Route,
        /// The stream.
        stream: StreamId,
        /// The last sequence that was pruned.
        seq: u64,
        /// Its hash and seal, not verified yet.
        checkpoint: Checkpoint,
    },
    /// Look at these papers, keep what is new, then call [`Exchange::papers_changed`].
    Papers {
        /// Who sent them.
        route: Route,
        /// The papers, not verified yet.
        papers: Vec<Vec<u8>>,
    },
    /// A peer has made a stream durable up to here.
    Marked {
        /// The peer.
        peer: ReplicaId,
        /// The stream.
        stream: StreamId,
        /// The last contiguous sequence that it has.
        seq: u64,
    },
    /// A peer asks something; answer by [`Exchange::answer`].
    Asked {
        /// Who.
        route: Route,
        /// Its question.
        ask: Ask,
    },
    /// A peer answers.
    Answered {
        /// Who.
        route: Route,
        /// The answer.
        answer: Answer,
    },
    /// A peer holds so much more of the hub's that a snapshot is the shorter way: ask it for one, and
    /// call [`Exchange::snapshot_over`] once it is here or is not to be had. Entries wait meanwhile.
    Behind {
        /// The peer.
        route: Route,
    },
    /// A page of a snapshot that was asked for.
    Page {
        /// Who sent it.
        route: Route,
        /// The page, not verified yet.
        page: Page,
    },
    /// A peer's wall clock is far from this one's.
    ClockDiffers {
        /// Who.
        route: Route,
        /// By how much it is ahead, in milliseconds.
        ahead_ms: i64,
    },
    /// A sender who is not who the route says, or who says what nobody may.
    Suspicious {
        /// Who.
        route: Route,
        /// What is wrong.
        why: String,
        /// What it sent.
        frame: Vec<u8>,
    },
    /// A peer makes this replica do far more than any honest one would: what it says is not heard
    /// for a while. Told once each time.
    Flood {
        /// Who.
        route: Route,
        /// For how long, in milliseconds.
        pause_ms: u64,
    },
}

/// How far two wall clocks may be apart before it is worth saying: as far as a register's clock may
/// be ahead.
pub const CLOCKS_APART_MS: u64 = crate::clock::MAX_AHEAD_MS;

/// Bytes of bodies in one run of the hub's: with columns and seal it stays below a frame even where
/// nothing can be compressed.
pub const RUN_BYTES: usize = 96 << 10;

/// Bytes of bodies in one run of a till's: they are many and alike, so the more stand together the
/// fewer bytes each takes, and of this many a tenth is left, which is well below a frame. Taking
/// them up keeps the till loop for some 20 ms, which a cashier does not notice.
const TILL_RUN_BYTES: usize = 384 << 10;

#[cfg(test)]
mod tests;
