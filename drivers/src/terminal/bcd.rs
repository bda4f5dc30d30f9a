//! Packed decimal digits (BCD), two to a byte, the higher digit first.
//!
//! Used by the codec on both sides of the line. What a number means is left to the caller.

/// The number in `bytes`, `None` when a half byte is no digit or there are more than 18 digits.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<u64> {
    // Nine bytes are 18 digits: the most that always fits.
    if bytes.len() > 9 {
        return None;
    }
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0F])
        .try_fold(0_u64, |number, digit| (digit <= 9).then(|| number * 10 + u64::from(digit)))
}

/// `number` in exactly `N` bytes, `None` when it has more digits than that.
#[must_use]
pub fn encode<const N: usize>(number: u64) -> Option<[u8; N]> {
    let mut rest = number;
    let mut bytes = [0_u8; N];
    for byte in bytes.iter_mut().rev() {
        let pair = u8::try_from(rest % 100).unwrap_or(0);
        *byte = ((pair / 10) << 4) | (pair % 10);
        rest /= 100;
    }
    (rest == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(decode(&[0x00, 0x12, 0x34]), Some(1234));
        assert_eq!(decode(&[]), Some(0));
        assert_eq!(decode(&[0x1A]), None);
        assert_eq!(decode(&[0x99; 10]), None);
        assert_eq!(encode::<2>(978), Some([0x09, 0x78]));
        assert_eq!(encode::<2>(10_000), None);
    }

    proptest! {
        #[test]
        fn round_trips(number in 0_u64..1_000_000_000_000) {
            prop_assert_eq!(decode(&encode::<6>(number).unwrap()), Some(number));
        }
    }
}
