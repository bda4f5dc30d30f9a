//! What can go wrong with a code, in words for the person at the till. Used by every decoder of
//! this module.

use crate::money::MoneyError;
use crate::quantity::QuantityError;

/// The longest piece of input an error repeats, in characters: enough to recognise a barcode,
/// and no way to flood a log.
const QUOTED_CHARS: usize = 40;

/// Why a code was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Nothing but spaces.
    #[error("the code is empty; scan or key it again")]
    Empty,
    /// Longer than a code may be.
    #[error("the code is {bytes} bytes long, at most {limit} are read; scan one code at a time")]
    TooLong {
        /// The length of what came.
        bytes: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// A control character other than the GS1 separator.
    #[error(
        "the code has the control character U+{character:04X} at place {place}; check the scanner's settings"
    )]
    ControlCharacter {
        /// The character's number.
        character: u32,
        /// Its place, counted from 1.
        place: usize,
    },
    /// Something other than digits.
    #[error("`{0}` is not a number; the code has digits only")]
    NotDigits(String),
    /// A number of digits that the kind of code does not have.
    #[error("`{text}` has {given} digits; {kind} has {expected}")]
    WrongLength {
        /// The digits as given.
        text: String,
        /// How many there are.
        given: usize,
        /// The kind of code.
        kind: &'static str,
        /// The lengths it may have.
        expected: &'static str,
    },
    /// The check digit does not fit the digits before it.
    #[error(
        "`{text}` has the check digit {given}, its digits need {expected}; scan or key it again"
    )]
    CheckDigit {
        /// The digits as given.
        text: String,
        /// The check digit that the others need.
        expected: u8,
        /// The check digit that came.
        given: u8,
    },
    /// The verifier digit of an in-store code does not fit its price or weight.
    #[error(
        "`{text}` has the price verifier {given}, its price or weight needs {expected}; scan the label again"
    )]
    Verifier {
        /// The digits as given.
        text: String,
        /// The verifier that the price or weight needs.
        expected: u8,
        /// The verifier that came.
        given: u8,
    },
    /// A UPC-E code with a number system other than 0 and 1.
    #[error("`{0}` is not UPC-E: its number system (the first digit) must be 0 or 1")]
    NumberSystem(String),
    /// The setting of an in-store pattern is malformed.
    #[error("the in-store pattern `{pattern}` {reason} (as in 21IIIIIWWWWWC or 20IIIIIVPPPPC)")]
    Pattern {
        /// The setting as given.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A label whose weight or price is zero.
    #[error("`{0}` states a weight or price of zero; weigh the goods again")]
    NothingMeasured(String),
    /// No known application identifier where one must stand.
    #[error("`{text}` at place {place} does not begin with a GS1 application identifier")]
    UnknownIdentifier {
        /// What stands there.
        text: String,
        /// Its place, counted from 1.
        place: usize,
    },
    /// The data of an application identifier are not of its form.
    #[error("({ai:02}) does not take `{data}`: {reason}")]
    ElementData {
        /// The application identifier.
        ai: u16,
        /// Its data as given.
        data: String,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// One application identifier came twice with different data.
    #[error("({0:02}) is stated twice with different data")]
    Contradiction(u16),
    /// A GS1 code without the identifier of a trade item.
    #[error(
        "the code names no trade item (01); scan the item's own code, not a case or pallet label"
    )]
    NoItem,
    /// A weight, count or measure that no line can hold.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A price that is no amount of money here.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// A copy of `text` for an error, cut at a length that a log can take.
pub(super) fn quote(text: &str) -> String {
    text.chars().take(QUOTED_CHARS).collect()
}
