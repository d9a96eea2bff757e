//! Values that servers without `null` write in its place.

use serde_json::Value;

/// Whether a string is written by servers that have no `null`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "null")
}

/// Whether a string in place of a value of an enum stands for no value, in any language's spelling.
pub(crate) fn is_no_value(text: &str) -> bool {
    const SPELLINGS: [&str; 4] = ["null", "none", "nil", "undefined"];
    let text = text.trim();
    let is_spelling = |spelling: &&str| text.eq_ignore_ascii_case(spelling);
    text.is_empty() || SPELLINGS.iter().any(is_spelling)
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
