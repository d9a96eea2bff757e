//! How the events of a streamed answer are read.

use std::any::Any;

use super::chunk::{CompletionChunk, RawChunk, Shared};
use super::merge::Merge;
use super::repeat::Repeat;
use super::response::ChatCompletionResponse;
use crate::call::event_stream::StreamEvent;

/// What a stream of chunks has brought so far.
#[derive(Debug, Default)]
pub struct ChunkState {
    shared: Shared,
    repeat: Repeat,
    merge: Merge,
}

impl ChunkState {
    pub(in crate::api::chat) fn into_response(self) -> ChatCompletionResponse {
        self.merge.response()
    }
}

impl StreamEvent for CompletionChunk {
    type State = ChunkState;

    fn decode(data: &str, state: &mut ChunkState) -> Result<Self, serde_json::Error> {
        let chunk = match state.repeat.read(data) {
            Some(chunk) => chunk,
            None => {
                let raw: RawChunk<'_> = serde_json::from_str(data)?;
                let chunk = raw.into_chunk::<serde_json::Error>(&mut state.shared)?;
                state.repeat.learn(data, &chunk);
                chunk
            }
        };
        state.merge.add(&chunk);
        Ok(chunk)
    }

    fn may_end(state: &ChunkState) -> bool {
        Self::is_complete(state)
    }

    fn is_complete(state: &ChunkState) -> bool {
        state.merge.is_finished()
    }

    fn snapshot(state: &ChunkState) -> Option<serde_json::Value> {
        serde_json::to_value(state.merge.response()).ok()
    }

    fn partial(state: &ChunkState) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(state.merge.response()))
    }
}
