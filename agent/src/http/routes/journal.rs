//! The journal: its series, their entries, and the proof that nothing was changed.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::journal::{EntryList, EntryShown, Proven, SeriesList, SeriesRow};
use super::super::params::{After, In, With, bad_cursor, rows};
use super::super::problem::{Kind, Problem};
use super::super::state::{App, blocking};
use crate::store::open::ReadGuard;
use crate::store::till::{TillStoreError, read};
use crate::upkeep::{self, verify::VerifyOptions};
use axum::Json;
use axum::extract::State;
use commerce::fact::Fact;
use commerce::staff::Role;
use jiff::tz::TimeZone;
use std::sync::Arc;
use sync::log::StreamKind;
use sync::store::{LogError, Stream};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(series)).routes(routes!(entries)).routes(routes!(verify))
}

/// Lists the receipt series of this till with their journals. For supervisors.
#[utoipa::path(get, path = "/journal", tag = "journal", responses((status = OK, body = SeriesList)))]
async fn series(State(app): State<App>, who: Who) -> Result<Json<SeriesList>, Problem> {
    who.assert_role(&app, Role::Supervisor).await?;
    let series = app.read_till(|conn| {
        let rows = journals(conn)?.into_iter().map(|(series, stream)| {
            let head = sync::store::head(conn, &stream).map_err(log)?;
            let replica = stream.id().replica.to_string();
            Ok::<_, Problem>(SeriesRow {
                series,
                replica,
                entries: head.seq,
                hash: head.hash.to_string(),
            })
        });
        rows.collect()
    });
    Ok(Json(SeriesList { series: series.await? }))
}

/// Every journal here with the series that its first entry opened, in order.
fn journals(conn: &ReadGuard<'_>) -> Result<Vec<(u32, Stream)>, Problem> {
    let mut found = Vec::new();
    for stream in sync::store::streams(conn).map_err(log)? {
        if stream.id().kind != StreamKind::Journal {
            continue;
        }
        let first = sync::store::read_one(conn, &stream, 1).map_err(log)?;
        let fact = first.map(|first| sync::body::decode(&first.entry.body)).transpose();
        if let Some(Fact::SeriesOpened(opened)) = fact.map_err(TillStoreError::from)? {
            found.push((opened.series, stream));
        }
    }
    found.sort_by_key(|(series, _)| *series);
    Ok(found)
}

fn log(error: LogError) -> Problem {
    TillStoreError::from(error).into()
}

/// Lists the entries of a series, in order. For supervisors.
#[utoipa::path(get, path = "/journal/{series}", tag = "journal",
    params(("series" = u32, Path, description = "The series"), After), responses((status = OK, body = EntryList)))]
async fn entries(
    State(app): State<App>,
    who: Who,
    In(series): In<u32>,
    With(page): With<After>,
) -> Result<Json<EntryList>, Problem> {
    who.assert_role(&app, Role::Supervisor).await?;
    let after = page.after.as_deref().unwrap_or("0");
    let after: u64 = after.parse().map_err(|_| bad_cursor(after))?;
    let settings = app.settings().await?;
    let limit = u64::from(rows(page.limit));
    app.read_till(move |conn| page_of(conn, series, after, limit, &settings.store.time_zone))
        .await
        .map(Json)
}

fn page_of(
    conn: &ReadGuard<'_>,
    series: u32,
    after: u64,
    limit: u64,
    zone: &TimeZone,
) -> Result<EntryList, Problem> {
    let stream =
        journals(conn)?.into_iter().find(|(number, _)| *number == series).map(|(_, stream)| stream);
    let missing = || Problem::new(Kind::NotFound, format!("this till has no series {series}"));
    let end = sync::store::head(conn, &stream.ok_or_else(missing)?).map_err(log)?.seq;
    let last = after.saturating_add(limit).min(end);
    let entry = |seq: u64| {
        let (fact, hash) = read::fact(conn, series, seq)?;
        Ok::<_, Problem>(EntryShown::new(seq, hash.to_string(), &fact, zone))
    };
    let entries = (after.saturating_add(1)..=last).map(entry).collect::<Result<_, _>>()?;
    Ok(EntryList { entries, next: (last < end).then(|| last.to_string()) })
}

/// Proves the journals here: every hash and seal, receipts without gaps, every Z. For managers.
///
/// Runs beside the till, one at a time; a year's journal takes some seconds.
#[utoipa::path(post, path = "/journal/verify", tag = "journal", responses((status = OK, body = Proven)))]
async fn verify(State(app): State<App>, ask: Ask<Nothing>) -> Result<Json<Proven>, Problem> {
    ask.who.assert_role(&app, Role::Manager).await?;
    let turn = Arc::clone(&app.verifying).try_acquire_owned();
    let busy = "a verification runs already: wait for it";
    let turn = turn.map_err(|_| Problem::new(Kind::Busy, busy).retry_after(5))?;
    let home = app.home.clone();
    let report = blocking(move || {
        let _turn = turn;
        let options = VerifyOptions { rebuild_check: false };
        Ok(upkeep::verify::verify(&home, options, &mut |_| {})?)
    });
    Ok(Json(report.await?.into()))
}
