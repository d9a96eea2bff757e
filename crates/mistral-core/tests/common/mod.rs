//! Helpers that the tests share: clients of a scripted mock, and the JSON of chat completions.

#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it
#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

pub mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, parse_base_url};
use mistral_core::testing::{MockChunk, MockReply, MockRequest, MockTransport};
use mistral_core::{Client, ClientBuilder, Result};

/// Creates a mock with these replies in a row. The last one is for every further request as well,
/// so that a test can count requests that should not have been sent.
pub fn scripted(replies: impl IntoIterator<Item = MockReply>) -> MockTransport {
    let mut replies: Vec<_> = replies.into_iter().collect();
    let last = replies.pop().map(MockReply::always);
    MockTransport::new().replies(replies.into_iter().chain(last))
}

/// Creates a client that sends its requests to `mock`.
pub fn client_with(mock: &MockTransport) -> Client {
    builder_with(mock).build().unwrap()
}

pub fn builder_with(mock: &MockTransport) -> ClientBuilder {
    Client::builder(Open).transport(mock.clone())
}

/// The only request that `mock` received.
pub fn only(mock: &MockTransport) -> MockRequest {
    let mut requests = mock.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// A reply with this body and the content type of JSON.
pub fn reply(status: u16, body: &str) -> MockReply {
    MockReply::bytes("application/json", [body.to_owned()]).with_status(status)
}

/// A reply with these chunks as an event stream.
pub fn sse(chunks: impl IntoIterator<Item = MockChunk>) -> MockReply {
    MockReply::bytes("text/event-stream; charset=utf-8", chunks)
}

pub fn bytes(text: impl Into<String>) -> MockChunk {
    MockChunk::Bytes(Bytes::from(text.into()))
}

/// A provider that offers every operation and needs no credentials.
#[derive(Debug)]
pub struct Open;

#[async_trait]
impl Provider for Open {
    fn name(&self) -> &'static str {
        "open"
    }

    fn supports(&self, operation: &Operation) -> bool {
        operation.path != "/v1/not-here"
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let base = parse_base_url("base", "http://server.test/prefix")?;
        Route::join(request.base_url.unwrap_or(&base), request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, _: &mut HeaderMap) -> Result<()> {
        Ok(())
    }
}

pub fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("hi")])
}

/// A whole chat completion with this text.
pub fn answer(text: &str) -> String {
    serde_json::json!({
        "id": "1", "object": "chat.completion", "model": "m",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": "stop",
        }],
    })
    .to_string()
}

/// One event of a streamed chat completion with this text.
pub fn event(text: &str) -> String {
    chunk(serde_json::json!({ "content": text }), None)
}

/// The event that finishes the first choice.
pub fn finish() -> String {
    chunk(serde_json::json!({ "content": "" }), Some("stop"))
}

pub fn chunk(delta: serde_json::Value, finish_reason: Option<&str>) -> String {
    let chunk = serde_json::json!({
        "id": "1", "object": "chat.completion.chunk", "model": "m", "created": 1,
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    });
    format!("data: {chunk}\n\n")
}

pub const DONE: &str = "data: [DONE]\n\n";
