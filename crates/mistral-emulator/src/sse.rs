//! Event streams: one body frame per event.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use hyper::body::Frame;
use serde_json::Value;

/// A response that sends the values as events and then says that it is done.
pub(crate) fn response(values: &[Value]) -> Response {
    let events = values.iter().map(Value::to_string);
    let events = events.chain(std::iter::once("[DONE]".to_owned()));
    let frames = events
        .map(|data| Bytes::from(format!("data: {data}\n\n")))
        .collect();
    let mut response = Response::new(Body::new(Events(frames)));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    response
}

struct Events(VecDeque<Bytes>);

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|event| Ok(Frame::data(event))))
    }
}
