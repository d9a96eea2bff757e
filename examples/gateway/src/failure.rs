//! Failures, as callers of the gateway see them.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use mistral_sdk::{Error, ErrorKind};
use serde_json::{Value, json};

/// A status and a message that a caller may see, and the delay until another request may succeed.
pub(crate) struct Failure(StatusCode, String, Option<u64>);

impl Failure {
    pub(crate) fn unknown_key() -> Self {
        let message = "the key is missing or unknown".to_owned();
        Self(StatusCode::UNAUTHORIZED, message, None)
    }

    pub(crate) fn invalid_body(error: serde_json::Error) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string(), None)
    }

    pub(crate) fn stopping() -> Self {
        let message = "the gateway is stopping".to_owned();
        Self(StatusCode::SERVICE_UNAVAILABLE, message, None)
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "error": { "message": self.1, "code": self.0.as_u16() } })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tracing::warn!("{error:#}"); // with the errors of all providers
        let (status, message) = match error.kind() {
            // The server's words are about the caller's request.
            ErrorKind::InvalidRequest | ErrorKind::NotFound => (
                error.status().unwrap_or(StatusCode::BAD_REQUEST),
                error.message(),
            ),
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
        let seconds = error
            .retry_after()
            .map(|delay| delay.as_secs_f64().ceil() as u64);
        Self(status, message.to_owned(), seconds)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, "application/json")];
        let mut response = (self.0, json, self.json().to_string()).into_response();
        if let Some(seconds) = self.2 {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
