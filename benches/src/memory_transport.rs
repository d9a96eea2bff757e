//! A transport with responses in memory, so that only the SDK is measured.

use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use mistral_sdk::transport::{Body, Transport, TransportError};

use crate::scenarios::Scenario;

/// The chunk size of a connection that never stalls.
const CHUNK: usize = 64 * 1024;

/// The arrival of a response's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// In full chunks, without a wait.
    Immediate,
    /// Event by event, each after a wait.
    OneByOne,
}

#[derive(Debug)]
pub(crate) struct MemoryTransport {
    content_type: HeaderValue,
    response: Bytes,
    pace: Pace,
}

impl MemoryTransport {
    pub(crate) fn new(scenario: Scenario, chunks: usize, pace: Pace) -> Self {
        Self {
            pace,
            content_type: HeaderValue::from_static(scenario.content_type()),
            response: scenario.response(chunks).into(),
        }
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
        let mut rest = self.response.clone();
        let length = rest.len() as u64;
        let pace = self.pace;
        let mut is_pending = false;
        let chunks = futures::stream::poll_fn(move |cx| {
            is_pending = pace == Pace::OneByOne && !is_pending;
            if is_pending {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let end = match pace {
                Pace::Immediate => CHUNK.min(rest.len()),
                Pace::OneByOne => end_of_event(&rest),
            };
            let chunk = rest.split_to(end);
            Poll::Ready((!chunk.is_empty()).then_some(Ok(chunk)))
        });
        let body = Body::from_stream(chunks).with_content_length(length);
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        Ok(response)
    }
}

/// Returns the end of the first event, which is one line and an empty line.
fn end_of_event(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 2)
}
