//! Requests that cannot be: each gets a problem, none stops the server.

use super::Shop;
use super::client::Client;
use crate::http::MAX_BODY;
use crate::http::routes::guarded;

#[test]
fn what_cannot_be_read_is_a_problem() {
    let shop = Shop::open();
    let mut client = shop.selling();
    for (method, path, body, status, kind) in [
        ("GET", "/nothing", "", 404, "not-found"),
        ("GET", "//nothing/here", "", 404, "not-found"),
        ("PUT", "/carts", "{}", 405, "method-not-allowed"),
        ("DELETE", "/status", "", 405, "method-not-allowed"),
        ("POST", "/carts", "{", 400, "bad-json"),
        ("POST", "/carts", "", 400, "bad-json"),
        ("POST", "/carts", "[]", 400, "bad-json"),
        ("POST", "/carts", r#"{"code": 7}"#, 400, "bad-json"),
        ("POST", "/carts", r#"{"code": "101", "quantty": "2"}"#, 400, "bad-json"),
        ("POST", "/carts", r#"{"code": "no such thing"}"#, 404, "unknown-code"),
        ("POST", "/carts", r#"{"code": "4006381333932"}"#, 422, "bad-code"),
        ("POST", "/carts", r#"{"code": "101", "quantity": "-1"}"#, 422, "bad-quantity"),
        ("POST", "/carts", r#"{"code": "101", "quantity": "1e3"}"#, 422, "bad-quantity"),
        ("POST", "/carts", r#"{"code": "101", "quantity": "10000"}"#, 422, "bad-quantity"),
        ("GET", "/carts/x", "", 400, "bad-path"),
        ("GET", "/carts/99999999999999999999", "", 400, "bad-path"),
        ("GET", "/carts/7", "", 404, "no-cart"),
        ("GET", "/receipts?limit=x", "", 400, "bad-query"),
        ("GET", "/receipts?lmit=1", "", 400, "bad-query"),
        ("GET", "/receipts?before=x", "", 400, "bad-query"),
        ("GET", "/receipts/x", "", 404, "no-receipt"),
        ("GET", "/receipts/HH01-1-1-000099", "", 404, "no-receipt"),
        ("GET", "/receipts/HH01-1-1-000099.png", "", 404, "no-receipt"),
        ("GET", "/receipts/HH02-1-1-000001", "", 404, "no-receipt"),
        ("GET", "/shifts/7", "", 404, "no-such-shift"),
        ("GET", "/items", "", 400, "bad-query"),
        ("GET", "/items/by-code/4006381333932", "", 422, "bad-code"),
        ("GET", "/stock/NOTHING", "", 404, "unknown-item"),
        ("POST", "/jobs/99/retry", "", 404, "no-job"),
        ("PATCH", "/carts/7/lines/1", r#"{"quantity": "1"}"#, 404, "no-cart"),
        ("POST", "/carts/7/park", r#"{"label": "x"}"#, 404, "no-cart"),
        ("POST", "/drawer", r#"{"reason": "spoiled"}"#, 422, "unknown-reason"),
    ] {
        let answer = match method {
            "GET" => client.get(path),
            _ => client.change(method, path, body),
        };
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        answer.is(status, kind);
    }
}

#[test]
fn a_body_that_cannot_be_read_says_where() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let problem = client
        .post("/carts", "{\"code\": \"101\",\n \"quantity\": oops}")
        .is(400, "bad-json")
        .json();
    assert_eq!(
        (&problem["at"]["line"], &problem["at"]["column"]),
        (&2.into(), &14.into()),
        "{problem}"
    );
    let headers = format!(
        "{}X-Till-Csrf: {}\r\nContent-Type: text/plain\r\n",
        client.cookie_header(),
        client.csrf
    );
    client.send("POST", "/carts", &headers, r#"{"code": "101"}"#).is(415, "not-json");
}

#[test]
fn a_huge_body_is_refused_and_the_largest_is_not() {
    let shop = Shop::open();
    let body = |length: usize| {
        let rest = r#"{"code": "101", "quantity": ""}"#.len();
        format!(r#"{{"code": "101", "quantity": "{}"}}"#, "9".repeat(length - rest))
    };
    shop.selling().post("/carts", &body(MAX_BODY)).is(422, "bad-quantity");
    let mut client = shop.logged_in(super::CASHIER);
    client.post("/carts", &body(MAX_BODY + 1)).is(413, "too-large");
}

#[test]
fn bytes_that_are_no_request_stop_nothing() {
    let shop = Shop::open();
    for bytes in [
        &b"\x00\xff\x00\xff\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"POST /api/v1/carts HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ] {
        assert_eq!(shop.client().raw(bytes).status, 400);
    }
    shop.client().bare("GET", "/status", "").ok();
}

#[test]
fn a_taken_port_is_named() {
    let shop = Shop::open();
    let port = shop.server().address().port();
    let path = shop.home.file("other.toml");
    std::fs::write(&path, format!("[http]\nport = {port}\n")).unwrap();
    let config = crate::config::Config::load(Some(&path), []).unwrap();
    let error = shop.runtime.block_on(crate::http::bind(&config.http)).unwrap_err().to_string();
    assert!(
        error.contains("is taken by another program") && error.contains(&port.to_string()),
        "{error}"
    );
}

#[test]
fn a_handler_that_panics_fails_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let router = axum::Router::new()
        .route(
            "/api/v1/panic",
            axum::routing::get(|| async { panic!("on purpose") as &'static str }),
        )
        .route("/api/v1/fine", axum::routing::get(|| async { "fine" }));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, guarded(router)).await });
    let mut client = Client::at(address);
    let answer = client.bare("GET", "/panic", "");
    assert!(!answer.is(500, "internal").text().contains("on purpose"), "the log says more");
    assert_eq!(client.bare("GET", "/fine", "").text(), "fine", "on the same connection");
}
