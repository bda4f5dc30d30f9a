//! Tests of in-store codes: layouts, figures from GS1's examples, and what no input may do.

use super::*;
use crate::code::gtin::check_digit;
use proptest::prelude::*;

fn read(pattern: &str, digits: &str) -> Result<InStore, CodeError> {
    Pattern::parse(pattern).unwrap().match_code(digits).unwrap()
}

#[test]
fn reads_weights_and_prices() {
    let weight = |thousandths| Measure::Weight { thousandths };
    let price = |minor| Measure::Price { minor };
    for (pattern, digits, item, measure) in [
        ("21IIIIIWWWWWC", "2112345004822", "12345", weight(482)),
        ("20IIIIIVPPPPC", "2012345804999", "12345", price(499)),
        ("02IIIIIVPPPPC", "0212345804995", "12345", price(499)),
        ("24IIIIVPPPPPC", "2412346146850", "1234", price(14_685)),
        ("20IIIIIPPPPPC", "2012345004993", "12345", price(499)),
        ("2IIIIIIPPPPPC", "2012345004993", "012345", price(499)),
        ("20PPPPPIIIIIC", "2000499123455", "12345", price(499)),
    ] {
        let expected = InStore { item: item.into(), measure };
        assert_eq!(read(pattern, digits), Ok(expected), "{pattern} {digits}");
    }
}

#[test]
fn a_point_sets_the_decimals_of_the_weight() {
    for (pattern, thousandths) in [
        ("21IIIIIWWWWW.C", 482_000),
        ("21IIIIIWWWW.WC", 48_200),
        ("21IIIIIWWW.WWC", 4_820),
        ("21IIIIIWW.WWWC", 482),
        ("21IIIIIWWWWWC", 482),
    ] {
        let code = read(pattern, "2112345004822").unwrap();
        assert_eq!(code.measure, Measure::Weight { thousandths }, "{pattern}");
        assert_eq!(Pattern::parse(pattern).unwrap().to_string(), pattern);
    }
}

#[test]
fn the_item_part_is_a_short_code() {
    for (item, expected) in [("12345", Some(12_345)), ("00042", Some(42)), ("1234567", None)] {
        let code = InStore { item: item.into(), measure: Measure::Price { minor: 1 } };
        assert_eq!(code.short_code(), expected, "{item}");
    }
}

#[test]
fn leaves_other_codes_alone() {
    let pattern = Pattern::parse("21IIIIIWWWWWC").unwrap();
    for digits in ["4006381333931", "2212345004821", "211234500482", "21123450048x2", ""] {
        assert_eq!(pattern.match_code(digits), None, "{digits}");
    }
}

#[test]
fn refuses_wrong_digits_and_empty_labels() {
    for (pattern, digits, expected) in [
        (
            "21IIIIIWWWWWC",
            "2112345004823",
            CodeError::CheckDigit { text: "2112345004823".into(), expected: 2, given: 3 },
        ),
        (
            "20IIIIIVPPPPC",
            "2012345604995",
            CodeError::Verifier { text: "2012345604995".into(), expected: 8, given: 6 },
        ),
        ("21IIIIIWWWWWC", "2112345000008", CodeError::NothingMeasured("2112345000008".into())),
    ] {
        assert_eq!(read(pattern, digits), Err(expected), "{pattern} {digits}");
    }
}

#[test]
fn refuses_layouts_that_cannot_be() {
    for (text, reason) in [
        ("21IIIIIWWWWC", "13 characters"),
        ("21IIIIIWWWWWé", "13 characters"),
        ("IIIIIIIWWWWWC", "begin with digits"),
        ("40IIIIIWWWWWC", "kept free for shops"),
        ("0IIIIIIWWWWWC", "kept free for shops"),
        ("21WWWWWWWWWWC", "item part"),
        ("21IIIIIIIIIIC", "either a weight"),
        ("21IIIIIWWPPPC", "either a weight"),
        ("21IIWWWIIWWWC", "together"),
        ("21IIIII1WWWWC", "together"),
        ("21IIIIVVPPPPC", "verifier"),
        ("21IIIIIVWWWCC", "verifier"),
        ("21IIIIIVVWWWC", "verifier"),
        ("21IIIIIWWWWCC", "check digit"),
        ("21CIIIIIWWWWW", "check digit"),
        ("21IIIIIWWWWWW", "check digit"),
        ("21IIIIIWWWWxC", "may hold only"),
        ("21iiiiiwwwwwc", "item part"),
        ("21IIIIIW.WWWWC", "at most three"),
        ("20IIIIIVPP.PPC", "point only in its weight"),
        ("21IIIII.WWWWWC", "point only in its weight"),
        ("21IIIIIWW.W.WWC", "13 characters"),
    ] {
        let error = Pattern::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

/// The first two rows are the worked examples of the General Specifications; the others were
/// computed with an independent implementation (biip 5.2).
#[test]
fn verifier_digits() {
    for (digits, expected) in [
        ("2875", 9),
        ("14685", 6),
        ("0000", 0),
        ("0001", 5),
        ("9999", 6),
        ("1234", 9),
        ("0599", 1),
        ("7777", 7),
        ("00001", 4),
        ("99999", 6),
        ("12345", 8),
        ("00599", 9),
        ("98765", 7),
        ("50505", 9),
        ("10000", 1),
    ] {
        assert_eq!(verifier_digit(digits), Ok(expected), "{digits}");
    }
    assert!(matches!(verifier_digit("123"), Err(CodeError::WrongLength { given: 3, .. })));
}

proptest! {
    #[test]
    fn a_printed_label_reads_back(item in 0_u32..100_000, minor in 1_i64..10_000) {
        let price = format!("{minor:04}");
        let body = format!("20{item:05}{}{price}", verifier_digit(&price).unwrap());
        let digits = format!("{body}{}", check_digit(&body).unwrap());
        let code = read("20IIIIIVPPPPC", &digits).unwrap();
        prop_assert_eq!(code.short_code(), Some(item));
        prop_assert_eq!(code.measure, Measure::Price { minor });
    }

    #[test]
    fn any_changed_digit_of_a_price_changes_its_verifier(minor in 0_u32..100_000, place in 0_usize..5, by in 1_u8..10) {
        let price = format!("{minor:05}");
        let mut changed = price.clone().into_bytes();
        changed[place] = b'0' + (changed[place] - b'0' + by) % 10;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_ne!(verifier_digit(&price), verifier_digit(&changed));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), layout in "[0-9IWPVC.]{13,14}", digits in "2[0-9]{12}") {
        let _ = (Pattern::parse(&text), verifier_digit(&text));
        if let Ok(pattern) = Pattern::parse(&layout) {
            let _ = (pattern.match_code(&text), pattern.match_code(&digits));
        }
    }
}
