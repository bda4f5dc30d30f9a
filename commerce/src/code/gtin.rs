//! Global Trade Item Numbers: GTIN-8, GTIN-12 (UPC-A), GTIN-13 and GTIN-14 in one canonical form.
//!
//! Other ways to write one (UPC-E, GS1 element strings) are expanded by their own modules first.
//! Every scan, import and look-up goes through here.

use super::error::{CodeError, quote};
use std::fmt;
use std::str::FromStr;

/// The most digits [`check_digit`] takes: those of the longest GS1 key, a shipping container's.
const MAX_BODY: usize = 17;

/// A GTIN whose check digit was verified: the number of its canonical 14 digits.
///
/// GTIN-8, GTIN-12 and GTIN-13 are the same number with zeros in front, so a UPC-A and the
/// EAN-13 that a scanner makes of it are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

impl Gtin {
    /// Reads 8, 12, 13 or 14 digits, the last of them the check digit.
    ///
    /// # Errors
    /// When a character is no digit, the length is another, or the check digit is wrong. A wrong
    /// digit is never repaired: nothing says which of the digits was misread.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let value = number(text)?;
        if !matches!(text.len(), 8 | 12 | 13 | 14) {
            return Err(CodeError::WrongLength {
                text: quote(text),
                given: text.len(),
                kind: "a GTIN",
                expected: "8, 12, 13 or 14",
            });
        }
        verify_check_digit(text)?;
        Ok(Self(value))
    }

    /// The GTIN of a stored number, as [`as_u64`](Self::as_u64) gave it.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) on its 14 digits.
    pub fn from_u64(value: u64) -> Result<Self, CodeError> {
        Self::parse(&format!("{value:014}"))
    }

    /// The number of the canonical 14 digits, below 10^14.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for Gtin {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::parse(text)
    }
}

/// The natural length: 8 digits in the range of GTIN-8, else 13, and 14 where there is an
/// indicator digit. A GTIN-12 shows as 13 digits.
impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEYOND_GTIN_8: u64 = 100_000_000;
        if self.0 < BEYOND_GTIN_8 {
            write!(f, "{:08}", self.0)
        } else {
            write!(f, "{:013}", self.0)
        }
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The modulo-10 check digit that belongs behind `digits`, to make codes for labels and tests.
///
/// # Errors
/// When `digits` is not 1 to 17 digits.
pub fn check_digit(digits: &str) -> Result<u8, CodeError> {
    number(digits)?;
    if digits.len() > MAX_BODY {
        return Err(CodeError::WrongLength {
            text: quote(digits),
            given: digits.len(),
            kind: "a number before its check digit",
            expected: "1 to 17",
        });
    }
    Ok(modulo_10(digits.as_bytes()))
}

/// Compares the last digit with the one that the digits before it need. `text` is all digits.
pub(super) fn verify_check_digit(text: &str) -> Result<(), CodeError> {
    let Some((last, body)) = text.as_bytes().split_last() else {
        return Err(CodeError::Empty);
    };
    let (expected, given) = (modulo_10(body), last.wrapping_sub(b'0'));
    if expected == given {
        return Ok(());
    }
    Err(CodeError::CheckDigit { text: quote(text), expected, given })
}

/// Whether `text` is digits and nothing else, at least one.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that `text` writes in digits.
pub(super) fn number(text: &str) -> Result<u64, CodeError> {
    if text.is_empty() {
        return Err(CodeError::Empty);
    }
    if !is_digits(text) {
        return Err(CodeError::NotDigits(quote(text)));
    }
    text.parse().map_err(|_| CodeError::WrongLength {
        text: quote(text),
        given: text.len(),
        kind: "a number",
        expected: "at most 19",
    })
}

/// Weights 3 and 1 in turn from the right, kept modulo ten so that any length fits a byte.
fn modulo_10(body: &[u8]) -> u8 {
    let weighted = body.iter().rev().zip([3, 1].into_iter().cycle());
    let sum = weighted.fold(0, |sum, (byte, weight)| (sum + (byte % 16) * weight) % 10);
    (10 - sum) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_length_into_one_form() {
        for (text, canonical, shown) in [
            ("96385074", 96_385_074, "96385074"),
            ("036000291452", 36_000_291_452, "0036000291452"),
            ("0036000291452", 36_000_291_452, "0036000291452"),
            ("4006381333931", 4_006_381_333_931, "4006381333931"),
            ("04006381333931", 4_006_381_333_931, "4006381333931"),
            ("10614141000415", 10_614_141_000_415, "10614141000415"),
            ("00000096385074", 96_385_074, "96385074"),
        ] {
            let gtin = Gtin::parse(text).unwrap();
            assert_eq!((gtin.as_u64(), gtin.to_string().as_str()), (canonical, shown), "{text}");
            assert_eq!(Gtin::from_u64(canonical), Ok(gtin));
        }
    }

    #[test]
    fn refuses_and_says_why() {
        let error = |text: &str| Gtin::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("4006381333932"),
            "`4006381333932` has the check digit 2, its digits need 1; scan or key it again"
        );
        assert_eq!(error("123"), "`123` has 3 digits; a GTIN has 8, 12, 13 or 14");
        assert_eq!(Gtin::parse("40063813339E1"), Err(CodeError::NotDigits("40063813339E1".into())));
        assert_eq!(Gtin::parse("٤٠٠٦٣٨١٣"), Err(CodeError::NotDigits("٤٠٠٦٣٨١٣".into())));
        assert_eq!(Gtin::parse(""), Err(CodeError::Empty));
        assert!(matches!(Gtin::from_u64(100_000_000_000_000), Err(CodeError::WrongLength { .. })));
        assert!(matches!(Gtin::from_u64(1), Err(CodeError::CheckDigit { .. })));
        assert!(Gtin::parse(&"9".repeat(5000)).unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn check_digits_of_gs1_keys() {
        for (body, digit) in [("629104150021", 3), ("9501234", 6), ("37610425002123456", 9)] {
            assert_eq!(check_digit(body), Ok(digit), "{body}");
        }
        assert!(matches!(check_digit("123456789012345678"), Err(CodeError::WrongLength { .. })));
        assert!(check_digit("12a").is_err());
    }

    /// Digits with their check digit, of the lengths that a GTIN has.
    pub fn valid_gtin() -> impl Strategy<Value = String> {
        let body = prop::sample::select(vec![7_usize, 11, 12, 13])
            .prop_flat_map(|length| prop::collection::vec(0_u8..10, length));
        body.prop_map(|digits| {
            let body: String = digits.iter().map(u8::to_string).collect();
            format!("{body}{}", check_digit(&body).unwrap())
        })
    }

    proptest! {
        #[test]
        fn every_number_with_its_check_digit_reads_back(text in valid_gtin()) {
            let gtin = Gtin::parse(&text).unwrap();
            prop_assert_eq!(Gtin::parse(&gtin.to_string()), Ok(gtin));
            prop_assert_eq!(Gtin::from_u64(gtin.as_u64()), Ok(gtin));
            prop_assert_eq!(gtin.as_u64(), text.parse::<u64>().unwrap());
        }

        #[test]
        fn any_changed_digit_is_refused(text in valid_gtin(), place in 0_usize..14, by in 1_u8..10) {
            let mut bytes = text.into_bytes();
            let place = place % bytes.len();
            bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
            let changed = String::from_utf8(bytes).unwrap();
            let refused = matches!(Gtin::parse(&changed), Err(CodeError::CheckDigit { .. }));
            prop_assert!(refused, "{}", changed);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (Gtin::parse(&text), check_digit(&text));
        }
    }
}
