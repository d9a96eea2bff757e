//! Azure's error responses, as the caller receives them.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::time::Duration;

use common::{RecordingTransport, chat_request};
use mistral_azure::MistralAzure;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::{Client, Error, ErrorKind};

fn azure() -> MistralAzure {
    let builder = MistralAzure::builder().endpoint("https://res.services.ai.azure.com");
    builder.api_key("k3y").build().unwrap()
}

async fn error_of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let body = body.to_owned();
    let transport = RecordingTransport::new(move |_| (status, headers.clone(), body.clone()));
    let client = transport.client(azure());
    client
        .chat()
        .complete(&chat_request("m"))
        .await
        .unwrap_err()
}

const FILTERED: &str = r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#;

/// `mistral-core` tests the shapes of error bodies. Here, the hint about Mistral's own keys must
/// not appear for a key of Azure.
#[tokio::test]
async fn azure_401_error_has_azure_message_and_no_hint() {
    let body = r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#;
    let error = error_of(401, &[], body).await;
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("wrong API endpoint"), "{error}");
    assert_eq!(error.hint(), None);
}

#[tokio::test]
async fn azure_error_headers_set_code_request_id_and_retry_after() {
    let headers = [
        ("x-ms-error-code", "NoSuchDeployment"),
        ("apim-request-id", "apim-1"),
        ("retry-after", "7"),
        ("retry-after-ms", "6500"),
    ];
    let error = error_of(429, &headers, "").await;
    assert_eq!(error.code(), Some("NoSuchDeployment"));
    assert_eq!(error.request_id(), Some("apim-1"));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(6500)));

    let body = r#"{"error":{"code":"InTheBody","message":"m"}}"#;
    let error = error_of(404, &headers, body).await;
    assert_eq!(error.code(), Some("InTheBody"));
}

/// The filter's details are kept in the body, unchanged.
#[tokio::test]
async fn azure_content_filter_details_are_in_error_body() {
    let error = error_of(400, &[], FILTERED).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("content_filter"));
    let api = error.api().unwrap();
    assert_eq!(api.param.as_deref(), Some("prompt"));
    let body: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    let severity = "/error/innererror/content_filter_result/hate/severity";
    assert_eq!(body.pointer(severity).unwrap(), "high");
    assert!(!error.is_retryable());
}

fn client_streaming(events: &'static str) -> Client {
    let media_type = ("content-type", "text/event-stream".to_owned());
    let transport =
        RecordingTransport::new(move |_| (200, vec![media_type.clone()], events.to_owned()));
    transport.client(azure())
}

/// Azure's content filter prepends a chunk without choices and adds fields of its own.
#[tokio::test]
async fn azure_sse_stream_with_content_filter_chunks_is_complete() {
    let client = client_streaming(concat!(
        r#"data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"content_filter_results":{"hate":{"filtered":false}},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
        "\n\ndata: [DONE]\n\n",
    ));
    let stream = client.chat().stream(&chat_request("m")).await.unwrap();
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
async fn azure_sse_error_event_keeps_partial_response() {
    let client = client_streaming(concat!(
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"error":{"code":"content_filter","message":"filtered","status":400}}"#,
        "\n\n",
    ));
    let stream = client.chat().stream(&chat_request("m")).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("content_filter"));
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.choices.first().unwrap().message.text(), "Ma");
}
