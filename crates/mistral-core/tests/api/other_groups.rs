//! Fim, agents and classifiers: where their operations are, what is sent, what comes back.

use mistral_core::ErrorKind;
use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::classifiers::{
    ChatClassificationRequest, ChatClassificationRequestInputs, ChatModerationRequest,
    ChatModerationRequestInputs, ClassificationRequest, ClassificationResponse, InstructRequest,
    ModerationResponse,
};
use mistral_core::fim::FimCompletionRequest;
use mistral_core::testing::MockTransport;
use mistral_core::types::Message;
use serde_json::{Value, json};

use crate::common::{DONE, answer, bytes, client_with, event, finish, reply, scripted, sse};

/// The method, path and body of the only request.
fn sent(mock: &MockTransport) -> (String, Value) {
    let sent = mock.requests();
    assert_eq!(sent.len(), 1);
    let place = format!("{} {}", sent[0].method, sent[0].uri.path());
    (place, sent[0].json())
}

fn fim() -> FimCompletionRequest {
    FimCompletionRequest::new("codestral-latest", "fn main() {")
}

#[tokio::test]
async fn fim_is_sent_with_every_field() {
    let mock = scripted([reply(200, &answer("x"))]);
    let metadata = json!({ "a": 1 }).as_object().cloned().unwrap();
    let request = fim()
        .suffix("}")
        .temperature(0.5)
        .top_p(0.9)
        .max_tokens(10)
        .min_tokens(1)
        .stop(["\n\n"])
        .random_seed(7)
        .metadata(metadata)
        .prompt_cache_key("k");
    let response = client_with(&mock).fim().complete(&request).await.unwrap();
    assert_eq!(response.text(), "x");
    let body = json!({
        "model": "codestral-latest", "prompt": "fn main() {", "suffix": "}",
        "temperature": 0.5, "top_p": 0.9, "max_tokens": 10, "min_tokens": 1, "stop": ["\n\n"],
        "random_seed": 7, "metadata": { "a": 1 }, "prompt_cache_key": "k",
    });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/fim/completions".to_owned(), body)
    );
}

#[tokio::test]
async fn fim_and_agents_stream_as_chat_does() {
    let stream = || sse([bytes(event("a") + &event("b") + &finish() + DONE)]);
    let mock = scripted([stream()]);
    let stream_of_fim = client_with(&mock).fim().stream(&fim()).await.unwrap();
    assert_eq!(stream_of_fim.collect_response().await.unwrap().text(), "ab");
    let body = json!({ "model": "codestral-latest", "prompt": "fn main() {", "stream": true });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/fim/completions".to_owned(), body)
    );

    let mock = scripted([stream()]);
    let request = AgentsCompletionRequest::new("ag:1", [Message::user("hi")]);
    let stream = client_with(&mock).agents().stream(&request).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "ab");
    let (place, body) = sent(&mock);
    assert_eq!(place, "POST /prefix/v1/agents/completions");
    assert_eq!(
        (&body["agent_id"], &body["stream"]),
        (&json!("ag:1"), &json!(true))
    );

    let mock = scripted([sse([bytes(event("a"))])]);
    let stream = client_with(&mock).fim().stream(&fim()).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(error.to_string().starts_with("fim.stream"), "{error}");
}

#[tokio::test]
async fn agents_are_asked_by_their_id() {
    let mock = scripted([reply(200, &answer("x"))]);
    let request = AgentsCompletionRequest::new("ag:1", [Message::user("hi")])
        .max_tokens(10)
        .top_k(3)
        .extra("temperature", 0.5);
    let response = client_with(&mock)
        .agents()
        .complete(&request)
        .await
        .unwrap();
    assert_eq!(response.text(), "x");
    let body = json!({
        "agent_id": "ag:1", "messages": [{ "role": "user", "content": "hi" }],
        "max_tokens": 10, "top_k": 3, "temperature": 0.5,
    });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/agents/completions".to_owned(), body)
    );
}

const MODERATED: &str = r#"{"id":"m1","model":"m","results":[
    {"categories":{"violence":true,"pii":false},"category_scores":{"violence":0.9,"pii":0.1},"new":1},
    {"categories":null}]}"#;

#[tokio::test]
async fn texts_and_conversations_are_moderated() {
    let mock = scripted([reply(200, MODERATED)]);
    let request = ClassificationRequest::new("m", ["a", "b"]);
    let response = client_with(&mock)
        .classifiers()
        .moderate(&request)
        .await
        .unwrap();
    let flagged: Vec<_> = response.results[0].flagged().collect();
    assert_eq!(flagged, ["violence"]);
    assert_eq!(response.results[1].flagged().count(), 0);
    let body = json!({ "model": "m", "input": ["a", "b"] });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/moderations".to_owned(), body)
    );

    let messages = || vec![Message::user("a"), Message::assistant("b")];
    let written =
        json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }]);
    for (input, body) in [
        (
            ChatModerationRequestInputs::from(messages()),
            written.clone(),
        ),
        (vec![messages()].into(), json!([written])),
    ] {
        let mock = scripted([reply(200, MODERATED)]);
        let request = ChatModerationRequest::new("m", input);
        client_with(&mock)
            .classifiers()
            .moderate_chat(&request)
            .await
            .unwrap();
        let (place, sent) = sent(&mock);
        assert_eq!(place, "POST /prefix/v1/chat/moderations");
        assert_eq!(sent, json!({ "model": "m", "input": body }));
        let read: ChatModerationRequest = serde_json::from_value(sent).unwrap();
        assert_eq!(read, request);
    }
}

const CLASSIFIED: &str = r#"{"id":"c1","model":"m","results":[
    {"mood":{"scores":{"good":0.7,"bad":0.3},"new":null}},{}]}"#;

#[tokio::test]
async fn texts_and_conversations_are_classified() {
    let mock = scripted([reply(200, CLASSIFIED)]);
    let metadata = json!({ "a": 1 }).as_object().cloned().unwrap();
    let request = ClassificationRequest::new("m", "a").metadata(metadata);
    let response = client_with(&mock)
        .classifiers()
        .classify(&request)
        .await
        .unwrap();
    assert_eq!(response.results[0]["mood"].best(), Some("good"));
    let body = json!({ "model": "m", "input": "a", "metadata": { "a": 1 } });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/classifications".to_owned(), body)
    );

    let chat = || InstructRequest::new([Message::user("a")]);
    let written = json!({ "messages": [{ "role": "user", "content": "a" }] });
    for (input, body) in [
        (
            ChatClassificationRequestInputs::from(chat()),
            written.clone(),
        ),
        (vec![chat(), chat()].into(), json!([written, written])),
    ] {
        let mock = scripted([reply(200, CLASSIFIED)]);
        let request = ChatClassificationRequest::new("m", input);
        client_with(&mock)
            .classifiers()
            .classify_chat(&request)
            .await
            .unwrap();
        let (place, sent) = sent(&mock);
        assert_eq!(place, "POST /prefix/v1/chat/classifications");
        assert_eq!(sent, json!({ "model": "m", "input": body }));
        let read: ChatClassificationRequest = serde_json::from_value(sent).unwrap();
        assert_eq!(read, request);
    }
}

#[test]
fn what_is_not_known_goes_back_out() {
    let moderated: Value = serde_json::from_str(MODERATED).unwrap();
    let read: ModerationResponse = serde_json::from_str(MODERATED).unwrap();
    let mut expected = moderated;
    expected["results"][1]
        .as_object_mut()
        .unwrap()
        .remove("categories");
    assert_eq!(serde_json::to_value(read).unwrap(), expected);
    let classified: Value = serde_json::from_str(CLASSIFIED).unwrap();
    let read: ClassificationResponse = serde_json::from_str(CLASSIFIED).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), classified);
    let gone = serde_json::from_str::<ModerationResponse>(r#"{"id":"m1"}"#);
    assert!(gone.unwrap_err().to_string().contains("results"));
}
