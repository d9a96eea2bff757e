//! Converts the entries of a conversation to chat messages.

use serde_json::{Value, json};

use crate::json::{array, role, set_member};

/// Returns the type of an entry.
pub(crate) fn kind(entry: &Value) -> &str {
    text(entry, "type")
}

pub(crate) fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the messages that the entries stand for, after the instructions.
///
/// Handoffs and the executions of tools are not part of it: the message after them contains what
/// the model made of them.
pub(crate) fn chat_messages(instructions: Option<&str>, entries: &[Value]) -> Vec<Value> {
    let instructions = instructions.filter(|text| !text.is_empty());
    let system = instructions.map(|text| json!({ "role": "system", "content": text }));
    let mut messages: Vec<Value> = system.into_iter().collect();
    for entry in entries {
        match kind(entry) {
            "message.input" => {
                let is_prefix = entry.get("prefix") == Some(&Value::Bool(true));
                let mut message = json!({ "role": text(entry, "role"), "content": content(entry) });
                if is_prefix {
                    set_member(&mut message, "prefix", true.into());
                }
                messages.push(message);
            }
            "message.output" => {
                let content = content(entry);
                if content != json!("") && content != json!([]) {
                    messages.push(json!({ "role": "assistant", "content": content }));
                }
            }
            "function.call" if !is_confirmed(entry) => add_call(&mut messages, entry),
            "function.result" => messages.push(json!({
                "role": "tool",
                "tool_call_id": text(entry, "tool_call_id"),
                "content": text(entry, "result"),
            })),
            _ => {}
        }
    }
    messages
}

/// Whether the call was one of the server's tools, which a confirmation has ended.
fn is_confirmed(call: &Value) -> bool {
    matches!(text(call, "confirmation_status"), "allowed" | "denied")
}

/// Adds a call to the last message if that contains calls, or as a message of its own.
fn add_call(messages: &mut Vec<Value>, entry: &Value) {
    let arguments = match entry.get("arguments") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let call = json!({
        "id": text(entry, "tool_call_id"),
        "type": "function",
        "function": { "name": text(entry, "name"), "arguments": arguments },
    });
    let last = messages
        .last_mut()
        .filter(|last| role(last) == "assistant" && !array(last, "tool_calls").is_empty());
    match last
        .and_then(|last| last.get_mut("tool_calls"))
        .and_then(Value::as_array_mut)
    {
        Some(calls) => calls.push(call),
        None => messages.push(json!({ "role": "assistant", "content": "", "tool_calls": [call] })),
    }
}

/// Returns the content with the chunks that a chat message can have.
fn content(entry: &Value) -> Value {
    let Some(Value::Array(chunks)) = entry.get("content") else {
        return text(entry, "content").into();
    };
    let chunks = chunks.iter().filter_map(|chunk| match kind(chunk) {
        "tool_reference" => None,
        "tool_file" => {
            let name = format!("[file {}]", text(chunk, "file_id"));
            Some(json!({ "type": "text", "text": name }))
        }
        _ => Some(chunk.clone()),
    });
    chunks.collect::<Vec<Value>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_response_become_one_message() {
        let call = |id: &str, arguments: Value| json!({"type": "function.call", "tool_call_id": id, "name": "f", "arguments": arguments});
        let entries = [
            json!({"type": "message.input", "role": "user", "content": "a"}),
            call("1", json!("{}")),
            call("2", json!({"x": 1})),
            json!({"type": "function.result", "tool_call_id": "1", "result": "r"}),
            json!({"type": "tool.execution", "name": "web_search", "arguments": "{}"}),
        ];
        let messages = chat_messages(Some("Be brief."), &entries);
        let roles: Vec<&str> = messages.iter().map(role).collect();
        assert_eq!(roles, ["system", "user", "assistant", "tool"]);
        let arguments = |index: usize| &messages[2]["tool_calls"][index]["function"]["arguments"];
        assert_eq!(arguments(0), "{}");
        assert_eq!(arguments(1), r#"{"x":1}"#);
    }

    #[test]
    fn content_keeps_only_chunks_of_chat_messages() {
        let entries = [json!({"type": "message.output", "content": [
            {"type": "text", "text": "a"},
            {"type": "tool_reference", "tool": "web_search", "title": "t"},
            {"type": "tool_file", "tool": "image_generation", "file_id": "f"},
        ]})];
        let chunks = chat_messages(None, &entries)[0]["content"].clone();
        assert_eq!(
            chunks,
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": "[file f]"}])
        );
    }
}
