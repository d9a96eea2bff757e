//! Server-sent events, each of which is a frame of the body.

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

use crate::json_format::to_ordered_string;

/// Creates a response that streams the values as events and ends with `[DONE]`.
pub(crate) fn data_events(values: &[Value]) -> Response {
    let events = values.iter().map(to_ordered_string);
    let events = events.chain(std::iter::once("[DONE]".to_owned()));
    event_stream(events.map(|data| format!("data: {data}\n\n")))
}

/// Formats an event, whose data may have several lines.
pub(crate) fn data_event(data: &str) -> String {
    if data.contains('\n') {
        let lines = data.lines().map(|line| format!("data: {line}\n"));
        return lines.chain(std::iter::once("\n".to_owned())).collect();
    }
    format!("data: {data}\n\n")
}

/// Creates a response that streams the values as events that are named after their `type`.
pub(crate) fn named_events(values: &[Value]) -> Response {
    event_stream(values.iter().map(|value| {
        let name = value.get("type").and_then(Value::as_str);
        format!("event: {}\ndata: {value}\n\n", name.unwrap_or_default())
    }))
}

pub(crate) fn event_stream(events: impl Iterator<Item = String>) -> Response {
    let mut response = Response::new(Body::new(EventBody(events.map(Bytes::from).collect())));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    response
}

/// Creates a body of which each chunk is a frame.
pub(crate) fn chunked_body(chunks: impl IntoIterator<Item = Bytes>) -> Body {
    Body::new(EventBody(chunks.into_iter().collect()))
}

struct EventBody(VecDeque<Bytes>);

impl hyper::body::Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|event| Ok(Frame::data(event))))
    }
}
