//! What can go wrong at the terminal, one entry an order.

use std::time::Duration;

/// What happens to the next payment, refund or reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is approved.
    None,
    /// Declined with a result code.
    Decline(u8),
    /// The command is refused with 84 and this code.
    Refuse(u8),
    /// The command is ignored altogether.
    Deaf,
    /// The cardholder or the bank takes this much longer.
    Late(Duration),
    /// So many intermediate statuses, ten seconds apart.
    Slow(u8),
    /// Another amount is booked, in minor units.
    Amount(i64),
    /// Booked in another currency, numeric ISO 4217.
    Currency(u16),
    /// Completed without a status; booked or not.
    NoStatus {
        /// Whether money moved.
        booked: bool,
    },
    /// Says approved, then aborts; nothing is booked.
    TakesBack,
    /// A command to abort is refused.
    RefusesAbort,
    /// The conversation breaks off.
    Break {
        /// When.
        at: Moment,
        /// How.
        how: Break,
    },
}

/// A point of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing is booked, and nothing will be.
    BeforeBooking,
    /// Nothing is booked yet; the terminal goes on by itself and books 20 s later.
    BookedLater,
    /// Booked; the status was not sent.
    BeforeStatus,
    /// Booked and the status was sent; the completion was not.
    BeforeCompletion,
}

/// How a conversation breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The line is closed.
    Line,
    /// The power is off for so long.
    Power(Duration),
    /// It says nothing any more.
    Mute,
    /// It sends what can't be read.
    Junk(Junk),
}

/// What can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junk {
    /// Bytes that are no ZVT message.
    Noise,
    /// A status whose fields are cut short.
    BrokenStatus,
    /// A message longer than any.
    Endless,
}

/// What happens to the next question (05 01 or 06 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFault {
    /// Nothing: it is answered.
    None,
    /// The terminal says that it is busy.
    Busy,
    /// Refused with 84 83.
    Refuse,
    /// The answer breaks off.
    Break(Break),
}
