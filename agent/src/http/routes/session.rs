//! Logging in and out, the first set-up, staff and their PINs.

use super::super::ask::{Body, COOKIE, Who};
use super::super::dto::session::{LogIn, LoggedIn, NewPin, SetUp, StaffList, StaffMember};
use super::super::dto::time;
use super::super::params::In;
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use crate::auth::PinHolder;
use crate::home::wall_clock;
use crate::store::till::read;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use commerce::staff::Role;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in, who_am_i, log_out))
        .routes(routes!(set_up))
        .routes(routes!(staff))
        .routes(routes!(set_pin))
}

/// Logs in.
///
/// Sets the cookie `till_session` and returns the token that every changing request must send as
/// `X-Till-Csrf`. Scans at the till count as this person's from now on.
#[utoipa::path(post, path = "/session", tag = "session", request_body = LogIn, responses((status = OK, body = LoggedIn)))]
async fn log_in(
    State(app): State<App>,
    headers: HeaderMap,
    Body(body): Body<LogIn>,
) -> Result<impl IntoResponse, Problem> {
    let (holder, opened) = app.auth.log_in(&body.staff, &body.pin, wall_clock()).await?;
    // Whoever was logged in on this page no longer is.
    if let Some(before) = super::super::ask::cookie(&headers) {
        app.auth.forget(before);
    }
    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", opened.token);
    let shown = LoggedIn::new(holder, opened.csrf, app.idle.as_secs() / 60);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(shown)))
}

/// Says who is logged in, with the token again for a page that was loaded anew.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = OK, body = LoggedIn)))]
async fn who_am_i(State(app): State<App>, who: Who) -> Result<Json<LoggedIn>, Problem> {
    let settings = app.settings().await?;
    let person = settings.person(&who.staff);
    let person = person
        .ok_or_else(|| Problem::new(Kind::NotLoggedIn, "this person is no longer on the list"))?;
    let holder = PinHolder { staff: who.staff, name: person.name.clone(), role: person.role };
    Ok(Json(LoggedIn::new(holder, who.csrf, app.idle.as_secs() / 60)))
}

/// Logs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = NO_CONTENT)))]
async fn log_out(State(app): State<App>, who: Who) -> Result<impl IntoResponse, Problem> {
    app.auth.log_out(&who.token).await?;
    let gone = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, gone)])))
}

/// Sets the first administrator's PIN.
///
/// Only while nobody has a PIN, and only with the code that the agent showed when it started.
#[utoipa::path(post, path = "/setup", tag = "session", request_body = SetUp, responses((status = NO_CONTENT)))]
async fn set_up(State(app): State<App>, Body(body): Body<SetUp>) -> Result<StatusCode, Problem> {
    app.auth.set_up(&body.code, &body.staff, &body.pin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists everyone who works here.
#[utoipa::path(get, path = "/staff", tag = "session", responses((status = OK, body = StaffList)))]
async fn staff(State(app): State<App>, _who: Who) -> Result<Json<StaffList>, Problem> {
    let settings = app.settings().await?;
    let now = wall_clock().as_millisecond();
    let list = app.read_till(move |conn| {
        let member = |person: &crate::store::catalogue::Staff| {
            let pin = read::pin(conn, person.id.as_str())?;
            let locked = pin.as_ref().map(|pin| pin.locked_until).filter(|until| *until > now);
            let locked = locked.and_then(|until| Timestamp::from_millisecond(until).ok());
            Ok::<_, Problem>(StaffMember {
                staff: person.id.to_string(),
                name: person.name.clone(),
                role: person.role.name(),
                has_pin: pin.is_some(),
                locked_until: locked.map(|until| time(until, &settings.store.time_zone)),
            })
        };
        settings.staff.iter().map(member).collect::<Result<_, _>>()
    });
    Ok(Json(StaffList { staff: list.await? }))
}

/// Sets a PIN: one's own, or as an administrator anybody's.
///
/// Ends a lock-out and the person's other log-ins. Whoever asks gives their own present PIN.
#[utoipa::path(put, path = "/staff/{staff}/pin", tag = "session", request_body = NewPin,
    params(("staff" = String, Path, description = "The staff number")), responses((status = NO_CONTENT)))]
async fn set_pin(
    State(app): State<App>,
    who: Who,
    In(staff): In<String>,

    Body(body): Body<NewPin>,
) -> Result<StatusCode, Problem> {
    if staff != who.staff.as_str() {
        who.assert_role(&app, Role::Administrator).await?;
    }
    app.auth.check(who.staff.as_str(), &body.current, wall_clock()).await?;
    app.auth.set_pin(&staff, &body.pin, Some(&who.token)).await?;
    Ok(StatusCode::NO_CONTENT)
}
