//! FIM and agents: completions, whole and streamed.

use mistral_core::ErrorKind;
use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::fim::FimCompletionRequest;
use mistral_core::messages::Message;
use serde_json::json;

use super::sent;
use crate::common::{DONE, answer, bytes, client_with, event, finish, reply, scripted, sse};

fn fim() -> FimCompletionRequest {
    FimCompletionRequest::new("codestral-latest", "fn main() {")
}

#[tokio::test]
async fn fim_complete_sends_every_field() {
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
async fn stream_of_fim_and_agents_reads_chat_chunks() {
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
    let (target, body) = sent(&mock);
    assert_eq!(target, "POST /prefix/v1/agents/completions");
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
async fn agents_complete_sends_agent_id() {
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
