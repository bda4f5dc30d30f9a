//! Card payments: what became of them, and what to do with those that nobody knows.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::payment::{
    EndByHand, NewReversal, PaymentList, PaymentShown, PutRight, Terminal,
};
use super::super::params::In;
use super::super::problem::Problem;
use super::super::state::App;
use super::{Answered, show};
use crate::store::till::read;
use crate::till::{Command, Refusal};
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(abort))
        .routes(routes!(ask_again))
        .routes(routes!(end))
        .routes(routes!(reverse))
        .routes(routes!(put_right))
}

/// What is known now of the terminal's part in `intent`, or in whatever payment is in doubt.
async fn terminal(app: &App) -> Result<Terminal, Problem> {
    let doubt = app.look(|till| till.in_doubt().cloned()).await?;
    Ok(Terminal { progress: app.board.terminal(), doubt })
}

/// Lists payments that still need someone: under way, unknown, or money that stands nowhere.
#[utoipa::path(get, path = "/payments", tag = "payments", responses((status = OK, body = PaymentList)))]
async fn list(State(app): State<App>, _who: Who) -> Result<Json<PaymentList>, Problem> {
    let settings = app.settings().await?;
    let terminal = terminal(&app).await?;
    let payments = app.read_till(move |conn| {
        let found = read::unsettled_payments(conn, settings.store.currency)?;
        let zone = &settings.store.time_zone;
        Ok(found.iter().map(|payment| PaymentShown::new(payment, &terminal, zone)).collect())
    });
    Ok(Json(PaymentList { payments: payments.await? }))
}

/// Shows a payment.
#[utoipa::path(get, path = "/payments/{payment}", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number")), responses((status = OK, body = PaymentShown)))]
async fn one(
    State(app): State<App>,
    _who: Who,
    In(intent): In<u64>,
) -> Result<Json<PaymentShown>, Problem> {
    let settings = app.settings().await?;
    let terminal = terminal(&app).await?;
    let shown = app.read_till(move |conn| {
        let found = read::payment(conn, intent, settings.store.currency)?
            .ok_or(Refusal::NoPayment(intent))?;
        let why_not = read::why_not_paid(conn, intent)?;
        Ok(PaymentShown::new(&found, &terminal, &settings.store.time_zone).because(why_not))
    });
    shown.await.map(Json)
}

/// Asks the terminal to give up the payment under way.
#[utoipa::path(post, path = "/payments/{payment}/abort", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number")), responses((status = OK, body = Answer)))]
async fn abort(State(app): State<App>, In(intent): In<u64>, ask: Ask<Nothing>) -> Answered {
    show(&app, ask.carry_out(&app, None, Command::AbortPayment { intent }).await?).await
}

/// Asks the terminal again what became of a payment.
#[utoipa::path(post, path = "/payments/{payment}/ask", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number")), responses((status = OK, body = Answer)))]
async fn ask_again(State(app): State<App>, In(intent): In<u64>, ask: Ask<Nothing>) -> Answered {
    show(&app, ask.carry_out(&app, None, Command::AskPayment { intent }).await?).await
}

/// Says what became of a payment that the terminal cannot tell. For managers, or with their word.
#[utoipa::path(post, path = "/payments/{payment}/end", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = EndByHand, responses((status = OK, body = Answer)))]
async fn end(State(app): State<App>, In(intent): In<u64>, mut ask: Ask<EndByHand>) -> Answered {
    ask.assert_named()?;
    let approval = ask.body.approval.take();
    let currency = app.currency().await?;
    let amount = ask.body.amount.as_ref().map(|amount| amount.money(currency)).transpose()?;
    let EndByHand { approved, number, ref note, .. } = ask.body;
    let note = note.clone();
    let command = Command::EndPaymentByHand { intent, approved, amount, number, note };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Gives back money that was taken but stands in no sale. For managers, or with their word.
#[utoipa::path(post, path = "/payments/{payment}/reverse", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = NewReversal, responses((status = OK, body = Answer)))]
async fn reverse(
    State(app): State<App>,
    In(intent): In<u64>,
    mut ask: Ask<NewReversal>,
) -> Answered {
    ask.assert_named()?;
    let approval = ask.body.approval.take();
    show(&app, ask.carry_out(&app, approval, Command::ReversePayment { intent }).await?).await
}

/// Closes a payment whose money moved and stands nowhere: it was put right outside the till. For
/// managers, or with their word.
#[utoipa::path(post, path = "/payments/{payment}/put-right", tag = "payments",
    params(("payment" = u64, Path, description = "The payment's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = PutRight, responses((status = OK, body = Answer)))]
async fn put_right(
    State(app): State<App>,
    In(intent): In<u64>,
    mut ask: Ask<PutRight>,
) -> Answered {
    ask.assert_named()?;
    let (note, approval) = (std::mem::take(&mut ask.body.note), ask.body.approval.take());
    show(&app, ask.carry_out(&app, approval, Command::PutPaymentRight { intent, note }).await?)
        .await
}
