//! Streams of chat completion chunks.

use mistral_core::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_core::{Error, EventStream};
use serde_json::{Value, json};

use mistral_core::testing::MockChunk;

use crate::common::{DONE, bytes, client_with, question, scripted, sse};

pub(crate) async fn open(pieces: Vec<MockChunk>) -> EventStream<CompletionChunk> {
    let mock = scripted([sse(pieces)]);
    client_with(&mock).chat().stream(&question()).await.unwrap()
}

pub(crate) fn events(chunks: &[Value]) -> Vec<MockChunk> {
    let event = |chunk: &Value| bytes(format!("data: {chunk}\n\n"));
    chunks.iter().map(event).collect()
}

/// The response collected from a stream of these chunks and `[DONE]`.
pub(crate) async fn whole(chunks: &[Value]) -> ChatCompletionResponse {
    let mut pieces = events(chunks);
    pieces.push(bytes(DONE));
    open(pieces).await.collect_response().await.unwrap()
}

/// The error of a stream that ends with `end` in place of `[DONE]`.
pub(crate) async fn cut(chunks: &[Value], end: Vec<MockChunk>) -> Error {
    let pieces = [events(chunks), end].concat();
    open(pieces).await.collect_response().await.unwrap_err()
}

pub(crate) fn chunk(choices: Value) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": choices,
    })
}

/// A chunk with a delta of one choice.
pub(crate) fn new(index: i64, delta: Value, finish_reason: Option<&str>) -> Value {
    chunk(json!([{ "index": index, "delta": delta, "finish_reason": finish_reason }]))
}

pub(crate) fn first() -> Value {
    new(0, json!({ "role": "assistant", "content": "" }), None)
}

pub(crate) fn text(text: &str) -> Value {
    new(0, json!({ "content": text }), None)
}

pub(crate) fn last(reason: &str) -> Value {
    new(0, json!({ "content": "" }), Some(reason))
}

/// The chunks of a first choice: its beginning, these deltas, and its end.
pub(crate) fn choice(deltas: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let deltas = deltas.into_iter().map(|delta| new(0, delta, None));
    let mut chunks = vec![first()];
    chunks.extend(deltas);
    chunks.push(last("stop"));
    chunks
}

/// The first choice's message as JSON.
pub(crate) async fn message(deltas: impl IntoIterator<Item = Value>) -> Value {
    let response = whole(&choice(deltas)).await;
    serde_json::to_value(&response.choices[0].message).unwrap()
}
