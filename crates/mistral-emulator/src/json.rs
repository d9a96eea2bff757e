//! Accessors for members of JSON objects and parts of chat messages.

use serde_json::Value;

/// The items of a list member; none when it is absent.
pub(crate) fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A member that was checked to be a whole number from 0, which may be written `3.0`.
pub(crate) fn unsigned(value: &Value, name: &str) -> Option<usize> {
    let number = value.get(name).and_then(Value::as_f64)?;
    Some(number as usize)
}

/// Gives an object a member.
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

/// The text of a message, whether written as a string or in chunks.
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
