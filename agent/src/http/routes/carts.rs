//! Carts: adding, changing, discounts, setting aside.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::cart::{
    Add, CartList, CartRow, CartSale, CartShown, Force, GiveUp, NewDiscount, NewPrice, NewQuantity,
    Park, state_of,
};
use super::super::params::{In, With};
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use super::{Answered, show};
use crate::store::till::{Holder, read};
use crate::till::{Command, Refusal, Till};
use axum::Json;
use axum::extract::State;
use commerce::UnitPrice;
use commerce::cart::{Cart, CartId};
use commerce::discount::DiscountValue;
use commerce::tax::Rate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(one))
        .routes(routes!(add))
        .routes(routes!(set_quantity, void_line))
        .routes(routes!(override_price))
        .routes(routes!(discount_line))
        .routes(routes!(discount_basket))
        .routes(routes!(park))
        .routes(routes!(recall))
        .routes(routes!(claim))
        .routes(routes!(force_claim))
        .routes(routes!(offer))
        .routes(routes!(cancel))
}

/// A cart in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct CartPath {
    /// The cart's number.
    cart: u64,
}

/// A line in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct LinePath {
    /// The cart's number.
    cart: u64,
    /// The line's number in it.
    line: u32,
}

/// Lists the shop's carts, at the tills and parked.
#[utoipa::path(get, path = "/carts", tag = "carts", responses((status = OK, body = CartList)))]
async fn list(State(app): State<App>, _who: Who) -> Result<Json<CartList>, Problem> {
    let rows = |till: &mut Till| {
        let taxes = &till.settings().taxes;
        let row = |cart: &Cart, elsewhere: Option<Holder>| {
            let (state, label) = state_of(cart);
            let total = cart.totals(taxes).map_err(Refusal::from)?.total.into();
            Ok::<_, Problem>(CartRow {
                cart: cart.id.0,
                name: cart.id.to_string(),
                here: elsewhere.is_none(),
                held_by: elsewhere.and_then(|holder| holder.till),
                state,
                label,
                lines: cart.live_lines().count(),
                total,
            })
        };
        let here = till.carts().map(|cart| row(cart, None));
        let elsewhere = till.elsewhere().map(|shared| row(&shared.cart, Some(shared.holder)));
        let carts = here.chain(elsewhere).collect::<Result<_, _>>()?;
        let sold = read::sold_twice(till.store().connection())?.into_iter();
        let sold_twice = sold
            .map(|sold| CartSale { cart: sold.cart.0, receipt: sold.receipt.to_string() })
            .collect();
        let current = till.current().map(|cart| cart.0);
        Ok::<_, Problem>(CartList { current, carts, sold_twice })
    };
    app.look(rows).await?.map(Json)
}

/// Adds what a code means to the cart at the till, or to a new one.
#[utoipa::path(post, path = "/carts", tag = "carts", request_body = Add, responses((status = OK, body = Answer)))]
async fn open(State(app): State<App>, ask: Ask<Add>) -> Answered {
    put(&app, None, ask).await
}

/// Shows a cart.
#[utoipa::path(get, path = "/carts/{cart}", tag = "carts", params(CartPath), responses((status = OK, body = CartShown)))]
async fn one(
    State(app): State<App>,
    _who: Who,
    In(path): In<CartPath>,
) -> Result<Json<CartShown>, Problem> {
    let view = app.look(move |till| till.view(CartId(path.cart), None)).await??;
    Ok(Json(view.into()))
}

/// Adds what a code means to a cart.
#[utoipa::path(post, path = "/carts/{cart}/lines", tag = "carts", params(CartPath), request_body = Add, responses((status = OK, body = Answer)))]
async fn add(State(app): State<App>, In(path): In<CartPath>, ask: Ask<Add>) -> Answered {
    put(&app, Some(CartId(path.cart)), ask).await
}

async fn put(app: &App, cart: Option<CartId>, mut ask: Ask<Add>) -> Answered {
    let Add { code, quantity } = std::mem::take(&mut ask.body);
    let reply = ask.carry_out(app, None, Command::Add { cart, code, quantity }).await?;
    show(app, reply).await
}

/// Changes a line's quantity.
#[utoipa::path(patch, path = "/carts/{cart}/lines/{line}", tag = "carts", params(LinePath), request_body = NewQuantity, responses((status = OK, body = Answer)))]
async fn set_quantity(
    State(app): State<App>,
    In(path): In<LinePath>,
    ask: Ask<NewQuantity>,
) -> Answered {
    let quantity = ask.body.quantity.clone();
    let command = Command::SetQuantity { cart: CartId(path.cart), line: path.line, quantity };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Why a line is taken off.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Why {
    /// The id of a reason of kind `void`.
    reason: Option<String>,
}

/// Takes a line off.
#[utoipa::path(delete, path = "/carts/{cart}/lines/{line}", tag = "carts", params(LinePath, Why), responses((status = OK, body = Answer)))]
async fn void_line(
    State(app): State<App>,
    In(path): In<LinePath>,
    With(why): With<Why>,
    ask: Ask<Nothing>,
) -> Answered {
    let command =
        Command::VoidLine { cart: CartId(path.cart), line: path.line, reason: why.reason };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Charges another price for a line.
#[utoipa::path(post, path = "/carts/{cart}/lines/{line}/price", tag = "carts", params(LinePath), request_body = NewPrice, responses((status = OK, body = Answer)))]
async fn override_price(
    State(app): State<App>,
    In(path): In<LinePath>,
    mut ask: Ask<NewPrice>,
) -> Answered {
    let price = UnitPrice::parse(&ask.body.price, app.currency().await?)?;
    let (reason, approval) = (ask.body.reason.clone(), ask.body.approval.take());
    let command =
        Command::OverridePrice { cart: CartId(path.cart), line: path.line, price, reason };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Gives a discount on a line.
#[utoipa::path(post, path = "/carts/{cart}/lines/{line}/discounts", tag = "carts", params(LinePath), request_body = NewDiscount, responses((status = OK, body = Answer)))]
async fn discount_line(
    State(app): State<App>,
    In(path): In<LinePath>,
    ask: Ask<NewDiscount>,
) -> Answered {
    discount(&app, CartId(path.cart), Some(path.line), ask).await
}

/// Gives a discount on the whole basket.
#[utoipa::path(post, path = "/carts/{cart}/discounts", tag = "carts", params(CartPath), request_body = NewDiscount, responses((status = OK, body = Answer)))]
async fn discount_basket(
    State(app): State<App>,
    In(path): In<CartPath>,
    ask: Ask<NewDiscount>,
) -> Answered {
    discount(&app, CartId(path.cart), None, ask).await
}

async fn discount(
    app: &App,
    cart: CartId,
    line: Option<u32>,
    mut ask: Ask<NewDiscount>,
) -> Answered {
    let refused = |detail: String| Problem::new(Kind::BadDiscount, detail);
    let value = match (&ask.body.percent, &ask.body.amount) {
        (Some(percent), None) => DiscountValue::Percent(
            Rate::parse_percent(percent).map_err(|error| refused(error.to_string()))?,
        ),
        (None, Some(amount)) => DiscountValue::Amount(amount.money(app.currency().await?)?),
        _ => return Err(refused("give either percent or amount".to_owned())),
    };
    let (reason, approval) = (ask.body.reason.clone(), ask.body.approval.take());
    let command = Command::Discount { cart, line, value, reason };
    show(app, ask.carry_out(app, approval, command).await?).await
}

/// Sets a cart aside.
#[utoipa::path(post, path = "/carts/{cart}/park", tag = "carts", params(CartPath), request_body = Park, responses((status = OK, body = Answer)))]
async fn park(State(app): State<App>, In(path): In<CartPath>, ask: Ask<Park>) -> Answered {
    let label = ask.body.label.clone();
    let command = Command::Park { cart: CartId(path.cart), label };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Takes a parked cart to the till.
#[utoipa::path(post, path = "/carts/{cart}/recall", tag = "carts", params(CartPath), responses((status = OK, body = Answer)))]
async fn recall(State(app): State<App>, In(path): In<CartPath>, ask: Ask<Nothing>) -> Answered {
    let command = Command::Recall { cart: CartId(path.cart) };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Asks the till that holds a cart for it.
#[utoipa::path(post, path = "/carts/{cart}/claim", tag = "carts", params(CartPath), responses((status = OK, body = Answer)))]
async fn claim(State(app): State<App>, In(path): In<CartPath>, ask: Ask<Nothing>) -> Answered {
    let command = Command::Claim { cart: CartId(path.cart) };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Takes a cart from a till that can't be reached. For managers, or with the approval of one.
#[utoipa::path(post, path = "/carts/{cart}/force-claim", tag = "carts", params(CartPath), request_body = Force, responses((status = OK, body = Answer)))]
async fn force_claim(
    State(app): State<App>,
    In(path): In<CartPath>,
    mut ask: Ask<Force>,
) -> Answered {
    let approval = ask.body.approval.take();
    let command = Command::ForceClaim { cart: CartId(path.cart) };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Offers what a code means to the till that holds a cart.
#[utoipa::path(post, path = "/carts/{cart}/offers", tag = "carts", params(CartPath), request_body = Add, responses((status = OK, body = Answer)))]
async fn offer(State(app): State<App>, In(path): In<CartPath>, mut ask: Ask<Add>) -> Answered {
    let cart = CartId(path.cart);
    let (code, quantity) = (std::mem::take(&mut ask.body.code), ask.body.quantity.take());
    let command = Command::Offer { cart, code, quantity };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Gives a cart up.
#[utoipa::path(post, path = "/carts/{cart}/cancel", tag = "carts", params(CartPath), request_body = GiveUp, responses((status = OK, body = Answer)))]
async fn cancel(State(app): State<App>, In(path): In<CartPath>, mut ask: Ask<GiveUp>) -> Answered {
    let reason = ask.body.reason.take();
    let command = Command::Cancel { cart: CartId(path.cart), reason };
    show(&app, ask.carry_out(&app, None, command).await?).await
}
