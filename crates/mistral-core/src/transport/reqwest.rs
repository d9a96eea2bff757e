use std::sync::Arc;

use ::reqwest::Url;
use async_trait::async_trait;
use http::header::USER_AGENT;

use super::hyper::body::into_response;
use super::hyper::classify;
use super::hyper::request_body::{RequestBody, RequestState};
use super::{Body, RequestContext, Transport, TransportError, TransportErrorKind, current_runtime};

/// A [`Transport`] on a [`reqwest::Client`](::reqwest::Client) of the application, of reqwest 0.13.
///
/// The settings of that client apply: its proxies, certificates, pool, connect timeout, default
/// headers and user agent. Three things differ from a client that is used directly:
///
/// * Redirects are not followed and requests are not retried; see [`new`](Self::new).
/// * Headers of the SDK take precedence over default headers of the same name, except for
///   `user-agent`: the SDK's name is not sent in place of that of reqwest. reqwest has none by
///   default. [`ClientBuilder::user_agent`](crate::ClientBuilder::user_agent) sets one for both.
/// * The connect timeout of the [`Client`](crate::Client) does not apply.
///
/// By default, reqwest sends the requests to loopback through the proxy in the environment, too.
/// HTTP upgrades are not supported.
///
/// ```
/// use mistral_sdk::transport::ReqwestTransport;
/// use mistral_sdk::{Client, MistralApi};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http = reqwest::Client::builder().user_agent("my-app/1.0").pool_max_idle_per_host(4);
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .transport(ReqwestTransport::new(http)?)
///     .build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
#[cfg(feature = "reqwest")]
#[derive(Debug, Clone)]
pub struct ReqwestTransport(::reqwest::Client);

#[cfg(feature = "reqwest")]
impl ReqwestTransport {
    /// Creates a transport with the settings of `builder`, except for its redirect and retry
    /// policies. Redirects are not followed and requests are not retried, because the SDK does both
    /// itself: reqwest sends the keys of most gateways, and prompts, to another origin.
    ///
    /// # Errors
    /// Fails when the client cannot be built, for example because TLS cannot be set up.
    pub fn new(builder: ::reqwest::ClientBuilder) -> Result<Self, TransportError> {
        let builder = builder
            .redirect(::reqwest::redirect::Policy::none())
            .retry(::reqwest::retry::never());
        let client = builder.build();
        client
            .map(Self)
            .map_err(|error| TransportError::new(TransportErrorKind::Config, error))
    }
}

/// Wraps a client that is built already, for example because the application shares its connection
/// pool. Prefer [`ReqwestTransport::new`].
///
/// Build it with `redirect(Policy::none())` and `retry(never())`. By default, reqwest follows
/// redirects to other origins and removes the `authorization` header alone: keys in headers such as
/// `api-key` are sent there, and so are prompts. A response that came from another origin is an
/// error, but only after the request was sent.
#[cfg(feature = "reqwest")]
impl From<::reqwest::Client> for ReqwestTransport {
    fn from(client: ::reqwest::Client) -> Self {
        Self(client)
    }
}

#[cfg(feature = "reqwest")]
#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        current_runtime()?;
        let (request, upload) = into_reqwest(request)?;
        let origin = request.url().origin();
        let response = self.0.execute(request).await.map_err(classify_error)?;
        if response.url().origin() != origin {
            return Err(redirected(response.url()));
        }
        if let (false, Some(UploadGuard(upload))) = (response.status().is_success(), &upload) {
            upload.pause();
        }
        let response = http::Response::<::reqwest::Body>::from(response);
        Ok(into_response(response, classify_error, upload))
    }
}

/// Creates the error for a client that followed a redirect to another origin.
#[cold]
fn redirected(url: &Url) -> TransportError {
    let message = format!(
        "the `reqwest::Client` followed a redirect to `{}`, another origin, where it may have sent \
         the key: create the transport with `ReqwestTransport::new`",
        url.origin().ascii_serialization()
    );
    TransportError::new(TransportErrorKind::Config, message)
}

/// Ends an upload when the response was read or the exchange is dropped.
struct UploadGuard(Arc<RequestState>);

impl Drop for UploadGuard {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn into_reqwest(
    request: http::Request<Body>,
) -> Result<(::reqwest::Request, Option<UploadGuard>), TransportError> {
    let mut upload = None;
    let (mut head, body) = request.into_parts();
    let context = head.extensions.get::<RequestContext>();
    if context.is_some_and(RequestContext::has_default_user_agent) {
        head.headers.remove(USER_AGENT); // so that reqwest adds its own
    }
    let url = match head.extensions.get::<RequestContext>() {
        // The URI is parsed again only if a wrapper has changed it.
        Some(context) if context.target.uri == head.uri => context.target.url.clone(),
        _ => Url::parse(&head.uri.to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::Other, error))?,
    };
    let mut converted = ::reqwest::Request::new(head.method, url);
    *converted.headers_mut() = head.headers;
    *converted.body_mut() = match body.into_bytes() {
        Ok(bytes) if bytes.is_empty() => None,
        Ok(bytes) => Some(bytes.into()), // reqwest cannot follow a redirect with a stream
        Err(stream) => {
            let body = RequestBody::new(stream);
            upload = Some(UploadGuard(body.state()));
            Some(::reqwest::Body::wrap(body))
        }
    };
    Ok((converted, upload))
}

fn classify_error(error: ::reqwest::Error) -> TransportError {
    if error.is_builder() {
        return TransportError::new(TransportErrorKind::Other, error);
    }
    let is_timeout = error.is_timeout();
    classify::classify(error.without_url(), is_timeout)
}
