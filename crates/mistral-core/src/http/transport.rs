use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use url::Url;

use super::Body;

/// Performs one HTTP exchange.
///
/// This is the seam for an HTTP stack of your own, for a wrapper that adds headers or
/// logs, for a mock, or for record and replay. An implementation neither retries nor
/// authenticates, and it does not turn a status into an error: a `503` is an `Ok`
/// response. `Err` means that no usable response arrived.
///
/// The request carries an [`Operation`] in its extensions, so that a wrapper can tell
/// calls apart.
///
/// ```
/// use async_trait::async_trait;
/// use mistral_core::{Body, Operation, Transport, TransportError};
///
/// /// Adds a header to every request of another transport.
/// #[derive(Debug)]
/// struct Tagged<T>(T);
///
/// #[async_trait]
/// impl<T: Transport> Transport for Tagged<T> {
///     async fn send(
///         &self,
///         mut request: http::Request<Body>,
///     ) -> Result<http::Response<Body>, TransportError> {
///         let name = request.extensions().get::<Operation>().map(|operation| operation.name());
///         tracing::debug!(?name, "sending");
///         request.headers_mut().insert("x-team", http::HeaderValue::from_static("search"));
///         self.0.send(request).await
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and returns once the head of the response has arrived.
    ///
    /// Dropping the returned future, or the response's body, gives the exchange up and
    /// frees its connection.
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        (**self).send(request).await
    }
}

/// Says which call an HTTP request belongs to.
///
/// Every request that reaches a [`Transport`] has one in its extensions.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(crate) name: Cow<'static, str>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) attempt: u32,
    #[cfg_attr(not(feature = "reqwest"), allow(dead_code))] // read by reqwest's transport
    pub(crate) target: Arc<Target>,
    #[cfg_attr(not(feature = "hyper"), allow(dead_code))] // read by the built-in transport
    pub(crate) connect_timeout: Duration,
    pub(crate) deadline: Option<tokio::time::Instant>,
}

/// The request's URI as the pipeline set it, and the URL that it was made of, so that a
/// transport need not parse it again.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) uri: http::Uri,
    pub(crate) url: Url,
}

impl Operation {
    /// The operation's name, for example `chat.complete`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model that the request names, if it names one.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Which attempt of the call this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the call gives this exchange up unless the head of its response has come: a
    /// transport that holds requests back need not hold them any longer.
    ///
    /// While a streamed body is sent the call waits longer.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.map(tokio::time::Instant::into_std)
    }
}

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
