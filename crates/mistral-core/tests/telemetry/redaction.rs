//! Redaction of content in spans: by key, by pattern and by callback.

use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::telemetry::Redaction;
use mistral_core::testing::MockTransport;
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{MESSAGES, ask, builder, lacks};

#[test]
fn redaction_by_key_reaches_nested_json_and_json_in_texts() {
    let redaction = Redaction::new().keys(["password", "Pin"]);
    let mut content = json!([{
        "parts": [
            { "arguments": { "user": "ann", "PASSWORD": "p1" } },
            { "response": "{\"ok\":true,\"pin\":1234}" },
            { "response": "the password is secret" },
            { "response": "{\"pin\": 1234" },
            { "list": [[{ "pin": [1, 2] }]] },
        ],
    }]);
    redaction.apply(&mut content);
    let expected = json!([{
        "parts": [
            { "arguments": { "user": "ann", "PASSWORD": "***" } },
            { "response": "{\"ok\":true,\"pin\":\"***\"}" },
            { "response": "the password is secret" },
            { "response": "{\"pin\": 1234" },
            { "list": [[{ "pin": "***" }]] },
        ],
    }]);
    assert_eq!(content, expected);
}

#[test]
fn redaction_applies_keys_then_patterns_then_callbacks() {
    let redaction = Redaction::new()
        .callback(|content| content["seen"] = content["text"].clone())
        .patterns(["*@*.*", "\\*\\*\\*"])
        .keys(["key"]);
    let mut content = json!({ "key": "a@b.c", "text": "mail a@b.c, ok", "number": 7 });
    redaction.apply(&mut content);
    let expected =
        json!({ "key": "***", "text": "mail *** ok", "number": 7, "seen": "mail *** ok" });
    assert_eq!(content, expected);
}

#[tokio::test]
async fn redaction_applies_to_the_messages_of_spans() {
    let (recorder, _guard) = Recorder::start();
    let answer = json!({
        "id": "1", "model": "m",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": {
            "role": "assistant", "content": "your key is sk-abc",
            "tool_calls": [{ "id": "c", "type": "function", "function": {
                "name": "login", "arguments": "{\"password\":\"hunter2\"}",
            } }],
        } }],
    });
    let mock = MockTransport::new().json(answer);
    let redaction = Redaction::new()
        .keys(["password"])
        .patterns(["sk-*"])
        .callback(|messages| {
            for message in messages.as_array_mut().into_iter().flatten() {
                if message["role"] == "system" {
                    message["parts"] = Value::Null;
                }
            }
        });
    let client = builder(&mock)
        .capture_content(|_| {})
        .redact_content(redaction)
        .build()
        .unwrap();
    let messages = [
        Message::system("Be brief."),
        Message::user("is it sk-xyz ?"),
    ];
    let request = ChatCompletionRequest::new("m", messages);
    client.chat().complete(&request).await.unwrap();
    let span = recorder.span();
    let [input, output] =
        MESSAGES.map(|name| serde_json::from_str::<Value>(span.get(name).unwrap()).unwrap());
    assert_eq!(
        input,
        json!([
            { "role": "system", "parts": null },
            { "role": "user", "parts": [{ "type": "text", "content": "is it *** ?" }] },
        ])
    );
    let parts = &output[0]["parts"];
    assert_eq!(parts[0]["content"], "your key is ***");
    assert_eq!(parts[1]["arguments"], json!({ "password": "***" }));
}

#[tokio::test]
async fn redaction_alone_does_not_turn_content_on() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().json(super::answer());
    let client = builder(&mock).redact_content(Redaction::new().keys(["a"]));
    let client = client.build().unwrap();
    client.chat().complete(&ask()).await.unwrap();
    lacks(&recorder.span(), &MESSAGES);
}
