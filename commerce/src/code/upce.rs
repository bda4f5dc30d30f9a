//! UPC-E, the short form of UPC-A on small packs: expansion to the GTIN that it stands for.
//!
//! Whether digits are UPC-E at all is decided by the symbology, in the parent module.

use super::error::{CodeError, quote};
use super::gtin::{Gtin, check_digit, number};

/// The GTIN of a UPC-E code.
///
/// | digits | are |
/// | --- | --- |
/// | 8 | number system (0 or 1), six digits, check digit, which is verified |
/// | 7 | number system and six digits |
/// | 6 | the six digits of number system 0 |
///
/// # Errors
/// When it is not 6 to 8 digits, the number system is neither 0 nor 1, or the check digit is not
/// that of the expanded number.
pub fn expand(digits: &str) -> Result<Gtin, CodeError> {
    number(digits)?;
    let (system, middle, check) = match digits.len() {
        6 => ("0", digits, ""),
        7 => (digits.get(..1).unwrap_or_default(), digits.get(1..).unwrap_or_default(), ""),
        8 => (
            digits.get(..1).unwrap_or_default(),
            digits.get(1..7).unwrap_or_default(),
            digits.get(7..).unwrap_or_default(),
        ),
        given => {
            return Err(CodeError::WrongLength {
                text: quote(digits),
                given,
                kind: "UPC-E",
                expected: "6, 7 or 8",
            });
        }
    };
    if !matches!(system, "0" | "1") {
        return Err(CodeError::NumberSystem(quote(digits)));
    }
    let body = format!("{system}{}", expand_middle(middle));
    let expected = check_digit(&body)?;
    let given = check.parse().unwrap_or(expected);
    if given != expected {
        return Err(CodeError::CheckDigit { text: quote(digits), expected, given });
    }
    Gtin::parse(&format!("{body}{expected}"))
}

/// The company and item numbers, ten digits, that six digits stand for: the last says where the
/// zeros were left out.
fn expand_middle(middle: &str) -> String {
    let (head, last) = middle.split_at_checked(5).unwrap_or_default();
    let cut = |at: usize| head.split_at_checked(at).unwrap_or_default();
    match last {
        "0" | "1" | "2" => {
            let (company, item) = cut(2);
            format!("{company}{last}0000{item}")
        }
        "3" => {
            let (company, item) = cut(3);
            format!("{company}00000{item}")
        }
        "4" => {
            let (company, item) = cut(4);
            format!("{company}00000{item}")
        }
        _ => format!("{head}0000{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The UPC-E of a GTIN-12, by the rules read the other way round.
    fn compress(upc_a: &str) -> Option<String> {
        let at = |from: usize, to: usize| &upc_a[from..to];
        let zeros = |from: usize, to: usize| at(from, to).bytes().all(|byte| byte == b'0');
        let middle = if zeros(4, 8) && upc_a.as_bytes()[3] <= b'2' {
            format!("{}{}{}", at(1, 3), at(8, 11), at(3, 4))
        } else if zeros(4, 9) {
            format!("{}{}3", at(1, 4), at(9, 11))
        } else if zeros(5, 10) {
            format!("{}{}4", at(1, 5), at(10, 11))
        } else if zeros(6, 10) && upc_a.as_bytes()[10] >= b'5' {
            format!("{}{}", at(1, 6), at(10, 11))
        } else {
            return None;
        };
        matches!(at(0, 1), "0" | "1").then(|| format!("{}{middle}{}", at(0, 1), at(11, 12)))
    }

    #[test]
    fn expands_by_every_rule() {
        for (short, gtin) in [
            ("04252614", "0042100005264"),
            ("01234505", "0012000003455"),
            ("01234514", "0012100003454"),
            ("01234523", "0012200003453"),
            ("01234531", "0012300000451"),
            ("01234543", "0012340000053"),
            ("01234558", "0012345000058"),
            ("01234596", "0012345000096"),
            ("123455", "0012345000058"),
            ("0123455", "0012345000058"),
            ("11234555", "0112345000055"),
        ] {
            assert_eq!(expand(short).unwrap().to_string(), gtin, "{short}");
        }
    }

    #[test]
    fn refuses_what_is_not_upc_e() {
        assert_eq!(
            expand("04252615"),
            Err(CodeError::CheckDigit { text: "04252615".into(), expected: 4, given: 5 })
        );
        assert_eq!(expand("24252614"), Err(CodeError::NumberSystem("24252614".into())));
        assert!(matches!(expand("12345"), Err(CodeError::WrongLength { given: 5, .. })));
        assert!(matches!(expand("12a455"), Err(CodeError::NotDigits(_))));
    }

    proptest! {
        #[test]
        fn expansion_undoes_compression(
            system in 0_u8..2,
            company in 0_u32..100_000,
            item in 0_u32..100_000,
            shape in 0_u32..4,
        ) {
            // Zeros where each of the four rules needs them.
            let (company, item) = match shape {
                0 => (company / 1000 * 1000 + company % 3 * 100, item % 1000),
                1 => (company / 100 * 100, item % 100),
                2 => (company / 10 * 10, item % 10),
                _ => (company, 5 + item % 5),
            };
            let body = format!("{system}{company:05}{item:05}");
            let upc_a = format!("{body}{}", check_digit(&body).unwrap());
            let short = compress(&upc_a).unwrap();
            prop_assert_eq!(expand(&short), Gtin::parse(&upc_a));
            prop_assert_eq!(expand(&short[..7]), Gtin::parse(&upc_a));
            if system == 0 {
                prop_assert_eq!(expand(&short[1..7]), Gtin::parse(&upc_a));
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>(), digits in "[0-9]{0,9}") {
            let _ = (expand(&text), expand(&digits));
        }
    }
}
