//! The routes, one file a subject, and the router that they make.

mod carts;
mod customers;
mod events;
mod goods;
mod journal;
mod link;
mod paper;
mod payments;
mod receipts;
mod returns;
mod session;
mod shifts;
mod spool;
mod tendering;
mod till;

use super::dto::answer::Answer;
use super::dto::money::MoneyView;
use super::problem::{Kind, Problem};
use super::state::App;
use super::{MAX_BODY, docs, gate};
use crate::store::till::read;
use crate::till::Reply;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::{Json, Router, middleware};
use commerce::fact::Fact;
use commerce::sale::ReceiptNumber;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// What a handler that changes something returns.
type Answered = Result<Json<Answer>, Problem>;

/// Everything the server answers.
pub(super) fn router(app: App) -> Router {
    let (router, document) = api().split_for_parts();
    guarded(router.merge(docs::router(document))).with_state(app)
}

/// Routes with all that holds for every request.
pub(super) fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(gate::panicked))
        .layer(middleware::from_fn(gate::pass))
}

/// The routes of `/api/v1` with their OpenAPI document.
pub(super) fn api() -> OpenApiRouter<App> {
    let version = OpenApiRouter::new()
        .merge(session::routes())
        .merge(till::routes())
        .merge(link::routes())
        .merge(carts::routes())
        .merge(customers::routes())
        .merge(tendering::routes())
        .merge(payments::routes())
        .merge(receipts::routes())
        .merge(returns::routes())
        .merge(shifts::routes())
        .merge(goods::routes())
        .merge(spool::routes())
        .merge(journal::routes())
        .merge(events::routes());
    OpenApiRouter::with_openapi(docs::head()).nest("/api/v1", version)
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("nothing is at {}: /docs lists what there is", uri.path()))
}

async fn not_so(uri: Uri) -> Problem {
    let detail = format!("{} takes another method: /docs says which", uri.path());
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// A reply as it goes over the wire. What was paid and what goes back is read from the journal,
/// so that a request sent twice shows it twice.
async fn show(app: &App, reply: Reply) -> Answered {
    Ok(Json(match reply {
        Reply::Cart(view) => Answer::Cart { cart: Box::new((*view).into()) },
        Reply::CartEnded(cart) => Answer::CartEnded { cart: cart.0 },
        Reply::ClaimAsked(cart) => Answer::ClaimAsked { cart: cart.0 },
        Reply::Receipt(receipt) => Answer::Receipt { receipt: receipt.to_string() },
        Reply::Sold(receipt) => sold(app, receipt).await?,
        Reply::Payment(payment) => Answer::Payment { payment },
        Reply::ReturnOpen(number) => Answer::ReturnOpen { number: number.0 },
        Reply::Returned(receipt) => Answer::Returned { receipt: receipt.to_string() },
        Reply::Shift(shift) => Answer::Shift { shift },
        Reply::Job(job) => Answer::Job { job },
        Reply::Customer(customer) => Answer::Customer { customer: customer.to_string() },
        Reply::Done => Answer::Done,
    }))
}

async fn sold(app: &App, receipt: ReceiptNumber) -> Result<Answer, Problem> {
    let (series, number) = (receipt.series, receipt.number);
    let fact = app.read_till(move |conn| match read::receipt(conn, series, number)? {
        Some(row) => Ok(Some(read::fact(conn, series, row.seq)?.0)),
        None => Ok(None),
    });
    match fact.await? {
        Some(Fact::Sold(sale)) => Ok(Answer::Sold {
            receipt: receipt.to_string(),
            total: MoneyView::from(sale.total),
            change: MoneyView::from(sale.change),
        }),
        _ => Err(Problem::new(
            Kind::Damaged,
            format!("receipt {receipt} is no sale in the journal: run `till doctor`"),
        )),
    }
}
