//! Frames: what two replicas say to each other, as values. Their bytes are [`codec`]'s, runs cut to
//! their size [`parts`]'s.
//!
//! Knows neither transport ([`crate::link`]) nor tables ([`crate::store`]); who says what when is
//! the session's affair.

pub mod codec;
pub mod parts;

use crate::batch::Batch;
use crate::log::{Hash, ReplicaId, Seal, StreamId};

/// The longest frame in bytes as sent: AWS IoT Core takes 128 KB with topic and headers.
pub const MAX_FRAME_BYTES: usize = 120 * 1024;

/// The longest frame after decompression, in bytes: an entry of the longest body fits.
pub const MAX_PLAIN_BYTES: usize = (1 << 20) + (64 << 10);

/// The most streams in one [`Have`], ranges in one [`Want`] or marks in one [`Mark`]; longer lists
/// are cut into several frames.
pub const MAX_STREAMS: usize = 1_024;

/// The most branches in either list of one [`Forks`]: far more than a shop ever sees.
pub const MAX_TIPS: usize = 256;

/// The most entries in one run.
pub const MAX_RUN_ENTRIES: usize = 4_096;

/// The most papers in one frame.
pub const MAX_PAPERS: usize = 64;
/// The longest paper in bytes.
pub const MAX_PAPER_BYTES: usize = 1_024;

/// The longest question or answer in bytes.
pub const MAX_ASK_BYTES: usize = 64 << 10;

/// The most bytes in one part: what a frame holds beside its envelope, some 50 bytes.
pub const MAX_PART_BYTES: usize = MAX_FRAME_BYTES - 64;

/// The most parts of one run: a run of [`MAX_PLAIN_BYTES`] that nothing compresses needs these.
pub const MAX_PARTS: usize = (MAX_PLAIN_BYTES + 1).div_ceil(MAX_PART_BYTES);

/// A frame with its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Which incarnation sends; what it may say is decided by papers, not by this field.
    pub from: ReplicaId,
    /// What it says.
    pub frame: Frame,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// What the sender holds.
    Have(Have),
    /// What the sender lacks and asks for.
    Want(Want),
    /// Entries of one stream.
    Run(Batch),
    /// What the sender has made durable.
    Mark(Mark),
    /// Signed papers about keys, as they were issued.
    Papers(Vec<Vec<u8>>),
    /// A question that is answered once, outside the log.
    Ask(Ask),
    /// An answer to a question.
    Answer(Answer),
    /// Part of a snapshot.
    Page(Page),
    /// Part of a run that is too long for a frame.
    Part(Part),
    /// Other branches of streams that forked.
    Forks(Forks),
}

/// A digest of what the sender holds; sent on connect and on suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Have {
    /// The highest version of the protocol the sender speaks; this one is [`VERSION`].
    pub version: u16,
    /// The sender's wall clock in milliseconds since 1970, for noticing a wrong one.
    pub now_ms: i64,
    /// A number of this connection of the sender's; another one means that it began anew.
    pub session: u64,
    /// Whether the receiver shall answer with a digest of its own.
    pub reply: bool,
    /// Whether more of the same digest follows in further frames.
    pub more: bool,
    /// Streams, each once.
    pub streams: Vec<Held>,
}

/// The version of the protocol that this code speaks.
pub const VERSION: u16 = 2;

/// The version from which on a peer reads packed runs.
pub const READS_PACKED: u16 = 2;

/// How much of a stream is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The stream.
    pub stream: StreamId,
    /// The first sequence held; 1 where nothing was pruned.
    pub first: u64,
    /// The last sequence without a gap, 0 when there is none.
    pub head: u64,
    /// The hash there.
    pub hash: Hash,
    /// The checkpoint that the stream begins behind, where entries were pruned.
    pub base: Option<Checkpoint>,
}

/// The end of what was pruned of a stream, sealed by its writer as such: who lacks it begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The hash of the last entry that was pruned.
    pub hash: Hash,
    /// The seal over it ([`SealingKey::checkpoint`](crate::log::SealingKey::checkpoint)).
    pub seal: Seal,
}

/// A wish for entries, and how much may be under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// How many bytes of runs the sender will take before it has marked them.
    pub window: u32,
    /// What is wanted; replaces what was wanted of the same streams before.
    pub streams: Vec<Wanted>,
}

/// A wish for entries of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The stream.
    pub stream: StreamId,
    /// The first sequence that is missing.
    pub from: u64,
    /// The last; `None` for all that is there and comes.
    pub to: Option<u64>,
}

/// What the sender has made durable and will never ask for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Streams, each with the last contiguous sequence that is durable.
    pub streams: Vec<(StreamId, u64)>,
}

/// Other branches of streams: those that the sender keeps, and those that it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forks {
    /// Branches that the sender keeps.
    pub kept: Vec<Tip>,
    /// Branches that it lacks and asks for; they come as runs.
    pub wanted: Vec<Tip>,
}

/// The last entry of a branch that is not the one a stream went on with where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tip {
    /// The stream.
    pub stream: StreamId,
    /// The last sequence of the branch.
    pub seq: u64,
    /// The hash there.
    pub hash: Hash,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The sender's number of it.
    pub number: u64,
    /// What it is about; numbers are given by whoever answers.
    pub topic: u16,
    /// The question, in the topic's own encoding.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The number of the question.
    pub number: u64,
    /// Whether the question could be answered.
    pub ok: bool,
    /// The answer, or why there is none, in the topic's own encoding.
    pub body: Vec<u8>,
}

/// One page of a snapshot: rows of a table up to a state of its streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The snapshot it belongs to.
    pub snapshot: u64,
    /// Its number in the snapshot, from 0.
    pub number: u32,
    /// How many pages the snapshot has.
    pub of: u32,
    /// The rows, columnar.
    pub rows: Vec<u8>,
}

/// One part of an encoded run: a body may be longer than a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The sender's number of the run in this session.
    pub run: u64,
    /// Its number in the run, from 0.
    pub number: u32,
    /// How many parts the run has, at most [`MAX_PARTS`].
    pub of: u32,
    /// Its bytes, at most [`MAX_PART_BYTES`].
    pub bytes: Vec<u8>,
}
