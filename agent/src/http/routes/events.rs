//! Server-sent events: what has changed, for screens that then read it anew.
//!
//! An event names what changed and never shows it, so nothing in the stream can be stale. Ids are
//! `start-number`; a client that was away sends its last one and gets what it missed, or `reset`
//! when that is no longer known: then it reads everything anew.

use super::super::ask::Who;
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use crate::runtime::{Feed, Notice, What};
use crate::till::Change;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a silent stream says that it is there: proxies and sockets forget after a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Tells what changes, as server-sent events.
///
/// Event names: `cart`, `sold`, `returned`, `payment`, `shift`, `spool`, `settings`,
/// `receipt_scanned`, `scan_refused`, `customer`, `peers`, `alarm`, `link`, `device`, `terminal`, and `reset`,
/// after which everything is to be read anew.
/// Send the last id as `Last-Event-ID` to resume; browsers do.
#[utoipa::path(get, path = "/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen")),
    responses((status = OK, body = String, content_type = "text/event-stream")))]
async fn events(
    State(app): State<App>,
    _who: Who,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let place = Arc::clone(&app.listeners).try_acquire_owned().map_err(|_| {
        Problem::new(Kind::TooManyClients, "too many listen already: close another screen")
            .retry_after(5)
    })?;
    let last = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(parse_id));
    let stream = stream(app.till.feed(), last, place, app.stopping.clone());
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// `start-number`
fn parse_id(id: &str) -> Option<(u64, u64)> {
    let (start, number) = id.split_once('-')?;
    Some((start.parse().ok()?, number.parse().ok()?))
}

/// What one listener holds.
struct Listener {
    start: u64,
    /// Events to be sent before live ones.
    first: VecDeque<Event>,
    live: broadcast::Receiver<Notice>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// `last` is the id that the client sent; `Some(None)` one that means nothing.
fn stream(
    feed: &Feed,
    last: Option<Option<(u64, u64)>>,
    place: OwnedSemaphorePermit,
    stopping: watch::Receiver<bool>,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let start = feed.start();
    // An id that means nothing is of no start.
    let subscription = feed.subscribe(last.map(|last| last.unwrap_or((u64::MAX, 0))));
    let mut first: VecDeque<_> =
        subscription.missed.iter().map(|notice| event(start, notice)).collect();
    if subscription.reset {
        first.push_back(Event::default().event("reset").data("{}"));
    }
    let listener = Listener { start, first, live: subscription.live, stopping, _place: place };
    unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next event; `None` ends the stream. A listener too slow for the live ones is cut off:
    /// it comes back with its last id and gets what it missed, or a reset.
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.pop_front() {
            return Some(event);
        }
        tokio::select! {
            notice = self.live.recv() => notice.ok().map(|notice| event(self.start, &notice)),
            _ = self.stopping.wait_for(|stopping| *stopping) => None,
        }
    }
}

fn event(start: u64, notice: &Notice) -> Event {
    let (name, data) = told(&notice.what);
    Event::default().id(format!("{start}-{}", notice.number)).event(name).data(data.to_string())
}

fn told(what: &What) -> (&'static str, Value) {
    match what {
        What::Till(change) => match change {
            Change::Cart(cart) => ("cart", json!({ "cart": cart.0 })),
            Change::Sold(cart, receipt) => {
                ("sold", json!({ "cart": cart.0, "receipt": receipt.to_string() }))
            }
            Change::Returned(receipt) => ("returned", json!({ "receipt": receipt.to_string() })),
            Change::Payment(payment) => ("payment", json!({ "payment": payment })),
            Change::Shift(shift) => ("shift", json!({ "shift": shift })),
            Change::Spool => ("spool", json!({})),
            Change::Settings => ("settings", json!({})),
            Change::ReceiptScanned(receipt) => {
                ("receipt_scanned", json!({ "receipt": receipt.to_string() }))
            }
            Change::ClaimRefused(cart, why) => {
                ("claim_refused", json!({ "cart": cart.0, "why": why }))
            }
            Change::ScanRefused(why) => ("scan_refused", json!({ "why": why })),
            Change::Customer(customer) => ("customer", json!({ "customer": customer.to_string() })),
            Change::Peers => ("peers", json!({})),
            Change::Alarm => ("alarm", json!({})),
        },
        What::Device { name, health, why } => {
            ("device", json!({ "name": name, "health": health, "why": why }))
        }
        What::Terminal(text) => ("terminal", json!({ "text": text })),
        What::Link { to, up, why } => ("link", json!({ "to": to, "up": up, "why": why })),
    }
}
