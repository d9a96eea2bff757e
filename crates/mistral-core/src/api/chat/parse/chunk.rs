use std::any::Any;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use super::parsed::Parsed;
use crate::api::chat::CompletionChunk;
use crate::api::chat::events::ChunkState;
use crate::call::event_stream::EventStream;
use crate::call::stream_event::StreamEvent;
use crate::error::Result;
use crate::json::partial::PartialJson;

/// The divisor of the growth after which a long text is parsed again: 1/128 of its length.
/// Parsing it with every chunk would take quadratic time.
const GROWTH_DIVISOR: usize = 128;

/// A chunk of a streamed response, with the value parsed so far.
#[cfg(feature = "schemars")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParsedChunk<T> {
    /// The chunk of the response.
    pub chunk: CompletionChunk,
    /// The value parsed so far, if it has more content than the previous one. If the request
    /// asks for several choices, the value is that of the first.
    pub value: Option<T>,
}

/// Decodes a single chunk, without a value.
#[cfg(feature = "schemars")]
impl<'de, T> Deserialize<'de> for ParsedChunk<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let chunk = CompletionChunk::deserialize(deserializer)?;
        Ok(Self { chunk, value: None })
    }
}

/// The state of a stream of parsed chunks.
#[cfg(feature = "schemars")]
#[derive(Debug, Default)]
pub struct ParseState {
    chunks: ChunkState,
    json: PartialJson,
    /// The length of the text that the last value was parsed from.
    parsed_len: usize,
}

#[cfg(feature = "schemars")]
impl ParseState {
    /// Adds the text of a chunk. Returns the value parsed so far if it has new content.
    fn add<T: DeserializeOwned>(&mut self, chunk: &CompletionChunk) -> Option<T> {
        let choice = chunk.choices.iter().find(|choice| choice.index == 0)?;
        let delta = &choice.delta;
        if let Some(content) = delta.content.as_ref().filter(|_| !delta.is_tool_message()) {
            self.json.push(&content.text());
        }
        if choice.finish_reason.is_some() {
            return serde_json::from_str(self.json.text()).ok();
        }
        let len = self.json.complete_len();
        if len <= self.parsed_len + self.parsed_len / GROWTH_DIVISOR {
            return None;
        }
        self.parsed_len = len;
        serde_json::from_str(&self.json.complete()?).ok()
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + Send + 'static> StreamEvent for ParsedChunk<T> {
    type State = ParseState;

    const IS_MERGED: bool = true;

    fn decode(data: &str, state: &mut ParseState) -> Result<Self, serde_json::Error> {
        let chunk = CompletionChunk::decode(data, &mut state.chunks)?;
        let value = state.add(&chunk);
        Ok(Self { chunk, value })
    }

    fn carries_nothing(event: &Map<String, Value>) -> bool {
        CompletionChunk::carries_nothing(event)
    }

    fn may_end(state: &ParseState) -> bool {
        CompletionChunk::may_end(&state.chunks)
    }

    fn is_complete(state: &ParseState) -> bool {
        CompletionChunk::is_complete(&state.chunks)
    }

    fn snapshot(state: &ParseState) -> Option<serde_json::Value> {
        CompletionChunk::snapshot(&state.chunks)
    }

    fn partial(state: &ParseState) -> Option<Box<dyn Any + Send + Sync>> {
        CompletionChunk::partial(&state.chunks)
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + Send + 'static> EventStream<ParsedChunk<T>> {
    /// Reads the rest of the stream and returns the final value, with the whole response.
    ///
    /// # Errors
    /// Fails with the error that [`next`](EventStream::next) returns, or has returned, and as
    /// [`Chat::parse`](crate::api::chat::Chat::parse) does if the response is not a `T`. The
    /// error's [`partial`](crate::Error::partial) is the
    /// [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse) merged up to that
    /// point.
    pub async fn collect_parsed(self) -> Result<Parsed<T>> {
        let with_context = self.error_context();
        let state = self.read_to_end().await?;
        Parsed::from_response(state.chunks.into_response()).map_err(with_context)
    }
}
