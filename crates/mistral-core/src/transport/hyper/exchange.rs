//! What the transports on hyper share: bodies on their way, and what a failure means.

use std::error::Error as StdError;
use std::io;
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
/// Boxed by those who use it: hyper keeps room for 32 requests per connection.
pub(in crate::transport) struct Outgoing {
    /// The mutex is never locked: it makes the stream `Sync`, as reqwest asks.
    body: Mutex<Body>,
    left: Option<u64>,
    body_polled: BodyPolled,
}

/// Whether a body that is there has been asked for, or there is none to ask for.
#[derive(Clone)]
pub(in crate::transport) struct BodyPolled(Arc<AtomicBool>);

impl BodyPolled {
    pub(in crate::transport) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Outgoing {
    pub(in crate::transport) fn new(body: Body) -> Box<Self> {
        let left = body.content_length();
        Box::new(Self {
            left,
            body: Mutex::new(body),
            body_polled: BodyPolled(Arc::new(AtomicBool::new(left == Some(0)))),
        })
    }

    pub(in crate::transport) fn body_polled(&self) -> BodyPolled {
        self.body_polled.clone()
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        self.body_polled.0.store(true, Ordering::Relaxed);
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let chunk = ready!(Pin::new(body).poll_next(cx));
        if let (Some(Ok(chunk)), Some(left)) = (&chunk, &mut self.left) {
            *left = left.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.left.map_or_else(
            http_body::SizeHint::default,
            http_body::SizeHint::with_exact,
        )
    }
}

/// A response whose body is read from a connection.
#[inline(never)] // it would widen the stack frame of every poll
pub(in crate::transport) fn incoming<B>(
    response: http::Response<B>,
    classify: fn(B::Error) -> TransportError,
) -> http::Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    response.map(|body| {
        let length = body.size_hint().exact();
        let body = Body::from_stream(Incoming { body, classify });
        match length {
            Some(length) => body.with_content_length(length),
            None => body,
        }
    })
}

/// The body of a response, alone, so that the head can go while a stream is read.
struct Incoming<B: http_body::Body> {
    body: B,
    classify: fn(B::Error) -> TransportError,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Stream for Incoming<B> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    } // trailers carry nothing for us
                }
                Some(Err(error)) => return Poll::Ready(Some(Err((self.classify)(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Says at which point an exchange failed, by the causes of its error.
///
/// That a server leaves says of its requests only what their bodies confirm (`body_polled`): hyper
/// tells it of a request that it is just handing over, too, which another thread may have sent,
/// and the server have answered. It asks for the body after that.
#[cold]
pub(in crate::transport) fn classify(
    error: impl StdError + Send + Sync + 'static,
    is_timeout: bool,
    body_polled: bool,
) -> TransportError {
    // What of our own fails comes back wrapped, a body for example: what it said counts.
    let ours = causes(&error).find_map(|cause| cause.downcast_ref::<TransportError>());
    if let Some(ours) = ours {
        return TransportError::new(ours.kind(), ours.source_text());
    }
    let kind = match (is_connect(&error), is_timeout) {
        (true, true) => TransportErrorKind::ConnectTimeout,
        (true, false) => TransportErrorKind::Connect,
        (false, _) if is_too_large(&error) => TransportErrorKind::TooLarge,
        (false, _) if is_unprocessed(&error, body_polled) => TransportErrorKind::NotSent,
        (false, true) => TransportErrorKind::Timeout,
        (false, false) => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind, error)
}

fn is_connect(error: &(dyn StdError + 'static)) -> bool {
    use hyper_util::client::legacy::Error;
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<Error>());
    causes.any(Error::is_connect)
}

pub(in crate::transport) fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// Whether the server surely did nothing about the request: it was never written, or the
/// server said so in the words of HTTP/2 (RFC 9113, section 8.7).
fn is_unprocessed(error: &(dyn StdError + 'static), body_polled: bool) -> bool {
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<::hyper::Error>()
            && error.is_canceled()
        {
            return true;
        }
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            return error.is_remote()
                && match error.reason() {
                    Some(h2::Reason::NO_ERROR) => error.is_go_away() && body_polled,
                    Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
                    _ => false,
                };
        }
    }
    false
}

fn is_too_large(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<::hyper::Error>());
    // hyper has a method for it, but with its server's feature alone.
    causes.any(|error| error.is_parse() && error.to_string().contains("too large"))
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}
