//! Shifts, their reports, cash and the drawer.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::shift::{
    CashWay, CloseShift, MoveCash, OpenDrawer, OpenShift, ShiftList, ShiftReport, ShiftShown,
    counted_rows, report_rows,
};
use super::super::params::{Before, In, With, bad_cursor, rows};
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use super::paper::{self, Drawn, Form};
use super::{Answered, show};
use crate::home::wall_clock;
use crate::receipt;
use crate::store::open::ReadGuard;
use crate::store::till::read::{self, Shift};
use crate::till::{Command, Settings};
use axum::Json;
use axum::extract::State;
use commerce::fact::{CashDirection, Fact};
use commerce::staff::Role;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(one))
        .routes(routes!(close))
        .routes(routes!(report))
        .routes(routes!(report_text))
        .routes(routes!(report_svg))
        .routes(routes!(report_png))
        .routes(routes!(print))
        .routes(routes!(move_cash))
        .routes(routes!(open_drawer))
}

/// Shows a shift; `current` names the open one.
#[utoipa::path(get, path = "/shifts/{shift}", tag = "shifts", params(ShiftPath), responses((status = OK, body = ShiftShown)))]
async fn one(
    State(app): State<App>,
    _who: Who,
    In(path): In<ShiftPath>,
) -> Result<Json<ShiftShown>, Problem> {
    let number = number(&app, &path.shift).await?;
    let settings = app.settings().await?;
    app.read_till(move |conn| Ok(ShiftShown::new(&find(conn, number)?, &settings.store.time_zone)))
        .await
        .map(Json)
}

/// Opens a shift.
#[utoipa::path(post, path = "/shifts", tag = "shifts",
    params(("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = OpenShift, responses((status = OK, body = Answer)))]
async fn open(State(app): State<App>, ask: Ask<OpenShift>) -> Answered {
    ask.assert_named()?;
    let float = ask.body.float.money(app.currency().await?)?;
    show(&app, ask.carry_out(&app, None, Command::OpenShift { float }).await?).await
}

/// Closes the shift with what was counted.
#[utoipa::path(post, path = "/shifts/current/close", tag = "shifts",
    params(("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = CloseShift, responses((status = OK, body = Answer)))]
async fn close(State(app): State<App>, ask: Ask<CloseShift>) -> Answered {
    ask.assert_named()?;
    let currency = app.currency().await?;
    let counted =
        ask.body.counted.iter().map(|row| Ok((row.tender.clone(), row.amount.money(currency)?)));
    let counted = counted.collect::<Result<_, Problem>>()?;
    show(&app, ask.carry_out(&app, None, Command::CloseShift { counted }).await?).await
}

/// Lists shifts, newest first.
#[utoipa::path(get, path = "/shifts", tag = "shifts", params(Before), responses((status = OK, body = ShiftList)))]
async fn list(
    State(app): State<App>,
    _who: Who,
    With(page): With<Before>,
) -> Result<Json<ShiftList>, Problem> {
    let before = match &page.before {
        None => None,
        Some(text) => Some(text.parse::<u32>().map_err(|_| bad_cursor(text))?),
    };
    let limit = rows(page.limit);
    let settings = app.settings().await?;
    app.read_till(move |conn| page_of(conn, &settings, before, limit)).await.map(Json)
}

/// Shifts are numbered without gaps.
fn page_of(
    conn: &ReadGuard<'_>,
    settings: &Settings,
    before: Option<u32>,
    limit: u32,
) -> Result<ShiftList, Problem> {
    let last = read::last_shift(conn)?.map_or(0, |shift| shift.number);
    let from = before.map_or(last, |before| last.min(before.saturating_sub(1)));
    let to = from.saturating_sub(limit);
    let mut shifts = Vec::new();
    for number in (to + 1..=from).rev() {
        shifts.extend(
            read::shift(conn, number)?
                .map(|shift| ShiftShown::new(&shift, &settings.store.time_zone)),
        );
    }
    Ok(ShiftList { shifts, next: (to > 0).then(|| (to + 1).to_string()) })
}

/// Shows a shift's report: an X while it is open, its Z once it is closed. For supervisors.
#[utoipa::path(get, path = "/shifts/{shift}/report", tag = "shifts", params(ShiftPath), responses((status = OK, body = ShiftReport)))]
async fn report(
    State(app): State<App>,
    who: Who,
    In(path): In<ShiftPath>,
) -> Result<Json<ShiftReport>, Problem> {
    who.assert_role(&app, Role::Supervisor).await?;
    let shift = number(&app, &path.shift).await?;
    let settings = app.settings().await?;
    app.read_till(move |conn| shown(conn, &settings, shift)).await.map(Json)
}

/// Shows a shift's report as it is printed, as text. For supervisors.
#[utoipa::path(get, path = "/shifts/{shift}/report.txt", tag = "shifts", params(ShiftPath),
    responses((status = OK, body = String, content_type = "text/plain")))]
async fn report_text(
    State(app): State<App>,
    who: Who,
    In(path): In<ShiftPath>,
) -> Result<Drawn, Problem> {
    drawn(&app, &who, &path, Form::Text).await
}

/// Shows a shift's report as it is printed, as a picture that scales. For supervisors.
#[utoipa::path(get, path = "/shifts/{shift}/report.svg", tag = "shifts", params(ShiftPath),
    responses((status = OK, body = String, content_type = "image/svg+xml")))]
async fn report_svg(
    State(app): State<App>,
    who: Who,
    In(path): In<ShiftPath>,
) -> Result<Drawn, Problem> {
    drawn(&app, &who, &path, Form::Svg).await
}

/// Shows a shift's report as it is printed, as a picture in dots. For supervisors.
#[utoipa::path(get, path = "/shifts/{shift}/report.png", tag = "shifts", params(ShiftPath),
    responses((status = OK, body = Vec<u8>, content_type = "image/png")))]
async fn report_png(
    State(app): State<App>,
    who: Who,
    In(path): In<ShiftPath>,
) -> Result<Drawn, Problem> {
    drawn(&app, &who, &path, Form::Png).await
}

async fn drawn(app: &App, who: &Who, path: &ShiftPath, form: Form) -> Result<Drawn, Problem> {
    who.assert_role(app, Role::Supervisor).await?;
    let shift = number(app, &path.shift).await?;
    let (settings, till) = app.look(|till| (till.settings(), till.number())).await?;
    app.read_till(move |conn| {
        paper::draw(&receipt::report_for(conn, &settings, till, shift, wall_clock())?, form)
    })
    .await
}

/// A shift in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ShiftPath {
    /// The shift's number; `current` for the open one.
    #[param(example = "current")]
    shift: String,
}

fn find(conn: &ReadGuard<'_>, number: u32) -> Result<Shift, Problem> {
    let missing = || Problem::new(Kind::NoSuchShift, format!("this till had no shift {number}"));
    read::shift(conn, number)?.ok_or_else(missing)
}

async fn number(app: &App, name: &str) -> Result<u32, Problem> {
    let missing = |detail: String| Problem::new(Kind::NoSuchShift, detail);
    if name == "current" {
        let open = app.look(|till| till.shift().map(|shift| shift.number)).await?;
        return open.ok_or_else(|| missing("no shift is open".to_owned()));
    }
    name.parse().map_err(|_| missing(format!("`{name}` is not a shift's number")))
}

fn shown(conn: &ReadGuard<'_>, settings: &Settings, number: u32) -> Result<ShiftReport, Problem> {
    let shift = find(conn, number)?;
    let (currency, zone) = (settings.store.currency, &settings.store.time_zone);
    let Some(closed) = shift.closed else {
        let totals = report_rows(&read::shift_totals(conn, number)?, currency)?;
        return Ok(ShiftReport {
            report: "x",
            shift: ShiftShown::new(&shift, zone),
            totals,
            counted: Vec::new(),
        });
    };
    let Fact::ShiftClosed(fact) = read::fact(conn, closed.series, closed.seq)?.0 else {
        let detail = format!(
            "the close of shift {number} is something else in the journal: run `till doctor`"
        );
        return Err(Problem::new(Kind::Damaged, detail));
    };
    Ok(ShiftReport {
        report: "z",
        shift: ShiftShown::new(&shift, zone),
        totals: report_rows(&fact.totals, currency)?,
        counted: counted_rows(&fact.counted),
    })
}

/// Prints a shift's report. For supervisors.
#[utoipa::path(post, path = "/shifts/{shift}/print", tag = "shifts",
    params(ShiftPath), responses((status = OK, body = Answer)))]
async fn print(State(app): State<App>, In(path): In<ShiftPath>, ask: Ask<Nothing>) -> Answered {
    ask.who.assert_role(&app, Role::Supervisor).await?;
    let shift = number(&app, &path.shift).await?;
    show(&app, ask.carry_out(&app, None, Command::PrintReport { shift }).await?).await
}

/// Pays cash in or out without a sale.
#[utoipa::path(post, path = "/cash", tag = "shifts",
    params(("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = MoveCash, responses((status = OK, body = Answer)))]
async fn move_cash(State(app): State<App>, mut ask: Ask<MoveCash>) -> Answered {
    ask.assert_named()?;
    let direction = match ask.body.direction {
        CashWay::In => CashDirection::In,
        CashWay::Out => CashDirection::Out,
    };
    let amount = ask.body.amount.money(app.currency().await?)?;
    let (reason, approval) = (ask.body.reason.clone(), ask.body.approval.take());
    let command = Command::MoveCash { direction, amount, reason };
    show(&app, ask.carry_out(&app, approval, command).await?).await
}

/// Opens the drawer without a sale.
#[utoipa::path(post, path = "/drawer", tag = "shifts",
    params(("Idempotency-Key" = String, Header, description = "Names the request")),
    request_body = OpenDrawer, responses((status = OK, body = Answer)))]
async fn open_drawer(State(app): State<App>, ask: Ask<OpenDrawer>) -> Answered {
    ask.assert_named()?;
    let reason = ask.body.reason.clone();
    show(&app, ask.carry_out(&app, None, Command::OpenDrawer { reason }).await?).await
}
