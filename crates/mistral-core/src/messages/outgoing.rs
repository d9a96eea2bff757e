//! Messages as they are sent: without what another host has added and left empty.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::content::Content;
use super::content_chunk::{
    AudioChunk, ContentChunk, DocumentUrlChunk, FileChunk, ImageUrl, ImageUrlChunk, ImageUrlUnion,
    ReferenceChunk, ResourceChunk, ResourceLinkChunk, TextChunk, ThinkChunk,
};
use super::message::{AssistantMessage, Message};
use super::tool::ToolReferenceChunk;
use super::tool_call::ToolCall;

/// The messages of a request.
///
/// Hosts add fields of their own to the messages of a model, such as `"refusal": null`. The API
/// rejects a history with unknown fields, so that those that say nothing are left out of the
/// messages of the model, and of all parts of them. Fields that say something are sent.
pub(crate) struct Outgoing<'a>(pub(crate) &'a [Message]);

impl<'a> Outgoing<'a> {
    // The derive passes a reference to the field.
    #[expect(clippy::ptr_arg)]
    pub(crate) fn of(messages: &'a Vec<Message>) -> Self {
        Self(messages)
    }
}

impl Serialize for Outgoing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.iter().any(has_empty_fields) {
            return self.without_empty_fields().serialize(serializer);
        }
        self.0.serialize(serializer)
    }
}

impl Outgoing<'_> {
    #[cold]
    fn without_empty_fields(&self) -> Vec<Cow<'_, Message>> {
        let cleaned = self.0.iter().map(|message| {
            let mut message = Cow::Borrowed(message);
            if has_empty_fields(&message)
                && let Message::Assistant(assistant) = message.to_mut()
            {
                clean_message(assistant);
            }
            message
        });
        cleaned.collect()
    }
}

/// Serializes messages as [`Outgoing`] does.
pub(crate) fn serialize<S: Serializer>(
    messages: &[Message],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Outgoing(messages).serialize(serializer)
}

/// Serializes conversations as [`Outgoing`] does their messages.
pub(crate) fn serialize_each<S: Serializer>(
    conversations: &[Vec<Message>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let conversations = conversations.iter().map(Outgoing::of);
    serializer.collect_seq(conversations)
}

/// Whether a field of another host says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn has_empty(extra: &Map<String, Value>) -> bool {
    !extra.is_empty() && extra.values().any(is_empty)
}

fn has_empty_fields(message: &Message) -> bool {
    let Message::Assistant(message) = message else {
        return false; // written by the program
    };
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    let chunks = message.content.as_ref().map_or(&[][..], Content::chunks);
    has_empty(&message.extra)
        || calls
            .iter()
            .any(|call| has_empty(&call.extra) || has_empty(&call.function.extra))
        || chunks.iter().any(chunk_has_empty)
}

fn chunk_has_empty(chunk: &ContentChunk) -> bool {
    let nested = match chunk {
        ContentChunk::Thinking(chunk) => chunk.thinking.iter().any(chunk_has_empty),
        ContentChunk::Resource(chunk) => chunk_has_empty(&chunk.content),
        ContentChunk::ImageUrl(ImageUrlChunk {
            image_url: ImageUrlUnion::Object(ImageUrl { extra, .. }),
            ..
        }) => has_empty(extra),
        _ => false,
    };
    nested || extra_of(chunk).is_some_and(has_empty)
}

pub(super) fn extra_of(chunk: &ContentChunk) -> Option<&Map<String, Value>> {
    match chunk {
        ContentChunk::Text(TextChunk { extra, .. })
        | ContentChunk::ImageUrl(ImageUrlChunk { extra, .. })
        | ContentChunk::DocumentUrl(DocumentUrlChunk { extra, .. })
        | ContentChunk::Reference(ReferenceChunk { extra, .. })
        | ContentChunk::File(FileChunk { extra, .. })
        | ContentChunk::Thinking(ThinkChunk { extra, .. })
        | ContentChunk::InputAudio(AudioChunk { extra, .. })
        | ContentChunk::Resource(ResourceChunk { extra, .. })
        | ContentChunk::ResourceLink(ResourceLinkChunk { extra, .. })
        | ContentChunk::ToolReference(ToolReferenceChunk { extra, .. }) => Some(extra),
        ContentChunk::Unknown(_) => None,
    }
}

fn clean(extra: &mut Map<String, Value>) {
    extra.retain(|_, value| !is_empty(value));
}

fn clean_message(message: &mut AssistantMessage) {
    clean(&mut message.extra);
    for ToolCall {
        function, extra, ..
    } in message.tool_calls.iter_mut().flatten()
    {
        clean(extra);
        clean(&mut function.extra);
    }
    if let Some(Content::Chunks(chunks)) = &mut message.content {
        chunks.iter_mut().for_each(clean_chunk);
    }
}

fn clean_chunk(chunk: &mut ContentChunk) {
    let extra = match chunk {
        ContentChunk::Text(TextChunk { extra, .. })
        | ContentChunk::DocumentUrl(DocumentUrlChunk { extra, .. })
        | ContentChunk::Reference(ReferenceChunk { extra, .. })
        | ContentChunk::File(FileChunk { extra, .. })
        | ContentChunk::InputAudio(AudioChunk { extra, .. })
        | ContentChunk::ResourceLink(ResourceLinkChunk { extra, .. })
        | ContentChunk::ToolReference(ToolReferenceChunk { extra, .. }) => extra,
        ContentChunk::ImageUrl(ImageUrlChunk {
            image_url, extra, ..
        }) => {
            if let ImageUrlUnion::Object(image) = image_url {
                clean(&mut image.extra);
            }
            extra
        }
        ContentChunk::Thinking(ThinkChunk {
            thinking, extra, ..
        }) => {
            thinking.iter_mut().for_each(clean_chunk);
            extra
        }
        ContentChunk::Resource(ResourceChunk { content, extra, .. }) => {
            clean_chunk(content);
            extra
        }
        ContentChunk::Unknown(_) => return,
    };
    clean(extra);
}
