//! What every request passes before its handler, and what every answer gets.

use super::problem::{Kind, Problem};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;

/// How long a request may take: longer than any act, shorter than a cashier's patience.
const MAX_TIME: Duration = Duration::from_secs(30);

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Only what the till itself serves, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; \
    style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same with inline styles, which Swagger's page writes into itself.
const DOCS_POLICY: &str = "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Checks host and origin, bounds the time, sets the headers.
pub(super) async fn pass(request: Request, next: Next) -> Response {
    let docs = request.uri().path().starts_with("/docs");
    let mut response = match check(&request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match tokio::time::timeout(MAX_TIME, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                let detail = format!(
                    "it took longer than {} seconds: look at what came of it, then try again",
                    MAX_TIME.as_secs()
                );
                Problem::new(Kind::Timeout, detail).into_response()
            }
        },
    };
    let headers = response.headers_mut();
    let policy = if docs { DOCS_POLICY } else { POLICY };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Nothing of a till is to be found in a browser's cache, but for the pages of the docs.
    if !docs {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn check(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = text(headers, &header::HOST).unwrap_or_default();
    // A page elsewhere could have its own name point at this machine.
    if !is_loopback(host) {
        let detail = "the till answers at 127.0.0.1, [::1] and localhost only: use one of these";
        return Err(Problem::new(Kind::WrongHost, detail));
    }
    if !request.method().is_safe() && !is_own_page(headers, host) {
        let detail = "requests that change something come from the till's own pages or from tools, not from other sites";
        return Err(Problem::new(Kind::CrossSite, detail));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "[::1]" | "localhost")
}

/// Whether a browser says that the page is the till's; tools say nothing.
fn is_own_page(headers: &HeaderMap, host: &str) -> bool {
    let site = text(headers, &FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = match text(headers, &header::ORIGIN) {
        None => !headers.contains_key(header::ORIGIN),
        Some(origin) => origin.strip_prefix("http://") == Some(host),
    };
    site && origin
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A handler that panicked: the request failed, the server goes on.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(words, "a handler panicked");
    Problem::new(Kind::Internal, "the till made a mistake: its log says more").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        for (host, known) in [
            ("127.0.0.1:8420", true),
            ("localhost", true),
            ("[::1]:8420", true),
            ("[::1]", true),
            ("", false),
            ("till.example:8420", false),
            ("127.0.0.1.example", false),
            ("localhost:x", false),
            ("127.0.0.2:1", false),
        ] {
            assert_eq!(is_loopback(host), known, "{host}");
        }
    }

    #[test]
    fn only_own_pages_and_tools_change_something() {
        let host = "127.0.0.1:8420";
        for (origin, site, own) in [
            (None, None, true),
            (Some("http://127.0.0.1:8420"), Some("same-origin"), true),
            (None, Some("none"), true),
            (Some("http://127.0.0.1:9999"), None, false),
            (Some("http://localhost:8420"), None, false),
            (Some("https://127.0.0.1:8420"), None, false),
            (Some("null"), None, false),
            (None, Some("cross-site"), false),
            (None, Some("same-site"), false),
            (Some("http://127.0.0.1:8420"), Some("cross-site"), false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::ORIGIN, origin), (FETCH_SITE, site)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_own_page(&headers, host), own, "{origin:?} {site:?}");
        }
    }
}
