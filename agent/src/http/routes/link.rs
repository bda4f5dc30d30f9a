//! The lines to other tills, and alarms.

use super::super::ask::Who;
use super::super::dto::answer::Answer;
use super::super::dto::link::{AlarmList, AlarmShown, LinkShown, OwedShown};
use super::super::params::In;
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use super::Answered;
use crate::home::wall_clock;
use crate::store;
use crate::store::till::{Owed, alarms};
use axum::Json;
use axum::extract::State;
use commerce::staff::Role;
use std::sync::Arc;
use sync::trust::Member;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(link)).routes(routes!(list)).routes(routes!(see))
}

/// Says which other tills are linked, and the hub, since when, and what each lacks. Needs no log-in, so that
/// `till link status` can ask.
#[utoipa::path(get, path = "/link", tag = "till", responses((status = OK, body = LinkShown)))]
async fn link(State(app): State<App>) -> Result<Json<LinkShown>, Problem> {
    let settings = app.settings().await?;
    let (board, zone) = (app.board.lines(), &settings.store.time_zone);
    let owed = match board.has_hub() {
        true => OwedShown::new(owed(&app).await?, settings.store.currency, zone)?,
        false => None,
    };
    Ok(Json(LinkShown::new(&board, zone, owed)))
}

/// What no hub has confirmed.
async fn owed(app: &App) -> Result<Owed, Problem> {
    let trust = app.look(|till| Arc::clone(till.trust())).await?;
    let is_hub = move |replica| {
        let key = trust.key_of(replica);
        key.is_some_and(|(key, _)| trust.member(&key) == Some(Member::Hub))
    };
    app.read_till(move |conn| Ok(store::till::owed(conn, is_hub)?)).await
}

/// Lists what somebody must see to.
#[utoipa::path(get, path = "/alarms", tag = "till", responses((status = OK, body = AlarmList)))]
async fn list(State(app): State<App>, who: Who) -> Result<Json<AlarmList>, Problem> {
    who.assert_role(&app, Role::Supervisor).await?;
    let settings = app.settings().await?;
    let found = app.read_till(|conn| Ok(alarms(conn)?)).await?;
    let zone = &settings.store.time_zone;
    let alarms = found.into_iter().map(|alarm| AlarmShown::new(alarm, zone)).collect();
    Ok(Json(AlarmList { alarms }))
}

/// Says that somebody has seen to an alarm; it comes back when it is raised again.
#[utoipa::path(post, path = "/alarms/{alarm}/seen", tag = "till",
    params(("alarm" = i64, Path, description = "The alarm's number")), responses((status = OK, body = Answer)))]
async fn see(State(app): State<App>, In(alarm): In<i64>, who: Who) -> Answered {
    who.assert_role(&app, Role::Manager).await?;
    if app.look(move |till| till.see_alarm(alarm, wall_clock())).await?? {
        return Ok(Json(Answer::Done));
    }
    Err(Problem::new(Kind::NotFound, format!("there is no alarm {alarm}")))
}
