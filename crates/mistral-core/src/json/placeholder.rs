//! Values that servers without `null` write in its place.

use serde_json::Value;

/// Whether a string is written by servers that have no `null`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "null")
}

/// Whether a value is other than `null` and than what servers write in its place, which for an
/// error is also `false` and `0`.
pub(crate) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !is_placeholder(text.trim()),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => object.values().any(says_something),
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
    }
}
