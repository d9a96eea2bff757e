//! Transports and tower services, each as the other.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tower_service::Service;

use super::{Body, Transport, TransportError, TransportErrorKind, current_runtime};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A [`Transport`] on a [`tower`](tower_service) service, such as a stack of layers of `tower-http`.
///
/// [`HyperTransport`](super::HyperTransport) is a service itself, so a layer is put around it, or
/// around another transport in a [`TransportService`]:
///
/// ```
/// use std::time::Duration;
/// use mistral_sdk::transport::{HyperTransport, TowerTransport};
/// use mistral_sdk::{Client, MistralApi};
/// use tower::ServiceBuilder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = ServiceBuilder::new()
///     .concurrency_limit(8)
///     .service(HyperTransport::new(Duration::from_secs(10))?);
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .transport(TowerTransport::new(service))
///     .build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
///
/// # Contract
///
/// Every request is sent on a clone of the service, once that clone is ready, so that limits and
/// load shedding apply. The time until then counts against the first-byte timeout of the call.
///
/// The client retries by itself, decides about redirects, and counts on the rules of [`Transport`]:
/// a stack must neither retry requests nor follow redirects to another origin, and must return the
/// body of a response as it arrives.
///
/// A [`TransportError`] among the causes of a service's error is returned as it is. Another error
/// counts as [`TransportErrorKind::NotSent`] if the service did not become ready, and as
/// [`TransportErrorKind::Interrupted`] otherwise, because the server may have received the request.
/// HTTP upgrades are not supported.
#[cfg(feature = "tower")]
pub struct TowerTransport<S>(Mutex<S>);

#[cfg(feature = "tower")]
impl<S> TowerTransport<S> {
    /// Creates a transport on `service`.
    pub fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }
}

#[cfg(feature = "tower")]
impl<S: Clone> TowerTransport<S> {
    /// The service need not be `Sync`: it is cloned for every request.
    fn service(&self) -> S {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(feature = "tower")]
impl<S: Clone> Clone for TowerTransport<S> {
    fn clone(&self) -> Self {
        Self::new(self.service())
    }
}

/// Writes the type of the service, which need not be `Debug`.
#[cfg(feature = "tower")]
impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TowerTransport")
            .field(&format_args!("{}", type_name::<S>()))
            .finish()
    }
}

#[cfg(feature = "tower")]
#[async_trait]
impl<S, B> Transport for TowerTransport<S>
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        current_runtime()?;
        let mut service = self.service();
        let ready = poll_fn(|cx| service.poll_ready(cx)).await;
        ready.map_err(|error| into_error(error.into(), TransportErrorKind::NotSent))?;
        let response = service.call(request).await;
        let response =
            response.map_err(|error| into_error(error.into(), TransportErrorKind::Interrupted))?;
        Ok(response.map(from_http_body))
    }
}

/// Converts the body of a response, whose trailers are dropped.
fn from_http_body<B>(body: B) -> Body
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let length = body.size_hint().exact();
    let body = Body::from_stream(DataStream(Box::pin(body)));
    match length {
        Some(length) => body.with_content_length(length),
        None => body,
    }
}

struct DataStream<B>(Pin<Box<B>>);

impl<B: HttpBody> Stream for DataStream<B>
where
    B::Error: Into<BoxError>,
{
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(self.0.as_mut().poll_frame(cx)) {
                None => None,
                Some(Err(error)) => {
                    let kind = TransportErrorKind::Interrupted;
                    Some(Err(into_error(error.into(), kind)))
                }
                Some(Ok(frame)) => match frame.into_data() {
                    // The bytes of a `Bytes` are not copied.
                    Ok(mut data) => Some(Ok(data.copy_to_bytes(data.remaining()))),
                    Err(_trailers) => continue,
                },
            });
        }
    }
}

/// Returns the [`TransportError`] that `error` is or is caused by, or else an error of `kind`.
#[cold]
fn into_error(error: BoxError, kind: TransportErrorKind) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(own) => return *own,
        Err(error) => error,
    };
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let own = causes.filter_map(|cause| cause.downcast_ref::<TransportError>());
    let kind = own.map(TransportError::kind).next().unwrap_or(kind);
    TransportError::new(kind, error)
}

/// A [`tower`](tower_service) service on a [`Transport`], for layers around it.
///
/// [`HyperTransport`](super::HyperTransport) and `ReqwestTransport` are services themselves.
///
/// ```
/// use mistral_sdk::testing::{MockReply, MockTransport};
/// use mistral_sdk::transport::{TowerTransport, TransportService};
/// use tower::ServiceBuilder;
///
/// let mock = MockTransport::new().reply(MockReply::chat("Because."));
/// let service = ServiceBuilder::new().concurrency_limit(1).service(TransportService::new(mock));
/// let transport = TowerTransport::new(service);
/// # let _ = transport;
/// ```
#[cfg(feature = "tower")]
#[derive(Debug)]
pub struct TransportService<T>(Arc<T>);

#[cfg(feature = "tower")]
impl<T: Transport> TransportService<T> {
    /// Creates a service on `transport`.
    pub fn new(transport: T) -> Self {
        Self(Arc::new(transport))
    }
}

#[cfg(feature = "tower")]
impl<T> Clone for TransportService<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The future of a transport that is called as a service.
type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Body>, TransportError>> + Send>>;

#[cfg(feature = "tower")]
impl<T: Transport> Service<http::Request<Body>> for TransportService<T> {
    type Response = http::Response<Body>;
    type Error = TransportError;
    type Future = Sending;

    /// A transport is always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Sending {
        let transport = Arc::clone(&self.0);
        Box::pin(async move { transport.send(request).await })
    }
}

macro_rules! transport_is_service {
    ($(#[$condition:meta] $transport:ty),+ $(,)?) => {$(
        #[cfg(feature = "tower")]
        #[$condition]
        impl Service<http::Request<Body>> for $transport {
            type Response = http::Response<Body>;
            type Error = TransportError;
            type Future = Sending;

            /// A transport is always ready.
            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Sending {
                let transport = self.clone();
                Box::pin(async move { transport.send(request).await })
            }
        }
    )+};
}

transport_is_service! {
    #[cfg(feature = "hyper")] super::HyperTransport,
    #[cfg(feature = "reqwest")] super::ReqwestTransport,
}

/// The body of a request, as layers and other HTTP libraries read it.
#[cfg(feature = "tower")]
impl HttpBody for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let chunk = self.poll_next(cx);
        chunk.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes().is_some_and(<[u8]>::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.content_length()
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
