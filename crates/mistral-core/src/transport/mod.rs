//! The transport: the trait that performs HTTP exchanges, and its implementations.
//!
//! A [`Client`](crate::Client) builds and authenticates requests, and retries them. It hands every
//! attempt to a [`Transport`], which is independent of the API. The built-in one needs no setup; the
//! trait is public so that an application can bring its own HTTP stack or observe the exchanges.

mod body;
mod context;
mod debug;
mod error;
mod file;
mod file_chunks;
#[cfg(feature = "hyper")]
mod hyper;
pub(crate) mod media_type;
mod payload;
#[cfg(feature = "reqwest")]
mod reqwest;
mod runtime;
#[cfg(feature = "tower")]
mod service;
mod signature;
mod upgrade;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::body::Body;
pub(crate) use self::body::BodyCollector;
pub use self::context::RequestContext;
pub(crate) use self::context::RequestTarget;
pub(crate) use self::debug::{DebugTransport, is_debugging};
pub use self::error::{TransportError, TransportErrorKind};
pub use self::file::FileSource;
pub(crate) use self::file_chunks::run_blocking;
#[cfg(feature = "hyper")]
pub use self::hyper::{HyperTransport, HyperTransportBuilder, Resolver};
pub(crate) use self::payload::BodyFuture;
pub use self::payload::Payload;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::runtime::current_runtime;
#[cfg(feature = "tower")]
pub use self::service::{TowerTransport, TransportService};
pub use self::upgrade::{UpgradeResponse, Upgraded};

/// Performs HTTP exchanges for a [`Client`](crate::Client).
///
/// Implement it to use another HTTP stack, to wrap a transport with headers, metrics or logs, or
/// to answer requests in tests. [`HyperTransport`] is the built-in implementation,
/// [`ReqwestTransport`] wraps a `reqwest::Client`, [`TowerTransport`] a stack of tower layers, and
/// [`MockTransport`](crate::testing::MockTransport) answers from memory. Pass an implementation to
/// [`ClientBuilder::transport`](crate::ClientBuilder::transport).
///
/// # Contract
///
/// A transport sends the request as it is and returns the response as it is. The client does the
/// rest, so an implementation must not do it a second time:
///
/// * **Retries.** One call of [`send`](Self::send) is one exchange. On a failure, the client decides
///   by the [`TransportErrorKind`] whether another attempt is safe. An error that claims that the
///   request was not sent, although it was, may have a request billed twice.
/// * **Authentication.** The credentials are in the headers already. Headers that hold them are
///   marked as sensitive; a transport must not log them.
/// * **Statuses.** A response with any status is `Ok`, a `503` and a redirect included. `Err` means
///   that no usable response arrived.
/// * **Deadlines.** The client drops the future when a timeout expires. The connect timeout alone is
///   left to the transport: [`HyperTransport`] applies the client's, and another transport its own.
///
/// A response body must be returned as it arrives: a transport that collects it delays every event
/// of a stream. A body that ends before its `content-length` is an error of the body
/// ([`TransportErrorKind::Interrupted`]), not its end.
///
/// Every request has a [`RequestContext`] in its extensions, which names the operation, the model
/// and the attempt. The client calls a transport from many tasks at once.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use mistral_sdk::transport::{Body, RequestContext, Transport, TransportError};
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
///         let name = request.extensions().get::<RequestContext>().map(|context| context.name());
///         tracing::debug!(?name, "sending");
///         request.headers_mut().insert("x-team", http::HeaderValue::from_static("search"));
///         self.0.send(request).await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transport",
    label = "not a transport",
    note = "pass a `HyperTransport`, a `ReqwestTransport` (with the feature `reqwest`), or a type \
            that implements `Transport`"
)]
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and returns the response once its head has arrived.
    ///
    /// The body of the response is read afterwards, through the returned [`Body`]. Dropping the
    /// future, or the body before its end, cancels the exchange and frees its connection.
    ///
    /// # Errors
    /// Fails when no usable response arrived. The [`TransportErrorKind`] reports how far the
    /// exchange had come. A failure to read the request's own body is returned as the error that the
    /// body gave.
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError>;

    /// Sends an HTTP/1.1 upgrade `request` and returns the connection once the server has switched
    /// protocols.
    ///
    /// For protocols such as WebSocket; calls use [`send`](Self::send). A response with a status other than `101` is returned as [`UpgradeResponse::Refused`], not as an error.
    ///
    /// # Errors
    /// Fails as [`send`](Self::send) does. The default implementation always fails with
    /// [`TransportErrorKind::Config`], because supporting upgrades is optional. A wrapper must
    /// forward this method, or the operations that need it fail.
    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let _ = request;
        Err(TransportError::new(
            TransportErrorKind::Config,
            "this transport does not support HTTP upgrades: use `HyperTransport`, or implement \
             `Transport::upgrade`",
        ))
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        (**self).send(request).await
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        (**self).upgrade(request).await
    }
}
