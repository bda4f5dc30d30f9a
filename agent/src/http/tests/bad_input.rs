//! Bad input over the API: one table. Each row is refused by name, and afterwards the carts, the
//! journal, the shift, the stock and the spool are what they were.

use super::client::Client;
use super::{CASHIER, SUPERVISOR, Shop};
use crate::home::wall_clock;
use crate::import::{Input, Kind, import};
use serde_json::Value;

/// Imports a file beside the running till.
fn import_beside(shop: &Shop, kind: Kind, csv: &str) {
    let path = shop.home.file(&format!("more-{}.csv", kind.name()));
    std::fs::write(&path, csv).unwrap();
    let mut catalogue = shop.home.catalogue().unwrap();
    let input = Input { path: &path, format: None, progress: &mut |_| {} };
    import(kind, input, &mut catalogue, wall_clock()).unwrap();
}

/// An item without a price, and one whose tax class the rules no longer have.
fn with_gaps(shop: &Shop) {
    let goods = "sku,name,unit,tax_class\nFREE-1,Nobody has priced this,each,A\n\
        LOST-1,Of a class that goes,each,X\n";
    let taxes = "class,class_name,tax,tax_name,rate_percent,inclusive\n\
        A,Standard,vat-standard,VAT,19,yes\nB,Reduced,vat-reduced,VAT,7,yes\n";
    import_beside(shop, Kind::Taxes, &format!("{taxes}X,Passing,vat-x,VAT,3,yes\n"));
    import_beside(shop, Kind::Catalogue, goods);
    import_beside(shop, Kind::Prices, "sku,price,layer\nLOST-1,1.00,headquarters\n");
    import_beside(shop, Kind::Taxes, taxes);
}

/// All that a refused request must leave alone.
fn everything(supervisor: &mut Client) -> Vec<Value> {
    let carts = supervisor.get("/carts").ok();
    let mut all: Vec<Value> = [
        "/receipts",
        "/journal",
        "/journal/1",
        "/shifts/current/report",
        "/payments",
        "/jobs",
        "/stock",
    ]
    .iter()
    .map(|path| supervisor.get(path).ok())
    .collect();
    for cart in carts["carts"].as_array().unwrap() {
        all.push(supervisor.get(&format!("/carts/{}", cart["cart"])).ok());
    }
    all.push(carts);
    all
}

/// A cashier's client at a till with one sale made, one cart parked and one with two lines at the
/// till, which is returned.
fn at_work(shop: &Shop) -> (Client, u64) {
    let mut client = shop.selling();
    let mut cart = |code: &str| {
        let body = format!(r#"{{"code": "{code}"}}"#);
        client.post("/carts", &body).ok()["cart"]["cart"].as_u64().unwrap()
    };
    let sold = cart("101");
    let paid = r#"{"tender": "cash", "amount": {"minor": 200, "currency": "EUR"}}"#;
    client.keyed("POST", &format!("/carts/{sold}/tenders"), paid, "used").ok();
    let parked = client.post("/carts", r#"{"code": "102"}"#).ok();
    let parked = parked["cart"]["cart"].as_u64().unwrap();
    client.post(&format!("/carts/{parked}/park"), r#"{"label": "hat"}"#).ok();
    let open = client.post("/carts", r#"{"code": "101", "quantity": "2"}"#).ok();
    client.post("/carts", r#"{"code": "2110001004827"}"#).ok();
    (client, open["cart"]["cart"].as_u64().unwrap())
}

/// What is wrong, then: method, path below the cart or from the root, body, status, problem.
type Row = (&'static str, &'static str, &'static str, &'static str, u16, &'static str);

#[rustfmt::skip]
const TABLE: [Row; 46] = [
    ("a code nobody has", "POST", "lines", r#"{"code": "no such thing"}"#, 404, "unknown-code"),
    ("a GTIN nobody has", "POST", "lines", r#"{"code": "9520000999995"}"#, 404, "unknown-code"),
    ("a wrong check digit", "POST", "lines", r#"{"code": "9520000100378"}"#, 422, "bad-code"),
    ("a label with a wrong digit", "POST", "lines", r#"{"code": "2110001004828"}"#, 422, "bad-code"),
    ("no code", "POST", "lines", r#"{"code": ""}"#, 422, "bad-code"),
    ("minus one", "POST", "lines", r#"{"code": "101", "quantity": "-1"}"#, 422, "bad-quantity"),
    ("none at all", "POST", "lines", r#"{"code": "101", "quantity": "0"}"#, 422, "bad-quantity"),
    ("half a roll", "POST", "lines", r#"{"code": "101", "quantity": "0.5"}"#, 422, "bad-quantity"),
    ("too many pieces", "POST", "lines", r#"{"code": "101", "quantity": "10000"}"#, 422, "bad-quantity"),
    ("a barcode as quantity", "POST", "lines", r#"{"code": "101", "quantity": "9520000100377"}"#, 422, "bad-quantity"),
    ("more than a tonne", "POST", "lines", r#"{"code": "4011", "quantity": "1000.001"}"#, 422, "bad-quantity"),
    ("less than a gram", "POST", "lines", r#"{"code": "4011", "quantity": "0.0001"}"#, 422, "bad-quantity"),
    ("no weight", "POST", "lines", r#"{"code": "4011"}"#, 422, "weight-needed"),
    ("a label and a weight", "POST", "lines", r#"{"code": "2110001004827", "quantity": "2"}"#, 422, "label-measures"),
    ("a line of too many", "PATCH", "lines/1", r#"{"quantity": "10000"}"#, 422, "bad-quantity"),
    ("a line of less than none", "PATCH", "lines/1", r#"{"quantity": "-2"}"#, 422, "bad-quantity"),
    ("a line that is not there", "PATCH", "lines/9", r#"{"quantity": "2"}"#, 404, "no-line"),
    ("no price", "POST", "lines", r#"{"code": "FREE-1"}"#, 409, "no-price"),
    ("no tax class", "POST", "lines", r#"{"code": "LOST-1"}"#, 409, "tax-missing"),
    ("a price below nothing", "POST", "lines/1/price", r#"{"price": "-0.01", "reason": "price-match"}"#, 422, "bad-price"),
    ("a price beyond the limit", "POST", "lines/1/price", r#"{"price": "0.01", "reason": "price-match"}"#, 403, "needs-approval"),
    ("more off than there is", "POST", "discounts", r#"{"amount": {"minor": 99999, "currency": "EUR"}, "reason": "goodwill"}"#, 422, "bad-discount"),
    ("more than all of it off", "POST", "discounts", r#"{"percent": "101", "reason": "goodwill"}"#, 422, "bad-discount"),
    ("a wrong PIN for an approval", "POST", "discounts", r#"{"percent": "50", "reason": "goodwill", "approval": {"staff": "201", "pin": "0000"}}"#, 401, "wrong-pin"),
    ("one's own approval", "POST", "discounts", r#"{"percent": "50", "reason": "goodwill", "approval": {"staff": "101", "pin": "4826"}}"#, 403, "approval-refused"),
    ("nothing paid", "POST", "settle", "", 409, "cart-not-paid"),
    ("nothing handed over", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": 0, "currency": "EUR"}}"#, 422, "bad-amount"),
    ("less than nothing handed over", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": -5, "currency": "EUR"}}"#, 422, "bad-amount"),
    ("more than anybody has", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": 9223372036854775807, "currency": "EUR"}}"#, 422, "bad-amount"),
    ("a note that is too large", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": 250001, "currency": "EUR"}}"#, 422, "tender-refused"),
    ("a voucher over what is due", "POST", "tenders", r#"{"tender": "voucher", "amount": {"minor": 5000, "currency": "EUR"}}"#, 422, "tender-refused"),
    ("another country's money", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": 200, "currency": "USD"}}"#, 422, "wrong-currency"),
    ("money in pieces", "POST", "tenders", r#"{"tender": "cash", "amount": {"minor": 2.5, "currency": "EUR"}}"#, 400, "bad-json"),
    ("shells", "POST", "tenders", r#"{"tender": "shells", "amount": {"minor": 200, "currency": "EUR"}}"#, 422, "unknown-tender"),
    ("a card by hand", "POST", "tenders", r#"{"tender": "card", "amount": {"minor": 82, "currency": "EUR"}}"#, 422, "wrong-tender"),
    ("a card beyond what is due", "POST", "card", r#"{"tender": "card", "amount": {"minor": 99999, "currency": "EUR"}}"#, 422, "tender-refused"),
    ("a label without text", "POST", "park", r#"{"label": " "}"#, 422, "bad-text"),
    ("a misspelt field", "POST", "lines", r#"{"code": "101", "quantty": "2"}"#, 400, "bad-json"),
    ("half a body", "POST", "lines", r#"{"code": "101""#, 400, "bad-json"),
    ("a shift in a shift", "POST", "//api/v1/shifts", r#"{"float": {"minor": 100, "currency": "EUR"}}"#, 409, "shift-open"),
    ("a close with a cart at the till", "POST", "//api/v1/shifts/current/close", r#"{"counted": []}"#, 409, "cart-at-till"),
    ("more cash than there is", "POST", "//api/v1/cash", r#"{"direction": "out", "amount": {"minor": 999999, "currency": "EUR"}, "reason": "postage"}"#, 409, "not-in-drawer"),
    ("goods back that were not sold", "POST", "//api/v1/receipts/HH01-1-1-000001/refund", r#"{"lines": [{"line": 1, "quantity": "2"}], "reason": "faulty"}"#, 422, "return-refused"),
    ("goods back twice in one", "POST", "//api/v1/receipts/HH01-1-1-000001/refund", r#"{"lines": [{"line": 1, "quantity": "1"}, {"line": 1, "quantity": "1"}], "reason": "faulty"}"#, 422, "return-refused"),
    ("goods back of another till", "POST", "//api/v1/receipts/HH01-2-1-000001/refund", r#"{"lines": [{"line": 1, "quantity": "1"}], "reason": "faulty"}"#, 404, "no-receipt"),
    ("a job that is not there", "DELETE", "//api/v1/jobs/99", "", 404, "no-job"),
];

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let shop = Shop::open();
    let (mut client, cart) = at_work(&shop);
    with_gaps(&shop);
    let mut supervisor = shop.logged_in(SUPERVISOR);
    let before = everything(&mut supervisor);
    for (what, method, path, body, status, kind) in TABLE {
        let path = match path.starts_with("//") {
            true => path.to_owned(),
            false => format!("/carts/{cart}/{path}"),
        };
        let answer = client.change(method, &path, body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        answer.is(status, kind);
        assert_eq!(everything(&mut supervisor), before, "{what}");
    }
    // After all of it the cart is paid as if nothing had been.
    let paid = r#"{"tender": "cash", "amount": {"minor": 5000, "currency": "EUR"}}"#;
    let sold = client.post(&format!("/carts/{cart}/tenders"), paid).ok();
    assert_eq!(sold["receipt"], "HH01-1-1-000002", "{sold}");
}

#[test]
fn a_tender_below_the_total_leaves_the_rest_due() {
    let shop = Shop::open();
    let (mut client, cart) = at_work(&shop);
    let little = r#"{"tender": "cash", "amount": {"minor": 20, "currency": "EUR"}}"#;
    let shown = client.post(&format!("/carts/{cart}/tenders"), little).ok();
    let [total, due] = ["total", "due"].map(|of| shown["cart"][of]["minor"].as_i64().unwrap());
    assert_eq!((shown["result"].as_str(), due), (Some("cart"), total - 20));
    let mut supervisor = shop.logged_in(SUPERVISOR);
    let before = everything(&mut supervisor);
    client.post(&format!("/carts/{cart}/settle"), "").is(409, "cart-not-paid");
    client.post("/carts", r#"{"code": "101"}"#).is(409, "cart-being-paid");
    assert_eq!(everything(&mut supervisor), before);
}

#[test]
fn a_request_sent_again_changes_nothing_with_the_same_body_nor_with_another() {
    let shop = Shop::open();
    let (mut client, cart) = at_work(&shop);
    let mut supervisor = shop.logged_in(SUPERVISOR);
    let before = everything(&mut supervisor);
    let tenders = |cart: u64| format!("/carts/{cart}/tenders");
    let paid = |minor: u64| {
        format!(r#"{{"tender": "cash", "amount": {{"minor": {minor}, "currency": "EUR"}}}}"#)
    };
    // Cart 1-1.
    let first = 549_772_591_105;
    let again = client.keyed("POST", &tenders(first), &paid(200), "used").ok();
    assert_eq!(again["receipt"], "HH01-1-1-000001");
    client.keyed("POST", &tenders(first), &paid(300), "used").is(422, "key-reused");
    client.keyed("POST", &tenders(cart), &paid(200), "used").is(422, "key-reused");
    supervisor.keyed("POST", &tenders(first), &paid(200), "used").is(422, "key-reused");
    assert_eq!(everything(&mut supervisor), before);
}

#[test]
fn ten_wrong_pins_change_nothing_but_the_lock() {
    let shop = Shop::open();
    let (mut client, cart) = at_work(&shop);
    let mut supervisor = shop.logged_in(SUPERVISOR);
    let before = everything(&mut supervisor);
    let ask = |pin: &str| {
        let approval = format!(r#"{{"staff": "301", "pin": "{pin}"}}"#);
        format!(r#"{{"percent": "50", "reason": "goodwill", "approval": {approval}}}"#)
    };
    let discount = format!("/carts/{cart}/discounts");
    for attempt in 1..=10 {
        let (status, kind) = if attempt <= 5 { (401, "wrong-pin") } else { (429, "pin-locked") };
        client.post(&discount, &ask("0000")).is(status, kind);
    }
    client.post(&discount, &ask("692571")).is(429, "pin-locked");
    assert_eq!(everything(&mut supervisor), before);
    // Whoever was not named goes on, with the same cart.
    let mut cashier = shop.logged_in(CASHIER);
    assert_eq!(cashier.get("/carts").ok()["current"], cart);
}
