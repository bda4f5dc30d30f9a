//! Problem details (RFC 9457): the one form of every error of the API.
//!
//! [`Kind`] is the closed list of what can go wrong; `docs/api.md` lists it for people, and a test
//! holds both together. What each refusal of the till comes to is in [`refusal`].

mod kind;
mod refusal;

pub(super) use kind::Kind;

use crate::auth::AuthError;
use crate::receipt::ReceiptError;
use crate::runtime::LoopError;
use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use crate::upkeep::UpkeepError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What the answer to a request that failed says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Stable name of the kind of problem: `urn:till:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time, and what to do.
    detail: String,
    /// Where in the body, for a body that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<At>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// A place in a body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct At {
    /// The line, from 1.
    line: usize,
    /// The column, from 1.
    column: usize,
}

impl Problem {
    /// A problem of a kind, with what is wrong this time.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            at: None,
            retry_after: None,
        }
    }

    /// The same, at a place of the body.
    pub const fn at(mut self, line: usize, column: usize) -> Self {
        self.at = Some(At { line, column });
        self
    }

    /// The same, to be tried again in so many seconds.
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(kind = self.kind, detail = self.detail, "request failed");
        }
        // Strings and numbers always serialise.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<LoopError> for Problem {
    fn from(error: LoopError) -> Self {
        match error {
            LoopError::Refused(refusal) => refusal.into(),
            busy @ LoopError::Busy => Self::new(Kind::Busy, busy.to_string()).retry_after(1),
            stopped @ LoopError::Stopped => Self::new(Kind::Stopping, stopped.to_string()),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let kind = match &error {
            AuthError::Wrong | AuthError::Unusable(_) => Kind::WrongPin,
            AuthError::Locked { seconds } => {
                return Self::new(Kind::PinLocked, error.to_string()).retry_after(*seconds);
            }
            AuthError::Busy => return Self::new(Kind::Busy, error.to_string()).retry_after(1),
            AuthError::BadPin => Kind::BadPin,
            AuthError::UnknownStaff(_) => Kind::UnknownStaff,
            AuthError::BadCode => Kind::SetupCode,
            AuthError::NotAdministrator(_) => Kind::Forbidden,
            AuthError::SetUpAlready => Kind::SetUpAlready,
            AuthError::Hash(_) => Kind::Internal,
            AuthError::Loop(_) | AuthError::Store(_) => return Self::inside(error),
        };
        Self::new(kind, error.to_string())
    }
}

impl Problem {
    fn inside(error: AuthError) -> Self {
        match error {
            AuthError::Loop(error) => error.into(),
            AuthError::Store(error) => error.into(),
            other => Self::new(Kind::Internal, other.to_string()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(refusal::of_store(&error), error.to_string())
    }
}

impl From<TillStoreError> for Problem {
    fn from(error: TillStoreError) -> Self {
        Self::new(refusal::of_till_store(&error), error.to_string())
    }
}

impl From<UpkeepError> for Problem {
    fn from(error: UpkeepError) -> Self {
        let kind = match &error {
            UpkeepError::Store(error) => refusal::of_store(error),
            UpkeepError::TillStore(error) => refusal::of_till_store(error),
            UpkeepError::Home(_) | UpkeepError::Io { .. } => Kind::StoreFailed,
            _ => Kind::JournalFault,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NoReceipt { .. } => Self::new(Kind::NoReceipt, error.to_string()),
            ReceiptError::NoShift(_) => Self::new(Kind::NoSuchShift, error.to_string()),
            ReceiptError::OtherFact { .. } => Self::new(Kind::Damaged, error.to_string()),
            ReceiptError::Store(error) => error.into(),
        }
    }
}
