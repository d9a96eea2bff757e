//! Decoding of the events of a chat completion stream.

use std::any::Any;

use serde_json::{Map, Value};

use super::adopt;
use super::chunk::{CompletionChunk, InternedStrings, RawChunk};
use super::merge::ChunkMerger;
use super::response::ChatCompletionResponse;
use super::template::ChunkTemplate;
use crate::call::stream_event::StreamEvent;
use crate::json::placeholder::says_something;

/// The state of a chunk stream: the template of its chunks and the response merged so far.
#[derive(Debug, Default)]
pub struct ChunkState {
    strings: InternedStrings,
    template: ChunkTemplate,
    merged: ChunkMerger,
    /// Whether the text of a choice without a delta has been read.
    has_adopted: bool,
}

impl ChunkState {
    /// Returns the response merged so far.
    pub(in crate::api::chat) fn response(&self) -> ChatCompletionResponse {
        self.merged.response()
    }

    /// Reads the text of choices without a delta, unless deltas came before: it is then the whole
    /// message.
    #[cold]
    fn adopt_deltas(&mut self, data: &str, chunk: &mut CompletionChunk) {
        let document: Value = serde_json::from_str(data).unwrap_or_default();
        let choices = document.get("choices").and_then(Value::as_array);
        for (choice, json) in chunk.choices.iter_mut().zip(choices.into_iter().flatten()) {
            let may_adopt = self.has_adopted || !self.merged.has_content(choice.index);
            if may_adopt && adopt::adopt_delta(choice, json) {
                if !self.has_adopted {
                    adopt::report();
                }
                self.has_adopted = true;
            }
        }
    }
}

impl StreamEvent for CompletionChunk {
    type State = ChunkState;

    const IS_MERGED: bool = true;

    fn decode(data: &str, state: &mut ChunkState) -> Result<Self, serde_json::Error> {
        let chunk = match state.template.decode(data) {
            Some(chunk) => chunk,
            None => {
                let raw: RawChunk<'_> = serde_json::from_str(data)?;
                let mut chunk = raw.into_chunk::<serde_json::Error>(&mut state.strings)?;
                if chunk.choices.iter().any(adopt::may_have_text_elsewhere) {
                    state.adopt_deltas(data, &mut chunk);
                }
                state.template.update(data, &chunk);
                chunk
            }
        };
        state.merged.add(&chunk);
        Ok(chunk)
    }

    fn carries_nothing(event: &Map<String, Value>) -> bool {
        !event.get("choices").is_some_and(says_something)
    }

    fn may_end(state: &ChunkState) -> bool {
        Self::is_complete(state)
    }

    fn is_complete(state: &ChunkState) -> bool {
        state.merged.is_finished()
    }

    fn snapshot(state: &ChunkState) -> Option<serde_json::Value> {
        serde_json::to_value(state.merged.response()).ok()
    }

    fn partial(state: &ChunkState) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(state.merged.response()))
    }
}
