//! Paying a cart.

use super::super::ask::Ask;
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::cart::{NewCardPayment, NewTender};
use super::super::params::In;
use super::super::state::App;
use super::{Answered, show};
use crate::till::Command;
use axum::extract::State;
use commerce::cart::CartId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tender, take_back))
        .routes(routes!(settle))
        .routes(routes!(pay_by_card))
}

/// Takes a tender that needs no terminal; a cart that is paid by it is settled at once.
#[utoipa::path(post, path = "/carts/{cart}/tenders", tag = "paying",
    params(("cart" = u64, Path, description = "The cart's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = NewTender, responses((status = OK, body = Answer)))]
async fn tender(State(app): State<App>, In(cart): In<u64>, mut ask: Ask<NewTender>) -> Answered {
    ask.assert_named()?;
    let amount = ask.body.amount.money(app.currency().await?)?;
    let (tender, reference) = (ask.body.tender.clone(), ask.body.reference.take());
    let command = Command::Tender { cart: CartId(cart), tender, amount, reference };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Gives back the tenders taken so far.
#[utoipa::path(delete, path = "/carts/{cart}/tenders", tag = "paying",
    params(("cart" = u64, Path, description = "The cart's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    responses((status = OK, body = Answer)))]
async fn take_back(State(app): State<App>, In(cart): In<u64>, ask: Ask<Nothing>) -> Answered {
    ask.assert_named()?;
    show(&app, ask.carry_out(&app, None, Command::TakeBackTenders { cart: CartId(cart) }).await?)
        .await
}

/// Settles a cart on which nothing is due.
#[utoipa::path(post, path = "/carts/{cart}/settle", tag = "paying",
    params(("cart" = u64, Path, description = "The cart's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    responses((status = OK, body = Answer)))]
async fn settle(State(app): State<App>, In(cart): In<u64>, ask: Ask<Nothing>) -> Answered {
    ask.assert_named()?;
    show(&app, ask.carry_out(&app, None, Command::Settle { cart: CartId(cart) }).await?).await
}

/// Asks the card terminal for an amount, all that is due when none is named.
///
/// Returns at once; events and `GET /payments/{payment}` tell how it ends.
#[utoipa::path(post, path = "/carts/{cart}/card", tag = "paying",
    params(("cart" = u64, Path, description = "The cart's number"), ("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = NewCardPayment, responses((status = OK, body = Answer)))]
async fn pay_by_card(
    State(app): State<App>,
    In(cart): In<u64>,
    ask: Ask<NewCardPayment>,
) -> Answered {
    ask.assert_named()?;
    let amount = match &ask.body.amount {
        Some(amount) => Some(amount.money(app.currency().await?)?),
        None => None,
    };
    let tender = ask.body.tender.clone();
    let command = Command::PayByCard { cart: CartId(cart), tender, amount };
    show(&app, ask.carry_out(&app, None, command).await?).await
}
