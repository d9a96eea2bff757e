//! Accessors for the members of JSON objects and the parts of chat messages.

use serde_json::Value;

/// Returns the items of an array member; none if it is absent.
pub(crate) fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns a member that was validated to be a non-negative integer, possibly written as `3.0`.
pub(crate) fn unsigned(value: &Value, name: &str) -> Option<usize> {
    let number = value.get(name).and_then(Value::as_f64)?;
    Some(number as usize)
}

/// Sets a member of an object.
pub(crate) fn set_member(value: &mut Value, name: &str, member: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.into(), member);
    }
}

pub(crate) fn role(message: &Value) -> &str {
    message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn is_prefix(message: &Value) -> bool {
    role(message) == "assistant" && message.get("prefix") == Some(&Value::Bool(true))
}

/// Returns the text of a message, whose content is a string or an array of chunks.
pub(crate) fn message_text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(chunks)) => {
            let texts = chunks.iter().filter_map(|chunk| chunk.get("text"));
            texts.filter_map(Value::as_str).collect()
        }
        _ => String::new(),
    }
}

/// Returns the text of the last user message.
pub(crate) fn prompt(messages: &[Value]) -> String {
    let last = messages
        .iter()
        .rev()
        .find(|message| role(message) == "user");
    last.map(message_text).unwrap_or_default()
}
