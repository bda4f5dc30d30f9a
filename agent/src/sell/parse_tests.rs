//! What cashiers type, line by line, and what they are told when it cannot be read.

use super::*;
use proptest::prelude::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn scanned(code: &str, quantity: Option<&str>) -> Entry {
    Entry::Scan { code: text(code), quantity: quantity.map(text) }
}

fn check(cases: impl IntoIterator<Item = (&'static str, Entry)>) {
    for (line, expected) in cases {
        assert_eq!(Entry::parse(line), Ok(Some(expected)), "{line}");
    }
}

#[test]
fn codes_scan() {
    check([
        ("4006381333931", scanned("4006381333931", None)),
        ("  4011 ", scanned("4011", None)),
        ("]E04006381333931", scanned("]E04006381333931", None)),
        (
            "https://id.example/01/04006381333931",
            scanned("https://id.example/01/04006381333931", None),
        ),
        ("BAK-001", scanned("BAK-001", None)),
        ("scan CASH", scanned("CASH", None)),
        ("3 x 4011", scanned("4011", Some("3"))),
        ("3 X 4011", scanned("4011", Some("3"))),
        ("3 * 4011", scanned("4011", Some("3"))),
        ("3x 4011", scanned("4011", Some("3"))),
        ("0.482 4011", scanned("4011", Some("0.482"))),
        ("0,482 4011", scanned("4011", Some("0.482"))),
    ]);
}

#[test]
fn the_basket_is_changed() {
    check([
        ("search oat milk", Entry::Search(text("oat milk"))),
        ("check 4011", Entry::PriceCheck(text("4011"))),
        ("void 2", Entry::Void { line: 2, reason: None }),
        ("VOID 2 wrong-item", Entry::Void { line: 2, reason: Some(text("wrong-item")) }),
        ("qty 1 0,5", Entry::Quantity { line: 1, quantity: text("0.5") }),
        (
            "disc 1 10% damaged",
            Entry::Discount {
                line: Some(1),
                off: Off::Percent(text("10")),
                reason: text("damaged"),
            },
        ),
        (
            "disc all 1.00 loyalty",
            Entry::Discount { line: None, off: Off::Amount(text("1.00")), reason: text("loyalty") },
        ),
        (
            "price 1 1,99 price-match",
            Entry::Price { line: 1, price: text("1.99"), reason: text("price-match") },
        ),
        ("park Mrs Smith", Entry::Park(text("Mrs Smith"))),
        ("carts", Entry::Carts),
        ("recall 17", Entry::Recall(text("17"))),
        ("recall 3-17", Entry::Recall(text("3-17"))),
        ("force 3-17", Entry::Force(text("3-17"))),
        ("offer 3-17 4011", Entry::Offer { cart: text("3-17"), code: text("4011") }),
        ("cancel", Entry::Cancel { reason: None }),
        ("cancel training", Entry::Cancel { reason: Some(text("training")) }),
        ("show", Entry::Show),
    ]);
}

#[test]
fn it_is_paid() {
    let tender = |kind, amount: Option<&str>, reference: Option<&str>| Entry::Tender {
        kind,
        amount: amount.map(text),
        reference: reference.map(text),
    };
    let refund = |receipt, quantity: Option<&str>| Entry::Refund {
        receipt,
        line: 2,
        quantity: quantity.map(text),
        reason: text("spoiled"),
    };
    check([
        ("cash", tender(Kind::Cash, None, None)),
        ("cash 20", tender(Kind::Cash, Some("20"), None)),
        ("card", Entry::Card { amount: None }),
        ("card 5.50", Entry::Card { amount: Some(text("5.50")) }),
        ("voucher 5 8123", tender(Kind::Voucher, Some("5"), Some("8123"))),
        ("coupon 0.50", tender(Kind::Coupon, Some("0.50"), None)),
        ("coupon 0.50 99", tender(Kind::Coupon, Some("0.50"), Some("99"))),
        ("takeback", Entry::TakeBack),
        ("refund last 2 spoiled", refund(ReceiptName::Last, None)),
        (
            "refund HH01-1-1-000007 2 0.25 spoiled",
            refund(ReceiptName::Number(text("HH01-1-1-000007")), Some("0.25")),
        ),
        ("void-last rung-twice", Entry::VoidLast { reason: text("rung-twice") }),
    ]);
}

#[test]
fn card_payments_and_returns_are_brought_to_an_end() {
    let of = |act| Entry::Payment { payment: 7, act };
    let booked = |amount: Option<&str>, slip| PaymentAct::Booked {
        amount: amount.map(text),
        slip,
        note: text("slip 12 of 14:02"),
    };
    check([
        ("payments", Entry::Payments),
        ("ask 7", of(PaymentAct::Ask)),
        ("abort 7", of(PaymentAct::Abort)),
        ("reverse 7", of(PaymentAct::Reverse)),
        ("booked 7 slip 12 of 14:02", of(booked(None, None))),
        ("booked 7 slip=231 amount=9,50 slip 12 of 14:02", of(booked(Some("9.50"), Some(231)))),
        (
            "not-booked 7 nothing since 14:02",
            of(PaymentAct::NotBooked { note: text("nothing since 14:02") }),
        ),
        (
            "put-right 7 refunded at the terminal",
            of(PaymentAct::PutRight { note: text("refunded at the terminal") }),
        ),
        ("return", Entry::Return),
        ("payout 1 cash", Entry::PayOut { part: 1, tender: text("cash") }),
        ("giveup", Entry::GiveUp),
    ]);
    for wrong in [
        "ask",
        "ask x",
        "booked 7",
        "booked 7 slip=231",
        "booked 7 amount=x seen",
        "booked 7 slip=99999 seen",
        "not-booked 7",
        "payout 0 cash",
    ] {
        let word = wrong.split(' ').next().unwrap();
        let error = Entry::parse(wrong).unwrap_err();
        assert!(error.starts_with(&format!("write `{word}")), "{wrong}: {error}");
    }
}

#[test]
fn the_till_is_run() {
    check([
        ("open 100", Entry::Open { float: text("100") }),
        ("close 152.30", Entry::Close { anyway: false, cash: text("152.30"), others: vec![] }),
        ("close! 0", Entry::Close { anyway: true, cash: text("0"), others: vec![] }),
        (
            "close 152.30 voucher=5",
            Entry::Close {
                anyway: false,
                cash: text("152.30"),
                others: vec![(text("voucher"), text("5"))],
            },
        ),
        (
            "in 50 found-cash",
            Entry::MoveCash { into: true, amount: text("50"), reason: text("found-cash") },
        ),
        (
            "out 5 postage",
            Entry::MoveCash { into: false, amount: text("5"), reason: text("postage") },
        ),
        ("x", Entry::X),
        ("drawer give-change", Entry::Drawer { reason: text("give-change") }),
        ("receipt", Entry::Receipt(ReceiptName::Last)),
        ("receipt HH01-1-1-000007", Entry::Receipt(ReceiptName::Number(text("HH01-1-1-000007")))),
        ("reprint last", Entry::Reprint(ReceiptName::Last)),
        ("status", Entry::Status),
        ("reasons", Entry::Reasons),
        ("jobs", Entry::Jobs),
        ("retry 3", Entry::Retry(3)),
        ("drop 3", Entry::Drop(3)),
        ("help", Entry::Help(None)),
        ("? paying", Entry::Help(Some(text("paying")))),
        ("exit", Entry::Quit),
    ]);
    for nothing in ["", "   ", "# a comment"] {
        assert_eq!(Entry::parse(nothing), Ok(None));
    }
}

#[test]
fn what_cannot_be_read_is_answered_with_the_right_form() {
    for (line, expected) in [
        ("hello", "`hello` is no command: `help` lists them, `search hello`"),
        ("hello world", "`hello` is no command: `help` lists them"),
        ("void", "write `void N [REASON]`"),
        ("void 0", "write `void N [REASON]`"),
        ("qty 1 -2", "write `qty N QUANTITY`"),
        ("qty 1 1e3", "write `qty N QUANTITY`"),
        ("disc 1 ten% loyalty", "write `disc N 10% REASON`"),
        ("disc 1 10%", "write `disc N 10% REASON`"),
        ("cash 20.", "write `cash [20]`"),
        ("cash 1.000,00", "write `cash [20]`"),
        ("cash 12345678901234567", "write `cash [20]`"),
        ("refund last 1 2", "write `refund RECEIPT N [Q] REASON`"),
        ("close 10 voucher", "write `close COUNTED [TENDER=COUNTED]`"),
        ("3 x 4 x 5", "`3` is no command"),
    ] {
        let error = Entry::parse(line).unwrap_err();
        assert!(error.starts_with(expected), "{line}: {error}");
    }
    assert!(Entry::parse(&"7".repeat(MAX_LINE_BYTES + 1)).unwrap_err().contains("1024 bytes"));
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in "\\PC{0,80}") {
        let _ = Entry::parse(&line);
    }

    /// Whatever counts as a number here is one to the till.
    #[test]
    fn numbers_are_decimals(word in "[0-9.,+e-]{0,18}") {
        if let Some(number) = number(&word) {
            prop_assert!(number.parse::<f64>().is_ok());
        }
    }
}
