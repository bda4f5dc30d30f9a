//! Lists, reports and look-ups.

use super::client::Client;
use super::{CASHIER, MANAGER, SUPERVISOR, Shop};
use serde_json::Value;

fn sell(client: &mut Client, times: usize) {
    for _ in 0..times {
        let cart =
            client.post("/carts", r#"{"code": "101"}"#).ok()["cart"]["cart"].as_u64().unwrap();
        let exact = r#"{"tender": "cash", "amount": {"minor": 35, "currency": "EUR"}}"#;
        client.post(&format!("/carts/{cart}/tenders"), exact).ok();
    }
}

/// Reads a list page by page, to its end.
fn all(client: &mut Client, path: &str, cursor: &str, rows: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}?limit=2{next}")).ok();
        let here = page[rows].as_array().unwrap();
        assert!(here.len() <= 2, "{page}");
        found.extend(here.iter().cloned());
        match page["next"].as_str() {
            Some(cursor_text) => next = format!("&{cursor}={cursor_text}"),
            None => return found,
        }
        assert!(found.len() < 1_000, "the pages never end");
    }
}

#[test]
fn receipts_come_in_pages_newest_first() {
    let shop = Shop::open();
    let mut client = shop.selling();
    sell(&mut client, 4);
    let numbers = |rows: Vec<Value>| -> Vec<String> {
        rows.iter()
            .map(|row| row["receipt"].as_str().unwrap().rsplit('-').next().unwrap().to_owned())
            .collect()
    };
    let four = ["000004", "000003", "000002", "000001"];
    assert_eq!(
        numbers(all(&mut client, "/receipts", "before", "receipts")),
        four,
        "a last page that is full"
    );
    sell(&mut client, 1);
    assert_eq!(
        numbers(all(&mut client, "/receipts", "before", "receipts")).len(),
        5,
        "a last page that is not"
    );
    let row = &client.get("/receipts?limit=1").ok()["receipts"][0];
    assert_eq!(
        (&row["kind"], &row["total"]["minor"], &row["shift"]),
        (&"sale".into(), &35.into(), &1.into())
    );
    let capped = client.get("/receipts?limit=4000000000").ok();
    assert_eq!(capped["receipts"].as_array().unwrap().len(), 5);
}

#[test]
fn shifts_come_in_pages_newest_first() {
    let shop = Shop::open();
    let mut client = shop.logged_in(CASHIER);
    for _ in 0..5 {
        client.post("/shifts", r#"{"float": {"minor": 0, "currency": "EUR"}}"#).ok();
        client
            .post(
                "/shifts/current/close",
                r#"{"counted": [{"tender": "cash", "amount": {"minor": 0, "currency": "EUR"}}]}"#,
            )
            .ok();
    }
    let shifts = all(&mut client, "/shifts", "before", "shifts");
    let numbers: Vec<_> = shifts.iter().map(|shift| shift["shift"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    assert!(shifts.iter().all(|shift| shift["closed_at"].is_string()));
}

#[test]
fn the_journal_comes_in_pages_and_verifies() {
    let shop = Shop::open();
    let mut client = shop.selling();
    sell(&mut client, 2);
    let mut manager = shop.logged_in(MANAGER);
    let series = manager.get("/journal").ok();
    let (number, entries) = (
        series["series"][0]["series"].as_u64().unwrap(),
        series["series"][0]["entries"].as_u64().unwrap(),
    );
    assert_eq!(number, 1);
    let found = all(&mut manager, "/journal/1", "after", "entries");
    let kinds: Vec<_> = found.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["series_opened", "shift_opened", "sold", "sold"]);
    assert_eq!(u64::try_from(found.len()).unwrap(), entries);
    assert_eq!(found[3]["receipt"], "HH01-1-1-000002");
    assert_eq!(found[3]["hash"], series["series"][0]["hash"]);
    manager.get("/journal/9").is(404, "not-found");
    let proven = manager.post("/journal/verify", "").ok();
    assert_eq!(
        (&proven["journals"][0]["entries"], &proven["journals"][0]["receipts"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn items_are_found_and_priced_with_a_reason() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let found = client.get("/items?q=wheat%20roll&limit=5").ok();
    assert_eq!(found["items"][0]["sku"], "BAK-001");
    assert_eq!(
        (&found["items"][0]["price"], &found["items"][0]["currency"]),
        (&"0.35".into(), &"EUR".into())
    );
    let item = client.get("/items/by-code/101").ok();
    assert_eq!(item["sku"], "BAK-001");
    assert!(
        item["price_reason"].as_str().unwrap().starts_with("headquarters price since "),
        "{item}"
    );
    assert!(item["stock"].is_array());
    client.get("/items/by-code/nothing").is(404, "unknown-code");
}

#[test]
fn stock_comes_in_pages_that_tear_no_item() {
    let shop = Shop::open();
    let mut client = shop.selling();
    for code in ["101", "102", "103", "104"] {
        client.post("/carts", &format!(r#"{{"code": "{code}"}}"#)).ok();
    }
    client
        .post(
            "/carts/549772591105/tenders",
            r#"{"tender": "cash", "amount": {"minor": 100000, "currency": "EUR"}}"#,
        )
        .ok();
    let stock = all(&mut client, "/stock", "after", "stock");
    let skus: Vec<_> = stock.iter().map(|row| row["sku"].as_str().unwrap()).collect();
    assert_eq!(skus, ["BAK-001", "BAK-002", "BAK-003", "BAK-004"]);
    let one = client.get("/stock/BAK-001").ok();
    assert_eq!(one["stock"][0]["on_hand"], "-1", "sold and never counted");
    assert_eq!(
        client.get("/stock/BAK-005").ok()["stock"],
        serde_json::json!([]),
        "known, never moved"
    );
}

#[test]
fn the_till_says_how_it_is() {
    let shop = Shop::open();
    let mut client = shop.selling();
    sell(&mut client, 1);
    let mut nobody = shop.client();
    let status = nobody.bare("GET", "/status", "").ok();
    assert_eq!(status["line"], "this till works on its own");
    assert_eq!(
        (&status["store"], &status["till"], &status["series"]),
        (&"HH01".into(), &1.into(), &1.into())
    );
    assert_eq!(status["shift"]["shift"], 1);
    assert_eq!(status["devices"][0]["health"], "online");
    assert!(
        status["spool"]["waiting"].as_u64().unwrap() >= 1,
        "no printer takes the receipt: {status}"
    );
    assert!(status["disk"]["free_mb"].is_u64());
    assert_eq!(nobody.bare("GET", "/devices", "").ok()["devices"][0]["name"], "printer");
    let settings = client.get("/settings").ok();
    assert_eq!(settings["store"]["time_zone"], "Europe/Berlin");
    assert_eq!(settings["tenders"][0]["limit"]["minor"], 250_000);
    assert_eq!(settings["taxes"][0]["taxes"][0]["rate"], "19 %");
    assert!(
        settings["reasons"].as_array().unwrap().iter().any(|reason| reason["kind"] == "no_sale")
    );
    let staff = client.get("/staff").ok();
    assert!(staff["staff"].as_array().unwrap().iter().all(|person| person["has_pin"] == true));
}

#[test]
fn receipts_are_printed_again_and_reports_too() {
    let shop = Shop::open();
    let mut client = shop.selling();
    sell(&mut client, 1);
    let before = client.get("/jobs").ok()["jobs"].as_array().unwrap().len();
    let job = client.post("/receipts/HH01-1-1-000001/reprint", "").ok()["job"].as_u64().unwrap();
    let jobs = client.get("/jobs").ok();
    let jobs = jobs["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), before + 1);
    let last = jobs.last().unwrap();
    assert_eq!(
        (&last["job"], &last["duplicate"], &last["state"]),
        (&job.into(), &true.into(), &"waiting".into())
    );
    client.change("DELETE", &format!("/jobs/{job}"), "").is(404, "no-job");
    client.post("/shifts/current/print", "").is(403, "forbidden");
    shop.logged_in(SUPERVISOR).post("/shifts/current/print", "").ok();
}
