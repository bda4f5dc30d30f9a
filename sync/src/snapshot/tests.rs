//! Pages: they round-trip, have one golden form, and refuse everything else.

use super::column::{Cell, Column, MAX_VALUE_BYTES, Stored, Type};
use super::manifest::MAX_PAGE_BYTES;
use super::page::{MAX_PLAIN_BYTES, MAX_ROWS, Page, PageError};
use minicbor::Encoder;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Value {
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

fn column(kind: Type, values: &[Option<Value>]) -> Column {
    let mut column = Column::new(kind);
    for value in values {
        let cell = match value {
            None => Cell::Null,
            Some(Value::Integer(number)) => Cell::Integer(*number),
            Some(Value::Text(text)) => Cell::Text(text),
            Some(Value::Bytes(bytes)) => Cell::Bytes(bytes),
        };
        column.push(cell).unwrap();
    }
    column
}

/// Values of one kind, as columns have them: alike, rising, few different ones, any.
fn any_column(rows: usize) -> impl Strategy<Value = Column> {
    let numbers = prop_oneof![
        any::<i64>().boxed(),
        (0_i64..3).boxed(),
        Just(i64::MIN).boxed(),
        (1_000_000_i64..1_000_100).boxed(),
    ];
    let texts = prop_oneof!["[a-c]{0,2}", "S00[0-9]{5}", "\\PC{0,12}"];
    let integer = prop::collection::vec(prop::option::weighted(0.8, numbers), rows);
    let text = prop::collection::vec(prop::option::weighted(0.8, texts), rows);
    let bytes = prop::collection::vec(any::<u8>(), 0..9);
    let bytes = prop::collection::vec(prop::option::weighted(0.8, bytes), rows);
    let of = |kind: Type| move |values: Vec<Option<Value>>| column(kind, &values);
    fn all<T>(values: Vec<Option<T>>, make: fn(T) -> Value) -> Vec<Option<Value>> {
        values.into_iter().map(|value| value.map(make)).collect()
    }
    prop_oneof![
        integer.prop_map(move |values| of(Type::Integer)(all(values, Value::Integer))),
        text.prop_map(move |values| of(Type::Text)(all(values, Value::Text))),
        bytes.prop_map(move |values| of(Type::Bytes)(all(values, Value::Bytes))),
    ]
}

fn any_page() -> impl Strategy<Value = Page> {
    (1_usize..400, 1_usize..6).prop_flat_map(|(rows, columns)| {
        let columns = prop::collection::vec(any_column(rows), columns);
        (any::<u16>(), any::<u64>(), columns).prop_map(|(table, first, columns)| Page {
            table,
            first,
            columns,
        })
    })
}

proptest! {
    #[test]
    fn round_trips(page in any_page()) {
        let (plain, bytes) = page.encode().unwrap();
        let (found, read) = Page::decode(&bytes).unwrap();
        prop_assert_eq!(found, plain);
        prop_assert_eq!(&read, &page);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Page::decode(&bytes);
        let _ = Page::decode(&packed(&bytes));
    }
}

fn packed(plain: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(plain, 1).unwrap()
}

/// Appended to, never changed: pages on a stick outlive the version that made them.
#[test]
fn golden() {
    let page = Page {
        table: 5,
        first: 7,
        columns: vec![
            column(Type::Integer, &[1, 2, 300].map(|it| Some(Value::Integer(it)))),
            column(Type::Integer, &[Some(Value::Integer(-1)), None, Some(Value::Integer(-1))]),
            column(Type::Text, &["kg", "each", "kg"].map(|it| Some(Value::Text(it.into())))),
        ],
    };
    let plain = b"\x84\x05\x07\x03\x83\
        \x84\x00\xf6\x01\x44\x02\x02\xd4\x04\
        \x84\x00\x41\x02\x00\x20\
        \x85\x01\xf6\x03\x82\x42kg\x44each\x81\x43\x00\x01\x00";
    let (length, bytes) = page.encode().unwrap();
    let decompressed = zstd::bulk::decompress(&bytes, 1_000).unwrap();
    assert_eq!(decompressed, plain);
    assert_eq!(length, plain.len());
    assert_eq!(Page::decode(&packed(plain)).unwrap().1, page);
}

/// What `write` puts behind the head of a page of `rows` rows with one column is refused.
#[track_caller]
fn refused(rows: u32, write: impl FnOnce(&mut Encoder<Vec<u8>>), says: &str) {
    let mut to = Encoder::new(Vec::new());
    to.array(4).unwrap().u16(0).unwrap().u64(0).unwrap().u32(rows).unwrap().array(1).unwrap();
    write(&mut to);
    let error = Page::decode(&packed(&to.into_writer())).unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn refuses_what_no_version_writes() {
    let same = |to: &mut Encoder<Vec<u8>>| {
        to.array(4).unwrap().u8(0).unwrap().null().unwrap().u8(0).unwrap().i64(1).unwrap();
    };
    refused(0, same, "number of rows");
    refused(MAX_ROWS + 1, same, "number of rows");
    refused(1, |to| drop(to.array(0)), "0 fields where 4 or more belong");
    let column = |kind: u8, coding: u8| {
        move |to: &mut Encoder<Vec<u8>>| {
            let to = to.array(4).unwrap().u8(kind).unwrap().null().unwrap();
            to.u8(coding).unwrap().bytes(&[]).unwrap();
        }
    };
    refused(1, column(9, 0), "a column's type");
    refused(1, column(0, 9), "a column's coding");
    refused(1, column(1, 9), "a column's coding");
    refused(1, column(0, 1), "ends too early");
    let fronts = |shared: &'static [u8], lengths: &'static [u8], rest: &'static [u8]| {
        move |to: &mut Encoder<Vec<u8>>| {
            let to = to.array(6).unwrap().u8(1).unwrap().null().unwrap().u8(4).unwrap();
            to.bytes(shared).unwrap().bytes(lengths).unwrap().bytes(rest).unwrap();
        }
    };
    refused(1, fronts(&[1], &[0], b""), "more is shared");
    refused(1, fronts(&[0], &[2], b"a"), "longer than what is there");
    refused(1, fronts(&[0], &[1], b"ab"), "something is left");
    refused(1, fronts(&[0], &[1], b"\xff"), "not UTF-8");
    refused(1, fronts(&[0, 0], &[1], b"a"), "something is left");
    let words = |number: u8| {
        move |to: &mut Encoder<Vec<u8>>| {
            let to = to.array(5).unwrap().u8(1).unwrap().null().unwrap().u8(3).unwrap();
            to.array(1).unwrap().bytes(b"a").unwrap();
            to.array(1).unwrap().bytes(&[number]).unwrap();
        }
    };
    refused(1, words(1), "no word");
    refused(2, words(1), "not a byte for each number");
}

/// A page that says much in little is bounded before it is believed.
#[test]
fn bombs_are_refused() {
    let zeros = packed(&vec![0; MAX_PLAIN_BYTES + 1]);
    assert!(zeros.len() < 1_000);
    assert!(matches!(Page::decode(&zeros), Err(PageError::Squeezed(_))));
    let long = vec![0; MAX_PAGE_BYTES as usize + 1];
    assert_eq!(Page::decode(&long), Err(PageError::TooLong(long.len())));
    // One long text, shared by tens of thousands of rows, in some bytes.
    let text = "x".repeat(MAX_VALUE_BYTES);
    refused(
        60_000,
        |to| {
            let to = to.array(4).unwrap().u8(1).unwrap().null().unwrap().u8(0).unwrap();
            to.bytes(text.as_bytes()).unwrap();
        },
        "too long together",
    );
}

#[test]
fn rows_are_told_by_what_they_share() {
    let rising: Vec<_> = (0..1_000).map(|it| Some(Value::Integer(it))).collect();
    let alike: Vec<_> = (0..1_000).map(|_| Some(Value::Text("each".into()))).collect();
    let columns = vec![column(Type::Integer, &rising), column(Type::Text, &alike)];
    assert!(columns[1].is_constant() && !columns[0].is_constant());
    assert_eq!(columns[1].get(999), Stored::Text(b"each"));
    assert_eq!(columns[1].get(1_000), Stored::Null);
    let (_, bytes) = Page { table: 0, first: 0, columns }.encode().unwrap();
    assert!(bytes.len() < 100, "{}", bytes.len());
}
