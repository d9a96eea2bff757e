//! A transport whose answers lie in memory, so that what is counted is the SDK alone.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use mistral_sdk::{Body, Transport, TransportError};

use crate::answers::Scenario;

/// How much comes at once, as from a connection that is always ahead.
const PIECE: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Memory {
    content_type: HeaderValue,
    answer: Bytes,
}

impl Memory {
    pub(crate) fn new(scenario: Scenario, chunks: usize) -> Self {
        Self {
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
        let pieces = std::iter::from_fn(move || {
            let piece = rest.split_to(rest.len().min(PIECE));
            (!piece.is_empty()).then_some(Ok(piece))
        });
        let body = Body::from_stream(futures::stream::iter(pieces)).with_content_length(length);
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        Ok(response)
    }
}
