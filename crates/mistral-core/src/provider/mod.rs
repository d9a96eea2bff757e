//! The provider: the trait that maps operations to URLs and authenticates requests.
//!
//! A [`Client`](crate::Client) is created for one [`Provider`]. Everything that differs between the
//! services that host Mistral models is behind this trait: which operations exist, their URLs, the
//! names of models, and credentials. The rest of the module are parts to implement it with.

pub(crate) mod credentials;
mod operation;
mod route;
mod variables;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use http::HeaderMap;
use http::request::Parts;

use crate::error::{ApiError, Result};

pub use self::credentials::{InvalidSecret, Token, TokenCache, TokenSource, secret_header};
pub use self::operation::{Framing, Operation, RetrySafety};
pub use self::route::{Route, RouteRequest, parse_base_url};
pub use self::variables::{env_var, shown_path, shown_value, unquote};

/// Maps operations to URLs and authenticates requests, for one service that hosts Mistral models.
///
/// Implement it for a cloud, a gateway or a deployment that the SDK does not support. The crates
/// `mistral-api`, `mistral-aws`, `mistral-azure` and `mistral-gcp` implement it for Mistral's own API,
/// Amazon Bedrock, Azure AI and Google Vertex AI. Pass an implementation to
/// [`Client::new`](crate::Client::new) or [`Client::builder`](crate::Client::builder).
///
/// # Contract
///
/// The client calls the methods in this order:
///
/// 1. [`supports`](Self::supports). An operation that is not supported fails with
///    [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before anything is sent.
/// 2. [`prepare`](Self::prepare), only while [`is_prepared`](Self::is_prepared) returns `false`.
/// 3. [`route`](Self::route), unless the route of the same request is cached.
/// 4. [`authorize`](Self::authorize), before every attempt. After a `401` it is called once more,
///    with the headers that were rejected.
/// 5. [`sign`](Self::sign), before every exchange: each attempt and each redirect.
///
/// A provider sends no API requests, does not retry, and has no timeouts of its own: all waiting in
/// `prepare`, `authorize` and `sign` counts towards the deadline of the call, and the client drops
/// the future when it expires or the call is cancelled.
///
/// The client calls a provider from many tasks at once. An implementation with credentials that
/// expire caches them, so that concurrent calls do not fetch one each; [`TokenCache`] does that.
///
/// Secrets must not appear in `Debug` output, errors, spans or logs. Hold them as
/// [`SecretString`](secrecy::SecretString) or as a `HeaderValue` that is marked as sensitive;
/// [`secret_header`] creates one.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use http::{HeaderMap, HeaderValue};
/// use mistral_sdk::provider::{Operation, Provider, Route, RouteRequest};
/// use mistral_sdk::Result;
/// use url::Url;
///
/// /// A deployment that serves chat completions alone and authenticates with a fixed key.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a provider",
    label = "not a provider",
    note = "pass `MistralApi::new(key)?` (with the `?`), `MistralAzure`, `MistralBedrock` or `MistralGcp`, or \
            read the provider from the environment: `Client::from_env()?`"
)]
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// Returns a short name for errors and spans, for example `api`.
    fn name(&self) -> &'static str;

    /// Returns the `gen_ai.provider.name` of spans, preferably one of the well-known values of
    /// OpenTelemetry's semantic conventions. Default: `mistral_ai`, the value for Mistral's own API.
    fn otel_name(&self) -> &'static str {
        "mistral_ai"
    }

    /// Whether the service offers `operation`.
    ///
    /// A call of an operation that it does not offer fails before anything is sent. A service that
    /// offers whole groups compares [`Operation::group`].
    fn supports(&self, operation: &Operation) -> bool;

    /// Returns the URL for a request of a supported operation.
    ///
    /// The result must depend on `request` and on fixed settings alone, because routes are cached.
    /// [`RouteRequest::base_url`], if there is one, takes precedence over the provider's base URL.
    /// [`Route::join`] appends the path to a base URL.
    ///
    /// # Errors
    /// Fails when the request cannot be routed, for example because it has no model. The call then
    /// fails with this error and nothing is sent.
    fn route(&self, request: &RouteRequest<'_>) -> Result<Route>;

    /// Whether [`route`](Self::route) has all the information that it needs. Default: `true`.
    ///
    /// Checked before every call that is routed, so it should only read a flag.
    fn is_prepared(&self) -> bool {
        true
    }

    /// Obtains the information that [`route`](Self::route) needs and that requires I/O, for example
    /// the cloud project that this machine belongs to.
    ///
    /// Called before a call is routed while [`is_prepared`](Self::is_prepared) returns `false`.
    /// Concurrent calls may run it at the same time. Default: does nothing.
    ///
    /// # Errors
    /// Fails when the information is not available. The call then fails with this error, and the
    /// next call tries again.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Adds the credentials to `headers`. Called before every attempt, so that they have not expired.
    ///
    /// `headers` is empty. Every header that is added counts as a credential and is never sent to
    /// another origin. Mark headers that hold a secret as sensitive. Not called for a call on which
    /// the caller set an `authorization` header.
    ///
    /// After a `401`, `rejected` holds the headers that this method added for the rejected attempt.
    /// The provider must then discard these credentials and obtain others. If it adds the same
    /// headers again, the call fails with the `401`; otherwise the request is sent once more.
    ///
    /// # Errors
    /// Fails when no credentials can be obtained; create the error with [`Error::credentials`](crate::Error::credentials).
    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()>;

    /// Signs one exchange, for services that require a signature of the request itself, as AWS does
    /// (Signature Version 4).
    ///
    /// Called last, when the URL, the headers and the body are final: for every attempt, and again
    /// for every redirect. A header that holds a secret must be marked as sensitive. Default: does
    /// nothing.
    ///
    /// The future does the work when it is polled, as that of an `async fn` does: one that is
    /// dropped before is followed by another for the same exchange.
    ///
    /// # Errors
    /// Fails when the request cannot be signed; create the error with [`Error::credentials`](crate::Error::credentials).
    // Written out as `async_trait` does, except that the future of the default has no size: it
    // allocates nothing, and the pipeline tells by it that there is nothing to wait for.
    fn sign<'provider, 'parts, 'body, 'async_trait>(
        &'provider self,
        parts: &'parts mut Parts,
        body: SignedBody<'body>,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'provider: 'async_trait,
        'parts: 'async_trait,
        'body: 'async_trait,
        Self: 'async_trait,
    {
        let _ = (parts, body);
        Box::pin(Unsigned)
    }

    /// Returns advice about an error response, for example that a token needs another scope.
    ///
    /// One sentence without a full stop that starts in lower case. [`Error::hint`](crate::Error::hint)
    /// returns it in place of the SDK's own advice. Default: `None`.
    fn hint(&self, error: &ApiError) -> Option<&'static str> {
        let _ = error;
        None
    }
}

/// The future of [`Provider::sign`] where a provider does not sign.
struct Unsigned;

impl Future for Unsigned {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The body of a request that [`Provider::sign`] signs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum SignedBody<'a> {
    /// The whole body. Empty if the request has no body.
    Bytes(&'a [u8]),
    /// A body that is read while it is sent, so that no hash of it can be computed.
    Stream,
}
