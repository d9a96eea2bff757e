use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::finish::{FinishReason, Logprobs};
use crate::json::__private::{lenient_object, next_key, scalar, value};
use crate::json::ApiObject;
use crate::json::open_enum::optional_enum;
use crate::json::optional::{optional_number, optional_object};
use crate::json::placeholder::says_something;
use crate::json::text::text;
use crate::json::wire::{entry, extra_entries, optional_entry};
use crate::messages::{Content, ToolCall, UsageInfo, present_id, reasoning};

/// A chunk of a streamed response. Mirrors the API's `CompletionChunk`.
///
/// Chunks of one stream share the memory of their `id`, `object` and `model`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CompletionChunk {
    /// The response's id. Empty if the server sent none.
    pub id: Arc<str>,
    /// The object type: `chat.completion.chunk`. Empty if the server sent none.
    pub object: Arc<str>,
    /// The creation time of the response, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The model that generates the response.
    pub model: Arc<str>,
    /// The token usage of the call. Boxed, because only one of the last chunks has it.
    pub usage: Option<Box<UsageInfo>>,
    /// The new content of each choice. Empty in a chunk that carries only the usage.
    pub choices: Vec<CompletionResponseStreamChoice>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged. The padding of the server (`p`) is left out.
    pub extra: Map<String, Value>,
}

impl CompletionChunk {
    /// Returns the new text of the first choice, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.choices.first().map_or("".into(), |choice| {
            choice
                .delta
                .content
                .as_ref()
                .map_or("".into(), Content::text)
        })
    }

    /// Returns the new reasoning of the first choice. Empty if there is none. See
    /// [`DeltaMessage::thinking`].
    pub fn thinking(&self) -> Cow<'_, str> {
        let first = self.choices.first();
        first.map_or("".into(), |choice| choice.delta.thinking())
    }
}

/// The new content of one choice. Mirrors the API's `CompletionResponseStreamChoice`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionResponseStreamChoice {
    /// The index of the choice within the response.
    #[api(default, read_with = optional_number)]
    pub index: i64,
    /// The new part of the message.
    #[api(default, read_with = optional_object)]
    pub delta: DeltaMessage,
    /// The reason that the model stopped, in the choice's last chunk.
    #[api(read_with = optional_enum)]
    pub finish_reason: Option<FinishReason>,
    /// The log probabilities of the new tokens.
    #[api(lenient)]
    pub logprobs: Option<Logprobs>,
    /// The log probabilities of the prompt tokens.
    #[api(lenient)]
    pub prompt_logprobs: Option<Logprobs>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The new part of a message. Mirrors the API's `DeltaMessage`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct DeltaMessage {
    /// The message's role, in the first chunk.
    pub role: Option<String>,
    /// The new content: text, or content chunks.
    pub content: Option<Content>,
    /// The new tool calls, or fragments of them.
    pub tool_calls: Option<Vec<ToolCall>>,
    /// The index of the message within the turn, if tools ran on the server.
    pub index: Option<i64>,
    /// The id of the tool call that this message responds to, if tools ran on the server.
    pub tool_call_id: Option<String>,
    /// Metadata of the message, if tools ran on the server.
    #[api(lenient)]
    pub metadata: Option<Map<String, Value>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl DeltaMessage {
    /// Returns the new part of the reasoning, joined from all thinking chunks. Empty if there is
    /// none. Where other servers send it beside the content, as `reasoning_content` or
    /// `reasoning`, the text of that field is returned.
    pub fn thinking(&self) -> Cow<'_, str> {
        reasoning(self.content.as_ref(), &self.extra)
    }

    /// Whether the delta has neither text nor tool calls.
    fn is_empty(&self) -> bool {
        self.content.as_ref().is_none_or(Content::is_empty) && self.tool_calls.is_none()
    }

    /// Whether this is the message of a tool that ran on the server.
    pub(super) fn is_tool_message(&self) -> bool {
        present_id(self.tool_call_id.as_deref()).is_some() || self.role.as_deref() == Some("tool")
    }
}

/// A chunk whose repeated strings are still borrowed from the event, so that they can be
/// interned.
#[derive(Default)]
pub(super) struct RawChunk<'a> {
    id: Cow<'a, str>,
    object: Cow<'a, str>,
    created: Option<i64>,
    model: Cow<'a, str>,
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
                "id" => chunk.id = text(&mut map, extra, "id")?,
                "object" => chunk.object = text(&mut map, extra, "object")?,
                "created" => chunk.created = scalar(&mut map, extra, "created", false)?,
                "model" => chunk.model = text(&mut map, extra, "model")?,
                "choices" => chunk.choices = value(&mut map)?,
                "usage" => {
                    let usage = lenient_object(&mut map, extra, "usage", false)?;
                    chunk.usage = usage.map(Box::new);
                }
                // Random padding that hides the length of the chunk.
                "p" => drop(value::<_, IgnoredAny>(&mut map)?),
                _ => drop(extra.insert(key.into_owned(), value(&mut map)?)),
            }
        }
        Ok(chunk)
    }
}

impl RawChunk<'_> {
    /// Converts the raw chunk, reusing the strings that are equal to those of the previous
    /// chunk.
    pub(super) fn into_chunk<E: serde::de::Error>(
        self,
        previous: &mut InternedStrings,
    ) -> Result<CompletionChunk, E> {
        // A usage that could not be read is one as well.
        let has_usage = self.usage.is_some() || self.extra.contains_key("usage");
        let is_empty = self.choices.as_ref().is_none_or(Vec::is_empty);
        let message = (is_empty && !has_usage).then_some("message");
        let is_error = ["error", "errors", "detail"]
            .into_iter()
            .chain(message)
            .any(|name| self.extra.get(name).is_some_and(says_something));
        let choices = match self.choices {
            Some(choices) if has_part(&choices, is_error) => choices,
            None if has_usage && !is_error => Vec::new(),
            _ => return Err(E::missing_field("choices")),
        };
        Ok(CompletionChunk {
            id: intern(&mut previous.id, &self.id),
            object: intern(&mut previous.object, &self.object),
            created: self.created,
            model: intern(&mut previous.model, &self.model),
            choices,
            usage: self.usage,
            extra: self.extra,
        })
    }
}

/// Whether the choices are part of a response, and do not only say that it has failed.
#[inline]
fn has_part(choices: &[CompletionResponseStreamChoice], is_error: bool) -> bool {
    let has_failed =
        |choice: &CompletionResponseStreamChoice| choice.finish_reason == Some(FinishReason::Error);
    if is_error {
        return !choices.iter().all(has_failed);
    }
    let has_error = |choice: &CompletionResponseStreamChoice| {
        !choice.extra.is_empty()
            && choice.delta.is_empty()
            && choice.extra.get("error").is_some_and(says_something)
    };
    choices.is_empty() || !choices.iter().all(has_error)
}

impl<'de> Deserialize<'de> for CompletionChunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawChunk::deserialize(deserializer)?.into_chunk(&mut InternedStrings::default())
    }
}

impl Serialize for CompletionChunk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let extra = &self.extra;
        entry(&mut map, extra, "id", &self.id)?;
        entry(&mut map, extra, "object", &self.object)?;
        if let Some(created) = &self.created {
            optional_entry(&mut map, extra, "created", created)?;
        }
        entry(&mut map, extra, "model", &self.model)?;
        if let Some(usage) = &self.usage {
            optional_entry(&mut map, extra, "usage", usage)?;
        }
        entry(&mut map, extra, "choices", &self.choices)?;
        extra_entries(&mut map, extra)?;
        map.end()
    }
}

/// The strings of the previous chunk.
#[derive(Debug, Default)]
pub(super) struct InternedStrings {
    id: Arc<str>,
    object: Arc<str>,
    model: Arc<str>,
}

fn intern(previous: &mut Arc<str>, text: &str) -> Arc<str> {
    if **previous != *text {
        *previous = Arc::from(text);
    }
    Arc::clone(previous)
}
