//! How the till is, and the settings that screens need.

use super::super::ask::Who;
use super::super::dto::settings::SettingsShown;
use super::super::dto::shift::ShiftShown;
use super::super::dto::status::{DeviceShown, DiskStatus, SpoolStatus, TillStatus};
use super::super::dto::time;
use super::super::problem::Problem;
use super::super::state::App;
use crate::home::{free_bytes, wall_clock};
use crate::store::open::Migration;
use crate::store::till::read;
use crate::store::{catalogue, till as till_db};
use crate::till::Till;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(settings))
}

/// Says how the till is. Needs no log-in: it holds no names and no amounts.
#[utoipa::path(get, path = "/status", tag = "till", responses((status = OK, body = TillStatus)))]
async fn status(State(app): State<App>) -> Result<Json<TillStatus>, Problem> {
    let devices = app.board.devices().into_iter().map(DeviceShown::from).collect();
    let disk =
        DiskStatus { free_mb: free_bytes(app.home.folder()).map(|free| free / (1024 * 1024)) };
    let mut status = app.look(move |till| of_till(till, devices, disk)).await??;
    let currency = app.currency().await?;
    let (unsettled, spool) = app
        .read_till(move |conn| {
            let unsettled = read::unsettled_payments(conn, currency)?.len();
            let (waiting, stuck) = read::job_counts(conn)?;
            Ok((unsettled, SpoolStatus { waiting, stuck }))
        })
        .await?;
    status.line = app.board.lines().in_words();
    status.needs_setup = app.auth.needs_setup().await?;
    status.unsettled_payments = unsettled;
    status.spool = spool;
    Ok(Json(status))
}

fn of_till(
    till: &Till,
    devices: Vec<DeviceShown>,
    disk: DiskStatus,
) -> Result<TillStatus, Problem> {
    let settings = till.settings();
    let zone = &settings.store.time_zone;
    Ok(TillStatus {
        store: settings.store.code.clone(),
        store_name: settings.store.name.clone(),
        till: till.number(),
        series: till.store().series(),
        line: String::new(),
        now: time(wall_clock(), zone),
        shift: till.shift().map(|shift| ShiftShown::new(shift, zone)),
        cart: till.current().map(|cart| cart.0),
        open_return: till.open_return().map(|open| open.id.0),
        unsettled_payments: 0,
        spool: SpoolStatus::default(),
        devices,
        disk,
        version: env!("CARGO_PKG_VERSION"),
        till_schema: schema(till_db::MIGRATIONS),
        catalogue_schema: schema(catalogue::MIGRATIONS),
        needs_setup: false,
    })
}

fn schema(migrations: &[Migration]) -> u32 {
    migrations.last().map_or(0, |last| last.version)
}

/// Shows tenders, reasons and taxes for screens.
#[utoipa::path(get, path = "/settings", tag = "till", responses((status = OK, body = SettingsShown)))]
async fn settings(State(app): State<App>, _who: Who) -> Result<Json<SettingsShown>, Problem> {
    let settings = app.settings().await?;
    SettingsShown::new(&settings).map(Json)
}
