//! Streams whose events are sent with a delay between them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header;
use hyper::body::Frame;
use tokio::time::{Instant, Sleep};

/// Marks a response whose events are delayed, as an extension.
#[derive(Debug, Clone, Copy)]
struct Paced;

/// Delays each event but the first, if the response is a stream and has no delay yet.
pub(super) fn delay_events(mut response: Response, delay: Duration) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_stream = content_type.is_some_and(|value| {
        let streams = ["text/event-stream", "application/x-ndjson"];
        streams
            .iter()
            .any(|stream| value.as_bytes().starts_with(stream.as_bytes()))
    });
    let is_paced = response.extensions().get::<Paced>().is_some();
    if delay.is_zero() || !is_stream || is_paced {
        return response;
    }
    response.extensions_mut().insert(Paced);
    response.map(|inner| {
        Body::new(PacedBody {
            inner,
            delay,
            next: None,
        })
    })
}

struct PacedBody {
    inner: Body,
    delay: Duration,
    /// The time of the next event. `None` before the first one.
    next: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(next) = &mut self.next {
            ready!(next.as_mut().poll(context));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let delay = self.delay;
        match &mut self.next {
            None => self.next = Some(Box::pin(tokio::time::sleep(delay))),
            Some(next) => {
                // Counted from when this event was due, so that delays do not add up.
                let now = Instant::now();
                let due = next.deadline() + delay;
                next.as_mut().reset(due.max(now));
            }
        }
        Poll::Ready(frame)
    }
}
