//! One table of bad rows a kind of file, and the promises that hold for all: all or nothing, bad
//! rows named and counted, bounded memory.

use super::*;
use crate::store::catalogue::{ReasonKind, View};
use crate::store::open::OpenOptions;
use commerce::staff::Role;
use commerce::tender::TenderKind;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

const STORE: &str = "store,name,address,postcode,city,country,phone,tax_number,currency,time_zone,tax_rounding,day_starts,in_store_patterns,receipt_footer\n";
const STORE_ROW: &str = "HH01,Hafen,Gasse 1,20457,Hamburg,DE,,DE999,EUR,Europe/Berlin,receipt,04:00,21IIIIIWWWWWC,\"Danke\nschön\"\n";
const TAXES: &str = "class,class_name,tax,tax_name,rate_percent,inclusive\n";
const TENDERS: &str = "tender,name,kind,opens_drawer,gives_change,limit\n";
const REASONS: &str = "reason,kind,name\n";
const STAFF: &str =
    "staff,name,role,pin,discount_limit_percent,override_limit_percent,refund_limit\n";
const CATALOGUE: &str =
    "sku,name,unit,tax_class,department,barcodes,short_code,in_store_item,minimum_age\n";
const PRICES: &str = "sku,price,layer,starts,ends\n";

/// A till with a store, two tax classes and two items.
struct Shop {
    folder: tempfile::TempDir,
    catalogue: Catalogue,
}

impl Shop {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new(folder.path().join("catalogue.db"));
        Self {
            folder,
            catalogue: Catalogue::open(&options).unwrap(),
        }
    }

    fn new() -> Self {
        let mut shop = Self::empty();
        for (kind, text) in [
            (Kind::Store, format!("{STORE}{STORE_ROW}")),
            (
                Kind::Taxes,
                format!("{TAXES}A,Standard,vat,VAT,19,yes\nZ,None,,,,\n"),
            ),
            (
                Kind::Catalogue,
                format!(
                    "{CATALOGUE}A-1,Milk,each,A,,4006381333931,,,\nW-1,Gouda,kg,Z,,,4011,10001,\n"
                ),
            ),
        ] {
            shop.import(kind, &text).unwrap();
        }
        shop
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn import_file(&mut self, kind: Kind, path: &PathBuf) -> Result<ImportReport, ImportError> {
        let input = Input {
            path,
            format: None,
            progress: &mut |_| {},
        };
        import(
            kind,
            input,
            &mut self.catalogue,
            Timestamp::from_second(1_000).unwrap(),
        )
    }

    fn import(&mut self, kind: Kind, text: &str) -> Result<ImportReport, ImportError> {
        let path = self.file("rows.csv", text);
        self.import_file(kind, &path)
    }

    fn json(&mut self, kind: Kind, text: &str) -> Result<ImportReport, ImportError> {
        let path = self.file("rows.jsonl", text);
        self.import_file(kind, &path)
    }

    fn view(&self) -> View<'_> {
        self.catalogue.view()
    }
}

fn bad_rows(result: Result<ImportReport, ImportError>) -> BadRows {
    match result {
        Err(ImportError::BadRows { rows, .. }) => rows,
        other => panic!("expected bad rows, got {other:?}"),
    }
}

/// Each row alone after `header` is refused on line 2 for its column, with a word of the reason.
fn refused(kind: Kind, header: &str, cases: &[(&str, &str, &str)]) {
    let mut shop = Shop::new();
    for (row, column, reason) in cases {
        let rows = bad_rows(shop.import(kind, &format!("{header}{row}\n")));
        let bad = rows.named.first().unwrap();
        assert_eq!(
            (bad.line, bad.column),
            (2, *column),
            "{row}: {}",
            bad.reason
        );
        assert!(bad.reason.contains(reason), "{row}: {}", bad.reason);
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
    let cases: Vec<_> = rows
        .iter()
        .map(|(row, c, r)| (row.as_str(), *c, *r))
        .collect();
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
            (
                "A,Standard,vat,VAT,1.23456,yes",
                "rate_percent",
                "four decimals",
            ),
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
            (
                "1,Anna,cashier,,,x,",
                "override_limit_percent",
                "percentage",
            ),
            ("1,Anna,cashier,,,,-5", "refund_limit", "negative"),
        ],
    );
    let mut shop = Shop::new();
    for (kind, text, line, column) in [
        (
            Kind::Taxes,
            format!("{TAXES}A,One,,,,\nA,Two,v,V,1,yes\n"),
            3,
            "class_name",
        ),
        (
            Kind::Taxes,
            format!("{TAXES}A,One,v,V,1,yes\nA,One,v,V,1,yes\n"),
            3,
            "tax",
        ),
        (
            Kind::Taxes,
            format!("{TAXES}A,One,,,,\nA,One,v,V,1,yes\n"),
            3,
            "tax",
        ),
        (
            Kind::Tenders,
            format!("{TENDERS}c,C,cash,yes,yes,\nc,C,cash,yes,yes,\n"),
            3,
            "tender",
        ),
        (
            Kind::Staff,
            format!("{STAFF}1,A,cashier,,,,\n1,B,cashier,,,,\n"),
            3,
            "staff",
        ),
    ] {
        let rows = bad_rows(shop.import(kind, &text));
        assert_eq!(
            (rows.named[0].line, rows.named[0].column),
            (line, column),
            "{text}"
        );
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
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXY,Milk,each,A,,,,,",
                "sku",
                "at most 24",
            ),
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

#[test]
fn takes_over_what_is_right_in_both_formats() {
    let mut shop = Shop::new();
    let store = shop.view().store().unwrap().unwrap();
    assert_eq!(
        (store.code.as_str(), store.day_starts_minute),
        ("HH01", 240)
    );
    assert_eq!(
        (store.receipt_footer.as_str(), store.in_store_patterns.len()),
        ("Danke\nschön", 1)
    );

    // A byte order mark, columns in another order, optional ones absent.
    shop.import(
        Kind::Reasons,
        "\u{feff}name,reason,kind\nLoyal,r1,discount\nBank,r2,paid_out\n",
    )
    .unwrap();
    let reasons = shop.view().reasons().unwrap();
    assert_eq!(
        (reasons[1].id.as_str(), reasons[1].kind),
        ("r2", ReasonKind::PaidOut)
    );

    shop.json(Kind::Tenders, "\u{feff}{\"tender\":\"cash\",\"name\":\"Cash\",\"kind\":\"cash\",\"opens_drawer\":\"yes\",\"gives_change\":\"yes\",\"limit\":250.5}\n\n{\"tender\":\"card\",\"name\":\"Card\",\"kind\":\"card\",\"opens_drawer\":\"no\",\"gives_change\":\"no\",\"limit\":null}\n").unwrap();
    let tenders = shop.view().tenders().unwrap();
    assert_eq!((tenders[0].limit, tenders[1].limit), (Some(25_050), None));
    assert_eq!(tenders[1].kind, TenderKind::Card);

    let report = shop
        .import(
            Kind::Staff,
            &format!("{STAFF}7,Anna,cashier,7305,5,0,25.00\n8,Ben,manager,,,,\n"),
        )
        .unwrap();
    assert_eq!(
        (report.rows, report.pins.len(), report.pins[0].1.expose()),
        (2, 1, "7305")
    );
    assert!(!format!("{report:?}").contains("7305"));
    let staff = shop.view().staff().unwrap();
    assert_eq!(staff[0].discount_limit.unwrap().millionths(), 50_000);
    assert_eq!(
        (staff[0].refund_limit_minor, staff[1].role),
        (Some(2_500), Role::Manager)
    );

    let taxes = "T,Taxable,state,State tax,6.25,no\nT,Taxable,city,City tax,1.5,no\nZ,None,,,,\n";
    shop.import(Kind::Taxes, &format!("{TAXES}{taxes}"))
        .unwrap();
    let classes = shop.view().taxes().unwrap();
    assert_eq!(
        (
            classes.len(),
            classes[0].taxes.len(),
            classes[1].taxes.len()
        ),
        (2, 2, 0)
    );
    assert_eq!(classes[0].taxes[1].rate.millionths(), 15_000);
}

#[test]
fn prices_start_on_the_shops_clock() {
    let mut shop = Shop::new();
    shop.import(
        Kind::Prices,
        &format!(
            "{PRICES}A-1,3/1.00,,,\nA-1,0.99,store,2026-06-15,2026-06-16T08:30\nA-1,,zone,,\n"
        ),
    )
    .unwrap();
    let view = shop.view();
    let item = view.item_by_sku("A-1").unwrap().unwrap();
    let currency = view.store().unwrap().unwrap().currency;
    for (at, expected) in [
        ("1970-01-01T00:16:39Z", None),
        ("1970-01-01T00:16:40Z", Some("3/1.00")),
        ("2026-06-14T21:59:59Z", Some("3/1.00")),
        ("2026-06-14T22:00:00Z", Some("0.99")),
        ("2026-06-16T06:29:59Z", Some("0.99")),
        ("2026-06-16T06:30:00Z", Some("3/1.00")),
    ] {
        let found = view
            .price_at(item.id, at.parse().unwrap(), currency)
            .unwrap();
        assert_eq!(
            found.map(|found| found.price.amount_text()).as_deref(),
            expected,
            "{at}"
        );
    }
}

#[test]
fn names_what_is_wrong_with_a_whole_file() {
    let mut shop = Shop::new();
    for (name, bytes, reason) in [
        ("a.csv", &b"reason,kind\n"[..], "column `name` is missing"),
        (
            "b.csv",
            b"reason,kind,name,colour\n",
            "column `colour` is unknown",
        ),
        ("c.csv", b"reason,kind,name,name\n", "twice"),
        ("d.csv", b"reason,kind,name\n", "holds no rows"),
        ("e.csv", b"", "missing"),
        ("f.jsonl", b"", "holds no rows"),
        ("g.txt", b"", "--format"),
        ("h.csv", b"\xff\xfer\0e\0", "UTF-16"),
    ] {
        let path = shop.file(name, bytes);
        let error = shop
            .import_file(Kind::Reasons, &path)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(reason) && error.contains(name),
            "{name}: {error}"
        );
    }
    let open_quote = format!("{REASONS}a,refund,\"{}", "x\n".repeat(500_000));
    let error = shop.import(Kind::Reasons, &open_quote).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }), "{error}");
    let error = Shop::empty().import(Kind::Prices, PRICES).unwrap_err();
    assert!(matches!(error, ImportError::NeedsStore), "{error}");
}

#[test]
fn names_encoding_and_json_faults_with_their_line() {
    let mut shop = Shop::new();
    let path = shop.file(
        "latin.csv",
        b"reason,kind,name\nr1,refund,ok\nr2,refund,M\xfcsli\n",
    );
    let rows = bad_rows(shop.import_file(Kind::Reasons, &path));
    assert_eq!((rows.named[0].line, rows.named[0].column), (3, "name"));
    assert!(
        rows.named[0].reason.contains("0xfc"),
        "{}",
        rows.named[0].reason
    );
    for (text, reason) in [
        (
            "{\"reason\":\"a\",\"kind\":\"refund\",\"name\":\"x\"",
            "JSON",
        ),
        ("[1]", "JSON"),
        ("{\"colour\":1}", "key `colour` is unknown"),
        ("{\"name\":\"a\",\"name\":\"b\"}", "twice"),
        ("{\"name\":[1]}", "text or a number"),
        ("{\"name\":\"a\"} x", "JSON"),
    ] {
        let rows = bad_rows(shop.json(Kind::Reasons, &format!("\n{text}\n")));
        assert_eq!(rows.named[0].line, 2, "{text}");
        assert!(
            rows.named[0].reason.contains(reason),
            "{text}: {}",
            rows.named[0].reason
        );
    }
}

#[test]
fn one_bad_row_keeps_everything_as_it_was() {
    let mut shop = Shop::new();
    let text =
        format!("{CATALOGUE}A-1,Renamed,each,A,,,,,\nN-1,New,each,A,,,,,\nB-1,Bad,each,Q,,,,,\n");
    assert_eq!(
        bad_rows(shop.import(Kind::Catalogue, &text)).named[0].line,
        4
    );
    assert_eq!(shop.view().item_count().unwrap(), 2);
    assert_eq!(
        shop.view().item_by_sku("A-1").unwrap().unwrap().name,
        "Milk"
    );
    let bad = format!("{TAXES}B,Other,,,,\nC,,,,,\n");
    bad_rows(shop.import(Kind::Taxes, &bad));
    assert_eq!(shop.view().taxes().unwrap().len(), 2);
}

#[test]
fn names_a_thousand_bad_rows_and_counts_the_rest() {
    let mut shop = Shop::new();
    let rows = "A-1,x,,,\n".repeat(1_234);
    let bad = bad_rows(shop.import(Kind::Prices, &format!("{PRICES}{rows}")));
    assert_eq!((bad.named.len(), bad.more), (MAX_NAMED_ROWS, 234));
    assert_eq!((bad.named[0].line, bad.named[999].line), (2, 1_001));
    assert!(bad.to_string().ends_with("and 234 more"));
}

#[test]
fn finds_the_broken_row_at_line_900_000() {
    let mut shop = Shop::new();
    let path = shop.file("big.csv", PRICES);
    let mut file =
        std::io::BufWriter::new(fs::OpenOptions::new().append(true).open(&path).unwrap());
    for line in 2..=900_100_u32 {
        match line {
            900_000 => writeln!(file, "A-1,oops,,,"),
            // Each minute a price of its own, so that the keys differ.
            _ => writeln!(
                file,
                "A-1,1,,{}-01-01T{:02}:{:02},",
                1_970 + line / 1_440,
                line / 60 % 24,
                line % 60
            ),
        }
        .unwrap();
    }
    file.into_inner().unwrap();
    let rows = bad_rows(shop.import_file(Kind::Prices, &path));
    assert_eq!((rows.named.len(), rows.more), (1, 0));
    assert_eq!(
        (rows.named[0].line, rows.named[0].column),
        (900_000, "price")
    );
}

#[test]
fn stock_is_checked_whole_before_any_is_handed_over() {
    let shop = Shop::new();
    let run = |text: &str| {
        let path = shop.file("stock.csv", format!("sku,quantity,place\n{text}"));
        let mut taken = Vec::new();
        let mut last = None;
        let input = Input {
            path: &path,
            format: None,
            progress: &mut |p| last = Some(p),
        };
        let result = import_stock(input, shop.view(), &mut |batch| {
            taken.extend(batch);
            Ok(())
        });
        assert!(last.is_some_and(|p: Progress| p.bytes <= p.total));
        (result, taken)
    };
    let (report, taken) = run("W-1,35.5,\nW-1,54,storeroom\nA-1,0,\n");
    assert_eq!(report.unwrap().rows, 3);
    let shown: Vec<_> = taken
        .iter()
        .map(|c| (c.sku.as_str(), c.thousandths, c.place.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("W-1", 35_500, "shop"),
            ("W-1", 54_000, "storeroom"),
            ("A-1", 0, "shop")
        ]
    );
    for (row, column) in [
        ("X,1,", "sku"),
        ("A-1,1.5,", "quantity"),
        ("A-1,-1,", "quantity"),
        ("W-1,1.2345,", "quantity"),
        ("W-1,9999999999,", "quantity"),
        ("W-1,,", "quantity"),
        ("A-1,2,", "place"),
    ] {
        let (result, taken) = run(&format!("A-1,1,\n{row}\n"));
        let bad = bad_rows(result);
        assert_eq!(
            (bad.named[0].line, bad.named[0].column),
            (3, column),
            "{row}"
        );
        assert_eq!(taken, []);
    }
}
