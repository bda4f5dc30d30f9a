//! Golden vectors: one entry of each kind of operation. Appended to, never changed.

use super::*;
use commerce::staff::StaffId;

const WRITER: ReplicaId = ReplicaId(*b"replica-of-tests");
const CUSTOMER: CustomerId = CustomerId(*b"customer-of-test");
const AT_MS: i64 = 1_700_000_000_123;

fn by() -> StaffId {
    StaffId::parse("201").unwrap()
}

fn seen() -> Seen {
    [(WRITER, 4_099)].into()
}

fn note() -> NoteId {
    NoteId { replica: WRITER, counter: 4_099 }
}

fn content(text: Option<&str>) -> Note {
    Note { text: text.map(str::to_owned), at_ms: AT_MS, by: by() }
}

fn wish() -> Wish {
    Wish { sku: "101".into(), remark: Some("size 42".into()), at_ms: AT_MS }
}

fn consent() -> Consent {
    Consent {
        purpose: "newsletter".into(),
        given: true,
        at_ms: AT_MS,
        source: "in the shop".into(),
        by: by(),
    }
}

fn erasure() -> Erasure {
    Erasure { at_ms: AT_MS, by: by() }
}

fn record() -> Record {
    let marker = Marker { clock: Hlc::from_ms(1_700_000_000_000), replica: WRITER };
    Record {
        erased: None,
        fields: [(Field::NAME, (Some("Ada".into()), marker)), (Field(200), (None, marker))].into(),
        notes: [(note(), [(seen(), content(Some("likes tea")))].into())].into(),
        wishes: Members { seen: seen(), members: [(wish(), seen())].into() },
        consents: Members { seen: seen(), members: [(consent(), seen())].into() },
        waiting: [
            Removal::Wishes { sku: "101".into(), seen: seen() },
            Removal::Consents { purpose: "newsletter".into(), seen: seen() },
        ]
        .into(),
    }
}

/// Name, operation, hex.
pub(super) fn vectors() -> Vec<(&'static str, Operation, &'static str)> {
    let customer = CUSTOMER;
    let values = [(Field::NAME, Some("Ada".to_owned())), (Field::PHONE, None)];
    let clock = Some(Hlc::from_ms(1_700_000_000_000));
    let gone = Record { erased: Some(erasure()), ..Record::default() };
    let noted = |note, text, seen| Operation::Note { customer, note, content: content(text), seen };
    let stated = |record| Operation::Stated { customer, record: Box::new(record) };
    vec![
        (
            "1 fields",
            Operation::Fields { customer, values: values.clone().into(), clock: None },
            HEX[0],
        ),
        (
            "1 fields of a later clock",
            Operation::Fields { customer, values: values.into(), clock },
            HEX[1],
        ),
        ("2 new note", noted(None, Some("likes tea"), Seen::new()), HEX[2]),
        ("2 note taken away", noted(Some(note()), None, seen()), HEX[3]),
        ("3 wish", Operation::Wish { customer, wish: wish() }, HEX[4]),
        ("4 unwish", Operation::Unwish { customer, sku: "101".into(), seen: seen() }, HEX[5]),
        ("5 consent", Operation::Consent { customer, consent: consent(), seen: seen() }, HEX[6]),
        ("6 erased", Operation::Erased { customer, erasure: erasure() }, HEX[7]),
        ("7 stated", stated(record()), HEX[8]),
        ("7 stated as erased", stated(gone), HEX[9]),
    ]
}

const HEX: [&str; 10] = [
    "8218608182018350637573746f6d65722d6f662d74657374828201634164618203f6f6",
    "8218608182018350637573746f6d65722d6f662d74657374828201634164618203f61b018bcfe568000000",
    "8218608182028650637573746f6d65722d6f662d74657374f6696c696b6573207465611b0000018bcfe5687b6332303180",
    "8218608182028650637573746f6d65722d6f662d7465737482507265706c6963612d6f662d7465737473191003f61b0000018bcfe5687b633230318182507265706c6963612d6f662d7465737473191003",
    "8218608182038450637573746f6d65722d6f662d74657374633130316773697a652034321b0000018bcfe5687b",
    "8218608182048350637573746f6d65722d6f662d74657374633130318182507265706c6963612d6f662d7465737473191003",
    "8218608182058750637573746f6d65722d6f662d746573746a6e6577736c6574746572f51b0000018bcfe5687b6b696e207468652073686f70633230318182507265706c6963612d6f662d7465737473191003",
    "8218608182068350637573746f6d65722d6f662d746573741b0000018bcfe5687b63323031",
    "8218608182078250637573746f6d65722d6f662d7465737486f6828401634164611b018bcfe568000000507265706c6963612d6f662d74657374738418c8f61b018bcfe568000000507265706c6963612d6f662d7465737473818282507265706c6963612d6f662d746573747319100381848182507265706c6963612d6f662d7465737473191003696c696b6573207465611b0000018bcfe5687b63323031828182507265706c6963612d6f662d7465737473191003818283633130316773697a652034321b0000018bcfe5687b8182507265706c6963612d6f662d7465737473191003828182507265706c6963612d6f662d74657374731910038182856a6e6577736c6574746572f51b0000018bcfe5687b6b696e207468652073686f70633230318182507265706c6963612d6f662d7465737473191003828301633130318182507265706c6963612d6f662d746573747319100383026a6e6577736c65747465728182507265706c6963612d6f662d7465737473191003",
    "8218608182078250637573746f6d65722d6f662d7465737486821b0000018bcfe5687b63323031808082808082808080",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn golden() {
    for (name, operation, expected) in vectors() {
        let operations = vec![operation];
        let body = encode(&operations).unwrap();
        assert_eq!(hex(&body), expected, "{name}");
        assert_eq!(decode(&body).unwrap(), Decoded { operations, newer: false }, "{name}");
    }
}
