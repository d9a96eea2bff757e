use std::borrow::Cow;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::reqwest::redirect::{Action, Attempt, Policy};
use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;
use url::Url;

use super::{Body, Operation, Transport, TransportError, TransportErrorKind};

/// How long an idle connection is kept. Shorter than the keep-alive of common servers
/// and load balancers (60 s), so that a request seldom meets a connection that closes.
const POOL_IDLE: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 10;
/// Connect time-outs that differ from the client's own need a pool each: no more than this.
const MAX_POOLS: usize = 8;
const PROXY_VARIABLES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
];

/// The built-in [`Transport`], backed by [`reqwest`](::reqwest).
///
/// It keeps one connection pool, follows redirects within the same origin only, and
/// honours the proxy variables of the environment (`HTTPS_PROXY`, `NO_PROXY`, …). Made
/// from a [`reqwest::Client`](::reqwest::Client) of your own, it takes over that
/// client's settings, connect time-out and redirect policy included.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    main: ::reqwest::Client,
    pools: Option<Arc<Pools>>,
}

/// Clients for calls whose connect time-out is not the main client's.
#[derive(Debug)]
struct Pools {
    connect_timeout: Duration,
    others: Mutex<Vec<(Duration, ::reqwest::Client)>>,
}

impl ReqwestTransport {
    /// Makes a transport with a connection pool of its own.
    ///
    /// # Errors
    /// Fails when TLS cannot be set up, for example when the feature
    /// `rustls-no-provider` is on and the application has installed no provider.
    pub fn new(connect_timeout: Duration) -> Result<Self, TransportError> {
        Ok(Self {
            main: build(connect_timeout)?,
            pools: Some(Arc::new(Pools {
                connect_timeout,
                others: Mutex::default(),
            })),
        })
    }

    fn client(
        &self,
        connect_timeout: Option<Duration>,
    ) -> Result<Cow<'_, ::reqwest::Client>, TransportError> {
        let (Some(pools), Some(wanted)) = (&self.pools, connect_timeout) else {
            return Ok(Cow::Borrowed(&self.main));
        };
        if wanted == pools.connect_timeout {
            return Ok(Cow::Borrowed(&self.main));
        }
        let mut others = pools.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = others.iter().find(|(timeout, _)| *timeout == wanted) {
            return Ok(Cow::Owned(client.clone()));
        }
        let client = build(wanted)?;
        if others.len() == MAX_POOLS {
            others.remove(0);
        }
        others.push((wanted, client.clone()));
        Ok(Cow::Owned(client))
    }
}

impl From<::reqwest::Client> for ReqwestTransport {
    fn from(client: ::reqwest::Client) -> Self {
        Self {
            main: client,
            pools: None,
        }
    }
}

fn build(connect_timeout: Duration) -> Result<::reqwest::Client, TransportError> {
    #[cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]
    if rustls_crate::crypto::CryptoProvider::get_default().is_none() {
        return Err(TransportError::new(
            TransportErrorKind::Other,
            "no rustls provider is installed: call `CryptoProvider::install_default` first, \
             or enable the `rustls` feature",
        ));
    }
    let mut client = ::reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(Policy::custom(same_origin_only))
        // The pipeline repeats, and counts; reqwest would copy every request for it.
        .retry(::reqwest::retry::never().max_retries_per_request(0));
    if !PROXY_VARIABLES.into_iter().any(is_set) {
        client = client.no_proxy(); // or reqwest would look for one at every request
    }
    client.build().map_err(classify)
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Follows a redirect only where the credentials are already known to be welcome.
fn same_origin_only(attempt: Attempt<'_>) -> Action {
    let stays = attempt
        .previous()
        .first()
        .is_some_and(|first| first.origin() == attempt.url().origin());
    if stays && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

impl ReqwestTransport {
    /// Everything up to the first wait. Apart and not inlined, so that neither the future
    /// nor the stack frame of each of its polls has room for all of it.
    #[inline(never)]
    fn start(
        &self,
        request: &mut http::Request<Body>,
    ) -> Result<
        impl Future<Output = ::reqwest::Result<::reqwest::Response>> + Send + use<>,
        TransportError,
    > {
        let operation = request.extensions().get::<Operation>();
        let url = match operation {
            // A wrapper may have changed the URI; only then is it parsed again.
            Some(operation) if is_same(&operation.target.uri, request.uri()) => {
                operation.target.url.clone()
            }
            _ => Url::parse(&request.uri().to_string())
                .map_err(|error| TransportError::new(TransportErrorKind::Other, error))?,
        };
        let client = self.client(operation.map(|operation| operation.connect_timeout))?;
        let mut outgoing = ::reqwest::Request::new(request.method().clone(), url);
        *outgoing.headers_mut() = std::mem::take(request.headers_mut());
        let body = std::mem::take(request.body_mut());
        if body.content_length() != Some(0) {
            *outgoing.body_mut() = Some(outgoing_body(body));
        }
        Ok(client.execute(outgoing))
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        mut request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let started = self.start(&mut request);
        drop(request);
        let response = started?.await.map_err(classify)?;
        Ok(incoming(response))
    }
}

#[inline(never)] // as with `start`
fn incoming(response: ::reqwest::Response) -> http::Response<Body> {
    http::Response::<::reqwest::Body>::from(response).map(|body| {
        let length = http_body::Body::size_hint(&body).exact();
        let body = Body::from_stream(Incoming(body));
        match length {
            Some(length) => body.with_content_length(length),
            None => body,
        }
    })
}

/// Whether two URIs are clones of each other, which is told by where their parts lie.
fn is_same(one: &http::Uri, other: &http::Uri) -> bool {
    let place = |uri: &http::Uri| {
        let authority = uri
            .authority()
            .map(|part| part.as_str().as_bytes().as_ptr_range());
        let path = uri
            .path_and_query()
            .map(|part| part.as_str().as_bytes().as_ptr_range());
        (authority, path)
    };
    one.scheme() == other.scheme() && place(one) == place(other)
}

fn outgoing_body(body: Body) -> ::reqwest::Body {
    let length = body.content_length();
    match body.into_bytes() {
        Ok(bytes) => bytes.into(), // as a stream it would lose its `content-length`
        Err(stream) => ::reqwest::Body::wrap(Outgoing {
            body: Mutex::new(stream),
            left: length,
        }),
    }
}

/// A streamed request body.
struct Outgoing {
    /// The mutex is never locked: it makes the stream `Sync`, as reqwest asks.
    body: Mutex<Body>,
    left: Option<u64>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let chunk = ready!(Pin::new(body).poll_next(cx));
        if let (Some(Ok(chunk)), Some(left)) = (&chunk, &mut self.left) {
            *left = left.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.left.map_or_else(
            http_body::SizeHint::default,
            http_body::SizeHint::with_exact,
        )
    }
}

/// A response body. Holds the body alone, so that the head can go while a stream is read.
struct Incoming(::reqwest::Body);

impl Stream for Incoming {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(http_body::Body::poll_frame(Pin::new(&mut self.0), cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    } // trailers carry nothing for us
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(classify(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}

fn classify(error: ::reqwest::Error) -> TransportError {
    // A body of our own that fails comes back wrapped: what it said first is what counts.
    let ours = causes(&error).find_map(|cause| cause.downcast_ref::<TransportError>());
    if let Some(ours) = ours {
        return TransportError::new(ours.kind(), ours.source_text());
    }
    let kind = match (error.is_connect(), error.is_timeout()) {
        (true, true) => TransportErrorKind::ConnectTimeout,
        (true, false) => TransportErrorKind::Connect,
        (false, true) => TransportErrorKind::Timeout,
        (false, false) if error.is_builder() => TransportErrorKind::Other,
        (false, false) if is_too_large(&error) => TransportErrorKind::TooLarge,
        (false, false) if is_unprocessed(&error) => TransportErrorKind::NotSent,
        (false, false) => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind, error.without_url())
}

/// Whether the server surely did nothing about the request: it was never written, or the
/// server said so in the words of HTTP/2 (RFC 9113, section 8.7).
fn is_unprocessed(error: &::reqwest::Error) -> bool {
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<hyper::Error>()
            && error.is_canceled()
        {
            return true;
        }
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            return error.is_remote()
                && match error.reason() {
                    Some(h2::Reason::NO_ERROR) => error.is_go_away(),
                    Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
                    _ => false,
                };
        }
    }
    false
}

fn is_too_large(error: &::reqwest::Error) -> bool {
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    // hyper has a method for it, but with its server's feature alone.
    causes.any(|error| error.is_parse() && error.to_string().contains("too large"))
}

fn causes(error: &::reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
