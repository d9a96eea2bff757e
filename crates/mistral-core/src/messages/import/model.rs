//! Messages of the model: their text, reasoning and tool calls.

use serde_json::{Map, Value, json};

use super::content;
use super::fields::Fields;
use crate::messages::change::ChangeLog;
use crate::messages::content::Content;
use crate::messages::content_chunk::{ContentChunk, ThinkChunk};
use crate::messages::message::{AssistantMessage, REASONING_FIELDS};
use crate::messages::tool_call::{Arguments, ToolCall};

const TEXT: &str = "it is a text of the content";

#[inline]
pub(super) fn assistant(fields: &mut Fields, log: &mut ChangeLog) -> AssistantMessage {
    let has_content = fields.has("content");
    let mut content = has_content.then(|| content::take(fields, "content", log));
    if let Some(refusal) = fields.take_text("refusal").filter(|text| !text.is_empty()) {
        log.converted("refusal", refusal.as_str().into(), TEXT);
        append(&mut content, &refusal);
    }
    if let Some(audio) = fields.take_object("audio") {
        spoken(&mut content, audio, log);
    }
    let mut imported = None;
    for name in REASONING_FIELDS {
        if let Some(text) = fields.take_text(name).filter(|text| !text.is_empty()) {
            log.converted(name, text.as_str().into(), "it is a thinking chunk");
            // vLLM sends the same text in both fields.
            if imported.as_ref() != Some(&text) {
                imported = Some(text.clone());
                prepend(&mut content, thinking([text]).into());
            }
        }
    }
    let mut calls = tool_calls(fields, log);
    if let Some(call) = fields.take_object("function_call") {
        let reason = "a function call is a tool call";
        log.converted("function_call", Value::Object(call.clone()), reason);
        calls.extend(function(Fields::new("function_call", call), None, log));
    }
    AssistantMessage {
        content,
        tool_calls: Some(calls).filter(|calls| !calls.is_empty()),
        prefix: fields
            .take_if("prefix", Value::is_boolean)
            .and_then(|prefix| prefix.as_bool()),
        extra: Map::new(),
    }
}

/// Imports a spoken response, of which the history can have the transcript.
#[inline]
fn spoken(content: &mut Option<Content>, audio: Map<String, Value>, log: &mut ChangeLog) {
    let transcript = audio.get("transcript").and_then(Value::as_str);
    let transcript = transcript.unwrap_or_default().to_owned();
    let has_text = content.as_ref().is_some_and(|it| !it.text().is_empty());
    let before = Value::Object(audio);
    if has_text || transcript.is_empty() {
        log.removed("audio", before, "OpenAI alone has the recording");
    } else {
        log.converted("audio", before, TEXT);
        append(content, &transcript);
    }
}

#[inline]
fn append(content: &mut Option<Content>, text: &str) {
    match content {
        Some(Content::Chunks(chunks)) => chunks.push(ContentChunk::text(text)),
        Some(Content::Text(before)) if !before.is_empty() => {
            before.push_str("\n\n");
            before.push_str(text);
        }
        _ => *content = Some(text.into()),
    }
}

/// Adds a chunk before the others.
#[inline]
pub(super) fn prepend(content: &mut Option<Content>, chunk: ContentChunk) {
    let rest = match content.take() {
        Some(Content::Chunks(chunks)) => chunks,
        Some(Content::Text(text)) if !text.is_empty() => vec![ContentChunk::text(text)],
        _ => Vec::new(),
    };
    let chunks = std::iter::once(chunk).chain(rest);
    *content = Some(Content::Chunks(chunks.collect()));
}

#[inline]
pub(super) fn thinking(texts: impl IntoIterator<Item = String>) -> ThinkChunk {
    ThinkChunk::new(texts.into_iter().map(ContentChunk::text))
}

#[inline]
fn tool_calls(fields: &mut Fields, log: &mut ChangeLog) -> Vec<ToolCall> {
    let calls = fields.take_list("tool_calls").unwrap_or_default();
    fields.take_if("tool_calls", Value::is_null); // as if it were absent
    let calls = calls.into_iter().enumerate();
    let calls = calls.filter_map(|(at, call)| tool_call(call, format!("tool_calls[{at}]"), log));
    calls.collect()
}

#[inline]
fn tool_call(call: Value, path: String, log: &mut ChangeLog) -> Option<ToolCall> {
    let before = call.clone();
    let imported = match call {
        Value::Object(call) => {
            let kind = call.get("type").cloned().unwrap_or_default();
            let mut fields = Fields::new(path.as_str(), call);
            fields.skip(&["type"]);
            let id = fields.take_text("id");
            let imported = match kind.as_str() {
                None | Some("function") => {
                    let inner = fields.take_object("function");
                    let inner = inner.map(|it| Fields::new(fields.path("function"), it));
                    inner.and_then(|inner| function(inner, id, log))
                }
                Some("custom") => {
                    let inner = fields.take_object("custom");
                    let inner = inner.map(|it| Fields::new(fields.path("custom"), it));
                    inner.and_then(|inner| custom(inner, id, log))
                }
                Some(_) => None,
            };
            if imported.is_some() {
                fields.skip(&["index"]);
                fields.finish(log);
            }
            imported
        }
        _ => None,
    };
    if imported.is_none() {
        log.removed(
            path,
            before,
            "the API has no tool call of this type or form",
        );
    }
    imported
}

/// Imports the call of a function: its name and its arguments.
#[inline]
pub(super) fn function(
    mut fields: Fields,
    id: Option<String>,
    log: &mut ChangeLog,
) -> Option<ToolCall> {
    let name = fields.take_text("name")?;
    let arguments = match fields.take("arguments") {
        None => {
            fields.skip(&["arguments"]);
            Arguments::Text("{}".to_owned())
        }
        Some(Value::String(text)) => Arguments::Text(text),
        Some(Value::Object(object)) => Arguments::Object(object),
        Some(other) => {
            let text = other.to_string();
            log.converted(fields.path("arguments"), other, "arguments are JSON text");
            Arguments::Text(text)
        }
    };
    fields.finish(log);
    Some(call(id, name, arguments))
}

/// Imports the call of a custom tool, whose input is any text.
#[inline]
pub(super) fn custom(
    mut fields: Fields,
    id: Option<String>,
    log: &mut ChangeLog,
) -> Option<ToolCall> {
    let name = fields.take_text("name")?;
    let input = fields.take("input").unwrap_or_default();
    let arguments = json!({ "input": &input }).to_string();
    let reason = "the input of a custom tool is the argument `input` of a function";
    log.converted(fields.path("input"), input, reason);
    fields.finish(log);
    Some(call(id, name, arguments.into()))
}

#[inline]
fn call(id: Option<String>, name: String, arguments: Arguments) -> ToolCall {
    let mut call = ToolCall::new("", name, arguments);
    call.id = id;
    call
}
