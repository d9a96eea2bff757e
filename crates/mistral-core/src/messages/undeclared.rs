//! Roles, fields and values that the API does not declare for messages, and rejects.

use serde_json::{Map, Value};

use super::content::Content;
use super::content_chunk::{
    AudioChunk, ContentChunk, ImageDetail, ImageUrl, ImageUrlChunk, ImageUrlUnion, InputAudio,
};
use super::message::Message;
use super::outgoing::{extra_of, is_empty};
use super::tool::ToolType;
use super::tool_call::ToolCall;
use super::violation::MessageRule;

/// Reports the path of each, with the rule that it violates. The path of the whole message is empty.
#[inline]
pub(super) fn find_undeclared(message: &Message, report: &mut dyn FnMut(String, MessageRule)) {
    let is_of_model = matches!(message, Message::Assistant(_));
    let mut search = Search {
        report,
        is_of_model,
    };
    match message {
        Message::System(message) => {
            search.extra("", &message.extra);
            search.content(&message.content, |chunk| {
                matches!(chunk, ContentChunk::Text(_) | ContentChunk::Thinking(_))
            });
        }
        Message::User(message) => {
            search.extra("", &message.extra);
            search.content(&message.content, is_content);
        }
        Message::Assistant(message) => {
            search.extra("", &message.extra);
            if let Some(content) = &message.content {
                search.content(content, is_content);
            }
            let calls = message.tool_calls.iter().flatten();
            calls
                .enumerate()
                .for_each(|(at, call)| search.call(at, call));
        }
        Message::Tool(message) => {
            search.extra("", &message.extra);
            search.content(&message.content, is_content);
        }
        Message::Unknown(_) => match message.role() {
            "system" | "user" | "assistant" | "tool" => {
                (search.report)(String::new(), MessageRule::ValueIsValid);
            }
            _ => (search.report)("role".to_owned(), MessageRule::RoleIsKnown),
        },
    }
}

/// Whether a chunk can be in the content of a message.
#[inline]
fn is_content(chunk: &ContentChunk) -> bool {
    !matches!(
        chunk,
        ContentChunk::Unknown(_) | ContentChunk::ToolReference(_)
    )
}

/// Whether a chunk can be in reasoning.
#[inline]
fn is_thought(chunk: &ContentChunk) -> bool {
    matches!(
        chunk,
        ContentChunk::Text(_) | ContentChunk::Reference(_) | ContentChunk::ToolReference(_)
    )
}

/// Whether a chunk can be the content of a resource.
#[inline]
fn is_resource(chunk: &ContentChunk) -> bool {
    matches!(chunk, ContentChunk::Text(_) | ContentChunk::ImageUrl(_))
}

struct Search<'a> {
    report: &'a mut dyn FnMut(String, MessageRule),
    /// Whether empty fields are not sent.
    is_of_model: bool,
}

impl Search<'_> {
    #[inline]
    fn extra(&mut self, path: &str, extra: &Map<String, Value>) {
        let is_sent = |(_, value): &(&String, &Value)| !(self.is_of_model && is_empty(value));
        for (name, _) in extra.iter().filter(is_sent) {
            (self.report)(join(path, name), MessageRule::FieldIsKnown);
        }
    }

    #[inline]
    fn content(&mut self, content: &Content, is_allowed: fn(&ContentChunk) -> bool) {
        for (at, chunk) in content.chunks().iter().enumerate() {
            self.chunk(&format!("content[{at}]"), chunk, is_allowed);
        }
    }

    #[inline]
    fn chunk(&mut self, path: &str, chunk: &ContentChunk, is_allowed: fn(&ContentChunk) -> bool) {
        let mut invalid = |path: String| (self.report)(path, MessageRule::ValueIsValid);
        if !is_allowed(chunk) {
            return invalid(path.to_owned());
        }
        match chunk {
            ContentChunk::InputAudio(AudioChunk {
                input_audio: InputAudio::Object(_),
                ..
            }) => invalid(join(path, "input_audio")),
            ContentChunk::ImageUrl(ImageUrlChunk {
                image_url: ImageUrlUnion::Object(ImageUrl { detail, extra, .. }),
                ..
            }) => {
                let path = join(path, "image_url");
                if matches!(detail, Some(ImageDetail::Unknown(_))) {
                    invalid(join(&path, "detail"));
                }
                self.extra(&path, extra);
            }
            ContentChunk::Thinking(thinking) => {
                for (at, chunk) in thinking.thinking.iter().enumerate() {
                    self.chunk(&format!("{path}.thinking[{at}]"), chunk, is_thought);
                }
            }
            ContentChunk::Resource(resource) => {
                self.chunk(&join(path, "content"), &resource.content, is_resource);
            }
            _ => {}
        }
        if let Some(extra) = extra_of(chunk) {
            self.extra(path, extra);
        }
    }

    #[inline]
    fn call(&mut self, at: usize, call: &ToolCall) {
        let path = format!("tool_calls[{at}]");
        if matches!(call.kind, Some(ToolType::Unknown(_))) {
            (self.report)(join(&path, "type"), MessageRule::ValueIsValid);
        }
        self.extra(&path, &call.extra);
        self.extra(&join(&path, "function"), &call.function.extra);
    }
}

#[inline]
fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
