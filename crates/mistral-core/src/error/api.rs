use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::ErrorKind;
use super::decode::first_json;

/// The error response of a server.
///
/// All known formats are parsed: Mistral's own (`message`, `type`, `param`, `code`),
/// validation errors (`detail`), those of gateways, Azure and Google, JSON within strings, and
/// bodies that are not JSON. [`body`](Self::body) always holds the whole text.
///
/// Credentials of the request that the server quotes are replaced by `***`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. `200` for an error inside a successful response.
    pub status: StatusCode,
    /// The headers of the response. Those that are credentials, such as `set-cookie`, are marked
    /// as sensitive.
    pub headers: HeaderMap,
    /// The body of the response as text, up to 1 MiB, unmodified but for the credentials of the
    /// request.
    pub body: String,
    /// The server's message in one line. Empty if the response contains none.
    pub message: String,
    /// The server's error code, for example `1500` or `content_filter`.
    pub code: Option<String>,
    /// The server's error type, for example `invalid_request_error`.
    pub error_type: Option<String>,
    /// The request parameter that caused the error.
    pub param: Option<String>,
    /// The details of a validation error, up to 1,000.
    pub details: Vec<ErrorDetail>,
    /// The number of details beyond those that are kept.
    pub(super) omitted_details: usize,
    pub(super) request_id: Option<String>,
    /// The delay before a retry that the body requests.
    pub(super) retry_delay: Option<Duration>,
}

/// One detail of a validation error. Mirrors the API's `ValidationError`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The path in the request, for example `body.messages.0.role`.
    pub location: String,
    /// The problem at this path.
    pub message: String,
    /// The type of the problem, for example `extra_forbidden`. Empty if unknown.
    pub error_type: String,
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.location.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.location, self.message)
        }
    }
}

pub(crate) const REQUEST_ID_HEADERS: [&str; 6] = [
    "mistral-correlation-id",
    "x-kong-request-id",
    "x-request-id",
    "apim-request-id",
    "x-ms-request-id",
    "request-id",
];

impl ApiError {
    /// Returns the server's id of the request, for its support.
    pub(crate) fn request_id(&self) -> Option<&str> {
        request_id(&self.headers).or(self.request_id.as_deref())
    }

    /// Returns the delay before a retry that the body requests.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        self.retry_delay
    }

    /// Derives the kind from the status, the code and the type, in this order of precedence.
    pub(crate) fn kind(&self) -> ErrorKind {
        let kind = if self.status.is_success() {
            self.kind_inside_success()
        } else {
            ErrorKind::of_status(self.status)
        };
        match kind {
            ErrorKind::RateLimited if self.is_quota_exceeded() => ErrorKind::QuotaExceeded,
            ErrorKind::RateLimited | ErrorKind::Server if self.is_capacity_exceeded() => {
                ErrorKind::Overloaded
            }
            ErrorKind::Server if self.is_batch_size_exceeded() => ErrorKind::InvalidRequest,
            kind => kind,
        }
    }

    /// Derives the kind from the status in the body, which an error in a response with status
    /// 200 may contain.
    fn kind_inside_success(&self) -> ErrorKind {
        let status = first_json(&self.body).and_then(|value| {
            let error = value.get(0).unwrap_or(&value); // the only one of a list
            let at = |pointer| match error.pointer(pointer)? {
                Value::String(text) => text.parse().ok(),
                number => number.as_u64(),
            };
            [
                "/raw_status_code",
                "/status_code",
                "/status",
                "/error/status_code",
                "/error/status",
                "/error/code",
                "/choices/0/error/code",
                "/code",
            ]
            .into_iter()
            .find_map(at)
            .filter(|status| (400..600).contains(status))
        });
        let status =
            status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        match (status, self.code.as_deref(), self.error_type.as_deref()) {
            (Some(status), _, _) => ErrorKind::of_status(status),
            (None, Some("1300" | "rate_limit_exceeded"), _)
            | (None, _, Some("rate_limited" | "RESOURCE_EXHAUSTED")) => ErrorKind::RateLimited,
            _ if self.is_quota_exceeded() => ErrorKind::QuotaExceeded,
            _ => ErrorKind::Server,
        }
    }

    fn is_quota_exceeded(&self) -> bool {
        [&self.code, &self.error_type]
            .into_iter()
            .flatten()
            .any(|name| {
                let name = name.to_ascii_lowercase();
                ["quota", "billing", "payment", "budget"]
                    .iter()
                    .any(|word| name.contains(word))
            })
    }

    pub(super) fn is_capacity_exceeded(&self) -> bool {
        self.message
            .to_ascii_lowercase()
            .contains("capacity exceeded")
    }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_ID_HEADERS
        .into_iter()
        .find_map(|name| header(headers, name))
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|value| !value.is_empty())
}
