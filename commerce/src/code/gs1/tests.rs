//! Tests of element strings and Digital Links, from the forms that goods carry.

use super::*;
use proptest::prelude::*;

/// `~` stands for the separator, to keep the tables readable.
fn gs(text: &str) -> String {
    text.replace('~', "\u{1d}")
}

fn quantity(text: &str, unit: Unit) -> Quantity {
    Quantity::parse(text, unit).unwrap()
}

fn item(gtin: &str) -> Gs1Item {
    Gs1Item {
        gtin: Gtin::parse(gtin).unwrap(),
        measures: vec![],
        price: None,
        batch: None,
        serial: None,
        expiry: None,
        best_before: None,
    }
}

#[test]
fn splits_fixed_and_open_elements() {
    let check = |text: &str, expected: &[(u16, &str)]| {
        let text = gs(text);
        let split: Vec<_> = elements(&text).unwrap().iter().map(|e| (e.ai, e.data)).collect();
        assert_eq!(split, expected, "{text}");
    };
    check("", &[]);
    check("0109506000134352", &[(1, "09506000134352")]);
    check("~0109506000134352~", &[(1, "09506000134352")]);
    check("010950600013435210ABC123", &[(1, "09506000134352"), (10, "ABC123")]);
    check("10ABC~0109506000134352", &[(10, "ABC"), (1, "09506000134352")]);
    check("0109506000134352~17271231", &[(1, "09506000134352"), (17, "271231")]);
    check(
        "020950600013435237\
           10~00395060001343000010",
        &[(2, "09506000134352"), (37, "10"), (0, "395060001343000010")],
    );
    check(
        "1125013112250228132503012012",
        &[(11, "250131"), (12, "250228"), (13, "250301"), (20, "12")],
    );
    check("421276ABC~92X", &[(421, "276ABC"), (92, "X")]);
    check(
        "430912345678900987654321~423276056~21A",
        &[(4309, "12345678900987654321"), (423, "276056"), (21, "A")],
    );
    check("81110123~3103000195", &[(8111, "0123"), (3103, "000195")]);
}

#[test]
fn reads_what_selling_needs() {
    let plain = || item("09506000134352");
    let mut full = plain();
    full.measures = vec![quantity("0.195", Unit::Kilogram)];
    full.batch = Some("LOT1".into());
    full.serial = Some("S/1".into());
    full.expiry = ShortDate::parse("271231");
    full.best_before = ShortDate::parse("271200");
    let with = |measures: Vec<Quantity>| Gs1Item { measures, ..plain() };
    for (text, expected) in [
        ("0109506000134352", plain()),
        ("01095060001343523103000195172712311527120010LOT1~21S/1", full),
        ("01095060001343523202000125", with(vec![quantity("1.25", Unit::Pound)])),
        ("01095060001343523105012300", with(vec![quantity("0.123", Unit::Kilogram)])),
        ("01095060001343523110000003", with(vec![quantity("3", Unit::Metre)])),
        ("01095060001343523152000150", with(vec![quantity("1.5", Unit::Litre)])),
        ("01095060001343523613008701", with(vec![quantity("8.701", Unit::Gallon)])),
        (
            "010950600013435231020001253202000276306",
            with(vec![
                quantity("1.25", Unit::Kilogram),
                quantity("2.76", Unit::Pound),
                quantity("6", Unit::Each),
            ]),
        ),
        ("0109506000134352240EXTRA~0109506000134352", plain()),
    ] {
        assert_eq!(read_elements(&gs(text)), Ok(expected), "{text}");
    }
    let dual = read_elements("010950600013435231020001253202000276").unwrap();
    assert_eq!(dual.measure(Unit::Pound), Some(quantity("2.76", Unit::Pound)));
    assert_eq!(dual.measure(Unit::Each), None);
}

#[test]
fn reads_prices_in_the_stores_currency() {
    let currency = |code: &str| Currency::parse(code).unwrap();
    for (element, code, expected) in [
        ("3922499", "EUR", Ok("4.99 EUR")),
        ("392012", "EUR", Ok("12.00 EUR")),
        ("39231250", "KWD", Ok("1.250 KWD")),
        ("3932978499", "EUR", Ok("4.99 EUR")),
        ("3930392150", "JPY", Ok("150 JPY")),
        ("39234990", "EUR", Ok("4.99 EUR")),
        ("39234995", "EUR", Err("more decimals")),
        ("3932840499", "EUR", Err("different currencies")),
    ] {
        let read = read_elements(&format!("0109506000134352{element}")).unwrap();
        match (read.price.unwrap().money(currency(code)), expected) {
            (Ok(money), Ok(shown)) => assert_eq!(money.to_string(), shown, "{element}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, expected) => panic!("{element}: {got:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn refuses_and_names_the_element() {
    for (text, part) in [
        ("", "names no trade item"),
        ("020950600013435237010", "names no trade item"),
        ("0109506000134353", "check digit 3"),
        ("010950600013435", "(01) does not take `0950600013435`"),
        ("010950600013435X", "(01) does not take"),
        ("4006381333931", "names no trade item"),
        ("0409506000134352", "`0409506000134352` at place 1"),
        ("0109506000134352xyz", "`xyz` at place 17"),
        ("010950600013435210", "(10) does not take ``"),
        ("0109506000134352~~10A", "at place 18"),
        ("010950600013435210ABCDEFGHIJKLMNOPQRSTU", "(10) does not take"),
        ("010950600013435217271301", "(17) does not take `271301`: there is no such day"),
        ("01095060001343523104012345", "more than three decimals"),
        ("01095060001343523103000000", "more than zero"),
        ("01095060001343523100009999", "more than one line may hold"),
        ("01095060001343523922000", "zero"),
        ("01095060001343523932999499", "`XXX` is not a currency"),
        ("010950600013435210A~10B", "(10) is stated twice"),
        ("01095060001343523103000195~3102000020", "(3102) is stated twice"),
        ("01095060001343520104006381333931", "(01) is stated twice"),
    ] {
        let error = read_elements(&gs(text)).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(matches!(elements(&"9".repeat(257)), Err(CodeError::TooLong { .. })));
}

#[test]
fn reads_digital_links() {
    let plain = || item("09506000134352");
    let mut full = plain();
    full.batch = Some("A/1".into());
    full.serial = Some("77".into());
    full.measures = vec![quantity("0.195", Unit::Kilogram)];
    full.expiry = ShortDate::parse("271231");
    for (link, expected) in [
        ("https://id.gs1.org/01/09506000134352", plain()),
        ("HTTPS://ID.GS1.ORG/01/09506000134352/", plain()),
        ("http://example.com/some/path/01/9506000134352", plain()),
        ("https://example.com/01/09506000134352#x", plain()),
        ("https://example.com/01/09506000134352?linkType=gs1:pip&lang=de#top", plain()),
        ("https://example.com/01/09506000134352/10/A%2F1/21/77?3103=000195&17=271231;utm=x", full),
    ] {
        assert_eq!(read_link(link), Some(Ok(expected)), "{link}");
    }
}

#[test]
fn leaves_other_addresses_alone() {
    for text in [
        "https://example.com/",
        "https://example.com/2026/01/15/news",
        "https://example.com/01",
        "https://example.com/01/about-us",
        "https://example.com/414/4006381333931",
        "https://01/09506000134352",
        "ftp://example.com/01/09506000134352",
        "0109506000134352",
        "https:/",
        "",
    ] {
        assert_eq!(read_link(text), None, "{text}");
    }
}

#[test]
fn refuses_damaged_links() {
    for (link, part) in [
        ("https://example.com/01/09506000134353", "check digit 3"),
        ("https://example.com/01/09506000134352?3103=195", "(3103) does not take `195`"),
        ("https://example.com/01/09506000134352/10/A%2", "(10) does not take `A%2`"),
        ("https://example.com/01/09506000134352/10/A%+1", "(10) does not take"),
        ("https://example.com/01/09506000134352/10/%FF", "(10) does not take"),
        ("https://example.com/01/09506000134352?01=04006381333931", "(01) is stated twice"),
    ] {
        let error = read_link(link).unwrap().unwrap_err().to_string();
        assert!(error.contains(part), "{link}: {error}");
    }
}

proptest! {
    #[test]
    fn elements_written_out_read_back(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                (1_u16, "09506000134352"), (10, "LOT-7"), (11, "250131"), (15, "270100"),
                (21, "S.9"), (37, "12"), (3103, "000195"), (421, "276X1"), (8008, "25013112"),
                (3922, "499"), (98, "a"),
            ]),
            0..9,
        ),
    ) {
        let text: String = parts.iter().map(|(ai, data)| format!("{ai:02}{data}\u{1d}")).collect();
        let read: Vec<_> = elements(&text).unwrap().iter().map(|e| (e.ai, e.data)).collect();
        prop_assert_eq!(&read, &parts);
        // Separators are needed only behind open elements, and never at the end.
        let sparse: String = parts.iter().map(|(ai, data)| {
            let fixed = table::find(*ai).unwrap().fixed_length().is_some();
            format!("{ai:02}{data}{}", if fixed { "" } else { "\u{1d}" })
        }).collect();
        let sparse = sparse.strip_suffix('\u{1d}').unwrap_or(&sparse);
        let read: Vec<_> = elements(sparse).unwrap().iter().map(|e| (e.ai, e.data)).collect();
        prop_assert_eq!(&read, &parts);
    }

    #[test]
    fn no_text_panics(
        text in any::<String>(),
        likely in "(01[0-9]{14}|[0-9]{2,4}[0-9A-Z%é\u{1d}]{0,20}){0,6}",
    ) {
        for text in [&text, &likely] {
            let _ = (read_elements(text), read_link(text));
            let _ = read_link(&format!("https://{text}"));
            let _ = read_link(&format!("https://x/01/09506000134352/{text}?{text}"));
        }
    }
}
