//! Selects the JSON that a completion contains.

use serde_json::{Value, json};

use super::{listed_keys, schema_instance};
use crate::json::{array, message_text, role};

/// Bounds the search for JSON in a text with many braces.
const MAX_ATTEMPTS: usize = 100;

/// The JSON that a request asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Json(Value),
    /// An object around the usual text.
    Text,
}

/// Returns the JSON that a request asks for, by its `response_format` or in its messages.
pub(super) fn answer(request: &Value, messages: &[Value]) -> Option<Answer> {
    let format = request.get("response_format");
    let kind = format.and_then(|format| format.get("type"));
    match kind.and_then(Value::as_str) {
        Some("json_schema") => {
            let schema = format.and_then(|format| format.pointer("/json_schema/schema"));
            let instance = schema_instance::instance(schema.unwrap_or(&Value::Null));
            Some(Answer::Json(instance))
        }
        Some("json_object") => {
            let instance = |schema| schema_instance::instance(&schema);
            let dictated = || last_object(messages.last(), |_| true);
            let listed = || keys_in_messages(messages).map(instance);
            let json = schema_in_messages(messages).map(instance);
            let json = json.or_else(dictated).or_else(listed);
            Some(json.map_or(Answer::Text, Answer::Json))
        }
        // A client without JSON mode puts the schema into a message.
        _ if messages.last().is_some_and(|last| role(last) != "tool") => {
            let schema = schema_in_messages(messages)?;
            Some(Answer::Json(schema_instance::instance(&schema)))
        }
        _ => None,
    }
}

/// Returns the last JSON schema in a message of the system or the user that speaks of JSON.
fn schema_in_messages(messages: &[Value]) -> Option<Value> {
    messages
        .iter()
        .rev()
        .filter(|message| matches!(role(message), "system" | "user"))
        .filter(|message| message_text(message).contains("JSON"))
        .find_map(|message| last_object(Some(message), is_schema))
}

/// Returns the schema of an object with the keys that a message of the system or the user lists.
fn keys_in_messages(messages: &[Value]) -> Option<Value> {
    messages
        .iter()
        .rev()
        .filter(|message| matches!(role(message), "system" | "user"))
        .find_map(|message| listed_keys::schema(&message_text(message)))
}

fn is_schema(value: &Value) -> bool {
    let is_object = value.get("type") == Some(&json!("object"));
    value.get("properties").is_some_and(Value::is_object)
        && (is_object || !array(value, "required").is_empty())
}

/// Returns the last JSON object in the text of a message that satisfies the condition.
fn last_object(message: Option<&Value>, is_wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    let text = message.map(message_text)?;
    objects(&text).into_iter().rev().find(is_wanted)
}

/// Returns the JSON objects in a text.
pub(super) fn objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = text;
    for _ in 0..MAX_ATTEMPTS {
        let Some(start) = rest.find('{') else {
            break;
        };
        rest = rest.get(start..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let length = match values.next() {
            Some(Ok(value)) => {
                found.push(value);
                values.byte_offset()
            }
            _ => 1,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Value {
        json!({"role": "user", "content": text})
    }

    #[test]
    fn json_objects_are_found_in_text() {
        let text = r#"Like {"a": {"b": 1}} or {x} and ```{"c": []}```"#;
        assert_eq!(objects(text), [json!({"a": {"b": 1}}), json!({"c": []})]);
        assert!(objects(&"{".repeat(100_000)).is_empty());
    }

    #[test]
    fn json_answer_follows_last_schema_in_messages() {
        let system = json!({"role": "system", "content": concat!(
            r#"For the schema {"properties": {"foo": {"type": "string"}}, "required": ["foo"]} "#,
            r#"the object {"foo": "bar"} is valid JSON. "#,
            r#"Here is yours: {"type": "object", "properties": {"year": {"const": 1863}}}"#,
        )});
        let messages = [system, user("Who painted Olympia?")];
        let expected = Some(Answer::Json(json!({"year": 1863})));
        assert_eq!(answer(&json!({}), &messages), expected);
        let object = json!({"response_format": {"type": "json_object"}});
        assert_eq!(answer(&object, &messages), expected);
    }

    #[test]
    fn json_object_repeats_object_in_prompt() {
        let object = json!({"response_format": {"type": "json_object"}});
        let messages = [user(r#"Return only this JSON object: {"total":42}"#)];
        assert_eq!(
            answer(&object, &messages),
            Some(Answer::Json(json!({"total": 42})))
        );
        assert_eq!(answer(&object, &[user("Hello")]), Some(Answer::Text));
        assert_eq!(answer(&json!({}), &messages), None);
    }
}
