//! The errors that Azure gives, as they reach the caller.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::time::Duration;

use common::{Recorder, question};
use mistral_azure::MistralAzure;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::{Client, Error, ErrorKind};

fn azure() -> MistralAzure {
    let builder = MistralAzure::builder().endpoint("https://res.services.ai.azure.com");
    builder.api_key("k3y").build().unwrap()
}

async fn failure(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let body = body.to_owned();
    let recorder = Recorder::new(move |_| (status, headers.clone(), body.clone()));
    let client = recorder.client(azure());
    client.chat().complete(&question("m")).await.unwrap_err()
}

const FILTERED: &str = r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#;

/// The shapes of bodies are held in `mistral-core`: this is about Azure's keys, so what
/// is said of Mistral's does not help.
#[tokio::test]
async fn a_key_that_is_not_accepted_is_told_in_azures_words() {
    let body = r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#;
    let error = failure(401, &[], body).await;
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("wrong API endpoint"), "{error}");
    assert_eq!(error.hint(), None);
}

#[tokio::test]
async fn what_azure_says_in_headers_is_read() {
    let headers = [
        ("x-ms-error-code", "NoSuchDeployment"),
        ("apim-request-id", "apim-1"),
        ("retry-after", "7"),
        ("retry-after-ms", "6500"),
    ];
    let error = failure(429, &headers, "").await;
    assert_eq!(error.code(), Some("NoSuchDeployment"));
    assert_eq!(error.request_id(), Some("apim-1"));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(6500)));

    let body = r#"{"error":{"code":"InTheBody","message":"m"}}"#;
    let error = failure(404, &headers, body).await;
    assert_eq!(error.code(), Some("InTheBody"));
}

/// The details of a filter stay at hand, whole.
#[tokio::test]
async fn the_verdict_of_a_content_filter_can_be_read_from_the_body() {
    let error = failure(400, &[], FILTERED).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("content_filter"));
    let api = error.api().unwrap();
    assert_eq!(api.param.as_deref(), Some("prompt"));
    let body: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    let verdict = "/error/innererror/content_filter_result/hate/severity";
    assert_eq!(body.pointer(verdict).unwrap(), "high");
    assert!(!error.is_retryable());
}

fn streaming(events: &'static str) -> Client {
    let media_type = ("content-type", "text/event-stream".to_owned());
    let recorder = Recorder::new(move |_| (200, vec![media_type.clone()], events.to_owned()));
    recorder.client(azure())
}

/// Azure's filter adds a chunk without choices in front, and fields of its own.
#[tokio::test]
async fn a_stream_that_was_filtered_is_whole() {
    let client = streaming(concat!(
        r#"data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"content_filter_results":{"hate":{"filtered":false}},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
        "\n\ndata: [DONE]\n\n",
    ));
    let stream = client.chat().stream(&question("m")).await.unwrap();
    let response = stream.collect_response().await.unwrap();
    assert_eq!((response.id.as_str(), response.model.as_str()), ("1", "m"));
    let choice = response.choices.first().unwrap();
    assert_eq!(choice.message.text(), "Ma");
    let reason = serde_json::to_value(&choice.finish_reason).unwrap();
    assert_eq!(reason, "content_filter");
    assert_eq!(response.usage.unwrap().total_tokens, 2);
    assert!(response.extra.contains_key("prompt_filter_results"));
}

#[tokio::test]
async fn an_error_within_a_stream_keeps_what_had_come() {
    let client = streaming(concat!(
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"error":{"code":"content_filter","message":"filtered","status":400}}"#,
        "\n\n",
    ));
    let stream = client.chat().stream(&question("m")).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("content_filter"));
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.choices.first().unwrap().message.text(), "Ma");
}
