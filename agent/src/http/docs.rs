//! The OpenAPI document, Swagger's page over it, and the front page.
//!
//! The document is made of the handlers; what every operation has in common is added here, so
//! that no handler can forget it.

use super::problem::Problem;
use super::state::App;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, Ref, RefOr, Required, ResponseBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

/// Where the document is.
const DOCUMENT: &str = "/api/v1/openapi.json";

/// Operations that need no log-in: method and path.
const OPEN: &[(&str, &str)] = &[
    ("post", "/api/v1/session"),
    ("post", "/api/v1/setup"),
    ("get", "/api/v1/status"),
    ("get", "/api/v1/devices"),
    ("get", "/api/v1/link"),
];

/// The groups of operations, in the order of a day at the till: whoever reads on begins at the top.
pub(super) const TAGS: [(&str, &str); 14] = [
    ("session", "Log in first; PINs"),
    ("till", "How the till is, and what its store takes"),
    ("shifts", "Open, look, count, close; cash in and out; X and Z"),
    ("items", "Search and price check"),
    ("carts", "Baskets, at the till and parked"),
    ("customers", "Who they are, notes, wishes, consents, erasure"),
    ("paying", "Tenders, and settling"),
    ("payments", "What became of card payments"),
    ("receipts", "As they were printed, and again"),
    ("returns", "Refunds and the last sale undone"),
    ("stock", "On hand"),
    ("devices", "Printer, terminal, scanners, and what waits for paper"),
    ("events", "What happens, as it happens"),
    ("journal", "Every fact, sealed"),
];

const DESCRIPTION: &str = "The API of one till, on its own machine only. Log in with POST /session: \
    the answer sets a cookie and holds a csrf token, which every request that changes something must send as \
    `X-Till-Csrf` (this page sends it by itself). Acts that move money need an `Idempotency-Key`: sent twice \
    with the same key, they are done once. Errors are problem details (RFC 9457).";

const INITIALIZER: &str = include_str!("docs/initializer.js");
const FRONT: &str = include_str!("docs/front.html");

/// The document before any route is in it.
pub(super) fn head() -> OpenApi {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    let key = |name: &str, of: fn(ApiKeyValue) -> ApiKey, text: &str| {
        SecurityScheme::ApiKey(of(ApiKeyValue::with_description(name, text)))
    };
    let components = ComponentsBuilder::new()
        .schema(Problem::name(), Problem::schema())
        .schemas_from_iter(schemas)
        .security_scheme("session", key("till_session", ApiKey::Cookie, "Set by POST /session"))
        .security_scheme("csrf", key("X-Till-Csrf", ApiKey::Header, "The csrf of the log-in"))
        .build();
    let info = InfoBuilder::new()
        .title("Till")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    let tag =
        |(name, says): (&str, &str)| TagBuilder::new().name(name).description(Some(says)).build();
    OpenApiBuilder::new().info(info).tags(Some(TAGS.map(tag))).components(Some(components)).build()
}

/// The pages and the document.
pub(super) fn router(mut document: OpenApi) -> Router<App> {
    complete(&mut document);
    let document = Arc::new(document);
    let config = utoipa_swagger_ui::Config::from(DOCUMENT);
    Router::new()
        .route(DOCUMENT, get(move || async move { Json(document) }))
        // Swagger's own would send no csrf token.
        .route(
            "/docs/swagger-initializer.js",
            get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], INITIALIZER) }),
        )
        .route("/", get(|| async { Html(FRONT).into_response() }))
        .merge(SwaggerUi::new("/docs").config(config))
}

/// Adds to each operation what all have in common.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let changes = method != "get";
            let log_in = !OPEN.contains(&(method, path.as_str()));
            add_problem(operation);
            name_once(operation);
            if log_in {
                add_log_in(operation, changes);
            }
            if log_in && changes {
                add_key(operation);
            }
        }
    }
}

/// The operations of a path with their methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)];
    all.into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Handlers of several groups share a name; the page calls operations by theirs, so the group goes
/// before it.
fn name_once(operation: &mut Operation) {
    let group = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    let name = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{group}_{name}"));
}

fn add_problem(operation: &mut Operation) {
    let schema = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description("What is wrong")
        .content("application/problem+json", content)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

fn add_log_in(operation: &mut Operation, changes: bool) {
    let needed = SecurityRequirement::new::<_, [&str; 0], &str>("session", []);
    let needed = if changes { needed.add::<_, [&str; 0], &str>("csrf", []) } else { needed };
    operation.security = Some(vec![needed]);
}

/// The key is optional where the handler does not say that it is needed.
fn add_key(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    let named = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(known) if known.name == "Idempotency-Key");
    if parameters.iter().any(named) {
        return;
    }
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(64)).build();
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Names the request, so that sending it twice does it once"))
        .schema(Some(text))
        .build();
    parameters.push(RefOr::T(key));
}
