//! Receipts: listed, shown, drawn, printed again.

use super::super::ask::{Ask, Who};
use super::super::dto::Nothing;
use super::super::dto::answer::Answer;
use super::super::dto::receipt::{ReceiptList, ReceiptListed, ReceiptShown};
use super::super::params::{Before, In, With, bad_cursor, rows};
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use super::paper;
use super::{Answered, show};
use crate::receipt;
use crate::store::open::ReadGuard;
use crate::store::till::read;
use crate::till::{Command, Settings};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commerce::fact::Fact;
use commerce::quantity::thousandths_text;
use commerce::sale::ReceiptNumber;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(reprint))
}

/// Lists receipts, newest first.
#[utoipa::path(get, path = "/receipts", tag = "receipts", params(Before), responses((status = OK, body = ReceiptList)))]
async fn list(
    State(app): State<App>,
    _who: Who,
    With(page): With<Before>,
) -> Result<Json<ReceiptList>, Problem> {
    let before = match &page.before {
        None => (u32::MAX, u32::MAX),
        Some(text) => cursor(text).ok_or_else(|| bad_cursor(text))?,
    };
    let limit = rows(page.limit);
    let settings = app.settings().await?;
    app.read_till(move |conn| page_of(conn, &settings, before, limit)).await.map(Json)
}

fn page_of(
    conn: &ReadGuard<'_>,
    settings: &Settings,
    before: (u32, u32),
    limit: u32,
) -> Result<ReceiptList, Problem> {
    // One more than asked for tells whether there is another page.
    let mut found = read::receipts_before(conn, before, limit + 1)?;
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        found.pop();
    }
    let mut owners = BTreeMap::new();
    let mut receipts = Vec::with_capacity(found.len());
    for row in &found {
        let owner = match owners.entry(row.series) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                place.insert(read::series_owner(conn, row.series)?.unwrap_or_default())
            }
        };
        let (currency, zone) = (settings.store.currency, &settings.store.time_zone);
        receipts.push(ReceiptListed::new(row, owner, currency, zone)?);
    }
    let next = found.last().filter(|_| more).map(|row| format!("{}-{}", row.series, row.number));
    Ok(ReceiptList { receipts, next })
}

/// `series-number`
fn cursor(text: &str) -> Option<(u32, u32)> {
    let (series, number) = text.split_once('-')?;
    Some((series.parse().ok()?, number.parse().ok()?))
}

/// Shows a receipt: as JSON, or with `.txt`, `.svg` or `.png` behind its number as it is printed.
#[utoipa::path(get, path = "/receipts/{receipt}", tag = "receipts",
    params(("receipt" = String, Path, description = "The receipt's number, with .txt, .svg or .png behind it for paper", example = "HH01-1-1-000001")),
    responses((status = OK, content((ReceiptShown = "application/json"), (String = "text/plain"), (String = "image/svg+xml"), (String = "image/png")))))]
async fn one(State(app): State<App>, _who: Who, In(name): In<String>) -> Result<Response, Problem> {
    let (stem, form) = paper::split(&name);
    let number = parse(stem)?;
    let settings = app.settings().await?;
    app.read_till(move |conn| {
        assert_own(conn, &number)?;
        let Some(form) = form else {
            return Ok(Json(shown(conn, &settings, &number)?).into_response());
        };
        let document = receipt::document_for(conn, &settings, number.series, number.number, false)?;
        Ok(paper::draw(&document, form)?.into_response())
    })
    .await
}

pub(super) fn parse(text: &str) -> Result<ReceiptNumber, Problem> {
    ReceiptNumber::parse(text).ok_or_else(|| {
        Problem::new(
            Kind::NoReceipt,
            format!("`{text}` is not a receipt's number, such as HH01-1-1-000001"),
        )
    })
}

/// Refuses a number of another store or till.
fn assert_own(conn: &ReadGuard<'_>, number: &ReceiptNumber) -> Result<(), Problem> {
    match read::series_owner(conn, number.series)? {
        Some((store, till)) if (store.as_str(), till) == (number.store.as_str(), number.till) => {
            Ok(())
        }
        _ => Err(missing(number)),
    }
}

fn missing(number: &ReceiptNumber) -> Problem {
    Problem::new(Kind::NoReceipt, format!("this till has no receipt {number}"))
}

fn shown(
    conn: &ReadGuard<'_>,
    settings: &Settings,
    number: &ReceiptNumber,
) -> Result<ReceiptShown, Problem> {
    let row = read::receipt(conn, number.series, number.number)?.ok_or_else(|| missing(number))?;
    let zone = &settings.store.time_zone;
    match read::fact(conn, row.series, row.seq)? {
        (Fact::Sold(sale), hash) => {
            let mut receipt = ReceiptShown::sale(&sale, hash.to_string(), zone);
            let so_far = read::returned_so_far(conn, row.series, row.number)?;
            for line in &mut receipt.lines {
                line.returned = so_far
                    .lines
                    .get(&line.number())
                    .map(|thousandths| thousandths_text(*thousandths));
            }
            Ok(receipt)
        }
        (Fact::Returned(fact), hash) => Ok(ReceiptShown::returned(&fact, hash.to_string(), zone)),
        _ => Err(Problem::new(
            Kind::Damaged,
            format!("receipt {number} is something else in the journal: run `till doctor`"),
        )),
    }
}

/// Prints a receipt again, marked as a duplicate.
#[utoipa::path(post, path = "/receipts/{receipt}/reprint", tag = "receipts",
    params(("receipt" = String, Path, description = "The receipt's number")), responses((status = OK, body = Answer)))]
async fn reprint(State(app): State<App>, In(name): In<String>, ask: Ask<Nothing>) -> Answered {
    let command = Command::Reprint { receipt: parse(&name)? };
    show(&app, ask.carry_out(&app, None, command).await?).await
}
