use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::finish::{FinishReason, Logprobs};
use crate::json::__private::{lenient_object, next_key, scalar, value};
use crate::json::ApiObject;
use crate::json::wire::Text;
use crate::messages::{Content, ToolCall, UsageInfo};

/// A piece of a streamed answer. Mirrors the API's `CompletionChunk`.
///
/// Chunks of one stream share their `id`, `object` and `model` in memory.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CompletionChunk {
    /// The answer's id. Empty if the server gave none.
    pub id: Arc<str>,
    /// The kind of object: `chat.completion.chunk`. Empty if the server did not say.
    pub object: Arc<str>,
    /// When the answer was begun, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// The model that answers.
    pub model: Arc<str>,
    /// What is new, by choice. Empty in a chunk that brings the usage alone.
    pub choices: Vec<CompletionResponseStreamChoice>,
    /// What the call consumed: on one of the last chunks, and boxed for all the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Box<UsageInfo>>,
    /// Fields that this version of the SDK does not know, as they came. The server's
    /// padding (`p`) is left out.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl CompletionChunk {
    /// The new text of the first choice, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.choices.first().map_or("".into(), |choice| {
            choice
                .delta
                .content
                .as_ref()
                .map_or("".into(), Content::text)
        })
    }
}

/// What is new in one choice. Mirrors the API's `CompletionResponseStreamChoice`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionResponseStreamChoice {
    /// Which of the answers this is.
    #[api(default)]
    pub index: i64,
    /// What is new.
    #[api(default)]
    pub delta: DeltaMessage,
    /// Why the model stopped: on the choice's last chunk.
    pub finish_reason: Option<FinishReason>,
    /// The probabilities of the new tokens.
    #[api(lenient)]
    pub logprobs: Option<Logprobs>,
    /// The probabilities of the prompt's tokens.
    #[api(lenient)]
    pub prompt_logprobs: Option<Logprobs>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The new part of a message. Mirrors the API's `DeltaMessage`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct DeltaMessage {
    /// The message's role: on the first chunk.
    pub role: Option<String>,
    /// New text, or chunks.
    pub content: Option<Content>,
    /// New tool calls, or pieces of them.
    pub tool_calls: Option<Vec<ToolCall>>,
    /// Which message this is, where tools ran on the server.
    pub index: Option<i64>,
    /// The id of the call that this answers, where tools ran on the server.
    pub tool_call_id: Option<String>,
    /// Facts about the message, where tools ran on the server.
    #[api(lenient)]
    pub metadata: Option<Map<String, Value>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A chunk as it is read. Strings that every chunk repeats are borrowed, to be shared.
#[derive(Default)]
pub(super) struct RawChunk<'a> {
    id: Text<'a>,
    object: Text<'a>,
    created: Option<i64>,
    model: Text<'a>,
    choices: Option<Vec<CompletionResponseStreamChoice>>,
    usage: Option<Box<UsageInfo>>,
    extra: Map<String, Value>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawChunk<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawChunkVisitor)
    }
}

struct RawChunkVisitor;

impl<'de> Visitor<'de> for RawChunkVisitor {
    type Value = RawChunk<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawChunk<'de>, A::Error> {
        let mut chunk = RawChunk::default();
        while let Some(key) = next_key(&mut map)? {
            let extra = &mut chunk.extra;
            match &*key {
                "id" => chunk.id = value(&mut map)?,
                "object" => chunk.object = value(&mut map)?,
                "created" => chunk.created = scalar(&mut map, extra, "created", false)?,
                "model" => chunk.model = value(&mut map)?,
                "choices" => chunk.choices = value(&mut map)?,
                "usage" => {
                    let usage = lenient_object(&mut map, extra, "usage", false)?;
                    chunk.usage = usage.map(Box::new);
                }
                // Random text that hides how long the chunk is.
                "p" => drop(value::<_, IgnoredAny>(&mut map)?),
                _ => drop(extra.insert(key.into_owned(), value(&mut map)?)),
            }
        }
        Ok(chunk)
    }
}

impl RawChunk<'_> {
    /// Makes a chunk that shares with `last` what it repeats of it.
    pub(super) fn into_chunk<E: serde::de::Error>(
        self,
        last: &mut Shared,
    ) -> Result<CompletionChunk, E> {
        let is_error = self
            .extra
            .get("error")
            .is_some_and(|error| !error.is_null());
        let choices = match (self.choices, &self.usage) {
            (Some(choices), _) if !(choices.is_empty() && is_error) => choices,
            (None, Some(_)) if !is_error => Vec::new(),
            _ => return Err(E::missing_field("choices")),
        };
        Ok(CompletionChunk {
            id: share(&mut last.id, &self.id.0),
            object: share(&mut last.object, &self.object.0),
            created: self.created,
            model: share(&mut last.model, &self.model.0),
            choices,
            usage: self.usage,
            extra: self.extra,
        })
    }
}

impl<'de> Deserialize<'de> for CompletionChunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawChunk::deserialize(deserializer)?.into_chunk(&mut Shared::default())
    }
}

/// The strings of the last chunk.
#[derive(Debug, Default)]
pub(super) struct Shared {
    id: Arc<str>,
    object: Arc<str>,
    model: Arc<str>,
}

fn share(last: &mut Arc<str>, text: &str) -> Arc<str> {
    if **last != *text {
        *last = Arc::from(text);
    }
    Arc::clone(last)
}
