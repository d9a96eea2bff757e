use ::reqwest::Url;
use async_trait::async_trait;

use super::hyper::exchange::{self, Outgoing, incoming};
use super::{Body, RequestContext, Transport, TransportError, TransportErrorKind};

/// A [`Transport`] on a [`reqwest::Client`](::reqwest::Client) of your own.
///
/// That client's settings hold: its proxies, certificates, connect time-out and redirect
/// policy. Its `retry` policy is best switched off, for the SDK repeats calls itself.
///
/// ```
/// use mistral_core::transport::ReqwestTransport; // in `mistral_sdk` too
/// use mistral_sdk::{Client, MistralApi};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http = reqwest::Client::builder()
///     .redirect(reqwest::redirect::Policy::none())
///     .retry(reqwest::retry::never())
///     .build()?;
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .transport(ReqwestTransport::from(http))
///     .build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ReqwestTransport(::reqwest::Client);

impl From<::reqwest::Client> for ReqwestTransport {
    fn from(client: ::reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let response = self.0.execute(outgoing(request)?).await;
        let response = http::Response::<::reqwest::Body>::from(response.map_err(classify)?);
        Ok(incoming(response, classify))
    }
}

fn outgoing(request: http::Request<Body>) -> Result<::reqwest::Request, TransportError> {
    let (head, body) = request.into_parts();
    let url = match head.extensions.get::<RequestContext>() {
        // A wrapper may have changed the URI; only then is it parsed again.
        Some(operation) if operation.target.uri == head.uri => operation.target.url.clone(),
        _ => Url::parse(&head.uri.to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::Other, error))?,
    };
    let mut outgoing = ::reqwest::Request::new(head.method, url);
    *outgoing.headers_mut() = head.headers;
    *outgoing.body_mut() = match body.into_bytes() {
        Ok(bytes) if bytes.is_empty() => None,
        Ok(bytes) => Some(bytes.into()), // as a stream it could not follow a redirect
        Err(stream) => Some(::reqwest::Body::wrap(Outgoing::new(stream))),
    };
    Ok(outgoing)
}

fn classify(error: ::reqwest::Error) -> TransportError {
    if error.is_builder() {
        return TransportError::new(TransportErrorKind::Other, error);
    }
    let is_timeout = error.is_timeout();
    exchange::classify(error.without_url(), is_timeout, true)
}
