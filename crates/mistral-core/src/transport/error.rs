//! The failure of one HTTP exchange.

use std::error::Error as StdError;
use std::fmt;

/// Says at which point an exchange failed, and so whether it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection could be made: the request was never sent.
    Connect,
    /// No connection was made in time: the request was never sent.
    ConnectTimeout,
    /// A connection was made, but the server surely did not take the request.
    NotSent,
    /// Time ran out after the request may have been received.
    Timeout,
    /// The connection broke after the request may have been received.
    Interrupted,
    /// The head of the response is larger than this transport reads.
    TooLarge,
    /// The body of the request could not be read: a file or a reader of the caller's failed.
    RequestBody,
    /// The transport does not send this request, and its words say why and what to do: a mock
    /// without a reply, for instance. The call fails with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) and is not repeated.
    Config,
    /// The transport held the request back for the sake of a rate limit and did not send it, and
    /// its words say why. The call fails with
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) and is not repeated.
    RateLimited,
    /// The request or the response is not one that this transport can handle.
    Other,
}

impl TransportErrorKind {
    /// Whether the request surely never reached the server.
    pub fn is_not_sent(self) -> bool {
        matches!(self, Self::Connect | Self::ConnectTimeout | Self::NotSent)
    }
}

/// The failure of one HTTP exchange, as reported by a [`Transport`].
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

impl TransportError {
    /// Makes an error of `kind` with its cause.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// The point at which the exchange failed.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The cause with its own causes, in one line.
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

/// Prints what happened, without the cause.
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
            TransportErrorKind::ConnectTimeout => "could not connect in time",
            TransportErrorKind::NotSent => "the connection closed before the request was sent",
            TransportErrorKind::Timeout => "timed out",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::TooLarge => "the head of the response is too large",
            TransportErrorKind::RequestBody => "the body of the request cannot be read",
            TransportErrorKind::Config => "the transport does not send this request",
            TransportErrorKind::RateLimited => "the request was held back for a rate limit",
            TransportErrorKind::Other => "the HTTP exchange failed",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
