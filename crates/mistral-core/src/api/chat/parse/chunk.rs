use std::any::Any;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::parsed::Parsed;
use crate::api::chat::CompletionChunk;
use crate::api::chat::events::ChunkState;
use crate::call::event_stream::{EventStream, StreamEvent};
use crate::error::Result;
use crate::json::partial::PartialJson;

/// Of a long answer, a value is read once it has grown by this fraction: reading it with every
/// chunk would take time by the square of its length.
const GROWTH: usize = 128;

/// A piece of a streamed answer, and the value as far as it has come.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParsedChunk<T> {
    /// The piece of the answer.
    pub chunk: CompletionChunk,
    /// The value so far, if it shows more than the one before: of the first choice, where the
    /// request asks for several.
    pub value: Option<T>,
}

/// Reads a chunk by itself, which has no value.
impl<'de, T> Deserialize<'de> for ParsedChunk<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let chunk = CompletionChunk::deserialize(deserializer)?;
        Ok(Self { chunk, value: None })
    }
}

/// What a stream has brought so far.
#[derive(Debug, Default)]
pub struct ParseState {
    chunks: ChunkState,
    json: PartialJson,
    /// How much of the text the last value shows.
    shown: usize,
}

impl ParseState {
    /// Adds the text of a chunk. Gives the value so far if there is a new one.
    fn add<T: DeserializeOwned>(&mut self, chunk: &CompletionChunk) -> Option<T> {
        let choice = chunk.choices.iter().find(|choice| choice.index == 0)?;
        let delta = &choice.delta;
        let is_of_tool = delta.tool_call_id.is_some() || delta.role.as_deref() == Some("tool");
        if let Some(content) = delta.content.as_ref().filter(|_| !is_of_tool) {
            self.json.push(&content.text());
        }
        if choice.finish_reason.is_some() {
            return serde_json::from_str(self.json.text()).ok();
        }
        let kept = self.json.kept();
        if kept <= self.shown + self.shown / GROWTH {
            return None;
        }
        self.shown = kept;
        serde_json::from_str(&self.json.completed()?).ok()
    }
}

impl<T: DeserializeOwned + Send + 'static> StreamEvent for ParsedChunk<T> {
    type State = ParseState;

    fn decode(data: &str, state: &mut ParseState) -> Result<Self, serde_json::Error> {
        let chunk = CompletionChunk::decode(data, &mut state.chunks)?;
        let value = state.add(&chunk);
        Ok(Self { chunk, value })
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

impl<T: DeserializeOwned + Send + 'static> EventStream<ParsedChunk<T>> {
    /// Reads the rest of the stream and gives the final value, with the whole answer.
    ///
    /// # Errors
    /// Fails as [`next`](EventStream::next) does, or has done, and as
    /// [`Chat::parse`](crate::api::chat::Chat::parse) does when the answer is no `T`. The error's
    /// [`partial`](crate::Error::partial) is the
    /// [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse) as far as it had come.
    pub async fn collect_parsed(self) -> Result<Parsed<T>> {
        let with_context = self.error_context();
        let state = self.read_to_end().await?;
        Parsed::of(state.chunks.into_response()).map_err(with_context)
    }
}
