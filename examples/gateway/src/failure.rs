//! Failures, as callers of the gateway see them.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use mistral_sdk::{Error, ErrorKind};
use serde_json::json;

/// A status and a message that a caller may see, and the seconds until another request may succeed.
pub(crate) struct Failure(StatusCode, String, Option<u64>);

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl ToString) -> Self {
        Self(status, message.to_string(), None)
    }

    pub(crate) fn json(&self) -> String {
        json!({ "error": { "message": self.1, "code": self.0.as_u16() } }).to_string()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tracing::warn!("{error:#}"); // with the errors of all providers
        let rejected = error.status().unwrap_or(StatusCode::BAD_REQUEST);
        let (status, message) = match error.kind() {
            // The server's words are about the caller's request.
            ErrorKind::InvalidRequest | ErrorKind::NotFound => (rejected, error.message()),
            ErrorKind::RateLimited if error.is_local_rate_limit() => {
                (StatusCode::TOO_MANY_REQUESTS, "your rate limit is reached")
            }
            ErrorKind::RateLimited | ErrorKind::QuotaExceeded | ErrorKind::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "all providers are busy")
            }
            ErrorKind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "no provider responded in time"),
            // The settings and keys of the gateway are not the caller's.
            _ => (StatusCode::BAD_GATEWAY, "the provider failed"),
        };
        let delay = error.retry_after();
        let seconds = delay.map(|delay| delay.as_secs_f64().ceil() as u64);
        Self(status, message.to_owned(), seconds)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let content_type = [(CONTENT_TYPE, "application/json")];
        let retry_after = self.2.map(|seconds| [(RETRY_AFTER, seconds.to_string())]);
        (self.0, content_type, retry_after, self.json()).into_response()
    }
}
