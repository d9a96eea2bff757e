//! Completions that are passed on as JSON: for gateways.

use std::any::Any;
use std::fmt;

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::chunk::CompletionChunk;
use super::events::ChunkState;
use super::response::ChatCompletionResponse;
use super::{COMPLETE, Chat, STREAM};
use crate::call::event_stream::EventStream;
use crate::call::stream_event::StreamEvent;
use crate::call::{Call, StreamCall};
use crate::error::{ApiError, DecodeError, Error, ErrorKind, Result, decode, locate};
use crate::json::JsonInput;
use crate::mode::Mode;
use crate::pipeline::request::ApiRequest;

impl<M: Mode> Chat<M> {
    /// Creates a chat completion from a request in JSON and returns the response as JSON, with all
    /// fields as the server sent them. Intended for gateways.
    ///
    /// `request` is an object as text, bytes or a [`Value`]. The call is routed by its `model`, and
    /// authenticated, retried and traced as [`complete`](Self::complete) is. Its
    /// [`with_response`](Call::with_response) also returns the bytes that were received, in
    /// [`raw_body`](crate::Response::raw_body).
    ///
    /// Mirrors `POST /v1/chat/completions`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`] before anything is sent if `request` is not a JSON object,
    /// or if its `stream` is `true`.
    #[doc = example!(r#"
use serde_json::json;

let request = json!({
    "model": "mistral-small-latest",
    "messages": [{ "role": "user", "content": "Who painted Olympia?" }],
});
let response = client.chat().complete_raw(&request).await?;
assert_eq!(response["choices"][0]["finish_reason"], "stop");
"#)]
    pub fn complete_raw(&self, request: impl JsonInput) -> Call<Value, M> {
        let request = ApiRequest::new(&COMPLETE).raw_json(request);
        self.client
            .call(request)
            .with_decoder(decode_raw::<ChatCompletionResponse>)
    }

    /// Creates a chat completion from a request in JSON and streams it as the server sends it.
    /// Intended for gateways.
    ///
    /// The request and the call are those of [`complete_raw`](Self::complete_raw), and
    /// `"stream": true` is added. The end marker `[DONE]` is not among the events.
    ///
    /// Mirrors `POST /v1/chat/completions` with `stream`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`] before anything is sent if `request` is not a JSON object,
    /// or if its `stream` is `false`.
    #[doc = example!(r##"
let request = r#"{
    "model": "mistral-small-latest",
    "messages": [{ "role": "user", "content": "Who painted Olympia?" }]
}"#;
let mut stream = client.chat().stream_raw(request).await?;
while let Some(chunk) = stream.next().await {
    println!("data: {}\n", chunk?);
}
let response = stream.collect_response().await?; // for its usage
# assert!(response.text().contains("Manet"));
"##)]
    pub fn stream_raw(&self, request: impl JsonInput) -> StreamCall<RawChunk, M> {
        let request = ApiRequest::new(&STREAM).raw_json(request);
        self.client.call_stream(request)
    }
}

/// Decodes a response that is passed on, unless it is an error with a status of success: one that
/// the typed call, with its response `T`, reports too.
pub(crate) fn decode_raw<T: DeserializeOwned>(json: &[u8]) -> Result<Value, DecodeError> {
    if ApiError::is_error_body(json) && decode::<T>(json).is_err() {
        return Err(locate(json, de::Error::custom("the response is an error")));
    }
    decode(json)
}

/// A chunk of a completion stream as the server sent it: JSON text.
///
/// [`Display`](fmt::Display) prints the text. See [`Chat::stream_raw`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawChunk(String);

impl RawChunk {
    /// Returns the JSON text: the data of the server-sent event.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Parses the text into a type of the caller, or into a [`Value`].
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if the text does not match `T`. The message names the path.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        decode(self.0.as_bytes()).map_err(|error| {
            let message = format!("the chunk does not match the type: {error}");
            Error::new(ErrorKind::Decode, message)
        })
    }
}

impl fmt::Display for RawChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for RawChunk {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RawChunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(json.get().to_owned()))
    }
}

/// Decodes each chunk for the end of the stream, the span and the partial response, and returns the
/// text.
impl StreamEvent for RawChunk {
    type State = ChunkState;

    const IS_MERGED: bool = true;

    fn decode(data: &str, state: &mut ChunkState) -> Result<Self, serde_json::Error> {
        CompletionChunk::decode(data, state)?;
        Ok(Self(data.to_owned()))
    }

    fn carries_nothing(event: &Map<String, Value>) -> bool {
        CompletionChunk::carries_nothing(event)
    }

    fn may_end(state: &ChunkState) -> bool {
        CompletionChunk::may_end(state)
    }

    fn is_complete(state: &ChunkState) -> bool {
        CompletionChunk::is_complete(state)
    }

    fn snapshot(state: &ChunkState) -> Option<Value> {
        CompletionChunk::snapshot(state)
    }

    fn partial(state: &ChunkState) -> Option<Box<dyn Any + Send + Sync>> {
        CompletionChunk::partial(state)
    }
}

impl EventStream<RawChunk> {
    /// Reads the rest of the stream and returns the whole response, merged from all chunks,
    /// including those that [`next`](EventStream::next) has already returned.
    ///
    /// # Errors
    /// Fails with the error that [`next`](EventStream::next) returns, or has returned. The error's
    /// [`partial`](crate::Error::partial) is the response merged up to that point.
    pub async fn collect_response(self) -> Result<ChatCompletionResponse> {
        Ok(self.read_to_end().await?.response())
    }
}
