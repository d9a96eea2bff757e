//! Fields that other hosts add to the messages of a model, in the requests that follow.

use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, InstructRequest,
};
use mistral_core::messages::{Message, UserMessage};
use mistral_core::tools::ToolSet;
use serde_json::{Value, json};

use crate::common::{client_with, reply, scripted};

/// A message with fields that say nothing, and with some that say something, in every part.
fn message() -> Value {
    let fields = |object: Value| {
        let Value::Object(mut object) = object else {
            panic!("{object}");
        };
        for (name, value) in [
            ("x_null", json!(null)),
            ("x_text", json!("")),
            ("x_list", json!([])),
            ("x_nested", json!({ "refusal": null, "more": [{}, ""] })),
            ("x_false", json!(false)),
            ("x_zero", json!(0)),
            ("x_words", json!({ "a": null, "b": "c" })),
        ] {
            object.insert(name.to_owned(), value);
        }
        Value::Object(object)
    };
    let image = fields(json!({ "url": "https://a.test/a.png" }));
    let text = fields(json!({ "type": "text", "text": "hm" }));
    let function = fields(json!({ "name": "f", "arguments": "{}" }));
    fields(json!({
        "role": "assistant",
        "content": [
            text,
            fields(json!({ "type": "thinking", "thinking": [text] })),
            fields(json!({ "type": "image_url", "image_url": image })),
            fields(json!({ "type": "reference", "reference_ids": [1] })),
            fields(json!({ "type": "resource", "uri": "a:b", "content": text })),
            { "type": "unknown", "x_null": null },
        ],
        "tool_calls": [fields(json!({ "id": "D681PevKs", "function": function }))],
    }))
}

fn response() -> Value {
    json!({
        "id": "1", "object": "chat.completion", "model": "m", "created": 1,
        "choices": [{ "index": 0, "message": message(), "finish_reason": "stop" }],
    })
}

fn history() -> Vec<Message> {
    let response: ChatCompletionResponse = serde_json::from_value(response()).unwrap();
    let message = response.choices[0].message.clone();
    vec![Message::user("a"), message.into()]
}

/// Removes the fields that say nothing, but for those of unknown parts.
fn cleaned(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.get("type") == Some(&json!("unknown")) => {}
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !["x_null", "x_text", "x_list", "x_nested"].contains(&name.as_str())
            });
            fields.values_mut().for_each(cleaned);
        }
        Value::Array(items) => items.iter_mut().for_each(cleaned),
        _ => {}
    }
}

fn expected() -> Value {
    let mut expected = message();
    cleaned(&mut expected);
    expected
}

#[test]
fn foreign_fields_that_say_nothing_are_not_sent() {
    let chat = ChatCompletionRequest::new("m", history());
    let agents = AgentsCompletionRequest::new("a", history());
    let instruct = InstructRequest::new(history());
    let classification = ChatClassificationRequest::new("m", instruct);
    let moderation = ChatModerationRequest::new("m", history());
    let conversations = ChatModerationRequest::new("m", vec![history()]);
    for (request, place) in [
        (serde_json::to_value(chat), "/messages/1"),
        (serde_json::to_value(agents), "/messages/1"),
        (serde_json::to_value(classification), "/input/messages/1"),
        (serde_json::to_value(moderation), "/input/1"),
        (serde_json::to_value(conversations), "/input/0/1"),
    ] {
        let request = request.unwrap();
        assert_eq!(request.pointer(place), Some(&expected()), "{request}");
    }
}

#[tokio::test]
async fn foreign_fields_that_say_nothing_are_not_sent_by_a_run() {
    let mut first = response();
    first["choices"][0]["finish_reason"] = json!("tool_calls");
    let last = json!({
        "choices": [{ "message": { "role": "assistant", "content": "done" } }],
    });
    let mock = scripted([first, last].map(|body| reply(200, &body.to_string())));
    let request = ChatCompletionRequest::new("m", [Message::user("a")]);
    let client = client_with(&mock);
    let run = client.chat().run(&request, &ToolSet::new()).await.unwrap();
    assert_eq!(mock.requests()[1].json()["messages"][1], expected());
    // The transcript has the message as it was received.
    assert_eq!(serde_json::to_value(&run.messages[1]).unwrap(), message());
}

#[test]
fn fields_of_the_program_are_sent_even_if_empty() {
    let user = UserMessage::new("a").extra("name", Value::Null);
    let request = ChatCompletionRequest::new("m", [Message::from(user)]).extra("x", json!([]));
    let sent = serde_json::to_value(request).unwrap();
    assert_eq!(sent["messages"][0].get("name"), Some(&Value::Null));
    assert_eq!(sent["x"], json!([]));
}

#[test]
fn foreign_fields_stay_in_the_response_and_its_json() {
    let read: ChatCompletionResponse = serde_json::from_value(response()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), response());
}
