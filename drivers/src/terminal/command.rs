//! What the agent asks of a card terminal, and what is reported to it; carried out by
//! [`super::driver`].

use commerce::Currency;

use super::codes;
use super::exchange::Timing;
use super::intent::{Baseline, Intent, IntentId, NotSent, Outcome, Unknown};
use super::protocol::{Password, SlipLine};

/// What the agent may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Carry out an intent that is written down already. Ends in one [`Event::Outcome`].
    Perform(Intent),
    /// Ask about an intent whose outcome is unknown. Ends in one [`Event::Outcome`]; no money
    /// moves.
    Resolve(Intent),
    /// A manager has taken over an intent that can't be resolved; the terminal may go on.
    Release(IntentId),
    /// End what is under way. It may still be approved: the outcome says so.
    Abort,
    /// Close the terminal's day. Ends in one [`Event::EndOfDay`].
    EndOfDay,
    /// Ask for the terminal's state. Ends in one [`Event::Status`].
    Status,
}

/// What the driver reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The terminal's last payment, for the next intent.
    Baseline(Baseline),
    /// What the terminal is doing, in words for the screen.
    Progress {
        /// For which intent, if for one.
        intent: Option<IntentId>,
        /// The terminal's code.
        code: u8,
        /// In words.
        text: &'static str,
    },
    /// How an intent ended, or that it is still unknown.
    Outcome {
        /// Which intent.
        intent: IntentId,
        /// How.
        outcome: Outcome,
    },
    /// The terminal's day is closed, with its slip; or not.
    EndOfDay(Result<Vec<SlipLine>, OrderError>),
    /// The terminal's state code (00 is ready), where it names one.
    Status(Result<Option<u8>, OrderError>),
}

/// Why an order that moves no money failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The terminal refused.
    #[error("the card terminal refused: {} (code {code:02X})", codes::result(*.0), code = .0)]
    Refused(u8),
    /// It has no trustworthy end.
    #[error(transparent)]
    Broken(Unknown),
    /// It was not begun.
    #[error(transparent)]
    NotSent(NotSent),
}

/// A terminal's settings.
#[derive(Debug, Clone)]
pub struct TerminalConfig {
    /// As set in the terminal; 000000 from the factory.
    pub password: Password,
    /// What it takes payments in.
    pub currency: Currency,
    /// How long waits last.
    pub timing: Timing,
    /// Whether no payment by a card terminal is known of this till: only then is a terminal that
    /// repeats nothing taken for one that has booked nothing yet.
    pub is_first_use: bool,
}
