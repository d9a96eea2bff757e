//! Requests read from JSON.

use mistral_core::ErrorKind;
use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::classifiers::ChatModerationRequest;
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::fim::FimCompletionRequest;
use mistral_core::messages::Message;
use serde_json::{Value, json};

fn chat(messages: &Value) -> Value {
    json!({ "model": "m", "messages": messages })
}

#[test]
fn request_from_json_names_the_path_of_what_does_not_fit() {
    let of_part = |part: Value| json!([{ "role": "user", "content": [{ "type": "text", "text": "a" }, part] }]);
    let missing_text = of_part(json!({ "type": "text" }));
    for (messages, expected) in [
        (
            json!([{ "role": "user", "content": "a" }, { "role": "user" }]),
            "at `messages[1]`: missing field `content`",
        ),
        (
            missing_text,
            "at `messages[0].content[1]`: missing field `text`",
        ),
        (
            of_part(json!({ "type": "image_url", "image_url": { "detail": "low" } })),
            "at `messages[0].content[1].image_url`: missing field `url`",
        ),
        (
            of_part(json!({ "text": "a" })),
            "at `messages[0].content[1]`: missing field `type`",
        ),
        (
            json!([{ "content": "a" }]),
            "at `messages[0]`: missing field `role`",
        ),
        (
            json!(["a"]),
            "at `messages[0]`: expected an object with a field `role`",
        ),
        (
            json!([{ "role": "user", "content": 5 }]),
            "at `messages[0].content`: invalid type: integer `5`",
        ),
        (
            json!([{ "role": "assistant", "content": "", "tool_calls": [{ "id": "a" }] }]),
            "at `messages[0].tool_calls[0]`: missing field `function`",
        ),
    ] {
        let error = ChatCompletionRequest::from_json(chat(&messages)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        assert!(
            text.contains("the JSON is not a `ChatCompletionRequest`"),
            "{text}"
        );
        assert!(text.contains(expected), "{text}");
    }
    let error = ChatCompletionRequest::from_json(r#"{"messages": [}"#).unwrap_err();
    assert!(error.to_string().contains("at line 1 column 15"), "{error}");
    let error = ChatCompletionRequest::from_json(b"\xFF").unwrap_err();
    assert!(error.to_string().contains("utf-8"), "{error}");
}

#[test]
fn request_from_json_path_does_not_depend_on_the_place_of_the_tag() {
    for text in [
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":5}]}]}"#,
        r#"{"model":"m","messages":[{"content":[{"text":5,"type":"text"}],"role":"user"}]}"#,
    ] {
        let error = ChatCompletionRequest::from_json(text)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("at `messages[0].content[0].text`: invalid type"),
            "{error}"
        );
    }
}

#[test]
fn request_from_json_path_is_that_of_the_member_and_not_of_an_equal_value() {
    let odd = json!([{ "role": "user" }]);
    let body = json!({ "a": odd, "model": "m", "messages": odd });
    let error = ChatCompletionRequest::from_json(body)
        .unwrap_err()
        .to_string();
    assert!(error.contains("at `messages[0]`: missing field"), "{error}");
}

#[test]
fn request_from_json_keeps_what_is_unknown() {
    let body = json!({
        "model": "m", "new_field": 1,
        "messages": [
            { "role": "critic", "content": "a" },
            { "role": "user", "content": [{ "type": "video", "url": "v" }], "name": "Ada" },
        ],
    });
    let request = ChatCompletionRequest::from_json(&body).unwrap();
    assert!(matches!(request.messages[0], Message::Unknown(_)));
    assert_eq!(serde_json::to_value(request).unwrap(), body);
    // Reading by serde keeps a member that does not fit, before and after.
    let odd = chat(&json!([{ "role": "user" }]));
    ChatCompletionRequest::from_json(&odd).unwrap_err();
    let lenient: ChatCompletionRequest = serde_json::from_value(odd).unwrap();
    assert!(matches!(lenient.messages[0], Message::Unknown(_)));
}

#[test]
fn request_from_json_of_other_groups() {
    let hello = json!([{ "role": "user", "content": "Hello" }]);
    let agents = AgentsCompletionRequest::from_json(json!({ "agent_id": "a", "messages": hello }));
    assert_eq!(agents.unwrap(), AgentsCompletionRequest::new("a", "Hello"));
    let fim = FimCompletionRequest::from_json(r#"{"model":"m","prompt":"p"}"#);
    assert_eq!(fim.unwrap(), FimCompletionRequest::new("m", "p"));
    let embeddings = EmbeddingRequest::from_json(r#"{"model":"m","input":["a"]}"#.to_owned());
    assert_eq!(embeddings.unwrap(), EmbeddingRequest::new("m", ["a"]));
    let moderation = ChatModerationRequest::from_json(json!({ "model": "m", "input": hello }));
    assert_eq!(
        moderation.unwrap(),
        ChatModerationRequest::new("m", "Hello")
    );
    let error = EmbeddingRequest::from_json(r#"{"model":"m"}"#).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`EmbeddingRequest`: missing field `input`"),
        "{error}"
    );
}

#[test]
fn request_from_json_of_deep_nesting_fails_quickly() {
    let depth = 60;
    let (open, close) = (r#"{"type":"thinking","thinking":["#, "]}");
    let content = format!("[{}{}]", open.repeat(depth), close.repeat(depth));
    let content = content.replace("[]", r#"[{"type":"text"}]"#);
    let text = format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#);
    let error = ChatCompletionRequest::from_json(text)
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing field `text`"), "{error}");
    assert_eq!(error.matches("thinking[0]").count(), depth, "{error}");
}
