//! Status information (04 0F): what the terminal says of one payment.
//!
//! Reads fields and masks card data; whether it means an approval is [`super::outcome`]'s to say.

use super::bcd;
use super::bmp::{self, BmpError};
use super::text;

/// The fields of one 04 0F that a till uses. Every one is optional on the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusInformation {
    /// BMP 27; 00 is success.
    pub result: Option<u8>,
    /// BMP 04, minor units.
    pub amount_minor: Option<i64>,
    /// BMP 49, numeric ISO 4217.
    pub currency: Option<u16>,
    /// BMP 0B; 000000 means none.
    pub trace: Option<u32>,
    /// BMP 37: the trace number of the payment that this one reverses.
    pub original_trace: Option<u32>,
    /// BMP 87; FFFF means none.
    pub receipt_no: Option<u16>,
    /// BMP 29.
    pub terminal_id: Option<u32>,
    /// BMP 2A, the merchant's contract number.
    pub vu_number: Option<String>,
    /// BMP 0D and 0C.
    pub at: Option<ClockTime>,
    /// BMP 22, masked again.
    pub masked_pan: Option<String>,
    /// BMP 8A.
    pub card_type: Option<u8>,
    /// BMP 8B.
    pub card_name: Option<String>,
    /// BMP 3B, the authorisation attribute.
    pub authorisation: Option<String>,
    /// BMP 3C, words of the bank or the terminal.
    pub text: Option<String>,
    /// Whether BMP 60 is there: the totals of a closed day, not a payment.
    pub is_totals: bool,
}

/// A terminal's own clock: it sends no year and no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl ClockTime {
    /// From BCD `MMDD` and `HHMMSS`; `None` when that is no date or time.
    fn read(date: &[u8], time: &[u8]) -> Option<Self> {
        let two = |bytes: &[u8], at: usize| {
            bytes.get(at..=at).and_then(bcd::decode).and_then(|pair| u8::try_from(pair).ok())
        };
        let clock = Self {
            month: two(date, 0)?,
            day: two(date, 1)?,
            hour: two(time, 0)?,
            minute: two(time, 1)?,
            second: two(time, 2)?,
        };
        let valid = (1..=12).contains(&clock.month)
            && (1..=31).contains(&clock.day)
            && clock.hour < 24
            && clock.minute < 60
            && clock.second < 60;
        valid.then_some(clock)
    }
}

impl StatusInformation {
    /// Reads the data of a 04 0F.
    ///
    /// # Errors
    /// See [`BmpError`]; an amount or a number that is not decimal is an error, an odd date is
    /// only left out.
    pub fn read(data: &[u8]) -> Result<Self, BmpError> {
        let mut status = Self::default();
        let (mut date, mut time) = (&[][..], &[][..]);
        for bmp::Field { tag, value } in bmp::fields(data)? {
            match tag {
                0x04 => status.amount_minor = Some(number(tag, value)?),
                0x0B => status.trace = Some(number(tag, value)?).filter(|trace| *trace != 0),
                0x0C => time = value,
                0x0D => date = value,
                0x22 => status.masked_pan = Some(text::masked_pan(value)),
                0x27 => status.result = value.first().copied(),
                0x29 => status.terminal_id = Some(number(tag, value)?),
                0x2A => status.vu_number = words(value),
                0x37 => status.original_trace = original_trace(value),
                0x3B => status.authorisation = words(value),
                0x3C => status.text = words(value),
                0x49 => status.currency = Some(number(tag, value)?),
                0x60 => status.is_totals = true,
                0x87 if value != [0xFF, 0xFF] => status.receipt_no = Some(number(tag, value)?),
                0x8A => status.card_type = value.first().copied(),
                0x8B => status.card_name = words(value),
                0x06 => drop(bmp::objects(value)?),
                _ => {}
            }
        }
        status.at = ClockTime::read(date, time);
        Ok(status)
    }
}

fn number<T: TryFrom<u64>>(tag: u8, value: &[u8]) -> Result<T, BmpError> {
    bcd::decode(value).and_then(|number| T::try_from(number).ok()).ok_or(BmpError::NotDecimal(tag))
}

/// Three BCD bytes, or as many digits in text form where a terminal sends it as LLL.
fn original_trace(value: &[u8]) -> Option<u32> {
    let digits = |text: &str| text.trim().parse().ok();
    match value.len() {
        3 => bcd::decode(value).and_then(|trace| u32::try_from(trace).ok()),
        _ => std::str::from_utf8(value).ok().and_then(digits),
    }
}

fn words(value: &[u8]) -> Option<String> {
    let words = text::text(value).trim().to_owned();
    (!words.is_empty()).then_some(words)
}
