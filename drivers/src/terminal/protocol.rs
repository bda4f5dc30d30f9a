//! The messages of ZVT that a till needs (sections 2 and 3): requests to the terminal, and what
//! the terminal sends. Encoding of requests and decoding of answers; the emulator has its own
//! code for the other direction.

use commerce::{Currency, Money};

use super::apdu::{Apdu, ApduError};
use super::bcd;
use super::bmp::{self, BmpError};
use super::status::StatusInformation;
use super::text;

/// The till prints payment slips and administrative slips, gets intermediate statuses and slips
/// as text blocks, and the terminal starts no payment on its own (bits of section 2.1).
pub const REGISTRATION_CONFIG: u8 = 0x80 | 0x10 | 0x08 | 0x04 | 0x02;

/// The most a terminal can be asked for, minor units: twelve digits.
pub const MAX_AMOUNT_MINOR: i64 = 999_999_999_999;

/// What the till sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// 06 00.
    Registration {
        /// Numeric ISO 4217.
        currency: u16,
    },
    /// 06 01.
    Authorisation(Amount),
    /// 06 31.
    Refund(Amount),
    /// 06 30.
    Reversal {
        /// The receipt number of the payment to reverse, at most 9999.
        receipt_no: u16,
    },
    /// 06 50.
    EndOfDay,
    /// 06 20.
    RepeatReceipt,
    /// 05 01.
    StatusEnquiry,
}

/// An amount that fits the line: 1 to [`MAX_AMOUNT_MINOR`] minor units, a numeric currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    minor: [u8; 6],
    currency: [u8; 2],
}

impl Amount {
    /// `None` unless the money is positive.
    #[must_use]
    pub fn new(money: Money) -> Option<Self> {
        let minor = u64::try_from(money.minor()).ok().filter(|minor| *minor > 0)?;
        Some(Self {
            minor: bcd::encode(minor)?,
            currency: bcd::encode(currency_number(money.currency())?.into())?,
        })
    }
}

/// The numeric ISO 4217 code of a currency: 978 for EUR.
#[must_use]
pub fn currency_number(currency: Currency) -> Option<u16> {
    iso_currency::Currency::from_code(currency.code()).map(iso_currency::Currency::numeric)
}

/// The currency of a numeric ISO 4217 code.
#[must_use]
pub fn currency_of(number: u16) -> Option<Currency> {
    iso_currency::Currency::from_numeric(number)
        .and_then(|currency| Currency::parse(currency.code()).ok())
}

/// A terminal's six-digit password, as packed digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password([u8; 3]);

impl Password {
    /// `None` for more than six digits.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        bcd::encode(number.into()).map(Self)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Request {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self, password: Password) -> Vec<u8> {
        let Password(pw) = password;
        let amount =
            |amount: &Amount| [&[0x04][..], &amount.minor, &[0x49], &amount.currency].concat();
        let (class, instr, data) = match self {
            Self::Registration { currency } => {
                let currency = bcd::encode::<2>((*currency).into()).unwrap_or_default();
                (0x06, 0x00, [&pw[..], &[REGISTRATION_CONFIG], &currency].concat())
            }
            Self::Authorisation(asked) => (0x06, 0x01, amount(asked)),
            Self::Refund(asked) => (0x06, 0x31, [&pw[..], &amount(asked)].concat()),
            Self::Reversal { receipt_no } => {
                let receipt_no = bcd::encode::<2>((*receipt_no).into()).unwrap_or([0xFF; 2]);
                (0x06, 0x30, [&pw[..], &[0x87], &receipt_no].concat())
            }
            Self::EndOfDay => (0x06, 0x50, pw.to_vec()),
            Self::RepeatReceipt => (0x06, 0x20, pw.to_vec()),
            Self::StatusEnquiry => (0x05, 0x01, pw.to_vec()),
        };
        Apdu { class, instr, data }.encode()
    }
}

/// 06 B0: ends what is under way.
pub const ABORT: [u8; 3] = [0x06, 0xB0, 0x00];

/// 80 00: a command was understood. Every command of the terminal gets it.
pub const ACK: [u8; 3] = [0x80, 0x00, 0x00];

/// 84 83: a command this till does not have.
pub const UNSUPPORTED: [u8; 3] = [0x84, super::codes::NOT_SUPPORTED, 0x00];

/// What the terminal sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// 80 00.
    Ack,
    /// 84 xx with its code.
    Nack(u8),
    /// 04 FF with its code.
    Intermediate(u8),
    /// 04 0F.
    Status(Box<StatusInformation>),
    /// 06 0F with its data, whose form depends on the order.
    Completion(Vec<u8>),
    /// 06 1E with its code.
    Aborted(u8),
    /// Lines of 06 D1 or 06 D3.
    Print(Vec<SlipLine>),
    /// A well-formed command that the till does not have.
    Other,
}

/// Which copy of a slip a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// For the merchant.
    Merchant,
    /// For the cardholder.
    Customer,
    /// Administrative (end of day), or the terminal did not say.
    Other,
}

/// One line that the terminal wants printed, card numbers masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipLine {
    /// Which copy.
    pub copy: Copy,
    /// At most [`text::MAX_TEXT`] characters.
    pub text: String,
}

/// Why a message could not be read; nothing after it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The envelope is broken.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// Fields inside are broken.
    #[error("in {class:02X} {instr:02X}: {error}")]
    Fields {
        /// First byte of the message.
        class: u8,
        /// Second byte of the message.
        instr: u8,
        /// What is wrong.
        error: BmpError,
    },
    /// A mandatory byte is missing.
    #[error("{class:02X} {instr:02X} has no code")]
    NoCode {
        /// First byte of the message.
        class: u8,
        /// Second byte of the message.
        instr: u8,
    },
    /// No ZVT message begins so.
    #[error("{class:02X} {instr:02X} is no ZVT message")]
    NotZvt {
        /// First byte.
        class: u8,
        /// Second byte.
        instr: u8,
    },
}

impl Incoming {
    /// Reads a message of the terminal.
    ///
    /// # Errors
    /// See [`ProtocolError`].
    pub fn read(apdu: &Apdu) -> Result<Self, ProtocolError> {
        let &Apdu { class, instr, ref data } = apdu;
        let fields = |error| ProtocolError::Fields { class, instr, error };
        let code = || data.first().copied().ok_or(ProtocolError::NoCode { class, instr });
        Ok(match (class, instr) {
            (0x80, 0x00) => Self::Ack,
            (0x84, code) => Self::Nack(code),
            (0x04, 0xFF) => Self::Intermediate(code()?),
            (0x04, 0x0F) => Self::Status(Box::new(StatusInformation::read(data).map_err(fields)?)),
            (0x06, 0x0F) => Self::Completion(data.clone()),
            (0x06, 0x1E) => Self::Aborted(code()?),
            (0x06, 0xD1) => Self::Print(print_line(data)),
            (0x06, 0xD3) => Self::Print(print_block(data).map_err(fields)?),
            (0x04..=0x06 | 0x08 | 0x0F, _) => Self::Other,
            _ => return Err(ProtocolError::NotZvt { class, instr }),
        })
    }
}

/// 06 D1: an attribute byte and the text. `FF` asks for line feeds.
fn print_line(data: &[u8]) -> Vec<SlipLine> {
    let line = |text| vec![SlipLine { copy: Copy::Other, text }];
    match data.split_first() {
        Some((0xFF, _)) | None => line(String::new()),
        Some((_, words)) => line(text::text(words).trim_end().to_owned()),
    }
}

/// 06 D3: a TLV container with the kind of slip (1F07) and its texts (25 of 07 and 09).
fn print_block(data: &[u8]) -> Result<Vec<SlipLine>, BmpError> {
    let mut copy = Copy::Other;
    let mut lines = Vec::new();
    for field in bmp::fields(data)?.iter().filter(|field| field.tag == 0x06) {
        for object in bmp::objects(field.value)? {
            match (object.tag, object.value) {
                (0x1F07, [0x01]) => copy = Copy::Merchant,
                (0x1F07, [0x02]) => copy = Copy::Customer,
                (0x25, texts) => {
                    let texts = bmp::objects(texts)?;
                    let words = texts.iter().filter(|object| object.tag == 0x07);
                    lines
                        .extend(words.map(|object| text::text(object.value).trim_end().to_owned()));
                }
                _ => {}
            }
        }
    }
    Ok(lines.into_iter().map(|text| SlipLine { copy, text }).collect())
}

/// The terminal's state in the completion of a status enquiry (section 2.25): the software
/// version as LLL text, then one code, then fields. `None` when it is not said.
#[must_use]
pub fn terminal_state(completion: &[u8]) -> Option<u8> {
    let after = match completion {
        [a @ 0xF0..=0xF9, b @ 0xF0..=0xF9, c @ 0xF0..=0xF9, rest @ ..] => {
            let digit = |byte: &u8| usize::from(byte & 0x0F);
            rest.get(digit(a) * 100 + digit(b) * 10 + digit(c)..)?
        }
        rest => rest,
    };
    after.first().copied()
}
