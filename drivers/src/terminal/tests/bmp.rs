//! Tests of the bitmap and TLV readers.

use super::*;
use proptest::prelude::*;

#[test]
fn every_length_form_is_skipped_exactly() {
    // Each field is followed by 27 00, which must still be found.
    for (name, field) in [
        ("fixed 1", vec![0x19, 0x70]),
        ("fixed 15", [vec![0x2A], vec![b' '; 15]].concat()),
        ("LL", vec![0x8B, 0xF0, 0xF3, b'A', b'B', b'C']),
        ("LL of zero", vec![0xF1, 0xF0, 0xF0]),
        ("LLL", [vec![0x60, 0xF1, 0xF0, 0xF2], vec![0; 102]].concat()),
        ("TLV short", vec![0x06, 0x02, 0x07, 0x00]),
        ("TLV 81", [vec![0x06, 0x81, 0x80], vec![0; 128]].concat()),
        ("TLV 82", [vec![0x06, 0x82, 0x01, 0x00], vec![0; 256]].concat()),
        ("37 in BCD", vec![0x37, 0x00, 0x04, 0x70]),
        ("37 as LLL", vec![0x37, 0xF0, 0xF0, 0xF1, 0x55]),
        ("BA", vec![0xBA, 1, 2, 3, 4, 5]),
    ] {
        let data = [field, vec![0x27, 0x00]].concat();
        let read = fields(&data).unwrap();
        assert_eq!(read[1], Field { tag: 0x27, value: &[0x00] }, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (data, expected) in [
        (&[0x27, 0x00, 0x99, 0x01][..], BmpError::Unknown(0x99)),
        (&[0x04, 0x00, 0x00], BmpError::Short(0x04, 6)),
        (&[0x22, 0xF0], BmpError::Short(0x22, 2)),
        (&[0x22, 0xFA, 0xF1], BmpError::BadLength(0x22)),
        (&[0x22, 0x00, 0x08], BmpError::BadLength(0x22)),
        (&[0x06, 0x83, 0, 0, 1, 0], BmpError::BadLength(0x06)),
        (&[0x27, 0x00, 0x27, 0x00], BmpError::Repeated(0x27)),
    ] {
        assert_eq!(fields(data), Err(expected), "{data:02X?}");
    }
}

#[test]
fn tlv_objects_have_one_or_two_tag_bytes() {
    let data = [0x1F, 0x07, 0x01, 0x02, 0x25, 0x04, 0x07, 0x02, b'H', b'i'];
    let read = objects(&data).unwrap();
    assert_eq!(read[0], Object { tag: 0x1F07, value: &[2] });
    assert_eq!(objects(read[1].value).unwrap(), [Object { tag: 0x07, value: b"Hi" }]);
    for bad in [&[0x25][..], &[0x1F], &[0x1F, 0x87, 0], &[0x07, 0x05, b'x'], &[0x07, 0x84]] {
        assert!(matches!(objects(bad), Err(BmpError::Tlv(_))), "{bad:02X?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(found) = fields(&data) {
            // No byte counts twice: tags and values fit in what was given.
            let used: usize = found.iter().map(|field| 1 + field.value.len()).sum();
            prop_assert!(used <= data.len());
        }
        if let Ok(found) = objects(&data) {
            prop_assert!(found.len() * 2 <= data.len());
        }
    }
}
