//! Returns: lines of a receipt, the whole of the last one, and how it is paid back.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::money::MoneyView;
use super::super::dto::returns::{
    CurrentReturn, NewPostVoid, NewRefund, OpenPayoutShown, OpenReturnShown, PayOut, ReturningLine,
};
use super::super::params::In;
use super::super::problem::Problem;
use super::super::state::App;
use super::receipts::parse;
use super::{Answered, show};
use crate::store::till::{OpenReturn, read};
use crate::till::{Command, Settings};
use axum::Json;
use axum::extract::State;
use commerce::quantity::thousandths_text;
use commerce::returns::ReturnKind;
use commerce::sale::ReceiptNumber;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(refund))
        .routes(routes!(post_void))
        .routes(routes!(current, cancel))
        .routes(routes!(pay_out))
}

/// Takes lines of a receipt back.
#[utoipa::path(post, path = "/receipts/{receipt}/refund", tag = "returns",
    params(("receipt" = String, Path, description = "The sale's receipt"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = NewRefund, responses((status = OK, body = Answer)))]
async fn refund(State(app): State<App>, In(of): In<String>, mut ask: Ask<NewRefund>) -> Answered {
    ask.assert_named()?;
    let lines = std::mem::take(&mut ask.body.lines);
    let lines = lines.into_iter().map(|line| (line.line, line.quantity)).collect();
    let (reason, approval) = (ask.body.reason.clone(), ask.body.approval.take());
    let command = Command::Refund { of: parse(&of)?, lines, reason };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Undoes the last sale.
#[utoipa::path(post, path = "/receipts/{receipt}/void", tag = "returns",
    params(("receipt" = String, Path, description = "The sale's receipt"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = NewPostVoid, responses((status = OK, body = Answer)))]
async fn post_void(
    State(app): State<App>,
    In(of): In<String>,
    mut ask: Ask<NewPostVoid>,
) -> Answered {
    ask.assert_named()?;
    let (reason, approval) = (ask.body.reason.clone(), ask.body.approval.take());
    let command = Command::PostVoid { of: parse(&of)?, reason };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Shows the return under way, if there is one.
#[utoipa::path(get, path = "/returns/current", tag = "returns", responses((status = OK, body = CurrentReturn)))]
async fn current(State(app): State<App>, _who: Who) -> Result<Json<CurrentReturn>, Problem> {
    let settings = app.settings().await?;
    let open = app.read_till(move |conn| {
        let Some(open) = read::open_return(conn)? else { return Ok(None) };
        let owner = read::series_owner(conn, open.of.0)?.unwrap_or_default();
        shown(open, owner, &settings).map(Some)
    });
    Ok(Json(CurrentReturn { open: open.await? }))
}

fn shown(
    open: OpenReturn,
    (store, till): (String, u16),
    settings: &Settings,
) -> Result<OpenReturnShown, Problem> {
    let (series, number) = open.of;
    let line = |(line, thousandths): &(u32, i64)| ReturningLine {
        line: *line,
        quantity: thousandths_text(*thousandths),
    };
    let payouts = (0_u32..).zip(open.payouts).map(|(payout, open)| {
        let amount = MoneyView::of(open.amount, settings.store.currency)?;
        Ok::<_, Problem>(OpenPayoutShown {
            payout,
            tender: open.tender.id,
            amount,
            payment: open.intent,
        })
    });
    Ok(OpenReturnShown {
        number: open.id.0,
        of: ReceiptNumber { store, till, series, number }.to_string(),
        kind: match open.kind {
            ReturnKind::Refund => "refund",
            ReturnKind::PostVoid => "post_void",
        },
        reason: open.reason,
        by: open.by.to_string(),
        lines: open.lines.iter().map(line).collect(),
        payouts: payouts.collect::<Result<_, _>>()?,
    })
}

/// Pays a part of the return under way by another tender, or tries the card again.
#[utoipa::path(post, path = "/returns/current/payouts", tag = "returns",
    params(("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = PayOut, responses((status = OK, body = Answer)))]
async fn pay_out(State(app): State<App>, mut ask: Ask<PayOut>) -> Answered {
    ask.assert_named()?;
    let approval = ask.body.approval.take();
    let command = Command::PayOut { payout: ask.body.payout, tender: ask.body.tender.clone() };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Gives up the return under way, of which nothing was paid yet.
#[utoipa::path(delete, path = "/returns/current", tag = "returns",
    params(("Idempotency-Key" = String, Header, description = "Names the request")), responses((status = OK, body = Answer)))]
async fn cancel(State(app): State<App>, ask: Ask<Nothing>) -> Answered {
    ask.assert_named()?;
    show(&app, ask.carry_out(&app, None, Command::CancelReturn).await?).await
}
