//! A transport whose answers lie in memory, so that what is counted is the SDK alone.

use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use mistral_sdk::transport::{Body, Transport, TransportError};

use crate::answers::Scenario;

/// How much comes at once from a connection that is ahead.
const PIECE: usize = 64 * 1024;

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As from a connection that is always ahead.
    Ahead,
    /// Event by event, each of which has to be waited for.
    OneByOne,
}

#[derive(Debug)]
pub(crate) struct Memory {
    content_type: HeaderValue,
    answer: Bytes,
    pace: Pace,
}

impl Memory {
    pub(crate) fn new(scenario: Scenario, chunks: usize, pace: Pace) -> Self {
        Self {
            pace,
            content_type: HeaderValue::from_static(scenario.content_type()),
            answer: scenario.answer(chunks).into(),
        }
    }
}

#[async_trait]
impl Transport for Memory {
    async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
        let mut rest = self.answer.clone();
        let length = rest.len() as u64;
        let pace = self.pace;
        let mut is_waited_for = false;
        let pieces = futures::stream::poll_fn(move |cx| {
            is_waited_for = pace == Pace::OneByOne && !is_waited_for;
            if is_waited_for {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let end = match pace {
                Pace::Ahead => PIECE.min(rest.len()),
                Pace::OneByOne => end_of_event(&rest),
            };
            let piece = rest.split_to(end);
            Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
        });
        let body = Body::from_stream(pieces).with_content_length(length);
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        Ok(response)
    }
}

/// An event is one line and an empty one.
fn end_of_event(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 2)
}
