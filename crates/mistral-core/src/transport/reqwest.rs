use std::sync::Arc;

use ::reqwest::Url;
use async_trait::async_trait;

use super::hyper::body::into_response;
use super::hyper::classify;
use super::hyper::request_body::{RequestBody, RequestState};
use super::{Body, RequestContext, Transport, TransportError, TransportErrorKind, current_runtime};

/// A [`Transport`] on a [`reqwest::Client`](::reqwest::Client) of the application.
///
/// The settings of that client apply: its proxies, certificates, connect timeout and redirect
/// policy. Disable its `retry` policy, because the SDK retries calls itself. HTTP upgrades are not
/// supported.
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
        current_runtime()?;
        let (request, upload) = into_reqwest(request)?;
        let response = self.0.execute(request).await.map_err(classify_error)?;
        if let (false, Some(UploadGuard(upload))) = (response.status().is_success(), &upload) {
            upload.pause();
        }
        let response = http::Response::<::reqwest::Body>::from(response);
        Ok(into_response(response, classify_error, upload))
    }
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
    let (head, body) = request.into_parts();
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
    classify::classify(error.without_url(), is_timeout, true)
}
