//! Customers over the API: a life from the first visit to the erasure.

use super::{CASHIER, MANAGER, Shop};
use serde_json::Value;

const ADA: &str = r#"{"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+44 20 123",
    "loyalty": "L-7701", "language": "en-GB"}"#;

/// The id in an answer about a customer.
fn id(answer: &Value) -> String {
    assert_eq!(answer["result"], "customer", "{answer}");
    answer["customer"].as_str().unwrap().to_owned()
}

#[test]
fn a_customer_is_made_found_changed_and_erased() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let ada = id(&client.post("/customers", ADA).ok());
    let path = format!("/customers/{ada}");
    let shown = client.get(&path).ok();
    assert_eq!((&shown["name"], &shown["language"]), (&"Ada Lovelace".into(), &"en-GB".into()));
    for q in ["love", "ada%20lovelace", "4420", "L-7701", "ada%40example"] {
        let found = client.get(&format!("/customers?q={q}")).ok();
        assert_eq!(found["customers"][0]["customer"], ada.as_str(), "{q}: {found}");
    }
    assert_eq!(client.get("/customers?q=grace").ok()["customers"], Value::Array(vec![]));

    let change = r#"{"phone": "", "name": "Ada King"}"#;
    client.change("PATCH", &path, change).ok();
    client.post(&format!("{path}/notes"), r#"{"text": "likes tea"}"#).ok();
    let wish = r#"{"sku": "BAK-001", "remark": "a dozen"}"#;
    client.post(&format!("{path}/wishes"), wish).ok();
    let yes = r#"{"purpose": "newsletter", "given": true, "source": "in the shop"}"#;
    client.post(&format!("{path}/consents"), yes).ok();
    let shown = client.get(&path).ok();
    assert_eq!((&shown["name"], &shown["phone"]), (&"Ada King".into(), &Value::Null));
    assert_eq!(shown["notes"][0]["texts"][0]["text"], "likes tea");
    assert_eq!(shown["wishes"][0]["remark"], "a dozen");
    assert_eq!(shown["consents"][0]["agreed"], true);

    let note = format!("{path}/notes/{}", shown["notes"][0]["note"].as_str().unwrap());
    client.change("PUT", &note, r#"{"text": "likes green tea"}"#).ok();
    assert_eq!(client.get(&path).ok()["notes"][0]["texts"][0]["text"], "likes green tea");
    client.change("DELETE", &note, "").ok();
    client.change("DELETE", &format!("{path}/wishes/BAK-001"), "").ok();
    let no = r#"{"purpose": "newsletter", "given": false, "source": "by mail"}"#;
    client.post(&format!("{path}/consents"), no).ok();
    let shown = client.get(&path).ok();
    assert_eq!((&shown["notes"], &shown["wishes"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert_eq!(shown["consents"][0]["agreed"], false);
    assert_eq!(shown["consents"][0]["said"][0]["source"], "by mail");

    client.post(&format!("{path}/erase"), "{}").is(403, "needs-approval");
    let (manager, pin) = MANAGER;
    let approval = format!(r#"{{"approval": {{"staff": "{manager}", "pin": "{pin}"}}}}"#);
    client.post(&format!("{path}/erase"), &approval).ok();
    let shown = client.get(&path).ok();
    assert_eq!((&shown["erased"], &shown["name"]), (&true.into(), &Value::Null));
    client.change("PATCH", &path, change).is(410, "customer-erased");
}

#[test]
fn a_sale_bears_its_customers_id() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let ada = id(&client.post("/customers", ADA).ok());
    let cart = client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
    let path = format!("/carts/{cart}/customer");
    let attached = client.change("PUT", &path, &format!(r#"{{"customer": "{ada}"}}"#)).ok();
    assert_eq!(attached["cart"]["customer"], ada.as_str());
    let cash = r#"{"tender": "cash", "amount": {"minor": 35, "currency": "EUR"}}"#;
    let sold = client.post(&format!("/carts/{cart}/tenders"), cash).ok();
    let receipt = client.get(&format!("/receipts/{}", sold["receipt"].as_str().unwrap())).ok();
    assert_eq!(receipt["customer"], ada.as_str());
}

#[test]
fn what_cannot_be_is_a_problem_of_its_kind() {
    let shop = Shop::open();
    shop.client().bare("GET", "/customers?q=a", "").is(401, "not-logged-in");
    let mut client = shop.logged_in(CASHIER);
    let ada = id(&client.post("/customers", ADA).ok());
    let nobody = "00".repeat(16);
    for (method, path, body, status, kind) in [
        ("GET", "/customers", "", 400, "bad-query"),
        ("GET", "/customers?q=a&after=x", "", 400, "bad-query"),
        ("GET", "/customers/x", "", 400, "bad-customer"),
        ("GET", "/customers/NOBODY", "", 404, "no-customer"),
        ("POST", "/customers", "{}", 422, "bad-text"),
        ("POST", "/customers", r#"{"name": " "}"#, 422, "bad-text"),
        ("POST", "/customers", r#"{"nom": "Ada"}"#, 400, "bad-json"),
        ("PATCH", "/customers/ADA", r#"{"email": "x"}"#, 422, "bad-text"),
        ("PATCH", "/customers/NOBODY", r#"{"name": "x"}"#, 404, "no-customer"),
        ("POST", "/customers/ADA/notes", r#"{"text": ""}"#, 422, "bad-text"),
        ("PUT", "/customers/ADA/notes/1", r#"{"text": "x"}"#, 404, "no-note"),
        ("DELETE", "/customers/ADA/notes/NOBODY-7", "", 404, "no-note"),
        ("POST", "/customers/ADA/wishes", r#"{"sku": "NONE-1"}"#, 404, "unknown-code"),
        ("DELETE", "/customers/ADA/wishes/BAK-001", "", 404, "no-wish"),
        ("PUT", "/carts/1/customer", r#"{"customer": "x"}"#, 400, "bad-customer"),
        ("PUT", "/carts/1/customer", r#"{"customer": "ADA"}"#, 404, "no-cart"),
    ] {
        let fill = |text: &str| text.replace("NOBODY", &nobody).replace("ADA", &ada);
        let (path, body) = (fill(path), fill(body));
        let answer = match method {
            "GET" => client.get(&path),
            _ => client.change(method, &path, &body),
        };
        answer.is(status, kind);
    }
}

#[test]
fn found_customers_come_in_pages() {
    let shop = Shop::open();
    let mut client = shop.logged_in(CASHIER);
    for number in 0..5 {
        client.post("/customers", &format!(r#"{{"name": "Ada {number}"}}"#)).ok();
    }
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = client.get(&format!("/customers?q=ada&limit=2{after}")).ok();
        found.extend(page["customers"].as_array().unwrap().iter().map(|it| it["name"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 5, "{found:?}");
}
