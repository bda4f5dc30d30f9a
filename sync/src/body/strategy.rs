//! Arbitrary valid facts for property tests, here and in the modules that store and fold them.
//!
//! Sales are rung through the cart's own acts and returns planned against them, so they are what
//! a till can really make. An act that the cart refuses is left out; the sale goes on.

mod small;
mod trade;

pub(crate) use small::{cash, payment, series_opened, shift, stock_counted};
pub(crate) use trade::{returned, sale};

use super::{decode, encode};
use commerce::code::{Gtin, check_digit};
use commerce::fact::Fact;
use commerce::returns::{Return, ReturnKind};
use commerce::sale::{ReceiptNumber, Sale, Stamp};
use commerce::staff::{Authority, Role, StaffId};
use commerce::tax::{Rate, Tax, TaxClass, TaxRounding, TaxRules};
use commerce::tender::{CardSlip, TenderKind, TenderType, Tendered};
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;
use jiff::civil::Date;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestCaseError;
use std::num::NonZeroU32;

/// What is encoded reads back equal, and equal facts have equal bytes.
pub(crate) fn assert_round_trip(fact: &Fact) -> Result<(), TestCaseError> {
    let body = encode(fact).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let read = decode(&body).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&read, fact);
    prop_assert_eq!(encode(&read).unwrap(), body);
    Ok(())
}

/// Any fact.
pub(crate) fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        sale().prop_map(Fact::Sold),
        returned().prop_map(Fact::Returned),
        series_opened().prop_map(Fact::SeriesOpened),
        cash(),
        payment(),
        shift(),
        stock_counted().prop_map(Fact::StockCounted),
    ]
}

pub(crate) fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(&["EUR", "USD", "JPY", "KWD"][..])
        .prop_map(|code| Currency::parse(code).unwrap())
}

fn money() -> impl Strategy<Value = Money> {
    (currency(), -9_999_999_i64..9_999_999)
        .prop_map(|(currency, minor)| Money::new(minor, currency).unwrap())
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    "\\PC{0,24}"
}

pub(crate) fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9-]{1,12}"
}

pub(crate) fn staff() -> impl Strategy<Value = StaffId> {
    "[0-9]{1,6}".prop_map(|digits| StaffId::parse(&digits).unwrap())
}

pub(crate) fn at() -> impl Strategy<Value = Timestamp> {
    // 1900 to 2200: before 1970 too, though no till will say so.
    (-2_208_988_800_000_i64..7_258_118_400_000)
        .prop_map(|millis| Timestamp::from_millisecond(millis).unwrap())
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (at(), any::<u32>(), staff()).prop_map(|(at, shift, by)| Stamp { at, shift, by })
}

fn day() -> impl Strategy<Value = Date> {
    (1900_i16..2200, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

pub(crate) fn receipt() -> impl Strategy<Value = ReceiptNumber> {
    (id(), any::<u16>(), any::<u32>(), any::<u32>())
        .prop_map(|(store, till, series, number)| ReceiptNumber { store, till, series, number })
}

/// A price without its currency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawPrice {
    amount: i64,
    scale: u32,
    per: NonZeroU32,
}

impl RawPrice {
    pub(crate) fn in_currency(self, currency: Currency) -> UnitPrice {
        UnitPrice::new(self.amount, self.scale, self.per, currency).unwrap()
    }
}

pub(crate) fn raw_price() -> impl Strategy<Value = RawPrice> {
    let per = prop_oneof![Just(1_u32), 1_u32..12];
    (0_i64..100_000, prop_oneof![Just(2_u32), 0_u32..=4], per).prop_map(|(amount, scale, per)| {
        RawPrice { amount, scale, per: NonZeroU32::new(per).unwrap() }
    })
}

pub(crate) fn quantity() -> impl Strategy<Value = Quantity> {
    let pieces = prop_oneof![Just(1_i64), 1_i64..50];
    let measured = (1_i64..50_000, prop::sample::select(&Unit::ALL[1..]));
    prop_oneof![
        pieces.prop_map(|pieces| Quantity::new(pieces * 1_000, Unit::Each).unwrap()),
        measured.prop_map(|(thousandths, unit)| Quantity::new(thousandths, unit).unwrap()),
    ]
}

pub(crate) fn tax_rounding() -> impl Strategy<Value = TaxRounding> {
    prop::sample::select(&[TaxRounding::Line, TaxRounding::Receipt][..])
}

pub(crate) fn tax_class() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["A", "B", "C", "N", "Q"][..])
}

/// Inclusive, none, exclusive, and both at once.
pub(crate) fn tax_rules(rounding: TaxRounding) -> TaxRules {
    let tax = |id: &str, millionths, inclusive| Tax {
        id: id.into(),
        name: id.to_uppercase(),
        rate: Rate::from_millionths(millionths).unwrap(),
        inclusive,
    };
    let class = |id: &str, name: &str, taxes| {
        let (id, name) = (id.to_owned(), name.to_owned());
        (id.clone(), TaxClass { id, name, taxes })
    };
    let classes = [
        class("A", "Standard", vec![tax("vat", 190_000, true)]),
        class("B", "Reduced", vec![tax("vat-reduced", 70_000, true)]),
        class("C", "None", vec![]),
        class("N", "New York", vec![tax("state", 40_000, false), tax("city", 45_000, false)]),
        class("Q", "Québec", vec![tax("gst", 50_000, true), tax("levy", 10_000, false)]),
    ];
    TaxRules { classes: classes.into(), rounding }
}

/// A tender of each kind, with all it can carry.
pub(crate) fn tendered(kind: TenderKind, amount: Money) -> Tendered {
    let cash = kind == TenderKind::Cash;
    let card = kind == TenderKind::Card;
    let coupon = kind == TenderKind::Coupon;
    let (id, name) = (kind.name().to_owned(), kind.name().to_uppercase());
    let limit = coupon.then_some(2_000);
    Tendered {
        tender: TenderType { id, name, kind, opens_drawer: !card, gives_change: cash, limit },
        amount,
        reference: (kind == TenderKind::Voucher || coupon).then(|| "V-7701".to_owned()),
        intent: card.then_some(77),
        card: card.then(card_slip),
    }
}

pub(crate) fn card_slip() -> CardSlip {
    CardSlip {
        receipt_number: 231,
        trace: 4_711,
        terminal_id: "52500041".into(),
        masked_pan: "541333******0019".into(),
        card_name: "Mastercard".into(),
        authorisation: "A1B2C3".into(),
    }
}

pub(crate) fn authority(id: &str, role: Role, percent: i64) -> Authority {
    let limit = Rate::from_millionths(percent * 10_000).unwrap();
    Authority {
        staff: StaffId::parse(id).unwrap(),
        role,
        discount_limit: limit,
        override_limit: limit,
        refund_limit: None,
    }
}

pub(crate) fn gtin(body: u64) -> Gtin {
    let digits = format!("{:012}", body % 1_000_000_000_000);
    Gtin::parse(&format!("{digits}{}", check_digit(&digits).unwrap())).unwrap()
}

/// The laws above are only worth what the facts they are tried on reach.
#[test]
fn reaches_what_can_happen() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut draw = |what: &str, happens: fn(&Sale, &Return) -> bool| {
        let both = (sale(), returned());
        let found = (0..200).any(|_| {
            let (sale, returned) = both.new_tree(&mut runner).unwrap().current();
            happens(&sale, &returned)
        });
        assert!(found, "no {what} in 200 draws");
    };
    draw("void", |sale, _| !sale.voided.is_empty());
    draw("gap in numbers", |sale, _| sale.lines[0].number > 1);
    draw("change", |sale, _| !sale.change.is_zero());
    draw("override", |sale, _| sale.lines.iter().any(|line| line.price_override.is_some()));
    draw("basket discount", |sale, _| sale.lines[0].discounts.iter().any(|given| given.basket));
    draw("approval", |sale, _| {
        sale.lines.iter().flat_map(|line| &line.discounts).any(|given| given.approved_by.is_some())
    });
    draw("card", |sale, _| sale.tenders.iter().any(|tendered| tendered.card.is_some()));
    draw("post-void", |_, returned| returned.kind == ReturnKind::PostVoid);
    draw("payout in parts", |_, returned| returned.payouts.len() > 1);
}
