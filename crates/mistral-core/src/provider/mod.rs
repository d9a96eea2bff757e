//! The provider seam: where a service keeps the API's operations, and how to authenticate.

pub(crate) mod credentials;
mod operation;
mod route;

use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use http::request::Parts;

use crate::error::Result;

pub use self::credentials::{InvalidSecret, Token, TokenCache, TokenSource, secret_header};
pub use self::operation::{Framing, Operation, RetrySafety};
pub use self::route::{Route, RouteRequest, parse_base_url};

/// Knows where a place that serves Mistral models keeps its operations, and how to be
/// let in.
///
/// This is the seam for a cloud, a gateway or a deployment of your own; `mistral-api`
/// implements it for Mistral's own API.
///
/// ```
/// use async_trait::async_trait;
/// use http::{HeaderMap, HeaderValue};
/// use mistral_core::provider::{Operation, Provider, Route, RouteRequest};
/// use mistral_core::Result;
/// use url::Url;
///
/// /// A deployment that serves chat completions alone, under one fixed key.
/// #[derive(Debug)]
/// struct Deployment {
///     base_url: Url,
///     key: HeaderValue, // marked as sensitive
/// }
///
/// #[async_trait]
/// impl Provider for Deployment {
///     fn name(&self) -> &'static str {
///         "deployment"
///     }
///
///     fn supports(&self, operation: &Operation) -> bool {
///         operation.group() == "chat"
///     }
///
///     fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
///         Route::join(request.base_url.unwrap_or(&self.base_url), request.path)
///     }
///
///     async fn authorize(
///         &self,
///         _rejected: Option<&HeaderMap>,
///         headers: &mut HeaderMap,
///     ) -> Result<()> {
///         headers.insert("x-key", self.key.clone());
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// A short name for errors and spans, for example `api`.
    fn name(&self) -> &'static str;

    /// The `gen_ai.provider.name` of spans. OpenTelemetry's conventions name the well-known
    /// ones; the default is theirs for Mistral's own API.
    fn otel_name(&self) -> &'static str {
        "mistral_ai"
    }

    /// Whether this provider offers the operation.
    ///
    /// A call of one that it does not offer fails before anything is sent.
    fn supports(&self, operation: &Operation) -> bool;

    /// Says where to send a request of an operation that this provider supports.
    ///
    /// The same request must give the same route each time: routes are remembered.
    ///
    /// # Errors
    /// Fails when the request cannot be routed, for example for want of a model.
    fn route(&self, request: &RouteRequest<'_>) -> Result<Route>;

    /// Whether [`route`](Self::route) knows all that it needs. The default says so.
    fn is_prepared(&self) -> bool {
        true
    }

    /// Finds out what `route` needs and only the network can tell, for example which project
    /// this machine belongs to. Called before a call is routed, as long as
    /// [`is_prepared`](Self::is_prepared) says no.
    ///
    /// # Errors
    /// Fails when it cannot be found out; the call fails with that.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Adds credentials to `headers`. Called before every attempt, so that they are fresh.
    ///
    /// `rejected` holds the credentials of this call that came back with a 401. If the
    /// provider then gives the same ones again, the call ends with that 401.
    ///
    /// # Errors
    /// Fails when no credential can be obtained; see [`Error::credentials`].
    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()>;

    /// Signs one exchange, for services that want a signature over the request itself, as
    /// AWS does. Called last, when the URL, the headers and the body are final: for every
    /// attempt, and again for every redirect.
    ///
    /// A header that is added here must be marked as sensitive if it is a secret.
    ///
    /// # Errors
    /// Fails when the request cannot be signed; see [`Error::credentials`].
    async fn sign(&self, parts: &mut Parts, body: SignedBody<'_>) -> Result<()> {
        let _ = (parts, body);
        Ok(())
    }
}

/// The body of a request, as [`Provider::sign`] sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum SignedBody<'a> {
    /// The whole body. Empty if the request has none.
    Bytes(&'a [u8]),
    /// A body that is read while it is sent, so that nothing can be computed of it.
    Stream,
}
