//! Golden vectors: one entry of each kind of operation. Appended to, never changed.

use super::*;
use commerce::Money;
use commerce::cart::{Item, LineVoid, PriceOverride};
use commerce::code::Gtin;
use commerce::customer::CustomerId;
use commerce::tax::Rate;
use commerce::tender::{TenderKind, TenderType};
use commerce::{Quantity, UnitPrice};

const OTHER: ReplicaId = ReplicaId(*b"replica-of-tests");
const CART: CartId = CartId(0x0180_0100_0011);

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn by(digits: &str) -> StaffId {
    StaffId::parse(digits).unwrap()
}

fn dot() -> Dot {
    Dot { replica: OTHER, seq: 300, index: 2 }
}

fn receipt() -> ReceiptNumber {
    ReceiptNumber { store: "HH01".into(), till: 3, series: 1, number: 42 }
}

fn line() -> Line {
    Line {
        number: 2,
        item: Item {
            sku: "101".into(),
            gtin: Some(Gtin::from_u64(9_520_000_100_377).unwrap()),
            name: "Roll".into(),
            tax_class: "food".into(),
        },
        quantity: Quantity::parse("3", commerce::Unit::Each).unwrap(),
        price: UnitPrice::parse("0.99", eur()).unwrap(),
        label_amount: None,
        price_override: None,
        discounts: Vec::new(),
        void: None,
    }
}

fn full_line() -> Line {
    Line {
        quantity: Quantity::parse("0.482", commerce::Unit::Kilogram).unwrap(),
        label_amount: Some(Money::new(482, eur()).unwrap()),
        price_override: Some(PriceOverride {
            price: UnitPrice::parse("3/1.00", eur()).unwrap(),
            reason: "price-match".into(),
            by: by("101"),
            approved_by: Some(by("201")),
        }),
        void: Some(LineVoid { by: by("101"), reason: Some("wrong-item".into()) }),
        ..line()
    }
}

fn discount(value: DiscountValue) -> Operation {
    let discount =
        Discount { value, reason: "loyalty".into(), by: by("101"), approved_by: Some(by("201")) };
    Operation::Discounted { cart: CART, line: 0, position: 1, discount }
}

/// Name, operations, hex.
pub(super) fn vectors() -> Vec<(&'static str, Vec<Operation>, &'static str)> {
    let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
    let tender = TenderType {
        id: "cash".into(),
        name: "Cash".into(),
        kind: TenderKind::Cash,
        opens_drawer: true,
        gives_change: true,
        limit: None,
    };
    let tendered = Tendered {
        tender,
        amount: Money::new(500, eur()).unwrap(),
        reference: None,
        intent: Some(7),
        card: None,
    };
    let offered = Line { number: 0, ..line() };
    let held = Held {
        cart: CART,
        term: 1,
        opened_at: at,
        opened_by: by("101"),
        label: Some("blue coat".into()),
        forced_by: Some(by("201")),
        from: None,
    };
    let from = Some(ClaimAt { replica: OTHER, seq: 300 });
    let granted = Held { forced_by: None, label: None, from, ..held.clone() };
    vec![
        ("01 held", vec![Operation::Held(held)], HEX[0]),
        ("02 labelled", vec![Operation::Labelled { cart: CART, label: None }], HEX[1]),
        ("03 line", vec![Operation::Line { cart: CART, line: line(), dot: None }], HEX[2]),
        (
            "03 full line",
            vec![Operation::Line { cart: CART, line: full_line(), dot: Some(dot()) }],
            HEX[3],
        ),
        (
            "04 discount in percent",
            vec![discount(DiscountValue::Percent(Rate::parse_percent("10").unwrap()))],
            HEX[4],
        ),
        (
            "04 discount by amount",
            vec![discount(DiscountValue::Amount(Money::new(150, eur()).unwrap()))],
            HEX[5],
        ),
        ("05 tendered", vec![Operation::Tendered { cart: CART, position: 1, tendered }], HEX[6]),
        ("06 tenders back", vec![Operation::TendersBack { cart: CART }], HEX[7]),
        ("07 paid", vec![Operation::Ended { cart: CART, end: End::Paid(receipt()) }], HEX[8]),
        ("07 cancelled", vec![Operation::Ended { cart: CART, end: End::Cancelled }], HEX[9]),
        (
            "07 yielded",
            vec![Operation::Ended { cart: CART, end: End::Yielded { to: OTHER, seq: 300 } }],
            HEX[10],
        ),
        ("08 granted", vec![Operation::Granted { cart: CART, to: OTHER }], HEX[11]),
        (
            "09 offered",
            vec![Operation::Offered(Offered {
                cart: CART,
                at,
                by: by("101"),
                line: offered,
                dot: None,
            })],
            HEX[12],
        ),
        ("10 withdrawn", vec![Operation::Withdrawn { dot: dot() }], HEX[13]),
        ("11 answered", vec![Operation::Answered { cart: CART, dot: dot() }], HEX[14]),
        ("12 succeeds", vec![Operation::Succeeds { replica: OTHER }], HEX[15]),
        (
            "13 sold twice",
            vec![Operation::SoldTwice { cart: CART, sales: vec![(OTHER, receipt())] }],
            HEX[16],
        ),
        ("14 introduced", vec![Operation::Introduced { till: 3, series: 1 }], HEX[17]),
        (
            "15 attached",
            vec![
                Operation::Attached { cart: CART, customer: Some(CustomerId([7; 16])) },
                Operation::Attached { cart: CART, customer: None },
            ],
            HEX[18],
        ),
        ("01 held, going on from another", vec![Operation::Held(granted)], HEX[19]),
    ]
}

const HEX: [&str; 20] = [
    "820182f68201861b0000018001000011011b0000018bcfe5687b6331303169626c756520636f617463323031",
    "820182f68202811b0000018001000011",
    "820182634555528203831b000001800100001102866331303164526f6c6c1b000008a88c39681964666f6f64186303",
    "820182634555528203861b000001800100001102876331303164526f6c6c1b000008a88c39681964666f6f641863821901e2021901e283507265706c6963612d6f662d746573747319012c028483186402036b70726963652d6d61746368633130316332303182633130316a77726f6e672d6974656d",
    "820182f68204881b00000180010000110001f61a000186a0676c6f79616c74796331303163323031",
    "820182634555528204881b000001800100001100011896f6676c6f79616c74796331303163323031",
    "820182634555528205861b000001800100001101856463617368644361736801f5f51901f4f607",
    "820182f68206811b0000018001000011",
    "820182f68207831b0000018001000011018464484830310301182a",
    "820182f68207821b000001800100001102",
    "820182f68207841b000001800100001103f682507265706c6963612d6f662d746573747319012c",
    "820182f68208821b0000018001000011507265706c6963612d6f662d7465737473",
    "820182634555528209841b00000180010000111b0000018bcfe5687b63313031866331303164526f6c6c1b000008a88c39681964666f6f64186303",
    "820182f6820a8183507265706c6963612d6f662d746573747319012c02",
    "820182f6820b821b000001800100001183507265706c6963612d6f662d746573747319012c02",
    "820182f6820c81507265706c6963612d6f662d7465737473",
    "820182f6820d821b00000180010000118182507265706c6963612d6f662d74657374738464484830310301182a",
    "820182f6820e820301",
    "820183f6820f821b00000180010000115007070707070707070707070707070707820f811b0000018001000011",
    "820182f68201871b0000018001000011011b0000018bcfe5687b63313031f6f682507265706c6963612d6f662d746573747319012c",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn golden() {
    for (name, operations, expected) in vectors() {
        let body = encode(&operations).unwrap();
        assert_eq!(hex(&body), expected, "{name}");
        assert_eq!(decode(&body).unwrap(), operations, "{name}");
    }
}
