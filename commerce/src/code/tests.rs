//! Tests of the order in which a scan is read: one table a symbology.

use super::*;
use proptest::prelude::*;

fn patterns() -> Vec<Pattern> {
    ["21IIIIIWWWWWC", "20IIIIIVPPPPC", "02IIIIIVPPPPC"]
        .map(|pattern| Pattern::parse(pattern).unwrap())
        .to_vec()
}

fn read_raw(raw: &str) -> Result<Code, CodeError> {
    read(&Scan::parse(raw)?, &patterns())
}

/// What a scan reads as, shortened to the kind and what a person would call it.
fn check(raw: &str, kind: &str, shown: &str) {
    let code = read_raw(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
    let found = match code {
        Code::Gtin(_) => "gtin",
        Code::InStore(_) => "in-store",
        Code::Gs1(_) => "gs1",
        Code::Short(_) => "short",
        Code::Receipt(_) => "receipt",
        Code::Other(_) => "other",
    };
    assert_eq!((found, code.to_string().as_str()), (kind, shown), "{raw}");
}

fn refused(raw: &str, part: &str) {
    let error = read_raw(raw).expect_err(raw).to_string();
    assert!(error.contains(part), "{raw}: {error}");
}

#[test]
fn ean_and_upc() {
    check("]E04006381333931", "gtin", "4006381333931");
    check("]E0036000291452", "gtin", "0036000291452");
    check("]E004252614", "gtin", "0042100005264");
    check("]E0425261", "gtin", "0042100005264");
    check("]E096385074", "gtin", "96385074");
    check("]E496385074", "gtin", "96385074");
    check("]E02112345004822", "in-store", "12345");
    check("]E0212345804995", "in-store", "12345");
    check("]E002112345004822", "in-store", "12345");
    check("]E02312345004826", "gtin", "2312345004826");
    check("]E3977123456789812", "gtin", "9771234567898");
    check("]E3977123456789812345", "gtin", "9771234567898");
    check("]E303600029145212", "gtin", "0036000291452");
    check("]E303600029145212345", "gtin", "0036000291452");
    refused("]E04006381333932", "check digit 2");
    refused("]E02112345004823", "check digit 3");
    refused("]E02012345604995", "price verifier 6");
    refused("]E004252615", "check digit 5");
    refused("]E4PLU", "not a number");
    refused("]E04711", "has 4 digits");
}

/// Digits of an EAN that would also pass as an element string: (400) is an order number.
#[test]
fn a_plain_ean_is_never_read_as_gs1() {
    check("]E04006381333931", "gtin", "4006381333931");
    check("4006381333931", "gtin", "4006381333931");
    check("]C04006381333931", "gtin", "4006381333931");
    check("]C00109506000134352", "other", "0109506000134352");
    check("0109506000134352", "other", "0109506000134352");
}

#[test]
fn gs1_symbologies() {
    for identifier in ["]C1", "]e0", "]d2", "]Q3", "]J1"] {
        check(&format!("{identifier}0109506000134352"), "gs1", "9506000134352");
        refused(&format!("{identifier}4006381333931"), "names no trade item");
        refused(&format!("{identifier}TILL1:1-2-3"), "application identifier");
    }
}

#[test]
fn free_text() {
    for identifier in ["]C0", "]A0", "]d1", "]Q1", "]z0", "]I1"] {
        check(&format!("{identifier}10614141000415"), "gtin", "10614141000415");
        check(&format!("{identifier}96385074"), "other", "96385074");
        check(&format!("{identifier}4711"), "other", "4711");
        check(&format!("{identifier}TILL1:1-2-3"), "receipt", "TILL1:1-2-3");
    }
    check("]C04006381333932", "other", "4006381333932");
    check("]C02112345004822", "gtin", "2112345004822");
    check("]Q1https://example.com/01/09506000134352", "gs1", "9506000134352");
    check("]Q1https://example.com/menu", "other", "https://example.com/menu");
    check("]E112", "other", "12");
    refused("]I110614141000416", "check digit 6");
}

#[test]
fn keyed() {
    check("4006381333931", "gtin", "4006381333931");
    check("036000291452", "gtin", "0036000291452");
    check("96385074", "gtin", "96385074");
    check("04252614", "gtin", "0042100005264");
    check("10614141000415", "gtin", "10614141000415");
    check("2112345004822", "in-store", "12345");
    check("212345804995", "in-store", "12345");
    check("4", "short", "4");
    check("004711", "short", "4711");
    check("999999", "short", "999999");
    check("1234567", "other", "1234567");
    check("12345678901", "other", "12345678901");
    check("WINE-7", "other", "WINE-7");
    check("TILL1:1-2-3", "receipt", "TILL1:1-2-3");
    check("https://example.com/01/09506000134352", "gs1", "9506000134352");
    refused("96385075", "check digit 5");
    refused("04252615", "check digit 5");
    refused("4006381333932", "check digit 2");
    refused("", "empty");
}

/// Both readings are possible of these digits: the scanner's word decides, else the GTIN.
#[test]
fn the_symbology_decides_between_upc_e_and_ean_8() {
    let both = (0..10_000_000_u32)
        .map(|body| format!("{body:07}{}", check_digit(&format!("{body:07}")).unwrap()))
        .find(|digits| upce::expand(digits).is_ok_and(|gtin| gtin.as_u64() > 100_000_000))
        .unwrap();
    let upc_e = upce::expand(&both).unwrap();
    check(&format!("]E0{both}"), "gtin", &upc_e.to_string());
    check(&format!("]E4{both}"), "gtin", &both);
    check(&both, "gtin", &both);
}

proptest! {
    #[test]
    fn no_scan_panics(
        text in any::<String>(),
        identifier in prop::sample::select(vec!["", "]E0", "]E3", "]E4", "]I1", "]C0", "]C1", "]e0", "]Q1"]),
        digits in "[0-9]{0,20}",
    ) {
        let _ = read_raw(&text);
        let _ = read_raw(&format!("{identifier}{text}"));
        let _ = read_raw(&format!("{identifier}{digits}"));
    }

    #[test]
    fn a_gtin_reads_the_same_however_it_comes(body in 100_000_000_000_u64..200_000_000_000) {
        let body = body.to_string();
        let digits = format!("{body}{}", check_digit(&body).unwrap());
        let gtin = Code::Gtin(Gtin::parse(&digits).unwrap());
        for raw in [format!("]E0{digits}"), digits.clone(), format!("]C0{digits}"), format!("]I10{digits}")] {
            prop_assert_eq!(read_raw(&raw), Ok(gtin.clone()));
        }
        let item = read_raw(&format!("]e0010{digits}"));
        prop_assert_eq!(item.map(|code| code.to_string()), Ok(digits));
    }
}
