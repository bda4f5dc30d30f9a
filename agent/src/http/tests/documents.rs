//! The OpenAPI document, its page, and `docs/api.md`: all say the same.

use super::Shop;
use crate::http::docs::TAGS;
use crate::http::problem::Kind;
use serde_json::Value;
use std::collections::BTreeSet;

fn manual() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md");
    std::fs::read_to_string(path).unwrap()
}

/// Every operation of the document: method, path, what it says.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    found
}

#[test]
fn the_document_is_openapi_3_1_and_whole() {
    let shop = Shop::open();
    let answer = shop.client().bare("GET", "/openapi.json", "");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let text = answer.text();
    // Every reference leads somewhere.
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    // The page calls operations by their ids: one that stands twice would call the other.
    let ids: BTreeSet<_> = operations(&document)
        .iter()
        .map(|(.., operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), operations(&document).len());
    for (method, path, operation) in operations(&document) {
        assert!(operation["summary"].is_string(), "{method} {path} says nothing");
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{method} {path}: {tag}");
        assert!(
            operation["responses"]["default"]["content"]["application/problem+json"].is_object(),
            "{method} {path}"
        );
    }
}

#[test]
fn every_operation_is_served_and_needs_a_log_in_where_it_says_so() {
    let shop = Shop::open();
    let mut client = shop.client();
    let document = client.bare("GET", "/openapi.json", "").ok();
    for (method, path, operation) in operations(&document) {
        let path = path.strip_prefix("/api/v1").unwrap();
        let path: Vec<_> =
            path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let answer = client.bare(&method, &path.join("/"), "");
        if operation["security"].is_array() {
            answer.is(401, "not-logged-in");
        } else {
            assert!(
                ![401, 404, 405].contains(&answer.status),
                "{method} {path:?}: {}",
                answer.text()
            );
        }
    }
}

#[test]
fn operations_that_change_something_ask_for_the_token() {
    let shop = Shop::open();
    let document = shop.client().bare("GET", "/openapi.json", "").ok();
    for (method, path, operation) in operations(&document) {
        let Some(needed) = operation["security"].as_array() else { continue };
        assert_eq!(needed[0]["csrf"].is_array(), method != "GET", "{method} {path}");
    }
}

#[test]
fn the_page_sends_the_token_by_itself_and_nothing_is_fetched_from_elsewhere() {
    let shop = Shop::open();
    let mut client = shop.client();
    let page = client.bare("GET", "//docs/", "");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("swagger-initializer.js"));
    assert!(!page.text().contains("https://"));
    let initializer = client.bare("GET", "//docs/swagger-initializer.js", "");
    assert_eq!(initializer.header("content-type"), Some("text/javascript"));
    assert!(initializer.text().contains("X-Till-Csrf"));
    for (path, kind) in [("swagger-ui-bundle.js", "javascript"), ("swagger-ui.css", "text/css")] {
        let answer = client.bare("GET", &format!("//docs/{path}"), "");
        assert!(
            answer.status == 200 && answer.header("content-type").unwrap().contains(kind),
            "{path}"
        );
    }
    assert_eq!(client.bare("GET", "//docs", "").status, 303);
    assert!(client.bare("GET", "//", "").text().contains("/docs/"));
}

#[test]
fn the_manual_lists_every_operation() {
    let shop = Shop::open();
    let document = shop.client().bare("GET", "/openapi.json", "").ok();
    let manual = manual();
    for (method, path, _) in operations(&document) {
        let row = format!("| {method} | `{}` |", path.strip_prefix("/api/v1").unwrap());
        assert!(manual.contains(&row), "docs/api.md lacks {row}");
    }
    let rows = manual.lines().filter(|line| {
        ["| GET |", "| POST |", "| PUT |", "| PATCH |", "| DELETE |"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    assert_eq!(
        rows.count(),
        operations(&document).len(),
        "docs/api.md lists an operation that is not there"
    );
}

#[test]
fn the_manual_lists_every_problem() {
    let manual = manual();
    let mut names = BTreeSet::new();
    for kind in Kind::ALL {
        assert!(names.insert(kind.name()), "{} stands twice", kind.name());
        let row = format!("| `{}` | {} | {} |", kind.name(), kind.status().as_u16(), kind.title());
        assert!(manual.contains(&row), "docs/api.md lacks {row}");
    }
    let rows = manual.lines().filter(|line| line.starts_with("| `") && !line.contains('/'));
    assert_eq!(rows.count(), Kind::ALL.len(), "docs/api.md lists a problem that is not there");
}
