//! What the tests of this crate build with: a shop, its people, and carts made by the public acts
//! alone. Compiled for tests only.

pub(crate) mod acts;

use crate::cart::{Cart, CartId, Item};
use crate::money::{Currency, Money};
use crate::quantity::{Quantity, Unit};
use crate::returns::{Return, ReturnKind, ReturnPlan};
use crate::sale::{ReceiptNumber, Sale, Stamp};
use crate::staff::{Authority, Role, StaffId};
use crate::tax::{Rate, Tax, TaxClass, TaxRounding, TaxRules};
use crate::tender::{TenderKind, TenderType, Tendered};
use crate::unit_price::UnitPrice;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

pub(crate) const CLASSES: [&str; 5] = ["A", "B", "C", "N", "Q"];
pub(crate) const DAY: Date = date(2026, 5, 4);

pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, currency("EUR")).unwrap()
}

pub(crate) fn percent(text: &str) -> Rate {
    Rate::parse_percent(text).unwrap()
}

/// A and B are inclusive, C is free, N has three exclusive taxes, Q two inclusive and a levy.
pub(crate) fn rules(rounding: TaxRounding) -> TaxRules {
    let class = |id: &str, taxes: &[(&str, &str, bool)]| {
        let taxes = taxes.iter().map(|&(id, rate, inclusive)| Tax {
            id: id.into(),
            name: id.into(),
            rate: percent(rate),
            inclusive,
        });
        (id.to_owned(), TaxClass { id: id.into(), name: id.into(), taxes: taxes.collect() })
    };
    let classes = BTreeMap::from([
        class("A", &[("vat", "19", true)]),
        class("B", &[("vat", "7", true)]),
        class("C", &[]),
        class("N", &[("state", "4", false), ("city", "4.5", false), ("mctd", "0.375", false)]),
        class("Q", &[("gst", "5", true), ("qst", "9.975", true), ("levy", "1", false)]),
    ]);
    TaxRules { classes, rounding }
}

pub(crate) fn person(id: &str, role: Role, limit: &str) -> Authority {
    let staff = StaffId::parse(id).unwrap();
    let limit = percent(limit);
    Authority {
        staff,
        role,
        discount_limit: limit,
        override_limit: limit,
        refund_limit: Some(5_000),
    }
}

/// May take off and override 10 %.
pub(crate) fn cashier() -> Authority {
    person("101", Role::Cashier, "10")
}

/// May take off and override 30 %.
pub(crate) fn supervisor() -> Authority {
    person("201", Role::Supervisor, "30")
}

/// May take off and override 100 %.
pub(crate) fn manager() -> Authority {
    person("301", Role::Manager, "100")
}

pub(crate) fn item(sku: &str, class: &str) -> Item {
    Item { sku: sku.into(), gtin: None, name: sku.into(), tax_class: class.into() }
}

pub(crate) fn price(text: &str, code: &str) -> UnitPrice {
    UnitPrice::parse(text, currency(code)).unwrap()
}

pub(crate) fn quantity(text: &str, unit: Unit) -> Quantity {
    Quantity::parse(text, unit).unwrap()
}

/// A cart of `(class, price, quantity, unit)`, its lines numbered from 1.
pub(crate) fn cart_of(code: &str, lines: &[(&str, &str, &str, Unit)]) -> Cart {
    let mut cart = Cart::new(CartId(1), currency(code));
    for &(class, text, amount, unit) in lines {
        cart.add(item("X", class), quantity(amount, unit), price(text, code), None).unwrap();
    }
    cart
}

pub(crate) fn tender_type(kind: TenderKind) -> TenderType {
    let cash = kind == TenderKind::Cash;
    TenderType {
        id: kind.name().into(),
        name: kind.name().into(),
        kind,
        opens_drawer: cash,
        gives_change: cash,
        limit: None,
    }
}

pub(crate) fn tendered(kind: TenderKind, amount: Money) -> Tendered {
    let intent = (kind == TenderKind::Card).then_some(7);
    Tendered { tender: tender_type(kind), amount, reference: None, intent, card: None }
}

pub(crate) fn receipt(number: u32) -> ReceiptNumber {
    ReceiptNumber { store: "HAFEN1".into(), till: 2, series: 1, number }
}

pub(crate) fn stamp() -> Stamp {
    Stamp { at: Timestamp::UNIX_EPOCH, shift: 1, by: cashier().staff }
}

/// Pays with `tenders` and settles.
pub(crate) fn sell(mut cart: Cart, rules: &TaxRules, tenders: &[(TenderKind, i64)]) -> Sale {
    for &(kind, minor) in tenders {
        cart.tender(tendered(kind, Money::new(minor, cart.currency).unwrap()), rules).unwrap();
    }
    cart.settle(rules, receipt(1), stamp(), DAY).unwrap()
}

/// The fact of a plan paid back as planned.
pub(crate) fn returned(sale: &Sale, plan: ReturnPlan, kind: ReturnKind) -> Return {
    Return {
        receipt: receipt(2),
        of: sale.receipt.clone(),
        kind,
        stamp: stamp(),
        business_day: DAY,
        approved_by: None,
        reason: "quality".into(),
        currency: sale.currency,
        lines: plan.lines,
        taxes: plan.taxes,
        payouts: plan.payouts,
        total: plan.total,
    }
}
