//! Messages as hex for logs, with everything secret left out.
//!
//! Only fields known to be harmless are shown; any other value, and every byte of what can't be
//! read, is reduced to its length. Called by the driver's trace lines.

use std::fmt::Write as _;

use super::apdu::Apdu;
use super::bmp;

/// Amounts, numbers, codes: nothing of the card or the cardholder.
const SHOWN: [u8; 14] =
    [0x04, 0x0B, 0x0C, 0x0D, 0x19, 0x27, 0x29, 0x2A, 0x37, 0x49, 0x87, 0x88, 0x8A, 0xA0];

/// One line: the control field, the length, and the harmless fields.
#[must_use]
pub fn scrubbed(apdu: &Apdu) -> String {
    let mut line = format!("{:02X} {:02X} len={}", apdu.class, apdu.instr, apdu.data.len());
    match (apdu.class, apdu.instr) {
        (0x04, 0x0F) => show_fields(&mut line, &apdu.data),
        (0x04, 0xFF) | (0x06, 0x1E) => {
            if let Some(code) = apdu.data.first() {
                show(&mut line, format_args!(" code={code:02X}"));
            }
        }
        _ => {}
    }
    line
}

fn show_fields(line: &mut String, data: &[u8]) {
    let Ok(fields) = bmp::fields(data) else {
        line.push_str(" unreadable");
        return;
    };
    for field in fields {
        show(line, format_args!(" {:02X}=", field.tag));
        if SHOWN.contains(&field.tag) {
            field.value.iter().for_each(|byte| show(line, format_args!("{byte:02X}")));
        } else {
            show(line, format_args!("({})", field.value.len()));
        }
    }
}

fn show(line: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string never fails.
    line.write_fmt(what).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_numbers_and_hides_the_card() {
        let data = [
            &[0x27, 0x00, 0x0E, 0x25, 0x12, 0x22, 0xF0, 0xF8][..],
            &[0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11],
            &[0x87, 0x02, 0x31],
        ]
        .concat();
        let line = scrubbed(&Apdu::new(0x04, 0x0F, data).unwrap());
        assert_eq!(line, "04 0F len=19 27=00 0E=(2) 22=(8) 87=0231");
        let broken = Apdu::new(0x04, 0x0F, vec![0x22, 0xF0, 0xF8, 0x41, 0x11]).unwrap();
        assert_eq!(scrubbed(&broken), "04 0F len=5 unreadable");
        let block = Apdu::new(0x06, 0xD1, b"\0Karte 4111111111111111".to_vec()).unwrap();
        assert_eq!(scrubbed(&block), "06 D1 len=23");
    }
}
