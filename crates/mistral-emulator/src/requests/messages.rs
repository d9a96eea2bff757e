//! Validates the order of messages and the ids of tool calls.

use serde_json::Value;

use crate::json::{is_prefix, role};
use crate::responses::ApiError;

/// Validates the rules for messages that the table of fields cannot express.
pub(crate) fn validate(messages: &[Value]) -> Result<(), ApiError> {
    for (index, message) in messages.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|before| messages.get(before));
        check_role(previous.map(role), role(message))?;
        check_ids(message)?;
        if role(message) == "assistant" {
            let rest = messages.get(index + 1..).unwrap_or_default();
            check_assistant(message, rest)?;
        }
    }
    check_last(messages.last())
}

fn order_error(message: impl Into<String>) -> ApiError {
    ApiError::bad_request(
        "invalid_request_message_order",
        Some("3230"),
        message.into(),
    )
}

fn check_role(previous: Option<&str>, role: &str) -> Result<(), ApiError> {
    match (previous, role) {
        (None, "tool") => Err(order_error(
            "Expected first role System, User or Assistant but got tool",
        )),
        (Some(before @ ("system" | "user")), "tool") | (Some(before @ "assistant"), "system") => {
            Err(order_error(format!(
                "Unexpected role '{role}' after role '{before}'"
            )))
        }
        _ => Ok(()),
    }
}

fn check_last(last: Option<&Value>) -> Result<(), ApiError> {
    match last {
        Some(message) if is_prefix(message) || matches!(role(message), "user" | "tool") => Ok(()),
        Some(message) => Err(order_error(format!(
            "Expected last role User or Tool (or Assistant with prefix True) for serving but got {}",
            role(message)
        ))),
        None => Err(order_error("Conversation must have at least one message")),
    }
}

fn check_assistant(message: &Value, rest: &[Value]) -> Result<(), ApiError> {
    if is_prefix(message) && !rest.is_empty() {
        return Err(order_error(
            "Only the last message can be an Assistant message with prefix True",
        ));
    }
    let calls: Vec<&Value> = tool_calls(message).collect();
    let has_content = match message.get("content") {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(chunks)) => !chunks.is_empty(),
        _ => false,
    };
    if calls.is_empty() && !has_content && !is_prefix(message) {
        return Err(ApiError::bad_request(
            "invalid_request_assistant_message",
            Some("3240"),
            "Assistant message must have either content or tool_calls, but not none.",
        ));
    }
    check_results(&calls, rest)
}

fn check_results(calls: &[&Value], rest: &[Value]) -> Result<(), ApiError> {
    let results: Vec<&Value> = rest
        .iter()
        .take_while(|message| role(message) == "tool")
        .collect();
    let known: Vec<&str> = calls.iter().filter_map(|call| text(call, "id")).collect();
    for id in results
        .iter()
        .filter_map(|result| text(result, "tool_call_id"))
    {
        if !known.contains(&id) {
            return Err(order_error(format!(
                "Unexpected tool call id {id} in tool results"
            )));
        }
    }
    if calls.len() == results.len() {
        Ok(())
    } else {
        Err(order_error(
            "Not the same number of function calls and responses",
        ))
    }
}

fn check_ids(message: &Value) -> Result<(), ApiError> {
    let of_calls = tool_calls(message).filter_map(|call| text(call, "id"));
    for id in of_calls.chain(text(message, "tool_call_id")) {
        if id.len() != 9 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ApiError::bad_request(
                "invalid_function_call",
                Some("3280"),
                format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."),
            ));
        }
    }
    Ok(())
}

fn tool_calls(message: &Value) -> impl Iterator<Item = &Value> {
    message
        .get("tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(messages: &Value) -> Option<String> {
        let error = validate(messages.as_array().unwrap()).err()?;
        Some(error.body["code"].as_str().unwrap().to_owned())
    }

    fn call(id: &str) -> Value {
        json!({"id": id, "function": {"name": "f", "arguments": "{}"}})
    }

    #[test]
    fn messages_valid_conversations_are_accepted() {
        let user = json!({"role": "user", "content": "a"});
        let calls = json!({"role": "assistant", "content": "", "tool_calls": [call("abcDEF123")]});
        let result = json!({"role": "tool", "content": "1", "tool_call_id": "abcDEF123"});
        let prefix = json!({"role": "assistant", "content": "b", "prefix": true});
        for messages in [
            json!([user]),
            json!([{"role": "system", "content": "s"}, user]),
            json!([user, prefix]),
            json!([user, calls, result]),
            json!([user, calls, result, user]),
            json!([user, {"role": "assistant", "content": "b"}, user]),
        ] {
            assert_eq!(code(&messages), None, "{messages}");
        }
    }

    #[test]
    fn messages_invalid_order_has_code_3230() {
        let user = json!({"role": "user", "content": "a"});
        let result = json!({"role": "tool", "content": "1", "tool_call_id": "abcDEF123"});
        let other = json!({"role": "tool", "content": "1", "tool_call_id": "zzzzzzzzz"});
        let calls = json!({"role": "assistant", "tool_calls": [call("abcDEF123")]});
        let prefix = json!({"role": "assistant", "content": "b", "prefix": true});
        for messages in [
            json!([]),
            json!([user, {"role": "assistant", "content": "b"}]),
            json!([{"role": "system", "content": "s"}]),
            json!([user, result]),
            json!([result]),
            json!([user, calls, user]),
            json!([user, calls, other]),
            json!([user, prefix, user]),
        ] {
            assert_eq!(code(&messages).as_deref(), Some("3230"), "{messages}");
        }
    }

    #[test]
    fn tool_call_id_must_have_nine_alphanumerics() {
        for id in ["call_1234", "short", "abcDEF1234", "abcDEF12é"] {
            let messages = json!([
                {"role": "user", "content": "a"},
                {"role": "assistant", "tool_calls": [call(id)]},
                {"role": "tool", "content": "1", "tool_call_id": id},
            ]);
            assert_eq!(code(&messages).as_deref(), Some("3280"), "{id}");
        }
    }

    #[test]
    fn messages_empty_assistant_message_has_code_3240() {
        let messages = json!([
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": ""},
            {"role": "user", "content": "b"},
        ]);
        assert_eq!(code(&messages).as_deref(), Some("3240"));
    }
}
