//! Lint of roles, fields and values that the API does not declare.

use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::MessageRule::{self, FieldIsKnown, RoleIsKnown, ValueIsValid};
use mistral_core::messages::{Message, lint_messages, repair_messages};
use mistral_sdk::{Client, MistralApi};
use serde_json::{Value, json};

fn of_user(part: Value) -> Value {
    json!({ "role": "user", "content": [part] })
}

/// A message that the API rejects with 422, the rule, and the field.
fn rejected() -> Vec<(Value, MessageRule, &'static str)> {
    let call = |kind: &str| json!({ "id": "D681PevKs", "type": kind, "function": { "name": "f", "arguments": "{}" } });
    vec![
        (
            json!({ "role": "user", "content": "a", "name": "Ada" }),
            FieldIsKnown,
            "name",
        ),
        (
            json!({ "role": "user", "content": "a", "name": null }),
            FieldIsKnown,
            "name",
        ),
        (
            json!({ "role": "system", "content": "a", "x": 1 }),
            FieldIsKnown,
            "x",
        ),
        (
            json!({ "role": "assistant", "content": "a", "refusal": "No." }),
            FieldIsKnown,
            "refusal",
        ),
        (
            json!({ "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } }),
            FieldIsKnown,
            "function_call",
        ),
        (
            json!({ "role": "developer", "content": "a" }),
            RoleIsKnown,
            "role",
        ),
        (
            json!({ "role": "function", "name": "f", "content": "1" }),
            RoleIsKnown,
            "role",
        ),
        (json!({ "role": "user" }), ValueIsValid, ""),
        (
            of_user(json!({ "type": "input_text", "text": "a" })),
            ValueIsValid,
            "content[0]",
        ),
        (
            of_user(json!({ "type": "text" })),
            ValueIsValid,
            "content[0]",
        ),
        (
            of_user(json!({ "type": "text", "text": "a", "annotations": [] })),
            FieldIsKnown,
            "content[0].annotations",
        ),
        (
            of_user(
                json!({ "type": "input_audio", "input_audio": { "data": "a", "format": "wav" } }),
            ),
            ValueIsValid,
            "content[0].input_audio",
        ),
        (
            of_user(
                json!({ "type": "image_url", "image_url": { "url": "a", "detail": "original" } }),
            ),
            ValueIsValid,
            "content[0].image_url.detail",
        ),
        (
            json!({ "role": "system", "content": [{ "type": "image_url", "image_url": "a" }] }),
            ValueIsValid,
            "content[0]",
        ),
        (
            of_user(
                json!({ "type": "resource", "uri": "a:b", "content": { "type": "file", "file_id": "f" } }),
            ),
            ValueIsValid,
            "content[0].content",
        ),
        (
            json!({ "role": "assistant", "tool_calls": [call("custom")] }),
            ValueIsValid,
            "tool_calls[0].type",
        ),
    ]
}

fn read(message: &Value) -> Vec<Message> {
    serde_json::from_value(json!([message])).unwrap()
}

#[test]
fn lint_reports_undeclared_roles_fields_and_values_and_repair_keeps_them() {
    for (message, rule, field) in rejected() {
        let mut messages = read(&message);
        let of_declaration = |messages: &[Message]| {
            let violations = lint_messages(messages).into_iter();
            let rules = [RoleIsKnown, FieldIsKnown, ValueIsValid];
            let found = violations.filter(|it| rules.contains(&it.rule));
            found
                .map(|it| (it.rule, it.field.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let expected = [(rule, field.to_owned())];
        assert_eq!(of_declaration(&messages), expected, "{message}");
        repair_messages(&mut messages);
        assert_eq!(of_declaration(&messages), expected, "{message}");
        let kept = serde_json::to_value(&messages[0]).unwrap();
        assert_eq!(kept["role"], message["role"], "{message}");
    }
}

#[tokio::test]
async fn undeclared_parts_that_lint_reports_are_rejected_by_the_emulator() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    for (message, ..) in rejected() {
        let request = ChatCompletionRequest::new("mistral-small-latest", read(&message));
        let error = client.chat().complete(&request).await.unwrap_err();
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(422),
            "{message}: {error}"
        );
    }
}

#[test]
fn lint_passes_over_empty_fields_of_the_model_which_are_not_sent() {
    let message =
        json!({ "role": "assistant", "content": "a", "refusal": null, "annotations": [] });
    let messages = [read(&message), vec![Message::user("b")]].concat();
    assert_eq!(lint_messages(&messages), []);
}

#[test]
fn repair_keeps_assistant_message_with_function_call() {
    let message = json!({ "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } });
    let mut messages = [
        vec![Message::user("a")],
        read(&message),
        vec![Message::user("b")],
    ]
    .concat();
    let violations = repair_messages(&mut messages);
    assert_eq!(messages.len(), 3);
    assert_eq!(violations.len(), 1);
    let text = violations[0].to_string();
    assert_eq!(
        text,
        "message 1: `function_call`: the API does not know this field"
    );
}
