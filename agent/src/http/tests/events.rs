//! The stream of events: resumed, begun anew, bounded, ended.

use super::Shop;
use super::client::Event;
use crate::http::state::MAX_LISTENERS;

fn number(event: &Event) -> u64 {
    event.id.split_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn a_listener_hears_what_changes_and_resumes_where_it_was() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let mut listener = client.listen(None);
    client.post("/carts", r#"{"code": "101"}"#).ok();
    let first = listener.until("cart");
    assert_eq!(first.data, r#"{"cart":549772591105}"#);
    drop(listener);
    client
        .post(
            "/carts/549772591105/tenders",
            r#"{"tender": "cash", "amount": {"minor": 35, "currency": "EUR"}}"#,
        )
        .ok();
    let mut resumed = client.listen(Some(&first.id));
    let mut last = number(&first);
    let sold = loop {
        let event = resumed.next().unwrap();
        assert_eq!(number(&event), last + 1, "none is missed, none comes twice");
        last = number(&event);
        if event.name == "sold" {
            break event;
        }
    };
    assert_eq!(sold.data, r#"{"cart":549772591105,"receipt":"HH01-1-1-000001"}"#);
}

#[test]
fn an_id_that_is_not_known_begins_anew() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let start = shop.running.as_ref().unwrap().till.feed().start();
    for last in ["7-1", "nonsense", &format!("{start}-99999"), ""] {
        let mut listener = client.listen(Some(last));
        let event = listener.next().unwrap();
        assert_eq!(event.name, "reset", "{last}");
        client.post("/carts", r#"{"code": "101"}"#).ok();
        listener.until("cart");
    }
}

#[test]
fn listeners_are_bounded_and_end_with_the_server() {
    let mut shop = Shop::open();
    let mut client = shop.selling();
    let mut listeners: Vec<_> = (0..MAX_LISTENERS).map(|_| client.listen(None)).collect();
    client.get("/events").is(503, "too-many-clients");
    shop.restart_server();
    for listener in &mut listeners {
        while listener.next().is_some() {}
    }
}

#[test]
fn nobody_listens_without_a_log_in() {
    let shop = Shop::open();
    shop.client().bare("GET", "/events", "").is(401, "not-logged-in");
}
