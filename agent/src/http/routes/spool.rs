//! The print spool and the devices.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::status::{DeviceList, DeviceShown, JobList, JobShown};
use super::super::params::{In, MOST_ROWS};
use super::super::problem::Problem;
use super::super::state::App;
use super::{Answered, show};
use crate::store::till::read;
use crate::till::Command;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(retry))
        .routes(routes!(drop_job))
        .routes(routes!(devices))
}

/// Lists what is on the spool: what is stuck first, a hundred at most.
#[utoipa::path(get, path = "/jobs", tag = "devices", responses((status = OK, body = JobList)))]
async fn list(State(app): State<App>, _who: Who) -> Result<Json<JobList>, Problem> {
    let jobs = app.read_till(|conn| {
        Ok(read::jobs_to_look_at(conn, MOST_ROWS)?.into_iter().map(JobShown::from).collect())
    });
    Ok(Json(JobList { jobs: jobs.await? }))
}

/// Tries a job again; one that may have been printed is marked as a duplicate.
#[utoipa::path(post, path = "/jobs/{job}/retry", tag = "devices",
    params(("job" = u64, Path, description = "The job's number")), responses((status = OK, body = Answer)))]
async fn retry(State(app): State<App>, In(job): In<u64>, ask: Ask<Nothing>) -> Answered {
    show(&app, ask.carry_out(&app, None, Command::RetryJob { job }).await?).await
}

/// Takes a job off the spool.
#[utoipa::path(delete, path = "/jobs/{job}", tag = "devices",
    params(("job" = u64, Path, description = "The job's number")), responses((status = OK, body = Answer)))]
async fn drop_job(State(app): State<App>, In(job): In<u64>, ask: Ask<Nothing>) -> Answered {
    show(&app, ask.carry_out(&app, None, Command::DropJob { job }).await?).await
}

/// Lists the devices as they are now. Needs no log-in, so that `till devices` can ask.
#[utoipa::path(get, path = "/devices", tag = "devices", responses((status = OK, body = DeviceList)))]
async fn devices(State(app): State<App>) -> Json<DeviceList> {
    let devices = app.board.devices().into_iter().map(DeviceShown::from).collect();
    Json(DeviceList { devices, terminal: app.board.terminal() })
}
