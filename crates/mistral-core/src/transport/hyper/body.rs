//! Bodies of requests and responses in the form that hyper and reqwest use.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;

use crate::transport::{Body, TransportError, TransportErrorKind};

/// The body of a request.
///
/// Boxed, because hyper allocates space for 32 requests per connection.
pub(in crate::transport) struct RequestBody {
    /// The mutex is never locked. It makes the stream `Sync`, which reqwest requires.
    body: Mutex<Body>,
    /// The number of bytes that have not been read yet, if it is known.
    remaining: Option<u64>,
    body_polled: BodyPolled,
}

/// Whether hyper has polled the body of a request, or the body is empty.
#[derive(Clone)]
pub(in crate::transport) struct BodyPolled(Arc<AtomicBool>);

impl BodyPolled {
    pub(in crate::transport) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    pub(in crate::transport) fn new(body: Body) -> Box<Self> {
        let remaining = body.content_length();
        Box::new(Self {
            remaining,
            body: Mutex::new(body),
            body_polled: BodyPolled(Arc::new(AtomicBool::new(remaining == Some(0)))),
        })
    }

    pub(in crate::transport) fn body_polled(&self) -> BodyPolled {
        self.body_polled.clone()
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        self.body_polled.0.store(true, Ordering::Relaxed);
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let chunk = ready!(Pin::new(body).poll_next(cx));
        if let (Some(Ok(chunk)), Some(remaining)) = (&chunk, &mut self.remaining) {
            *remaining = remaining.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == Some(0)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.remaining.map_or_else(
            http_body::SizeHint::default,
            http_body::SizeHint::with_exact,
        )
    }
}

/// Converts a response whose body is read from a connection.
#[inline(never)] // inlined, it would enlarge the stack frame of every poll
pub(in crate::transport) fn into_response<B>(
    response: http::Response<B>,
    classify: fn(B::Error) -> TransportError,
) -> http::Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    let is_http2 = response.version() == http::Version::HTTP_2;
    response.map(|body| {
        let length = body.size_hint().exact();
        let body = Body::from_stream(ResponseBody {
            body,
            classify,
            is_http2,
        });
        match length {
            Some(length) => body.with_content_length(length),
            None => body,
        }
    })
}

/// The body of a response without its head, which is dropped while a stream is read.
struct ResponseBody<B: http_body::Body> {
    body: B,
    classify: fn(B::Error) -> TransportError,
    is_http2: bool,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> ResponseBody<B> {
    fn end(&mut self) -> Option<Result<Bytes, TransportError>> {
        // hyper takes a stream that the server resets without an error for one that has ended.
        let is_cut = self.is_http2 && !self.body.is_end_stream();
        self.is_http2 = false; // reported once
        is_cut.then(|| Err(cut()))
    }

    #[cold]
    fn fail(&mut self, error: B::Error) -> TransportError {
        self.is_http2 = false;
        let error = (self.classify)(error);
        if error.kind().is_not_sent() {
            // The server has sent a head, so it has received the request.
            return TransportError::new(TransportErrorKind::Interrupted, error.into_source());
        }
        error
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Stream for ResponseBody<B> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    } // trailers are not used
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(self.fail(error)))),
                None => return Poll::Ready(self.end()),
            }
        }
    }
}

#[cold]
fn cut() -> TransportError {
    let message = "the server ended the stream before the end of the response";
    TransportError::new(TransportErrorKind::Interrupted, message)
}
