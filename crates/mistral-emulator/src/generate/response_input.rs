//! Requests of the Responses API as those for chat completions.

use serde_json::{Value, json};

use crate::json::{array, set_member};

/// Returns the request for a chat completion with the same messages, tools and format.
pub(crate) fn chat_request(body: &Value) -> Value {
    let instructions = body.get("instructions").filter(|it| it.is_string());
    let system = instructions.map(|text| json!({ "role": "system", "content": text }));
    let messages = system.into_iter().chain(messages(body));
    let mut chat = json!({
        "model": body.get("model"),
        "messages": messages.collect::<Vec<_>>(),
    });
    let tools: Vec<Value> = array(body, "tools").iter().flat_map(tools).collect();
    if !tools.is_empty() {
        set_member(&mut chat, "tools", tools.into());
    }
    if let Some(choice) = body.get("tool_choice").filter(|it| !it.is_null()) {
        let choice = match choice.get("name") {
            Some(name) => json!({ "type": "function", "function": { "name": name } }),
            None => choice.clone(),
        };
        set_member(&mut chat, "tool_choice", choice);
    }
    if let Some(format) = body.pointer("/text/format").filter(|it| it.is_object()) {
        set_member(&mut chat, "response_format", response_format(format));
    }
    if let Some(limit) = body.get("max_output_tokens").filter(|it| it.is_number()) {
        set_member(&mut chat, "max_tokens", limit.clone());
    }
    chat
}

fn response_format(format: &Value) -> Value {
    match format.get("type").and_then(Value::as_str) {
        Some("json_schema") => json!({
            "type": "json_schema",
            "json_schema": { "name": format.get("name"), "schema": format.get("schema") },
        }),
        other => json!({ "type": other }),
    }
}

/// Returns the function of a tool, or the functions of a namespace.
fn tools(tool: &Value) -> Vec<Value> {
    if tool.get("type") == Some(&"namespace".into()) {
        return array(tool, "tools").iter().flat_map(tools).collect();
    }
    let function = json!({
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("parameters"),
    });
    vec![json!({ "type": "function", "function": function })]
}

fn messages(body: &Value) -> Vec<Value> {
    match body.get("input") {
        Some(Value::String(text)) => vec![json!({ "role": "user", "content": text })],
        Some(Value::Array(items)) => items.iter().filter_map(message).collect(),
        _ => Vec::new(),
    }
}

/// Returns the message of an item. Reasoning has none.
fn message(item: &Value) -> Option<Value> {
    let content = |name: &str| content(item.get(name).unwrap_or(&Value::Null));
    match item.get("type").and_then(Value::as_str) {
        Some("function_call") => {
            let function = json!({ "name": item.get("name"), "arguments": item.get("arguments") });
            let call =
                json!({ "id": item.get("call_id"), "type": "function", "function": function });
            Some(json!({ "role": "assistant", "content": "", "tool_calls": [call] }))
        }
        Some("function_call_output") => Some(json!({
            "role": "tool",
            "tool_call_id": item.get("call_id"),
            "content": content("output"),
        })),
        Some("reasoning") => None,
        _ => {
            let role = item.get("role").and_then(Value::as_str).unwrap_or("user");
            let role = if role == "developer" { "system" } else { role };
            Some(json!({ "role": role, "content": content("content") }))
        }
    }
}

/// Returns the content with the chunks of chat messages, in which text has the type `text`.
fn content(value: &Value) -> Value {
    let Some(parts) = value.as_array() else {
        return value.clone();
    };
    let parts = parts.iter().map(|part| match part.get("text") {
        Some(text) => json!({ "type": "text", "text": text }),
        None => part.clone(),
    });
    parts.collect()
}
