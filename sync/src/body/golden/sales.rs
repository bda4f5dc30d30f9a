//! The golden sales, rung through the cart, and a return of one of them.

use super::{DAY, eur, receipt, staff, stamp};
use crate::body::strategy;
use commerce::cart::{Cart, CartId, Item};
use commerce::customer::CustomerId;
use commerce::discount::DiscountValue;
use commerce::returns::{Return, ReturnKind, ReturnedSoFar};
use commerce::sale::Sale;
use commerce::staff::Role;
use commerce::tax::{Rate, TaxRounding};
use commerce::tender::TenderKind;
use commerce::{Currency, Quantity, Unit, UnitPrice};

fn cart(id: u64) -> Cart {
    Cart::new(CartId(id), Currency::parse("EUR").unwrap())
}

fn add(
    cart: &mut Cart,
    sku: &str,
    barcode: Option<u64>,
    name: &str,
    class: &str,
    price: &str,
    quantity: Quantity,
) -> u32 {
    let gtin = barcode.map(strategy::gtin);
    let (sku, name, tax_class) = (sku.to_owned(), name.to_owned(), class.to_owned());
    let price = UnitPrice::parse(price, cart.currency).unwrap();
    cart.add(Item { sku, gtin, name, tax_class }, quantity, price, None).unwrap()
}

/// Three lines, cash with change: what most sales look like.
pub(crate) fn cash_sale() -> Sale {
    let rules = strategy::tax_rules(TaxRounding::Receipt);
    let each = |pieces: i64| Quantity::new(pieces * 1_000, Unit::Each).unwrap();
    let mut cart = cart(41);
    add(
        &mut cart,
        "BAK-013",
        Some(952_000_010_037),
        "Sliced wholegrain bread 500 g",
        "B",
        "2.19",
        each(1),
    );
    add(&mut cart, "DRI-001", Some(952_000_012_001), "Mineral water 1 l", "A", "0.59", each(6));
    let bananas = Quantity::parse("1.132", Unit::Kilogram).unwrap();
    add(&mut cart, "PRO-001", None, "Bananas", "B", "1.79", bananas);
    cart.tender(strategy::tendered(TenderKind::Cash, eur(1_000)), &rules).unwrap();
    cart.settle(&rules, receipt(123), stamp("101"), DAY).unwrap()
}

/// A sale to somebody who is known here.
pub(crate) fn sale_to_customer() -> Sale {
    Sale { customer: Some(CustomerId(*b"customer-of-test")), ..cash_sale() }
}

/// Everything that can happen to a sale at once.
pub(crate) fn full_sale() -> Sale {
    let rules = strategy::tax_rules(TaxRounding::Line);
    let cashier = strategy::authority("101", Role::Cashier, 10);
    let manager = strategy::authority("301", Role::Manager, 100);
    let each = |pieces: i64| Quantity::new(pieces * 1_000, Unit::Each).unwrap();
    let mut cart = cart(43);
    let milk = add(&mut cart, "DAI-001", Some(952_000_011_111), "Milk 1 l", "N", "3/2.99", each(2));
    let wrong = add(&mut cart, "DAI-002", None, "Butter 250 g", "B", "2.49", each(1));
    let oil = Quantity::parse("2.5", Unit::Litre).unwrap();
    let oil = add(&mut cart, "OIL-001", None, "Lamp oil, loose", "Q", "1.2995", oil);
    let price = UnitPrice::parse("0.50", cart.currency).unwrap();
    cart.override_price(milk, price, "damaged".into(), &cashier, Some(&manager)).unwrap();
    let percent = DiscountValue::Percent(Rate::from_millionths(100_000).unwrap());
    cart.discount_line(milk, percent, "short-dated".into(), &cashier, None).unwrap();
    let amount = DiscountValue::Amount(eur(100));
    cart.discount_basket(amount, "loyalty".into(), &cashier, Some(&manager)).unwrap();
    cart.void_line(wrong, &cashier, Some("mistake".into())).unwrap();
    assert_eq!((milk, wrong, oil), (1, 2, 3));
    for (kind, minor) in [
        (TenderKind::Card, 100),
        (TenderKind::Voucher, 50),
        (TenderKind::Coupon, 20),
        (TenderKind::Cash, 500),
    ] {
        cart.tender(strategy::tendered(kind, eur(minor)), &rules).unwrap();
    }
    cart.settle(&rules, receipt(124), stamp("101"), DAY).unwrap()
}

/// One piece of each of two lines, to the card first.
pub(crate) fn refund() -> Return {
    let sale = full_sale();
    let plan = sale.plan_return(&[(1, 1_000), (3, 2_500)], &ReturnedSoFar::default()).unwrap();
    let mut payouts = plan.payouts;
    payouts[0].intent = Some(78);
    payouts[0].card = Some(strategy::card_slip());
    Return {
        receipt: receipt(125),
        of: sale.receipt,
        kind: ReturnKind::Refund,
        stamp: stamp("201"),
        business_day: DAY,
        approved_by: Some(staff("301")),
        reason: "quality".into(),
        currency: sale.currency,
        lines: plan.lines,
        taxes: plan.taxes,
        payouts,
        total: plan.total,
    }
}
