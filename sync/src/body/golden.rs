//! Golden vectors: one body of each kind, as it has stood in journals since its kind was made.
//!
//! The files in `tests-data/bodies` are appended to, never changed: a journal in the field holds
//! such bytes. To add one, write its fact here, run the test, and copy what it prints.

pub(crate) mod sales;

pub(super) use sales::{cash_sale, full_sale, refund, sale_to_customer};

use super::{decode, encode, strategy};
use commerce::cart::CartId;
use commerce::fact::{
    CartCancelled, CashDirection, CashMoved, Counted, DrawerOpened, Fact, PaymentEnded,
    PaymentIntended, PaymentKind, PaymentOutcome, PaymentPutRight, SeriesOpened, SeriesReason,
    ShiftClosed, ShiftOpened, StockCounted,
};
use commerce::returns::Return;
use commerce::sale::{ReceiptNumber, Stamp};
use commerce::shift::{ShiftTotal, TotalKind};
use commerce::staff::StaffId;
use commerce::tender::TenderKind;
use commerce::{Currency, Money};
use jiff::civil::{Date, date};

/// Name (the kind first), fact, and the file's text.
pub(super) fn vectors() -> Vec<(&'static str, Fact, &'static str)> {
    macro_rules! vector {
        ($name:literal, $fact:expr) => {
            ($name, $fact, include_str!(concat!("../../tests-data/bodies/", $name, ".hex")))
        };
    }
    vec![
        vector!("01-series-opened", Fact::SeriesOpened(series_opened())),
        vector!("02-shift-opened", Fact::ShiftOpened(shift_opened())),
        vector!("03-cash-moved", Fact::CashMoved(cash_moved())),
        vector!("04-drawer-opened", Fact::DrawerOpened(drawer_opened())),
        vector!("05-sale-cash", Fact::Sold(cash_sale())),
        vector!("05-sale-full", Fact::Sold(full_sale())),
        vector!("06-refund", Fact::Returned(refund())),
        vector!("07-payment-intended", intended(PaymentKind::Authorise)),
        vector!("07-payment-reversal", intended(PaymentKind::Reverse { receipt_number: 231 })),
        vector!(
            "08-payment-approved",
            ended(PaymentOutcome::Approved { amount: eur(1_299), card: strategy::card_slip() })
        ),
        vector!(
            "08-payment-declined",
            ended(PaymentOutcome::Declined { code: 0x6c, text: "aborted".into() })
        ),
        vector!(
            "08-payment-not-sent",
            ended(PaymentOutcome::NotSent { why: "unreachable".into() })
        ),
        vector!("09-stock-counted", Fact::StockCounted(stock_counted())),
        vector!("10-cart-cancelled", Fact::CartCancelled(cart_cancelled())),
        vector!("11-shift-closed", Fact::ShiftClosed(shift_closed())),
        vector!("12-payment-put-right", Fact::PaymentPutRight(put_right())),
        vector!("06-refund-by-cash", Fact::Returned(refund_by_cash())),
        vector!("07-payment-reversal-approved", reversal_approved()),
        vector!("08-payment-by-hand", ended_by_hand()),
        vector!("05-sale-to-customer", Fact::Sold(sale_to_customer())),
        vector!(
            "09-stock-counted-again",
            Fact::StockCounted(StockCounted { round: 1, ..stock_counted() })
        ),
    ]
}

#[test]
fn bodies_are_what_they_were() {
    for (name, fact, file) in vectors() {
        let bytes = encode(&fact).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, file.trim(), "{name}");
        assert_eq!(decode(&bytes).as_ref(), Ok(&fact), "{name}");
    }
}

/// Another implementation of RFC 8949 reads them, and writes the same bytes.
#[test]
fn bodies_are_plain_cbor() {
    for (name, fact, _) in vectors() {
        let bytes = encode(&fact).unwrap();
        let value: serde_cbor::Value = serde_cbor::from_slice(&bytes).unwrap();
        let serde_cbor::Value::Array(items) = &value else { panic!("{name}: {value:?}") };
        let kind = name[..2].parse().unwrap();
        assert_eq!(items[0], serde_cbor::Value::Integer(kind), "{name}");
        assert_eq!(serde_cbor::to_vec(&value).unwrap(), bytes, "{name}");
    }
}

const DAY: Date = date(2026, 11, 22);

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap()).unwrap()
}

fn staff(digits: &str) -> StaffId {
    StaffId::parse(digits).unwrap()
}

fn stamp(by: &str) -> Stamp {
    let at = "2026-11-22T13:20:19.123Z".parse().unwrap();
    Stamp { at, shift: 12, by: staff(by) }
}

fn receipt(number: u32) -> ReceiptNumber {
    ReceiptNumber { store: "HH01".into(), till: 2, series: 1, number }
}

fn series_opened() -> SeriesOpened {
    let (at, previous_last) = (stamp("101").at, Some(receipt(122)));
    let reason = SeriesReason::Restored;
    SeriesOpened { at, store: "HH01".into(), till: 2, series: 2, reason, previous_last }
}

fn shift_opened() -> ShiftOpened {
    ShiftOpened { stamp: stamp("101"), business_day: DAY, float: eur(20_000) }
}

pub(super) fn cash_moved() -> CashMoved {
    CashMoved {
        stamp: stamp("101"),
        direction: CashDirection::Out,
        amount: eur(825),
        reason: "bottle-bank".into(),
        approved_by: Some(staff("201")),
    }
}

fn drawer_opened() -> DrawerOpened {
    DrawerOpened { stamp: stamp("007"), reason: "change".into() }
}

fn intended(kind: PaymentKind) -> Fact {
    let (stamp, amount, cart) = (stamp("101"), eur(1_299), CartId(41));
    let approved_by = None;
    Fact::PaymentIntended(PaymentIntended { stamp, intent: 77, kind, amount, cart, approved_by })
}

fn ended(outcome: PaymentOutcome) -> Fact {
    let by_hand = matches!(outcome, PaymentOutcome::NotSent { .. });
    let (stamp, approved_by) = (stamp("101"), None);
    Fact::PaymentEnded(PaymentEnded { stamp, intent: 77, outcome, by_hand, approved_by })
}

fn reversal_approved() -> Fact {
    let kind = PaymentKind::Reverse { receipt_number: 231 };
    match intended(kind) {
        Fact::PaymentIntended(fact) => {
            Fact::PaymentIntended(PaymentIntended { approved_by: Some(staff("301")), ..fact })
        }
        other => other,
    }
}

fn ended_by_hand() -> Fact {
    let outcome = PaymentOutcome::Declined { code: 0, text: "its display says declined".into() };
    Fact::PaymentEnded(PaymentEnded {
        stamp: stamp("101"),
        intent: 77,
        outcome,
        by_hand: true,
        approved_by: Some(staff("301")),
    })
}

fn put_right() -> PaymentPutRight {
    PaymentPutRight {
        stamp: stamp("101"),
        intent: 77,
        approved_by: Some(staff("301")),
        note: "reversed at the terminal".into(),
    }
}

/// A card tender paid back in cash, which a supervisor approved.
fn refund_by_cash() -> Return {
    let mut returned = refund();
    let payout = &mut returned.payouts[0];
    payout.tender = strategy::tendered(TenderKind::Cash, payout.amount).tender;
    (payout.intent, payout.card) = (None, None);
    payout.approved_by = Some(staff("201"));
    returned
}

pub(crate) fn stock_counted() -> StockCounted {
    let items = vec![("BAK-001".into(), 40_000), ("PRO-001".into(), 12_480), ("X".into(), -1_000)];
    StockCounted { at: stamp("101").at, by: staff("301"), place: "shop".into(), items, round: 0 }
}

fn cart_cancelled() -> CartCancelled {
    let (cart, amount, reason) = (CartId(42), eur(1_999), Some("no-money".into()));
    CartCancelled { stamp: stamp("101"), cart, lines: 4, amount, reason }
}

fn shift_closed() -> ShiftClosed {
    let total =
        |kind, key: &str, count, amount| ShiftTotal { kind, key: key.into(), count, amount };
    ShiftClosed {
        stamp: stamp("201"),
        business_day: DAY,
        z: 31,
        totals: vec![
            total(TotalKind::Float, "", 1, 20_000),
            total(TotalKind::Sales, "", 214, 512_233),
            total(TotalKind::Tax, "A/vat", 0, 40_112),
            total(TotalKind::Overrides, "damaged", 2, -45),
        ],
        counted: vec![Counted {
            tender: "cash".into(),
            expected: eur(31_450),
            counted: eur(31_400),
        }],
    }
}
