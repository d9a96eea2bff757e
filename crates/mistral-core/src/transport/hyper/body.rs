//! Bodies of responses of hyper and reqwest.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::transport::{Body, TransportError, TransportErrorKind};

/// Converts a response whose body is read from a connection. `guard` is dropped once the body has
/// ended or is dropped.
#[inline(never)] // inlined, it would enlarge the stack frame of every poll
pub(in crate::transport) fn into_response<B, G>(
    response: http::Response<B>,
    classify: fn(B::Error) -> TransportError,
    guard: G,
) -> http::Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    G: Send + Unpin + 'static,
{
    let is_http2 = response.version() == http::Version::HTTP_2;
    response.map(|body| {
        let length = body.size_hint().exact();
        let body = Body::from_stream(ResponseBody {
            body,
            classify,
            is_http2,
            guard: Some(guard),
        });
        match length {
            Some(length) => body.with_content_length(length),
            None => body,
        }
    })
}

/// The body of a response without its head, which is dropped while a stream is read.
struct ResponseBody<B: http_body::Body, G> {
    body: B,
    classify: fn(B::Error) -> TransportError,
    is_http2: bool,
    guard: Option<G>,
}

impl<B: http_body::Body<Data = Bytes> + Unpin, G: Unpin> ResponseBody<B, G> {
    fn end(&mut self) -> Option<Result<Bytes, TransportError>> {
        self.guard = None;
        // hyper takes a stream that the server resets without an error for one that has ended.
        let is_cut = self.is_http2 && !self.body.is_end_stream();
        self.is_http2 = false; // reported once
        is_cut.then(|| Err(cut()))
    }

    #[cold]
    fn fail(&mut self, error: B::Error) -> TransportError {
        self.guard = None;
        self.is_http2 = false;
        let error = (self.classify)(error);
        if error.kind().is_not_sent() {
            // The server has sent a head, so it has received the request.
            return TransportError::new(TransportErrorKind::Interrupted, error.into_source());
        }
        error
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin, G: Unpin> Stream for ResponseBody<B, G> {
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
