use std::fmt;

use http::StatusCode;

/// The category of an [`Error`](crate::Error), to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration of the client or the request is invalid. Nothing was sent, or the
    /// server sent a redirect that is not followed. Change the setting that the message names.
    Config,
    /// The provider does not offer this operation. Nothing was sent.
    Unsupported,
    /// No credential could be obtained. Nothing was sent.
    Credentials,
    /// The server rejected the credential (401).
    Authentication,
    /// The credential is valid, but lacks the permission (403).
    PermissionDenied,
    /// The resource or the URL does not exist (404).
    NotFound,
    /// The operation has been retired (410).
    Gone,
    /// The server rejected the request as invalid (400, 409, 413, 422, …).
    InvalidRequest,
    /// A rate limit on requests or tokens was exceeded (429), or a
    /// [`RateLimiter`](crate::rate_limit::RateLimiter) could not send the request in time.
    RateLimited,
    /// The quota or the budget is used up, or the account has no means of payment (402, or 429
    /// with such a code). A short wait does not help.
    QuotaExceeded,
    /// The server or the model is temporarily out of capacity (503, 529).
    Overloaded,
    /// The server failed (5xx, or an error event in a stream).
    Server,
    /// A timeout expired. [`Error::timeout_phase`](crate::Error::timeout_phase) returns its
    /// phase, unless the server reported the timeout (408, 504).
    Timeout,
    /// The connection could not be established, or it broke.
    Connection,
    /// The response does not have the format that the API documents.
    Decode,
    /// A stream ended early, or a response is empty although a result was due.
    /// [`Error::partial`](crate::Error::partial) holds the part of a stream that was received.
    Truncated,
    /// A file or a reader of the caller could not be read, or a file could not be written.
    Io,
    /// A tool of the caller failed, or the model exceeded the limit of tool calls.
    Tool,
    /// A limit of the client was exceeded, for example by one event of a stream.
    TooLarge,
    /// A job of the server, for example the execution of a workflow, ended without success.
    /// [`Error::partial`](crate::Error::partial) holds its last state.
    Failed,
}

impl ErrorKind {
    /// Returns the kind for a response with `status`, without regard to its body.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            300..=399 => Self::Config,
            401 => Self::Authentication,
            402 => Self::QuotaExceeded,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            410 => Self::Gone,
            408 | 504 => Self::Timeout,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            500..=599 => Self::Server,
            _ => Self::InvalidRequest,
        }
    }
}

/// The phase of a call whose timeout expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Establishing the connection.
    Connect,
    /// From sending the request to receiving the head of the response.
    FirstByte,
    /// Between two chunks of the body of a response.
    Idle,
    /// The whole call, including retries.
    Total,
}

impl fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::FirstByte => "first byte",
            Self::Idle => "idle",
            Self::Total => "total",
        })
    }
}
