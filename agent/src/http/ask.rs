//! What a request says, read and checked before a handler sees it: who asks, what for, under
//! which key.

use super::dto::session::Approval;
use super::problem::{Kind, Problem};
use super::state::App;
use crate::auth::Session;
use crate::home::wall_clock;
use crate::store::till::{Remembered, read};
use crate::till::{Command, Event, Once, Reply, Request};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use commerce::staff::{Role, StaffId};
use serde::de::DeserializeOwned;

/// The cookie that carries a log-in.
pub(super) const COOKIE: &str = "till_session";

/// The header that every changing request carries.
pub(super) const CSRF: &str = "x-till-csrf";

/// The header that names a request.
pub(super) const KEY: &str = "idempotency-key";

/// The longest name of a request.
const MAX_KEY: usize = 64;

/// Someone who is logged in; a changing request has also shown that the page is theirs.
pub(super) struct Who {
    /// Who.
    pub staff: StaffId,
    /// For whoever asks for it again.
    pub csrf: String,
    /// The log-in's token.
    pub token: String,
}

impl FromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let nobody = || Problem::new(Kind::NotLoggedIn, "log in first (POST /api/v1/session)");
        let token = cookie(&parts.headers).ok_or_else(nobody)?;
        let session = app.auth.session(token).ok_or_else(nobody)?;
        if !parts.method.is_safe() {
            assert_csrf(&parts.headers, &session)?;
        }
        Ok(Self { staff: session.staff, csrf: session.csrf, token: token.to_owned() })
    }
}

fn assert_csrf(headers: &HeaderMap, session: &Session) -> Result<(), Problem> {
    let given = headers.get(CSRF).and_then(|value| value.to_str().ok());
    if given.is_some_and(|given| session.has_csrf(given)) {
        return Ok(());
    }
    let detail = "send the csrf token of the log-in as X-Till-Csrf with every request that changes something";
    Err(Problem::new(Kind::CsrfMissing, detail))
}

/// The log-in's token from the cookies.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

impl Who {
    /// Lets only people of at least this role pass. Roles are looked up anew each time: an import
    /// may have changed them.
    pub async fn assert_role(&self, app: &App, role: Role) -> Result<(), Problem> {
        let settings = app.settings().await?;
        match settings.person(&self.staff) {
            Some(person) if person.role >= role => Ok(()),
            _ => {
                Err(Problem::new(Kind::Forbidden, format!("this needs a {role} or someone above")))
            }
        }
    }
}

/// A JSON body without a log-in: for logging in.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, app: &App) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, app).await.map_err(|error| unreadable(&error))?;
        parse(&bytes, json).map(Self)
    }
}

/// A changing request: who, under which key, with which body.
pub(super) struct Ask<T> {
    /// Who asks.
    pub who: Who,
    /// What they ask.
    pub body: T,
    once: Option<Once>,
}

impl<T: DeserializeOwned> FromRequest<App> for Ask<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let who = Who::from_request_parts(&mut parts, app).await?;
        let key = key(&parts.headers)?;
        let json = is_json(&parts.headers);
        let method = parts.method.clone();
        let path = parts.uri.clone();
        let request = axum::extract::Request::from_parts(parts, body);
        let bytes = Bytes::from_request(request, app).await.map_err(|error| unreadable(&error))?;
        let once = key.map(|key| Once {
            key,
            request: hash(app, &method, &path.to_string(), &who.staff, &bytes),
        });
        Ok(Self { body: parse(&bytes, json)?, who, once })
    }
}

impl<T> Ask<T> {
    /// Refuses an act on money that has no name: sent twice, it would be done twice.
    pub fn assert_named(&self) -> Result<(), Problem> {
        if self.once.is_some() {
            return Ok(());
        }
        let detail = "this moves money: send an Idempotency-Key (1 to 64 visible characters, new for each act, \
            the same when you try again)";
        Err(Problem::new(Kind::KeyMissing, detail))
    }

    /// Has the till do it. A request that was carried out before gets its answer whatever became
    /// of the approver's PIN since: the till looks its key up before anything else.
    pub async fn carry_out(
        self,
        app: &App,
        approval: Option<Approval>,
        command: Command,
    ) -> Result<Reply, Problem> {
        let approver = match approval {
            Some(Approval { staff, pin }) if !self.is_known(app).await? => {
                Some(app.auth.check(&staff, &pin, wall_clock()).await?.staff)
            }
            _ => None,
        };
        let request = Request { by: self.who.staff, approver, once: self.once, command };
        Ok(app.till.event(Event::Command(Box::new(request))).await?)
    }
}

impl<T> Ask<T> {
    /// Whether the till has answered this very request: its PIN was checked then. Under the same
    /// name another one may try out a PIN, so that is checked, and counted.
    async fn is_known(&self, app: &App) -> Result<bool, Problem> {
        let Some(Once { key, request }) = self.once.clone() else { return Ok(false) };
        let known = move |known: Remembered| known.request == request;
        app.read_till(move |conn| Ok(read::remembered(conn, &key)?.is_some_and(known))).await
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let bytes = value.as_bytes();
    if !(1..=MAX_KEY).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_graphic) {
        let detail = format!("an Idempotency-Key has 1 to {MAX_KEY} visible ASCII characters");
        return Err(Problem::new(Kind::BadKey, detail));
    }
    Ok(value.to_str().ok().map(ToOwned::to_owned))
}

/// Everything that the request says, so that a key is good for one request only. Lengths stand
/// between the parts, so that no two requests run together.
fn hash(app: &App, method: &Method, path: &str, staff: &StaffId, body: &[u8]) -> [u8; 32] {
    let mut context = ring::hmac::Context::with_key(&app.request_key);
    for part in [method.as_str().as_bytes(), path.as_bytes(), staff.as_str().as_bytes(), body] {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    context.sign().as_ref().try_into().unwrap_or_default()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn unreadable(error: &BytesRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("a body has at most {} bytes", super::MAX_BODY);
        return Problem::new(Kind::TooLarge, detail);
    }
    Problem::new(Kind::BadJson, error.to_string())
}

/// Reads a body; an empty one counts as `{}`.
fn parse<T: DeserializeOwned>(bytes: &[u8], json: bool) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    if !json && bytes != b"{}" {
        return Err(Problem::new(Kind::NotJson, "send the body as application/json"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let problem = Problem::new(Kind::BadJson, error.to_string());
        if error.line() > 0 { problem.at(error.line(), error.column()) } else { problem }
    })
}
