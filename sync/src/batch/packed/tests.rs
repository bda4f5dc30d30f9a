//! The packed form: golden vector, round trip, sizes, and bytes that nobody packed.

use super::*;
use crate::body::strategy as facts;
use crate::log::MAX_BODY_BYTES;
use crate::space::{self, strategy as space_strategy};
use proptest::prelude::*;

const LIMIT: usize = 1 << 20;

fn packed(bodies: &[Vec<u8>]) -> Option<Vec<u8>> {
    pack(bodies.iter().map(Vec::as_slice))
}

/// `[1, ["EUR", [[7, "Roll, white"], [8, "Roll, white"]], -3, h'01', null, true, false]]`, and what
/// it may become next.
fn bodies() -> Vec<Vec<u8>> {
    let body = |count: u8, name: &[u8]| {
        let mut body = b"\x82\x01\x87\x63EUR\x82\x82".to_vec();
        body.push(count);
        body.extend([0x60 + u8::try_from(name.len()).unwrap()]);
        body.extend(name);
        body.extend(b"\x82\x08\x6bRoll, white\x22\x41\x01\xf6\xf5\xf4");
        body
    };
    vec![body(7, b"Roll, white"), body(9, b"Roll, white"), body(9, b"Rye"), vec![0x18, 200]]
}

/// Appended to, never changed.
#[test]
fn golden() {
    let packed = packed(&bodies()).unwrap();
    let hex: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("../../../tests-data/batch/packed.hex").trim());
    assert_eq!(unpack(&packed, 4, LIMIT), Ok(bodies()));
}

#[test]
fn has_no_form_for_what_is_not_plain() {
    for (what, body) in [
        ("nothing", b"".as_slice()),
        ("a map", b"\xa1\x01\x02"),
        ("a map in an array", b"\x81\xa0"),
        ("a float", b"\xf9\x00\x00"),
        ("a tag", b"\xc1\x00"),
        ("an indefinite array", b"\x9f\xff"),
        ("a number that is not in its shortest form", b"\x18\x01"),
        ("something behind it", b"\x00\x00"),
        ("an end too early", b"\x82\x00"),
    ] {
        assert_eq!(packed(&[vec![0], body.to_vec()]), None, "{what}");
    }
    let wide =
        |count: u16| [&[0x99][..], &count.to_be_bytes(), &vec![0; usize::from(count)]].concat();
    assert!(packed(&[wide(4_000)]).is_some());
    assert_eq!(packed(&[wide(5_000)]), None, "too many places");
}

#[test]
fn what_comes_again_takes_few_bytes() {
    let line = b"\x83\x68S0000192\x78\x1ffamirro cisumso special 126 pcs\x1b\x00\x00\x03\xa4\x6a\x82\x18\x87";
    let sale =
        |number: u8| [&[0x82, 0x05, 0x82, 0x18, number, 0x88], line.repeat(8).as_slice()].concat();
    let sales: Vec<Vec<u8>> = (100..200).map(sale).collect();
    let size = packed(&sales).unwrap().len();
    // Of each sale a kind and a number for the sale, its fields, and eight lines.
    assert!(size < 100 * 24 + 200, "{size} bytes");
    assert_eq!(unpack(&packed(&sales).unwrap(), 100, LIMIT), Ok(sales));
}

/// Columns as the form has them, of three each.
fn form(places: &[[&[u8]; 3]]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(places.len()).unwrap()];
    for place in places {
        bytes.extend(place.iter().map(|column| u8::try_from(column.len()).unwrap()));
    }
    for column in 0..3 {
        places.iter().for_each(|place| bytes.extend(place[column]));
    }
    bytes
}

#[track_caller]
fn check(what: &str, bytes: &[u8], expected: &str) {
    assert_eq!(unpack(bytes, 1, LIMIT), Err(expected.to_owned().leak() as &str), "{what}");
}

#[test]
fn refuses_what_nobody_packs() {
    let root = |kind: &'static [u8]| -> [&'static [u8]; 3] { [kind, b"", b""] };
    assert_eq!(
        unpack(&form(&[root(&[NATURAL]), [b"", b"\x04", b""]]), 1, LIMIT),
        Ok(vec![vec![2]])
    );
    check("nothing", b"", "its places are cut off");
    check("no place", b"\x00", "it has no places");
    check("too many", b"\x81\x20", "it has too many places");
    check("lengths cut", b"\x01\x00", "its places are cut off");
    check("a column cut", b"\x01\x01\x00\x00", "a column is cut off");
    check("more", b"\x01\x00\x00\x00\x07", "something stands behind the columns");
    check("no body", &form(&[root(b"")]), "an array is cut off");
    check("no such place", &form(&[root(&[NATURAL])]), "a place is missing");
    check("no number", &form(&[root(&[NATURAL]), root(b"")]), "a number is cut off or too long");
    check("kind 10", &form(&[root(&[10]), root(b"")]), "an item is of no known kind");
    check("tag 24", &form(&[root(&[PAIR + 24]), root(b"")]), "an item is of no known kind");
    check("a text cut", &form(&[root(&[TEXT]), [b"", b"\x02", b"a"]]), "a text is cut off");
    check("no text", &form(&[root(&[TEXT]), [b"", b"\x01", b"\xff"]]), "text must be UTF-8");
    check(
        "never known",
        &form(&[root(&[KNOWN]), [b"", b"\x00", b""]]),
        "what stood before is not there",
    );
    let left = form(&[root(&[NULL, NULL]), root(b"")]);
    check("a kind left", &left, "something is left behind the last body");
    let unused = form(&[root(&[NULL]), root(b""), root(b"")]);
    check("a place left", &unused, "something is left behind the last body");
    let long = form(&[root(&[LIST]), [b"", b"\xff\xff\xff\xff\x0f", b""]]);
    check("a long array", &long, "an array is cut off");
    let mut deep = vec![root(&[LIST])];
    deep.extend([[&[LIST], b"\x01".as_slice(), b"".as_slice()]; 20]);
    check("too deep", &form(&deep), "it is nested too deep");
}

/// A few bytes that say again and again what stood before do not become more than a run.
#[test]
fn refuses_bombs() {
    let text = [b'a'; 100];
    let known = [KNOWN; 120];
    let mut kinds = vec![TEXT];
    kinds.extend(known);
    let mut numbers = vec![121, 100];
    numbers.extend([0; 120]);
    let bomb =
        form(&[[&[LIST], b"", b""], [&kinds, &numbers[..1], b""], [b"", &numbers[1..], &text]]);
    assert_eq!(unpack(&bomb, 1, 20_000).map(|bodies| bodies[0].len()), Ok(2 + 121 * 102));
    assert_eq!(unpack(&bomb, 1, 10_000), Err("more comes out of it than a run may hold"));
}

fn written() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let fact = facts::fact().prop_map(|fact| crate::body::encode(&fact).unwrap());
    let operations = space_strategy::operations().prop_map(|said| space::encode(&said).unwrap());
    prop::collection::vec(prop_oneof![fact, operations], 0..12)
}

proptest! {
    #[test]
    fn round_trips(written in written(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut bodies = written.clone();
        if !written.is_empty() {
            bodies.extend(again.iter().map(|at| at.get(&written).clone()));
        }
        let packed = packed(&bodies).unwrap();
        prop_assert_eq!(unpack(&packed, bodies.len(), bodies.concat().len()), Ok(bodies));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0_usize..9) {
        let _ = unpack(&bytes, count, MAX_BODY_BYTES);
    }

    #[test]
    fn any_change_comes_to_plain_bodies_or_none(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = packed(&bodies()).unwrap();
        *at.get_mut(&mut bytes) = byte;
        for body in unpack(&bytes, 4, LIMIT).unwrap_or_default() {
            crate::cbor::scan::check(&body, MAX_BODY_BYTES).unwrap();
        }
    }
}
