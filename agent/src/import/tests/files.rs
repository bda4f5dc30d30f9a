//! Promises that hold for every file: all or nothing, bad rows named and counted, whole-file faults.

use super::*;

#[test]
fn names_what_is_wrong_with_a_whole_file() {
    let mut shop = Shop::new();
    for (name, bytes, reason) in [
        ("a.csv", &b"reason,kind\n"[..], "column `name` is missing"),
        ("b.csv", b"reason,kind,name,colour\n", "column `colour` is unknown"),
        ("c.csv", b"reason,kind,name,name\n", "twice"),
        ("d.csv", b"reason,kind,name\n", "holds no rows"),
        ("e.csv", b"", "missing"),
        ("f.jsonl", b"", "holds no rows"),
        ("g.txt", b"", "--format"),
        ("h.csv", b"\xff\xfer\0e\0", "UTF-16"),
    ] {
        let path = shop.file(name, bytes);
        let error = shop.import_file(Kind::Reasons, &path).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(name), "{name}: {error}");
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
    let path = shop.file("latin.csv", b"reason,kind,name\nr1,refund,ok\nr2,refund,M\xfcsli\n");
    let rows = bad_rows(shop.import_file(Kind::Reasons, &path));
    assert_eq!((rows.named[0].line, rows.named[0].column), (3, "name"));
    assert!(rows.named[0].reason.contains("0xfc"), "{}", rows.named[0].reason);
    let path =
        shop.file("latin.csv", b"reason,kind,name\nr1,refunds,M\xfcsli\nr2,refund,M\xfcsli\n");
    let rows = bad_rows(shop.import_file(Kind::Reasons, &path));
    let named: Vec<_> = rows.named.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(named, [(2, "name"), (2, "kind"), (3, "name")]);
    for (text, reason) in [
        ("{\"reason\":\"a\",\"kind\":\"refund\",\"name\":\"x\"", "JSON"),
        ("[1]", "JSON"),
        ("{\"colour\":1}", "key `colour` is unknown"),
        ("{\"name\":\"a\",\"name\":\"b\"}", "twice"),
        ("{\"name\":[1]}", "text or a number"),
        ("{\"name\":\"a\"} x", "JSON"),
    ] {
        let rows = bad_rows(shop.json(Kind::Reasons, &format!("\n{text}\n")));
        assert_eq!(rows.named[0].line, 2, "{text}");
        assert!(rows.named[0].reason.contains(reason), "{text}: {}", rows.named[0].reason);
    }
}

#[test]
fn one_bad_row_keeps_everything_as_it_was() {
    let mut shop = Shop::new();
    let text =
        format!("{CATALOGUE}A-1,Renamed,each,A,,,,,\nN-1,New,each,A,,,,,\nB-1,Bad,each,Q,,,,,\n");
    assert_eq!(bad_rows(shop.import(Kind::Catalogue, &text)).named[0].line, 4);
    assert_eq!(shop.view().item_count().unwrap(), 2);
    assert_eq!(shop.view().item_by_sku("A-1").unwrap().unwrap().name, "Milk");
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
    // A row with two wrong columns counts twice, and the last that is named may be half a row.
    let rows = "A-1,x,,,\n".to_owned() + &"A-1,x,shop,,\n".repeat(1_000);
    let bad = bad_rows(shop.import(Kind::Prices, &format!("{PRICES}{rows}")));
    assert_eq!((bad.named.len(), bad.more), (MAX_NAMED_ROWS, 1_001));
    assert_eq!((bad.named[999].line, bad.named[999].column), (502, "price"));
    assert!(bad.to_string().starts_with("2001 faults:"));
}

/// Spreadsheets end lines by two characters, and leave some empty; the line named is the file's.
#[test]
fn lines_are_counted_as_an_editor_counts_them_whatever_ends_them() {
    let mut shop = Shop::new();
    let text = "sku,price\nBAK-001,1.00\n\n\"NOPE\",1.00\n\n\nA-2,x\nA,b,c\n";
    for ending in ["\n", "\r\n"] {
        let text = text.replace('\n', ending);
        let rows = bad_rows(shop.import(Kind::Prices, &text));
        let mut lines: Vec<u64> = rows.named.iter().map(|bad| bad.line).collect();
        lines.dedup();
        assert_eq!(lines.last(), Some(&8), "{ending:?}: {rows}");
        assert!(lines.contains(&4) && lines.contains(&7), "{ending:?}: {rows}");
    }
    // A carriage return at the end of each piece that is read, and inside a value.
    let long = format!("sku,price\r\n{}NOPE,x\r\n", "\r\n".repeat(70_000));
    assert_eq!(bad_rows(shop.import(Kind::Prices, &long)).named[0].line, 70_002);
}
