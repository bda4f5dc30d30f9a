//! The terminal's side of the messages: commands it understands, and what it sends.

use super::ledger::{Booked, Booking, Ledger};
use crate::terminal::apdu::Apdu;
use crate::terminal::bcd;
use crate::terminal::status::ClockTime;

/// A command of the till.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Registration { password: u32 },
    Payment { amount_minor: i64, currency: u16 },
    Refund { amount_minor: i64, currency: u16 },
    Reversal { receipt_no: u16 },
    EndOfDay,
    Repeat,
    Enquiry,
    Abort,
    Ack,
    Unsupported,
}

impl Order {
    /// Reads a command; what does not have its fixed shape is unsupported.
    pub fn read(apdu: &Apdu) -> Self {
        let shape = (apdu.class, apdu.instr, apdu.data.as_slice());
        match shape {
            (0x80, 0x00, _) | (0x84, _, _) => Some(Self::Ack),
            (0x06, 0xB0, _) => Some(Self::Abort),
            (0x06, 0x00, [password @ .., _, _, _]) => {
                let password = number(password).and_then(|number| u32::try_from(number).ok());
                password.map(|password| Self::Registration { password })
            }
            (0x06, 0x01, [0x04, asked @ ..]) => amount(asked)
                .map(|(amount_minor, currency)| Self::Payment { amount_minor, currency }),
            (0x06, 0x31, [_, _, _, 0x04, asked @ ..]) => amount(asked)
                .map(|(amount_minor, currency)| Self::Refund { amount_minor, currency }),
            (0x06, 0x30, [_, _, _, 0x87, receipt_no @ ..]) => {
                small(receipt_no).map(|receipt_no| Self::Reversal { receipt_no })
            }
            (0x06, 0x50, [_, _, _]) => Some(Self::EndOfDay),
            (0x06, 0x20, [_, _, _]) => Some(Self::Repeat),
            (0x05, 0x01, [_, _, _]) => Some(Self::Enquiry),
            _ => None,
        }
        .unwrap_or(Self::Unsupported)
    }
}

fn amount(asked: &[u8]) -> Option<(i64, u16)> {
    match asked {
        [minor @ .., 0x49, high, low] if minor.len() == 6 => {
            Some((i64::try_from(number(minor)?).ok()?, small(&[*high, *low])?))
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    bcd::decode(digits)
}

fn small(digits: &[u8]) -> Option<u16> {
    number(digits).and_then(|number| u16::try_from(number).ok())
}

pub fn message(class: u8, instr: u8, data: &[u8]) -> Vec<u8> {
    Apdu { class, instr, data: data.to_vec() }.encode()
}

/// 04 0F for a booking, with a card whose number the terminal left in the open: the till must
/// mask it.
pub fn approved(booking: &Booking, terminal_id: u32) -> Vec<u8> {
    let digits = |tag: u8, number: u64, length: usize| {
        let all = bcd::encode::<6>(number).unwrap_or_default();
        [&[tag], all.get(6 - length..).unwrap_or_default()].concat()
    };
    let at = booking.at;
    let pair = |value: u8| bcd::encode::<1>(value.into()).unwrap_or_default();
    let mut data = vec![0x27, 0x00];
    data.extend(digits(0x04, u64::try_from(booking.amount_minor).unwrap_or(0), 6));
    data.extend(digits(0x49, booking.currency.into(), 2));
    data.extend(digits(0x0B, booking.trace.into(), 3));
    if let Booked::Reversal { of } = booking.what {
        data.extend(digits(0x37, of.into(), 3));
    }
    data.extend([&[0x0C][..], &pair(at.hour), &pair(at.minute), &pair(at.second)].concat());
    data.extend([&[0x0D][..], &pair(at.month), &pair(at.day)].concat());
    data.extend([0x0E, 0x28, 0x12, 0x17, 0x00, 0x01, 0x19, 0x70]);
    data.extend([0x22, 0xF0, 0xF8, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19]);
    data.extend(digits(0x29, terminal_id.into(), 4));
    data.extend(b"\x2A804011926      ");
    data.extend(digits(0x87, booking.receipt_no.into(), 2));
    data.extend([0x8A, 0x0A]);
    data.extend(b"\x8B\xF0\xF5VISA\0");
    data.extend(b"\x3C\xF0\xF1\xF1AID: 080001");
    message(0x04, 0x0F, &data)
}

/// 04 0F with the totals of a day that was closed.
pub fn totals(ledger: &Ledger, trace: u32, at: ClockTime) -> Vec<u8> {
    let total: i64 = ledger.bookings().iter().map(|booking| booking.amount_minor).sum();
    let amount = bcd::encode::<6>(u64::try_from(total).unwrap_or(0)).unwrap_or_default();
    let trace = bcd::encode::<3>(trace.into()).unwrap_or_default();
    let clock = [at.hour, at.minute, at.second, at.month, at.day]
        .map(|value| bcd::encode::<1>(value.into()).map_or(0, |[pair]| pair));
    let [hour, minute, second, month, day] = clock;
    let head = [&[0x27, 0x00, 0x04][..], &amount, &[0x0B], &trace].concat();
    let when = [0x0C, hour, minute, second, 0x0D, month, day];
    let cards = [&[0x60, 0xF0, 0xF5, 0xF3][..], &[0; 53]].concat();
    message(0x04, 0x0F, &[head, when.to_vec(), cards].concat())
}

/// 04 0F for an order that was not carried out.
pub fn declined(code: u8, terminal_id: u32) -> Vec<u8> {
    let id = bcd::encode::<4>(terminal_id.into()).unwrap_or_default();
    message(0x04, 0x0F, &[&[0x27, code, 0x29][..], &id].concat())
}

/// 06 D3 with a slip: who it is for (1 the merchant, 2 the customer) and its lines.
pub fn slip(copy: u8, lines: &[String]) -> Vec<u8> {
    let texts = lines.iter().flat_map(|line| {
        let text: Vec<u8> = line.bytes().take(40).collect();
        [vec![0x07, u8::try_from(text.len()).unwrap_or(0)], text].concat()
    });
    let texts = tlv(&[0x25], &texts.collect::<Vec<u8>>());
    let container = [tlv(&[0x1F, 0x07], &[copy]), texts].concat();
    message(0x06, 0xD3, &tlv(&[0x06], &container))
}

/// One TLV object with a length of one, two or three bytes.
fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(value.len()) {
        Ok(length @ ..0x80) => vec![length],
        Ok(length) => vec![0x81, length],
        Err(_) => {
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
            [&[0x82][..], &length].concat()
        }
    };
    [tag, &length, value].concat()
}

/// The lines of a booking's slip.
pub fn slip_lines(booking: &Booking, terminal_id: u32) -> Vec<String> {
    let what = match booking.what {
        Booked::Payment => "PAYMENT",
        Booked::Refund => "REFUND",
        Booked::Reversal { .. } => "REVERSAL",
    };
    vec![
        format!("** {what} **"),
        format!("Terminal {terminal_id:08}"),
        format!("Trace {:06} Receipt {:04}", booking.trace, booking.receipt_no),
        "Card 4761739001010119".to_owned(),
        format!("Amount {} (currency {:03})", booking.amount_minor, booking.currency),
        "APPROVED".to_owned(),
    ]
}
