//! What a till wants of a terminal, and how it ended.
//!
//! An [`Intent`] is made, written down durably by the agent, and only then given to
//! [`super::driver`]; the same value, read back after a crash, is what the terminal is asked
//! about. [`super::judge`] fills in outcomes.

use commerce::Money;

use super::codes;
use super::protocol::SlipLine;
use super::status::ClockTime;

/// The agent's name for one intent; unique, chosen by the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntentId(pub u128);

/// What is to happen with the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The cardholder pays.
    Payment,
    /// The cardholder gets money back, without reference to a payment.
    Refund,
    /// An earlier payment of this terminal is taken back.
    Reversal {
        /// The receipt number of that payment, at most 9999.
        receipt_no: u16,
    },
}

/// One wish to move money. Write it down before it is given to the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// Its name.
    pub id: IntentId,
    /// What is to happen.
    pub kind: Kind,
    /// How much, positive. Of a reversal the amount of the payment that is reversed.
    pub amount: Money,
    /// The terminal's last payment as the driver last reported it; decides later whether the
    /// terminal's last payment is this one. The driver refuses an intent with an older one.
    pub baseline: Baseline,
}

/// What is known of the terminal's last payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The terminal has not said, or can't. An unknown outcome then stays unknown.
    #[default]
    Unknown,
    /// Asked, the terminal had nothing to repeat, as a new one has not: whatever it repeats later
    /// was booked since.
    Nothing,
    /// The marks of that payment.
    Last(Mark),
}

/// The numbers a terminal gave a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Which terminal.
    pub terminal_id: Option<u32>,
    /// Counts up to 999999 and begins again.
    pub trace: Option<u32>,
    /// Counts up to 9999 and begins again, with some terminals at each end of day.
    pub receipt_no: Option<u16>,
}

/// A payment, refund or reversal that the terminal booked. No card data beyond the masked number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// As the terminal booked it.
    pub amount: Money,
    /// Whether the terminal named the amount; otherwise it is the one asked for.
    pub amount_echoed: bool,
    /// The terminal's numbers for it.
    pub mark: Mark,
    /// The trace number of the payment that this one reverses.
    pub reverses_trace: Option<u32>,
    /// The terminal's clock.
    pub at: Option<ClockTime>,
    /// First six and last four digits at most.
    pub masked_pan: Option<String>,
    /// Such as `girocard`.
    pub card_name: Option<String>,
    /// The card's type by ZVT's list.
    pub card_type: Option<u8>,
    /// The merchant's contract number.
    pub vu_number: Option<String>,
    /// The bank's authorisation attribute.
    pub authorisation: Option<String>,
    /// Words of the bank or the terminal, to be printed.
    pub text: Option<String>,
    /// The slip; empty when the terminal sent none.
    pub slip: Vec<SlipLine>,
}

/// How an intent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Booked as asked.
    Approved(Box<Payment>),
    /// Booked, but not as asked: money moved, and a manager must put it right.
    Mismatch {
        /// What was asked for.
        asked: Money,
        /// What the terminal booked.
        booked: Box<Payment>,
    },
    /// Not booked.
    Declined(Declined),
    /// No byte of it reached the terminal, or the terminal refused to begin.
    NotSent(NotSent),
    /// Nobody here knows. Ask with `Command::Resolve`; never send it again.
    Unknown(Unknown),
}

/// Why nothing was booked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// The terminal said so.
    #[error("{} (code {code:02X})", codes::result(*code))]
    ByTerminal {
        /// The result code.
        code: u8,
        /// Words of the bank or the terminal.
        text: Option<String>,
        /// The slip, if there was one.
        slip: Vec<SlipLine>,
    },
    /// Asked later, the terminal's last payment is still the one from before the intent.
    #[error("the terminal has not booked it: its last payment is older")]
    NotFound,
}

/// Why nothing was sent, or nothing was begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No connection.
    #[error("the card terminal is not connected: {0}")]
    Offline(String),
    /// Connected, but not ready for orders.
    #[error("the card terminal is not ready: {0}")]
    NotReady(String),
    /// One order at a time.
    #[error("the card terminal has another order under way")]
    Busy,
    /// The terminal remembers its last payment only: another one would wipe out the trace of
    /// the one whose outcome is unknown.
    #[error("the outcome of payment {id:032x} is still unknown: resolve or release it first", id = .0.0)]
    Unresolved(IntentId),
    /// The intent was written down before the terminal's last payment was known.
    #[error("the intent names an outdated last payment of the terminal: make it again")]
    StaleBaseline,
    /// Zero, negative, too large, or in a currency without a number.
    #[error("{0} can't be asked of a card terminal: positive amounts of at most 12 digits")]
    BadAmount(Money),
    /// A receipt number beyond four digits.
    #[error("receipt number {0} has more than four digits")]
    BadReceiptNo(u16),
    /// The terminal refused the command.
    #[error("the card terminal refused: {} (code {code:02X})", codes::result(*.0), code = .0)]
    Refused(u8),
}

/// Why nobody knows the outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The line went down after the command was sent.
    #[error("the connection to the card terminal was lost: {0}")]
    Lost(String),
    /// No answer in time.
    #[error("the card terminal did not answer in time")]
    Silent,
    /// What it sent can't be read.
    #[error("the card terminal sent what can't be read: {0}")]
    Garbage(String),
    /// A completion that says nothing of the payment.
    #[error("the card terminal ended the order without saying how")]
    NoResult,
    /// Asked, the terminal is at something else, perhaps this very payment.
    #[error("the card terminal is busy: ask again")]
    Busy,
    /// Asked, it refuses to repeat its last receipt.
    #[error("the card terminal does not repeat its last payment: {} (code {code:02X})", codes::result(*.0), code = .0)]
    NoRepeat(u8),
    /// Its messages contradict each other or what was known before.
    #[error("the card terminal contradicts itself: {what}")]
    Contradiction {
        /// In words.
        what: &'static str,
        /// The payment it spoke of, for the manager.
        seen: Option<Box<Payment>>,
    },
}

impl Unknown {
    /// Whether asking again can help; otherwise a manager looks at the terminal's own journal.
    #[must_use]
    pub const fn may_ask_again(&self) -> bool {
        matches!(
            self,
            Self::Lost(_) | Self::Silent | Self::Garbage(_) | Self::NoResult | Self::Busy
        )
    }
}

impl Outcome {
    /// Whether the question is closed, so that the terminal may take another payment.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// How the marks of one payment lie to another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The same payment.
    Same,
    /// A later one.
    Newer,
}

impl Mark {
    /// How this mark lies to `earlier`; `None` when it can't be told: other terminals, no
    /// number in common, numbers that disagree or run backwards.
    #[must_use]
    pub fn order_after(&self, earlier: &Self) -> Option<Order> {
        if matches!((self.terminal_id, earlier.terminal_id), (Some(a), Some(b)) if a != b) {
            return None;
        }
        let traces = numbers(self.trace, earlier.trace).map(|(a, b)| counted(a, b, 1_000_000));
        let receipts =
            numbers(self.receipt_no, earlier.receipt_no).map(|(a, b)| counted(a, b, 10_000));
        match (traces, receipts) {
            (Some(only), None) | (None, Some(only)) => only,
            (Some(trace), Some(receipt)) if trace == receipt => trace,
            // A receipt number that began again at the end of day, beside a later trace.
            (Some(Some(Order::Newer)), Some(None)) => Some(Order::Newer),
            _ => None,
        }
    }

    /// Whether it holds any number to compare.
    #[must_use]
    pub const fn has_number(&self) -> bool {
        self.trace.is_some() || self.receipt_no.is_some()
    }
}

fn numbers<T: Into<u32>>(a: Option<T>, b: Option<T>) -> Option<(u32, u32)> {
    Some((a?.into(), b?.into()))
}

/// Counters begin again at `modulus`; half of it ahead counts as later.
fn counted(number: u32, earlier: u32, modulus: u32) -> Option<Order> {
    match (number % modulus + modulus - earlier % modulus) % modulus {
        0 => Some(Order::Same),
        ahead if ahead < modulus / 2 => Some(Order::Newer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_ordered_or_not_at_all() {
        let mark = |terminal_id, trace, receipt_no| Mark { terminal_id, trace, receipt_no };
        let base = mark(Some(7), Some(100), Some(20));
        for (later, expected) in [
            (base, Some(Order::Same)),
            (mark(Some(7), Some(101), Some(21)), Some(Order::Newer)),
            (mark(None, Some(101), None), Some(Order::Newer)),
            (mark(None, None, Some(21)), Some(Order::Newer)),
            (mark(Some(7), Some(105), Some(1)), Some(Order::Newer)),
            (mark(Some(8), Some(101), Some(21)), None),
            (mark(Some(7), Some(99), Some(19)), None),
            (mark(Some(7), Some(101), Some(20)), None),
            (mark(Some(7), Some(100), Some(21)), None),
            (mark(Some(7), None, None), None),
        ] {
            assert_eq!(later.order_after(&base), expected, "{later:?}");
        }
        let last = mark(None, Some(999_999), Some(9999));
        assert_eq!(mark(None, Some(1), Some(1)).order_after(&last), Some(Order::Newer));
    }
}
