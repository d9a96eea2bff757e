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
    stream(events.map(|data| format!("data: {data}\n\n")))
}

/// A response that sends the values as events named after their type; the last ends the stream.
pub(crate) fn named(values: &[Value]) -> Response {
    stream(values.iter().map(|value| {
        let name = value.get("type").and_then(Value::as_str);
        format!("event: {}\ndata: {value}\n\n", name.unwrap_or_default())
    }))
}

fn stream(events: impl Iterator<Item = String>) -> Response {
    let mut response = Response::new(Body::new(Events(events.map(Bytes::from).collect())));
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
