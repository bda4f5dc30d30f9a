//! Words for the codes a terminal sends: intermediate statuses (section 3.7) and results
//! (section 10), short enough for a till's screen.

/// The result of an order that worked.
pub const RESULT_OK: u8 = 0x00;

/// Refusal of a command that this side does not implement.
pub const NOT_SUPPORTED: u8 = 0x83;

/// The cardholder, the cashier or the terminal's own timer ended the order.
pub const ABORTED: u8 = 0x6C;

/// Codes of a terminal that is at something else and may be asked again.
#[must_use]
pub const fn is_busy(code: u8) -> bool {
    matches!(code, 0x9C | 0xA0)
}

/// Codes of a refusal that passes, whatever was asked: they say nothing of what the terminal has
/// booked. Any other refusal to repeat the last receipt is taken for "there is none".
#[must_use]
pub const fn is_passing(code: u8) -> bool {
    is_busy(code)
        || matches!(
            code,
            0x6B | ABORTED
                | 0x7D
                | 0x89
                | 0x9A
                | 0x9B
                | 0xA1
                | 0xA3
                | 0xBF
                | 0xC2
                | 0xCC
                | 0xDC
                | 0xE4
                | 0xED
                | 0xF0
                | 0xFF
        )
}

/// What the terminal is waiting for or doing, for the cashier.
#[must_use]
pub const fn progress(code: u8) -> &'static str {
    // From 40 to 67 the codes repeat those from 00 to 27 with the wish to remove the card.
    match code {
        0x41..=0x67 => progress_base(code - 0x40),
        _ => progress_base(code),
    }
}

const fn progress_base(code: u8) -> &'static str {
    match code {
        0x00 => "confirm the amount on the terminal",
        0x01 | 0x02 => "see the terminal's display",
        0x03 => "not accepted",
        0x04 => "waiting for the bank",
        0x05 => "the terminal reverses a payment by itself",
        0x06 => "the terminal sends stored payments",
        0x07 => "card not admitted",
        0x08 => "card unknown",
        0x09 => "card expired",
        0x0A => "insert card",
        0x0B => "remove card",
        0x0C => "card not readable",
        0x0D => "processing error",
        0x0E | 0x17 => "please wait",
        0x0F => "the terminal closes its day",
        0x10 => "invalid card",
        0x11 => "balance shown",
        0x12 => "terminal malfunction",
        0x13 => "payment not possible",
        0x14 => "not enough credit",
        0x15 => "wrong PIN",
        0x16 => "limit too low",
        0x18 => "PIN tried too often",
        0x19 => "card data wrong",
        0x1A => "terminal in service mode",
        0x1B | 0x1C => "approved",
        0x1D => "declined",
        0x26 | 0x27 => "waiting for the mobile number",
        0x28 => "currency selection",
        0x29 => "language selection",
        0x2B => "emergency payment, please wait",
        0x2C | 0xE0 => "application selection",
        0x68 => "card inserted",
        0x69 => "currency choice offered to the cardholder",
        0xC8 => "the terminal waits for the cashier",
        0xC9 => "the terminal runs its diagnosis",
        0xCA => "the terminal initialises",
        0xCB => "the terminal's journal is full: close its day",
        0xCC => "PIN required",
        0xD2 | 0xD3 => "the terminal dials",
        0xE1 => "language selection",
        0xF1 => "the terminal is offline",
        0xF2 => "the terminal is online",
        0xF3 => "offline payment",
        _ => "working",
    }
}

/// A result code in words, for the cashier and the journal.
#[must_use]
pub const fn result(code: u8) -> &'static str {
    match code {
        RESULT_OK => "approved",
        0x05 => "declined by the bank",
        0x64 | 0x65 => "card not readable",
        0x66 => "card could not be processed",
        0x67 | 0x68 | 0xD2 => "not allowed for this card",
        0x6A => "the terminal's turnover memory is full: close its day",
        0x6B => "the terminal is not registered",
        ABORTED => "aborted by key or time-out",
        0x6F => "wrong currency",
        0x71 => "not enough credit",
        0x72 => "card chip error",
        0x73 => "card data wrong",
        0x77 => "end of day not possible",
        0x78 => "card expired",
        0x79 => "card not yet valid",
        0x7A => "card unknown",
        0x7B | 0x7C | 0x7E => "magnetic stripe not allowed",
        0x7D | 0x9B | 0xA1 | 0xA3 => "the terminal has no connection to the bank",
        NOT_SUPPORTED => "function not possible",
        0x85 => "key missing in the terminal",
        0x89 | 0xED => "PIN pad defective",
        0x9A => "the terminal could not read the command",
        0x9C | 0xA0 => "the terminal is busy",
        0xB1 | 0xB2 => "the terminal's memory is full: close its day",
        0xB4 => "already reversed",
        0xB5 => "reversal not possible",
        0xB7 => "amount wrong",
        0xBF => "the terminal's power is too low",
        0xC2 => "the terminal needs a diagnosis",
        0xC3 => "amount above the terminal's limit",
        0xC5 => "means of payment not supported",
        0xC6 | 0xCB => "currency not possible",
        0xC8 | 0xC9 => "amount too small",
        0xCC => "the terminal's printer is not ready",
        0xDC => "a card is in the terminal",
        0xE4 => "the terminal must be activated",
        0xF0 => "the terminal's last day is not closed",
        0xFF => "terminal system error",
        _ => "declined by the terminal",
    }
}
