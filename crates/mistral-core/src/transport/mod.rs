//! The transport seam: one HTTP exchange, and the transports that perform it.

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
mod upgrade;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::body::Body;
pub(crate) use self::body::BodyCollector;
pub use self::context::RequestContext;
pub(crate) use self::context::Target;
pub(crate) use self::debug::{DebugTransport, is_debugging};
pub use self::error::{TransportError, TransportErrorKind};
pub use self::file::FileSource;
pub(crate) use self::file_chunks::blocking;
#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
pub(crate) use self::payload::BodyFuture;
pub use self::payload::Payload;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub use self::upgrade::{UpgradeResponse, Upgraded};

/// Performs one HTTP exchange.
///
/// This is the seam for an HTTP stack of your own, for a wrapper that adds headers or
/// logs, for a mock, or for record and replay. An implementation neither retries nor
/// authenticates, and it does not turn a status into an error: a `503` is an `Ok`
/// response. `Err` means that no usable response arrived.
///
/// The request carries an [`RequestContext`] in its extensions, so that a wrapper can tell
/// calls apart.
///
/// ```
/// use async_trait::async_trait;
/// use mistral_core::transport::{Body, RequestContext, Transport, TransportError};
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
///         let name = request.extensions().get::<RequestContext>().map(|operation| operation.name());
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

    /// Sends `request`, which asks to upgrade its connection, and returns the connection once
    /// the server has switched protocols.
    ///
    /// The default implementation fails: a transport need not support upgrades.
    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let _ = request;
        Err(TransportError::new(
            TransportErrorKind::Config,
            "this transport does not upgrade connections: use the built-in one, or implement \
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
