//! The events of a turn that is streamed.

use serde_json::{Value, json};

use super::messages::{kind, text};
use crate::generate::tokenizer;
use crate::json::set_member;
use crate::json_format::to_ordered_string;

/// Returns the first event of a stream.
pub(crate) fn started(conversation: &str, now: &str) -> Value {
    json!({
        "type": "conversation.response.started",
        "created_at": now,
        "conversation_id": conversation,
    })
}

/// Returns the last event of a stream.
pub(crate) fn done(usage: &Value, now: &str) -> Value {
    json!({ "type": "conversation.response.done", "created_at": now, "usage": usage })
}

/// Returns the last event of a stream that failed.
pub(crate) fn failed(message: &str, code: u64, now: &str) -> Value {
    json!({
        "type": "conversation.response.error",
        "created_at": now,
        "message": message,
        "code": code,
    })
}

/// Returns the events of an output entry.
pub(crate) fn of_output(index: usize, entry: &Value) -> Vec<Value> {
    let event = |event_type: &str, members: Value| {
        let mut event = members;
        for (name, value) in [
            ("type", event_type.into()),
            ("output_index", index.into()),
            ("created_at", text(entry, "created_at").into()),
            ("id", text(entry, "id").into()),
        ] {
            set_member(&mut event, name, value);
        }
        event
    };
    let member = |name: &str| entry.get(name).cloned().unwrap_or_default();
    match kind(entry) {
        "message.output" => {
            let deltas = content_deltas(entry).into_iter();
            let deltas = deltas.map(|(content_index, content)| {
                event(
                    "message.output.delta",
                    json!({
                        "content_index": content_index,
                        "content": content,
                        "model": member("model"),
                        "agent_id": member("agent_id"),
                        "role": "assistant",
                    }),
                )
            });
            deltas.collect()
        }
        "tool.execution" => vec![
            event(
                "tool.execution.started",
                json!({
                    "name": member("name"),
                    "arguments": "",
                    "model": member("model"),
                    "agent_id": member("agent_id"),
                }),
            ),
            event(
                "tool.execution.delta",
                json!({ "name": member("name"), "arguments": member("arguments") }),
            ),
            event(
                "tool.execution.done",
                json!({ "name": member("name"), "info": member("info") }),
            ),
        ],
        "function.call" => {
            let arguments = tokens(text(entry, "arguments")).into_iter();
            let arguments = arguments.map(|part| {
                event(
                    "function.call.delta",
                    json!({
                        "name": member("name"),
                        "tool_call_id": member("tool_call_id"),
                        "arguments": part,
                        "model": member("model"),
                        "agent_id": member("agent_id"),
                        "confirmation_status": member("confirmation_status"),
                    }),
                )
            });
            arguments.collect()
        }
        "agent.handoff" => vec![
            event(
                "agent.handoff.started",
                json!({
                    "previous_agent_id": member("previous_agent_id"),
                    "previous_agent_name": member("previous_agent_name"),
                }),
            ),
            event(
                "agent.handoff.done",
                json!({
                    "next_agent_id": member("next_agent_id"),
                    "next_agent_name": member("next_agent_name"),
                }),
            ),
        ],
        _ => Vec::new(),
    }
}

/// Returns the parts of a content, each with the index of its chunk. Text is split into tokens.
fn content_deltas(entry: &Value) -> Vec<(usize, Value)> {
    let indexed = |index: usize, text: &str| -> Vec<(usize, Value)> {
        let tokens = tokens(text).into_iter();
        tokens.map(|token| (index, token.into())).collect()
    };
    match entry.get("content") {
        Some(Value::Array(chunks)) => {
            let chunks = chunks.iter().enumerate();
            let deltas = chunks.flat_map(|(index, chunk)| match kind(chunk) {
                "text" => indexed(index, text(chunk, "text")),
                _ => vec![(index, chunk.clone())],
            });
            deltas.collect()
        }
        _ => indexed(0, text(entry, "content")),
    }
}

/// Splits a text into tokens, at least one, as every entry has an event.
fn tokens(text: &str) -> Vec<String> {
    match text {
        "" => vec![String::new()],
        text => tokenizer::tokenize(text),
    }
}

/// Formats an event, which is named after its type.
pub(crate) fn frame(event: &Value) -> String {
    format!(
        "event: {}\ndata: {}\n\n",
        kind(event),
        to_ordered_string(event)
    )
}
