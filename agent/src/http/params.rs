//! Parts of the path and the query, refused as problems where they cannot be read.

use super::problem::{Kind, Problem};
use super::state::App;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

/// The most rows of a list in one answer.
pub(super) const MOST_ROWS: u32 = 100;

/// Rows of a list when nothing is said.
const USUAL_ROWS: u32 = 25;

/// Parts of the path.
pub(super) struct In<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for In<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::new(Kind::BadPath, error.body_text())),
        }
    }
}

/// The query.
pub(super) struct With<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for With<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::new(Kind::BadQuery, error.body_text())),
        }
    }
}

/// A page of a list that goes back in time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Before {
    /// Rows before this one; the `next` of the page before. The newest when nothing is said.
    pub before: Option<String>,
    /// At most so many rows: 25 when nothing is said, never more than 100.
    pub limit: Option<u32>,
}

/// A page of a list that goes forward.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    /// Rows after this one; the `next` of the page before. The first when nothing is said.
    pub after: Option<String>,
    /// At most so many rows: 25 when nothing is said, never more than 100.
    pub limit: Option<u32>,
}

/// How many rows a limit comes to.
pub(super) fn rows(limit: Option<u32>) -> u32 {
    limit.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS)
}

/// A cursor that nobody gave out.
pub(super) fn bad_cursor(what: &str) -> Problem {
    Problem::new(
        Kind::BadQuery,
        format!("`{what}` is not a cursor: use the `next` of the page before"),
    )
}
