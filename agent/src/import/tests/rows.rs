//! One table of bad rows a kind of file.

use super::*;

/// Each row alone after `header` is refused on line 2 for its column and no other, with a word of
/// the reason.
fn refused(kind: Kind, header: &str, cases: &[(&str, &str, &str)]) {
    let mut shop = Shop::new();
    for (row, column, reason) in cases {
        let rows = bad_rows(shop.import(kind, &format!("{header}{row}\n")));
        let bad = rows.named.first().unwrap();
        assert_eq!((bad.line, bad.column), (2, *column), "{row}: {}", bad.reason);
        assert!(bad.reason.contains(reason), "{row}: {}", bad.reason);
        assert_eq!((rows.named.len(), rows.more), (1, 0), "{row}: {rows}");
    }
}

#[test]
fn names_every_wrong_column_of_a_row() {
    let mut shop = Shop::new();
    for (kind, header, row, columns) in [
        (
            Kind::Store,
            STORE,
            "hh01,,Gasse 1,,Hamburg,Germany,,DE999,euro,Berlin,never,24:00,21IIX,",
            "store name postcode country currency time_zone tax_rounding day_starts in_store_patterns",
        ),
        (Kind::Taxes, TAXES, ",,vat,,x,true", "class class_name tax_name rate_percent inclusive"),
        (
            Kind::Tenders,
            TENDERS,
            ",,money,1,,-1",
            "tender name kind opens_drawer gives_change limit",
        ),
        (Kind::Tenders, TENDERS, ",Card,card,yes,yes,", "tender gives_change"),
        (Kind::Reasons, REASONS, ",refunds,", "reason kind name"),
        (
            Kind::Staff,
            STAFF,
            "x,,boss,12,101,x,-5",
            "staff name role pin discount_limit_percent override_limit_percent refund_limit",
        ),
        (
            Kind::Catalogue,
            CATALOGUE,
            ",,piece,Q,\u{1b},1,1234567,x,-1",
            "sku name unit tax_class department barcodes short_code in_store_item minimum_age",
        ),
        (Kind::Prices, PRICES, ",x,shop,yesterday,2026-13-01", "sku price layer starts ends"),
        (Kind::Prices, PRICES, "A-1,x,,2026-01-02,2026-01-01", "price ends"),
    ] {
        let rows = bad_rows(shop.import(kind, &format!("{header}{row}\n")));
        let named: Vec<_> = rows.named.iter().map(|bad| bad.column).collect();
        assert_eq!(named.join(" "), columns, "{row}");
        assert!(rows.named.iter().all(|bad| bad.line == 2), "{rows}");
    }
}

#[test]
fn a_value_is_refused_before_it_is_shown() {
    let mut shop = Shop::new();
    let long = "x".repeat(2_001);
    for (row, reason) in [("A-1,\u{1b}[2J,,,", "0x1b"), (&*format!("A-1,{long},,,"), "2001")] {
        let rows = bad_rows(shop.import(Kind::Prices, &format!("{PRICES}{row}\n")));
        let bad = &rows.named[0];
        assert!(bad.column == "price" && bad.reason.contains(reason), "{rows}");
        assert!(bad.reason.len() < 100 && !bad.reason.contains('\u{1b}'), "{rows}");
    }
}

#[test]
fn refuses_bad_stores() {
    let with = |from: &str, to: &str| STORE_ROW.replacen(from, to, 1).trim_end().to_owned();
    let rows = [
        (with("HH01", "hh01"), "store", "A-Z"),
        (with("HH01", "ABCDEFGHIJKLM"), "store", "1 to 12"),
        (with("Hafen", ""), "name", "missing"),
        (with("Hafen", "Ha\u{1b}fen"), "name", "control"),
        (with(",DE,", ",Germany,"), "country", "country"),
        (with("EUR", "euro"), "currency", "currency"),
        (with("Europe/Berlin", "Berlin"), "time_zone", "time zone"),
        (with("receipt", "never"), "tax_rounding", "line, receipt"),
        (with("04:00", "24:00"), "day_starts", "04:00"),
        (with("04:00", "4:00"), "day_starts", "04:00"),
        (with("21IIIIIWWWWWC", "21IIX"), "in_store_patterns", ""),
    ];
    let cases: Vec<_> = rows.iter().map(|(row, c, r)| (row.as_str(), *c, *r)).collect();
    refused(Kind::Store, STORE, &cases);
    let two = format!("{STORE}{STORE_ROW}{STORE_ROW}");
    let rows = bad_rows(Shop::empty().import(Kind::Store, &two));
    // The footer of the first spans two lines, so the second begins on line 4.
    assert_eq!((rows.named[0].line, rows.named[0].column), (4, "store"));
}

#[test]
fn refuses_bad_sets() {
    refused(
        Kind::Taxes,
        TAXES,
        &[
            (",Standard,,,,", "class", "missing"),
            ("A,,,,,", "class_name", "missing"),
            ("A,Standard,vat,,19,yes", "tax_name", "missing"),
            ("A,Standard,vat,VAT,,yes", "rate_percent", "missing"),
            ("A,Standard,vat,VAT,-1,yes", "rate_percent", "percentage"),
            ("A,Standard,vat,VAT,1.23456,yes", "rate_percent", "four decimals"),
            ("A,Standard,vat,VAT,19,true", "inclusive", "yes nor no"),
            ("A,Standard,,VAT,,", "tax", "tax_name"),
        ],
    );
    refused(
        Kind::Tenders,
        TENDERS,
        &[
            (",Cash,cash,yes,yes,", "tender", "missing"),
            ("c,Cash,money,yes,yes,", "kind", "voucher"),
            ("c,Cash,cash,1,yes,", "opens_drawer", "yes nor no"),
            ("c,Cash,cash,yes,,", "gives_change", "missing"),
            ("c,Cash,cash,yes,yes,1.005", "limit", "decimals"),
            ("c,Cash,cash,yes,yes,-1", "limit", "negative"),
        ],
    );
    refused(
        Kind::Reasons,
        REASONS,
        &[
            ("a,refunds,x", "kind", "paid_in"),
            ("a,refund,", "name", "missing"),
            (",refund,x", "reason", "missing"),
        ],
    );
    refused(
        Kind::Staff,
        STAFF,
        &[
            ("x,Anna,cashier,,,,", "staff", "digits"),
            ("1,Anna,boss,,,,", "role", "supervisor"),
            ("1,Anna,cashier,123,,,", "pin", "4 to 8"),
            ("1,Anna,cashier,12a4,,,", "pin", "4 to 8"),
            ("1,Anna,cashier,,101,,", "discount_limit_percent", "100"),
            ("1,Anna,cashier,,,x,", "override_limit_percent", "percentage"),
            ("1,Anna,cashier,,,,-5", "refund_limit", "negative"),
        ],
    );
    let mut shop = Shop::new();
    for (kind, text, line, column) in [
        (Kind::Taxes, format!("{TAXES}A,One,,,,\nA,Two,v,V,1,yes\n"), 3, "class_name"),
        (Kind::Taxes, format!("{TAXES}A,One,v,V,1,yes\nA,One,v,V,1,yes\n"), 3, "tax"),
        (Kind::Taxes, format!("{TAXES}A,One,,,,\nA,One,v,V,1,yes\n"), 3, "tax"),
        (Kind::Tenders, format!("{TENDERS}c,C,cash,yes,yes,\nc,C,cash,yes,yes,\n"), 3, "tender"),
        (Kind::Staff, format!("{STAFF}1,A,cashier,,,,\n1,B,cashier,,,,\n"), 3, "staff"),
    ] {
        let rows = bad_rows(shop.import(kind, &text));
        assert_eq!((rows.named[0].line, rows.named[0].column), (line, column), "{text}");
    }
}

#[test]
fn refuses_bad_goods() {
    let long = format!("S,{},each,A,,,,,", "x".repeat(61));
    refused(
        Kind::Catalogue,
        CATALOGUE,
        &[
            (",Milk,each,A,,,,,", "sku", "missing"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXY,Milk,each,A,,,,,", "sku", "at most 24"),
            ("S,,each,A,,,,,", "name", "missing"),
            (&long, "name", "61 characters"),
            ("S,Milk,piece,A,,,,,", "unit", "unit of sale"),
            ("S,Milk,each,Q,,,,,", "tax_class", "import taxes"),
            ("S,Milk,each,A,,4006381333932,,,", "barcodes", ""),
            ("S,Milk,each,A,,4006381333931,,,", "barcodes", "item `A-1`"),
            ("S,Milk,each,A,,,1234567,,", "short_code", "1 to 6"),
            ("S,Milk,each,A,,,4011,,", "short_code", "item `W-1`"),
            ("S,Milk,each,A,,,,x,", "in_store_item", "digits"),
            ("S,Milk,each,A,,,,10001,", "in_store_item", "`10001`"),
            ("S,Milk,each,A,,,,,-1", "minimum_age", "years"),
            ("S,Milk,each,A,,,,", "", "8 values"),
        ],
    );
    refused(
        Kind::Prices,
        PRICES,
        &[
            ("X,1,,,", "sku", "no item `X`"),
            ("A-1,1.23456,,,", "price", "four decimals"),
            ("A-1,-1,,,", "price", "negative"),
            ("A-1,\"1,99\",,,", "price", "not a price"),
            ("A-1,1,shop,,", "layer", "zone"),
            ("A-1,1,,2026-13-01,", "starts", "date"),
            ("A-1,1,,2026-01-01T10:00Z,", "starts", "date"),
            ("A-1,1,,2026-01-01T10:00+02:00,", "starts", "date"),
            ("A-1,1,,2026-01-02,2026-01-02", "ends", "after the start"),
        ],
    );
}
