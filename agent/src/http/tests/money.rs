//! Acts on money are done once: keys, double submits, retries.

use super::{MANAGER, SUPERVISOR, Shop};
use serde_json::Value;

const FLOAT: &str = r#"{"float": {"minor": 10000, "currency": "EUR"}}"#;
const TWO_EUROS: &str = r#"{"tender": "cash", "amount": {"minor": 200, "currency": "EUR"}}"#;

#[test]
fn acts_on_money_need_a_key() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cart = client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
    let cash = r#"{"direction": "in", "amount": {"minor": 100, "currency": "EUR"}, "reason": "found-cash"}"#;
    let document = client.get("/openapi.json").ok();
    let mut known = 0;
    for (method, path, body) in [
        ("POST", format!("/carts/{cart}/tenders"), TWO_EUROS),
        ("DELETE", format!("/carts/{cart}/tenders"), ""),
        ("POST", format!("/carts/{cart}/settle"), ""),
        ("POST", format!("/carts/{cart}/card"), r#"{"tender": "card"}"#),
        ("POST", "/receipts/HH01-1-1-000001/refund".into(), r#"{"lines": [], "reason": "faulty"}"#),
        ("POST", "/receipts/HH01-1-1-000001/void".into(), r#"{"reason": "training"}"#),
        ("POST", "/returns/current/payouts".into(), r#"{"payout": 0, "tender": "cash"}"#),
        ("DELETE", "/returns/current".into(), ""),
        ("POST", "/payments/1/reverse".into(), ""),
        ("POST", "/payments/1/put-right".into(), r#"{"note": "x"}"#),
        ("POST", "/payments/1/end".into(), r#"{"approved": true, "note": "x"}"#),
        ("POST", "/shifts".into(), FLOAT),
        ("POST", "/shifts/current/close".into(), r#"{"counted": []}"#),
        ("POST", "/cash".into(), cash),
        ("POST", "/drawer".into(), r#"{"reason": "check-drawer"}"#),
    ] {
        client.unkeyed(method, &path, body).is(400, "key-missing");
        known += 1;
    }
    let operations = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values());
    let needs_key = |operation: &&Value| {
        operation["parameters"].as_array().is_some_and(|parameters| {
            parameters.iter().any(|parameter| {
                parameter["name"] == "Idempotency-Key" && parameter["required"] == true
            })
        })
    };
    assert_eq!(operations.filter(needs_key).count(), known, "the document says which need one");
    assert_eq!(client.get(&format!("/carts/{cart}")).ok()["tenders"].as_array().unwrap().len(), 0);
}

#[test]
fn a_key_is_good_for_one_request() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cart = client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
    let tender = format!("/carts/{cart}/tenders");
    let sold = client.keyed("POST", &tender, TWO_EUROS, "sale-1");
    let again = client.keyed("POST", &tender, TWO_EUROS, "sale-1");
    assert_eq!((sold.status, sold.text()), (200, again.text()), "the same answer, change and all");
    assert_eq!(client.get("/receipts").ok()["receipts"].as_array().unwrap().len(), 1);

    let other_body = r#"{"tender": "cash", "amount": {"minor": 300, "currency": "EUR"}}"#;
    client.keyed("POST", &tender, other_body, "sale-1").is(422, "key-reused");
    client.keyed("POST", "/drawer", TWO_EUROS, "sale-1").is(400, "bad-json");
    client.keyed("POST", &format!("/carts/{cart}/settle"), "", "sale-1").is(422, "key-reused");
    let mut other_person = shop.logged_in(SUPERVISOR);
    other_person.keyed("POST", &tender, TWO_EUROS, "sale-1").is(422, "key-reused");
    // Adding needs no key, but a key works there too.
    let [first, second] =
        [(); 2].map(|()| client.keyed("POST", "/carts", r#"{"code": "101"}"#, "add-1").ok());
    assert_eq!(first, second);
    for key in ["", "with blank", "ümlaut", &"k".repeat(65)] {
        client.keyed("POST", "/carts", r#"{"code": "101"}"#, key).is(400, "bad-key");
    }
    client.keyed("POST", "/carts", r#"{"code": "101"}"#, &"k".repeat(64)).ok();
}

#[test]
fn a_double_submit_sells_once() {
    let shop = Shop::open();
    let mut client = shop.selling();
    for round in 0..10 {
        let cart =
            client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
        let (mut left, mut right) = (client.again(), client.again());
        let (path, key) = (format!("/carts/{cart}/tenders"), format!("double-{round}"));
        left.begin("POST", &path, TWO_EUROS, &key);
        right.begin("POST", &path, TWO_EUROS, &key);
        let answers = [left.read().ok(), right.read().ok()];
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0]["result"], "sold");
    }
    assert_eq!(client.get("/receipts").ok()["receipts"].as_array().unwrap().len(), 10);
}

#[test]
fn amounts_are_in_the_stores_currency() {
    let shop = Shop::open();
    let mut client = shop.logged_in(SUPERVISOR);
    for (float, status, kind) in [
        (r#"{"minor": 100, "currency": "USD"}"#, 422, "wrong-currency"),
        (r#"{"minor": 100, "currency": "XXQ"}"#, 422, "wrong-currency"),
        (r#"{"minor": 1000000000000, "currency": "EUR"}"#, 422, "bad-amount"),
        (r#"{"minor": 1.5, "currency": "EUR"}"#, 400, "bad-json"),
        (r#"{"minor": "100", "currency": "EUR"}"#, 400, "bad-json"),
        (r#"{"minor": 100}"#, 400, "bad-json"),
    ] {
        client.post("/shifts", &format!(r#"{{"float": {float}}}"#)).is(status, kind);
    }
}

#[test]
fn a_refund_names_lines_and_is_paid_back() {
    let shop = Shop::open();
    let mut client = shop.logged_in(SUPERVISOR);
    client.post("/shifts", FLOAT).ok();
    let cart = client.post("/carts", r#"{"code": "101", "quantity": "3"}"#).ok()["cart"]["cart"]
        .as_u64()
        .unwrap();
    let sold = client.post(&format!("/carts/{cart}/tenders"), TWO_EUROS).ok();
    let receipt = sold["receipt"].as_str().unwrap();
    let path = format!("/receipts/{receipt}/refund");
    let ask = |quantity: &str| {
        format!(r#"{{"lines": [{{"line": 1, "quantity": "{quantity}"}}], "reason": "spoiled"}}"#)
    };
    client.post(&path, &ask("4")).is(422, "return-refused");
    let back = client.post(&path, &ask("1")).ok();
    assert_eq!(back["result"], "returned");
    let refund = client.get(&format!("/receipts/{}", back["receipt"].as_str().unwrap())).ok();
    assert_eq!(
        (&refund["kind"], &refund["of"], &refund["total"]["minor"]),
        (&"refund".into(), &receipt.into(), &35.into())
    );
    assert_eq!(client.get(&format!("/receipts/{receipt}")).ok()["lines"][0]["returned"], "1");
    assert_eq!(client.get("/returns/current").ok(), serde_json::json!({}));
    client.change("DELETE", "/returns/current", "").is(404, "no-return");
    client
        .post(&format!("/receipts/{receipt}/void"), r#"{"reason": "training"}"#)
        .is(409, "not-last-sale");
}

#[test]
fn without_a_terminal_a_card_payment_is_not_sent() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cart = client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
    let mut listener = client.listen(None);
    let asked = client.post(&format!("/carts/{cart}/card"), r#"{"tender": "card"}"#).ok();
    assert_eq!(asked["result"], "payment");
    let payment = asked["payment"].as_u64().unwrap();
    // Each change of the payment is told; the last one is its end.
    let ended = loop {
        listener.until("payment");
        let shown = client.get(&format!("/payments/{payment}")).ok();
        if shown["state"] != "under_way" {
            break shown;
        }
        assert_eq!(shown["progress"], "insert card");
    };
    assert_eq!((&ended["state"], &ended["asked"]["minor"]), (&"not_sent".into(), &35.into()));
    assert_eq!(client.get("/payments").ok()["payments"], serde_json::json!([]));
    client.post(&format!("/payments/{payment}/reverse"), "").is(403, "needs-approval");
    shop.logged_in(MANAGER).post(&format!("/payments/{payment}/reverse"), "").is(404, "no-payment");
    client.get("/payments/99").is(404, "no-payment");
}

#[test]
fn a_shift_is_closed_with_what_was_counted() {
    let shop = Shop::open();
    let mut client = shop.selling();
    client.post("/shifts", FLOAT).is(409, "shift-open");
    let cash = r#"{"direction": "out", "amount": {"minor": 4000, "currency": "EUR"}, "reason": "safe-drop""#;
    client.post("/cash", &format!("{cash}}}")).is(403, "needs-approval");
    let approved = format!(
        r#"{cash}, "approval": {{"staff": "{}", "pin": "{}"}}}}"#,
        SUPERVISOR.0, SUPERVISOR.1
    );
    client.post("/cash", &approved).ok();
    client.post("/shifts/current/close", r#"{"counted": []}"#).is(422, "not-counted");
    let counted =
        r#"{"counted": [{"tender": "cash", "amount": {"minor": 5990, "currency": "EUR"}}]}"#;
    assert_eq!(client.post("/shifts/current/close", counted).ok()["shift"], 1);
    client.get("/shifts/current").is(404, "no-such-shift");
    assert_eq!(client.get("/shifts/1").ok()["z"], 1);
    let mut supervisor = shop.logged_in(SUPERVISOR);
    let z = supervisor.get("/shifts/1/report").ok();
    assert_eq!(z["report"], "z");
    assert_eq!(
        (&z["counted"][0]["expected"]["minor"], &z["counted"][0]["counted"]["minor"]),
        (&6000.into(), &5990.into())
    );
    assert!(supervisor.get("/shifts/1/report.txt").text().contains('Z'));
    assert!(supervisor.get("/shifts/1/report.svg").text().starts_with("<svg"));
    assert!(supervisor.get("/shifts/1/report.png").body.starts_with(b"\x89PNG"));
    assert_eq!(supervisor.post("/shifts/1/print", "").ok()["result"], "job");
}
