//! Selling over the API, from log-in to receipt.

use super::{CASHIER, SUPERVISOR, Shop};

#[test]
fn a_whole_cash_sale() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let added = client.post("/carts", r#"{"code": "101", "quantity": "3"}"#).ok();
    assert_eq!(added["result"], "cart");
    let cart = &added["cart"];
    assert_eq!((&cart["line"], &cart["state"]), (&1.into(), &"open".into()));
    assert_eq!(cart["lines"][0]["name"], "Wheat roll, loose");
    assert_eq!(cart["lines"][0]["quantity"], "3");
    assert_eq!(cart["due"], serde_json::json!({"minor": 105, "currency": "EUR", "text": "1.05"}));
    let id = cart["cart"].as_u64().unwrap();

    let second = client.post(&format!("/carts/{id}/lines"), r#"{"code": "102"}"#).ok();
    assert_eq!(second["cart"]["total"]["minor"], 150);
    assert_eq!(client.get("/carts").ok()["current"], id);
    assert_eq!(client.get(&format!("/carts/{id}")).ok()["lines"].as_array().unwrap().len(), 2);

    let tender = format!("/carts/{id}/tenders");
    let part = client
        .post(&tender, r#"{"tender": "cash", "amount": {"minor": 50, "currency": "EUR"}}"#)
        .ok();
    assert_eq!(part["cart"]["due"]["minor"], 100);
    let sold = client
        .post(
            &tender,
            r#"{"tender": "cash", "amount": {"minor": 200, "currency": "EUR", "text": "2.00"}}"#,
        )
        .ok();
    assert_eq!(sold["result"], "sold");
    assert_eq!((&sold["total"]["minor"], &sold["change"]["minor"]), (&150.into(), &100.into()));

    let number = sold["receipt"].as_str().unwrap();
    assert_eq!(number, "HH01-1-1-000001");
    let receipt = client.get(&format!("/receipts/{number}")).ok();
    assert_eq!(receipt["kind"], "sale");
    assert_eq!(receipt["total"]["minor"], 150);
    assert_eq!(receipt["tenders"].as_array().unwrap().len(), 2);
    // The shop is in Hamburg: one or two hours ahead of UTC.
    let at = receipt["at"].as_str().unwrap();
    assert!(at.ends_with("+01:00") || at.ends_with("+02:00"), "{at}");
    let text = client.get(&format!("/receipts/{number}.txt"));
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(text.text().contains("Wheat roll"), "{}", text.text());
    assert!(client.get(&format!("/receipts/{number}.svg")).text().starts_with("<svg"));
    assert!(client.get(&format!("/receipts/{number}.png")).body.starts_with(b"\x89PNG"));
    client.get(&format!("/carts/{id}")).is(404, "no-cart");
}

#[test]
fn a_cart_is_changed_parked_recalled_and_given_up() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cart = client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
    let line = format!("/carts/{cart}/lines/1");
    assert_eq!(
        client.change("PATCH", &line, r#"{"quantity": "10"}"#).ok()["cart"]["total"]["minor"],
        350
    );
    let discounts = format!("{line}/discounts");
    let off = client.post(&discounts, r#"{"percent": "10", "reason": "loyalty"}"#).ok();
    assert_eq!(off["cart"]["lines"][0]["discounts"][0]["value"], "10 %");
    assert_eq!(off["cart"]["total"]["minor"], 315);
    let basket = client.post(
        &format!("/carts/{cart}/discounts"),
        r#"{"amount": {"minor": 15, "currency": "EUR"}, "reason": "goodwill"}"#,
    );
    assert_eq!(basket.ok()["cart"]["basket_discounts"][0]["amount"]["minor"], 15);
    client
        .post(&format!("/carts/{cart}/discounts"), r#"{"reason": "goodwill"}"#)
        .is(422, "bad-discount");
    client.post("/carts", r#"{"code": "102"}"#).ok();
    let voided =
        client.change("DELETE", &format!("/carts/{cart}/lines/2?reason=wrong-item"), "").ok();
    assert_eq!(voided["cart"]["lines"][1]["voided"], true);

    client.post(&format!("/carts/{cart}/park"), r#"{"label": "red coat"}"#).ok();
    let list = client.get("/carts").ok();
    assert_eq!(
        (&list["current"], &list["carts"][0]["label"]),
        (&serde_json::Value::Null, &"red coat".into())
    );
    client.post(&format!("/carts/{cart}/lines"), r#"{"code": "102"}"#).is(409, "cart-parked");
    client.post(&format!("/carts/{cart}/recall"), "").ok();
    client.post(&format!("/carts/{cart}/cancel"), r#"{"reason": "training"}"#).ok();
    assert_eq!(client.get("/carts").ok()["carts"].as_array().unwrap().len(), 0);
}

#[test]
fn another_person_approves_with_their_pin() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cart = client.post("/carts", r#"{"code": "101", "quantity": "10"}"#).ok()["cart"]["cart"]
        .as_u64()
        .unwrap();
    let path = format!("/carts/{cart}/lines/1/discounts");
    let ask = |approval: &str| format!(r#"{{"percent": "20", "reason": "loyalty"{approval}}}"#);
    let by =
        |staff: &str, pin: &str| format!(r#", "approval": {{"staff": "{staff}", "pin": "{pin}"}}"#);
    client.post(&path, &ask("")).is(403, "needs-approval");
    client.post(&path, &ask(&by(SUPERVISOR.0, "0000"))).is(401, "wrong-pin");
    client.post(&path, &ask(&by(CASHIER.0, CASHIER.1))).is(403, "approval-refused");
    let approved = client.post(&path, &ask(&by(SUPERVISOR.0, SUPERVISOR.1))).ok();
    let given = &approved["cart"]["lines"][0]["discounts"][0];
    assert_eq!((&given["by"], &given["approved_by"]), (&"101".into(), &"201".into()));
    let price = format!("/carts/{cart}/lines/1/price");
    client.post(&price, r#"{"price": "x", "reason": "price-match"}"#).is(422, "bad-price");
}

#[test]
fn a_scan_after_a_log_in_counts_as_that_persons() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let status = client.get("/status").ok();
    assert_eq!(status["shift"]["opened_by"], "101");
    let scan = commerce::code::Scan::parse("101").unwrap();
    let till = shop.running.as_ref().unwrap().till.clone();
    let scanned =
        |shop: &Shop| shop.runtime.block_on(till.event(crate::till::Event::Scanned(scan.clone())));
    scanned(&shop).unwrap();
    client.change("DELETE", "/session", "").ok();
    let refused = scanned(&shop).unwrap_err().to_string();
    assert!(refused.contains("nobody is logged in"), "{refused}");
}
