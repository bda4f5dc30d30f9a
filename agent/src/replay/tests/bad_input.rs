//! A table of bad rows and files: each is named with its line, and nothing is rung.

use super::*;
use crate::import::BadRows;

const FIRST: &str = "31198655051,2017-01-01 12:26:30,1228,1041453,1,158,15,0,0,143";

fn bad_rows(result: Result<ReplaySummary, ReplayError>, name: &str) -> BadRows {
    match result {
        Err(ReplayError::BadRows { file, rows }) if file.ends_with(name) => rows,
        other => panic!("expected bad rows of {name}, got {other:?}"),
    }
}

/// Each row in the place of `original` in `name` is refused for its column, with a word of the
/// reason.
fn refused(name: &str, line: u64, original: &str, cases: &[(&str, &str, &str)]) {
    let input = Input::sample_until("2017-01-02");
    for (row, column, reason) in cases {
        input.alter(name, original, row);
        let rows = bad_rows(input.run(), name);
        let bad = &rows.named[0];
        assert_eq!((bad.line, bad.column), (line, *column), "{row}: {}", bad.reason);
        assert!(bad.reason.contains(reason), "{row}: {}", bad.reason);
        assert_eq!(rows.named.len(), 1, "{row}: {rows}");
        input.alter(name, row, original);
    }
}

#[test]
fn refuses_bad_basket_lines() {
    let cases = [
        ("31198655051,2017-01-01 12:26:30,1228,nothing,1,158,15,0,0,143", "sku", "no item"),
        ("31198655051,2017-01-01 12:26:30,1228,,1,158,15,0,0,143", "sku", "missing"),
        (",2017-01-01 12:26:30,1228,1041453,1,158,15,0,0,143", "basket", "missing"),
        ("31198655051,1.1.2017,1228,1041453,1,158,15,0,0,143", "at", "not a time"),
        ("31198655051,2017-01-01 12:26:30+01:00,1228,1041453,1,158,15,0,0,143", "at", "not a time"),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,0,158,15,0,0,143", "quantity", "more than"),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,1.5,158,15,0,0,143", "quantity", "whole"),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,10000,158,15,0,0,143", "quantity", "9999"),
        (
            "31198655051,2017-01-01 12:26:30,1228,1041453,1,-158,15,0,0,143",
            "regular_cents",
            "whole",
        ),
        (
            "31198655051,2017-01-01 12:26:30,1228,1041453,1,1.58,15,0,0,143",
            "regular_cents",
            "whole",
        ),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,1,158,15,0,0,142", "net_sales_cents", "143"),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,1,158,158,15,0,0", "net_sales_cents", "-15"),
        (
            "31198655051,2017-01-01 12:26:30,1228,1041453,1,158,15,0,144,143",
            "manufacturer_coupon_cents",
            "144",
        ),
        ("31198655051,2017-01-01 12:26:30,1228,1041453,1,158,15,0,0", "", "9 values"),
    ];
    refused("baskets.csv", 2, FIRST, &cases);
}

#[test]
fn refuses_lines_that_go_back_in_time_or_split_a_basket() {
    let next = "31198657415,2017-01-01 21:29:09,79,857390,1,99,49,0,0,50";
    let early = next.replace("2017-01-01 21:29:09", "2017-01-01 12:26:29");
    let split = next.replace("31198657415", "31198655051");
    let cases = [(early.as_str(), "at", "sort the file"), (split.as_str(), "at", "was paid at")];
    refused("baskets.csv", 3, next, &cases);
}

#[test]
fn refuses_bad_items_and_days() {
    let item = "818996,0400008189965,TREATS 6.2 OZ,GROCERY,National,each";
    let cases = [
        ("818996,0400008189966,TREATS 6.2 OZ,GROCERY,National,each", "gtin", "check digit"),
        ("818996,,TREATS 6.2 OZ,GROCERY,National,each", "gtin", "missing"),
        ("818996,0400008189965,,GROCERY,National,each", "name", "missing"),
        ("818996,0400008189965,TREATS 6.2 OZ,GROCERY,National,box", "unit", "not a unit"),
        ("819255x,0400008192552,TREATS 6.2 OZ,GROCERY,National,each", "gtin", ""),
    ];
    let input = Input::sample_until("2017-01-02");
    for (row, column, reason) in cases {
        input.alter("catalog.csv", item, row);
        let rows = bad_rows(input.run(), "catalog.csv");
        assert_eq!(rows.named[0].column, column, "{row}: {rows}");
        assert!(rows.to_string().contains(reason), "{row}: {rows}");
        input.alter("catalog.csv", row, item);
    }
    let day = "2017-01-02,14,125,52322,6215,25,46082,75";
    let cases = [
        ("2017-01-32,14,125,52322,6215,25,46082,75", "day", "not a day"),
        ("2017-01-01,14,125,52322,6215,25,46082,75", "day", "twice"),
        ("2017-01-02,,125,52322,6215,25,46082,75", "baskets", "missing"),
        ("2017-01-02,14,125,523.22,6215,25,46082,75", "regular_cents", "whole"),
    ];
    refused("days.csv", 3, day, &cases);
}

#[test]
fn names_every_wrong_column_of_a_row() {
    for (name, from, to, columns) in [
        (
            "baskets.csv",
            FIRST,
            ",1.1.2017,1228,nothing,1,x,15,-1,1.5,143",
            "basket at sku regular_cents coupon_match_cents manufacturer_coupon_cents",
        ),
        (
            "baskets.csv",
            FIRST,
            "31198655051,2017-01-01 12:26:30,1228,1041453,0,158,15,0,0,142",
            "quantity net_sales_cents",
        ),
        (
            "catalog.csv",
            "818996,0400008189965,TREATS 6.2 OZ,GROCERY,National,each",
            ",0400008189966,,GROCERY,National,box",
            "sku gtin name unit",
        ),
        (
            "days.csv",
            "2017-01-02,14,125,52322,6215,25,46082,75",
            "2017-01-32,,125,523.22,6215,25,46082,-75",
            "day baskets regular_cents manufacturer_coupon_cents",
        ),
    ] {
        let input = Input::sample_until("2017-01-02");
        input.alter(name, from, to);
        let rows = bad_rows(input.run(), name);
        let named: Vec<_> = rows.named.iter().map(|bad| bad.column).collect();
        assert_eq!(named.join(" "), columns, "{rows}");
    }
}

#[test]
fn names_every_bad_row_at_once() {
    let input = Input::sample_until("2017-01-02");
    input.alter("baskets.csv", FIRST, &FIRST.replace("1041453", "nothing"));
    let next = "31198657415,2017-01-01 21:29:09,79,857390,1,99,49,0,0,50";
    input.alter("baskets.csv", next, &next.replace(",50", ",51"));
    let rows = bad_rows(input.run(), "baskets.csv");
    let lines: Vec<_> = rows.named.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn refuses_files_that_are_no_replay() {
    for (name, from, to, expected) in [
        ("baskets.csv", "quantity,", "quantities,", "`quantity` is missing"),
        ("days.csv", "day,baskets", "day,day", "`day` stands there twice"),
        ("catalog.csv", "gtin", "barcode", "`gtin` is missing"),
    ] {
        let input = Input::sample_until("2017-01-01");
        input.alter(name, from, to);
        let error = input.run().unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
    let input = Input::sample_until("2016-01-01");
    let error = input.run().unwrap_err().to_string();
    assert!(error.contains("days.csv") && error.contains("holds no days"), "{error}");
    let nowhere = ReplayOptions::new(input.folder.path().join("nowhere"));
    let error = run(&nowhere, &mut quiet).unwrap_err();
    assert!(matches!(error, ReplayError::Read { .. }), "{error}");
}

#[test]
fn refuses_a_row_without_end() {
    let input = Input::sample_until("2017-01-01");
    let endless = format!("{FIRST}\n\"{}", "x".repeat(600_000));
    input.alter("baskets.csv", FIRST, &endless);
    let error = input.run().unwrap_err().to_string();
    assert!(error.contains("a quote not closed"), "{error}");
}

#[test]
fn keeps_its_hands_off_a_folder_in_use() {
    let input = Input::sample_until("2017-01-01");
    let keep = Some(input.folder.path().to_owned());
    let options = ReplayOptions { keep, ..input.options() };
    let error = run(&options, &mut quiet).unwrap_err();
    assert!(matches!(error, ReplayError::NotEmpty { .. }), "{error}");
    assert!(!input.folder.path().join("till.db").exists());
}
