//! Limits that must not be got round, and acts that must be refused: each case one way a clever
//! or careless person might take.

use super::{Cart, CartError, CartId};
use crate::discount::DiscountValue;
use crate::money::MoneyError;
use crate::quantity::{Quantity, QuantityError, Unit};
use crate::staff::{Authority, Role, StaffError};
use crate::tax::TaxRounding;
use crate::tender::{TenderError, TenderKind};
use crate::testing::{
    DAY, cart_of, cashier, currency, eur, item, manager, percent, person, price, quantity, receipt,
    rules, stamp, supervisor, tender_type, tendered,
};
use Unit::{Each, Kilogram};

fn off(minor: i64) -> DiscountValue {
    DiscountValue::Amount(eur(minor))
}

fn basket_off(cart: &mut Cart, minor: i64, by: &Authority, approver: Option<&Authority>) {
    cart.discount_basket(off(minor), "x".into(), by, approver).unwrap();
}

fn net(cart: &Cart) -> i64 {
    cart.totals(&rules(TaxRounding::Receipt)).unwrap().total.minor()
}

#[track_caller]
fn beyond(result: Result<(), CartError>) {
    let needs_approval = matches!(result, Err(CartError::Staff(StaffError::NeedsApproval { .. })));
    assert!(needs_approval, "{result:?}");
}

#[test]
fn several_small_discounts_count_together() {
    let mut cart = cart_of("EUR", &[("C", "100", "1", Each)]);
    let anna = cashier();
    for _ in 0..2 {
        cart.discount_line(1, off(500), "x".into(), &anna, None).unwrap();
    }
    beyond(cart.discount_line(1, off(1), "x".into(), &anna, None));
    let mut cart = cart_of("EUR", &[("C", "100", "1", Each)]);
    basket_off(&mut cart, 500, &anna, None);
    basket_off(&mut cart, 500, &anna, None);
    beyond(cart.discount_basket(DiscountValue::Percent(percent("0.1")), "x".into(), &anna, None));
    assert_eq!(net(&cart), 9_000);
}

#[test]
fn a_void_does_not_raise_the_share_of_a_basket_discount() {
    let anna = cashier();
    let mut cart = cart_of("EUR", &[("C", "90", "1", Each), ("C", "10", "1", Each)]);
    basket_off(&mut cart, 1_000, &anna, None);
    let before = cart.clone();
    beyond(cart.void_line(1, &anna, None));
    beyond(cart.void_line(2, &anna, None));
    assert_eq!(cart, before);
    cart.void_line(2, &supervisor(), None).unwrap();
    beyond(cart.void_line(1, &manager(), None));
    assert_eq!(net(&cart), 8_000);

    // Adding first and voiding then is always open.
    let mut cart = cart_of("EUR", &[("C", "90", "1", Each), ("C", "10", "1", Each)]);
    basket_off(&mut cart, 1_000, &anna, None);
    cart.add(item("X", "C"), Quantity::one(Each), price("20", "EUR"), None).unwrap();
    cart.void_line(2, &anna, None).unwrap();
    assert_eq!(net(&cart), 10_000);
}

#[test]
fn percent_and_approved_discounts_do_not_stand_in_the_way() {
    let anna = cashier();
    let lines = [("C", "90", "1", Each), ("C", "10", "5", Each)];
    let mut cart = cart_of("EUR", &lines);
    cart.discount_basket(DiscountValue::Percent(percent("10")), "x".into(), &anna, None).unwrap();
    cart.void_line(1, &anna, None).unwrap();
    cart.set_quantity(2, quantity("1", Each)).unwrap();
    assert_eq!(net(&cart), 900);
    let mut cart = cart_of("EUR", &lines);
    basket_off(&mut cart, 2_000, &anna, Some(&supervisor()));
    cart.void_line(1, &anna, None).unwrap();
    assert_eq!(net(&cart), 3_000, "the approver saw the amount, and it stays that amount");
}

#[test]
fn less_of_a_line_does_not_raise_the_share_of_its_discount() {
    let anna = cashier();
    let mut cart = cart_of("EUR", &[("C", "10", "10", Each), ("C", "10", "1", Each)]);
    cart.discount_line(1, off(1_000), "x".into(), &anna, None).unwrap();
    let discounted = Err(CartError::Quantity(QuantityError::Discounted));
    assert_eq!(cart.set_quantity(1, quantity("1", Each)), discounted);
    cart.set_quantity(1, quantity("11", Each)).unwrap();
    cart.set_quantity(2, quantity("3", Each)).unwrap();
    basket_off(&mut cart, 100, &anna, None);
    assert_eq!(cart.set_quantity(2, quantity("1", Each)), discounted);
    assert_eq!(net(&cart), 12_900);
}

#[test]
fn a_lower_price_after_a_discount_is_limited_with_it() {
    let (anna, ben) = (cashier(), supervisor());
    let mut cart = cart_of("EUR", &[("C", "100", "1", Each)]);
    cart.discount_line(1, off(1_000), "x".into(), &anna, None).unwrap();
    let before = cart.clone();
    let mut lower = |approver| {
        cart.override_price(1, price("90", "EUR"), "x".into(), &anna, approver)
            .map(|()| cart.lines[0].price_override.clone().unwrap().approved_by)
    };
    beyond(lower(None).map(|_| ()));
    assert_eq!(lower(Some(&ben)), Ok(Some(ben.staff.clone())));
    assert_eq!(before.lines[0].price_override, None);
    assert_eq!(net(&cart), 8_000);
}

#[test]
fn a_line_discount_after_one_on_the_basket_is_limited_with_it() {
    let (anna, ben) = (cashier(), supervisor());
    let mut cart = cart_of("EUR", &[("C", "100", "1", Each)]);
    basket_off(&mut cart, 1_000, &anna, None);
    let ten = DiscountValue::Percent(percent("10"));
    beyond(cart.discount_line(1, ten, "x".into(), &anna, None));
    cart.discount_line(1, ten, "x".into(), &anna, Some(&ben)).unwrap();
    assert_eq!(cart.lines[0].discounts[0].approved_by, Some(ben.staff));
    assert_eq!(net(&cart), 8_000);
}

#[test]
fn nothing_takes_more_than_there_is() {
    let anyone = person("9", Role::Administrator, "1000");
    let mut cart = cart_of("EUR", &[("C", "1", "1", Each)]);
    let bad = Err(CartError::BadDiscount { most: eur(100) });
    for value in [
        off(101),
        off(0),
        off(-1),
        DiscountValue::Percent(percent("100.0001")),
        DiscountValue::Percent(percent("150")),
        DiscountValue::Percent(percent("0.1")),
    ] {
        assert_eq!(cart.discount_line(1, value, "x".into(), &anyone, None), bad, "{value:?}");
        assert_eq!(cart.discount_basket(value, "x".into(), &anyone, None), bad, "{value:?}");
    }
    cart.discount_line(1, DiscountValue::Percent(percent("100")), "x".into(), &anyone, None)
        .unwrap();
    assert_eq!(net(&cart), 0);
}

/// What one small quantity rounds away must not be multiplied afterwards.
#[test]
fn overrides_are_limited_by_the_unit_price() {
    for (listed, first, unit, charged, allowed) in [
        ("0.05", "1", Each, "0.04", false),
        ("9.99", "0.001", Kilogram, "5.00", false),
        ("0.01", "1", Each, "200/1.00", false),
        ("0.0049", "1", Each, "0.0001", false),
        ("1.00", "1", Each, "0.90", true),
        ("1.00", "1", Each, "0.8999", false),
        ("1.00", "3", Each, "1.10", true),
        ("1.00", "3", Each, "1.1001", false),
        ("3/1.00", "1", Each, "0.30", true),
        ("3/1.00", "1", Each, "3/0.90", true),
        ("3/1.00", "1", Each, "3/0.89", false),
        ("0.00", "1", Each, "1.00", false),
    ] {
        let mut cart = cart_of("EUR", &[("C", listed, first, unit)]);
        let done = cart.override_price(1, price(charged, "EUR"), "x".into(), &cashier(), None);
        assert_eq!(done.is_ok(), allowed, "{listed} × {first} at {charged}: {done:?}");
        let approved =
            cart.override_price(1, price(charged, "EUR"), "x".into(), &cashier(), Some(&manager()));
        // A manager's limit is the whole, which is none.
        assert!(approved.is_ok(), "{listed} at {charged}: {approved:?}");
    }
}

#[test]
fn overrides_are_measured_from_the_list_however_many() {
    let anna = cashier();
    let mut cart = cart_of("EUR", &[("C", "1.00", "1", Each)]);
    cart.override_price(1, price("0.90", "EUR"), "x".into(), &anna, None).unwrap();
    beyond(cart.override_price(1, price("0.81", "EUR"), "x".into(), &anna, None));
    let yen = cart.override_price(1, price("1", "JPY"), "x".into(), &manager(), None);
    assert!(matches!(yen, Err(CartError::Money(MoneyError::Mismatch(..)))), "{yen:?}");
}

#[test]
fn a_line_keeps_its_unit() {
    let mut cart = cart_of("EUR", &[("C", "5", "1", Each), ("C", "9.99", "0.5", Kilogram)]);
    for (line, bad) in [(1, quantity("0.001", Kilogram)), (2, quantity("1", Unit::Litre))] {
        let refused = cart.set_quantity(line, bad);
        let other = matches!(refused, Err(CartError::Quantity(QuantityError::OtherUnit(_))));
        assert!(other, "{refused:?}");
    }
}

#[test]
fn a_label_price_stands_but_can_be_overridden_and_discounted() {
    let mut cart = Cart::new(CartId(1), currency("EUR"));
    let pack = |cart: &mut Cart, label| {
        cart.add(item("X", "B"), Quantity::one(Kilogram), price("12.99", "EUR"), Some(label))
    };
    assert!(pack(&mut cart, eur(-1)).is_err());
    assert_eq!(pack(&mut cart, eur(420)), Ok(1));
    assert_eq!(cart.set_quantity(1, quantity("2", Kilogram)), Err(CartError::Labelled(1)));
    beyond(cart.override_price(1, price("3.70", "EUR"), "x".into(), &cashier(), None));
    cart.override_price(1, price("3.80", "EUR"), "x".into(), &cashier(), None).unwrap();
    cart.discount_line(1, off(30), "x".into(), &cashier(), None).unwrap();
    assert_eq!(net(&cart), 350);
}

#[test]
fn other_currencies_are_refused() {
    let mut cart = cart_of("EUR", &[("C", "5", "1", Each)]);
    let before = cart.clone();
    let one = Quantity::one(Each);
    let yen = price("5", "JPY");
    assert!(cart.add(item("X", "C"), one, yen, None).is_err());
    assert!(cart.add(item("X", "C"), one, yen, Some(eur(5))).is_err());
    let label = Some(crate::Money::zero(currency("JPY")));
    assert!(cart.add(item("X", "C"), one, price("5", "EUR"), label).is_err());
    let discount = DiscountValue::Amount(crate::Money::new(1, currency("JPY")).unwrap());
    assert!(cart.discount_line(1, discount, "x".into(), &manager(), None).is_err());
    assert!(cart.discount_basket(discount, "x".into(), &manager(), None).is_err());
    let cash = tendered(TenderKind::Cash, crate::Money::new(500, currency("JPY")).unwrap());
    assert!(cart.tender(cash, &rules(TaxRounding::Line)).is_err());
    assert_eq!(cart, before);
}

/// Amounts beyond the range are refused by the act that would make them, not found out later.
#[test]
fn a_cart_can_always_be_added_up() {
    let mut cart = cart_of("JPY", &[("C", "900000000", "1", Each), ("C", "100000", "1", Each)]);
    let many = quantity("9999", Each);
    assert_eq!(cart.set_quantity(1, many), Err(CartError::Price(MoneyError::OutOfRange.into())));
    cart.set_quantity(1, quantity("1111", Each)).unwrap();
    assert_eq!(cart.set_quantity(2, many), Err(CartError::Money(MoneyError::OutOfRange)));

    // The listed amount as well, although another price is charged.
    let mut cart = cart_of("JPY", &[("C", "900000000", "1", Each)]);
    cart.override_price(1, price("1", "JPY"), "x".into(), &manager(), None).unwrap();
    assert!(cart.set_quantity(1, many).is_err());

    let mut cart = cart_of("JPY", &[("C", "900000000000", "1", Each)]);
    let rules = rules(TaxRounding::Line);
    let yen = |minor| tendered(TenderKind::Cash, crate::Money::new(minor, cart.currency).unwrap());
    let (most, more) = (yen(800_000_000_000), yen(999_999_999_999));
    cart.tender(most, &rules).unwrap();
    assert_eq!(cart.tender(more, &rules), Err(CartError::Money(MoneyError::OutOfRange)));
    cart.totals(&rules).unwrap();
}

#[test]
fn change_is_given_on_cash_alone() {
    let rules = rules(TaxRounding::Receipt);
    let mut cart = cart_of("EUR", &[("C", "15", "1", Each)]);
    for kind in [TenderKind::Card, TenderKind::Voucher, TenderKind::Coupon] {
        let mut over = tendered(kind, eur(2_000));
        over.tender.gives_change = true;
        let refused = cart.tender(over, &rules);
        let over_due = matches!(refused, Err(CartError::Tender(TenderError::OverDue { .. })));
        assert!(over_due, "{kind:?}: {refused:?}");
    }
    let mut exact = tendered(TenderKind::Cash, eur(2_000));
    exact.tender =
        crate::tender::TenderType { gives_change: false, ..tender_type(TenderKind::Cash) };
    assert!(cart.tender(exact, &rules).is_err());
}

#[test]
fn a_card_payment_is_not_taken_back_by_hand() {
    let rules = rules(TaxRounding::Receipt);
    let mut cart = cart_of("EUR", &[("C", "15", "1", Each)]);
    cart.tender(tendered(TenderKind::Cash, eur(100)), &rules).unwrap();
    assert_eq!(cart.void_line(1, &manager(), None), Err(CartError::BeingPaid(CartId(1))));
    cart.take_back_tenders().unwrap();
    let mut card = tendered(TenderKind::Card, eur(100));
    card.intent = None;
    cart.tender(card, &rules).unwrap();
    assert_eq!(cart.take_back_tenders(), Err(CartError::CardTaken(CartId(1))));
}

#[test]
fn a_parked_cart_is_not_settled() {
    let rules = rules(TaxRounding::Receipt);
    let mut cart = cart_of("EUR", &[("C", "0", "1", Each)]);
    cart.park("blue bag".into()).unwrap();
    let settled =
        |cart: &Cart| cart.settle(&rules, receipt(1), stamp(), DAY).map(|sale| sale.total);
    assert_eq!(settled(&cart), Err(CartError::Parked(CartId(1))));
    cart.recall();
    assert_eq!(settled(&cart), Ok(eur(0)));
}
