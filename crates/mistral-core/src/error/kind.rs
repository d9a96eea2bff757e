use std::fmt;

use http::StatusCode;

/// What went wrong, coarse enough to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client, or the request, cannot work as given. Nothing was sent, or the
    /// server pointed elsewhere: change the setting that the message names.
    Config,
    /// The provider does not offer this operation. Nothing was sent.
    Unsupported,
    /// No credential could be obtained. Nothing was sent.
    Credentials,
    /// The server does not accept the credential (401).
    Authentication,
    /// The credential is known, but may not do this (403).
    PermissionDenied,
    /// There is no such thing at this address (404).
    NotFound,
    /// The operation has been retired (410).
    Gone,
    /// The server refuses the request as it stands (400, 409, 413, 422, …).
    InvalidRequest,
    /// Too many requests or tokens in too short a time (429), or a
    /// [`RateLimiter`](crate::rate_limit::RateLimiter) could not send the request in time.
    RateLimited,
    /// The quota or the budget is used up (429 with such a code): waiting seconds is in vain.
    QuotaExceeded,
    /// The server, or the model, has no capacity left for now (503, 529).
    Overloaded,
    /// The server failed (5xx, or an error in the middle of a stream).
    Server,
    /// Time ran out. [`Error::timeout_phase`](crate::Error::timeout_phase) says in which
    /// phase, unless it was the server that said so (408, 504).
    Timeout,
    /// No connection could be made, or it broke.
    Connection,
    /// The response is not what the API documents.
    Decode,
    /// A stream stopped before its end.
    /// [`Error::partial`](crate::Error::partial) holds what had arrived.
    Truncated,
    /// A file or a reader of yours could not be read, or a file could not be written.
    Io,
    /// A tool of yours failed, or the model went on calling tools.
    Tool,
    /// Something exceeded a bound of this client, for example one event of a stream.
    TooLarge,
}

impl ErrorKind {
    /// The kind for a response with `status`, before its body is looked at.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            300..=399 => Self::Config,
            401 => Self::Authentication,
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

/// The phase of a call in which time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Making the connection.
    Connect,
    /// From sending the request to the head of the response.
    FirstByte,
    /// Between two pieces of the body of a response.
    Idle,
    /// The whole call, repetitions included.
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
