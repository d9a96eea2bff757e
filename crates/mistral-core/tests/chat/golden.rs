//! Request bodies against golden files, which were written by hand from the API reference.

use std::fmt::Debug;

use http::Method;
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::messages::{
    AssistantMessage, Content, ContentChunk, Function, Message, TextChunk, ToolChoice, UserMessage,
};
use mistral_core::testing::{MockRequest, MockTransport};
use mistral_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::requests::{chat_requests, embedding_requests};
use super::schema::Schemas;
use crate::common::wire::{UniqueKeys, golden, golden_names};
use crate::common::{
    DONE, answer, bytes, client_with, finish, only, question, reply, scripted, sse,
};

const MINIMAL: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const MINIMAL_STREAM: &str =
    r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#;

async fn sent_by_complete(request: &ChatCompletionRequest) -> MockRequest {
    let mock = scripted([reply(200, &answer("hello"))]);
    client_with(&mock).chat().complete(request).await.unwrap();
    only(&mock)
}

async fn sent_by_stream(request: &ChatCompletionRequest) -> MockRequest {
    let mock = scripted([sse([bytes(finish()), bytes(DONE)])]);
    let stream = client_with(&mock).chat().stream(request).await.unwrap();
    stream.collect_response().await.unwrap();
    only(&mock)
}

async fn sent_by_create(request: &EmbeddingRequest) -> MockRequest {
    let mock = scripted([reply(200, r#"{"data":[]}"#)]);
    client_with(&mock)
        .embeddings()
        .create(request)
        .await
        .unwrap();
    only(&mock)
}

fn check(sent: &MockRequest, operation: &str, case: &str, path: &str, accept: &str) {
    let name = format!("{operation}.{case}");
    assert_eq!(sent.operation, operation, "{name}");
    assert_eq!(sent.method, Method::POST, "{name}");
    assert_eq!(sent.uri.path(), format!("/prefix{path}"), "{name}");
    assert_eq!(sent.uri.query(), None, "{name}");
    assert_eq!(sent.headers["content-type"], "application/json", "{name}");
    assert_eq!(sent.headers["accept"], accept, "{name}");
    assert_eq!(sent.json(), golden(&name), "{name}");
    assert_unique_keys(&sent.body, &name);
}

fn assert_unique_keys(json: &[u8], name: &str) {
    if let Err(error) = serde_json::from_slice::<UniqueKeys>(json) {
        panic!("{name}: {error}: {}", String::from_utf8_lossy(json));
    }
}

/// Deserializes a golden body, and checks that it serializes to the same value.
fn reread<T: DeserializeOwned + Serialize + Debug>(name: &str) -> T {
    let body = golden(name);
    let request: T = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(serde_json::to_value(&request).unwrap(), body, "{name}");
    request
}

#[tokio::test]
async fn golden_chat_complete_bodies_are_sent() {
    for (case, request) in chat_requests() {
        let sent = sent_by_complete(&request).await;
        let path = "/v1/chat/completions";
        check(&sent, "chat.complete", case, path, "application/json");
        let reread: ChatCompletionRequest = reread(&format!("chat.complete.{case}"));
        assert_eq!(reread, request, "{case}");
    }
}

#[tokio::test]
async fn golden_chat_stream_bodies_are_sent_with_stream_true() {
    let sent = sent_by_stream(&question()).await;
    let path = "/v1/chat/completions";
    check(&sent, "chat.stream", "minimal", path, "text/event-stream");
    reread::<ChatCompletionRequest>("chat.stream.minimal");
    for (case, request) in chat_requests() {
        let sent = sent_by_stream(&request).await;
        let mut expected = golden(&format!("chat.complete.{case}"));
        expected["stream"] = json!(true);
        assert_eq!(sent.json(), expected, "{case}");
        assert_unique_keys(&sent.body, case);
    }
}

#[tokio::test]
async fn golden_embeddings_bodies_are_sent() {
    for (case, request) in embedding_requests() {
        let sent = sent_by_create(&request).await;
        let path = "/v1/embeddings";
        check(&sent, "embeddings.create", case, path, "application/json");
        let reread: EmbeddingRequest = reread(&format!("embeddings.create.{case}"));
        assert_eq!(reread, request, "{case}");
    }
}

#[tokio::test]
async fn minimal_bodies_are_byte_exact() {
    assert_eq!(sent_by_complete(&question()).await.body, MINIMAL);
    assert_eq!(sent_by_stream(&question()).await.body, MINIMAL_STREAM);
    let request = EmbeddingRequest::new("mistral-embed", "a cat");
    let body = r#"{"model":"mistral-embed","input":"a cat"}"#;
    assert_eq!(sent_by_create(&request).await.body, body);
}

#[test]
fn golden_files_are_all_used() {
    let chat = chat_requests().into_iter().map(|(case, _)| case);
    let embeddings = embedding_requests().into_iter().map(|(case, _)| case);
    for (operation, mut cases) in [
        ("chat.complete", chat.collect()),
        ("chat.stream", vec!["minimal"]),
        ("embeddings.create", embeddings.collect()),
    ] {
        let start = format!("{operation}.");
        let names = golden_names(&start);
        let files: Vec<_> = names
            .iter()
            .filter_map(|name| name.strip_prefix(&start))
            .filter(|case| !matches!(*case, "response" | "chunk"))
            .collect();
        cases.sort_unstable();
        assert_eq!(files, cases, "{operation}");
    }
}

/// The fields of a request that are not set, by its debug output, which shows them all.
fn unset(request: &impl Debug) -> Vec<String> {
    let text = format!("{request:#?}");
    let fields = text.lines().filter_map(|line| line.strip_prefix("    "));
    fields
        .filter_map(|field| Some(field.strip_suffix(": None,")?.to_owned()))
        .filter(|field| !field.starts_with(' '))
        .collect()
}

#[test]
fn golden_full_bodies_set_every_field() {
    assert!(
        unset(&question()).contains(&"top_k".to_owned()),
        "the check itself"
    );
    let chat: ChatCompletionRequest = reread("chat.complete.full");
    let embeddings: EmbeddingRequest = reread("embeddings.create.full");
    assert_eq!(unset(&chat), [""; 0]);
    assert_eq!(unset(&embeddings), [""; 0]);
}

#[test]
fn golden_bodies_have_no_unknown_fields() {
    let all = golden_names("chat.complete.").into_iter();
    let requests = all.filter(|name| !name.ends_with(".response"));
    for name in requests {
        let text = format!("{:?}", reread::<ChatCompletionRequest>(&name));
        assert!(!text.contains("Unknown("), "{name}: {text}");
        assert!(!text.contains("extra: {\""), "{name}: {text}");
    }
}

#[test]
fn golden_bodies_cover_every_field_of_the_api() {
    let Some(schemas) = Schemas::read() else {
        println!("skipped: there is no API description here");
        return;
    };
    for (schema, start) in [
        ("ChatCompletionRequest", "chat."),
        ("EmbeddingRequest", "embeddings."),
    ] {
        let mut shown = std::collections::BTreeSet::new();
        for name in golden_names(start) {
            if !name.ends_with(".response") && !name.ends_with(".chunk") {
                schemas.mark(schema, &golden(&name), &mut shown);
            }
        }
        let missing: Vec<_> = schemas.fields(schema).difference(&shown).cloned().collect();
        assert_eq!(missing, [""; 0], "{schema}");
    }
}

#[tokio::test]
async fn extra_overrides_fields_of_the_same_name() {
    let mut expected = golden("chat.complete.minimal");
    expected["temperature"] = json!("hot");
    expected["model"] = json!("n");
    expected["new_field"] = json!({ "a": [1, null] });
    let request = question()
        .temperature(0.5)
        .extra("temperature", "hot")
        .extra("model", "n")
        .extra("new_field", json!({ "a": [1, null] }));
    let sent = sent_by_complete(&request).await;
    assert_eq!(sent.json(), expected);
    assert_unique_keys(&sent.body, "complete");
    let sent = sent_by_stream(&request).await;
    expected["stream"] = json!(true);
    assert_eq!(sent.json(), expected);
    assert_unique_keys(&sent.body, "stream");

    let request = EmbeddingRequest::new("m", "a").extra("input", json!(["b"]));
    let sent = sent_by_create(&request).await;
    assert_eq!(sent.json(), json!({ "model": "m", "input": ["b"] }));
    assert_unique_keys(&sent.body, "embeddings");
}

#[tokio::test]
async fn extra_in_nested_objects_overrides_with_unique_keys() {
    let chunk = TextChunk::new("a").extra("text", "b");
    let function = Function::new("f", json!({}))
        .strict(true)
        .extra("strict", "very");
    let message = UserMessage::new("hi").extra("content", "ho");
    for (request, pointer, expected) in [
        (
            ChatCompletionRequest::new("m", [message]),
            "/messages/0/content",
            "ho",
        ),
        (
            ChatCompletionRequest::new("m", [Message::user([ContentChunk::from(chunk)])]),
            "/messages/0/content/0/text",
            "b",
        ),
        (
            question().tools([function]),
            "/tools/0/function/strict",
            "very",
        ),
    ] {
        for sent in [
            sent_by_complete(&request).await,
            sent_by_stream(&request).await,
        ] {
            assert_eq!(sent.json().pointer(pointer), Some(&json!(expected)));
            assert_unique_keys(&sent.body, pointer);
        }
    }
}

#[tokio::test]
async fn response_message_round_trips_into_history() {
    let message = json!({
        "role": "assistant",
        "content": "Manet.",
        "tool_calls": [{ "id": "a", "function": { "name": "f", "arguments": "{}" } }],
    });
    for role in [Some(json!("assistant")), Some(Value::Null), None] {
        let mut answer = message.clone();
        match &role {
            Some(role) => answer["role"] = role.clone(),
            None => drop(answer.as_object_mut().unwrap().remove("role")),
        }
        let response = json!({ "choices": [{ "index": 0, "message": answer }] });
        let response: ChatCompletionResponse = serde_json::from_value(response).unwrap();
        let history = Message::from(response.choices[0].message.clone());
        let sent = sent_by_complete(&ChatCompletionRequest::new("m", [history])).await;
        assert_eq!(sent.json()["messages"], json!([message]), "{role:?}");
        assert_unique_keys(&sent.body, "history");
    }
}

#[tokio::test]
async fn extra_named_stream_is_refused_before_any_request() {
    let refused = |result: Result<()>, mock: &MockTransport, name: &str| {
        let error: Error = result.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config, "{name}");
        assert!(error.to_string().contains("`stream`"), "{name}: {error}");
        assert_eq!(mock.requests().len(), 0, "{name}");
    };
    let mock = scripted([reply(200, &answer("hello"))]);
    let chat = client_with(&mock).chat();
    for value in [true, false] {
        let request = question().extra("stream", value);
        let result = chat.stream(&request).await.map(drop);
        refused(result, &mock, "extra of stream");
        let result = chat.stream(&question()).extra_body("stream", value).await;
        refused(result.map(drop), &mock, "extra_body of stream");
    }
    let request = question().extra("stream", true);
    let result = chat.complete(&request).await.map(drop);
    refused(result, &mock, "extra of complete");
    let result = chat.complete(&question()).extra_body("stream", true).await;
    refused(result.map(drop), &mock, "extra_body of complete");
}

#[tokio::test]
async fn extra_stream_that_agrees_with_the_method_is_sent() {
    let sent = sent_by_complete(&question().extra("stream", false)).await;
    assert_eq!(sent.json()["stream"], false);
    assert_unique_keys(&sent.body, "stream");
}

#[tokio::test]
async fn extra_body_adds_and_overrides_fields() {
    let mock = scripted([reply(200, &answer("hello"))]);
    let request = question().temperature(0.5).extra("a", 1);
    client_with(&mock)
        .chat()
        .complete(&request)
        .extra_body("a", 2)
        .extra_body("temperature", Value::Null)
        .extra_body("stream_options", json!({ "include_usage": true }))
        .await
        .unwrap();
    let mut expected = golden("chat.complete.minimal");
    expected["a"] = json!(2);
    expected["temperature"] = Value::Null;
    expected["stream_options"] = json!({ "include_usage": true });
    let sent = only(&mock);
    assert_eq!(sent.json(), expected);
    assert_unique_keys(&sent.body, "extra_body");

    let mock = scripted([sse([bytes(finish()), bytes(DONE)])]);
    let call = client_with(&mock).chat().stream(&question());
    call.extra_body("a", 2).await.unwrap();
    let mut expected = golden("chat.stream.minimal");
    expected["a"] = json!(2);
    assert_eq!(only(&mock).json(), expected);
}

#[tokio::test]
async fn null_in_a_deserialized_request_is_sent_again() {
    let json = json!({
        "model": "m",
        "messages": [{ "role": "assistant", "content": "hi", "tool_calls": null }],
        "temperature": null,
        "stop": null,
    });
    let request: ChatCompletionRequest = serde_json::from_value(json).unwrap();
    assert_eq!((request.temperature, &request.stop), (None, &None));
    let message = json!({ "role": "assistant", "content": "hi" });
    let mut body =
        json!({ "model": "m", "messages": [message], "temperature": null, "stop": null });
    assert_eq!(sent_by_complete(&request).await.json(), body);

    let request = request.temperature(0.5);
    body["temperature"] = json!(0.5);
    assert_eq!(sent_by_complete(&request).await.json(), body);

    let request = request.extra("temperature", Value::Null);
    body["temperature"] = Value::Null;
    assert_eq!(sent_by_complete(&request).await.json(), body);
}

#[test]
fn none_is_omitted_and_null_is_explicit() {
    let mut request = question()
        .temperature(0.5)
        .tool_choice(ToolChoice::from("any"));
    request.temperature = None;
    request.tool_choice = None;
    request.stop = None;
    assert_eq!(serde_json::to_string(&request).unwrap(), MINIMAL);
    for (message, expected) in [
        (AssistantMessage::new(), r#"{"role":"assistant"}"#),
        (
            AssistantMessage::new().content(Content::Null),
            r#"{"role":"assistant","content":null}"#,
        ),
    ] {
        let message = Message::from(message);
        assert_eq!(serde_json::to_string(&message).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Message>(expected).unwrap(), message);
    }
}
