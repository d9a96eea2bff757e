//! The events of a turn that is streamed.

use serde_json::{Map, Value, json};

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
    let events = match kind(entry) {
        "message.output" => message(entry),
        "tool.execution" => tool_execution(entry),
        "function.call" => function_call(entry),
        "agent.handoff" => handoff(entry),
        _ => Vec::new(),
    };
    let events = events.into_iter().map(|(event_type, mut event)| {
        for (name, value) in [
            ("type", event_type.into()),
            ("output_index", index.into()),
            ("created_at", text(entry, "created_at").into()),
            ("id", text(entry, "id").into()),
        ] {
            set_member(&mut event, name, value);
        }
        event
    });
    events.collect()
}

/// The type and the members of an event.
type Event = (&'static str, Value);

fn message(entry: &Value) -> Vec<Event> {
    let deltas = content_deltas(entry).into_iter();
    let deltas = deltas.map(|(index, content)| {
        let mut delta = copy(entry, &["model", "agent_id"]);
        for (name, value) in [
            ("content_index", index.into()),
            ("content", content),
            ("role", "assistant".into()),
        ] {
            set_member(&mut delta, name, value);
        }
        ("message.output.delta", delta)
    });
    deltas.collect()
}

/// Returns the events of a tool, of which the second one has the whole arguments.
fn tool_execution(entry: &Value) -> Vec<Event> {
    let mut started = copy(entry, &["name", "model", "agent_id"]);
    set_member(&mut started, "arguments", "".into());
    vec![
        ("tool.execution.started", started),
        ("tool.execution.delta", copy(entry, &["name", "arguments"])),
        ("tool.execution.done", copy(entry, &["name", "info"])),
    ]
}

fn function_call(entry: &Value) -> Vec<Event> {
    const MEMBERS: &[&str] = &[
        "name",
        "tool_call_id",
        "model",
        "agent_id",
        "confirmation_status",
    ];
    let arguments = tokens(text(entry, "arguments")).into_iter();
    let arguments = arguments.map(|part| {
        let mut delta = copy(entry, MEMBERS);
        set_member(&mut delta, "arguments", part.into());
        ("function.call.delta", delta)
    });
    arguments.collect()
}

fn handoff(entry: &Value) -> Vec<Event> {
    let previous = &["previous_agent_id", "previous_agent_name"];
    let next = &["next_agent_id", "next_agent_name"];
    vec![
        ("agent.handoff.started", copy(entry, previous)),
        ("agent.handoff.done", copy(entry, next)),
    ]
}

/// Returns an object with some members of an entry.
fn copy(entry: &Value, names: &[&str]) -> Value {
    let members: Map<String, Value> = names
        .iter()
        .map(|name| {
            let value = entry.get(*name).cloned().unwrap_or_default();
            ((*name).to_owned(), value)
        })
        .collect();
    members.into()
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
