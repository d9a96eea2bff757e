//! The error of one HTTP exchange.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The point at which an exchange failed, which decides whether a retry is safe.
///
/// A transport that is not sure whether the server received the request must report it as
/// received: [`Timeout`](Self::Timeout) or [`Interrupted`](Self::Interrupted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection could not be established: the request was not sent.
    Connect,
    /// The connection was not established within the connect timeout: the request was not sent.
    ConnectTimeout,
    /// The connection was established, but the server certainly did not process the request.
    NotSent,
    /// A timeout expired after the request may have been received.
    Timeout,
    /// The connection broke after the request may have been received.
    Interrupted,
    /// The head of the response is larger than the transport accepts.
    TooLarge,
    /// The body of the request could not be read: the caller's file or reader failed.
    RequestBody,
    /// The transport is not set up for this request, for example a mock without a reply, or does
    /// not accept the certificate of the server. The message names the reason and the fix. The call fails with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) and is not retried.
    Config,
    /// The transport did not send the request because of a rate limit. The message names the
    /// reason. The call fails with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) and is
    /// not retried.
    RateLimited,
    /// The transport cannot decode the body of the response, for example because it is encrypted
    /// under another key. The message names the reason. The call fails with
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) and is not retried.
    Decode,
    /// The transport cannot handle the request or the response.
    Other,
}

impl TransportErrorKind {
    /// Whether the server certainly did not process the request.
    pub fn is_not_sent(self) -> bool {
        matches!(self, Self::Connect | Self::ConnectTimeout | Self::NotSent)
    }

    /// Returns the words for the failure of an exchange with `host`, if that is known.
    pub(crate) fn text(self, host: Option<&str>) -> String {
        let (before, link, after) = match self {
            Self::Connect => ("could not connect", " to ", ""),
            Self::ConnectTimeout => ("could not connect", " to ", " in time"),
            Self::NotSent => (
                "the connection",
                " to ",
                " closed before the request was sent",
            ),
            Self::Timeout if host.is_none() => ("timed out", "", ""),
            Self::Timeout => ("the exchange", " with ", " timed out"),
            Self::Interrupted => ("the connection", " to ", " broke"),
            Self::TooLarge => ("the response headers are too large", "", ""),
            Self::RequestBody => ("the request body cannot be read", "", ""),
            Self::Config => ("the transport is not set up for this request", "", ""),
            Self::RateLimited => ("the request was not sent because of a rate limit", "", ""),
            Self::Decode => ("the response cannot be decoded", "", ""),
            Self::Other => ("the HTTP exchange", " with ", " failed"),
        };
        match host {
            Some(host) if !link.is_empty() => format!("{before}{link}{host}{after}"),
            _ => format!("{before}{after}"),
        }
    }
}

/// The error of one HTTP exchange, as returned by a [`Transport`](super::Transport).
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    retry_after: Option<Duration>,
    source: Box<dyn StdError + Send + Sync>,
}

impl TransportError {
    /// Creates an error of `kind` with its cause.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            retry_after: None,
            source: source.into(),
        }
    }

    /// Sets the delay after which another attempt may succeed, for
    /// [`TransportErrorKind::RateLimited`]. The error of the call returns it as
    /// [`Error::retry_after`](crate::Error::retry_after). Default: none.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Returns the delay after which another attempt may succeed, if it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the point at which the exchange failed.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Joins the messages of the cause and of its own causes.
    pub(crate) fn source_text(&self) -> String {
        let causes = std::iter::successors(Some(&*self.source as &dyn StdError), |&cause| {
            cause.source()
        });
        causes
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    }

    pub(crate) fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        self.source
    }
}

/// Writes the kind of the failure, without the cause.
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.text(None))
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
