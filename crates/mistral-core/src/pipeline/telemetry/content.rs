//! Messages in the format of OpenTelemetry's conventions for generative AI.

use serde_json::{Value, json};

use crate::messages::REASONING_FIELDS;

/// Returns the conversation in the body of a request.
pub(super) fn input(body: &Value) -> Option<Value> {
    if let Some(messages) = body.get("messages").and_then(Value::as_array) {
        return Some(messages.iter().map(message).collect());
    }
    let prompt = body.get("prompt")?;
    Some(json!([{ "role": "user", "parts": parts(prompt) }]))
}

/// Returns the messages of a response.
pub(super) fn output(response: &Value) -> Option<Value> {
    let choices = response.get("choices")?.as_array()?;
    let messages = choices.iter().map(|choice| {
        let mut message = message(choice.get("message").unwrap_or(&Value::Null));
        if let (Some(message), Some(reason)) =
            (message.as_object_mut(), choice.get("finish_reason"))
        {
            message.insert("finish_reason".to_owned(), reason.clone());
        }
        message
    });
    Some(messages.collect())
}

fn message(message: &Value) -> Value {
    let role = message.get("role").and_then(Value::as_str);
    let role = role.unwrap_or("assistant");
    let content = message.get("content").unwrap_or(&Value::Null);
    if role == "tool" {
        let id = message.get("tool_call_id");
        let part = json!({ "type": "tool_call_response", "id": id, "response": content });
        return json!({ "role": role, "parts": [part] });
    }
    let mut parts = parts(content);
    let beside = REASONING_FIELDS
        .into_iter()
        .filter_map(|name| message.get(name)?.as_str())
        .find(|text| !text.is_empty());
    if let Some(text) = beside {
        parts.insert(0, json!({ "type": "reasoning", "content": text }));
    }
    let calls = message.get("tool_calls").and_then(Value::as_array);
    parts.extend(calls.into_iter().flatten().map(tool_call));
    json!({ "role": role, "parts": parts })
}

fn tool_call(call: &Value) -> Value {
    let function = |field: &str| call.get("function")?.get(field);
    let arguments = match function("arguments") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        arguments => json!(arguments),
    };
    json!({
        "type": "tool_call",
        "id": call.get("id"),
        "name": function("name"),
        "arguments": arguments,
    })
}

fn parts(content: &Value) -> Vec<Value> {
    match content {
        Value::Null => Vec::new(),
        Value::Array(chunks) => chunks.iter().map(part).collect(),
        text => vec![json!({ "type": "text", "content": text })],
    }
}

/// Converts a chunk of content. A kind that the conventions do not define stays as it is.
fn part(chunk: &Value) -> Value {
    let field = |name: &str| chunk.get(name).cloned().unwrap_or_default();
    match chunk.get("type").and_then(Value::as_str) {
        Some("text") => json!({ "type": "text", "content": field("text") }),
        Some("thinking") => json!({ "type": "reasoning", "content": text(&field("thinking")) }),
        Some("image_url") => {
            let image = field("image_url");
            let uri = image.get("url").unwrap_or(&image);
            json!({ "type": "uri", "modality": "image", "uri": uri })
        }
        Some(_) => chunk.clone(),
        None => json!({ "type": "unknown", "content": chunk }),
    }
}

/// Returns the text of content, which is a string or a list of chunks.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(chunks) => chunks
            .iter()
            .filter_map(|chunk| chunk.get("text")?.as_str())
            .collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_messages_of_every_kind_have_the_format_of_the_conventions() {
        for (message, expected) in [
            (
                json!({ "role": "user", "content": "hi" }),
                json!({ "role": "user", "parts": [{ "type": "text", "content": "hi" }] }),
            ),
            (
                json!({ "role": "user", "content": [
                    { "type": "text", "text": "look" },
                    { "type": "image_url", "image_url": { "url": "https://a" } },
                    { "type": "image_url", "image_url": "https://b" },
                    { "type": "document_url", "document_url": "https://c" },
                ] }),
                json!({ "role": "user", "parts": [
                    { "type": "text", "content": "look" },
                    { "type": "uri", "modality": "image", "uri": "https://a" },
                    { "type": "uri", "modality": "image", "uri": "https://b" },
                    { "type": "document_url", "document_url": "https://c" },
                ] }),
            ),
            (
                json!({ "role": "assistant", "content": [
                    { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
                ] }),
                json!({ "role": "assistant", "parts": [{ "type": "reasoning", "content": "hm" }] }),
            ),
            (
                json!({ "role": "assistant", "content": "a", "reasoning_content": "hm" }),
                json!({ "role": "assistant", "parts": [
                    { "type": "reasoning", "content": "hm" },
                    { "type": "text", "content": "a" },
                ] }),
            ),
            (
                json!({ "role": "assistant", "content": null, "tool_calls": [
                    { "id": "c1", "function": { "name": "f", "arguments": "{\"a\":1}" } },
                    { "id": "c2", "function": { "name": "g", "arguments": "cut {" } },
                ] }),
                json!({ "role": "assistant", "parts": [
                    { "type": "tool_call", "id": "c1", "name": "f", "arguments": { "a": 1 } },
                    { "type": "tool_call", "id": "c2", "name": "g", "arguments": "cut {" },
                ] }),
            ),
            (
                json!({ "role": "tool", "tool_call_id": "c1", "content": "42" }),
                json!({ "role": "tool", "parts": [
                    { "type": "tool_call_response", "id": "c1", "response": "42" },
                ] }),
            ),
        ] {
            let body = json!({ "messages": [message] });
            assert_eq!(input(&body), Some(json!([expected])));
        }
    }

    #[test]
    fn telemetry_prompt_is_a_user_message() {
        let prompt = json!([{ "role": "user", "parts": [{ "type": "text", "content": "fn" }] }]);
        assert_eq!(input(&json!({ "prompt": "fn" })), Some(prompt));
        assert_eq!(input(&json!({ "input": "text" })), None);
        assert_eq!(output(&json!({ "data": [] })), None);
    }
}
