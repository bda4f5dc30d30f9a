//! Building a cart and what is refused while building it.

use super::*;
use commerce::cart::CartState;
use commerce::discount::DiscountValue;
use commerce::tax::Rate;

#[test]
fn a_cart_survives_a_restart_line_by_line() {
    let mut shop = Shop::open();
    shop.scan("101");
    shop.scan("2110001004827");
    let view = shop.scan("9520000100377");
    let id = view.cart.id;
    let discount = DiscountValue::Percent(Rate::parse_percent("10").unwrap());
    let reason = "loyalty".to_owned();
    shop.ok(
        "101",
        Command::Discount { cart: id, line: Some(1), value: discount, reason: reason.clone() },
    );
    shop.ok("101", Command::Discount { cart: id, line: None, value: discount, reason });
    shop.ok("101", Command::VoidLine { cart: id, line: 3, reason: Some("wrong-item".into()) });
    let price = commerce::UnitPrice::parse("0.32", shop.till.settings.store.currency).unwrap();
    shop.ok(
        "101",
        Command::OverridePrice { cart: id, line: 1, price, reason: "price-match".into() },
    );
    let before = shop.till.view(id, None).unwrap();
    let shift = shop.till.shift().cloned();
    let shop = shop.restart();
    assert_eq!(shop.till.view(id, None).unwrap(), before);
    assert_eq!(shop.till.current(), Some(id));
    assert_eq!(shop.till.shift().cloned(), shift);
}

#[test]
fn parked_carts_come_back() {
    let mut shop = Shop::open();
    let id = shop.scan("101").cart.id;
    shop.ok("101", Command::Park { cart: id, label: "red jacket".into() });
    let other = shop.scan("102").cart.id;
    assert_ne!(other, id);
    assert!(shop.refused("101", Command::Recall { cart: id }).contains("is at the till"));
    shop.ok("101", Command::Cancel { cart: other, reason: None });
    let mut shop = shop.restart();
    let parked = shop.till.view(id, None).unwrap().cart.state;
    assert_eq!(parked, CartState::Parked { label: "red jacket".into() });
    shop.ok("102", Command::Recall { cart: id });
    assert_eq!(shop.till.current(), Some(id));
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let mut shop = Shop::open();
    let id = shop.scan("101").cart.id;
    let before = shop.till.view(id, None).unwrap();
    let add = |code: &str, quantity: Option<&str>| Command::Add {
        cart: None,
        code: code.into(),
        quantity: quantity.map(Into::into),
    };
    let discount = DiscountValue::Percent(Rate::parse_percent("15").unwrap());
    for (command, expected) in [
        (add("9520000999995", None), "9520000999995"),
        (add("9520000100378", None), "check digit"),
        (add("NO-SUCH-SKU", None), "NO-SUCH-SKU"),
        (add("101", Some("0")), "more than zero"),
        (add("101", Some("-1")), "more than zero"),
        (add("101", Some("1.5")), "whole number"),
        (add("101", Some("10000")), "more than one line may hold"),
        (add("4011", None), "weigh"),
        (Command::SetQuantity { cart: id, line: 9, quantity: "2".into() }, "no line 9"),
        (
            Command::VoidLine { cart: id, line: 1, reason: Some("loyalty".into()) },
            "reasons of kind void",
        ),
        (
            Command::Discount {
                cart: id,
                line: Some(1),
                value: discount,
                reason: "loyalty".into(),
            },
            "another person",
        ),
        (Command::Settle { cart: id }, "still due"),
        (Command::Park { cart: id, label: " ".into() }, "1 to 60 characters"),
        (Command::Recall { cart: CartId(99) }, "no cart 99"),
        (Command::CloseShift { counted: Vec::new() }, "is at the till"),
    ] {
        let refusal = shop.refused("101", command.clone());
        assert!(refusal.contains(expected), "{command:?}: {refusal}");
    }
    assert_eq!(shop.till.view(id, None).unwrap(), before);
}

#[test]
fn an_approval_must_come_from_another_person_with_the_limit() {
    let mut shop = Shop::open();
    let id = shop.scan("101").cart.id;
    let value = DiscountValue::Percent(Rate::parse_percent("15").unwrap());
    let ask = Command::Discount { cart: id, line: Some(1), value, reason: "loyalty".into() };
    assert!(
        shop.ask("101", Some("101"), ask.clone()).unwrap_err().to_string().contains("their own")
    );
    assert!(
        shop.ask("101", Some("102"), ask.clone()).unwrap_err().to_string().contains("may approve")
    );
    shop.ask("101", Some("201"), ask).unwrap();
    let view = shop.till.view(id, None).unwrap();
    assert_eq!(view.cart.lines[0].discounts[0].approved_by, Some(StaffId::parse("201").unwrap()));
}

#[test]
fn scans_need_someone_logged_in_and_a_shift() {
    let mut shop = Shop::closed();
    let scan = || Event::Scanned(commerce::code::Scan::parse("]E09520000100377").unwrap());
    assert!(matches!(shop.event(scan()), Err(Refusal::NoOperator)));
    shop.event(Event::Operator(Some(StaffId::parse("101").unwrap()))).unwrap();
    assert!(matches!(shop.event(scan()), Err(Refusal::NoShift)));
    let float = shop.money("50.00");
    shop.ok("101", Command::OpenShift { float });
    assert!(matches!(shop.event(scan()), Ok(Reply::Cart(_))));
}
