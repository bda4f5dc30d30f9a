//! Customers: found, made, changed, erased; and whose cart it is.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::customer::{
    CartCustomer, CustomerFields, CustomerList, CustomerQuery, CustomerShown, NewConsent,
    NewErasure, NewWish, NoteGiven,
};
use super::super::dto::session::Approval;
use super::super::params::{In, With, bad_cursor, rows};
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use super::{Answered, show};
use crate::store::till::read;
use crate::till::{Command, CustomerAct, Refusal};
use axum::Json;
use axum::extract::State;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use sync::customer::NoteId;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(find, create))
        .routes(routes!(one, change))
        .routes(routes!(add_note))
        .routes(routes!(edit_note, drop_note))
        .routes(routes!(add_wish))
        .routes(routes!(drop_wish))
        .routes(routes!(consent))
        .routes(routes!(erase))
        .routes(routes!(attach))
}

/// A customer in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct CustomerPath {
    /// The customer's id.
    customer: String,
}

/// A note in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct NotePath {
    /// The customer's id.
    customer: String,
    /// The note's id.
    note: String,
}

/// A wish in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct WishPath {
    /// The customer's id.
    customer: String,
    /// The item.
    sku: String,
}

/// Finds customers by name, e-mail, phone or loyalty number.
#[utoipa::path(get, path = "/customers", tag = "customers", params(CustomerQuery), responses((status = OK, body = CustomerList)))]
async fn find(
    State(app): State<App>,
    _who: Who,
    With(query): With<CustomerQuery>,
) -> Result<Json<CustomerList>, Problem> {
    let settings = app.settings().await?;
    let limit = rows(query.limit);
    let after = query.after.as_deref().map(|after| after.parse().map_err(|_| bad_cursor(after)));
    let after = after.transpose()?;
    let found = app.read_till(move |conn| {
        Ok(read::find_customers(conn, &query.q, after, limit.saturating_add(1))?)
    });
    let mut found = found.await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let zone = &settings.store.time_zone;
    let customers = found.iter().map(|it| CustomerShown::new(it.id, &it.record, zone)).collect();
    Ok(Json(CustomerList { customers, next }))
}

/// Makes a customer.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = CustomerFields, responses((status = OK, body = Answer)))]
async fn create(State(app): State<App>, mut ask: Ask<CustomerFields>) -> Answered {
    let mut id = [0; 16];
    let random = SystemRandom::new().fill(&mut id);
    random.map_err(|_| Problem::new(Kind::Internal, "the system gives no random numbers"))?;
    let act = CustomerAct::Create(ask.body.values());
    let command = Command::Customer { customer: CustomerId(id), act };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

/// Shows a customer.
#[utoipa::path(get, path = "/customers/{customer}", tag = "customers", params(CustomerPath), responses((status = OK, body = CustomerShown)))]
async fn one(
    State(app): State<App>,
    _who: Who,
    In(path): In<CustomerPath>,
) -> Result<Json<CustomerShown>, Problem> {
    let id = customer(&path.customer)?;
    let settings = app.settings().await?;
    let known = app.read_till(move |conn| Ok(read::customer(conn, id)?)).await?;
    let known = known.ok_or_else(|| Problem::from(Refusal::NoCustomer(id)))?;
    Ok(Json(CustomerShown::new(id, &known, &settings.store.time_zone)))
}

/// Changes a customer's fields.
#[utoipa::path(patch, path = "/customers/{customer}", tag = "customers", params(CustomerPath), request_body = CustomerFields, responses((status = OK, body = Answer)))]
async fn change(
    State(app): State<App>,
    In(path): In<CustomerPath>,
    mut ask: Ask<CustomerFields>,
) -> Answered {
    let act = CustomerAct::Change(ask.body.values());
    carry_out(&app, &path.customer, ask, None, act).await
}

/// Writes a note about a customer.
#[utoipa::path(post, path = "/customers/{customer}/notes", tag = "customers", params(CustomerPath), request_body = NoteGiven, responses((status = OK, body = Answer)))]
async fn add_note(
    State(app): State<App>,
    In(path): In<CustomerPath>,
    ask: Ask<NoteGiven>,
) -> Answered {
    let act = CustomerAct::AddNote(ask.body.text.clone());
    carry_out(&app, &path.customer, ask, None, act).await
}

/// Gives a note another text, in place of all that are shown of it.
#[utoipa::path(put, path = "/customers/{customer}/notes/{note}", tag = "customers", params(NotePath), request_body = NoteGiven, responses((status = OK, body = Answer)))]
async fn edit_note(
    State(app): State<App>,
    In(path): In<NotePath>,
    ask: Ask<NoteGiven>,
) -> Answered {
    let act = CustomerAct::EditNote(note(&path.note)?, ask.body.text.clone());
    carry_out(&app, &path.customer, ask, None, act).await
}

/// Takes a note away.
#[utoipa::path(delete, path = "/customers/{customer}/notes/{note}", tag = "customers", params(NotePath), responses((status = OK, body = Answer)))]
async fn drop_note(State(app): State<App>, In(path): In<NotePath>, ask: Ask<Nothing>) -> Answered {
    let act = CustomerAct::DropNote(note(&path.note)?);
    carry_out(&app, &path.customer, ask, None, act).await
}

/// Adds an item to a customer's wish list.
#[utoipa::path(post, path = "/customers/{customer}/wishes", tag = "customers", params(CustomerPath), request_body = NewWish, responses((status = OK, body = Answer)))]
async fn add_wish(
    State(app): State<App>,
    In(path): In<CustomerPath>,
    mut ask: Ask<NewWish>,
) -> Answered {
    let (sku, remark) = (std::mem::take(&mut ask.body.sku), ask.body.remark.take());
    carry_out(&app, &path.customer, ask, None, CustomerAct::AddWish { sku, remark }).await
}

/// Takes an item off a customer's wish list.
#[utoipa::path(delete, path = "/customers/{customer}/wishes/{sku}", tag = "customers", params(WishPath), responses((status = OK, body = Answer)))]
async fn drop_wish(State(app): State<App>, In(path): In<WishPath>, ask: Ask<Nothing>) -> Answered {
    carry_out(&app, &path.customer, ask, None, CustomerAct::DropWish(path.sku)).await
}

/// Takes down what a customer says yes or no to.
#[utoipa::path(post, path = "/customers/{customer}/consents", tag = "customers", params(CustomerPath), request_body = NewConsent, responses((status = OK, body = Answer)))]
async fn consent(
    State(app): State<App>,
    In(path): In<CustomerPath>,
    ask: Ask<NewConsent>,
) -> Answered {
    let NewConsent { purpose, given, source } = &ask.body;
    let (purpose, given, source) = (purpose.clone(), *given, source.clone());
    let act = CustomerAct::Consent { purpose, given, source };
    carry_out(&app, &path.customer, ask, None, act).await
}

/// Erases a customer for good; their id is left in carts and sales. For managers, or with the
/// approval of one.
#[utoipa::path(post, path = "/customers/{customer}/erase", tag = "customers", params(CustomerPath), request_body = NewErasure, responses((status = OK, body = Answer)))]
async fn erase(
    State(app): State<App>,
    In(path): In<CustomerPath>,
    mut ask: Ask<NewErasure>,
) -> Answered {
    let approval = ask.body.approval.take();
    carry_out(&app, &path.customer, ask, approval, CustomerAct::Erase).await
}

/// Says whose cart it is, or that it is nobody's.
#[utoipa::path(put, path = "/carts/{cart}/customer", tag = "customers",
    params(("cart" = u64, Path, description = "The cart's number")), request_body = CartCustomer, responses((status = OK, body = Answer)))]
async fn attach(State(app): State<App>, In(cart): In<u64>, ask: Ask<CartCustomer>) -> Answered {
    let customer = ask.body.customer.as_deref().map(customer).transpose()?;
    let command = Command::Attach { cart: CartId(cart), customer };
    show(&app, ask.carry_out(&app, None, command).await?).await
}

async fn carry_out<T>(
    app: &App,
    id: &str,
    ask: Ask<T>,
    approval: Option<Approval>,
    act: CustomerAct,
) -> Answered {
    let command = Command::Customer { customer: customer(id)?, act };
    show(app, ask.carry_out(app, approval, command).await?).await
}

fn customer(id: &str) -> Result<CustomerId, Problem> {
    id.parse().map_err(|error| Problem::new(Kind::BadCustomer, format!("{error}")))
}

fn note(id: &str) -> Result<NoteId, Problem> {
    id.parse().map_err(|error| Problem::new(Kind::NoNote, format!("{error}")))
}
